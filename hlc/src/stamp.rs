use core::fmt;
use core::str::FromStr;

use crate::{ParseStampError, Timestamp};

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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stamp<N> {
    /// When, as the node's clock has it.
    pub time: Timestamp,
    /// Which clock issued it.
    pub node: N,
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
