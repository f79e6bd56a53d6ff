//! Conversions from and to the timestamps of other systems: loss-free where their range and precision allow, rounded up
//! where they don't (so that nothing that was ordered is ever turned around), an error where there is no counterpart.
//!
//! | system | form | here |
//! |---|---|---|
//! | CockroachDB | 64 bits of nanoseconds, 32 of counter | [`Cockroach`] |
//! | uhlc, Zenoh | NTP64: 32 bits of seconds, 32 of fraction, whose last bits count | [`Layout::NTP64`] |
//! | restate, Citus and others | 42 bits of milliseconds since an epoch, 22 of counter | [`Layout::millis_42_22`] |
//! | TiKV (TSO) | 46 bits of milliseconds, 18 of counter | [`Layout::TSO`] |
//! | Kudu, YugabyteDB | 52 bits of microseconds, 12 of counter | [`Layout::KUDU`] |
//!
//! All of them order the same pairs of time and counter, in units between a nanosecond and a millisecond. Ours fit
//! between two milliseconds of each, so that going there and back is the identity:
//!
//! ```
//! use spacelike_hlc::Timestamp;
//! use spacelike_hlc::interop::{Cockroach, Layout};
//!
//! let t = Timestamp::new(1_700_000_000_123, 7)?;
//! assert_eq!(Layout::TSO.encode(t)?, (1_700_000_000_123 << 18) + 7);
//! for layout in [Layout::NTP64, Layout::TSO, Layout::KUDU] {
//!     assert_eq!(layout.decode(layout.encode(t)?)?, t);
//! }
//! assert_eq!(Cockroach::try_from(t)?.to_string(), "1700000000.123000000,7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;
use core::str::FromStr;

use crate::{OutOfRange, Timestamp};

/// How another system packs time and counter into one 64-bit word.
///
/// Encoding writes the counter in units of the word's last bit above the first value of the millisecond. That keeps the
/// order, and each millisecond of every layout has room for 65,536 values. Where the other system keeps microseconds in
/// those bits, a reader there sees a time up to 16 µs later, which is what its own clock would do with such a counter.
///
/// Decoding gives the same timestamp back. A word that lies further than 65,535 above its millisecond, because its
/// system has a finer time or a wider counter, becomes the first timestamp of the next millisecond.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Layout {
    /// Values of the word in `per` milliseconds.
    values: u64,
    per: u64,
    /// Milliseconds from the Unix epoch to the layout's.
    epoch: u64,
}

impl Layout {
    /// 32 bits of seconds since the Unix epoch over 32 bits of fraction, as uhlc uses NTP's 64-bit format: until 2106.
    pub const NTP64: Self = Self { values: 1 << 32, per: 1_000, epoch: 0 };

    /// 46 bits of milliseconds since the Unix epoch over 18 bits of counter, as TiKV's timestamp oracle: until 4199.
    pub const TSO: Self = Self { values: 1 << 18, per: 1, epoch: 0 };

    /// 52 bits of microseconds since the Unix epoch over 12 bits of counter, as Kudu and YugabyteDB: until 2112.
    pub const KUDU: Self = Self { values: 1_000 << 12, per: 1, epoch: 0 };

    /// 42 bits of milliseconds since `epoch`, itself in milliseconds since the Unix epoch, over 22 bits of counter: for
    /// 139 years.
    pub const fn millis_42_22(epoch: u64) -> Self {
        Self { values: 1 << 22, per: 1, epoch }
    }

    /// The word for a timestamp. Keeps the order, loses nothing.
    ///
    /// # Errors
    /// [`Unrepresentable`] if it lies before the layout's epoch or beyond its range.
    #[expect(clippy::cast_possible_truncation, reason = "compared with the maximum before")]
    pub const fn encode(self, timestamp: Timestamp) -> Result<u64, Unrepresentable> {
        let Some(millis) = timestamp.millis().checked_sub(self.epoch) else {
            return Err(Unrepresentable { timestamp });
        };
        let word = self.first(millis) + timestamp.counter() as u128;
        if word <= u64::MAX as u128 { Ok(word as u64) } else { Err(Unrepresentable { timestamp }) }
    }

    /// The timestamp for a word: the smallest that is not before it. Keeps the order, though words that differ by less
    /// than a millisecond may become equal.
    ///
    /// # Errors
    /// [`OutOfRange`] for zero since the Unix epoch, which is no timestamp here, and with an epoch so late that the
    /// result lies beyond [`Timestamp::MAX`].
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a quotient of less than the word; compared with the maximum"
    )]
    pub const fn decode(self, word: u64) -> Result<Timestamp, OutOfRange> {
        let millis = (word as u128 * self.per as u128 / self.values as u128) as u64;
        let counter = word as u128 - self.first(millis);
        let since_unix = self.epoch.saturating_add(millis);
        if counter <= u16::MAX as u128 {
            Timestamp::new(since_unix, counter as u16)
        } else {
            Timestamp::new(since_unix.saturating_add(1), 0)
        }
    }

    /// The first value of a millisecond since the epoch.
    const fn first(self, millis: u64) -> u128 {
        (millis as u128 * self.values as u128).div_ceil(self.per as u128)
    }
}

/// A timestamp has no counterpart in the other system's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("timestamp {timestamp} ({}) is outside the range of the other form", timestamp.rfc3339())]
pub struct Unrepresentable {
    /// The timestamp.
    pub timestamp: Timestamp,
}

