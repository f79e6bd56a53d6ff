use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;
use core::time::Duration;

use crate::{OutOfRange, ParseTimestampError, Rfc3339};

/// A timestamp of a hybrid logical clock in one word: 48 bits of Unix milliseconds over 16 bits of counter.
///
/// ```text
///  63                                            16 15             0
/// +------------------------------------------------+----------------+
/// |  l: milliseconds since 1970-01-01T00:00:00Z    |   c: counter   |
/// +------------------------------------------------+----------------+
/// ```
///
/// So the order of integers is the order of timestamps, and a counter that overflows carries into the next
/// millisecond. In the terms of Kulkarni et al. 2014, figure 5, this is the pair *(l, c)*.
///
/// The range is `1..=`[`MAX`](Self::MAX): zero stands for "none" (so `Option<Timestamp>` is one word as well), and the
/// quarter above `MAX` is headroom, so that a clock can't wrap around.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::Timestamp;
///
/// let t = Timestamp::new(1_700_000_000_000, 7)?;
/// assert_eq!(t.physical(), Duration::from_secs(1_700_000_000));
/// assert_eq!(t.counter(), 7);
/// assert_eq!(t.to_string(), "018bcfe56800-0007"); // sorts as text, too
/// assert_eq!("018bcfe56800-0007".parse(), Ok(t));
/// assert_eq!(t.rfc3339().to_string(), "2023-11-14T22:13:20.000Z");
/// assert_eq!(Timestamp::from_be_bytes(t.to_be_bytes()), Ok(t));
/// assert_eq!(size_of::<Option<Timestamp>>(), 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

impl Timestamp {
    /// How many of the low bits count.
    pub const COUNTER_BITS: u32 = 16;

    /// The smallest timestamp.
    pub const MIN: Self = Self(NonZeroU64::MIN);

    /// The greatest timestamp, in the year 8659. 2^62 values above it are headroom.
    pub const MAX: Self = Self(NonZeroU64::new(u64::MAX - (1 << 62)).unwrap());

    /// Builds one from `millis` since the Unix epoch and a `counter`.
    ///
    /// # Errors
    /// [`OutOfRange`] if both are zero or the result is greater than [`MAX`](Self::MAX).
    pub const fn new(millis: u64, counter: u16) -> Result<Self, OutOfRange> {
        if millis <= Self::MAX.millis() {
            Self::from_u64((millis << Self::COUNTER_BITS) + counter as u64)
        } else {
            Err(OutOfRange { millis, counter: counter as u64 })
        }
    }

    /// Reads the packed word.
    ///
    /// # Errors
    /// [`OutOfRange`] if it is zero or greater than [`MAX`](Self::MAX).
    #[inline]
    pub const fn from_u64(word: u64) -> Result<Self, OutOfRange> {
        match NonZeroU64::new(word) {
            Some(word) if word.get() <= Self::MAX.to_u64() => Ok(Self(word)),
            _ => Err(OutOfRange { millis: word >> Self::COUNTER_BITS, counter: word & 0xFFFF }),
        }
    }

    /// The packed word.
    #[inline]
    pub const fn to_u64(self) -> u64 {
        self.0.get()
    }

    /// Reads the eight bytes that [`to_be_bytes`](Self::to_be_bytes) gives.
    ///
    /// # Errors
    /// [`OutOfRange`] if the word is zero or greater than [`MAX`](Self::MAX).
    pub const fn from_be_bytes(bytes: [u8; 8]) -> Result<Self, OutOfRange> {
        Self::from_u64(u64::from_be_bytes(bytes))
    }

    /// The word as eight bytes whose lexicographic order is the order of timestamps: fit for the keys of a store.
    pub const fn to_be_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    /// The physical part, *l*, in milliseconds since the Unix epoch.
    #[inline]
    pub const fn millis(self) -> u64 {
        self.0.get() >> Self::COUNTER_BITS
    }

    /// The physical part, *l*, since the Unix epoch.
    pub const fn physical(self) -> Duration {
        Duration::from_millis(self.millis())
    }

    /// The counter, *c*.
    #[inline]
    pub const fn counter(self) -> u16 {
        (self.0.get() & 0xFFFF) as u16
    }

    /// Renders the physical part, as in `2023-11-14T22:13:20.000Z`. The counter is left out, so this loses it.
    pub const fn rfc3339(self) -> Rfc3339 {
        Rfc3339::new(self.millis())
    }

    /// For words a clock made: the caller has seen that it is in range.
    #[inline]
    pub(crate) const fn from_word(word: u64) -> Self {
        match NonZeroU64::new(word) {
            Some(word) => Self(word),
            None => Self::MIN,
        }
    }
}

/// Twelve hexadecimal digits of milliseconds, a hyphen, four of the counter: lossless, fixed width, sorts as text.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{:04x}", self.millis(), self.counter())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({}, {})", self.rfc3339(), self.counter())
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |text: &[u8]| {
            text.iter().try_fold(0u64, |word, &byte| {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    b'a'..=b'f' => byte - b'a' + 10,
                    _ => return Err(ParseTimestampError::Form),
                };
                Ok((word << 4) + u64::from(digit))
            })
        };
        match text.as_bytes() {
            [millis @ .., b'-', c3, c2, c1, c0] if millis.len() == 12 => {
                let word = (digits(millis)? << Self::COUNTER_BITS) + digits(&[*c3, *c2, *c1, *c0])?;
                Ok(Self::from_u64(word)?)
            }
            _ => Err(ParseTimestampError::Form),
        }
    }
}

impl From<Timestamp> for u64 {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_u64()
    }
}

impl TryFrom<u64> for Timestamp {
    type Error = OutOfRange;

    fn try_from(word: u64) -> Result<Self, Self::Error> {
        Self::from_u64(word)
    }
}

/// A string where the format is human-readable, else the packed word.
#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.to_u64())
        }
    }
}

/// Checked: what `Serialize` can't have written is an error.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a timestamp such as 018bcfe56800-0007")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }

        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Text)
        } else {
            Self::from_u64(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
        }
    }
}
