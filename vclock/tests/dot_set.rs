//! Sets of dots against plain sets: the same answers after any operations, in the one canonical form, at both ends of the
//! counters' range.
#![cfg(feature = "alloc")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use spacelike_vclock::{Causality, Dot, DotSet, NotCanonical, Run, VersionVector};

/// After any operations, a set says what the plain set says, and is the same value however it came about.
#[test]
fn a_set_is_the_set_of_its_dots() {
    let (new, old, filled) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u64>| counter.set(counter.get() + 1);
    TestRunner::deterministic()
        .run(&vec(operations(), 0..40), |operations| {
            let (mut set, mut oracle) = (DotSet::new(), Oracle::new());
            for operation in operations {
                let (before, holes) = (oracle.clone(), set.holes().count());
                let changed = operation.on_set(&mut set);
                operation.on_oracle(&mut oracle);
                prop_assert_eq!(changed, oracle != before);
                count(if changed { &new } else { &old });
                if set.holes().count() < holes {
                    count(&filled);
                }
                agree(&set, &oracle)?;
            }
            Ok(())
        })
        .unwrap();
    assert!([&new, &old, &filled].iter().all(|counter| counter.get() > 200), "{new:?} {old:?} {filled:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// A merge is the union, and says whether there was anything new.
    #[test]
    fn a_merge_is_the_union(a in sets(), b in sets(), c in sets()) {
        let union = &a.1 | &b.1;
        let mut merged = a.0.clone();
        prop_assert_eq!(merged.merge(&b.0), union != a.1);
        agree(&merged, &union)?;

        let mut back = b.0.clone();
        back.merge(&a.0);
        prop_assert_eq!(&back, &merged, "commutative");
        prop_assert!(!merged.merge(&a.0) && !merged.merge(&b.0), "idempotent");
        prop_assert_eq!(&back, &merged);

        back.merge(&c.0);
        let mut first = c.0.clone();
        first.merge(&b.0);
        let mut other = a.0.clone();
        other.merge(&first);
        prop_assert_eq!(other, back, "associative");
    }

    /// A set is the sum of its runs, in whatever order they come, and of any that touch or overlap. What is retained is the
    /// kept actors' part of it.
    #[test]
    fn runs_make_a_set(a in sets(), b in sets(), kept in any::<[bool; 3]>()) {
        let runs = || a.0.runs().chain(b.0.runs()).map(owned);
        let mut merged = a.0.clone();
        merged.merge(&b.0);
        let mut backwards: Vec<_> = runs().collect();
        backwards.reverse();
        prop_assert_eq!(&runs().collect::<DotSet<_>>(), &merged);
        let mut extended = b.0.clone();
        extended.extend(backwards);
        prop_assert_eq!(&extended, &merged);

        merged.retain(|actor| kept[usize::from(*actor)]);
        let mut oracle = &a.1 | &b.1;
        oracle.retain(|(actor, _)| kept[usize::from(*actor)]);
        agree(&merged, &oracle)?;
    }

    /// What is missing is the difference; to add it is to merge.
    #[test]
    fn what_is_missing_is_the_difference(a in sets(), b in sets()) {
        let missing: Vec<_> = a.0.missing(&b.0).map(owned).collect();
        prop_assert_eq!(&missing, &runs(&(&b.1 - &a.1)));
        let (mut filled, mut merged) = (a.0.clone(), a.0.clone());
        for run in missing {
            prop_assert!(filled.insert_run(run.actor, run.first..=run.last));
        }
        merged.merge(&b.0);
        prop_assert_eq!(filled, merged);
    }

    /// Sets are ordered as sets are.
    #[test]
    fn the_order_is_inclusion(a in sets(), b in sets()) {
        let (le, ge) = (a.1.is_subset(&b.1), b.1.is_subset(&a.1));
        let expected = match (le, ge) {
            (true, true) => Causality::Equal,
            (true, false) => Causality::Before,
            (false, true) => Causality::After,
            (false, false) => Causality::Concurrent,
        };
        prop_assert_eq!(a.0.compare(&b.0), expected);
        prop_assert_eq!(a.0.is_le(&b.0), le);
        prop_assert_eq!(a.0.dominates(&b.0), ge);
        prop_assert_eq!(a.0 == b.0, le && ge);
        prop_assert_eq!(a.0.is_lt(&b.0), expected.is_lt());
        prop_assert_eq!(a.0.is_concurrent(&b.0), expected.is_concurrent());
        prop_assert_eq!(a.0.partial_cmp(&b.0), expected.to_ordering());
        let operators = (a.0 < b.0, a.0 <= b.0, a.0 > b.0, a.0 >= b.0);
        prop_assert_eq!(operators, (expected.is_lt(), le, expected.is_gt(), ge));

        let mut union = a.0.clone();
        union.merge(&b.0);
        prop_assert!(a.0.is_le(&union) && b.0.is_le(&union));
        prop_assert_eq!(a.0.compare(&union).is_lt(), !ge);
        prop_assert_eq!((a.0 < union, union > a.0, a.0.is_concurrent(&union)), (!ge, !ge, false));
        prop_assert_eq!(a.0.compare(&a.0.clone()), Causality::Equal);
    }

    /// Version vectors are the sets without holes, with the same order and the same merge.
    #[test]
    fn vectors_are_sets_without_holes(a in vectors(), b in vectors()) {
        let (set, other) = (DotSet::from(&a), DotSet::from(&b));
        prop_assert_eq!(set.contiguous(), a.clone());
        prop_assert_eq!(set.holes().next(), None);
        prop_assert_eq!(set.len(), a.weight());
        prop_assert_eq!(set.run_count(), a.len());
        prop_assert_eq!(set.compare(&other), a.compare(&b));
        let (mut merged, mut union) = (a.clone(), set.clone());
        prop_assert_eq!(merged.merge(&b), union.merge(&other));
        prop_assert_eq!(DotSet::from(&merged), union);
    }

    /// Each dot makes one run at most, in whatever order they come.
    #[test]
    fn a_dot_makes_one_run_at_most(dots in vec((0..3u8, prop_oneof![1..60u64, u64::MAX - 60..=u64::MAX]), 0..60)) {
        let mut set = DotSet::new();
        for (index, (actor, counter)) in dots.into_iter().enumerate() {
            set.insert(Dot::new(actor, counter).unwrap());
            prop_assert!(set.run_count() <= index + 1);
        }
    }

    /// Entries are read exactly if they are those of a set, and refused where they first aren't.
    #[test]
    fn only_canonical_entries_are_read(
        entries in vec((0..4u8, vec((counters(), counters()), 0..3)), 0..4),
        sorted in any::<bool>(),
    ) {
        let mut entries = entries;
        if sorted {
            entries.sort();
            entries.dedup_by_key(|entry| entry.0);
            for (_, runs) in &mut entries {
                for run in runs.iter_mut() {
 *run = (run.0.min(run.1), run.0.max(run.1));
 }
                runs.sort_unstable();
            }
        }
        let wrong = entries.iter().enumerate().find_map(|(index, (actor, runs))| {
            if index > 0 && entries[index - 1].0 >= *actor {
                return Some(NotCanonical::Order { index });
            }
            let ascending = runs.windows(2).all(|pair| u128::from(pair[0].1) + 1 < u128::from(pair[1].0));
            let fine = !runs.is_empty() && ascending && runs.iter().all(|&(first, last)| 1 <= first && first <= last);
            (!fine).then_some(NotCanonical::Runs { index })
        });
        match (DotSet::try_from_sorted(entries.clone()), wrong) {
            (Ok(set), None) => {
                let flat = entries.iter().flat_map(|(actor, runs)| {
                    runs.iter().map(|&(first, last)| Run { actor: *actor, first, last })
                });
                prop_assert!(set.runs().map(owned).eq(flat));
            }
            (read, wrong) => prop_assert_eq!(read.err(), wrong),
        }
    }
}

/// The last counter there is has no next one to overflow into, wherever it is looked at.
#[test]
fn the_last_counter_is_like_any_other() {
    let mut set = DotSet::new();
    assert!(set.insert_run('a', u64::MAX..=u64::MAX));
    assert!(!set.insert(Dot::new('a', u64::MAX).unwrap()));
    assert!(set.insert(Dot::new('a', u64::MAX - 1).unwrap()));
    assert_eq!(set.to_string(), "{a:18446744073709551614-18446744073709551615}");
    assert_eq!(set.holes().map(|hole| hole.len()).collect::<Vec<_>>(), [u64::MAX - 2]);

    let all = DotSet::from(&VersionVector::from([('a', u64::MAX)]));
    assert!(set.missing(&all).eq([Run { actor: &'a', first: 1, last: u64::MAX - 2 }]));
    assert!(set.merge(&all));
    assert_eq!((set.len(), set.run_count(), &set), (u128::from(u64::MAX), 1, &all));
    assert_eq!(set.runs().next().map(|run| run.len()), Some(u64::MAX));
}

/// Zero is no dot, and a range that ends before it begins has none; neither leaves an actor behind.
#[test]
#[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
fn no_dots_are_no_change() {
    let mut set = DotSet::new();
    assert!(!set.insert_run('a', 0..=0) && !set.insert_run('a', 3..=2) && !set.insert_run('a', u64::MAX..=0));
    set.extend([(0, 0), (3, 2), (u64::MAX, 0)].map(|(first, last)| Run { actor: 'a', first, last }));
    assert_eq!(set, DotSet::default());
    assert!(set.is_empty());
    assert_eq!((set.len(), set.run_count()), (0, 0));
    assert!(set.insert_run('a', 0..=1));
    assert_eq!(set.base(&'a'), 1);
}

/// A peer that sends every other dot, the last one first, makes as many runs as it sends dots, and then as few as there can
/// be. If each insertion moved the runs behind it, this would move 80 GB.
#[test]
fn the_worst_order_of_dots_is_taken() {
    const DOTS: u64 = 100_000;
    let dots = || (1..=DOTS).rev().map(|n| Dot::new(0_u8, 2 * n).unwrap());
    let mut set: DotSet<_> = dots().collect();
    assert_eq!(set.run_count() as u64, DOTS);
    set.extend((1..=DOTS).rev().map(|n| Dot::new(0_u8, 2 * n - 1).unwrap()));
    assert_eq!((set.base(&0), set.run_count()), (2 * DOTS, 1));
}

/// A run's fields are public, and whoever answers a request fills them in: the wrong way around they are no dots, and no
/// panic.
#[test]
fn a_run_that_ends_before_it_begins_has_no_dots() {
    for (first, last, len) in
        [(3, 2, 0), (u64::MAX, 0, 0), (3, 3, 1), (1, u64::MAX, u64::MAX), (0, u64::MAX, u64::MAX)]
    {
        let run = Run { actor: 'a', first, last };
        assert_eq!(run.len(), len, "{run:?}");
        let added = DotSet::new().insert_run(run.actor, run.first..=run.last);
        assert_eq!(added, len > 0);
    }
}

#[test]
fn sets_have_this_text() {
    let set = DotSet::try_from_sorted([("a", vec![(1, 3), (5, 5)]), ("b", vec![(7, 8)])]).unwrap();
    assert_eq!(set.to_string(), "{a:1-3, a:5, b:7-8}");
    assert_eq!(format!("{set:?}"), r#"DotSet {("a", 1..=3), ("a", 5..=5), ("b", 7..=8)}"#);
    assert_eq!(DotSet::<u8>::new().to_string(), "{}");
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;

    proptest! {
        /// Sets survive a text format and a binary one.
        #[test]
        fn sets_survive_serde(set in sets()) {
            let text = serde_json::to_string(&set.0).unwrap();
            prop_assert_eq!(&serde_json::from_str::<DotSet<u8>>(&text).unwrap(), &set.0);
            let bytes = postcard::to_stdvec(&set.0).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<DotSet<u8>>(&bytes).unwrap(), &set.0);
        }

        /// Any bytes are a set in its one form, or refused.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(prop_oneof![0..6u8, any::<u8>()], 0..24)) {
            if let Ok((set, rest)) = postcard::take_from_bytes::<DotSet<u8>>(&bytes) {
                let again = postcard::to_stdvec(&set).unwrap();
                prop_assert_eq!(postcard::from_bytes::<DotSet<u8>>(&again).unwrap(), set);
                // A varint may have idle bytes, which are postcard's to judge.
                prop_assert!(again.len() <= bytes.len() - rest.len());
            }
        }
    }

    /// The form is pinned: a change is a breaking change for whatever is stored or sent.
    #[test]
    fn sets_have_this_form() {
        let set = DotSet::try_from_sorted([(1_u8, vec![(1, 3), (5, 5)]), (2, vec![(300, 300)])]).unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), "[[1,[[1,3],[5,5]]],[2,[[300,300]]]]");
        let bytes = [2, 1, 2, 1, 3, 5, 5, 2, 1, 0xAC, 2, 0xAC, 2];
        assert_eq!(postcard::to_stdvec(&set).unwrap(), bytes);
    }

    /// There is one form for each set, and no other is read.
    #[test]
    fn other_forms_are_refused() {
        for text in [
            "[[1,[]]]",                  // no runs
            "[[1,[[0,3]]]]",             // zero is no dot
            "[[1,[[3,2]]]]",             // ends before it begins
            "[[1,[[1,3],[4,5]]]]",       // touching
            "[[1,[[1,3],[2,5]]]]",       // overlapping
            "[[1,[[5,5],[1,3]]]]",       // descending
            "[[1,[[1,3]]],[1,[[5,5]]]]", // the actor twice
            "[[2,[[1,3]]],[1,[[5,5]]]]", // actors descending
            "[[1,[[1,18446744073709551616]]]]",
            "[[1,[[5,18446744073709551615],[18446744073709551615,18446744073709551615]]]]",
            "[[1,[[18446744073709551615,18446744073709551615],[1,1]]]]",
        ] {
            assert!(serde_json::from_str::<DotSet<u8>>(text).is_err(), "{text}");
        }
    }

    /// What is missing is asked for as runs, which have this form.
    #[test]
    fn runs_have_three_fields() {
        let (one, all) =
            (Run { actor: 7, first: 300, last: 300 }, Run { actor: 7, first: 1, last: u64::MAX });
        assert_eq!(serde_json::to_string(&one).unwrap(), r#"{"actor":7,"first":300,"last":300}"#);
        assert_eq!(postcard::to_stdvec(&one).unwrap(), [7, 0xAC, 2, 0xAC, 2]);
        for run in [one, all] {
            let text = serde_json::to_string(&run).unwrap();
            assert_eq!(serde_json::from_str::<Run<u8>>(&text).unwrap(), run);
            let bytes = postcard::to_stdvec(&run).unwrap();
            assert_eq!(postcard::from_bytes::<Run<u8>>(&bytes).unwrap(), run);
        }
    }

    /// Nobody is sent to look for dots that there can't be.
    #[test]
    fn runs_of_no_dots_are_refused() {
        for (text, why) in [
            (r#"{"actor":7,"first":0,"last":3}"#, "from 0 to 3"),
            (r#"{"actor":7,"first":0,"last":0}"#, "from 0 to 0"),
            (r#"{"actor":7,"first":4,"last":3}"#, "from 4 to 3"),
            (r#"{"actor":7,"first":18446744073709551615,"last":0}"#, "from 18446744073709551615 to 0"),
            (r#"{"actor":7,"first":1,"last":18446744073709551616}"#, "expected u64"),
            (r#"{"actor":7,"first":1,"last":2,"len":2}"#, "unknown field `len`"),
            (r#"{"actor":7,"first":1}"#, "missing field `last`"),
        ] {
            let refused = serde_json::from_str::<Run<u8>>(text).unwrap_err().to_string();
            assert!(refused.contains(why), "{text}: {refused}");
        }
        for bytes in [[7, 0, 3], [7, 0, 0], [7, 4, 3]] {
            assert!(postcard::from_bytes::<Run<u8>>(&bytes).is_err(), "{bytes:?}");
        }
    }
}

type Oracle = BTreeSet<(u8, usize)>;

/// The oracle's domain: all counters there are, as 25 cells. Twelve counters at each end, and all between them as one.
const CELLS: usize = 25;

fn cell(index: usize) -> (u64, u64) {
    let counter = index as u64;
    match index {
        0..12 => (counter + 1, counter + 1),
        12 => (13, u64::MAX - 12),
        _ => (u64::MAX - 24 + counter, u64::MAX - 24 + counter),
    }
}

/// The longest runs of cells that follow each other.
fn runs(oracle: &Oracle) -> Vec<Run<u8>> {
    let mut runs: Vec<Run<u8>> = Vec::new();
    for &(actor, index) in oracle {
        let (first, last) = cell(index);
        match runs.last_mut() {
            Some(run) if run.actor == actor && index > 0 && run.last == cell(index - 1).1 => run.last = last,
            _ => runs.push(Run { actor, first, last }),
        }
    }
    runs
}

fn owned(run: Run<&u8>) -> Run<u8> {
    Run { actor: *run.actor, first: run.first, last: run.last }
}

/// Checks every answer of the set against the oracle, and that it is the same value as one made at once.
fn agree(set: &DotSet<u8>, oracle: &Oracle) -> Result<(), TestCaseError> {
    let expected = runs(oracle);
    prop_assert_eq!(&set.runs().map(owned).collect::<Vec<_>>(), &expected);
    prop_assert_eq!(set.run_count(), expected.len());
    prop_assert_eq!(set.is_empty(), oracle.is_empty());
    prop_assert_eq!(set.len(), expected.iter().map(|run| u128::from(run.len())).sum::<u128>());
    let mut bases = VersionVector::new();
    for actor in 0..ACTORS {
        let base = expected.iter().find(|run| run.actor == actor && run.first == 1).map_or(0, |run| run.last);
        prop_assert_eq!(set.base(&actor), base);
        if let Some(dot) = Dot::new(actor, base) {
            bases.raise(dot);
        }
        for index in 0..CELLS {
            let (first, last) = cell(index);
            let seen = oracle.contains(&(actor, index));
            prop_assert_eq!(set.contains(&Dot::new(actor, first).unwrap()), seen);
            prop_assert_eq!(set.contains(&Dot::new(actor, last).unwrap()), seen);
        }
    }
    prop_assert_eq!(set.contiguous(), bases);

    let below: Oracle =
        oracle.iter().flat_map(|&(actor, index)| (0..index).map(move |hole| (actor, hole))).collect();
    prop_assert_eq!(&set.holes().map(owned).collect::<Vec<_>>(), &runs(&(&below - oracle)));

    let mut entries: Vec<(u8, Vec<(u64, u64)>)> = Vec::new();
    for run in expected {
        match entries.last_mut() {
            Some((actor, runs)) if *actor == run.actor => runs.push((run.first, run.last)),
            _ => entries.push((run.actor, vec![(run.first, run.last)])),
        }
    }
    let canonical = DotSet::try_from_sorted(entries).unwrap();
    prop_assert_eq!(set, &canonical);
    prop_assert_eq!(hash(set), hash(&canonical));
    Ok(())
}

fn hash<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

const ACTORS: u8 = 3;

#[derive(Clone, Debug)]
enum Operation {
    /// Cells of one actor, from and to.
    Insert(u8, usize, usize),
    /// A union with what these make.
    Merge(Vec<(u8, usize, usize)>),
}

impl Operation {
    fn on_set(&self, set: &mut DotSet<u8>) -> bool {
        match self {
            &Self::Insert(actor, from, to) => insert(set, actor, from, to),
            Self::Merge(runs) => {
                let mut other = DotSet::new();
                for &(actor, from, to) in runs {
                    insert(&mut other, actor, from, to);
                }
                set.merge(&other)
            }
        }
    }

    fn on_oracle(&self, oracle: &mut Oracle) {
        let runs = match self {
            Self::Insert(actor, from, to) => &vec![(*actor, *from, *to)],
            Self::Merge(runs) => runs,
        };
        for &(actor, from, to) in runs {
            oracle.extend((from..=to).map(|index| (actor, index)));
        }
    }
}

/// Single dots go in as dots.
fn insert(set: &mut DotSet<u8>, actor: u8, from: usize, to: usize) -> bool {
    let (first, last) = (cell(from).0, cell(to).1);
    if first == last {
        set.insert(Dot::new(actor, first).unwrap())
    } else {
        set.insert_run(actor, first..=last)
    }
}

fn runs_of_cells() -> impl Strategy<Value = (u8, usize, usize)> {
    (0..ACTORS, 0..CELLS, prop_oneof![3 => Just(0), 1 => 0..6usize])
        .prop_map(|(actor, from, more)| (actor, from, (from + more).min(CELLS - 1)))
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => runs_of_cells().prop_map(|(actor, from, to)| Operation::Insert(actor, from, to)),
        1 => vec(runs_of_cells(), 0..8).prop_map(Operation::Merge),
    ]
}

/// A set and its oracle.
fn sets() -> impl Strategy<Value = (DotSet<u8>, Oracle)> {
    vec(operations(), 0..12).prop_map(|operations| {
        let (mut set, mut oracle) = (DotSet::new(), Oracle::new());
        for operation in operations {
            operation.on_set(&mut set);
            operation.on_oracle(&mut oracle);
        }
        (set, oracle)
    })
}

fn vectors() -> impl Strategy<Value = VersionVector<u8>> {
    vec((0..5u8, counters()), 0..5).prop_map(|entries| entries.into_iter().collect())
}

fn counters() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..12u64, 1 => u64::MAX - 4..=u64::MAX]
}
