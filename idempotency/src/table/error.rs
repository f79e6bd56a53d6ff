use alloc::boxed::Box;
use core::fmt;

use crate::store::LeaseLost;

/// The outcome was not kept.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CompleteError<G, O> {
    /// The attempt is somebody else's, or the request is decided. The outcome is dropped.
    #[error(transparent)]
    LeaseLost(#[from] LeaseLost),
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
            Self::LeaseLost(lost) => f.debug_tuple("LeaseLost").field(lost).finish(),
            Self::TooLarge { weight, reserved, .. } => f
                .debug_struct("TooLarge")
                .field("weight", weight)
                .field("reserved", reserved)
                .finish_non_exhaustive(),
        }
    }
}
