use alloc::boxed::Box;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use parking_lot::Mutex;

/// How many records each scope has, and how many it may have. A scope is known by a keyed hash of it; two with one hash
/// share what each may have.
///
/// There is an entry only for a scope that has records, so there are never more entries than records. A lock is held for one
/// look-up, or for growing one of the tables.
#[derive(Debug)]
pub(crate) struct Quotas {
    /// How many there are is a power of two.
    shards: Box<[Shard]>,
    max: u32,
}

/// Aligned, so that two threads at two shards don't wait for one cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<HashTable<(u64, u32)>>);

impl Quotas {
    /// No scope has a record, and each may have `max`.
    pub(crate) fn new(max: usize, shards: usize) -> Self {
        let shards = (0..shards.next_power_of_two()).map(|_| Shard::default()).collect();
        Self { shards, max: u32::try_from(max).unwrap_or(u32::MAX) }
    }

    /// Counts one record more, or says `false` if the scope has as many as it may.
    #[must_use]
    pub(crate) fn take(&self, scope: u64) -> bool {
        if self.max == 0 {
            return false;
        }
        match self.shard(scope).lock().entry(scope, |entry| entry.0 == scope, |entry| entry.0) {
            Entry::Occupied(mut entry) => {
                let count = &mut entry.get_mut().1;
                let free = *count < self.max;
                *count += u32::from(free);
                free
            }
            Entry::Vacant(entry) => {
                entry.insert((scope, 1));
                true
            }
        }
    }

    /// Counts one record less, of those that were counted.
    pub(crate) fn give(&self, scope: u64) {
        let mut shard = self.shard(scope).lock();
        let mut entry = shard.find_entry(scope, |entry| entry.0 == scope).expect("it was taken before");
        entry.get_mut().1 -= 1;
        if entry.get().1 == 0 {
            entry.remove();
        }
    }

    /// How many scopes have records.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.lock().len()).sum()
    }

    fn shard(&self, scope: u64) -> &Mutex<HashTable<(u64, u32)>> {
        // The tables go by the lowest and the highest bits.
        let middle = (scope >> 32) as usize;
        &self.shards[middle & (self.shards.len() - 1)].0
    }
}
