use std::collections::BTreeMap;
use std::time::Duration;

use spacelike::machine::NodeId;

/// A node is to be stopped for a while, as a process is by SIGSTOP, and goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pause {
    /// Which.
    pub node: NodeId,
    /// This long after the nodes were started.
    pub after: Duration,
    /// For so long, and until all others have noticed: on a busy machine they may need longer.
    pub time: Duration,
}

/// A node was stopped for a while, and went on, unless the tour was stopped before.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Paused {
    /// Which.
    pub node: NodeId,
    /// From when on, on the monotonic clock that all nodes share.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
    /// The greatest phi that each other node had of it meanwhile.
    pub phi_max: BTreeMap<NodeId, f64>,
    /// The others had the time to notice, and to notice its return. If not, the tour was stopped meanwhile.
    pub is_over: bool,
}
