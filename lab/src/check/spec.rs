use std::fmt::{Debug, Display};

/// What a correct object answers to one call after the other.
///
/// [`register::Register`](crate::check::register::Register) and [`map::Map`](crate::check::map::Map) are ready.
///
/// # Examples
/// ```
/// use spacelike_lab::check::{BUDGET, Event, History, Spec, What, Whole, linearizable};
///
/// /// Counts upwards: each call answers how many there were before it.
/// struct Ticket;
///
/// impl Spec for Ticket {
///     const NAME: &'static str = "ticket";
///     type Operation = &'static str;
///     type Answer = u64;
///     type State = u64;
///     type Key = Whole;
///     type Next = Option<u64>;
///
///     fn key(&self, _: &&'static str) -> Whole {
///         Whole
///     }
///     fn initial(&self, _: &Whole) -> u64 {
///         0
///     }
///     fn next(&self, state: &u64, _: &&'static str, answer: Option<&u64>) -> Option<u64> {
///         (answer.unwrap_or(state) == state).then_some(state + 1)
///     }
/// }
///
/// let mut history = History::new();
/// for (client, number) in [(1, 0), (2, 1), (1, 1)] {
///     history.push(Event { time_ns: 0, client, what: What::Invoke("next") })?;
///     history.push(Event { time_ns: 0, client, what: What::Ok(number) })?;
/// }
/// let found = linearizable(&Ticket, &history, BUDGET);
/// assert_eq!(found.verdict.broken().unwrap().tries[0].state, "2"); // the third call can't answer 1
/// # Ok::<(), spacelike_lab::check::OutOfOrder>(())
/// ```
pub trait Spec {
    /// Names it in files.
    const NAME: &'static str;
    /// What clients ask for.
    type Operation: Clone + Debug + Display;
    /// What they hear.
    type Answer: Clone + Debug + Display;
    /// What the object, or the part of it that a key names, remembers.
    type State: Clone + Ord + Debug;
    /// Names a part of the object. What is asked of one part neither changes nor reads another.
    type Key: Clone + Ord + Debug + Display;
    /// States: an `Option` where there is at most one.
    type Next: IntoIterator<Item = Self::State>;

    /// The part that is asked; [`Whole`](crate::check::Whole) for an object that has no parts.
    fn key(&self, operation: &Self::Operation) -> Self::Key;

    /// The state of a part before the first call.
    fn initial(&self, key: &Self::Key) -> Self::State;

    /// The states in which an operation may leave the object, if this is the answer; if `None`, with any answer. Empty if it
    /// can't be the answer in this state.
    fn next(
        &self,
        state: &Self::State,
        operation: &Self::Operation,
        answer: Option<&Self::Answer>,
    ) -> Self::Next;

    /// Says what the state is, in a few words.
    fn show(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }
}
