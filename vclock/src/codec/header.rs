use core::fmt;

use super::reader::Reader;
use super::{DecodeCause, DecodeError};

/// What encoded bytes are of, by their first byte; to tell apart what may come in more than one mode.
///
/// # Examples
/// ```
/// use spacelike_vclock::Dot;
/// use spacelike_vclock::codec::{Encode, Header, Mode};
///
/// let mut buffer = [0; 8];
/// Dot::new(7_u32, 3).unwrap().encode_into_slice(&mut buffer)?;
/// assert_eq!(Header::of(&buffer)?, Header { mode: Mode::Dot, pruned: false });
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Header {
    /// How it is encoded.
    pub mode: Mode,
    /// Whether it is of a [`PrunedVector`](crate::PrunedVector).
    pub pruned: bool,
}

/// How something is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Mode {
    /// The entries of a clock, each with its actor.
    Sparse,
    /// A counter for each actor of a [`Roster`](super::Roster).
    Roster,
    /// What a clock has above a [`Base`](super::Base).
    Delta,
    /// One dot.
    Dot,
    /// The slots of a fixed clock.
    Fixed {
        /// How many bytes a counter has: 1, 2, 4 or 8.
        width: u8,
    },
}

impl Header {
    /// Reads the first byte, and nothing else.
    ///
    /// # Errors
    /// If there is none, or if it is that of another version.
    pub fn of(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::take(&mut Reader::new(bytes))
    }

    #[cfg(feature = "alloc")]
    pub(super) const PRUNED: Self = Self { mode: Mode::Sparse, pruned: true };

    pub(crate) const fn exact(mode: Mode) -> Self {
        Self { mode, pruned: false }
    }

    pub(crate) const fn to_byte(self) -> u8 {
        let mode = match self.mode {
            Mode::Sparse => 0,
            Mode::Roster => 1,
            Mode::Delta => 2,
            Mode::Dot => 3,
            Mode::Fixed { width } => 4 + width.ilog2().to_le_bytes()[0],
        };
        VERSION << 4 | if self.pruned { PRUNED } else { 0 } | mode
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        let [byte] = *reader.array::<1>()?;
        let mode = match byte & 0b111 {
            0 => Mode::Sparse,
            1 => Mode::Roster,
            2 => Mode::Delta,
            3 => Mode::Dot,
            log @ 4.. => Mode::Fixed { width: 1 << (log - 4) },
        };
        let header = Self { mode, pruned: byte & PRUNED != 0 };
        let cause = match byte >> 4 {
            VERSION if header.pruned && mode != Mode::Sparse => DecodeCause::PrunedMode { mode },
            VERSION => return Ok(header),
            found => DecodeCause::Version { found },
        };
        Err(DecodeError { offset: at, cause })
    }

    /// Reads it, and refuses any but this.
    #[inline]
    pub(crate) fn expect(self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let at = reader.at();
        let found = Self::take(reader)?;
        let cause = if found.mode != self.mode {
            DecodeCause::Mode { expected: self.mode, found: found.mode }
        } else if found.pruned && !self.pruned {
            DecodeCause::Pruned
        } else if self.pruned && !found.pruned {
            DecodeCause::NotPruned
        } else {
            return Ok(());
        };
        Err(DecodeError { offset: at, cause })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sparse => f.write_str("a sparse clock"),
            Self::Roster => f.write_str("a clock by a roster"),
            Self::Delta => f.write_str("a clock above a base"),
            Self::Dot => f.write_str("a dot"),
            Self::Fixed { width } => write!(f, "a fixed clock of {width}-byte counters"),
        }
    }
}

const VERSION: u8 = 1;
const PRUNED: u8 = 0b1000;
