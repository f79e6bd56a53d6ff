use core::time::Duration;

use crate::sync::{AtomicU64, Ordering};

/// When silence reaches a level, as the latest of the threads that computed it found: in one word, with a count of how often
/// it was replaced.
///
/// ```text
///   63                                20 | 19              0
///  | nanoseconds, without the lowest bits | how often, modulo |
/// ```
#[derive(Debug)]
pub(crate) struct Published {
    /// Zero if the peer is unknown. Written by any thread that has changed something it depends on, after that, by
    /// compare-exchange: until one succeeds for which nothing was replaced since it began to look at what there is.
    due: AtomicU64,
}

impl Published {
    /// Of a peer that was never heard of.
    pub(crate) fn new() -> Self {
        Self { due: AtomicU64::new(0) }
    }

    /// Whether the level is reached. `None` where it depends on what is not in this word: within 2^20 ns, which is a tick of the
    /// default length, and after 584 years.
    #[inline]
    pub(crate) fn is_reached(&self, now: Duration) -> Option<bool> {
        // Relaxed: it is all in this word.
        let due = self.due.load(Ordering::Relaxed) & !COUNT_MAX;
        if now.as_secs() > SECONDS_MAX {
            return None;
        }
        let nanos = now.as_secs() * 1_000_000_000 + u64::from(now.subsec_nanos());
        if nanos < due {
            Some(false)
        } else if nanos - due > COUNT_MAX {
            Some(true)
        } else {
            None
        }
    }

    /// Publishes what `due` finds, in nanoseconds. It is called again if another thread has published meanwhile, which may not
    /// have seen what this one has changed.
    #[inline]
    pub(crate) fn renew(&self, mut due: impl FnMut() -> u64) {
        // Acquire: pairs with the release below, as on failure. Who replaces a word has seen all that was changed before it was
        // published; so the last one to do so has seen everything. Checked by tests::phi::the_newest_deadline_stays.
        let mut seen = self.due.load(Ordering::Acquire);
        loop {
            let new = due() & !COUNT_MAX | seen.wrapping_add(1) & COUNT_MAX;
            // Release: what this thread has changed is known to whoever replaces this. Checked by the same.
            match self.due.compare_exchange_weak(seen, new, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }
}

const COUNT_MAX: u64 = (1 << 20) - 1;

/// In nanoseconds, it fits with another second.
const SECONDS_MAX: u64 = u64::MAX / 1_000_000_000 - 1;
