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
    /// The actors of both don't fit. Only a clock of bounded capacity says so.
    #[error(transparent)]
    Full(#[from] Full),
}

/// A value was not written. The set is unchanged.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The client has seen writes of this server that the server knows nothing of: it forgot them, or they are forged.
    #[error(transparent)]
    Amnesia(#[from] Amnesia),
    /// The server's counter can't count another write.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// The write that is to be overwritten is another server's, and hasn't come here yet.
    #[error(
        "the write to be overwritten is number {claimed} of its server, of which only {known} are seen here: sync first, or put blindly"
    )]
    Unseen {
        /// How many of that server's writes are seen here.
        known: u64,
        /// Which of them it is.
        claimed: u64,
    },
    /// It would make too many siblings.
    #[error(
        "it would make {count} siblings, at most {max} are allowed: read them, and put with their context"
    )]
    Siblings {
        /// How many there would be.
        count: usize,
        /// How many there may be.
        max: usize,
    },
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
    /// The runs at this index, of a [`DotSet`](crate::DotSet), are not one or more that ascend with a hole between.
    #[error(
        "the runs at index {index} must be one or more, from 1, each ascending, with a hole between one and the next"
    )]
    Runs {
        /// Which entry, from 0.
        index: usize,
    },
    /// The sibling at this index, of a [`DvvSet`](crate::DvvSet), has a dot that the context doesn't have.
    #[error("the dot of the sibling at index {index} is not in the context: a set has seen what it holds")]
    Unseen {
        /// Which sibling, from 0.
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

/// A text is not a clock.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseClockError<E> {
    /// It isn't in braces.
    #[error("a clock is written as its dots in braces: {{a:2, b:1}}")]
    Form,
    /// An entry is not a dot.
    #[error(transparent)]
    Entry(ParseDotError<E>),
    /// The entries are not those of a clock.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

/// A dot is not the last one that the clock knows of its actor. The clock is unchanged.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "the actor's last counter is said to be {last}, but the clock knows of {known}: it is not stable yet, or not gone"
)]
pub struct NotLast {
    /// What its last counter is said to be.
    pub last: u64,
    /// What the clock knows.
    pub known: u64,
}

/// A clock can't be stripped by a base that has seen something that it hasn't.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the base has seen something that the clock hasn't: strip by a base that is before the clock")]
pub struct NotAbove;

/// Clocks were stripped by different bases, or the base to fill up with is another one.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "stripped by a base of weight {stripped_by}, and met one of weight {base}: fill up first, each by its own"
)]
pub struct BaseDiffers {
    /// The weight of the base it was stripped by.
    pub stripped_by: u128,
    /// The weight of the other base.
    pub base: u128,
}

/// The counter is at its durable bound. It is unchanged: reserve more, store the bound, confirm, and try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the counter is at its reserved bound of {bound}: reserve more, store it, and confirm")]
pub struct Unreserved {
    /// The greatest counter that is reserved, which has been issued.
    pub bound: u64,
}

/// A counter was not issued. It is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The durable bound is reached.
    #[error(transparent)]
    Unreserved(#[from] Unreserved),
    /// The counter has come to its end.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

/// A fixed clock can't be made of so many counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the clock of a cluster of {expected} has one counter for each, not {found}")]
pub struct LenDiffers {
    /// How many counters there are.
    pub found: usize,
    /// How many there must be.
    pub expected: usize,
}

/// A text is not a fixed clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseFixedClockError {
    /// It isn't in brackets.
    #[error("a fixed clock is written as its counters in brackets: [1, 0, 2]")]
    Form,
    /// It isn't the clock of as many nodes.
    #[error(transparent)]
    Len(#[from] LenDiffers),
    /// What stands at this index is no counter.
    #[error(
        "what stands at index {index} is no counter: write a decimal number that fits, without sign or leading zero"
    )]
    Counter {
        /// Which counter, from 0.
        index: usize,
    },
}

/// A message was not taken, and comes back. The buffer is unchanged.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{why}")]
pub struct Refused<A, M> {
    /// The message.
    pub broadcast: crate::Broadcast<A, M>,
    /// Why it was not taken.
    pub why: Refusal<A>,
}

