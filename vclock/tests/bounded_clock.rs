//! The laws of the bounded clock, against sets of events; what happens where it is full; that it agrees with the other
//! clocks on the same histories; and the forms that leave the process.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use spacelike_vclock::{
    Actor, Amnesia, BoundedClock, Causality, Counter, Dot, Exhausted, FromSortedError, Full, NotCanonical,
    ObserveError, OutOfRange, RaiseError, ReceiveError, TickError,
};

/// A clock stands for a set of dots; comparing, merging and meeting are inclusion, union and intersection of these.
#[test]
fn clocks_are_sets_of_events() {
    fn check<const CAP: usize>(actors: u8) {
        run(pairs::<CAP>(actors, 4), |(a, b)| {
            let (in_a, in_b) = (events(&a), events(&b));
            compared_as(&a, &b, relation(&in_a, &in_b))?;
            prop_assert_eq!(a.weight(), in_a.len() as u128);
            prop_assert_eq!(a.is_empty(), in_a.is_empty());
            for actor in 0..=actors {
                let count = in_a.iter().filter(|dot| dot.0 == actor).count();
                prop_assert_eq!(usize::from(a.get(&actor)), count);
                for k in 1..=5 {
                    prop_assert_eq!(a.contains(&Dot::new(actor, k).unwrap()), in_a.contains(&(actor, k)));
                }
            }

            let union = &in_a | &in_b;
            let needed = union.iter().map(|dot| dot.0).collect::<BTreeSet<_>>().len();
            let mut merged = a;
            if needed <= CAP {
                prop_assert_eq!(merged.merge(&b), Ok(!in_b.is_subset(&in_a)));
                prop_assert_eq!(events(&merged), union);
            } else {
                prop_assert_eq!(merged.merge(&b), Err(Full { capacity: CAP, needed }));
                prop_assert_eq!(merged, a);
            }
            is_canonical(&merged)?;

            let mut met = a;
            met.meet(&b);
            prop_assert_eq!(events(&met), &in_a & &in_b);
            is_canonical(&met)
        });
    }

    check::<0>(0);
    check::<1>(2);
    check::<3>(5);
    check::<8>(8);
    check::<40>(50);
    check::<200>(200);
}

/// Every way in which the actors of two clocks of up to five can lie to each other, with every choice of counters to be
/// raised, into every capacity: nothing is lost, moved over or put twice.
#[test]
fn every_overlap_is_merged() {
    fn check<const CAP: usize>() {
        let of = |actors: u8, counter: &dyn Fn(u8) -> u8| {
            let named = (0..5).filter(|actor| actors >> actor & 1 == 1);
            named.map(|actor| (actor, counter(actor))).collect::<Vec<_>>()
        };
        let clock =
            |entries: &[(u8, u8)]| BoundedClock::<u8, CAP, u8>::try_from_sorted(entries.iter().copied());
        for (left, right) in (0..32).flat_map(|left| (0..32).map(move |right| (left, right))) {
            // Which of the right's are greater matters only where both have one.
            for greater in (0..32).filter(|greater| greater & !(left & right) == 0) {
                let l = of(left, &|_| 2);
                let r = of(right, &|actor| if greater >> actor & 1 == 1 { 3 } else { 1 });
                let (Ok(mut merged), Ok(other)) = (clock(&l), clock(&r)) else { continue };
                let union = of(left | right, &|actor| match (left >> actor & 1, greater >> actor & 1) {
                    (_, 1) => 3,
                    (1, _) => 2,
                    _ => 1,
                });
                let outcome = merged.merge(&other);
                if union.len() <= CAP {
                    assert_eq!(outcome, Ok(union != l), "{l:?} {r:?}");
                    assert_eq!(merged.as_slice(), union, "{l:?} {r:?}");
                } else {
                    assert_eq!(outcome, Err(Full { capacity: CAP, needed: union.len() }), "{l:?} {r:?}");
                    assert_eq!(merged.as_slice(), l, "{l:?} {r:?}");
                }
            }
        }
    }

    check::<0>();
    check::<1>();
    check::<2>();
    check::<3>();
    check::<4>();
    check::<5>();
    check::<10>();
}

