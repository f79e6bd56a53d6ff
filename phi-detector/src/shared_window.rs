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
#[repr(C)]
pub(crate) struct SharedWindow<const N: usize> {
    /// How many records were begun. Written by whoever records, by `fetch_add`, before all else.
    begin: AtomicU64,
    /// How many have ended, and the sum. Written by whoever records, by `fetch_add` of one and a difference, after all else.
    ///
    /// ```text
    ///   63             40 | 39             0
    ///  | ended, modulo    | sum, with a sign |
    /// ```
    /// At rest, the sum is of what is in the ring, and fits 36 bits. Each record that isn't done yet may change it by 26 bits:
    /// fewer than 2^24 of them at once never change the upper half by as much as they are.
    end: AtomicU64,
    /// Written by whoever records, by `fetch_add` of a difference, modulo 2^64. At rest, of what is in the ring; meanwhile,
    /// anything.
    squares: AtomicU64,
    /// Those that aren't there yet are zero, which no interval is. Written by whoever records, by `swap`: each interval that
    /// is put in is taken out by exactly one.
    ring: [AtomicU32; N],
}

/// The sums of all records there were at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Snapshot {
    /// How many records.
    pub(crate) generation: u64,
    pub(crate) sums: Sums,
}

/// Before a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead {
    /// How many there are, or [`u64::MAX`], as many as there never are, if somebody was in the middle of one.
    generation: u64,
    /// Where it will be.
    slot: usize,
    /// Without the interval whose place it takes.
    sum: u64,
    squares: u64,
}

impl Ahead {
    /// Nothing is known.
    pub(crate) const NONE: Self = Self { generation: u64::MAX, slot: 0, sum: 0, squares: 0 };
}

impl<const N: usize> SharedWindow<N> {
    pub(crate) fn new() -> Self {
        const { assert!(N > 0 && N <= 1024, "a window has 1 to 1,024 intervals") };
        Self {
            begin: AtomicU64::new(0),
            end: AtomicU64::new(0),
            squares: AtomicU64::new(0),
            ring: array::from_fn(|_| AtomicU32::new(0)),
        }
    }

    /// What an interval will be added to. To be asked for before the first read-modify-write: a processor then computes with it
    /// while it waits for those.
    #[inline]
    pub(crate) fn ahead(&self) -> Ahead {
        let (mut place, mut oldest) = (0, 0);
        let snapshot = self.snapshot_and(|generation| {
            place = slot::<N>(generation);
            // Relaxed: as the sums.
            oldest = self.ring[place].load(Ordering::Relaxed).into();
        });
        snapshot.map_or(Ahead::NONE, |Snapshot { generation, sums: Sums { sum, squares, .. } }| Ahead {
            generation,
            slot: place,
            sum: sum.wrapping_sub(oldest),
            squares: squares.wrapping_sub(oldest * oldest),
        })
    }

    /// Adds an interval, clamped to what can be kept, in the place of the oldest if there are `N`. Wait-free where
    /// read-modify-writes are instructions.
    ///
    /// Gives the sums with it, if nobody has begun to record since `ahead`. They hold if they [are the
    /// latest](Self::is_latest).
    #[inline]
    pub(crate) fn record(&self, interval: u64, ahead: Ahead) -> Option<Snapshot> {
        #[expect(clippy::cast_possible_truncation, reason = "it fits 26 bits")]
        let new = interval.clamp(1, INTERVAL_MAX.into()) as u32;
        // Release: pairs with the first load in `snapshot`. No model counts as far as shows that.
        let index = self.begin.fetch_add(1, Ordering::Release);
        // Release: pairs with the fence in `snapshot`. Who sees anything that is written below, sees that it was begun.
        // Checked by tests::phi::snapshots_are_of_complete_records.
        fence(Ordering::Release);
        if index != ahead.generation {
            self.put(slot::<N>(index), new);
            return None;
        }
        // Nobody has begun since, so it is as it was.
        self.put(ahead.slot, new);
        let new = u64::from(new);
        Some(Snapshot {
            generation: ahead.generation + 1,
            sums: Sums {
                count: count::<N>(ahead.generation + 1),
                sum: ahead.sum.wrapping_add(new),
                squares: ahead.squares.wrapping_add(new * new),
            },
        })
    }

    /// The middle and the end of a record.
    #[inline]
    fn put(&self, slot: usize, new: u32) {
        // Relaxed: the fence and `end` order them for readers, and for the sums each step is one, in whichever order.
        let old = u64::from(self.ring[slot].swap(new, Ordering::Relaxed));
        let new = u64::from(new);
        self.squares.fetch_add((new * new).wrapping_sub(old * old), Ordering::Relaxed);
        // Release: pairs with the acquire in `snapshot`. Who sees the end sees all of the above; so do those who see a later
        // end, since a chain of read-modify-writes is not broken. Checked by the same.
        self.end.fetch_add(ENDED.wrapping_add(new).wrapping_sub(old), Ordering::Release);
    }

    /// The sums, unless somebody is in the middle of recording. `None` says that whoever that is will be the one to look
    /// again: of several threads that each record and then look, one sees all.
    #[inline]
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        self.snapshot_and(|_| {})
    }

    /// The same, and what else is `read` belongs to it.
    #[inline]
    fn snapshot_and(&self, read: impl FnOnce(u64)) -> Option<Snapshot> {
        // Acquire: pairs with the release in `record`. What each thread had ended before it began its latest of these is in `end`
        // below: so there are at least as many as these, less one for each thread.
        let before = self.begin.load(Ordering::Acquire);
        let end = self.end.load(Ordering::Acquire);
        let squares = self.squares.load(Ordering::Relaxed);
        // Relaxed: it is looked at once more.
        let generation = self.begin.load(Ordering::Relaxed);
        read(generation);
        fence(Ordering::Acquire);
        // As many as have ended before the sums were read have begun after that: so nobody was at it between. They are counted modulo
        // 2^24, but there are fewer than that from those above to these.
        let sums = Sums { count: count::<N>(generation), sum: sum(end), squares };
        let is_exact = generation.wrapping_sub(before) < 1 << (u64::BITS - SUM_BITS - 1);
        (self.is_latest(generation) && is_ended(end, generation) && is_exact)
            .then_some(Snapshot { generation, sums })
    }

    /// Whether no more records were begun than that.
    #[inline]
    pub(crate) fn is_latest(&self, generation: u64) -> bool {
        // Relaxed: the caller has acquired what it wants to be sure of.
        self.begin.load(Ordering::Relaxed) == generation
    }

    /// As a thread leaves it that never runs again.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn begin_only(&self) {
        self.begin.fetch_add(1, Ordering::Relaxed);
    }

    /// How many intervals there are, or will be when nobody is in the middle of recording.
    pub(crate) fn count(&self) -> u32 {
        // Relaxed: nothing else is read by it.
        count::<N>(self.begin.load(Ordering::Relaxed))
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

/// Whether so many have ended.
#[inline]
const fn is_ended(end: u64, records: u64) -> bool {
    // With the sum's sign taken out of it.
    (end.wrapping_add(1 << (SUM_BITS - 1)) >> SUM_BITS) == records & (u64::MAX >> SUM_BITS)
}

/// Of a word at rest.
#[inline]
const fn sum(end: u64) -> u64 {
    end & (ENDED - 1)
}

const SUM_BITS: u32 = 40;
const ENDED: u64 = 1 << SUM_BITS;

const _: () =
    assert!(cfg!(loom) || size_of::<SharedWindow<1000>>() + size_of::<AtomicU64>() <= 64 + 4 * 1000);
