use std::io;
use std::path::PathBuf;

use spacelike::machine::NodeId;

/// A folder could not be taken. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another node of this one, has it.
    #[error("{} is in use by another node: every node needs a folder of its own", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("can't open the folder {}: {error}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// A slots file could not be read. It is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The disk failed.
    #[error("can't read the slots file: {0}")]
    Io(#[source] io::Error),
    /// It doesn't begin as a slots file does.
    #[error(
        "this is no slots file: its first bytes are wrong. Point the node at its own folder, or restore the file"
    )]
    Magic,
    /// It was written in a form that this version doesn't know.
    #[error(
        "the slots file has form {found}, and this version reads form {known}: use the version that wrote it"
    )]
    Version {
        /// Its form.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// It belongs to another cluster.
    #[error("the slots file is cluster {found}'s, not {expected}'s: point the node at its own folder")]
    Cluster {
        /// Whose it is.
        found: u64,
        /// Who we are.
        expected: u64,
    },
    /// It belongs to another node.
    #[error("the slots file is node {found}'s, not {expected}'s: point the node at its own folder")]
    Node {
        /// Whose it is.
        found: NodeId,
        /// Who we are.
        expected: NodeId,
    },
    /// Bytes that were durable have changed. What they said was promised to others, so the node may not go on without
    /// it.
    #[error(
        "the slots file is damaged at byte {offset}, and bytes up to {synced} were durable: this disk can't be \
         trusted. Keep the file for a post-mortem, and bring the node back under a new node id"
    )]
    Damaged {
        /// Where the first bad batch begins.
        offset: u64,
        /// How much of the file is known to have been durable.
        synced: u64,
    },
    /// A checksum is right and what it covers is not: a bug in what wrote it.
    #[error("the slots file has a batch at byte {offset} that can't be: report this, and keep the file")]
    Malformed {
        /// Where the batch begins.
        offset: u64,
    },
    /// The number of lives is used up.
    #[error("no incarnation is left above {0}")]
    Incarnations(u64),
}

/// Changes could not be made durable. Any prefix of them may be; the store takes no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The disk failed. The failed operation is not tried again.
    #[error("{operation}: {error}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        #[source]
        error: io::Error,
    },
    /// An earlier commit failed.
    #[error("an earlier write failed, and what is on the disk is unknown since: restart the node")]
    Halted,
    /// A slot or record has more than [`LEN_MAX`](crate::slots::LEN_MAX) bytes, or a batch more than 1 GiB. Nothing of the
    /// batch was written.
    #[error("a slot, record or batch of {len} bytes is too long: at most {len_max} are accepted")]
    TooLong {
        /// Its length.
        len: usize,
        /// How long it may be.
        len_max: usize,
    },
}
