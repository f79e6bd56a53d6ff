//! Packed clocks, and the shared clocks in one thread, do what clocks without their tricks do.

use core::cmp::Ordering;
use core::fmt::Debug;

use proptest::prelude::*;
use spacelike_vclock::{
    AtomicClock, AtomicPacked, Causality, Counter, Exhausted, FixedClock, LaneOverflow, Packed, ReceiveError,
};

/// Any word, and words that are equal in many lanes, or differ in few bits.
fn words() -> impl Strategy<Value = (u64, u64)> {
    let near =
        (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(a, b, c)| (a, a ^ (b & c & b.rotate_left(7))));
    let extreme =
        |bits: u64| (0..16_u32).fold(0, |word, nibble| word | (0xF * (bits >> nibble & 1)) << (4 * nibble));
    let edges = (any::<u64>(), any::<u64>()).prop_map(move |(a, b)| (extreme(a), extreme(b)));
    let carried = (any::<u64>(), 0..64_u32).prop_map(|(a, bit)| (a, a.wrapping_add(1 << bit)));
    let equal = any::<u64>().prop_map(|a| (a, a));
    prop_oneof![any::<(u64, u64)>(), equal, near, edges, carried]
}

/// Each answer about two packed clocks is the one that their counters give, lane by lane.
fn compares_as_lanes<const LANES: usize>(a: u64, b: u64) {
    let (a, b) = (Packed::<LANES>::from_u64(a), Packed::<LANES>::from_u64(b));
    let lanes = || a.to_array().into_iter().zip(b.to_array());
    let (less, greater) = (lanes().any(|(a, b)| a < b), lanes().any(|(a, b)| a > b));
    let expected = match (less, greater) {
        (false, false) => Causality::Equal,
        (true, false) => Causality::Before,
        (false, true) => Causality::After,
        (true, true) => Causality::Concurrent,
    };
    assert_eq!(a.compare(&b), expected, "{a} {b}");
    assert_eq!(a.is_le(&b), !greater, "{a} {b}");
    assert_eq!(a.dominates(&b), !less, "{a} {b}");
    assert_eq!(a.is_lt(&b), less && !greater, "{a} {b}");
    assert_eq!(a.is_concurrent(&b), less && greater, "{a} {b}");
    assert_eq!(a.partial_cmp(&b), expected.to_ordering(), "{a} {b}");
    assert_eq!(a == b, expected == Causality::Equal, "{a} {b}");

    let shared = AtomicPacked::starting_at(a);
    let lane = LANES - 1;
    let joined = lanes().map(|(a, b)| a.max(b)).collect::<Vec<_>>();
    match shared.observe(lane, b) {
        Ok(changed) => assert_eq!((changed, shared.latest().to_array().to_vec()), (less, joined), "{a} {b}"),
        Err(amnesia) => {
            assert_eq!((amnesia.known, amnesia.claimed), (a.get(lane), b.get(lane)));
            assert!(amnesia.claimed > amnesia.known && shared.latest() == a);
        }
    }
}

/// What one lane holds makes no difference to what is found in another: every pair of counters of 8 bits, beside lanes that
/// borrow and lanes that don't.
#[test]
fn lanes_leave_each_other_alone() {
    for (a, b) in (0..=255_u8).flat_map(|a| (0..=255_u8).map(move |b| (a, b))) {
        for (below, above) in [(0, 255), (255, 0), (128, 127), (127, 128)] {
            let with = |own, beside| {
                let mut lanes = [0_u8; 8];
                [lanes[2], lanes[3], lanes[4]] = [beside, own, beside];
                Packed::from(lanes)
            };
            let beside = Causality::of(&below, &above);
            let expected = Causality::of(&a, &b);
            assert_eq!(with(a, 0).compare(&with(b, 0)), expected);
            assert_eq!(with(a, below).compare(&with(b, above)), expected.and(beside));
        }
    }
}

/// An operation on one clock: the lane that it counts in, what it is, and a stamp.
fn operations<C: Counter + Arbitrary>(lanes: usize) -> impl Strategy<Value = Vec<(usize, u8, Vec<C>)>> {
    let counter = prop_oneof![
        (0..6_u64).prop_map(|few| C::from_u64(few).unwrap()),
        (0..6_u64).prop_map(|few| C::from_u64(C::MAX.to_u64() - few).unwrap()),
        any::<C>(),
    ];
    prop::collection::vec((0..lanes, 0..3_u8, prop::collection::vec(counter, lanes)), 1..40)
}

/// What came of an operation, with the event's timestamp if it is one.
type Came<const LANES: usize> = Result<[u64; LANES], ReceiveError>;

