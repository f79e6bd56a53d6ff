use core::fmt;
use core::time::Duration;

use crate::Timestamp;

/// These parts make no timestamp: none has zero in both, and none is greater than [`Timestamp::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{millis} ms and counter {counter} are not a timestamp: the range is 0 ms, 1 to {} ms, 65535", Timestamp::MAX.millis())]
pub struct OutOfRange {
    /// Milliseconds since the Unix epoch.
    pub millis: u64,
    /// The counter within the millisecond.
    pub counter: u64,
}

/// The clock can't go on: the wall clock it was given, or the clock itself, has come to the end of its range, in the
/// year 8659. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exhausted {
    /// The wall clock that was given, since the Unix epoch.
    pub wall: Duration,
    /// The latest timestamp of the clock, or `None` if it has none yet.
    pub latest: Option<Timestamp>,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no timestamp is left below the year 8659: the wall clock is {:?} after 1970", self.wall)?;
        match self.latest {
            Some(latest) => write!(f, ", the latest timestamp is {}", latest.rfc3339()),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Exhausted {}

/// A remote timestamp is further ahead of our wall clock than we accept. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("timestamp is {drift:?} ahead of our wall clock, at most {drift_max:?} is accepted")]
pub struct DriftExceeded {
    /// How far ahead it is, in whole milliseconds.
    pub drift: Duration,
    /// How far ahead it may be.
    pub drift_max: Duration,
}

/// A remote timestamp was not taken over. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is too far ahead of our wall clock.
    #[error(transparent)]
    DriftExceeded(#[from] DriftExceeded),
    /// Nothing greater than it can be issued.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

/// The clock would pass its durable bound. It is unchanged: reserve more, store the bound, confirm, and try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unreserved {
    /// The timestamp that would have been needed.
    pub needed: Timestamp,
    /// The greatest one that is reserved, or `None` if none ever was.
    pub bound: Option<Timestamp>,
}

impl fmt::Display for Unreserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed = self.needed;
        if let Some(bound) = self.bound {
            write!(f, "timestamp {needed} is above the reserved bound {bound}: reserve more, further ahead")
        } else {
            write!(
                f,
                "timestamp {needed} is needed, and none is reserved yet: store a bound and confirm it first"
            )
        }
    }
}

impl core::error::Error for Unreserved {}

/// A reserved clock refused. It is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReservedError {
    /// The remote timestamp is too far ahead of our wall clock.
    #[error(transparent)]
    DriftExceeded(#[from] DriftExceeded),
    /// The range of timestamps has come to its end.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// The durable bound is reached.
    #[error(transparent)]
    Unreserved(#[from] Unreserved),
}

impl From<ReceiveError> for ReservedError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::DriftExceeded(error) => Self::DriftExceeded(error),
            ReceiveError::Exhausted(error) => Self::Exhausted(error),
        }
    }
}

/// A text is not a timestamp. Which text, the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTimestampError {
    /// It isn't twelve lower-case hexadecimal digits, a hyphen and four more.
    #[error("a timestamp is written as 12 lower-case hexadecimal digits, `-`, and 4 more: 018bcfe56800-0007")]
    Form,
    /// It is written like one, but out of range.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// A text is not a stamp. Which text, the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseStampError<E> {
    /// There is no `@` between the timestamp and the node.
    #[error("a stamp is written as a timestamp, `@`, and a node")]
    Form,
    /// What stands before the `@` is no timestamp.
    #[error(transparent)]
    Time(ParseTimestampError),
    /// What stands after the `@` is no node.
    #[error("the node of the stamp: {0}")]
    Node(E),
}