/// The merge of two clocks is after both, and before whatever else is: the least upper bound. So order, grouping and
/// repetition make no difference. A meet is the greatest lower bound.
#[test]
fn merge_is_the_least_upper_bound() {
    run((pairs::<6>(6, 3), pairs::<6>(6, 3)), |((a, b), (c, _))| {
        let merged = |mut a: Small, b: Small| {
            a.merge(&b).unwrap();
            a
        };
        let met = |mut a: Small, b: Small| {
            a.meet(&b);
            a
        };
        prop_assert!(a <= merged(a, b) && b <= merged(a, b));
        prop_assert_eq!(a <= c && b <= c, merged(a, b) <= c);
        prop_assert_eq!(c <= a && c <= b, c <= met(a, b));
        prop_assert_eq!(merged(a, b), merged(b, a));
        prop_assert_eq!(merged(merged(a, b), c), merged(a, merged(b, c)));
        prop_assert_eq!(merged(a, a), a);
        prop_assert_eq!(merged(a, met(a, b)), a);
        Ok(())
    });
}

/// `<` is transitive, `<=` antisymmetric; and the total order is total, the same for all, and agrees with both.
#[test]
fn the_orders_are_orders() {
    run((pairs::<6>(6, 3), pairs::<6>(6, 3)), |((a, b), (c, _))| {
        prop_assert_eq!(a.partial_cmp(&a), Some(Ordering::Equal));
        prop_assert_eq!(a <= b && b <= a, a == b);
        prop_assert!(!(a <= b && b <= c) || a <= c);
        prop_assert!(!(a < b && b < c) || a < c);

        prop_assert_eq!(a.total_cmp(&b), b.total_cmp(&a).reverse());
        prop_assert_eq!(a.total_cmp(&b) == Ordering::Equal, a == b);
        prop_assert!(!(a.total_cmp(&b).is_le() && b.total_cmp(&c).is_le()) || a.total_cmp(&c).is_le());
        if let Some(ordering) = a.partial_cmp(&b) {
            prop_assert_eq!(a.total_cmp(&b), ordering);
        }
        Ok(())
    });
}

/// Whatever the clock, the message and the actor: what is refused changes nothing, for the first reason that there is;
/// what is not has exactly the effects it should; and no counter wraps or is lowered.
#[test]
fn what_is_refused_changes_nothing() {
    let (amnesiac, exhausting, overfull, taken) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u32>| counter.set(counter.get() + 1);
    let test = |((clock, message), own): ((Bounded<3>, Bounded<3>), u8)| {
        let (known, claimed) = (clock.get(&own), message.get(&own));
        let amnesia = Amnesia { known: known.into(), claimed: claimed.into() };
        let exhausted = Exhausted { limit: 255 };
        let full = |needed| Full { capacity: 3, needed };
        let union: BTreeMap<u8, u8> =
            clock.iter().chain(message.iter()).fold(BTreeMap::new(), |mut union, (&actor, counter)| {
                let entry = union.entry(actor).or_default();
                *entry = counter.max(*entry);
                union
            });
        let with_event = |mut entries: BTreeMap<u8, u8>| {
            entries.insert(own, known + 1);
            entries
        };
        let next = Dot::new(own, u64::from(known) + 1).unwrap();

        let mut ticked = clock;
        let expected = if known == 255 {
            Err(TickError::Exhausted(exhausted))
        } else if known == 0 && clock.len() == 3 {
            Err(TickError::Full(full(4)))
        } else {
            Ok(next)
        };
        prop_assert_eq!(ticked.tick(own), expected);
        prop_assert_eq!(map(&ticked), if expected.is_ok() { with_event(map(&clock)) } else { map(&clock) });

        let mut observed = clock;
        let expected = if claimed > known {
            Err(ObserveError::Amnesia(amnesia))
        } else if union.len() > 3 {
            Err(ObserveError::Full(full(union.len())))
        } else {
            Ok(union != map(&clock))
        };
        prop_assert_eq!(observed.observe(own, &message), expected);
        prop_assert_eq!(map(&observed), if expected.is_ok() { union.clone() } else { map(&clock) });

        let mut receiver = clock;
        let needed = union.len() + usize::from(known == 0);
        let expected = if claimed > known {
            count(&amnesiac);
            Err(ReceiveError::Amnesia(amnesia))
        } else if known == 255 {
            count(&exhausting);
            Err(ReceiveError::Exhausted(exhausted))
        } else if needed > 3 {
            count(&overfull);
            Err(ReceiveError::Full(full(needed)))
        } else {
            count(&taken);
            Ok(next)
        };
        prop_assert_eq!(receiver.receive(own, &message), expected);
        prop_assert_eq!(map(&receiver), if expected.is_ok() { with_event(union) } else { map(&clock) });

        for clock in [ticked, observed, receiver] {
            is_canonical(&clock)?;
        }
        Ok(())
    };
    TestRunner::deterministic().run(&(pairs::<3>(5, u8::MAX), 0..5_u8), test).unwrap();
    assert!([amnesiac, exhausting, overfull, taken].iter().all(|counter| counter.get() > 10));
}