fn on_fixed<const LANES: usize, C: Counter>(
    clock: &mut FixedClock<LANES, C>,
    own: usize,
    what: u8,
    stamp: FixedClock<LANES, C>,
) -> Came<LANES> {
    match what {
        0 => drop(clock.tick(own)?),
        1 => drop(clock.receive(own, &stamp)?),
        _ => drop(clock.observe(own, &stamp)?),
    }
    Ok(clock.to_array().map(Counter::to_u64))
}

/// A shared packed clock does what a fixed one of the same width does, refusals included.
fn packed_as_fixed<const LANES: usize, C>(start: Vec<C>, operations: Vec<(usize, u8, Vec<C>)>)
where
    C: Counter,
    Packed<LANES>: From<FixedClock<LANES, C>> + From<[C; LANES]> + Into<[C; LANES]>,
    FixedClock<LANES, C>: From<Packed<LANES>>,
{
    let fixed = |counters: Vec<C>| FixedClock::<LANES, C>::try_from(counters.as_slice()).unwrap();
    let mut expected = fixed(start);
    let shared = AtomicPacked::<LANES>::starting_at(expected.into());
    for (own, what, stamp) in operations {
        let stamp = fixed(stamp);
        let came: Came<LANES> = match what {
            0 => shared.tick(own).map(Packed::to_array).map_err(Into::into),
            1 => shared.receive(own, stamp.into()).map(Packed::to_array),
            _ => {
                let before = shared.latest();
                let changed = shared.observe(own, stamp.into());
                changed
                    .map(|changed| {
                        assert_eq!(changed, shared.latest() != before);
                        shared.latest().to_array()
                    })
                    .map_err(Into::into)
            }
        };
        assert_eq!(came, on_fixed(&mut expected, own, what, stamp));
        assert_eq!(FixedClock::from(shared.latest()), expected);
        let counters: [C; LANES] = shared.latest().into();
        assert_eq!((counters, Packed::from(counters)), (expected.to_array(), shared.latest()));
        assert_eq!(shared.latest().to_string(), expected.to_string());
    }
}

/// A shared clock of one process does what a fixed one does.
fn shared_as_fixed<const N: usize>(own: usize, operations: Vec<(usize, u8, Vec<u64>)>) {
    let (shared, mut expected) = (AtomicClock::<N>::new(own), FixedClock::<N>::new());
    for (_, what, stamp) in operations {
        let stamp = FixedClock::try_from(stamp.as_slice()).unwrap();
        let came: Came<N> = match what {
            0 => shared.tick().map(FixedClock::to_array).map_err(Into::into),
            1 => shared.receive(&stamp).map(FixedClock::to_array),
            _ => {
                let before = shared.snapshot();
                let changed = shared.observe(&stamp);
                changed
                    .map(|changed| {
                        assert_eq!(changed, shared.snapshot() != before);
                        shared.snapshot().to_array()
                    })
                    .map_err(Into::into)
            }
        };
        assert_eq!(came, on_fixed(&mut expected, own, what, stamp));
        assert_eq!(shared.snapshot(), expected);
    }
}

proptest! {
    /// For each number of lanes.
    #[test]
    fn packed_clocks_compare_as_their_lanes((a, b) in words()) {
        compares_as_lanes::<2>(a, b);
        compares_as_lanes::<4>(a, b);
        compares_as_lanes::<8>(a, b);
    }

    #[test]
    fn two_packed_lanes_are_a_fixed_clock(
        start in prop::collection::vec(any::<u32>(), 2),
        operations in operations::<u32>(2),
    ) {
        packed_as_fixed::<2, u32>(start, operations);
    }

    #[test]
    fn four_packed_lanes_are_a_fixed_clock(
        start in prop::collection::vec(any::<u16>(), 4),
        operations in operations::<u16>(4),
    ) {
        packed_as_fixed::<4, u16>(start, operations);
    }

    #[test]
    fn eight_packed_lanes_are_a_fixed_clock(
        start in prop::collection::vec(any::<u8>(), 8),
        operations in operations::<u8>(8),
    ) {
        packed_as_fixed::<8, u8>(start, operations);
    }

    /// Wherever the own counter is.
    #[test]
    fn a_shared_clock_is_a_fixed_clock(own in 0..3_usize, operations in operations::<u64>(3)) {
        shared_as_fixed::<3>(own, operations);
    }

    /// Each way to read a packed clock reads what was written, and counters that are too great are named.
    #[test]
    fn packed_clocks_come_back(word: u64, lane in 0..4_usize, counter in 65_536..=u64::MAX) {
        let packed = Packed::<4>::from_u64(word);
        prop_assert_eq!(packed.to_u64(), word);
        let mut counters = packed.to_array();
        prop_assert_eq!(Packed::try_from(counters), Ok(packed));
        counters[lane] = counter;
        let refused = LaneOverflow { lane, counter, limit: 65_535 };
        prop_assert_eq!(Packed::<4>::try_from(counters), Err(refused));
    }
}

