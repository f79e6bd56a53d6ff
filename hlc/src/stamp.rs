use core::fmt;
use core::str::FromStr;

use crate::{OutOfRange, ParseStampError, Timestamp};

/// A timestamp and the node that issued it: unique and totally ordered across nodes, ties by node.
///
/// One clock never issues a timestamp twice; two clocks may. Whatever needs to be unique in the whole system (a version,
/// a last-writer-wins register) is a `Stamp`. The node must name one *clock*: two processes under one node id, or a
/// virtual machine and its clone, break it. Where that can happen, put an epoch into the node: `(id, epoch)`.
///
/// # Examples
/// ```
/// use spacelike_hlc::{Stamp, Timestamp};
///
/// let time = Timestamp::new(1_700_000_000_000, 0)?;
/// let (a, b) = (Stamp { time, node: 1u32 }, Stamp { time, node: 2u32 });
/// assert!(a < b);
/// assert_eq!(b.to_string(), "018bcfe56800-0000@2");
/// assert_eq!("018bcfe56800-0000@2".parse(), Ok(b));
/// # Ok::<(), spacelike_hlc::OutOfRange>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Stamp<N> {
    /// When, as the node's clock has it.
    pub time: Timestamp,
    /// Which clock issued it.
    pub node: N,
}

impl Stamp<u64> {
    /// Sixteen bytes whose lexicographic order is the order of stamps: fit for the keys of a store.
    ///
    /// With nodes of another type, take the timestamp's bytes and then bytes of the node that sort as it does.
    pub const fn to_be_bytes(self) -> [u8; 16] {
        (((self.time.to_u64() as u128) << 64) + self.node as u128).to_be_bytes()
    }

    /// Reads the sixteen bytes that [`to_be_bytes`](Self::to_be_bytes) gives.
    ///
    /// # Errors
    /// [`OutOfRange`] if the first eight are no timestamp.
    ///
    /// # Examples
    /// ```
    /// use spacelike_hlc::{Stamp, Timestamp};
    ///
    /// let stamp = Stamp { time: Timestamp::new(1_700_000_000_000, 7)?, node: 2 };
    /// assert_eq!(Stamp::from_be_bytes(stamp.to_be_bytes()), Ok(stamp));
    /// # Ok::<(), spacelike_hlc::OutOfRange>(())
    /// ```
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the node")]
    pub const fn from_be_bytes(bytes: [u8; 16]) -> Result<Self, OutOfRange> {
        let both = u128::from_be_bytes(bytes);
        match Timestamp::from_u64((both >> 64) as u64) {
            Ok(time) => Ok(Self { time, node: both as u64 }),
            Err(error) => Err(error),
        }
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

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, node) = text.split_once('@').ok_or(ParseStampError::Form)?;
        Ok(Self {
            time: time.parse().map_err(ParseStampError::Time)?,
            node: node.parse().map_err(ParseStampError::Node)?,
        })
    }
}