/// Dots come in one by one, in any order, as long as there is room; each brings those before it along.
#[test]
fn dots_are_taken_over_one_by_one() {
    let dots = vec((0..6_u8, prop_oneof![1..4_u64, 250..260_u64]), 0..20);
    run(dots, |dots| {
        let (mut clock, mut model) = (BoundedClock::<u8, 4, u8>::new(), BTreeMap::new());
        for (actor, counter) in dots {
            let known = model.get(&actor).copied();
            let expected = if counter > 255 {
                Err(RaiseError::OutOfRange(OutOfRange { counter, limit: 255 }))
            } else if known.is_none() && model.len() == 4 {
                Err(RaiseError::Full(Full { capacity: 4, needed: 5 }))
            } else {
                Ok(known.is_none_or(|known| u64::from(known) < counter))
            };
            prop_assert_eq!(clock.raise(Dot::new(actor, counter).unwrap()), expected);
            if expected == Ok(true) {
                model.insert(actor, u8::try_from(counter).unwrap());
            }
            prop_assert_eq!(map(&clock), model.clone());
            is_canonical(&clock)?;
        }
        Ok(())
    });
}

/// What is taken away is gone, and leaves no trace in what is equal or hashed; and the room is there again.
#[test]
fn what_is_taken_away_leaves_no_trace() {
    run((pairs::<6>(6, 3), any::<[bool; 6]>()), |((clock, _), keep)| {
        let mut retained = clock;
        retained.retain(|&actor, counter| {
            assert_eq!(clock.get(&actor), counter);
            keep[usize::from(actor)]
        });
        let left: Vec<_> =
            clock.as_slice().iter().copied().filter(|entry| keep[usize::from(entry.0)]).collect();
        let fresh = Small::try_from_sorted(left).unwrap();
        compared_as(&retained, &fresh, Causality::Equal)?;
        prop_assert_eq!(format!("{retained:?}"), format!("{fresh:?}"));

        let mut again = retained;
        prop_assert!(again.merge(&clock).is_ok());
        prop_assert_eq!(again, clock);
        again.clear();
        compared_as(&again, &Small::new(), Causality::Equal)
    });
}

/// A clock without room can be used as any other: it has seen nothing, and takes in nothing else.
#[test]
fn a_clock_without_room_stays_empty() {
    let mut clock = BoundedClock::<u8, 0>::new();
    let full = Full { capacity: 0, needed: 1 };
    assert_eq!(clock.tick(1), Err(full.into()));
    assert_eq!(clock.raise(Dot::new(1, 1).unwrap()), Err(full.into()));
    assert_eq!(clock.receive(1, &BoundedClock::new()), Err(full.into()));
    assert_eq!(clock.observe(1, &BoundedClock::new()), Ok(false));
    assert_eq!(clock.merge(&BoundedClock::new()), Ok(false));
    assert_eq!(BoundedClock::<u8, 0>::try_from_sorted([(1, 1)]), Err(full.into()));
    clock.retain(|_, _| true);
    clock.meet(&BoundedClock::new());
    assert!(clock.is_empty() && clock == BoundedClock::default());
    assert_eq!(clock.compare(&BoundedClock::new()), Causality::Equal);
}

