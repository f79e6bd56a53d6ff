use std::io;
use std::path::PathBuf;

use spacelike::machine::NodeId;

use crate::net::{BindError, Halted, StartError};
use crate::slots::{LoadError, OpenError};
use crate::tour::OptionsError;

/// The trial was not run, or not to its end. Its nodes are stopped, or soon will be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// The workload can't be run.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A node got no port.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The server's folder can't be used: another trial may have it.
    #[error("the server's slots: {0}")]
    Folder(#[from] OpenError),
    /// What is in the server's folder can't be read: it isn't an earlier trial's, or it is damaged.
    #[error("the server's slots in {}: {error}; remove them, or choose another folder", folder.display())]
    Load {
        /// Where.
        folder: PathBuf,
        /// Why.
        #[source]
        error: LoadError,
    },
    /// A durable record of the server can't be read as one.
    #[error("a record of the server's can't be read: {0}")]
    Record(#[from] postcard::Error),
    /// The system refuses a file, a socket or a thread.
    #[error(transparent)]
    Io(#[from] io::Error),
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
