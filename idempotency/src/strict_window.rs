use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{DedupWindow, Freshness};

/// A [`DedupWindow`] that also refuses what is old, whether it was seen or not: all that is more than [`SPAN`](Self::SPAN)
/// below the highest number claimed.
///
/// For protocols that ask for it, as IPsec (RFC 4303, section 3.4.3) and WireGuard do. It costs a word, which all threads
/// that go ahead write.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{Freshness, StrictWindow};
///
/// let window = StrictWindow::<64>::new();
/// assert_eq!(window.claim(10_000), Freshness::Fresh);
/// assert_eq!(window.claim(10_000 - 2_017), Freshness::TooOld);
/// assert_eq!(window.claim(10_000 - 2_016), Freshness::Fresh);
/// ```
#[derive(Debug)]
pub struct StrictWindow<const WORDS: usize> {
    window: DedupWindow<WORDS>,
    /// One more than the highest number claimed. Raised by whoever claims.
    next: AtomicU64,
}

impl<const WORDS: usize> StrictWindow<WORDS> {
    /// What is more than so many below the highest number claimed is too old.
    pub const SPAN: u64 = DedupWindow::<WORDS>::SPAN;

    /// Numbers from here on are out of range: 2^37 - 32.
    pub const LIMIT: u64 = DedupWindow::<WORDS>::LIMIT;

    const_unless_loom! {
        /// A window that has seen nothing.
        ///
        /// # Panics
        /// If there are fewer than two words. In a constant, that is an error of the compiler.
        pub const fn new() -> Self {
            Self { window: DedupWindow::new(), next: AtomicU64::new(0) }
        }
    }

    /// Claims a number: of all claims of it, one at most is fresh. O(1).
    ///
    /// What is too old after one call returned is too old for every call that begins afterwards in the same thread, or in
    /// one that synchronised with it.
    #[inline]
    pub fn claim(&self, sequence: u64) -> Freshness {
        // Relaxed, as in `DedupWindow::claim`: an old value lets a number through that another thread makes too old just now.
        let next = self.next.load(Ordering::Relaxed);
        if sequence.saturating_add(Self::SPAN + 1) < next {
            return Freshness::TooOld;
        }
        let freshness = self.window.claim(sequence);
        if freshness.is_fresh() && sequence >= next {
            self.next.fetch_max(sequence + 1, Ordering::Relaxed);
        }
        freshness
    }
}

impl<const WORDS: usize> Default for StrictWindow<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}
