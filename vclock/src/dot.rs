use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;

use crate::ParseDotError;

/// One event, or one write: the actor, and which of its events it is, from 1.
///
/// Dots are what clocks are sets of: a clock with 3 for an actor has seen that actor's dots 1, 2 and 3. Dots sort by
/// actor, then counter; that order is not causal.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")]
/// # fn main() -> Result<(), spacelike_vclock::Exhausted> {
/// use spacelike_vclock::{Dot, VectorClock};
///
/// let mut clock = VectorClock::new();
/// let dot = clock.tick(&"alice")?;
/// assert_eq!(dot, Dot::new("alice", 1).unwrap());
/// assert_eq!(dot.to_string(), "alice:1");
/// assert_eq!("7:3".parse(), Ok(Dot::new(7_u32, 3).unwrap()));
/// assert_eq!(Dot::new("alice", 0), None); // zero is no event
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "alloc"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dot<A> {
    /// Whose event it is.
    pub actor: A,
    /// Which of its events, from 1.
    pub counter: NonZeroU64,
}

impl<A> Dot<A> {
    /// The actor's event of this number; `None` for zero.
    pub fn new(actor: A, counter: u64) -> Option<Self> {
        NonZeroU64::new(counter).map(|counter| Self { actor, counter })
    }
}

/// As `actor:counter`.
impl<A: fmt::Display> fmt::Display for Dot<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.actor, self.counter)
    }
}

/// From `actor:counter`, the counter without sign or leading zero. The actor may itself contain colons.
impl<A: FromStr> FromStr for Dot<A> {
    type Err = ParseDotError<A::Err>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (actor, counter) = text.rsplit_once(':').ok_or(ParseDotError::Form)?;
        if !counter.starts_with(|first: char| ('1'..='9').contains(&first)) {
            return Err(ParseDotError::Counter);
        }
        let counter = counter.parse().map_err(|_| ParseDotError::Counter)?;
        Ok(Self { actor: actor.parse().map_err(ParseDotError::Actor)?, counter })
    }
}
