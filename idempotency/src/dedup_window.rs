use crate::block::{self, BLOCK, Place};
use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{Freshness, LocalWindow};

/// Has this sequence number been seen? A window over the numbers of one sender, that any number of threads share.
///
/// # Promises
/// - Of all claims of a number, by whatever threads, one at most is [`Fresh`](Freshness::Fresh). For ever: also when the
///   window has long moved on. Model: `tests::dedup_window::every_number_is_fresh_once`.
/// - A number that was never claimed is never [`TooOld`](Freshness::TooOld) if it is at most [`SPAN`](Self::SPAN) below
///   the highest one claimed. Further back it may be either, since there is no high-water mark: if it has to be too old, take
///   a [`StrictWindow`](crate::StrictWindow).
///
/// It says who may act, and nothing of whether he has. If the one who claimed a number fails before it acted, nobody will
/// act on it.
///
/// # Why no plain RFC 6479
/// The replay window of IPsec and WireGuard (RFC 6479) keeps the highest number beside blocks of bits, and clears the
/// blocks that it passes. On atomics, one thread clears what another has just claimed, and both act. Here each word says
/// of which block its bits are, and one compare-exchange is a whole claim. Model of the port, which fails:
/// `tests::rfc6479`.
///
/// # Progress and cost
/// Lock-free: a retry means that another thread has claimed a number in the same word. A load, and a compare-exchange if the
/// number is fresh. 8 bytes for 32 numbers, and one word more. On targets without 64-bit atomics, the feature
/// `critical-section` makes each access a short critical section.
///
/// # Memory ordering
/// None: a claim orders no other memory. That no number is fresh twice needs only that each word has one order of
/// modification. Who finds a duplicate doesn't see what the other did, and couldn't rely on it: the other may not have
/// begun.
///
/// # Examples
/// ```
/// use spacelike_idempotency::{DedupWindow, Freshness};
///
/// static WINDOW: DedupWindow<64> = DedupWindow::new(); // 512 bytes
///
/// let fresh = std::thread::scope(|scope| {
///     let claims = [(); 4].map(|()| scope.spawn(|| WINDOW.claim(7).is_fresh()));
///     claims.map(|claim| claim.join().unwrap())
/// });
/// assert_eq!(fresh.iter().filter(|&&fresh| fresh).count(), 1);
/// assert_eq!(WINDOW.claim(7), Freshness::Duplicate);
/// ```
#[derive(Debug)]
pub struct DedupWindow<const WORDS: usize> {
    /// Written by whoever claims, only by compare-exchange, and only ever to a greater word: a later block, or another bit.
    words: [AtomicU64; WORDS],
}

impl<const WORDS: usize> DedupWindow<WORDS> {
    /// A number that was never seen is never too old if it is at most so many below the highest one claimed.
    pub const SPAN: u64 = (WORDS as u64 - 1) * BLOCK;

    /// Numbers from here on are out of range: 2^37 - 32.
    pub const LIMIT: u64 = block::LIMIT;

    const_unless_loom! {
        /// A window that has seen nothing.
        ///
        /// # Panics
        /// If there are fewer than two words. In a constant, that is an error of the compiler.
        pub const fn new() -> Self {
            const { assert!(WORDS >= 2, "a window has two words or more") };
            Self { words: zeros() }
        }
    }

    /// Claims a number: of all claims of it, one at most is fresh. O(1).
    #[inline]
    pub fn claim(&self, sequence: u64) -> Freshness {
        let place = Place::of(sequence);
        let word = &self.words[place.slot(WORDS)];
        // Relaxed, here and below: see "Memory ordering". An old value costs a try, or is a duplicate all the same, since
        // words only grow.
        let mut seen = word.load(Ordering::Relaxed);
        if place.is_of(seen) {
            if place.is_claimed(seen) {
                return Freshness::Duplicate;
            }
            match exchange(word, seen, place.added(seen)) {
                Ok(_) => return Freshness::Fresh,
                Err(now) => seen = now,
            }
        }
        claim_from(word, sequence, seen)
    }

    /// What a claim would have answered just now, without claiming.
    #[inline]
    pub fn peek(&self, sequence: u64) -> Freshness {
        let place = Place::of(sequence);
        let word = self.words[place.slot(WORDS)].load(Ordering::Relaxed);
        place.claim(word).err().unwrap_or(Freshness::Fresh)
    }

    /// What was claimed before is in it, and of what is being claimed meanwhile, some.
    pub fn snapshot(&self) -> LocalWindow<WORDS> {
        LocalWindow::of(core::array::from_fn(|index| self.words[index].load(Ordering::Relaxed)))
    }
}

/// The whole of a claim, of a word that was seen so. Apart from what comes most often, and handed no more than
/// its arguments, so that for a duplicate nothing is computed that only a claim needs.
#[cold]
#[inline(never)]
fn claim_from(word: &AtomicU64, sequence: u64, mut seen: u64) -> Freshness {
    let place = Place::of(sequence);
    loop {
        let claimed = match place.claim(seen) {
            Ok(claimed) => claimed,
            Err(known) => return known,
        };
        match exchange(word, seen, claimed) {
            Ok(_) => return Freshness::Fresh,
            Err(now) => seen = now,
        }
    }
}

#[inline]
fn exchange(word: &AtomicU64, seen: u64, claimed: u64) -> Result<u64, u64> {
    word.compare_exchange_weak(seen, claimed, Ordering::Relaxed, Ordering::Relaxed)
}

impl<const WORDS: usize> From<LocalWindow<WORDS>> for DedupWindow<WORDS> {
    fn from(window: LocalWindow<WORDS>) -> Self {
        Self { words: window.as_words().map(AtomicU64::new) }
    }
}

impl<const WORDS: usize> Default for DedupWindow<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(not(all(test, loom)))]
const fn zeros<const N: usize>() -> [AtomicU64; N] {
    [const { AtomicU64::new(0) }; N]
}

#[cfg(all(test, loom))]
fn zeros<const N: usize>() -> [AtomicU64; N] {
    core::array::from_fn(|_| AtomicU64::new(0))
}
