use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

/// The attempt is somebody else's, or the request is decided. Stop: what you do now, nobody will hear of. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("the lease is lost: the request was taken over, decided or forgotten")]
pub struct LeaseLost;

/// The outcome was not kept.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CompleteError<G, O> {
    /// The attempt is somebody else's, or the request is decided. The outcome is dropped.
    #[error("the lease is lost: the request was taken over, decided or forgotten")]
    LeaseLost,
    /// The outcome is larger than what was reserved for it. The attempt goes on: complete it with something smaller, if
    /// only with the fact that it was executed.
    #[error("the outcome has {weight} bytes, and {reserved} were reserved for it")]
    TooLarge {
        /// The attempt.
        guard: Box<G>,
        /// What was not kept.
        outcome: O,
        /// How many bytes it has.
        weight: usize,
        /// So many it may have.
        reserved: u32,
    },
}

impl<G, O> fmt::Debug for CompleteError<G, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaseLost => f.write_str("LeaseLost"),
            Self::TooLarge { weight, reserved, .. } => f
                .debug_struct("TooLarge")
                .field("weight", weight)
                .field("reserved", reserved)
                .finish_non_exhaustive(),
        }
    }
}

/// The checkpoint was not kept. Nothing changed: an earlier one still counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The attempt is somebody else's, or the request is decided.
    #[error(transparent)]
    LeaseLost(LeaseLost),
    /// It is larger than what was reserved.
    #[error("the checkpoint has {weight} bytes, and {reserved} were reserved")]
    TooLarge {
        /// How many bytes it has.
        weight: usize,
        /// So many it may have.
        reserved: u32,
    },
}

/// The request is not settled. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// There is no record of it, or it isn't indeterminate: an attempt is under way, or it is decided.
    #[error(transparent)]
    NotIndeterminate(NotIndeterminate),
    /// The outcome is larger than what was reserved for it.
    #[error("the outcome has {weight} bytes, and {reserved} were reserved for it")]
    TooLarge {
        /// How many bytes it has.
        weight: usize,
        /// So many it may have.
        reserved: u32,
    },
}

/// There is no record of the request, or it isn't indeterminate: an attempt is under way, or it is decided. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("the request is not indeterminate: it is under way, decided, or unknown")]
pub struct NotIndeterminate;

/// An attempt is under way, so the request can't be forgotten. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("the request is being executed, for {retry_after:?} more at least")]
pub struct Busy {
    /// When its lease runs out, if it isn't renewed.
    pub retry_after: Duration,
}
