//! That all clocks in the tables for `vclock` do the same job: on the pairs that are timed, all give the same answers.

use std::cmp::Ordering;

use spacelike_benches::vclock::{
    COMPARES, CONCURRENT, DECODE, DISJOINT, EQUAL, Jobs, MERGES, SIZES, Subject, TICK, VEC_CLOCK, Visitor,
    each,
};

/// Each comparison has the answer that its column says, from every clock, and the opposite one from the other side.
#[test]
fn all_clocks_compare_alike() {
    for (n, job) in pairs_of(&COMPARES) {
        each(n, &mut Compares { n, job });
    }
}

struct Compares {
    n: usize,
    job: &'static str,
}

impl Visitor for Compares {
    fn visit<S: Subject>(&mut self) {
        if !S::does(self.job) {
            return;
        }
        let mut jobs = Jobs::new(self.n);
        let expected = match self.job {
            EQUAL => Some(Ordering::Equal),
            CONCURRENT | DISJOINT => None,
            _ => Some(Ordering::Less),
        };
        for _ in 0..PAIRS {
            let (left, right) = jobs.pair(self.job);
            let (left, right) = (S::new(&left), S::new(&right));
            assert_eq!(S::order(left.compare(&right)), expected, "{}, {}, {}", S::NAME, self.n, self.job);
            assert_eq!(S::order(right.compare(&left)), expected.map(Ordering::reverse));
        }
    }
}

/// A merge, and a tick, leave the same counters in every clock.
#[test]
fn all_clocks_merge_and_tick_alike() {
    for (n, job) in pairs_of(&MERGES) {
        each(n, &mut Merges { n, job });
    }
}

struct Merges {
    n: usize,
    job: &'static str,
}

impl Visitor for Merges {
    fn visit<S: Subject>(&mut self) {
        if !S::does(self.job) {
            return;
        }
        let mut jobs = Jobs::new(self.n);
        for _ in 0..PAIRS {
            let (left, right) = jobs.pair(self.job);
            let (mut merged, mut other) = (S::new(&left), S::new(&right));
            merged.merge(&mut other);
            // The only one that ticks as it merges.
            let mut ticked = u64::from(S::NAME == VEC_CLOCK);
            if S::does(TICK) {
                merged.tick(&S::id(&left, 0));
                ticked += 1;
            }
            for (entries, others) in [(&left, &right), (&right, &left)] {
                for (index, (id, counter)) in entries.iter().enumerate() {
                    let there =
                        others.binary_search_by_key(id, |other| other.0).map_or(0, |found| others[found].1);
                    let expected = (*counter).max(there) + if *id == left[0].0 { ticked } else { 0 };
                    let merged = merged.get(&S::id(entries, index));
                    assert_eq!(merged, expected, "{}, {}, {}", S::NAME, self.n, self.job);
                }
            }
        }
    }
}

/// What is decoded is what was encoded.
#[test]
fn all_clocks_come_back_from_their_bytes() {
    for n in SIZES {
        each(n, &mut Bytes { n });
    }
}

struct Bytes {
    n: usize,
}

impl Visitor for Bytes {
    fn visit<S: Subject>(&mut self) {
        if S::does(DECODE) {
            let clock = S::new(&Jobs::new(self.n).entries());
            let decoded = S::decode(&clock.encode());
            assert_eq!(S::order(clock.compare(&decoded)), Some(Ordering::Equal), "{}, {}", S::NAME, self.n);
        }
    }
}

fn pairs_of(jobs: &[&'static str]) -> impl Iterator<Item = (usize, &'static str)> {
    SIZES.into_iter().flat_map(move |n| jobs.iter().map(move |job| (n, *job)))
}

const PAIRS: usize = 5;
