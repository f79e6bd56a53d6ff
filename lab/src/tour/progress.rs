use std::collections::BTreeMap;
use std::time::Duration;

use spacelike::machine::NodeId;

/// How far a tour has come.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Since the nodes were started.
    pub elapsed: Duration,
    /// Messages sent.
    pub sent: u64,
    /// Messages received.
    pub received: u64,
    /// Messages received at a wall clock that read less than the one at which they were sent.
    pub inverted: u64,
    /// Messages that a machine ignored, as no honest peer's. All peers are honest, so it is a fault if there are any.
    pub refused: u64,
    /// The greatest phi that another node has of each.
    pub phi: BTreeMap<NodeId, f64>,
}
