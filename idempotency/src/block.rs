use crate::Freshness;

/// Where a sequence number lives: in which block of 32, and which bit of it.
///
/// A word is `[tag: 32 | bits: 32]`. The tag says of which block the bits are, so that a word changes from one block to a
/// later one in a single step. With a window's high-water mark beside the words, as in RFC 6479, one that advances clears
/// bits that another has set meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// One more than the block, so that a word of zero has no block. Fits into 32 bits, unless the number is out of range.
    tag: u64,
    bit: u32,
}

impl Place {
    #[inline]
    pub(crate) const fn of(sequence: u64) -> Self {
        Self { tag: sequence / BLOCK + 1, bit: (sequence % BLOCK) as u32 }
    }

    /// In which of so many words.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a remainder is below a usize")]
    pub(crate) const fn slot(self, words: usize) -> usize {
        (self.tag % words as u64) as usize
    }

    /// The word with the number claimed, or why it isn't fresh. What it gives is always a greater word.
    #[inline]
    pub(crate) const fn claim(self, word: u64) -> Result<u64, Freshness> {
        if self.is_of(word) {
            return if self.is_claimed(word) { Err(Freshness::Duplicate) } else { Ok(self.added(word)) };
        }
        if word >> 32 > self.tag {
            Err(Freshness::TooOld)
        } else if self.tag >= TAGS {
            Err(Freshness::OutOfRange)
        } else {
            Ok(self.added(self.tag << 32))
        }
    }

    /// Whether the bits of the word are those of its block. They never are if it is out of range.
    #[inline]
    pub(crate) const fn is_of(self, word: u64) -> bool {
        word >> 32 == self.tag
    }

    /// Whether a word of its block has its bit.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    pub(crate) const fn is_claimed(self, word: u64) -> bool {
        word as u32 >> self.bit & 1 != 0
    }

    /// A word of its block, and its bit.
    ///
    /// Rotated, not shifted: compilers make bit-set instructions of shifts, which wait for the word.
    #[inline]
    pub(crate) const fn added(self, word: u64) -> u64 {
        word | 1_u32.rotate_left(self.bit) as u64
    }
}

/// Whether a word may stand in that slot: no bits without a block, no block without bits, and one that lives there.
pub(crate) const fn is_canonical(word: u64, slot: usize, words: usize) -> bool {
    let (tag, bits) = (word >> 32, word & 0xFFFF_FFFF);
    if tag == 0 { bits == 0 } else { bits != 0 && tag % words as u64 == slot as u64 }
}

/// Sequence numbers end where the tag of a block would.
pub(crate) const LIMIT: u64 = (TAGS - 1) * BLOCK;

/// Tags have 32 bits.
const TAGS: u64 = 1 << 32;

/// So many sequence numbers share a word.
pub(crate) const BLOCK: u64 = 32;