/// A full clock goes on counting and taking over what it has names for.
#[test]
fn a_full_clock_goes_on_with_whom_it_knows() {
    let mut clock = BoundedClock::<char, 2>::new();
    clock.tick('b').unwrap();
    clock.tick('a').unwrap();
    assert_eq!(clock.tick('c'), Err(Full { capacity: 2, needed: 3 }.into()));
    assert_eq!(clock.tick('a').ok(), Dot::new('a', 2));
    let message = BoundedClock::try_from_sorted([('a', 2), ('b', 7)]).unwrap();
    assert_eq!(clock.receive('a', &message).ok(), Dot::new('a', 3));
    assert_eq!(clock.to_string(), "{a:3, b:7}");
}

/// Entries are taken as they are, or not at all; and the first that is wrong ends it, even if there is no end.
#[test]
fn entries_that_are_not_canonical_are_refused() {
    type Clock = BoundedClock<u8, 3, u8>;
    let refuses = |entries: &[(u8, u8)], error: FromSortedError| {
        assert_eq!(Clock::try_from_sorted(entries.iter().copied()), Err(error), "{entries:?}");
    };
    refuses(&[(1, 1), (1, 1)], NotCanonical::Order { index: 1 }.into());
    refuses(&[(1, 1), (2, 1), (1, 1)], NotCanonical::Order { index: 2 }.into());
    refuses(&[(1, 0)], NotCanonical::Zero { index: 0 }.into());
    refuses(&[(1, 1), (2, 0)], NotCanonical::Zero { index: 1 }.into());
    refuses(&[(1, 1), (2, 1), (3, 1), (4, 1), (0, 0)], Full { capacity: 3, needed: 4 }.into());
    assert_eq!(
        BoundedClock::<u64, 3>::try_from_sorted((0..).map(|id| (id, 1))),
        Err(Full { capacity: 3, needed: 4 }.into())
    );
}

/// On the same history, the fixed clock, the bounded one and those of the heap say the same of all pairs of events, and
/// show the same counters: as vector clocks, and as version vectors.
#[cfg(feature = "alloc")]
#[test]
fn all_clocks_agree_on_the_same_history() {
    use spacelike_vclock::{FixedClock, VectorClock, VersionVector};

    #[derive(Clone, Default)]
    struct Node {
        events: (FixedClock<NODES, u16>, BoundedClock<usize, NODES, u16>, VectorClock<usize>),
        updates: (FixedClock<NODES, u16>, BoundedClock<usize, NODES, u16>, VersionVector<usize>),
    }

    let steps = vec((0..4_u8, 0..NODES, any::<Index>()), 0..60);
    run(steps, |steps| {
        let mut nodes: [Node; NODES] = Default::default();
        let mut states = vec![Node::default()];
        for (kind, own, which) in steps {
            let message = states[which.index(states.len())].clone();
            let Node { events: (fixed, bounded, heap), updates: (fixed_data, bounded_data, heap_data) } =
                &mut nodes[own];
            if kind < 2 {
                let dot = fixed.tick(own).unwrap();
                prop_assert_eq!(bounded.tick(own), Ok(dot));
                prop_assert_eq!(heap.tick(&own), Ok(dot));
                if kind == 0 {
                    let dot = fixed_data.tick(own).unwrap();
                    prop_assert_eq!(bounded_data.tick(own), Ok(dot));
                    prop_assert_eq!(heap_data.update(&own), Ok(dot));
                }
            } else {
                let dot = fixed.receive(own, &message.events.0).unwrap();
                prop_assert_eq!(bounded.receive(own, &message.events.1), Ok(dot));
                prop_assert_eq!(heap.receive(&own, &message.events.2), Ok(dot));
                let news = fixed_data.observe(own, &message.updates.0).unwrap();
                prop_assert_eq!(bounded_data.observe(own, &message.updates.1), Ok(news));
                prop_assert_eq!(heap_data.observe(&own, &message.updates.2), Ok(news));
            }
            prop_assert_eq!(bounded.to_string(), heap.to_string());
            prop_assert_eq!(bounded_data.to_string(), heap_data.to_string());
            for index in 0..NODES {
                prop_assert_eq!(u64::from(fixed.get(index)), heap.get(&index));
                prop_assert_eq!(u64::from(fixed_data.get(index)), heap_data.get(&index));
            }
            prop_assert_eq!(fixed.weight(), heap.weight());
            prop_assert_eq!(bounded.weight(), heap.weight());
            states.push(nodes[own].clone());
        }
        for a in &states {
            for b in &states {
                let relation = a.events.2.compare(&b.events.2);
                prop_assert_eq!(a.events.0.compare(&b.events.0), relation);
                prop_assert_eq!(a.events.1.compare(&b.events.1), relation);
                let relation = a.updates.2.compare(&b.updates.2);
                prop_assert_eq!(a.updates.0.compare(&b.updates.0), relation);
                prop_assert_eq!(a.updates.1.compare(&b.updates.1), relation);
                prop_assert_eq!(a.events.1.total_cmp(&b.events.1), a.events.2.total_cmp(&b.events.2));
            }
        }
        Ok(())
    });
}

