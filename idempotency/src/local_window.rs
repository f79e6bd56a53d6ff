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
        let place = Place::of(sequence);
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
        let place = Place::of(sequence);
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
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    pub(crate) const fn of(words: [u64; WORDS]) -> Self {
        Self { words }
    }
}

impl<const WORDS: usize> Default for LocalWindow<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

/// A sequence of words.
#[cfg(feature = "serde")]
impl<const WORDS: usize> serde::Serialize for LocalWindow<WORDS> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.words)
    }
}

/// Checked: words that stand in no window, or too few or too many of them, are an error.
#[cfg(feature = "serde")]
impl<'de, const WORDS: usize> serde::Deserialize<'de> for LocalWindow<WORDS> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use core::fmt;
        use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};

        struct Words<const WORDS: usize>([u64; WORDS]);

        impl<'de, const WORDS: usize> Visitor<'de> for Words<WORDS> {
            type Value = LocalWindow<WORDS>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the {WORDS} words of a window")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Self::Value, S::Error> {
                let Self(mut words) = self;
                for (index, word) in words.iter_mut().enumerate() {
                    *word = sequence.next_element()?.ok_or_else(|| S::Error::invalid_length(index, &self))?;
                }
                if sequence.next_element::<IgnoredAny>()?.is_some() {
                    return Err(S::Error::invalid_length(WORDS + 1, &self));
                }
                LocalWindow::from_words(words).map_err(S::Error::custom)
            }
        }

        deserializer.deserialize_seq(Words(*Self::new().as_words()))
    }
}
