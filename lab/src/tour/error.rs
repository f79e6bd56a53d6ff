use spacelike::machine::NodeId;

use crate::net::{BindError, Halted, StartError};
use crate::tour::OptionsError;

/// The tour was not run, or not to its end. All nodes are stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TourError {
    /// The options can't be run.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A node got no port.
    #[error("node {node}: {error}")]
    Bind {
        /// Which.
        node: NodeId,
        /// Why.
        #[source]
        error: BindError,
    },
    /// A node did not start.
    #[error("node {node}: {error}")]
    Start {
        /// Which.
        node: NodeId,
        /// Why.
        #[source]
        error: StartError,
    },
    /// A node stopped by itself.
    #[error("node {node}: {error}")]
    Halted {
        /// Which.
        node: NodeId,
        /// Why.
        #[source]
        error: Halted,
    },
}

impl TourError {
    /// Nothing was run: the options or the machine's state must change first.
    pub fn is_setup(&self) -> bool {
        matches!(self, Self::Options(_) | Self::Bind { .. } | Self::Start { .. })
    }
}
