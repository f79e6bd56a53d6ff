use crate::budget::Budget;
use crate::quotas::Quotas;
use crate::secret::MapHash;
use crate::sync::{AtomicU64, Ordering};
use crate::table::ticks::Ticks;
use crate::{Policy, Secret};

/// What all shards of a table have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) policy: Policy,
    pub(crate) secret: Secret,
    /// Of the secret, for keys.
    pub(crate) keys: MapHash,
    /// Of the secret, for scopes.
    pub(crate) scopes: MapHash,
    pub(crate) ticks: Ticks,
    pub(crate) records: Budget,
    pub(crate) bytes: Budget,
    pub(crate) quotas: Quotas,
    /// The next fence. Written by any thread, only by RMW; only grows.
    pub(crate) fences: AtomicU64,
}

impl Shared {
    /// Takes what a new record needs: all of it, or nothing.
    #[must_use]
    pub(crate) fn take(&self, bytes: u64, scope: u64) -> bool {
        if !self.records.try_take(1) {
            return false;
        }
        if !self.bytes.try_take(bytes) {
            self.records.give(1);
            return false;
        }
        if !self.quotas.take(scope) {
            self.bytes.give(bytes);
            self.records.give(1);
            return false;
        }
        true
    }

    /// Gives back what a record had.
    pub(crate) fn give(&self, bytes: u64, scope: u64) {
        self.quotas.give(scope);
        self.bytes.give(bytes);
        self.records.give(1);
    }

    /// A fence that was never used.
    pub(crate) fn fence(&self) -> u64 {
        // Relaxed: nothing is published through it, and its modification order alone makes fences distinct and growing. For
        // one key they grow in the order of its attempts, because its shard is locked. Checked by
        // tests::fences::fences_are_distinct_and_grow.
        self.fences.fetch_add(1, Ordering::Relaxed)
    }
}
