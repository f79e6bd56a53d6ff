//! The laws of the fixed clock, against sets of events; that what peers send can't break it, and the forms that leave the
//! process.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use spacelike_vclock::{
    Amnesia, Causality, Counter, Dot, Exhausted, FixedClock, LenDiffers, ParseFixedClockError, ReceiveError,
};

/// A clock stands for a set of dots; comparing, merging and meeting are inclusion, union and intersection of these.
#[test]
fn clocks_are_sets_of_events() {
    fn events<const N: usize, C: Counter>(clock: &FixedClock<N, C>) -> Events {
        let counters = clock.as_slice().iter().enumerate();
        counters.flat_map(|(index, counter)| (1..=counter.to_u64()).map(move |k| (index, k))).collect()
    }

    fn check<const N: usize, C: Counter>() {
        run(pairs::<N, C>(4), |(a, b)| {
            let (in_a, in_b) = (events(&a), events(&b));
            compared_as(&a, &b, relation(&in_a, &in_b))?;
            prop_assert_eq!(a.weight(), in_a.len() as u128);
            prop_assert_eq!(a.is_empty(), in_a.is_empty());
            for index in 0..N + 2 {
                for k in 1..=5 {
                    prop_assert_eq!(a.contains(&Dot::new(index, k).unwrap()), in_a.contains(&(index, k)));
                }
            }

            let (mut union, mut intersection) = (a, a);
            prop_assert_eq!(union.merge(&b), !in_b.is_subset(&in_a));
            prop_assert_eq!(events(&union), &in_a | &in_b);
            intersection.meet(&b);
            prop_assert_eq!(events(&intersection), &in_a & &in_b);
            Ok(())
        });
    }

    check::<0, u64>();
    check::<1, u8>();
    check::<3, u8>();
    check::<3, u64>();
    check::<8, u16>();
    check::<33, u64>();
    check::<100, u32>();
}

/// The same answers of counters up to the greatest, whose events are too many for a set.
#[test]
fn great_counters_are_compared_by_all_of_their_bits() {
    fn check<const N: usize, C: Counter>() {
        run(pairs::<N, C>(u64::MAX), |(a, b)| {
            let both = || a.to_array().into_iter().zip(b.to_array());
            let less = both().any(|(a, b)| a < b);
            let greater = both().any(|(a, b)| a > b);
            let relation = match (less, greater) {
                (false, false) => Causality::Equal,
                (true, false) => Causality::Before,
                (false, true) => Causality::After,
                (true, true) => Causality::Concurrent,
            };
            compared_as(&a, &b, relation)?;

            let (mut union, mut intersection) = (a, a);
            prop_assert_eq!(union.merge(&b), less);
            prop_assert!(both().zip(union.to_array()).all(|((a, b), c)| c == a.max(b)));
            intersection.meet(&b);
            prop_assert!(both().zip(intersection.to_array()).all(|((a, b), c)| c == a.min(b)));
            Ok(())
        });
    }

    check::<2, u8>();
    check::<64, u16>();
    check::<65, u32>();
    check::<70, u64>();
    check::<257, u8>();
}

/// Whichever counter differs, and whichever two, is found: in the first block, in the last, and at their ends.
#[test]
fn no_counter_is_overlooked() {
    fn check<const N: usize, C: Counter>() {
        let one = C::from_u64(1).unwrap();
        let with = |indexes: &[usize]| {
            let mut counters = [one; N];
            for &index in indexes {
                counters[index] = C::MAX;
            }
            FixedClock::from(counters)
        };
        for index in 0..N {
            assert_eq!(with(&[]).compare(&with(&[index])), Causality::Before);
            assert_eq!(with(&[index]).compare(&with(&[])), Causality::After);
            assert!(with(&[]).is_lt(&with(&[index])) && !with(&[index]).is_le(&with(&[])));
            assert!(with(&[index]).merge(&with(&[(index + 1) % N])) == (N > 1));
            let other = (index + N / 2) % N;
            let relation = if other == index { Causality::Equal } else { Causality::Concurrent };
            assert_eq!(with(&[index]).compare(&with(&[other])), relation);
            assert_eq!(with(&[index]).is_le(&with(&[other])), other == index);
        }
    }

    check::<1, u64>();
    check::<64, u64>();
    check::<65, u64>();
    check::<300, u8>();
    check::<257, u16>();
}