/// CockroachDB's timestamp: nanoseconds since the Unix epoch and a counter.
///
/// `Display` and `FromStr` are its text form `seconds.nanoseconds,logical`;
/// [`as_of_system_time`](Self::as_of_system_time) is the decimal one, which `FromStr` reads as well.
///
/// A timestamp of ours converts without loss until 2262. The other way, nanoseconds that are no whole millisecond, and
/// counters above 65,535, round up to the next millisecond.
///
/// # Examples
/// ```
/// use spacelike_hlc::Timestamp;
/// use spacelike_hlc::interop::Cockroach;
///
/// let theirs: Cockroach = "1700000000.123000000,7".parse()?;
/// let ours = Timestamp::try_from(theirs)?;
/// assert_eq!(ours, Timestamp::new(1_700_000_000_123, 7)?);
/// assert_eq!(Cockroach::try_from(ours)?, theirs);
/// assert_eq!(theirs.as_of_system_time().to_string(), "1700000000123000000.0000000007");
///
/// let finer = Cockroach { wall_time: 1_700_000_000_123_000_001, logical: 0 };
/// assert_eq!(Timestamp::try_from(finer)?, Timestamp::new(1_700_000_000_124, 0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Cockroach {
    /// Nanoseconds since the Unix epoch.
    pub wall_time: i64,
    /// Orders events within a nanosecond.
    pub logical: i32,
}

impl Cockroach {
    /// Renders the decimal form that `AS OF SYSTEM TIME` and `cluster_logical_timestamp()` use.
    pub const fn as_of_system_time(self) -> AsOfSystemTime {
        AsOfSystemTime(self)
    }
}

impl TryFrom<Timestamp> for Cockroach {
    type Error = Unrepresentable;

    fn try_from(timestamp: Timestamp) -> Result<Self, Unrepresentable> {
        let nanos = timestamp.millis().checked_mul(NANOS_PER_MILLI).and_then(|nanos| nanos.try_into().ok());
        match nanos {
            Some(wall_time) => Ok(Self { wall_time, logical: timestamp.counter().into() }),
            None => Err(Unrepresentable { timestamp }),
        }
    }
}

impl TryFrom<Cockroach> for Timestamp {
    type Error = CockroachError;

    fn try_from(theirs: Cockroach) -> Result<Self, CockroachError> {
        let negative = CockroachError::Negative { wall_time: theirs.wall_time, logical: theirs.logical };
        let nanos = u64::try_from(theirs.wall_time).map_err(|_| negative)?;
        let logical = u32::try_from(theirs.logical).map_err(|_| negative)?;
        let millis = nanos / NANOS_PER_MILLI;
        Ok(match u16::try_from(logical) {
            Ok(counter) if nanos % NANOS_PER_MILLI == 0 => Timestamp::new(millis, counter)?,
            _ => Timestamp::new(millis + 1, 0)?,
        })
    }
}

impl fmt::Display for Cockroach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wall_time == 0 {
            return write!(f, "0,{}", self.logical);
        }
        let sign = if self.wall_time < 0 { "-" } else { "" };
        let nanos = self.wall_time.unsigned_abs();
        write!(f, "{sign}{}.{:09},{}", nanos / 1_000_000_000, nanos % 1_000_000_000, self.logical)
    }
}

impl FromStr for Cockroach {
    type Err = CockroachError;

    /// Reads what `Display` and [`as_of_system_time`](Self::as_of_system_time) write, and whole nanoseconds without a
    /// counter; nothing else.
    fn from_str(text: &str) -> Result<Self, CockroachError> {
        let parsed = match text.split_once(',') {
            Some((time, logical)) => nanoseconds(time).zip(logical.parse().ok()),
            None => match text.split_once('.') {
                Some((nanos, logical)) => nanos.parse().ok().zip(logical.parse().ok()),
                None => text.parse().ok().zip(Some(0)),
            },
        };
        let (wall_time, logical) = parsed.ok_or(CockroachError::Form)?;
        let theirs = Self { wall_time, logical };
        // Signs and zeros in places where they don't belong are parsed above, and found out here.
        let canonical =
            writes(text, theirs) || writes(text, theirs.as_of_system_time()) || writes(text, wall_time);
        if canonical { Ok(theirs) } else { Err(CockroachError::Form) }
    }
}

/// `seconds.nanoseconds`, or `0`, in nanoseconds.
fn nanoseconds(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let (seconds, nanos) = text.split_once('.')?;
    let (seconds, nanos): (i64, i64) = (seconds.parse().ok()?, nanos.parse().ok()?);
    let nanos = if text.starts_with('-') { nanos.checked_neg()? } else { nanos };
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// Whether `value` is displayed as `text`.
fn writes(text: &str, value: impl fmt::Display) -> bool {
    struct Rest<'a>(&'a str);

    impl fmt::Write for Rest<'_> {
        fn write_str(&mut self, written: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    let mut rest = Rest(text);
    fmt::write(&mut rest, format_args!("{value}")).is_ok() && rest.0.is_empty()
}

/// Displays a [`Cockroach`] timestamp as `nanoseconds.logical`, with ten digits of logical.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AsOfSystemTime(Cockroach);

impl fmt::Display for AsOfSystemTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:010}", self.0.wall_time, self.0.logical)
    }
}

/// A CockroachDB timestamp has no counterpart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CockroachError {
    /// The text is neither `seconds.nanoseconds,logical` nor `nanoseconds.logical`, or a number in it doesn't fit.
    #[error("a CockroachDB timestamp is written as 1700000000.123000000,7 or 1700000000123000000.0000000007")]
    Form,
    /// A part is negative.
    #[error(
        "a timestamp before 1970 or with a negative counter has no counterpart: {wall_time} ns, {logical}"
    )]
    Negative {
        /// Its nanoseconds.
        wall_time: i64,
        /// Its counter.
        logical: i32,
    },
    /// It is zero.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

const NANOS_PER_MILLI: u64 = 1_000_000;