/// Each width counts to its end, and not further.
#[test]
fn counters_stop_at_their_limit() {
    fn check<C: Counter>(limit: u64) {
        let begin = [('a', C::from_u64(limit - 1).unwrap())];
        let mut clock = BoundedClock::<char, 2, C>::try_from_sorted(begin).unwrap();
        assert_eq!(clock.tick('a').ok(), Dot::new('a', limit));
        assert_eq!(clock.tick('a'), Err(Exhausted { limit }.into()));
        assert_eq!(clock.tick('b').ok(), Dot::new('b', 1));
        assert_eq!(clock.as_slice(), [('a', C::MAX), ('b', C::from_u64(1).unwrap())]);
    }
    check::<u8>(255);
    check::<u16>(65_535);
    check::<u32>(4_294_967_295);
    check::<u64>(u64::MAX);
}

/// A clock is its entries and how many there are; nothing is spent on there being none.
#[test]
fn sizes_are_small() {
    fn check<A, const CAP: usize, C>() {
        assert_eq!(size_of::<BoundedClock<A, CAP, C>>(), size_of::<([(A, C); CAP], usize)>());
    }
    check::<u8, 4, u8>();
    check::<u16, 8, u16>();
    check::<u32, 8, u64>();
    check::<u64, 0, u64>();
    assert_eq!(BoundedClock::<u8, 4>::CAPACITY, 4);
}

/// A clock can be made at compile time, may go to other threads and across an unwind, and be part of what is copied,
/// compared and hashed; and its actors need no default.
#[test]
fn clocks_are_plain_data() {
    fn plain<T: Copy + Eq + PartialOrd + Hash + Default + Debug + Send + Sync + Unpin + 'static>() {}
    static CLOCK: BoundedClock<Actor<u32>, 5> = BoundedClock::new();
    plain::<BoundedClock<Actor<u32>, 5>>();
    plain::<BoundedClock<std::num::NonZeroU8, 5, u8>>();
    let mut clock = CLOCK;
    assert_eq!(clock.tick(Actor::new(7)).map(|dot| dot.to_string()), Ok("7#0:1".to_owned()));
    assert!(CLOCK < clock);
}

/// What a person reads, pinned. The entries are those that `iter` gives.
#[test]
fn clocks_have_this_text() {
    let clock = BoundedClock::<_, 4>::try_from_sorted([("a", 2), ("b", 1)]).unwrap();
    assert_eq!(clock.to_string(), "{a:2, b:1}");
    assert_eq!(format!("{clock:?}"), "BoundedClock {\"a\": 2, \"b\": 1}");
    assert_eq!(BoundedClock::<u8, 4>::new().to_string(), "{}");
    assert!(clock.iter().eq([(&"a", 2), (&"b", 1)]));
    assert_eq!((clock.len(), clock.iter().len()), (2, 2));
}