/// The merge of two clocks is after both, and before whatever else is: the least upper bound. So order, grouping and
/// repetition make no difference. A meet is the greatest lower bound.
#[test]
fn merge_is_the_least_upper_bound() {
    run((pairs::<5, u8>(4), pairs::<5, u8>(4)), |((a, b), (c, _))| {
        let merged = |a: FixedClock<5, u8>, b: FixedClock<5, u8>| {
            let mut merged = a;
            merged.merge(&b);
            merged
        };
        let met = |a: FixedClock<5, u8>, b: FixedClock<5, u8>| {
            let mut met = a;
            met.meet(&b);
            met
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
    run((pairs::<4, u8>(3), pairs::<4, u8>(3)), |((a, b), (c, _))| {
        prop_assert!(a <= a && !a.is_lt(&a));
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

/// Which total order it is, pinned: all nodes must have the same one.
#[test]
fn the_total_order_is_by_weight_then_by_counters() {
    let total = |a: [u8; 2], b: [u8; 2]| FixedClock::from(a).total_cmp(&FixedClock::from(b));
    assert_eq!(total([0, 9], [1, 0]), Ordering::Greater);
    assert_eq!(total([1, 2], [2, 1]), Ordering::Less);
}

/// The clock condition of vector clocks, in both directions (Mattern 1989): over random executions with lost, repeated and
/// overtaken messages, one event's clock is before another's exactly if the one happened before the other.
#[test]
fn clocks_say_what_happened_before() {
    let steps = vec((0..4_u8, 0..NODES, any::<Index>()), 0..80);
    run(steps, |steps| {
        let mut clocks = [FixedClock::<NODES, u16>::new(); NODES];
        let mut known: [Events; NODES] = Default::default();
        let mut sent: Vec<(FixedClock<NODES, u16>, Events)> = Vec::new();
        let mut events: Vec<(FixedClock<NODES, u16>, (usize, u64), Events)> = Vec::new();
        for (kind, node, which) in steps {
            let message = (!sent.is_empty()).then(|| sent[which.index(sent.len())].clone());
            let dot = match (kind, message) {
                // Takes over what a message says, without an event.
                (3, Some((clock, past))) => {
                    let news = !past.is_subset(&known[node]);
                    prop_assert_eq!(clocks[node].observe(node, &clock), Ok(news));
                    known[node].extend(past);
                    continue;
                }
                (2, Some((clock, past))) => {
                    known[node].extend(past);
                    clocks[node].receive(node, &clock).unwrap()
                }
                _ => clocks[node].tick(node).unwrap(),
            };
            let event = (dot.actor, dot.counter.get());
            prop_assert!(event.0 == node && known[node].insert(event), "dots are unique");
            events.push((clocks[node], event, known[node].clone()));
            if kind == 1 {
                sent.push((clocks[node], known[node].clone()));
            }
        }
        for (a, dot_of_a, past_of_a) in &events {
            for (b, dot_of_b, past_of_b) in &events {
                let relation = match (past_of_b.contains(dot_of_a), past_of_a.contains(dot_of_b)) {
                    (true, true) => Causality::Equal,
                    (true, false) => Causality::Before,
                    (false, true) => Causality::After,
                    (false, false) => Causality::Concurrent,
                };
                prop_assert_eq!(a.compare(b), relation);
            }
        }
        Ok(())
    });
}

/// Whatever the clock and the message: what is refused changes nothing, what is not has exactly the effects it should, and
/// no counter wraps or is lowered.
#[test]
fn what_is_refused_changes_nothing() {
    let (amnesiac, exhausting, taken) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u32>| counter.set(counter.get() + 1);
    let test = |((clock, message), own): ((FixedClock<3, u8>, FixedClock<3, u8>), usize)| {
        let (known, claimed) = (clock.get(own), message.get(own));
        let amnesia = Amnesia { known: known.into(), claimed: claimed.into() };
        let exhausted = Exhausted { limit: 255 };

        let mut ticked = clock;
        if known == 255 {
            prop_assert_eq!(ticked.tick(own), Err(exhausted));
            prop_assert_eq!(ticked, clock);
        } else {
            prop_assert_eq!(ticked.tick(own).ok(), Dot::new(own, u64::from(known) + 1));
            let mut counters = clock.to_array();
            counters[own] += 1;
            prop_assert_eq!(ticked.to_array(), counters);
        }

        let mut merged = clock;
        merged.merge(&message);
        let mut observed = clock;
        if claimed > known {
            prop_assert_eq!(observed.observe(own, &message), Err(amnesia));
            prop_assert_eq!(observed, clock);
        } else {
            prop_assert_eq!(observed.observe(own, &message), Ok(merged != clock));
            prop_assert_eq!(observed, merged);
        }

        let mut receiver = clock;
        let outcome = receiver.receive(own, &message);
        if claimed > known {
            count(&amnesiac);
            prop_assert_eq!(outcome, Err(ReceiveError::Amnesia(amnesia)));
            prop_assert_eq!(receiver, clock);
        } else if known == 255 {
            count(&exhausting);
            prop_assert_eq!(outcome, Err(ReceiveError::Exhausted(exhausted)));
            prop_assert_eq!(receiver, clock);
        } else {
            count(&taken);
            prop_assert_eq!(outcome.ok(), merged.tick(own).ok());
            prop_assert_eq!(receiver, merged);
        }
        Ok(())
    };
    TestRunner::deterministic().run(&(pairs::<3, u8>(u64::MAX), 0..3_usize), test).unwrap();
    assert!([amnesiac, exhausting, taken].iter().all(|counter| counter.get() > 10));
}

/// Each width counts to its end, and not further.
#[test]
fn counters_stop_at_their_limit() {
    fn check<C: Counter>(limit: u64) {
        let mut clock = FixedClock::<2, C>::from([C::ZERO, C::from_u64(limit - 1).unwrap()]);
        assert_eq!(clock.tick(1).ok(), Dot::new(1, limit));
        assert_eq!(clock.tick(1), Err(Exhausted { limit }));
        assert_eq!(clock.tick(0).ok(), Dot::new(0, 1));
        assert_eq!(clock.as_slice(), [C::from_u64(1).unwrap(), C::MAX]);
    }
    check::<u8>(255);
    check::<u16>(65_535);
    check::<u32>(4_294_967_295);
    check::<u64>(u64::MAX);
}

/// The sum of all counters doesn't wrap, either.
#[test]
fn the_weight_has_room_for_all_counters() {
    assert_eq!(FixedClock::from([u64::MAX; 4]).weight(), 4 * u128::from(u64::MAX));
    assert_eq!(FixedClock::from([u8::MAX; 500]).weight(), 127_500);
}

/// An index that isn't there is the caller's mistake, and none that goes unnoticed.
#[test]
fn an_index_that_is_not_there_panics() {
    fn panics(call: fn(FixedClock<2, u8>)) {
        assert!(std::panic::catch_unwind(|| call(FixedClock::new())).is_err());
    }
    panics(|clock| {
        clock.get(2);
    });
    panics(|mut clock| {
        let _ = clock.tick(2);
    });
    panics(|mut clock| {
        let _ = clock.receive(2, &FixedClock::new());
    });
    panics(|mut clock| {
        let _ = clock.observe(2, &FixedClock::new());
    });
}

/// A clock is its counters: as many bytes, and they come out as they went in.
#[test]
fn a_clock_is_its_counters() {
    const CLOCK: FixedClock<3, u8> = FixedClock::from_array([1, 0, 2]);
    const THIRD: u8 = CLOCK.get(2);

    assert_eq!(size_of::<FixedClock<3, u8>>(), 3);
    assert_eq!(size_of::<FixedClock<3, u16>>(), 6);
    assert_eq!(size_of::<FixedClock<8, u32>>(), 32);
    assert_eq!(size_of::<FixedClock<64>>(), 512);
    assert_eq!(size_of::<FixedClock<0>>(), 0);

    assert_eq!((CLOCK.to_array(), THIRD), ([1, 0, 2], 2));
    assert_eq!(<[u8; 3]>::from(CLOCK), [1, 0, 2]);
    assert_eq!(FixedClock::from([1, 0, 2]), CLOCK);
    assert_eq!(FixedClock::try_from(&[1, 0, 2][..]), Ok(CLOCK));
    for counters in [&[1, 0][..], &[1, 0, 2, 0]] {
        let refused = FixedClock::<3, u8>::try_from(counters);
        assert_eq!(refused, Err(LenDiffers { found: counters.len(), expected: 3 }));
    }
    assert_eq!(FixedClock::<3, u8>::default(), FixedClock::from([0; 3]));
}

/// A clock may go to other threads and across an unwind, and be part of what is copied, compared and hashed.
#[test]
fn clocks_are_plain_data() {
    fn plain<T: Copy + Eq + PartialOrd + Hash + Default + Debug + Send + Sync + Unpin + 'static>() {}
    plain::<FixedClock<3, u8>>();
    plain::<FixedClock<100>>();
}

/// What a person reads, pinned.
#[test]
fn clocks_have_this_text() {
    let clock = FixedClock::from([1_u8, 0, 255]);
    assert_eq!(clock.to_string(), "[1, 0, 255]");
    assert_eq!(format!("{clock:?}"), "FixedClock [1, 0, 255]");
    assert_eq!(FixedClock::<0>::new().to_string(), "[]");
    assert_eq!("[1, 0, 255]".parse(), Ok(clock));
    assert_eq!("[]".parse(), Ok(FixedClock::<0>::new()));
    assert_eq!("[18446744073709551615]".parse(), Ok(FixedClock::from([u64::MAX])));
}

/// Each clock is written in one way only, and no other is read.
#[test]
fn other_texts_are_refused() {
    use ParseFixedClockError::{Counter, Form};

    let refuses = |text: &str, error| assert_eq!(text.parse::<FixedClock<2, u8>>(), Err(error), "{text:?}");
    for text in ["", "[", "]", "1, 2", "[1, 2", "1, 2]", "(1, 2)", " [1, 2]", "[1, 2] "] {
        refuses(text, Form);
    }
    for (text, found) in [("[]", 0), ("[1]", 1), ("[1,2]", 1), ("[1, 2, 3]", 3), ("[1, 2, ]", 3)] {
        refuses(text, LenDiffers { found, expected: 2 }.into());
    }
    for text in
        ["[, 2]", "[01, 2]", "[00, 2]", "[+1, 2]", "[-1, 2]", "[ 1, 2]", "[256, 2]", "[1_0, 2]", "[x, 2]"]
    {
        refuses(text, Counter { index: 0 });
    }
    for text in ["[1, ]", "[1,  2]", "[1, 2 ]", "[1, ١]", "[1, 1e1]", "[1, 99999999999999999999999]"] {
        refuses(text, Counter { index: 1 });
    }
    assert_eq!("[0]".parse::<FixedClock<0>>(), Err(LenDiffers { found: 1, expected: 0 }.into()));
}

/// Each error's text stands alone, and says what to do.
#[test]
fn errors_say_what_was_wrong() {
    for (error, text) in [
        (ParseFixedClockError::Form, "a fixed clock is written as its counters in brackets: [1, 0, 2]"),
        (
            LenDiffers { found: 3, expected: 2 }.into(),
            "the clock of a cluster of 2 has one counter for each, not 3",
        ),
        (
            ParseFixedClockError::Counter { index: 1 },
            "what stands at index 1 is no counter: write a decimal number that fits, without sign or leading zero",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

proptest! {
    /// What a clock is written as, it is read back from.
    #[test]
    fn clocks_survive_their_text((a, b) in pairs::<4, u64>(u64::MAX)) {
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(a == b, a.to_string() == b.to_string());
    }

    /// No text makes the parser panic, and what it reads is written the same again.
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof!["\\PC*", "\\[[0-9, ]{0,12}\\]", "\\[[0-9]{1,3}, [0-9]{1,3}\\]"]) {
        if let Ok(clock) = text.parse::<FixedClock<2, u8>>() {
            prop_assert_eq!(clock.to_string(), text);
        }
    }
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;

    /// A clock is the sequence of its counters; in postcard, preceded by how many there are.
    #[test]
    fn clocks_are_sequences() {
        let clock = FixedClock::from([1_u16, 0, 300]);
        assert_eq!(serde_json::to_string(&clock).unwrap(), "[1,0,300]");
        assert_eq!(serde_json::from_str::<FixedClock<3, u16>>("[1, 0, 300]").unwrap(), clock);
        assert_eq!(postcard::to_stdvec(&clock).unwrap(), [3, 1, 0, 0xAC, 2]);
        assert_eq!(postcard::from_bytes::<FixedClock<3, u16>>(&[3, 1, 0, 0xAC, 2]).unwrap(), clock);
    }

    /// The clock of a cluster of another size is not taken for ours; nor is a counter that doesn't fit.
    #[test]
    fn what_serialisation_cannot_give_is_refused() {
        for json in
            ["[]", "[1]", "[1,2,3]", "[1,256]", "[1,-1]", "[1,1.5]", "[1,null]", "{}", "null", "\"[1, 2]\""]
        {
            assert!(serde_json::from_str::<FixedClock<2, u8>>(json).is_err(), "{json}");
        }
        let error = serde_json::from_str::<FixedClock<2, u8>>("[1]").unwrap_err();
        assert!(error.to_string().contains("expected 2 counters of at most 255"), "{error}");
        for bytes in
            [&[][..], &[0], &[1, 7], &[2, 7], &[3, 7, 7, 7], &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 7, 7, 7]]
        {
            assert!(postcard::from_bytes::<FixedClock<2, u8>>(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        /// Clocks survive a text format and a binary one, also those that are longer than the arrays serde knows.
        #[test]
        fn serde_round_trips((a, _) in pairs::<3, u8>(u64::MAX), (b, _) in pairs::<100, u64>(u64::MAX)) {
            prop_assert_eq!(serde_json::from_str::<FixedClock<3, u8>>(&serde_json::to_string(&a).unwrap()).unwrap(), a);
            prop_assert_eq!(serde_json::from_str::<FixedClock<100>>(&serde_json::to_string(&b).unwrap()).unwrap(), b);
            prop_assert_eq!(postcard::from_bytes::<FixedClock<3, u8>>(&postcard::to_stdvec(&a).unwrap()).unwrap(), a);
            prop_assert_eq!(postcard::from_bytes::<FixedClock<100>>(&postcard::to_stdvec(&b).unwrap()).unwrap(), b);
        }

        /// Nothing makes deserialisation panic.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..40)) {
            let _ = postcard::from_bytes::<FixedClock<3, u64>>(&bytes);
            let _ = serde_json::from_slice::<FixedClock<3, u64>>(&bytes);
        }
    }
}

const NODES: usize = 4;

/// Dots, as pairs of an index and which of its events it is.
type Events = BTreeSet<(usize, u64)>;

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
fn compared_as<const N: usize, C: Counter>(
    a: &FixedClock<N, C>,
    b: &FixedClock<N, C>,
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

/// A clock, and one that differs from it in a few counters or in all: so are those that meet. Counters are up to `max`, and
/// rather small or great.
fn pairs<const N: usize, C: Counter>(
    max: u64,
) -> impl Strategy<Value = (FixedClock<N, C>, FixedClock<N, C>)> {
    let clock =
        move || vec(counters::<C>(max), N).prop_map(|counters| FixedClock::try_from(&counters[..]).unwrap());
    let changed = (clock(), vec((any::<Index>(), counters::<C>(max)), 0..4)).prop_map(|(clock, changes)| {
        let mut counters = clock.to_array();
        for (index, counter) in changes {
            if N > 0 {
                counters[index.index(N)] = counter;
            }
        }
        (clock, FixedClock::from(counters))
    });
    prop_oneof![(clock(), clock()), changed]
}

fn counters<C: Counter>(max: u64) -> impl Strategy<Value = C> {
    let max = max.min(C::MAX.to_u64());
    prop_oneof![0..=max.min(4), max - max.min(4)..=max, 0..=max].prop_map(|value| C::from_u64(value).unwrap())
}
