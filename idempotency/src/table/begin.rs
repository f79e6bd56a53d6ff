use core::fmt;
use core::time::Duration;

use crate::table::{Claim, Clock, OsClock};

/// What to do about a copy of a request.
#[must_use = "a claim that is dropped is released"]
pub enum Begin<O, C = (), K: Clock = OsClock> {
    /// Execute it.
    Execute(Claim<O, C, K>),
    /// It is being executed. Come again after this long, not sooner: that is when the lease runs out if it isn't renewed.
    InProgress {
        /// How long.
        retry_after: Duration,
    },
    /// It was executed, with this outcome.
    Replay(O),
    /// The key is of another request.
    Mismatch,
    /// Its effect has begun, and nobody knows whether it has happened: until whoever began it comes back, or somebody finds
    /// out and [settles](crate::table::Table::settle) it or has it [executed again](crate::table::Table::reexecute).
    Indeterminate {
        /// How many attempts there were.
        attempts: u32,
    },
    /// Too many attempts failed.
    Dead {
        /// How many.
        attempts: u32,
    },
    /// The key is so old that there may have been a record, or from too far ahead. To be refused.
    Expired,
    /// There is no room for another record. Nothing was executed.
    Saturated {
        /// The lease of the call: what is under way now has ended then, or was renewed. A hint, no promise.
        retry_after: Duration,
    },
}

impl<O, C, K: Clock> Begin<O, C, K> {
    /// The claim, if the request is to be executed.
    pub fn execute(self) -> Option<Claim<O, C, K>> {
        match self {
            Self::Execute(claim) => Some(claim),
            _ => None,
        }
    }
}

impl<O: fmt::Debug, C, K: Clock> fmt::Debug for Begin<O, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Execute(claim) => f.debug_tuple("Execute").field(claim).finish(),
            Self::InProgress { retry_after } => {
                f.debug_struct("InProgress").field("retry_after", retry_after).finish()
            }
            Self::Replay(outcome) => f.debug_tuple("Replay").field(outcome).finish(),
            Self::Mismatch => f.write_str("Mismatch"),
            Self::Indeterminate { attempts } => {
                f.debug_struct("Indeterminate").field("attempts", attempts).finish()
            }
            Self::Dead { attempts } => f.debug_struct("Dead").field("attempts", attempts).finish(),
            Self::Expired => f.write_str("Expired"),
            Self::Saturated { retry_after } => {
                f.debug_struct("Saturated").field("retry_after", retry_after).finish()
            }
        }
    }
}
