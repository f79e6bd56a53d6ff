/// An actor's counter is at its last value. The clock is unchanged: a counter never wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the counter is at its limit of {limit}: go on under a new actor or epoch")]
pub struct Exhausted {
    /// The last value, which has been issued.
    pub limit: u64,
}

/// Somebody has seen more of our own events than we know of: we forgot some, or somebody forged them. Nothing changed.
///
/// To go on under the same name would issue a dot twice. Go on under a name that was never used:
/// [`Actor::next_epoch`](crate::Actor::next_epoch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "we know of {known} events of our own, but a peer claims {claimed}: forgotten or forged, go on in a new epoch"
)]
pub struct Amnesia {
    /// Our own counter.
    pub known: u64,
    /// What it is on the other side.
    pub claimed: u64,
}

/// A clock was not received. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It has seen events of ours that we know nothing of.
    #[error(transparent)]
    Amnesia(#[from] Amnesia),
    /// Our own counter can't count the event of receiving it.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

/// Entries are not those of a clock: ids must strictly ascend, counters must not be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotCanonical {
    /// The id at this index is not greater than the one before.
    #[error("the id at index {index} is not greater than the one before: ids must strictly ascend")]
    Order {
        /// Which entry, from 0.
        index: usize,
    },
    /// The counter at this index is zero.
    #[error("the counter at index {index} is zero: leave out actors that have done nothing")]
    Zero {
        /// Which entry, from 0.
        index: usize,
    },
}

/// A text is not a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseDotError<E> {
    /// There is no `:` between the actor and the counter.
    #[error("a dot is written as an actor, `:`, and a counter: a:3")]
    Form,
    /// What stands after the last `:` is no counter.
    #[error("the counter of a dot is a decimal number from 1 to 2^64-1, without sign or leading zero")]
    Counter,
    /// What stands before it is no actor.
    #[error("the actor of the dot: {0}")]
    Actor(E),
}

/// A text is not an actor with an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseActorError<E> {
    /// There is no `#` between the id and the epoch.
    #[error("an actor is written as an id, `#`, and an epoch: a#0")]
    Form,
    /// What stands after the last `#` is no epoch.
    #[error("the epoch of an actor is a decimal number below 2^32, without sign or leading zero")]
    Epoch,
    /// What stands before it is no id.
    #[error("the id of the actor: {0}")]
    Id(E),
}
