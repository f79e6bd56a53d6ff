use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spacelike::hlc::{BeforeUnixEpoch, Exhausted, ReservedError};
use spacelike::machine::NodeId;

use crate::slots::{CommitError, LoadError, OpenError};

/// A listener was not bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address can be reached from other machines, and what peers say there is neither encrypted nor authenticated
    /// yet.
    #[error("{address} is not a loopback address, and only those are accepted: mutual TLS comes later")]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// The system refused.
    #[error("can't listen on {address}: {error}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// A node did not start. Its machine was not called, and nothing was sent. Unless the error is about the disk, nothing
/// was written either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The node is among its own peers.
    #[error("node {0} is among its own peers")]
    OwnId(NodeId),
    /// A peer is not on this machine.
    #[error("peer {peer} is at {address}, which is not a loopback address: mutual TLS comes later")]
    NotLoopback {
        /// The peer.
        peer: NodeId,
        /// Its address.
        address: SocketAddr,
    },
    /// Two peers have one address.
    #[error("peers {} and {} are both at {address}", peers[0], peers[1])]
    SameAddress {
        /// The address.
        address: SocketAddr,
        /// The peers.
        peers: [NodeId; 2],
    },
    /// A limit makes no sense.
    #[error("the limit {name} is out of range or contradicts another")]
    Limit {
        /// Its name.
        name: &'static str,
    },
    /// The folder can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The slots can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A durable slot or record is none of this machine's: it was written by another machine, or by another form of it.
    /// The file is unchanged.
    #[error(
        "the durable slot {slot:02x?} can't be read as this machine's: was it written by another version?"
    )]
    Record {
        /// The slot, as encoded.
        slot: Vec<u8>,
    },
    /// The new life can't be made durable.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The wall clock can't be read.
    #[error(transparent)]
    Clock(#[from] BeforeUnixEpoch),
    /// No stamp is left: the wall clock is at the end of their range.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// The system has no randomness for us.
    #[error("can't draw random bits: {0}")]
    Random(getrandom::Error),
    /// The system gives us no thread, or doesn't let us use the listener.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A node has stopped for good. Nothing leaves it any more.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Halted {
    /// Its records can't be made durable.
    #[error("node halted: {0}")]
    Slots(#[source] Arc<CommitError>),
    /// Its machine persisted what can't be encoded.
    #[error("node halted: a slot or record can't be encoded: {0}")]
    Encode(#[source] postcard::Error),
    /// Its wall clock can't be read.
    #[error("node halted: {0}")]
    Clock(#[source] BeforeUnixEpoch),
    /// It has no stamp for the next step.
    #[error("node halted: {0}")]
    Stamps(#[source] ReservedError),
    /// Its machine, its receiver of notes, or its disk panicked.
    #[error("node halted: panic: {0}")]
    Panicked(String),
}

/// A request got no response.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The node stopped. Whether the machine took the request is unknown, and what it did of it may be durable.
    #[error("the node stopped before it answered: whether the request took effect is unknown")]
    Stopped,
}

/// Why a connection was refused before its peer could send anything.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, thiserror::Error,
)]
#[non_exhaustive]
pub enum Refusal {
    /// The connection didn't begin with a hello: garbage, or a frame too long to be one.
    #[error("no hello")]
    Garbage,
    /// It was closed before there was a hello.
    #[error("closed before a hello")]
    Closed,
    /// There was no hello in time.
    #[error("no hello in time")]
    Timeout,
    /// Too many connections hadn't said hello, and this one was the oldest.
    #[error("too many strangers at once")]
    Crowded,
    /// It speaks another version.
    #[error("another version")]
    Version,
    /// It belongs to another cluster.
    #[error("another cluster")]
    Cluster,
    /// It is none of the peers.
    #[error("not a peer")]
    Unknown,
    /// It claims to be us.
    #[error("our own node id")]
    OwnId,
    /// It meant to reach another node.
    #[error("meant for another node")]
    Misdirected,
    /// The connection of this peer that is open is of a later life, or later in the same one.
    #[error("older than the connection that is open")]
    Stale,
}
