use crate::Freshness;

/// Where a sequence number lives: in which block of 32, and which bit of it.
///
/// A word is `[tag: 32 | bits: 32]`. The tag says of which block the bits are, so that a word changes from one block to a
/// later one in a single step. With a window's high-water mark beside the words, as in RFC 6479, one that advances clears
/// bits that another has set meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// One more than the block, so that a word of zero has no block. Fits into 32 bits.
    tag: u64,
    bit: u64,
}

impl Place {
    /// `None` if it is out of range.
    #[inline]
    pub(crate) const fn of(sequence: u64) -> Option<Self> {
        if sequence >= LIMIT {
            return None;
        }
        Some(Self { tag: sequence / BLOCK + 1, bit: 1 << (sequence % BLOCK) })
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
        let tag = word >> 32;
        if tag == self.tag {
            if word & self.bit == 0 { Ok(word | self.bit) } else { Err(Freshness::Duplicate) }
        } else if tag < self.tag {
            Ok(self.tag << 32 | self.bit)
        } else {
            Err(Freshness::TooOld)
        }
    }
}

/// Whether a word may stand in that slot: no bits without a block, no block without bits, and one that lives there.
pub(crate) const fn is_canonical(word: u64, slot: usize, words: usize) -> bool {
    let (tag, bits) = (word >> 32, word & 0xFFFF_FFFF);
    if tag == 0 { bits == 0 } else { bits != 0 && tag % words as u64 == slot as u64 }
}

/// Sequence numbers end where the tag of a block would.
pub(crate) const LIMIT: u64 = (1 << 37) - 32;

/// So many sequence numbers share a word.
pub(crate) const BLOCK: u64 = 32;
