use core::fmt;
use core::str::FromStr;

use crate::ParseActorError;

/// An actor that may have to begin anew: who it is, and which of its lives it counts in.
///
/// A clock is right only as long as no actor gives one counter to two events. An actor that lost its counters (a wiped
/// disk, a restored backup) can't promise that any more; but it can promise it under a name that it never had: the next
/// epoch. Each crate type that is generic over its actors takes an `Actor` wherever it takes an id. Epochs of one id sort
/// together.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use spacelike_vclock::{Actor, Amnesia, VersionVector};
///
/// let mut server = Actor::new(7_u32);
/// let mut remembered = VersionVector::new();
/// remembered.update(&server)?;
///
/// // The server lost its disk. What it hears of itself tells it so; counting on would issue 7#0:1 twice.
/// let mut reborn = VersionVector::new();
/// let amnesia = reborn.observe(&server, &remembered).unwrap_err();
/// assert_eq!(amnesia, Amnesia { known: 0, claimed: 1 });
///
/// server = server.next_epoch().unwrap();
/// reborn.observe(&server, &remembered)?;
/// reborn.update(&server)?;
/// assert_eq!(reborn.to_string(), "{7#0:1, 7#1:1}");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "alloc"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Actor<I> {
    /// Who it is.
    pub id: I,
    /// Which life, from 0. Must be durable before anything is counted in it.
    pub epoch: u32,
}

impl<I> Actor<I> {
    /// An actor in its first life.
    pub const fn new(id: I) -> Self {
        Self { id, epoch: 0 }
    }

    /// The same in its next life; `None` if there have been 2^32.
    #[must_use = "the new epoch must be made durable, and used"]
    pub fn next_epoch(self) -> Option<Self> {
        Some(Self { epoch: self.epoch.checked_add(1)?, ..self })
    }
}

/// As `id#epoch`.
impl<I: fmt::Display> fmt::Display for Actor<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.id, self.epoch)
    }
}

/// From `id#epoch`, the epoch without sign or leading zeros.
impl<I: FromStr> FromStr for Actor<I> {
    type Err = ParseActorError<I::Err>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, epoch) = text.rsplit_once('#').ok_or(ParseActorError::Form)?;
        let canonical = epoch == "0" || epoch.starts_with(|first: char| ('1'..='9').contains(&first));
        let epoch = epoch.parse().ok().filter(|_| canonical).ok_or(ParseActorError::Epoch)?;
        Ok(Self { id: id.parse().map_err(ParseActorError::Id)?, epoch })
    }
}
