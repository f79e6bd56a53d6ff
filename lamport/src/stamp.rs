use core::fmt;
use core::str::FromStr;

use crate::{ParseStampError, Timestamp};

/// A timestamp and the node that issued it: unique and totally ordered across nodes, ties by node.
///
/// This is the total order "=>" of Lamport 1978, section "Ordering the Events Totally": an extension of "happened before"
/// that all nodes agree on, and that orders concurrent events in an arbitrary way. The lower node wins every tie against
/// the higher, which matters where stamps decide whose turn it is.
///
/// The node must name one *clock*: two processes under one node id break it, and so does a process that starts again at
/// zero. Where that can happen, put an incarnation into the node, `(id, incarnation)`, beside a
/// [`bootstrap`](crate::LocalClock::bootstrap), which keeps the clock above its earlier life.
///
/// # Examples
/// ```
/// use spacelike_lamport::{Stamp, Timestamp};
///
/// let time = Timestamp::new(42);
/// let (a, b) = (Stamp { time, node: 1u32 }, Stamp { time, node: 2u32 });
/// assert!(a < b);
/// assert_eq!(b.to_string(), "42@2");
/// assert_eq!("42@2".parse(), Ok(b));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Stamp<N> {
    /// When, as its node's clock has it.
    pub time: Timestamp,
    /// Which clock issued it.
    pub node: N,
}

impl Stamp<u64> {
    /// Sixteen bytes whose lexicographic order is the order of stamps: fit for the keys of a store.
    ///
    /// With nodes of another type, take the timestamp's bytes and then bytes of the node that sort as it does.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{Stamp, Timestamp};
    ///
    /// let stamp = Stamp { time: Timestamp::new(42), node: 2 };
    /// let later = Stamp { time: Timestamp::new(256), node: 1 };
    /// assert!(stamp.to_be_bytes() < later.to_be_bytes());
    /// assert_eq!(Stamp::from_be_bytes(stamp.to_be_bytes()), stamp);
    /// ```
    pub const fn to_be_bytes(self) -> [u8; 16] {
        (((self.time.get() as u128) << 64) + self.node as u128).to_be_bytes()
    }

    /// Reads the sixteen bytes that [`to_be_bytes`](Self::to_be_bytes) gives.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{Stamp, Timestamp};
    ///
    /// let bytes = [0, 0, 0, 0, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 2];
    /// assert_eq!(Stamp::from_be_bytes(bytes), Stamp { time: Timestamp::new(42), node: 2 });
    /// ```
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the node")]
    pub const fn from_be_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Self { time: Timestamp::new((both >> 64) as u64), node: both as u64 }
    }
}

/// The timestamp, `@`, the node.
impl<N: fmt::Display> fmt::Display for Stamp<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.time, self.node)
    }
}

impl<N: FromStr> FromStr for Stamp<N> {
    type Err = ParseStampError<N::Err>;

    /// Reads a timestamp, the first `@`, and the rest as a node, in whatever forms a node has.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, node) = text.split_once('@').ok_or(ParseStampError::Form)?;
        Ok(Self {
            time: time.parse().map_err(ParseStampError::Time)?,
            node: node.parse().map_err(ParseStampError::Node)?,
        })
    }
}
