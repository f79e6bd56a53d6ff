use event_listener::Event;
use hashbrown::HashTable;

use crate::KeyHash;
use crate::table::fault::{Fault, is_broken};
use crate::table::lock::Arc;

/// What those are told who wait for something about one key.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// For who waits for an outcome.
    pub(crate) outcome: Event,
    /// For who has an attempt, and wants to know if he loses it.
    pub(crate) lost: Event,
}

/// The watches of a shard: one for each key that somebody waits for, and none for any other.
#[derive(Debug, Default)]
pub(crate) struct Watches(HashTable<Watched>);

#[derive(Debug)]
struct Watched {
    hash: KeyHash,
    watch: Arc<Watch>,
    /// So many wait.
    count: usize,
}

impl Watches {
    /// One more waits.
    pub(crate) fn join(&mut self, hash: KeyHash) -> Arc<Watch> {
        let entry = self.0.entry(place(hash), |watched| watched.hash == hash, |watched| place(watched.hash));
        let mut entry =
            entry.or_insert_with(|| Watched { hash, watch: Arc::new(Watch::default()), count: 0 });
        let watched = entry.get_mut();
        watched.count += 1;
        Arc::clone(&watched.watch)
    }

    /// One who has joined waits no longer.
    pub(crate) fn leave(&mut self, hash: KeyHash) {
        let entry = self.0.find_entry(place(hash), |watched| watched.hash == hash);
        let mut entry = entry.expect("there is an entry as long as somebody waits");
        entry.get_mut().count -= 1;
        if entry.get().count == 0 {
            entry.remove();
            if self.0.is_empty() {
                // What many have needed at once is not kept for ever.
                self.0 = HashTable::new();
            }
        }
    }

    /// What to tell those who wait, if somebody does: `waiters` of them may have an answer.
    pub(crate) fn wake_up(&self, hash: KeyHash, waiters: usize) -> Option<WakeUp> {
        if self.0.is_empty() {
            return None;
        }
        let watched = self.0.find(place(hash), |watched| watched.hash == hash)?;
        Some(WakeUp { watch: Arc::clone(&watched.watch), waiters })
    }

    /// How many keys are waited for.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells all, of all keys.
    #[cfg(all(test, loom))]
    pub(crate) fn notify_all(&self) {
        for watched in &self.0 {
            watched.watch.outcome.notify(usize::MAX);
            watched.watch.lost.notify(usize::MAX);
        }
    }
}

/// Tells those who wait when it is dropped: those of each key by themselves, so that a waker that panics, which it must not, keeps
/// only those of its own key from being told.
#[derive(Debug)]
pub(crate) struct WakeUp {
    watch: Arc<Watch>,
    waiters: usize,
}

impl Drop for WakeUp {
    fn drop(&mut self) {
        if is_broken(Fault::NotifyFirst) {
            return;
        }
        let waiters = if is_broken(Fault::NotifyOne) { self.waiters.min(1) } else { self.waiters };
        self.watch.outcome.notify(waiters);
        // Who finds that he has not lost it goes on waiting.
        self.watch.lost.notify(usize::MAX);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "half of a hash")]
fn place(hash: KeyHash) -> u64 {
    hash.0 as u64
}
