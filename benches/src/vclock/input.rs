//! What the clocks are made of: the same for all.

use super::{
    CONCURRENT, DISJOINT, EQUAL, FIRST, LAST, LESS, MERGE, MERGE_DISJOINT, MERGE_NOTHING, MERGE_ONE,
};

/// Ids and counters, ascending by id. The ids differ in their highest 20 bits, so that each clock can take the part of
/// them that it has room for, and keeps their order.
pub type Entries = Vec<(u64, u64)>;

/// Two clocks that a job is done on.
pub type Pair = (Entries, Entries);

/// Makes clocks of `n` entries, with ids that look random. The same for the same `n`.
pub struct Jobs {
    random: Random,
    here: Vec<u64>,
    there: Vec<u64>,
}

impl Jobs {
    pub fn new(n: usize) -> Self {
        let mut random = Random(n as u64);
        let mut ids: Vec<u64> = vec![];
        while ids.len() < 2 * n {
            let id = random.next();
            if ids.iter().all(|other| other >> ID_SHIFT != id >> ID_SHIFT) {
                ids.push(id);
            }
        }
        let (mut here, mut there) = (ids[..n].to_vec(), ids[n..].to_vec());
        here.sort_unstable();
        there.sort_unstable();
        Self { random, here, there }
    }

    /// A clock.
    pub fn entries(&mut self) -> Entries {
        let ids = self.here.clone();
        self.counted(&ids)
    }

    /// The two clocks of a job; those that have no second one get two.
    pub fn pair(&mut self, job: &str) -> Pair {
        let mut left = self.entries();
        let mut right = left.clone();
        let last = left.len() - 1;
        match job {
            LAST => right[last].1 += 1,
            FIRST => right[0].1 += 1,
            LESS => {
                for entry in &mut right {
                    entry.1 += 1 + self.random.next() % 8;
                }
            }
            // As two writers leave it: each is ahead by its own entry.
            CONCURRENT => {
                let one = self.random.below(left.len());
                let other = (one + 1 + self.random.below(last)) % left.len();
                left[one].1 += 1;
                right[other].1 += 1;
            }
            DISJOINT | MERGE_DISJOINT => {
                let ids = self.there.clone();
                right = self.counted(&ids);
            }
            MERGE => right = self.entries(),
            MERGE_NOTHING => {
                for entry in &mut right {
                    entry.1 -= self.random.next() & 1;
                }
            }
            MERGE_ONE => {
                let new = (self.there[self.random.below(self.there.len())], self.counter());
                let at = right.partition_point(|entry| entry.0 < new.0);
                right.insert(at, new);
            }
            _ => assert!(job == EQUAL || !job.starts_with("compare") && !job.starts_with("merge")),
        }
        (left, right)
    }

    fn counted(&mut self, ids: &[u64]) -> Entries {
        ids.iter().map(|id| (*id, self.counter())).collect()
    }

    /// Three bytes as a varint, mostly. Not below 3, because an interval of one dot has another form in `dson`.
    fn counter(&mut self) -> u64 {
        self.random.next() % 99_998 + 3
    }
}

/// How far the 20 bits are up in an id.
pub(super) const ID_SHIFT: u32 = 44;

/// `SplitMix64` (Steele, Lea, Flood 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }
}
