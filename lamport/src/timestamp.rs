use core::fmt;
use core::str::FromStr;

use crate::ParseTimestampError;

/// A logical time: the number *C(a)* that a Lamport clock gives to an event *a*.
///
/// If *a* happened before *b*, then `C(a) < C(b)`: the Clock Condition of Lamport 1978, section "Logical Clocks". The
/// converse does not hold: `C(a) < C(b)` says only that *b* did not happen before *a*. The
/// [crate's documentation](crate) has an example of each.
///
/// Any `u64` is a timestamp, so decoding can't fail; which of them a clock takes over from a peer is the clock's decision.
/// With serde it is the number, in text formats too: JavaScript reads those exactly up to 2^53.
///
/// # Examples
/// ```
/// use spacelike_lamport::Timestamp;
///
/// let t = Timestamp::new(42);
/// assert_eq!(t.to_string(), "42");
/// assert_eq!("42".parse(), Ok(t));
/// assert_eq!(Timestamp::from_be_bytes(t.to_be_bytes()), t);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Timestamp(u64);

impl Timestamp {
    /// Before every event.
    pub const ZERO: Self = Self(0);

    /// The greatest timestamp that a clock takes over from a peer: 2^63 - 1. The half above it is headroom: our own
    /// events, at one a nanosecond, would take 292 years to cross it, so that `tick` needs no error.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{LocalClock, Timestamp};
    ///
    /// let mut clock = LocalClock::new(u64::MAX); // no bound for one message
    /// assert!(clock.receive(Timestamp::new(u64::MAX)).is_err());
    /// let received = clock.receive(Timestamp::LIMIT)?;
    /// assert!(clock.tick() > received);
    /// # Ok::<(), spacelike_lamport::ReceiveError>(())
    /// ```
    pub const LIMIT: Self = Self(u64::MAX >> 1);

    /// The timestamp of this value.
    #[inline]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// Its value.
    #[inline]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Reads the eight bytes that [`to_be_bytes`](Self::to_be_bytes) gives.
    pub const fn from_be_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// Eight bytes whose lexicographic order is the order of timestamps: fit for the keys of a store.
    pub const fn to_be_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// Decimal digits. Width and fill are honoured: `{:020}` gives text that sorts as timestamps do.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// Reads decimal digits: no sign, no leading zero.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical = text == "0" || text.starts_with(|first: char| ('1'..='9').contains(&first));
        if !canonical {
            return Err(ParseTimestampError);
        }
        text.parse().map(Self).map_err(|_| ParseTimestampError)
    }
}

impl From<u64> for Timestamp {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl From<Timestamp> for u64 {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}
