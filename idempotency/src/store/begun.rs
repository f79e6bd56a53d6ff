use core::time::Duration;

use crate::{Reply, Token};

/// What a store answers to a copy of a request.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Reply, store::Begun};
///
/// let reply = Reply::<_, ()>::Replay("paid");
/// assert_eq!(Begun::from_reply(reply), Some(Begun::Replay("paid")));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Begun<O, C = ()> {
    /// Execute the request.
    Execute(Execution<C>),
    /// It is being executed. Come again after this long, not sooner.
    InProgress {
        /// How long.
        retry_after: Duration,
    },
    /// It was executed, with this outcome.
    Replay(O),
    /// The key is of another request.
    Mismatch,
    /// Its effect has begun, and nobody knows whether it has happened.
    Indeterminate {
        /// How many attempts there were.
        attempts: u32,
    },
    /// Too many attempts failed.
    Dead {
        /// How many.
        attempts: u32,
    },
    /// The key is so old that there may have been a record, or from so far ahead that there may be a copy of it when
    /// the record has expired.
    Expired,
    /// There is no room for a record. Nothing has changed.
    Saturated {
        /// Come again after this long.
        retry_after: Duration,
    },
}

/// The right to execute a request, and what is known of the attempts before.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Token, store::Execution};
///
/// let first = Execution::<()> { token: Token { fence: 9, attempt: 1 }, checkpoint: None, started_before: false };
/// assert_eq!(first.token.to_string(), "fence 9, attempt 1");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Execution<C = ()> {
    /// The right to it.
    pub token: Token,
    /// How far an attempt before came.
    pub checkpoint: Option<C>,
    /// Whether the effect of an attempt before has begun.
    pub started_before: bool,
}

impl<O, C> Begun<O, C> {
    /// What [`step`](crate::step) replied to [`Event::Begin`](crate::Event::Begin), or to
    /// [`Event::Reexecute`](crate::Event::Reexecute). `None` for what it doesn't reply to them.
    pub fn from_reply(reply: Reply<O, C>) -> Option<Self> {
        Some(match reply {
            Reply::Execute { token, checkpoint, started_before } => {
                Self::Execute(Execution { token, checkpoint, started_before })
            }
            Reply::InProgress { retry_after } => Self::InProgress { retry_after },
            Reply::Replay(outcome) => Self::Replay(outcome),
            Reply::Mismatch => Self::Mismatch,
            Reply::Indeterminate { attempts } => Self::Indeterminate { attempts },
            Reply::Dead { attempts } => Self::Dead { attempts },
            Reply::Expired => Self::Expired,
            Reply::Done | Reply::LeaseLost | Reply::Refused => return None,
        })
    }
}
