//! Registers by key.

use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

pub use crate::check::register::Answer;
use crate::check::{Spec, register};

/// A map from keys to registers, which hold nothing at first. Each key is a part of its own.
///
/// # Examples
/// ```
/// use spacelike_lab::check::Spec;
/// use spacelike_lab::check::map::{Map, Operation};
/// use spacelike_lab::check::register;
///
/// let map = Map::new();
/// let write = Operation { key: "x", op: register::Operation::Write(1) };
/// assert_eq!(map.key(&write), "x");
/// assert_eq!(map.next(&None, &write, None), Some(Some(1)));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Map<K, V> {
    keys: PhantomData<K>,
    register: register::Register<V>,
}

impl<K, V> Map<K, V> {
    /// With registers that hold nothing.
    pub fn new() -> Self {
        Self { keys: PhantomData, register: register::Register::new(None) }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// What is asked of a map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation<K, V> {
    /// Which register.
    pub key: K,
    /// What is asked of it.
    pub op: register::Operation<V>,
}

impl<K: Clone + Ord + Debug + Display, V: Clone + Ord + Debug + Display> Spec for Map<K, V> {
    const NAME: &'static str = "map";
    type Operation = Operation<K, V>;
    type Answer = Answer<V>;
    type State = Option<V>;
    type Key = K;
    type Next = Option<Option<V>>;

    fn key(&self, operation: &Operation<K, V>) -> K {
        operation.key.clone()
    }

    fn initial(&self, _: &K) -> Option<V> {
        None
    }

    fn next(
        &self,
        state: &Option<V>,
        operation: &Operation<K, V>,
        answer: Option<&Answer<V>>,
    ) -> Option<Option<V>> {
        self.register.next(state, &operation.op, answer)
    }

    fn show(&self, state: &Option<V>) -> String {
        self.register.show(state)
    }
}

impl<K: Display, V: Display> Display for Operation<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.op)
    }
}
