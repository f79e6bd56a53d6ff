//! Clocks without ids: an entry is known by its index.

use std::cmp::Ordering;

use spacelike_vclock::codec::{Decode, Encode, Limits};
use spacelike_vclock::{Causality, FixedClock};
use vec_clock::CompareState;

use super::{DECODE, DISJOINT, ENCODE, Entries, FIXED, MERGE_DISJOINT, MERGE_ONE, PLAIN, Subject, VEC_CLOCK};
use crate::sink;

/// The floor: counters, and the loops that anyone would write.
#[derive(Clone)]
pub(super) struct Plain<const N: usize>([u64; N]);

impl<const N: usize> Default for Plain<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Subject for Plain<N> {
    const NAME: &'static str = PLAIN;
    type Id = usize;
    type Relation = (bool, bool);

    fn does(job: &str) -> bool {
        knows_no_ids(job)
    }

    fn new(entries: &Entries) -> Self {
        Self(counters(entries))
    }

    fn id(_: &Entries, index: usize) -> usize {
        index
    }

    fn get(&self, index: &usize) -> u64 {
        self.0[*index]
    }

    #[inline]
    fn tick(&mut self, index: &usize) {
        self.0[*index] += 1;
        sink(&self.0[*index]);
    }

    #[inline]
    fn compare(&self, other: &Self) -> (bool, bool) {
        let (mut less, mut greater) = (false, false);
        for (left, right) in self.0.iter().zip(&other.0) {
            less |= left < right;
            greater |= left > right;
        }
        (less, greater)
    }

    fn order(relation: (bool, bool)) -> Option<Ordering> {
        match relation {
            (false, false) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (true, true) => None,
        }
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        for (left, right) in self.0.iter_mut().zip(&other.0) {
            *left = (*left).max(*right);
        }
    }

    #[inline]
    fn encode(&self) -> Vec<u8> {
        self.0.as_slice().iter().flat_map(|counter| counter.to_le_bytes()).collect()
    }

    #[inline]
    fn decode(bytes: &[u8]) -> Self {
        assert_eq!(bytes.len(), 8 * N, "what `encode` wrote");
        let mut clock = Self::default();
        for (counter, bytes) in clock.0.iter_mut().zip(bytes.chunks_exact(8)) {
            *counter = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        clock
    }
}

pub(super) type Fixed<const N: usize> = FixedClock<N>;

impl<const N: usize> Subject for Fixed<N> {
    const NAME: &'static str = FIXED;
    type Id = usize;
    type Relation = Causality;

    fn does(job: &str) -> bool {
        knows_no_ids(job)
    }

    fn new(entries: &Entries) -> Self {
        Self::from_array(counters(entries))
    }

    fn id(_: &Entries, index: usize) -> usize {
        index
    }

    fn get(&self, index: &usize) -> u64 {
        Self::get(self, *index)
    }

    #[inline]
    fn tick(&mut self, index: &usize) {
        let issued = Self::tick(self, *index);
        sink(&issued.as_ref().expect("far from the end").counter);
    }

    #[inline]
    fn compare(&self, other: &Self) -> Causality {
        Self::compare(self, other)
    }

    fn order(relation: Causality) -> Option<Ordering> {
        relation.to_ordering()
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        sink(&Self::merge(self, other));
    }

    fn encode(&self) -> Vec<u8> {
        Encode::to_bytes(self)
    }

    fn decode(bytes: &[u8]) -> Self {
        Decode::from_bytes(bytes, Limits::NONE).expect("what `encode` wrote")
    }
}

/// It can't be cloned, so its counters are. It ticks when it merges, as the one whose index it was given.
pub(super) struct VecClock(vec_clock::VecClock);

impl VecClock {
    fn of(counters: Vec<u64>) -> Self {
        Self(vec_clock::new(counters, 0).expect("not empty"))
    }
}

impl Clone for VecClock {
    fn clone(&self) -> Self {
        Self::of(self.0.as_slice().to_vec())
    }
}

impl Default for VecClock {
    fn default() -> Self {
        Self::of(vec![0])
    }
}

impl Subject for VecClock {
    const NAME: &'static str = VEC_CLOCK;
    type Id = usize;
    type Relation = CompareState;

    fn does(job: &str) -> bool {
        knows_no_ids(job) && ![ENCODE, DECODE].contains(&job)
    }

    fn new(entries: &Entries) -> Self {
        Self::of(entries.iter().map(|entry| entry.1).collect())
    }

    fn id(_: &Entries, index: usize) -> usize {
        index
    }

    fn get(&self, index: &usize) -> u64 {
        self.0.as_slice()[*index]
    }

    /// Of the index that it was given.
    #[inline]
    fn tick(&mut self, _: &usize) {
        sink(&self.0.time().as_slice()[0]);
    }

    #[inline]
    fn compare(&self, other: &Self) -> CompareState {
        self.0.compare(other.0.as_slice()).expect("of one size")
    }

    fn order(relation: CompareState) -> Option<Ordering> {
        match relation {
            CompareState::Same => Some(Ordering::Equal),
            CompareState::Before => Some(Ordering::Less),
            CompareState::After => Some(Ordering::Greater),
            CompareState::Concurrent => None,
        }
    }

    #[inline]
    fn merge(&mut self, other: &mut Self) {
        self.0.nocheck_time_by(other.0.as_slice());
    }

    fn encode(&self) -> Vec<u8> {
        unreachable!("it has no wire form")
    }

    fn decode(_: &[u8]) -> Self {
        unreachable!("it has no wire form")
    }
}

fn counters<const N: usize>(entries: &Entries) -> [u64; N] {
    let counters: Vec<u64> = entries.iter().map(|entry| entry.1).collect();
    counters.try_into().expect("as many entries as it has room for")
}

/// Those which need ids can't be done by index.
fn knows_no_ids(job: &str) -> bool {
    ![DISJOINT, MERGE_DISJOINT, MERGE_ONE].contains(&job)
}
