use crate::sync::{AtomicU64, Ordering, const_unless_loom};

/// How much of something is in use, and how much may be.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Never above `max`. Written by any thread, only by RMW.
    used: AtomicU64,
    max: u64,
}

impl Budget {
    const_unless_loom! {
        /// Nothing is in use.
        pub(crate) const fn new(max: u64) -> Self {
            Self { used: AtomicU64::new(0), max }
        }
    }

    /// Takes `n`, or nothing if there would be more in use than may be. What another thread gives back meanwhile may
    /// or may not count.
    ///
    /// # Progress
    /// Lock-free: one compare-exchange loop; a retry means that another thread took or gave.
    #[must_use]
    pub(crate) fn try_take(&self, n: u64) -> bool {
        // Relaxed, here and in `give`: nothing is published through `used`. Each write is an RMW of this one word, so its
        // modification order alone bounds it. Checked by tests::budget::never_more_is_in_use_than_may_be.
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let Some(more) = used.checked_add(n).filter(|&more| more <= self.max) else { return false };
            match self.used.compare_exchange_weak(used, more, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => used = now,
            }
        }
    }

    /// Gives `n` back, of what was taken.
    ///
    /// # Progress
    /// Wait-free: one `fetch_add`.
    pub(crate) fn give(&self, n: u64) {
        let used = self.used.fetch_add(n.wrapping_neg(), Ordering::Relaxed);
        assert!(used >= n, "{n} were given back, where {used} were taken");
    }

    /// How much is in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}
