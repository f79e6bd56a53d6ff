/// What a decoder accepts. Checked before anything is allocated.
///
/// Whatever the limits, an entry takes at least two bytes of input, and what is allocated is at most the entries that the
/// input has bytes for: 8 bytes of memory for each byte of input where actors are `u64`, 16 where they are `String`.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")] {
/// use spacelike_vclock::VersionVector;
/// use spacelike_vclock::codec::{Decode, DecodeCause, Encode, Limits};
///
/// let bytes = VersionVector::from([(1_u32, 1), (2, 1), (3, 1)]).to_bytes();
/// let refused = VersionVector::<u32>::from_bytes(&bytes, Limits::entries(2)).unwrap_err();
/// assert_eq!(refused.cause, DecodeCause::EntriesMax { count: 3, entries_max: 2 });
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// How many entries a clock may have.
    pub entries_max: usize,
    /// How many bytes an id of variable length may have.
    pub id_len_max: usize,
}

impl Limits {
    /// Whatever the input has bytes for.
    pub const NONE: Self = Self { entries_max: usize::MAX, id_len_max: usize::MAX };

    /// At most so many entries, with ids of any length.
    pub const fn entries(entries_max: usize) -> Self {
        Self { entries_max, ..Self::NONE }
    }
}
