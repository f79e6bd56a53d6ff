use core::time::Duration;

/// What is known of a request, without its outcome.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Status {
    /// An attempt is under way, or was lost.
    Claimed {
        /// How many there were, this one included.
        attempts: u32,
        /// When its lease runs out; zero if it has, and the next copy is executed, or has the request declared dead.
        remaining: Duration,
    },
    /// The effect of an attempt has begun: of the one that is under way, or of one before.
    Started {
        /// How many attempts there were, this one included.
        attempts: u32,
        /// When its lease runs out; zero if it has.
        remaining: Duration,
    },
    /// All attempts have ended without an effect, or what effect they had may happen again.
    Released {
        /// How many there were that count.
        attempts: u32,
    },
    /// It was executed.
    Completed,
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
}
