use core::array;

use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};
use crate::ticks::INTERVAL_MAX;
use crate::window::Sums;

/// The latest `N` intervals and their sums, recorded by any number of threads and read by any number: nobody waits for
/// anybody.
///
/// Sums commute: what a thread adds is its interval less the one whose place it took, and the order in which threads do so
/// doesn't matter. A reader takes the sums only if nobody was in the middle of it: if all that had begun had also ended.
#[derive(Debug)]
pub(crate) struct SharedWindow<const N: usize> {
    /// How many records were begun. Written by whoever records, by `fetch_add`, before all else.
    begin: AtomicU64,
    /// How many have ended. Written by whoever records, by `fetch_add`, after all else.
    end: AtomicU64,
    /// Those that aren't there yet are zero, which no interval is. Written by whoever records, by `swap`: each interval that
    /// is put in is taken out by exactly one.
    ring: [AtomicU32; N],
    /// Written by whoever records, by `fetch_add` of a difference, modulo 2^64. At rest, of what is in the ring; meanwhile,
    /// anything.
    sum: AtomicU64,
    /// As `sum`.
    squares: AtomicU64,
}

/// The sums of all records there were at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Snapshot {
    /// How many records.
    pub(crate) generation: u64,
    pub(crate) sums: Sums,
}

impl<const N: usize> SharedWindow<N> {
    pub(crate) fn new() -> Self {
        const { assert!(N > 0 && N <= 1024, "a window has 1 to 1,024 intervals") };
        Self {
            begin: AtomicU64::new(0),
            end: AtomicU64::new(0),
            ring: array::from_fn(|_| AtomicU32::new(0)),
            sum: AtomicU64::new(0),
            squares: AtomicU64::new(0),
        }
    }

    /// Adds an interval, clamped to what can be kept, in the place of the oldest if there are `N`. Wait-free where
    /// read-modify-writes are instructions.
    pub(crate) fn record(&self, interval: u64) {
        let new = u32::try_from(interval).unwrap_or(INTERVAL_MAX).clamp(1, INTERVAL_MAX);
        let index = self.begin.fetch_add(1, Ordering::Relaxed);
        // Release: pairs with the fence in `snapshot`. Who sees anything that is written below, sees that it was begun.
        // Checked by tests::phi::snapshots_are_of_complete_records.
        fence(Ordering::Release);
        // Relaxed: the fence and `end` order them for readers, and for the sums each step is one, in whichever order.
        let old = self.ring[slot::<N>(index)].swap(new, Ordering::Relaxed);
        let (new, old) = (u64::from(new), u64::from(old));
        self.sum.fetch_add(new.wrapping_sub(old), Ordering::Relaxed);
        self.squares.fetch_add((new * new).wrapping_sub(old * old), Ordering::Relaxed);
        // Release: pairs with the acquire in `snapshot`. Who sees the end sees all of the above; so do those who see a later
        // end, since a chain of read-modify-writes is not broken. Checked by the same.
        self.end.fetch_add(1, Ordering::Release);
    }

    /// The sums, unless somebody is in the middle of recording. `None` says that whoever that is will be the one to look
    /// again: of several threads that each record and then look, one sees all.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        let generation = self.end.load(Ordering::Acquire);
        let sum = self.sum.load(Ordering::Relaxed);
        let squares = self.squares.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        // As many as have ended before the sums were read have begun after that: so nobody was at it between.
        let sums = Sums { count: count::<N>(generation), sum, squares };
        (self.begin.load(Ordering::Relaxed) == generation).then_some(Snapshot { generation, sums })
    }

    /// As a thread leaves it that never runs again.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn begin_only(&self) {
        self.begin.fetch_add(1, Ordering::Relaxed);
    }

    /// How many intervals there are.
    pub(crate) fn count(&self) -> u32 {
        // Relaxed: nothing else is read by it.
        count::<N>(self.end.load(Ordering::Relaxed))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is below N")]
const fn slot<const N: usize>(index: u64) -> usize {
    (index % N as u64) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "at most N")]
fn count<const N: usize>(records: u64) -> u32 {
    records.min(N as u64) as u32
}

const _: () =
    assert!(cfg!(loom) || size_of::<SharedWindow<1000>>() + size_of::<AtomicU64>() <= 64 + 4 * 1000);
