use crate::Timestamp;

/// A remote timestamp is greater than [`Timestamp::LIMIT`]. The clock is unchanged.
///
/// # Examples
/// ```
/// use spacelike_lamport::{LocalClock, OutOfRange, Timestamp};
///
/// let remote = Timestamp::new(u64::MAX);
/// let refused = LocalClock::new(1 << 20).receive(remote).unwrap_err();
/// assert_eq!(refused, OutOfRange { remote }.into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("timestamp {remote} is above the limit of {}", Timestamp::LIMIT)]
pub struct OutOfRange {
    /// The remote timestamp.
    pub remote: Timestamp,
}

/// A remote timestamp is further ahead of this clock than one message may move it. The clock is unchanged.
///
/// Its sender lies, or one of us was cut off for long: then [`bootstrap`](crate::LocalClock::bootstrap).
///
/// # Examples
/// ```
/// use spacelike_lamport::{JumpExceeded, LocalClock, Timestamp};
///
/// let mut clock = LocalClock::new(10);
/// clock.tick();
/// let refused = clock.receive(Timestamp::new(12)).unwrap_err();
/// assert_eq!(refused, JumpExceeded { jump: 11, jump_max: 10 }.into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("timestamp is {jump} ahead of our clock, at most {jump_max} is accepted")]
pub struct JumpExceeded {
    /// How far ahead it is.
    pub jump: u64,
    /// How far ahead it may be.
    pub jump_max: u64,
}

/// A remote timestamp was not taken over. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is above [`Timestamp::LIMIT`].
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// It is too far ahead of this clock.
    #[error(transparent)]
    JumpExceeded(#[from] JumpExceeded),
}

/// A text is not a timestamp: it isn't the decimal digits of a `u64`, without sign or leading zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a timestamp is written as a decimal number below 2^64, without sign or leading zero: 42")]
pub struct ParseTimestampError;

/// A text is not a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseStampError<E> {
    /// There is no `@` between the timestamp and the node.
    #[error("a stamp is written as a timestamp, `@`, and a node: 42@3")]
    Form,
    /// What stands before the `@` is no timestamp.
    #[error(transparent)]
    Time(ParseTimestampError),
    /// What stands after the `@` is no node.
    #[error("the node of the stamp: {0}")]
    Node(E),
}
