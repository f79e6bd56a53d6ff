use core::time::Duration;

use spacelike::machine::{Machine, NodeId, RequestId};

use crate::world::Fault;

/// What happened in a world.
#[derive(Clone, PartialEq, Debug)]
pub struct Happened<M: Machine> {
    /// True time since the world began.
    pub at: Duration,
    /// What it was.
    pub what: What<M>,
}

/// What can happen in a world.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum What<M: Machine> {
    /// A node began a life.
    Started {
        /// Which node.
        node: NodeId,
        /// Which life.
        incarnation: u64,
    },
    /// A message left a node. Messages are numbered in the order in which they leave.
    Sent {
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
        /// Which message.
        message: u64,
    },
    /// A message was taken by its receiver. A copy has the number of the original.
    Received {
        /// From whom.
        from: NodeId,
        /// By whom.
        by: NodeId,
        /// Which message.
        message: u64,
    },
    /// A message was lost.
    Dropped {
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
        /// Which message.
        message: u64,
        /// Why.
        why: Why,
    },
    /// A client asked a node.
    Asked {
        /// Which node.
        node: NodeId,
        /// Which request.
        id: RequestId,
    },
    /// A node answered a client.
    Replied {
        /// Which node.
        node: NodeId,
        /// To which request.
        id: RequestId,
        /// What it said.
        response: M::Response,
    },
    /// A timer fired.
    Fired {
        /// Whose.
        node: NodeId,
        /// Which.
        timer: M::Timer,
    },
    /// Writes became durable.
    Synced {
        /// Whose.
        node: NodeId,
        /// How many there are by now in this life.
        writes: u64,
    },
    /// A node was told that it suspects a peer, or trusts it again.
    Suspicion {
        /// Which node.
        node: NodeId,
        /// Which peer.
        peer: NodeId,
        /// What is made of it.
        is_suspect: bool,
    },
    /// A machine left a note.
    Noted {
        /// Whose.
        node: NodeId,
        /// What it says.
        note: M::Note,
    },
    /// Something went wrong, or was mended.
    Fault(Box<Fault>),
    /// A node stopped by itself, or didn't start.
    Halted {
        /// Which node.
        node: NodeId,
        /// Why.
        why: Halt,
    },
}

/// Why a message was lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Why {
    /// By chance.
    Loss,
    /// By a partition, when it left or when it arrived.
    Partition,
    /// The receiver was down.
    Down,
    /// It was damaged, and its checksum didn't match.
    Damaged,
    /// Too much waited for the link.
    QueueFull,
    /// There is no such node, or it was sent to itself.
    Unsendable,
    /// It had come before.
    Duplicate,
}

/// Why a node stopped by itself, or didn't start.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Halt {
    /// Its disk was full.
    DiskFull,
    /// Its disk was damaged.
    DiskRotten,
    /// It ran out of stamps.
    Stamps,
}