/// Each error's text stands alone, says what to do, and says it once: none names a source whose text it repeats.
#[test]
fn errors_say_what_was_wrong() {
    use std::error::Error;

    let full = Full { capacity: 2, needed: 3 };
    let out_of_range = OutOfRange { counter: 256, limit: 255 };
    let text_of_full =
        "there is room for 2 actors, and 3 are needed: retire some, or take a clock with more room";
    let errors: [(Box<dyn Error + Send + Sync>, &str); 7] = [
        (full.into(), text_of_full),
        (TickError::from(full).into(), text_of_full),
        (ObserveError::from(full).into(), text_of_full),
        (ReceiveError::from(full).into(), text_of_full),
        (RaiseError::from(full).into(), text_of_full),
        (FromSortedError::from(full).into(), text_of_full),
        (
            RaiseError::from(out_of_range).into(),
            "the clock counts up to 255, not to 256: take a clock with wider counters",
        ),
    ];
    for (error, text) in errors {
        assert_eq!(error.to_string(), text);
        assert!(error.source().is_none());
    }
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;

    type Clock = BoundedClock<u8, 3, u8>;

    /// A clock is a sequence of pairs: in postcard, preceded by how many there are.
    #[test]
    fn clocks_are_sequences_of_pairs() {
        let clock = BoundedClock::<u16, 3, u16>::try_from_sorted([(1, 300), (7, 1)]).unwrap();
        assert_eq!(serde_json::to_string(&clock).unwrap(), "[[1,300],[7,1]]");
        assert_eq!(serde_json::from_str::<BoundedClock<u16, 3, u16>>("[[1,300],[7,1]]").unwrap(), clock);
        assert_eq!(postcard::to_stdvec(&clock).unwrap(), [2, 1, 0xAC, 2, 7, 1]);
        assert_eq!(postcard::from_bytes::<BoundedClock<u16, 3, u16>>(&[2, 1, 0xAC, 2, 7, 1]).unwrap(), clock);
    }

    /// What no clock is written as is refused, and said why.
    #[test]
    fn what_serialisation_cannot_give_is_refused() {
        for (json, why) in [
            ("[[1,1],[1,1]]", "the id at index 1 is not greater"),
            ("[[2,1],[1,1]]", "the id at index 1 is not greater"),
            ("[[1,0]]", "the counter at index 0 is zero"),
            ("[[1,1],[2,1],[3,1],[4,1]]", "there is room for 3 actors, and 4 are needed"),
            ("[[1,256]]", "expected u8"),
            ("[[1]]", "invalid length"),
            ("[[1,1,1]]", "trailing characters"),
            ("{\"1\":1}", "expected at most 3 pairs"),
            ("null", "expected at most 3 pairs"),
        ] {
            let error = serde_json::from_str::<Clock>(json).unwrap_err().to_string();
            assert!(error.contains(why), "{json}: {error}");
        }
        for bytes in [&[2, 1, 1, 1, 1][..], &[1, 1, 0], &[4, 1, 1, 2, 1, 3, 1, 4, 1], &[2, 1, 1], &[]] {
            assert!(postcard::from_bytes::<Clock>(bytes).is_err(), "{bytes:?}");
        }
    }

    /// How many entries are announced makes no difference: memory is that of the clock.
    #[test]
    fn announced_entries_take_no_memory() {
        let bytes = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1];
        assert!(postcard::from_bytes::<Clock>(&bytes).is_err());
    }

    /// A number in more bytes than it needs is read, and is written in as few as it does.
    #[test]
    fn a_long_zero_is_an_empty_clock() {
        let clock = postcard::from_bytes::<Small>(&[0x80, 0]).unwrap();
        assert!(clock.is_empty());
        assert_eq!(postcard::to_stdvec(&clock).unwrap(), [0]);
    }

    proptest! {
        /// Clocks survive a text format and a binary one.
        #[test]
        fn serde_round_trips((clock, _) in pairs::<6>(6, u8::MAX)) {
            prop_assert_eq!(serde_json::from_str::<Small>(&serde_json::to_string(&clock).unwrap()).unwrap(), clock);
            prop_assert_eq!(postcard::from_bytes::<Small>(&postcard::to_stdvec(&clock).unwrap()).unwrap(), clock);
        }

        /// Nothing makes deserialisation panic, and what it gives is canonical.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(prop_oneof![any::<u8>(), 0..6_u8], 0..20)) {
            if let Ok(clock) = postcard::from_bytes::<Small>(&bytes) {
                is_canonical(&clock)?;
                // Not the same bytes: postcard reads numbers that were written with more of them than needed.
                let again = postcard::to_stdvec(&clock).unwrap();
                prop_assert!(again.len() <= bytes.len());
                prop_assert_eq!(postcard::from_bytes::<Small>(&again).unwrap(), clock);
            }
            let _ = serde_json::from_slice::<Small>(&bytes);
        }
    }
}

