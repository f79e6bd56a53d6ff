//! One value that is read, written, and swapped if it is the expected one.

use std::fmt::{self, Debug, Display};

use serde::{Deserialize, Serialize};

use crate::check::{Spec, Whole};

/// A register. Its value is `V`, or nothing before the first write.
///
/// # Examples
/// ```
/// use spacelike_lab::check::Spec;
/// use spacelike_lab::check::register::{Answer, Operation, Register};
///
/// let register = Register::new(None);
/// assert_eq!(register.next(&None, &Operation::Write(1), Some(&Answer::Done)), Some(Some(1)));
/// assert_eq!(register.next(&Some(1), &Operation::Read, Some(&Answer::Value(Some(2)))), None);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Register<V> {
    initial: Option<V>,
}

impl<V> Register<V> {
    /// With a first value.
    pub fn new(initial: Option<V>) -> Self {
        Self { initial }
    }
}

/// What is asked of a register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Operation<V> {
    /// For its value.
    Read,
    /// To take this value.
    Write(V),
    /// To take the value `to` if it has the value `from`.
    Swap {
        /// The value that is expected.
        from: V,
        /// The value that replaces it.
        to: V,
    },
}

/// What a register answers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Answer<V> {
    /// To a read: its value.
    Value(Option<V>),
    /// To a write.
    Done,
    /// To a swap: whether the value was the expected one.
    Swapped(bool),
}

impl<V: Clone + Ord + Debug + Display> Spec for Register<V> {
    const NAME: &'static str = "register";
    type Operation = Operation<V>;
    type Answer = Answer<V>;
    type State = Option<V>;
    type Key = Whole;
    type Next = Option<Option<V>>;

    fn key(&self, _: &Operation<V>) -> Whole {
        Whole
    }

    fn initial(&self, _: &Whole) -> Option<V> {
        self.initial.clone()
    }

    fn next(
        &self,
        state: &Option<V>,
        operation: &Operation<V>,
        answer: Option<&Answer<V>>,
    ) -> Option<Option<V>> {
        let (correct, after) = match operation {
            Operation::Read => (Answer::Value(state.clone()), state.clone()),
            Operation::Write(value) => (Answer::Done, Some(value.clone())),
            Operation::Swap { from, to } if state.as_ref() == Some(from) => {
                (Answer::Swapped(true), Some(to.clone()))
            }
            Operation::Swap { .. } => (Answer::Swapped(false), state.clone()),
        };
        answer.is_none_or(|answer| *answer == correct).then_some(after)
    }

    fn show(&self, state: &Option<V>) -> String {
        Answer::Value(state.clone()).to_string()
    }
}

impl<V: Display> Display for Operation<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::Write(value) => write!(f, "write {value}"),
            Self::Swap { from, to } => write!(f, "swap {from} for {to}"),
        }
    }
}

impl<V: Display> Display for Answer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(Some(value)) => value.fmt(f),
            Self::Value(None) => f.write_str("nothing"),
            Self::Done => f.write_str("done"),
            Self::Swapped(true) => f.write_str("swapped"),
            Self::Swapped(false) => f.write_str("not swapped"),
        }
    }
}