/// A lane that is full stays full, beside lanes that are full or empty: nothing wraps, nothing is carried.
#[test]
fn a_full_lane_refuses_events() {
    fn check<const LANES: usize>() {
        let limit = Packed::<LANES>::LIMIT;
        assert_eq!(limit, u64::MAX >> (64 - 64 / LANES));
        for full in 0..LANES {
            for others in [0, limit] {
                let mut counters = [others; LANES];
                counters[full] = limit;
                let start = Packed::try_from(counters).unwrap();
                let clock = AtomicPacked::starting_at(start);
                let exhausted = Exhausted { limit };
                assert_eq!(clock.tick(full), Err(exhausted));
                assert_eq!(clock.receive(full, start), Err(exhausted.into()));
                assert_eq!(clock.latest(), start);
            }
        }
    }
    check::<2>();
    check::<4>();
    check::<8>();
}

/// A process that starts at its limit is told so, instead of getting a clock that can't tick.
#[test]
fn a_shared_clock_starts_below_its_limit() {
    const LIMIT: u64 = AtomicClock::<2>::LIMIT;
    let exhausted = Exhausted { limit: LIMIT };
    for own in [LIMIT, LIMIT + 1, u64::MAX] {
        let refused = AtomicClock::starting_at(1, &FixedClock::from([0, own])).map(drop);
        assert_eq!(refused, Err(exhausted));
    }
    let clock = AtomicClock::starting_at(1, &FixedClock::from([u64::MAX, LIMIT - 1])).unwrap();
    assert_eq!(clock.own(), 1);
    let last = FixedClock::from([u64::MAX, LIMIT]);
    assert_eq!(clock.tick(), Ok(last));
    for _ in 0..3 {
        assert_eq!(clock.tick(), Err(exhausted));
        assert_eq!(clock.snapshot(), last);
    }
    assert_eq!(clock.receive(&last), Err(exhausted.into()));
    // However many are refused, the counter comes no nearer to where it would wrap.
    assert!(format!("{clock:?}").contains(&LIMIT.to_string()), "{clock:?}");
}

/// A lane or a process that isn't there is the caller's mistake.
#[test]
fn an_index_that_is_not_there_panics() {
    fn panics<T: Debug>(misuse: impl FnOnce() -> T + std::panic::UnwindSafe) -> &'static str {
        *std::panic::catch_unwind(misuse).expect_err("no panic").downcast().expect("a plain text")
    }
    assert_eq!(panics(|| Packed::<4>::new().get(4)), "a packed clock has no such lane");
    assert_eq!(panics(|| AtomicPacked::<2>::new().tick(2)), "a packed clock has no such lane");
    assert_eq!(
        panics(|| AtomicPacked::<8>::new().observe(8, Packed::new())),
        "a packed clock has no such lane"
    );
    assert_eq!(panics(|| AtomicClock::<3>::new(3)), "the index of a process must be below their number");
}

/// What a log shows.
#[test]
fn packed_clocks_have_texts() {
    let packed = Packed::from([1, 65_535, 0, 7_u16]);
    assert_eq!(format!("{packed} {packed:?}"), "[1, 65535, 0, 7] Packed[1, 65535, 0, 7]");
    assert_eq!(
        LaneOverflow { lane: 1, counter: 256, limit: 255 }.to_string(),
        "lane 1 counts up to 255, not to 256: take fewer and wider lanes, or a FixedClock"
    );
    assert_eq!(Packed::<2>::default().partial_cmp(&Packed::new()), Some(Ordering::Equal));
}

/// The counters travel, and come back by the same check.
#[cfg(feature = "serde")]
#[test]
fn packed_clocks_travel_as_their_counters() {
    let packed = Packed::from([1, 65_535, 0, 7_u16]);
    let text = serde_json::to_string(&packed).unwrap();
    assert_eq!(text, "[1,65535,0,7]");
    assert_eq!(serde_json::from_str::<Packed<4>>(&text).unwrap(), packed);
    let bytes = postcard::to_allocvec(&packed).unwrap();
    assert_eq!(bytes, [1, 0xFF, 0xFF, 0x03, 0, 7]);
    assert_eq!(postcard::from_bytes::<Packed<4>>(&bytes).unwrap(), packed);

    for (text, error) in [
        ("[1,65536,0,7]", "lane 1 counts up to 65535, not to 65536"),
        ("[1,2,3]", "invalid length 3, expected 4 counters of at most 65535"),
        ("[1,2,3,4,5]", "trailing characters"),
        ("[1,-2,3,4]", "expected u64"),
        ("7", "expected 4 counters"),
    ] {
        let refused = serde_json::from_str::<Packed<4>>(text).unwrap_err().to_string();
        assert!(refused.contains(error), "{text}: {refused}");
    }
    assert!(postcard::from_bytes::<Packed<4>>(&[1, 2, 3]).is_err());
}
