use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use spacelike::machine::NodeId;

/// What was run: the first line of a [`Trace`](crate::trace::Trace).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always [`FORMAT`](Self::FORMAT).
    pub format: String,
    /// Of the format: [`VERSION`](Self::VERSION).
    pub version: u32,
    /// What wrote it, and its version.
    pub program: String,
    /// The seed of every random choice that the nodes made. The network's timing is not seeded.
    pub seed: u64,
    /// How far ahead of its wall clock a node let a stamp be.
    pub drift_max_ms: u64,
    /// The nodes, in ascending order.
    pub nodes: Vec<NodeHeader>,
}

/// A node, and what was done to its wall clock.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeHeader {
    /// The node.
    pub node: NodeId,
    /// How far its wall clock was set ahead of the system's.
    pub offset_ms: i64,
    /// When and how far its wall clock was moved during the run.
    pub step: Option<Step>,
}

/// A wall clock is moved, once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// This long after the run began.
    pub after_ms: u64,
    /// This far, forward or back.
    pub by_ms: i64,
}

impl Header {
    /// What the first line begins with.
    pub const FORMAT: &str = "spacelike-trace";

    /// The version that this crate writes and reads.
    pub const VERSION: u32 = 2;

    /// A header without nodes, for a run of `program`.
    pub fn new(program: impl Into<String>, seed: u64) -> Self {
        Self {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            program: program.into(),
            seed,
            drift_max_ms: 0,
            nodes: Vec::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.format != Self::FORMAT {
            return Err(format!("says format {:?}: this is no {}", self.format, Self::FORMAT));
        }
        if self.version != Self::VERSION {
            return Err(format!("says version {}: this program reads {}", self.version, Self::VERSION));
        }
        let mut seen = BTreeSet::new();
        match self.nodes.iter().find(|node| !seen.insert(node.node)) {
            Some(twice) => Err(format!("lists node {} twice", twice.node)),
            None => Ok(()),
        }
    }
}
