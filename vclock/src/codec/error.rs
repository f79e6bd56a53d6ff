use super::Mode;

/// Bytes are not what was to be decoded. Whatever would have been made or changed is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("at byte {offset}: {cause}")]
pub struct DecodeError {
    /// Where what is wrong begins, from 0.
    pub offset: usize,
    /// What is wrong.
    pub cause: DecodeCause,
}

/// What is wrong with bytes that were to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeCause {
    /// The input ends too early.
    #[error("the input ends within what begins here: it was cut off")]
    End,
    /// There is more input than encoding.
    #[error("{len} bytes too many: pass what was encoded and nothing else, or use `from_prefix`")]
    Trailing {
        /// How many bytes follow.
        len: usize,
    },
    /// It begins with a version that this decoder doesn't know.
    #[error("version {found} of the encoding is unknown: decode it with a newer release")]
    Version {
        /// The version it claims.
        found: u8,
    },
    /// It is in another mode, or of another type.
    #[error("expected {expected}, found {found}: decode it as what it is")]
    Mode {
        /// What the decoder is for.
        expected: Mode,
        /// What it was given.
        found: Mode,
    },
    /// It is of a [`PrunedVector`](crate::PrunedVector), and was to be decoded as an exact clock.
    #[error("it was pruned and is no exact clock any more: decode it as a `PrunedVector`")]
    Pruned,
    /// It is of an exact clock, and was to be decoded as a [`PrunedVector`](crate::PrunedVector).
    #[error("it was not pruned: decode it as a clock")]
    NotPruned,
    /// It is marked as pruned, in a mode that has no such mark.
    #[error("{mode} can't be marked as pruned")]
    PrunedMode {
        /// Its mode.
        mode: Mode,
    },
    /// A number takes more bytes than it needs.
    #[error("the number has a shorter form: each has only one encoding")]
    NotMinimal,
    /// A number has more bits than any that is encoded.
    #[error("the number has too many bits")]
    VarintRange,
    /// There are not enough bytes for so many entries.
    #[error("{count} entries are claimed, but the rest of the input has room for {possible} at most")]
    Count {
        /// What is claimed.
        count: u64,
        /// What there is room for.
        possible: usize,
    },
    /// There are more entries than the limits allow.
    #[error("{count} entries, where at most {entries_max} are accepted")]
    EntriesMax {
        /// How many there are.
        count: u64,
        /// How many there may be.
        entries_max: usize,
    },
    /// An id is longer than the limits allow.
    #[error("an id of {len} bytes, where at most {id_len_max} are accepted")]
    IdLenMax {
        /// How long it is.
        len: u64,
        /// How long it may be.
        id_len_max: usize,
    },
    /// An id doesn't fit into its type, or no actor has it.
    #[error("the id is none of the type of the actors: encode and decode with the same")]
    IdRange,
    /// An actor has the id of the one before, but is the first.
    #[error("the first actor can't have the id of the one before")]
    IdMissing,
    /// An id is not greater than the one before.
    #[error("the id is not greater than the one before: ids must strictly ascend")]
    IdOrder,
    /// An id that must be text isn't.
    #[error("the id is not UTF-8")]
    IdUtf8,
    /// A counter is greater than what its type, or `u64`, can count.
    #[error("the counter is too large for its type: encode and decode with the same")]
    CounterRange,
    /// It was encoded by another roster.
    #[error("encoded by the roster {found:#010x}, decoded by {expected:#010x}: agree on one")]
    RosterDiffers {
        /// The fingerprint of the roster to decode by.
        expected: u32,
        /// The fingerprint of the roster that it was encoded by.
        found: u32,
    },
    /// It is the difference from another base.
    #[error("the difference from the base {found:#010x}, not from {expected:#010x}: ask for the whole clock")]
    BaseDiffers {
        /// The fingerprint of the base to decode by.
        expected: u32,
        /// The fingerprint of the base that it was encoded by.
        found: u32,
    },
}

/// A buffer is too small for an encoding. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the encoding takes {needed} bytes, the buffer has {len}")]
pub struct BufferTooSmall {
    /// How many bytes it takes.
    pub needed: usize,
    /// How many the buffer has.
    pub len: usize,
}

/// A clock names an actor that is not on the roster. Nothing was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "the actor at index {index} of the clock is not on the roster: encode it without one, or extend the roster"
)]
pub struct NotOnRoster {
    /// Which entry of the clock, from 0.
    pub index: usize,
}
