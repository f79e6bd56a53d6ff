use core::fmt;
use core::str::FromStr;

use crate::{ParseStampError, Timestamp};

/// A timestamp and the node that issued it: unique and totally ordered across nodes, ties by node.
///
/// This is the total order "=>" of Lamport 1978: an extension of "happened before" that all nodes agree on, and that
/// orders concurrent events in an arbitrary way. The node must name one *clock*: two processes under one node id break
/// it.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stamp<N> {
    /// When, as its node's clock has it.
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
