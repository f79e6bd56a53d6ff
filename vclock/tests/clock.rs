//! The laws of vector clocks and version vectors, against an oracle that has no clocks: a set of events.
#![cfg(feature = "alloc")]

use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use spacelike_vclock::{
    Amnesia, Causality, Dot, Exhausted, NotAbove, NotCanonical, NotLast, ReceiveError, VectorClock,
    VersionVector,
};

/// The dots that a clock stands for.
type Events = BTreeSet<(u8, u64)>;

fn events(clock: &VersionVector<u8>) -> Events {
    clock.iter().flat_map(|(&actor, counter)| (1..=counter).map(move |k| (actor, k))).collect()
}

/// What inclusion of sets says.
fn relation(left: &Events, right: &Events) -> Causality {
    match (left.is_subset(right), right.is_subset(left)) {
        (true, true) => Causality::Equal,
        (true, false) => Causality::Before,
        (false, true) => Causality::After,
        (false, false) => Causality::Concurrent,
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Clocks of all sizes: none, a few of many actors, many of them; so that all ways through a comparison are taken.
fn clocks() -> impl Strategy<Value = VersionVector<u8>> {
    let entries = |len| vec((any::<u8>(), 0..4_u64), 0..len);
    prop_oneof![entries(4), entries(40), entries(300)].prop_map(VersionVector::from_iter)
}

/// A clock and one derived from it: the same ids with a few counters changed, added or taken away, as replicas have them.
fn relatives() -> impl Strategy<Value = (VersionVector<u8>, VersionVector<u8>)> {
    (clocks(), vec((any::<Index>(), 0..6_u64), 0..4), vec((any::<u8>(), 0..3_u64), 0..3)).prop_map(
        |(clock, changes, additions)| {
            let mut entries: Vec<(u8, u64)> = clock.clone().into_iter().collect();
            if !entries.is_empty() {
                for (index, counter) in changes {
                    let index = index.index(entries.len());
                    entries[index].1 = counter;
                }
            }
            (clock, entries.into_iter().chain(additions).collect())
        },
    )
}

fn pairs() -> impl Strategy<Value = (VersionVector<u8>, VersionVector<u8>)> {
    prop_oneof![(clocks(), clocks()), relatives()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// Every question about two clocks has the answer that inclusion of their events gives.
    #[test]
    fn comparisons_are_inclusion((a, b) in pairs()) {
        let truth = relation(&events(&a), &events(&b));
        prop_assert_eq!(a.compare(&b), truth);
        prop_assert_eq!(b.compare(&a), truth.reverse());
        prop_assert_eq!(a.is_le(&b), truth.is_le());
        prop_assert_eq!(a.is_lt(&b), truth.is_lt());
        prop_assert_eq!(a.dominates(&b), truth.is_ge());
        prop_assert_eq!(a.is_concurrent(&b), truth.is_concurrent());
        prop_assert_eq!(a.partial_cmp(&b), truth.to_ordering());
        prop_assert_eq!((a < b, a <= b, a > b, a >= b), (truth.is_lt(), truth.is_le(), truth.is_gt(), truth.is_ge()));
        prop_assert_eq!(a == b, truth == Causality::Equal);
        prop_assert!(a != b || hash(&a) == hash(&b));
    }

    /// Merging is the union of the events, and says whether that is more than there was; meeting is what both have.
    #[test]
    fn merge_and_meet_are_union_and_intersection((a, b) in pairs()) {
        let (of_a, of_b) = (events(&a), events(&b));
        let mut merged = a.clone();
        prop_assert_eq!(merged.merge(&b), !of_b.is_subset(&of_a));
        prop_assert_eq!(events(&merged), of_a.union(&of_b).copied().collect::<Events>());
        canonical(&merged)?;
        prop_assert!(!merged.merge(&b) && !merged.merge(&a));

        let mut met = a.clone();
        met.meet(&b);
        prop_assert_eq!(events(&met), of_a.intersection(&of_b).copied().collect::<Events>());
        canonical(&met)?;
    }

    /// The least upper bound: whatever is above both is above what they merge to.
    #[test]
    fn merge_is_the_least_upper_bound((a, b) in pairs(), c in clocks()) {
        let mut merged = a.clone();
        merged.merge(&b);
        prop_assert!(a <= merged && b <= merged);
        let mut above = c;
        above.merge(&a);
        above.merge(&b);
        prop_assert!(merged <= above);
    }

    /// The total order is one, and never puts what happened after before.
    #[test]
    fn the_total_order_respects_causality((a, b) in pairs(), c in clocks()) {
        let order = a.total_cmp(&b);
        prop_assert_eq!(order, b.total_cmp(&a).reverse());
        prop_assert_eq!(order == Ordering::Equal, a == b);
        if let Some(causal) = a.partial_cmp(&b) {
            prop_assert_eq!(order, causal);
            prop_assert_eq!(a.weight().cmp(&b.weight()), causal);
        }
        if order.is_le() && b.total_cmp(&c).is_le() {
            prop_assert!(a.total_cmp(&c).is_le());
        }
        prop_assert_eq!(a.weight(), events(&a).len() as u128);
    }

    /// Whatever the order, the zeros and the repetitions of what it is made of, a clock is canonical and has the greatest
    /// counter of each actor.
    #[test]
    fn any_entries_make_a_canonical_clock(entries in vec((any::<u8>(), 0..4_u64), 0..60)) {
        let clock: VersionVector<u8> = entries.iter().copied().collect();
        canonical(&clock)?;
        let mut greatest = BTreeMap::new();
        for (actor, counter) in entries {
            let entry = greatest.entry(actor).or_insert(0);
            *entry = counter.max(*entry);
        }
        for actor in 0..=u8::MAX {
            prop_assert_eq!(clock.get(&actor), greatest.get(&actor).copied().unwrap_or(0));
        }
        let of_dots: VersionVector<u8> = clock.iter().filter_map(|(&actor, n)| Dot::new(actor, n)).collect();
        prop_assert_eq!(of_dots, clock);
    }

    /// To add entries is to merge with the clock that they make, in whatever order they come, zeros and repetitions included.
    #[test]
    fn extending_is_merging(clock in clocks(), entries in vec((any::<u8>(), 0..6_u64), 0..20), known: bool) {
        let entries: Vec<_> = entries.into_iter().filter(|entry| !known || clock.get(&entry.0) > 0).collect();
        let (mut extended, mut merged) = (clock.clone(), clock.clone());
        extended.extend(entries.iter().copied());
        merged.merge(&entries.iter().copied().collect());
        canonical(&extended)?;
        prop_assert_eq!(&extended, &merged);
        let mut by_dots = clock;
        by_dots.extend(entries.iter().filter_map(|&(actor, counter)| Dot::new(actor, counter)));
        prop_assert_eq!(by_dots, merged);
    }

    /// Lent or by value, from either end, the entries are those of the slice; a copy of an iterator goes on from where it is.
    #[test]
    fn iterators_give_the_entries(clock in clocks(), ends in vec(any::<bool>(), 0..60)) {
        let mut expected: VecDeque<_> = clock.as_slice().iter().copied().collect();
        let (mut lent, mut owned) = ((&clock).into_iter(), clock.clone().into_iter());
        for end in ends {
            prop_assert_eq!((lent.len(), owned.len()), (expected.len(), expected.len()));
            let [of_lent, of_owned, entry] = if end {
                [lent.next_back().map(|(actor, n)| (*actor, n)), owned.next_back(), expected.pop_back()]
            } else {
                [lent.next().map(|(actor, n)| (*actor, n)), owned.next(), expected.pop_front()]
            };
            prop_assert_eq!((of_lent, of_owned), (entry, entry));
        }
        prop_assert!(owned.clone().eq(expected.iter().copied()) && owned.eq(expected.iter().copied()));
        prop_assert!(lent.clone().eq(expected.iter().map(|(actor, n)| (actor, *n))));
    }

    /// The strict constructor takes exactly what a clock's entries are.
    #[test]
    fn only_canonical_entries_are_taken_strictly(entries in vec((0..6_u8, 0..3_u64), 0..5)) {
        let sorted = entries.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let zeros = entries.iter().any(|entry| entry.1 == 0);
        let strict = VersionVector::try_from_sorted(entries.iter().copied());
        prop_assert_eq!(strict.is_ok(), sorted && !zeros);
        if let Ok(clock) = strict {
            prop_assert_eq!(clock.as_slice(), &entries[..]);
        }
    }

    /// A dot is taken over exactly if it is new, and brings those before it along.
    #[test]
    fn raising_is_merging_with_one_entry(clock in clocks(), actor: u8, counter in 1..6_u64) {
        let dot = Dot::new(actor, counter).unwrap();
        let (mut raised, mut merged) = (clock.clone(), clock.clone());
        prop_assert_eq!(raised.raise(dot), !clock.contains(&dot));
        merged.merge(&[(actor, counter)].into());
        prop_assert_eq!(raised, merged);
    }

    /// Texts lead back to what they are of.
    #[test]
    fn texts_lead_back(clock in clocks()) {
        prop_assert_eq!(clock.to_string().parse(), Ok(clock));
    }

    /// No text makes the parser panic; and what it takes is what would be written, if that holds for the actors.
    #[test]
    fn texts_are_canonical(text in r"\{?(\+?[0-2]{0,2}:[0-2]{1,2}(, )?){0,3}\}?|\{.{0,12}:1\}|.{0,12}") {
        let _ = text.parse::<VersionVector<u8>>();
        if let Ok(clock) = text.parse::<VersionVector<String>>() {
            prop_assert_eq!(clock.to_string(), text);
        }
    }

    /// A stripped clock says what the whole one says, and can be made whole again.
    #[test]
    fn stripping_loses_nothing(base in clocks(), a in clocks(), b in clocks()) {
        let above = |clock: &VersionVector<u8>| {
            let mut above = clock.clone();
            above.merge(&base);
            above
        };
        let (whole_a, whole_b) = (above(&a), above(&b));
        let (short_a, short_b) = (whole_a.strip(&base).unwrap(), whole_b.strip(&base).unwrap());
        prop_assert_eq!(short_a.compare(&short_b), Ok(whole_a.compare(&whole_b)));
        prop_assert_eq!(short_a.fill(&base), Ok(whole_a.clone()));
        prop_assert!(short_a.as_slice().iter().all(|(actor, n)| *n > base.get(actor)));
        prop_assert_eq!(a.strip(&base), if base <= a { Ok(short_a) } else { Err(NotAbove) });
    }

    /// In any execution, two events are ordered by their vector clocks exactly if one could have caused the other.
    #[test]
    fn vector_clocks_characterise_causality(
        steps in vec((0..5_u8, any::<Option<Index>>()), 1..60),
    ) {
        let mut clocks = vec![VectorClock::new(); 5];
        let mut seen: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); 5];
        let mut done: Vec<(VectorClock<u8>, BTreeSet<usize>)> = Vec::new();
        for (node, from) in steps {
            let (clock, causes) = (&mut clocks[usize::from(node)], &mut seen[usize::from(node)]);
            let message = from.filter(|_| !done.is_empty()).map(|from| &done[from.index(done.len())]);
            let dot = match message {
                Some((stamp, its_causes)) => {
                    causes.extend(its_causes);
                    clock.receive(&node, stamp).unwrap()
                }
                None => clock.tick(&node).unwrap(),
            };
            causes.insert(done.len());
            prop_assert!(clock.get(&node) == dot.counter.get() && dot.actor == node);
            done.push((clock.clone(), causes.clone()));
        }
        for (i, (left, left_causes)) in done.iter().enumerate() {
            for (j, (right, right_causes)) in done.iter().enumerate() {
                let truth = match (right_causes.contains(&i), left_causes.contains(&j)) {
                    (true, true) => Causality::Equal,
                    (true, false) => Causality::Before,
                    (false, true) => Causality::After,
                    (false, false) => Causality::Concurrent,
                };
                prop_assert_eq!(left.compare(right), truth, "events {} and {}", i, j);
            }
        }
    }
}

fn canonical(clock: &VersionVector<u8>) -> Result<(), TestCaseError> {
    let again = VersionVector::try_from_sorted(clock.clone());
    prop_assert_eq!(again.as_ref(), Ok(clock));
    Ok(())
}

/// A counter at its end is an error, and stays where it is: no wrap, and no dot twice.
#[test]
fn a_counter_never_wraps() {
    let mut clock = VectorClock::from([("a", u64::MAX), ("b", 1)]);
    let before = clock.clone();
    assert_eq!(clock.tick(&"a"), Err(Exhausted { limit: u64::MAX }));
    let message = VectorClock::from([("b", 7)]);
    assert_eq!(clock.receive(&"a", &message), Err(ReceiveError::Exhausted(Exhausted { limit: u64::MAX })));
    assert_eq!(clock, before);
    let mut vector = VersionVector::from([("a", u64::MAX)]);
    assert_eq!(vector.update(&"a"), Err(Exhausted { limit: u64::MAX }));
    assert_eq!(vector, [("a", u64::MAX)].into());
    assert_eq!(VersionVector::from([("a", u64::MAX), ("b", u64::MAX)]).weight(), 2 * u128::from(u64::MAX));
}

/// Whoever hears of more events of its own than it knows of finds out, and takes nothing over.
#[test]
fn hearing_of_oneself_from_the_future_is_amnesia() {
    let mut clock = VectorClock::from([("a", 3)]);
    let message = VectorClock::from([("a", 4), ("b", 9)]);
    let amnesia = Amnesia { known: 3, claimed: 4 };
    assert_eq!(clock.receive(&"a", &message), Err(amnesia.into()));
    assert_eq!(clock.observe(&"a", &message), Err(amnesia));
    assert_eq!(clock, [("a", 3)].into());

    // What it has done itself may come back to it.
    assert_eq!(clock.observe(&"a", &[("a", 3), ("b", 9)].into()), Ok(true));
    assert_eq!(clock.observe(&"a", &[("a", 2)].into()), Ok(false));
    assert_eq!(clock, [("a", 3), ("b", 9)].into());
}

/// An observation is no event, a reception is one.
#[test]
fn only_events_count() {
    let (mut a, b) = (VectorClock::from([("a", 1)]), VectorClock::from([("b", 1)]));
    a.observe(&"a", &b).unwrap();
    assert_eq!(a, [("a", 1), ("b", 1)].into());
    assert_eq!(a.receive(&"a", &b), Ok(Dot::new("a", 2).unwrap()));
    assert_eq!(a, [("a", 2), ("b", 1)].into());
}

/// The first entry out of place is the one that is named.
#[test]
fn refusals_name_the_entry() {
    let strict = |entries: &[(u8, u64)]| VersionVector::try_from_sorted(entries.iter().copied()).unwrap_err();
    assert_eq!(strict(&[(1, 1), (2, 0), (2, 1)]), NotCanonical::Zero { index: 1 });
    assert_eq!(strict(&[(1, 1), (1, 1), (0, 0)]), NotCanonical::Order { index: 1 });
}

/// Only the last dot retires an actor, and an actor that isn't there is no error.
#[test]
fn an_actor_retires_by_its_last_dot() {
    let mut clock = VersionVector::from([(1, 5), (2, 1)]);
    for known in [4, 6] {
        assert_eq!(clock.retire(&Dot::new(1, known).unwrap()), Err(NotLast { last: known, known: 5 }));
    }
    assert_eq!(clock.retire(&Dot::new(3, 1).unwrap()), Ok(false));
    assert_eq!(clock.retire(&Dot::new(1, 5).unwrap()), Ok(true));
    assert_eq!(clock, [(2, 1)].into());
}

/// What is retained is what the caller keeps, and the rest is unseen.
#[test]
fn entries_can_be_taken_away() {
    let mut clock = VersionVector::from([(1, 5), (2, 1), (3, 7), (4, 5)]);
    clock.retain(|actor, counter| actor % 2 == 1 || counter == 1);
    assert_eq!(clock, [(1, 5), (2, 1), (3, 7)].into());
}

/// Bases of a chain can't be mixed up.
#[test]
fn clocks_stripped_by_different_bases_are_not_compared() {
    let (early, late) = (VersionVector::from([(1, 1)]), VersionVector::from([(1, 2)]));
    let clock = VersionVector::from([(1, 3)]);
    let (by_early, by_late) = (clock.strip(&early).unwrap(), clock.strip(&late).unwrap());
    let error = by_early.compare(&by_late).unwrap_err();
    assert_eq!((error.stripped_by, error.base), (2, 1));
    assert!(by_early.fill(&late).is_err());

    // Nor are they equal, whatever is left of them.
    let (by_early, by_late) = (early.strip(&early).unwrap(), late.strip(&late).unwrap());
    assert!(by_early.as_slice().is_empty() && by_late.as_slice().is_empty());
    assert_ne!(by_early, by_late);
    assert_ne!(hash(&by_early), hash(&by_late));
    assert_eq!(hash(&by_early), hash(&by_early.clone()));
    assert_eq!(by_early.to_string(), "{} above a base of weight 1");
    assert_ne!(hash(&clock.strip(&late).unwrap()), hash(&by_late));
}

/// Ids that aren't `Copy`, looked up by what they lend.
#[test]
fn ids_can_be_strings() {
    let mut clock = VectorClock::new();
    clock.tick(&String::from("alice")).unwrap();
    assert_eq!((clock.get("alice"), clock.get("bob")), (1, 0));
    assert_eq!(format!("{clock:?}"), r#"VectorClock {"alice": 1}"#);
    assert_eq!(clock.to_string().parse(), Ok(clock));
    assert_eq!(VersionVector::<u8>::new().to_string(), "{}");
}

/// An actor is read as its type reads it; counters, and the order of what was read, have one form only.
#[test]
fn actors_are_read_by_their_own_rules() {
    for text in ["{1:2}", "{01:2}", "{+1:2}"] {
        assert_eq!(text.parse::<VersionVector<u8>>(), Ok([(1, 2)].into()), "{text}");
    }
    for text in ["{1:02}", "{1:+2}", "{1:0}", "{1:2, 01:2}", "{2:1, +1:1}", "{1:2,2:1}", "{1:2, }"] {
        assert!(text.parse::<VersionVector<u8>>().is_err(), "{text}");
    }
}

/// An iterator that panics leaves the clock as it was, and canonical.
#[test]
fn an_extension_that_panics_changes_nothing() {
    let mut clock = VersionVector::from([(1, 5), (2, 1)]);
    let entries = [(1, 9), (0, 1), (3, 1)].into_iter();
    let extension = AssertUnwindSafe(|| clock.extend(entries.inspect(|entry| assert_ne!(entry.0, 3))));
    catch_unwind(extension).unwrap_err();
    assert_eq!(clock, [(1, 5), (2, 1)].into());
}

/// Reuses what it has: a copy into a clock with room enough needs no allocation, and so keeps its address.
#[test]
fn copies_reuse_memory() {
    let source: VersionVector<u32> = (0..100).map(|actor| (actor, 1)).collect();
    let mut copy = source.clone();
    let address = copy.as_slice().as_ptr();
    copy.clone_from(&source);
    assert_eq!((copy.as_slice().as_ptr(), &copy), (address, &source));
    copy.clear();
    assert!(copy.is_empty() && copy.as_slice().as_ptr() == address);
}
