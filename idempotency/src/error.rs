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

/// Something is no name of a request. Nothing was hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key or the tenant is empty.
    #[error("the key or the tenant is empty")]
    Missing,
    /// The key, the tenant or the operation is too long.
    #[error("a part of the key has {len} bytes, and {} are accepted", crate::KEY_MAX)]
    TooLong {
        /// How many bytes the longest of them has.
        len: usize,
    },
    /// The text is too short or too long for a key of its kind.
    #[error("the key has {len} bytes, and such a key has {expected}")]
    Length {
        /// How many bytes it has.
        len: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A character of the text is none that may stand there, or a letter in the wrong case.
    #[error("the key has a character at byte {at} that such a key hasn't there")]
    Character {
        /// At which byte it begins.
        at: usize,
    },
    /// A UUID is of a version that doesn't tell when it was made.
    #[error("the UUID is of version {version}, and version 7 is accepted")]
    Version {
        /// Which one.
        version: u8,
    },
    /// A UUID is of another variant than that of RFC 9562.
    #[error("the UUID is of a variant that has no versions")]
    Variant,
    /// A ULID has more than 128 bits.
    #[error("the ULID is greater than 7ZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    Overflow,
}

/// Bytes are the encoding of no key. Nothing was made of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// They end too early.
    #[error("the encoded key ends too early")]
    Short,
    /// They go on after the key.
    #[error("the encoded key is followed by {len} bytes")]
    Long {
        /// How many come after it.
        len: usize,
    },
    /// There is no such scope.
    #[error("the encoded key is of a scope {tag}, which is unknown")]
    Scope {
        /// What stands for it.
        tag: u8,
    },
    /// The operation is no UTF-8.
    #[error("the operation of the encoded key is no UTF-8")]
    Operation,
    /// They are of something that is no key.
    #[error("the encoded key is none: {0}")]
    Key(KeyError),
}

/// A text is no number of 128 bits. Nothing was made of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HexError {
    /// It is too short or too long.
    #[error("the text has {len} bytes, and 32 hexadecimal digits are expected")]
    Length {
        /// How many bytes it has.
        len: usize,
    },
    /// It has a character that is no hexadecimal digit.
    #[error("the text has a character at byte {at} that is no hexadecimal digit")]
    Digit {
        /// At which byte it begins.
        at: usize,
    },
}