#[cfg(feature = "alloc")]
const NODES: usize = 4;

type Small = BoundedClock<u8, 6, u8>;

/// Dots, as pairs of an actor and which of its events it is.
type Events = BTreeSet<(u8, u64)>;

fn events<const CAP: usize>(clock: &Bounded<CAP>) -> Events {
    clock.iter().flat_map(|(&actor, counter)| (1..=counter.into()).map(move |k| (actor, k))).collect()
}

fn map<const CAP: usize>(clock: &Bounded<CAP>) -> BTreeMap<u8, u8> {
    clock.as_slice().iter().copied().collect()
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

/// All ways to ask for the relation of two clocks give this answer.
fn compared_as<const CAP: usize>(
    a: &Bounded<CAP>,
    b: &Bounded<CAP>,
    relation: Causality,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.compare(b), relation);
    prop_assert_eq!(b.compare(a), relation.reverse());
    prop_assert_eq!(a.partial_cmp(b), relation.to_ordering());
    prop_assert_eq!(a.is_le(b), relation.is_le());
    prop_assert_eq!(a.is_lt(b), relation.is_lt());
    prop_assert_eq!(a.dominates(b), relation.is_ge());
    prop_assert_eq!(a.is_concurrent(b), relation.is_concurrent());
    prop_assert_eq!((a <= b, a < b), (relation.is_le(), relation.is_lt()));
    prop_assert_eq!((a >= b, a > b), (relation.is_ge(), relation.is_gt()));
    prop_assert_eq!(a == b, relation == Causality::Equal);
    if a == b {
        prop_assert_eq!(hash(a), hash(b));
    }
    Ok(())
}

/// It fits, is sorted and has no zeros; else it couldn't be made of its own entries again.
fn is_canonical<const CAP: usize>(clock: &Bounded<CAP>) -> Result<(), TestCaseError> {
    prop_assert_eq!(BoundedClock::try_from_sorted(clock.as_slice().iter().copied()), Ok(*clock));
    Ok(())
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn run<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    // Large clocks take their time; the laws have few cases, and each run takes others.
    let config = ProptestConfig { cases: 100, ..ProptestConfig::default() };
    TestRunner::new(config).run(&strategy, test).unwrap();
}

/// A clock, and one that differs from it in a few entries or in all: so are those that meet. Actors are below `actors`,
/// counters up to `max`, and rather small or great.
fn pairs<const CAP: usize>(actors: u8, max: u8) -> impl Strategy<Value = (Bounded<CAP>, Bounded<CAP>)> {
    let counters =
        move || prop_oneof![1..=max.min(4), max - max.min(3)..=max].prop_map(|counter| counter.max(1));
    let entries = move |len| btree_map(0..actors.max(1), counters(), 0..=len);
    let clock =
        |entries: BTreeMap<u8, u8>| BoundedClock::try_from_sorted(entries.into_iter().take(CAP)).unwrap();
    let most = CAP.min(actors.into());
    let changed =
        (entries(most), entries(3), vec(any::<Index>(), 0..3)).prop_map(|(entries, changes, removals)| {
            let mut changed = entries.clone();
            for index in removals {
                if !changed.is_empty() {
                    let actor = *changed.keys().nth(index.index(changed.len())).unwrap();
                    changed.remove(&actor);
                }
            }
            changed.extend(changes);
            (entries, changed)
        });
    prop_oneof![(entries(most), entries(most)), (entries(most), entries(2)), changed]
        .prop_map(move |(a, b)| (clock(a), clock(b)))
}

type Bounded<const CAP: usize> = BoundedClock<u8, CAP, u8>;
