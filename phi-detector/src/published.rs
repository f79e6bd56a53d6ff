use crate::sync::{AtomicU64, Ordering};

/// After how many ticks of silence a level is reached, as the latest of the threads that computed it found: in one word, with
/// the generation of what it was computed from.
///
/// ```text
///   63           44 43                                   0
///  | generation    | timeout in ticks                     |
/// ```
#[derive(Debug)]
pub(crate) struct Published {
    /// Written by any thread, by compare-exchange and only for a newer generation: with a plain store, a thread that was held
    /// up for long would put back an old timeout, which would stay if no beat came any more.
    word: AtomicU64,
}

impl Published {
    /// What is to be replaced by newer generations.
    pub(crate) fn new(generation: u64, timeout: u64) -> Self {
        Self { word: AtomicU64::new(pack(generation, timeout)) }
    }

    #[inline]
    pub(crate) fn timeout(&self) -> u64 {
        // Relaxed: it is all in this word.
        self.word.load(Ordering::Relaxed) & TIMEOUT_MAX
    }

    /// Replaces a timeout of an older generation. Generations may wrap: one is newer if it is fewer than 2^19 ahead.
    pub(crate) fn publish(&self, generation: u64, timeout: u64) {
        let new = pack(generation, timeout);
        // Relaxed throughout: the order of this one word is all that is asked for. Checked by
        // tests::phi::the_newest_timeout_stays.
        let mut seen = self.word.load(Ordering::Relaxed);
        while is_newer(new, seen) {
            match self.word.compare_exchange_weak(seen, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
    }
}

fn pack(generation: u64, timeout: u64) -> u64 {
    generation << TIMEOUT_BITS | timeout.min(TIMEOUT_MAX)
}

fn is_newer(new: u64, old: u64) -> bool {
    let ahead = (new >> TIMEOUT_BITS).wrapping_sub(old >> TIMEOUT_BITS) << TIMEOUT_BITS;
    ahead != 0 && ahead < 1 << 63
}

const TIMEOUT_BITS: u32 = 44;

/// With the default resolution, the end of time.
const TIMEOUT_MAX: u64 = (1 << TIMEOUT_BITS) - 1;
