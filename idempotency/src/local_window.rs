use crate::block::{self, BLOCK, Place};
use crate::{BadWord, Freshness};

/// Has this sequence number been seen? For one thread, and for targets without compare-and-swap; plain data, so it is also
/// what a shared [`DedupWindow`](crate::DedupWindow) is saved as.
///
/// Its promises are those of the shared window.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Freshness, LocalWindow};
///
/// let mut window = LocalWindow::<64>::new(); // 512 bytes
/// assert_eq!(window.claim(5), Freshness::Fresh);
/// assert_eq!(window.claim(3), Freshness::Fresh); // out of order
/// assert_eq!(window.claim(5), Freshness::Duplicate);
///
/// // Nothing that was never seen is too old within the last 2,016.
/// assert_eq!(LocalWindow::<64>::SPAN, 2_016);
/// assert_eq!(window.claim(2_020), Freshness::Fresh);
/// assert_eq!(window.claim(4), Freshness::Fresh);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LocalWindow<const WORDS: usize> {
    words: [u64; WORDS],
}

impl<const WORDS: usize> LocalWindow<WORDS> {
    /// A number that was never seen is never too old if it is at most so many below the highest one claimed.
    pub const SPAN: u64 = (WORDS as u64 - 1) * BLOCK;

    /// Numbers from here on are out of range: 2^37 - 32. At a million a second, that is 38 hours.
    pub const LIMIT: u64 = block::LIMIT;

    /// A window that has seen nothing.
    ///
    /// # Panics
    /// If there are fewer than two words. In a constant, that is an error of the compiler.
    pub const fn new() -> Self {
        const { assert!(WORDS >= 2, "a window has two words or more") };
        Self { words: [0; WORDS] }
    }

    /// Claims a number: of all claims of it, one at most is fresh. O(1).
    #[inline]
    pub fn claim(&mut self, sequence: u64) -> Freshness {
        let Some(place) = Place::of(sequence) else { return Freshness::OutOfRange };
        let word = &mut self.words[place.slot(WORDS)];
        match place.claim(*word) {
            Ok(claimed) => {
                *word = claimed;
                Freshness::Fresh
            }
            Err(known) => known,
        }
    }

    /// What a claim would answer, without claiming.
    #[inline]
    pub fn peek(&self, sequence: u64) -> Freshness {
        let Some(place) = Place::of(sequence) else { return Freshness::OutOfRange };
        place.claim(self.words[place.slot(WORDS)]).err().unwrap_or(Freshness::Fresh)
    }

    /// Its words, to be stored: each the number of a block of 32, plus one, in the upper half, and one bit for each number
    /// in the lower.
    pub const fn as_words(&self) -> &[u64; WORDS] {
        &self.words
    }

    /// The window with these words.
    ///
    /// A window is older than what was claimed since it was saved, and would call that fresh. Begin a new sequence
    /// instead, unless whoever acts does so only when the window is saved.
    ///
    /// # Errors
    /// [`BadWord`] if no window has them.
    pub fn from_words(words: [u64; WORDS]) -> Result<Self, BadWord> {
        for (index, &word) in words.iter().enumerate() {
            if !block::is_canonical(word, index, WORDS) {
                return Err(BadWord { index, word });
            }
        }
        Ok(Self { words })
    }

    /// The words of a window.
    pub(crate) const fn of(words: [u64; WORDS]) -> Self {
        Self { words }
    }
}

impl<const WORDS: usize> Default for LocalWindow<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}
