//! What the documentation says of costs, counted: comparisons of ids, and allocations.
#![cfg(feature = "alloc")]

use std::cell::Cell;
use std::cmp::Ordering;

use allocation_counter::measure;
use spacelike_vclock::{Causality, VersionVector};

thread_local! {
    static LOOKS: Cell<u64> = const { Cell::new(0) };
}

/// An id that counts how often it is looked at.
#[derive(Clone, Debug)]
struct Id(u32);

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        LOOKS.set(LOOKS.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Id {}

fn looks<T>(body: impl FnOnce() -> T) -> (T, u64) {
    let before = LOOKS.get();
    let result = body();
    (result, LOOKS.get() - before)
}

/// A clock of the ids `first`, `first + step` and so on, each at `counter`.
fn clock(first: u32, step: usize, count: usize, counter: u64) -> VersionVector<Id> {
    (first..).step_by(step).take(count).map(|id| (Id(id), counter)).collect()
}

/// A comparison looks at each id once or so, whatever the two have in common.
#[test]
fn a_comparison_is_one_pass() {
    let whole = clock(0, 1, 1_000, 1);
    for (other, truth) in [
        (clock(0, 1, 1_000, 1), Causality::Equal),
        (clock(0, 1, 1_000, 2), Causality::Before),
        (clock(0, 2, 500, 1), Causality::After),
        (clock(0, 3, 334, 1), Causality::After),
        (clock(1, 1, 999, 1), Causality::After),
    ] {
        let (answer, looks) = looks(|| whole.compare(&other));
        assert_eq!(answer, truth);
        assert!(looks <= 2_000 + 16, "{looks} looks at 1,000 ids");
    }
}

/// Concurrent clocks are found out at the first entries that say so.
#[test]
fn a_comparison_ends_as_soon_as_it_is_concurrent() {
    let mut left = clock(0, 1, 1_000, 1);
    let mut right = left.clone();
    left.update(&Id(3)).unwrap();
    right.update(&Id(12)).unwrap();
    let (answer, looks_of_compare) = looks(|| left.compare(&right));
    assert_eq!(answer, Causality::Concurrent);
    assert!(looks_of_compare <= 32, "{looks_of_compare} looks");

    // A directed question ends at the first entry against it.
    let (answer, looks_of_le) = looks(|| (left.is_le(&right), left.is_lt(&right)));
    assert_eq!(answer, (false, false));
    assert!(looks_of_le <= 32, "{looks_of_le} looks");

    let (answer, looks_of_disjoint) = looks(|| clock(0, 2, 500, 1).compare(&clock(1, 2, 500, 1)));
    assert_eq!(answer, Causality::Concurrent);
    assert!(looks_of_disjoint <= 32 + 1_000, "{looks_of_disjoint} looks, 998 of them to sort"); // by `collect`
}

/// The shorter can't dominate the longer: nothing needs to be looked at.
#[test]
fn lengths_are_a_filter() {
    let (long, short) = (clock(0, 1, 1_000, 1), clock(0, 1, 999, 9));
    let (answers, looks) = looks(|| (long.is_le(&short), long < short, short.dominates(&long)));
    assert_eq!((answers, looks), ((false, false, false), 0));
}

/// A small side is searched for, not walked along with.
#[test]
fn a_small_side_is_searched_for() {
    let large = clock(0, 1, 10_000, 2);
    let few = clock(1_000, 2_000, 4, 1);
    for (name, question) in [
        ("compare", (|a, b| assert!(a.compare(b).is_gt())) as fn(&VersionVector<Id>, &VersionVector<Id>)),
        ("reverse", |a, b| assert!(b.compare(a).is_lt())),
        ("dominates", |a, b| assert!(a.dominates(b))),
        ("merge", |a, b| {
            let mut merged = a.clone();
            assert!(!merged.merge(b));
        }),
    ] {
        let ((), looks) = looks(|| question(&large, &few));
        assert!(looks <= 4 * 16, "{name}: {looks} looks");
    }
}

/// Merging allocates nothing where no actor is new, and once where some are; neither does a comparison.
#[test]
fn a_merge_allocates_at_most_once() {
    let clock =
        |from: u64, count: u64| -> VersionVector<u64> { (from..from + count).map(|id| (id, 1)).collect() };
    for (ours, others, allocations) in [
        (clock(0, 100), clock(0, 100), 0),
        (clock(0, 100), clock(50, 10), 0),
        (clock(0, 100), clock(50, 100), 1),
        (clock(0, 100), clock(1_000, 1), 1),
        (clock(0, 8), clock(8, 1), 1),
        (clock(0, 8), clock(8, 8), 1),
        (clock(0, 4), clock(4, 4), 0), // still inline
        (clock(0, 0), clock(0, 100), 1),
    ] {
        let mut merged = ours.clone();
        let counted = measure(|| {
            merged.merge(&others);
        });
        assert_eq!(counted.count_total, allocations, "{} and {} entries", ours.len(), others.len());
        let counted = measure(|| {
            let _ = (ours.compare(&others), ours.is_le(&others), ours.total_cmp(&others));
        });
        assert_eq!(counted.count_total, 0);
    }
}

/// Room that was made, or kept, is used: an empty clock takes another one over without an allocation.
#[test]
fn a_merge_into_an_empty_clock_uses_its_room() {
    let source: VersionVector<u64> = (0..100).map(|id| (id, 1)).collect();
    let mut cleared = source.clone();
    cleared.clear();
    for mut empty in [VersionVector::with_capacity(100), cleared] {
        let counted = measure(|| {
            assert!(empty.merge(&source));
        });
        assert_eq!((counted.count_total, &empty), (0, &source));
    }
}

/// Room that isn't used is given back.
#[test]
fn a_clock_shrinks_to_what_it_needs() {
    let mut clock = VersionVector::with_capacity(1_000);
    clock.merge(&(0..100_u64).map(|id| (id, 1)).collect());
    let counted = measure(|| clock.shrink_to_fit());
    let freed = -counted.bytes_current;
    assert_eq!(freed, 900 * 16, "bytes of 900 entries");
}

/// What fits in the value needs no heap.
#[test]
fn small_clocks_need_no_heap() {
    let counted = measure(|| {
        let mut vector = VersionVector::new();
        for actor in 0..spacelike_vclock::INLINE as u64 {
            vector.update(&actor).unwrap();
        }
        let copy = vector.clone();
        assert!(copy == vector);
    });
    assert_eq!(counted.count_total, 0);
}
