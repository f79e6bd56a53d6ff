use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use spacelike::machine::NodeId;
use spacelike::vclock::VectorClock;
use spacelike::{hlc, lamport};

/// A message was sent or received: one line of a [`Trace`](crate::trace::Trace).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The true time: since the run began, on one monotonic clock that all nodes share.
    #[serde(rename = "time_ns", with = "super::units")]
    pub time: Duration,
    /// Where it happened.
    pub node: NodeId,
    /// Sent or received.
    pub kind: Kind,
    /// Which message.
    pub message: MessageId,
    /// The other end.
    pub peer: NodeId,
    /// The node's wall clock, since the Unix epoch.
    #[serde(rename = "wall_ns", with = "super::units")]
    pub wall: Duration,
    /// The node's Lamport clock.
    pub lamport: lamport::Timestamp,
    /// The node's hybrid logical clock.
    pub hlc: hlc::Timestamp,
    /// The node's vector clock, in which this event is counted.
    pub vector: VectorClock<NodeId>,
}

/// What happened to the message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It left the node.
    Send,
    /// It reached the node.
    Receive,
}

/// Names a message of a run: `3.17` is the 18th that node 3 sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageId {
    /// Who sent it.
    pub sender: NodeId,
    /// How many it had sent before.
    pub sequence: u64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.sender, self.sequence)
    }
}

impl Event {
    /// What the types can't express: the nodes exist, differ, the sender of a message is the one it is named after, and the
    /// vector clock counts the event.
    pub(super) fn check(&self, nodes: &BTreeSet<NodeId>) -> Result<(), String> {
        for node in [self.node, self.peer].iter().chain(self.vector.iter().map(|(node, _)| node)) {
            if !nodes.contains(node) {
                return Err(format!("names node {node}, which the header does not list"));
            }
        }
        if self.node == self.peer {
            return Err(format!("has node {} as both ends of message {}", self.node, self.message));
        }
        let sender = match self.kind {
            Kind::Send => self.node,
            Kind::Receive => self.peer,
        };
        if sender != self.message.sender {
            return Err(format!("says that node {sender} sent message {}", self.message));
        }
        if self.vector.get(&self.node) == 0 {
            return Err(format!(
                "has a vector clock that doesn't count node {}, where it happened",
                self.node
            ));
        }
        Ok(())
    }
}
