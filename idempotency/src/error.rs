use crate::SessionId;

/// A word that stands in no window: it was damaged, or stored by something else. Begin a new sequence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error(
    "word {index} is {word:#018x}, which is in no window: it was damaged, or is of a window of another size"
)]
pub struct BadWord {
    /// Which of the words.
    pub index: usize,
    /// What it is.
    pub word: u64,
}

/// A ticket is good for nothing any more: what came of the request meanwhile is decided, or is somebody else's to decide.
/// Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error(
    "request {sequence} is not yours, or no longer: it was acknowledged, taken over, or its epoch is over"
)]
pub struct Lost {
    /// Which request it was for.
    pub sequence: u64,
}

/// There is room for no more sessions. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("there are {sessions_max} sessions, and room for no more: expire or close some first")]
pub struct OpenError {
    /// So many there may be.
    pub sessions_max: usize,
}

/// There is no session of this name, or no longer: whether its requests were executed is not known. Nothing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("session {id} is unknown: it has expired, and what became of its requests is not known here")]
pub struct UnknownSession {
    /// Its name.
    pub id: SessionId,
}

/// Bytes are no snapshot of sessions. Nothing was made of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They end too early.
    #[error("the snapshot ends too early")]
    Short,
    /// They are of another version of this crate, or of something else.
    #[error("the snapshot is of another version, or something else")]
    Version,
    /// They are of sessions with another window or other answers, or of more than there is room for.
    #[error(
        "the snapshot is of sessions of another size, or of more than there is room for: all replicas need the same"
    )]
    Size,
    /// No session is like that.
    #[error("the snapshot is damaged: no session is like that")]
    Invalid,
}

/// Bytes are no key. Nothing was hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The client's key, or the tenant, has no bytes.
    #[error("the key or the tenant is empty")]
    Missing,
    /// The key, the tenant or the operation has too many.
    #[error("a part of the key has {len} bytes, at most {} are accepted", crate::KEY_MAX)]
    TooLong {
        /// How many the longest has.
        len: usize,
    },
}
