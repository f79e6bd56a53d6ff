use core::time::Duration;

use crate::Token;

/// A token is good for nothing any more, as somebody else has taken over, the record is gone, or the lease has run
/// out and that is the end of it. Stop. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("the lease of {token} is lost: stop what it was for")]
pub struct LeaseLost {
    /// Which token.
    pub token: Token,
}

/// An outcome or a checkpoint was not kept. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotKept {
    /// It is not his any more who wanted to leave it.
    #[error(transparent)]
    LeaseLost(#[from] LeaseLost),
    /// There is no room for so much. The attempt still holds its lease: complete it with a smaller outcome, that says
    /// where the rest is, or that there was one.
    #[error("{weight} bytes are too many: there is room for {room}")]
    TooLarge {
        /// So many bytes it has.
        weight: usize,
        /// So many it may have.
        room: usize,
    },
}

/// What somebody found out was not accepted. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSettled {
    /// The request is not indeterminate.
    #[error("there is nothing to settle: the request is not indeterminate")]
    NotIndeterminate,
    /// There is no room for so large an outcome.
    #[error("{weight} bytes are too many: there is room for {room}")]
    TooLarge {
        /// So many bytes it has.
        weight: usize,
        /// So many it may have.
        room: usize,
    },
}

/// A request is being executed, so it can't be forgotten. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("the request is being executed, and can't be forgotten within the next {retry_after:?}")]
pub struct NotForgotten {
    /// Come again after this long.
    pub retry_after: Duration,
}
