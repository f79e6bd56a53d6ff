use core::time::Duration;

use spacelike::machine::NodeId;

use crate::world::{Clock, Disk, Link, Partition};

/// Something that goes wrong, or is mended, at some time.
///
/// | failure model | as a fault |
/// |---|---|
/// | crash | [`Kill`](Self::Kill) |
/// | crash and recovery | [`Crash`](Self::Crash), [`CrashInStep`](Self::CrashInStep), [`Wipe`](Self::Wipe), [`Rot`](Self::Rot), then [`Restart`](Self::Restart) |
/// | omission | [`Partition`](Self::Partition), [`Link`](Self::Link) with loss |
/// | timing | [`Pause`](Self::Pause), [`Link`](Self::Link) with latency, [`StepClock`](Self::StepClock), [`Clock`](Self::Clock) |
/// | gray | [`Slow`](Self::Slow), [`Disk`](Self::Disk) with long syncs |
/// | Byzantine | a machine that wraps the right one, and lies |
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The node stops, and loses all that wasn't synced: of what was being synced, it keeps a part from the beginning, drawn at
    /// random.
    Crash(NodeId),
    /// The next step of the node that leaves effects is its last: after some of them, drawn at random, it crashes.
    CrashInStep(NodeId),
    /// A node that stopped begins a new life, with what it has on its disk.
    Restart(NodeId),
    /// The node stops, and never comes back.
    Kill(NodeId),
    /// The disk of a node that stopped is lost: its next life begins on an empty one.
    Wipe(NodeId),
    /// The disk of a node is damaged where it was durable: its checksums find that, and the node won't start any more.
    Rot(NodeId),
    /// The node does nothing, as in a collector's pause, until it is resumed: what comes waits. Its disk and its links go on.
    Pause(NodeId),
    /// The node goes on.
    Resume(NodeId),
    /// Each step of the node takes so long: what comes meanwhile waits.
    Slow(NodeId, Duration),
    /// The node has another disk from now on, with what was on the old one.
    Disk(NodeId, Disk),
    /// The node's wall clock is set forward by so many nanoseconds, or back, below zero.
    StepClock(NodeId, i64),
    /// The node's wall clock is set to true time and so many nanoseconds, as by a correction over the network.
    SetClock(NodeId, i64),
    /// The node's clocks run like this from now on; its offset is not used.
    Clock(NodeId, Clock),
    /// A link is like this from now on. What was handed to it before comes when it would have come.
    Link {
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
        /// How it is.
        link: Link,
    },
    /// Nodes are cut off from each other like this, and no longer like before.
    Partition(Partition),
}
