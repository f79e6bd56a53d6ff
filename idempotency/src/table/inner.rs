use alloc::boxed::Box;
use core::time::Duration;

use crate::KeyHash;
use crate::sync::AtomicU64;
use crate::table::Clock;
use crate::table::after::After;
use crate::table::lock::Mutex;
use crate::table::shard::Shard;
use crate::table::shared::Shared;

/// What the handles of a table and the guards have in common.
pub(crate) struct Inner<O, C, K: Clock> {
    /// How many there are is a power of two.
    pub(crate) shards: Box<[Locked<O, C>]>,
    pub(crate) shared: Shared,
    pub(crate) clock: K,
    pub(crate) lease: Duration,
    pub(crate) reserve: u32,
    /// Where the next sweep begins. Written by any thread, only by RMW.
    pub(crate) swept: AtomicU64,
}

/// Aligned, so that two threads at two shards don't wait for one cache line.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Locked<O, C>(pub(crate) Mutex<Shard<O, C>>);

impl<O, C, K: Clock> Inner<O, C, K> {
    /// Does something with the shard of a key, under its lock. The clock is read before; what is left to drop is dropped
    /// after, also if it panics.
    pub(crate) fn with<R>(
        &self,
        hash: KeyHash,
        act: impl FnOnce(&mut Shard<O, C>, Duration, &Shared, &mut After<O, C>) -> R,
    ) -> R {
        self.with_shard(half(hash), act)
    }

    /// The same with any shard: counted round and round.
    pub(crate) fn with_shard<R>(
        &self,
        at: u64,
        act: impl FnOnce(&mut Shard<O, C>, Duration, &Shared, &mut After<O, C>) -> R,
    ) -> R {
        let read = self.clock.now();
        // Declared before the lock, and so dropped after it.
        let mut after = After::new();
        let mut shard = self.shard(at).lock();
        let now = shard.time(read);
        act(&mut shard, now, &self.shared, &mut after)
    }

    /// One who waited for something about a key doesn't any more.
    pub(crate) fn leave(&self, hash: KeyHash) {
        self.shard(half(hash)).lock().watches.leave(hash);
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are far fewer shards")]
    fn shard(&self, at: u64) -> &Mutex<Shard<O, C>> {
        &self.shards[at as usize & (self.shards.len() - 1)].0
    }

    /// How many keys are waited for.
    #[cfg(test)]
    pub(crate) fn watched(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.lock().watches.len()).sum()
    }
}

#[cfg(all(test, loom))]
impl<O, C, K: Clock> Inner<O, C, K> {
    /// Tells all who wait, before anything has changed.
    pub(crate) fn break_order(&self, hash: KeyHash) {
        use crate::table::fault::{Fault, is_broken};

        if is_broken(Fault::NotifyFirst) {
            self.shard(half(hash)).lock().watches.notify_all();
        }
    }
}

/// The half that the index doesn't go by.
fn half(hash: KeyHash) -> u64 {
    (hash.0 >> 64) as u64
}