/// Why a [`CausalBuffer`](crate::CausalBuffer) doesn't take a message.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal<A> {
    /// No room is left for it.
    #[error(
        "the buffer has room for {capacity} messages, and keeps the last place for one that is deliverable: \
         deliver what is, fetch what is missing, and try again"
    )]
    Full {
        /// How many messages it holds at most.
        capacity: usize,
    },
    /// The context has another counter for the sender than that of the sender's message before this one.
    #[error(
        "a sender's message {counter} says that it was sent after {claimed} of the same sender: that has to be one less"
    )]
    OwnEntry {
        /// Which of its sender's messages it is.
        counter: u64,
        /// Which one the context says was the last before it.
        claimed: u64,
    },
    /// It is one of our own messages, or depends on one, that we know nothing of.
    #[error(transparent)]
    Amnesia(#[from] Amnesia),
    /// It is of a sender that was evicted, or depends on a message of such a sender that was not delivered before.
    #[error(
        "it needs a message of an evicted sender, which was not delivered: leave it out, or readmit the sender"
    )]
    Evicted {
        /// Who was evicted.
        actor: A,
    },
}

/// A clock of bounded capacity has no room for as many actors. It is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "there is room for {capacity} actors, and {needed} are needed: retire some, or take a clock with more room"
)]
pub struct Full {
    /// How many actors there is room for.
    pub capacity: usize,
    /// How many there would be. Where entries come one by one, it is the first number that doesn't fit.
    pub needed: usize,
}

/// An event was not counted. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TickError {
    /// The actor's counter is at its last value.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// There is no room for one more actor.
    #[error(transparent)]
    Full(#[from] Full),
}

/// A clock was not taken over. Ours is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// It has seen events of ours that we know nothing of.
    #[error(transparent)]
    Amnesia(#[from] Amnesia),
    /// The actors of both don't fit.
    #[error(transparent)]
    Full(#[from] Full),
}

/// A dot was not taken over. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RaiseError {
    /// The clock's counters are too narrow for it.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// There is no room for one more actor.
    #[error(transparent)]
    Full(#[from] Full),
}

/// A dot's counter is above what a clock can count to. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the clock counts up to {limit}, not to {counter}: take a clock with wider counters")]
pub struct OutOfRange {
    /// The dot's counter.
    pub counter: u64,
    /// The greatest that the clock can hold.
    pub limit: u64,
}

/// Entries are not those of a clock, or don't fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FromSortedError {
    /// They are not those of a clock.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// There are too many.
    #[error(transparent)]
    Full(#[from] Full),
}

/// A counter is too great for its lane of a packed clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("lane {lane} counts up to {limit}, not to {counter}: take fewer and wider lanes, or a FixedClock")]
pub struct LaneOverflow {
    /// Which lane, from 0.
    pub lane: usize,
    /// What it was to hold.
    pub counter: u64,
    /// What it can hold.
    pub limit: u64,
}

/// A member's report was not taken. Nothing changed.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It is not a member: it was never added, or is retired.
    #[error("only members report: add it first, with the state that it starts from")]
    NotMember,
    /// It claims to have seen dots of our own that we haven't reported.
    #[error(transparent)]
    Amnesia(#[from] Amnesia),
}

/// The membership of a group stays as it is. Nothing changed.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// Who is to come is a member.
    #[error("it is a member already: who comes again needs a new name or epoch, or has to be retired first")]
    Member,
    /// Who is to leave is not a member.
    #[error("it is not a member: it was never added, or is retired")]
    NotMember,
    /// Who is to leave is ourselves.
    #[error("we can't leave and still ask what is stable: replace us by another name")]
    Own,
    /// Who is to come lacks something that is stable.
    #[error(
        "it would start from {start} dots of an actor of which {stable} are stable: give it a newer state to start from"
    )]
    Behind {
        /// What it has seen of some actor.
        start: u64,
        /// What is stable of that actor.
        stable: u64,
    },
    /// It claims to have seen dots of our own that we haven't reported.
    #[error(transparent)]
    Amnesia(#[from] Amnesia),
}

/// An actor is tracked still. Nothing changed.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// It is a member.
    #[error("a member is always tracked: retire it first")]
    Member,
    /// Not all members have seen exactly its last dot.
    #[error(transparent)]
    NotLast(#[from] NotLast),
}
