//! The laws, over random input.

use core::time::Duration;

use proptest::prelude::*;
use spacelike_hlc::interop::{Cockroach, Layout};
use spacelike_hlc::{
    CachedWall, Clock, LocalClock, LocalReservedClock, ReservedClock, Stamp, Stored, Timestamp,
};

/// One call of a clock.
#[derive(Clone, Debug)]
enum Call {
    Tick(Duration),
    TickN(Duration, u32),
    Receive(Timestamp, Duration),
    Observe(Timestamp, Duration),
}

/// Any wall clock: mostly within a few milliseconds, now and then anywhere.
fn walls() -> impl Strategy<Value = Duration> {
    prop_oneof![
        8 => (0u64..20_000).prop_map(Duration::from_micros),
        1 => (0..=Timestamp::MAX.millis()).prop_map(Duration::from_millis),
        1 => (any::<u64>(), 0u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n)),
    ]
}

/// Any timestamp: mostly within a few milliseconds, often with a counter that is about to carry.
fn timestamps() -> impl Strategy<Value = Timestamp> {
    let counters = prop_oneof![0u16..4, 0xFFFCu16..=0xFFFF, any::<u16>()];
    let near = (0u64..20, counters)
        .prop_filter_map("zero is no timestamp", |(millis, counter)| Timestamp::new(millis, counter).ok());
    let any = (1..=Timestamp::MAX.to_u64()).prop_map(|word| Timestamp::from_u64(word).unwrap());
    prop_oneof![8 => near, 1 => any, 1 => Just(Timestamp::MAX)]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        walls().prop_map(Call::Tick),
        (walls(), prop_oneof![0u32..5, any::<u32>()]).prop_map(|(wall, n)| Call::TickN(wall, n)),
        (timestamps(), walls()).prop_map(|(remote, wall)| Call::Receive(remote, wall)),
        (timestamps(), walls()).prop_map(|(remote, wall)| Call::Observe(remote, wall)),
    ];
    prop::collection::vec(call, 0..40)
}

fn drifts() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (0u64..10_000).prop_map(Duration::from_micros),
        Just(Duration::MAX),
        (any::<u64>(), 0u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n)),
    ]
}

/// What a call gives, in a form that all clocks share: what it issued, or that it refused.
macro_rules! apply {
    ($clock:ident, $call:expr) => {
        match $call {
            Call::Tick(wall) => $clock.tick(wall).map(|t| vec![t]).map_err(|e| e.to_string()),
            Call::TickN(wall, n) => $clock
                .tick_n(wall, n)
                .map(|run| run.start().into_iter().chain(run.end()).collect())
                .map_err(|e| e.to_string()),
            Call::Receive(remote, wall) => {
                $clock.receive(remote, wall).map(|r| vec![r.timestamp]).map_err(|e| e.to_string())
            }
            Call::Observe(remote, wall) => {
                $clock.observe(remote, wall).map(|_| vec![]).map_err(|e| e.to_string())
            }
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever comes, timestamps grow, are at least the wall clock and greater than the remote; a refusal changes
    /// nothing; the local clock and the reserved ones give the same answers as the shared one.
    #[test]
    fn every_history_obeys_the_contract(drift_max in drifts(), calls in calls()) {
        let shared = Clock::new(drift_max);
        let mut local = LocalClock::new(drift_max);
        let reserved = ReservedClock::new(drift_max, Stored::Never);
        let mut local_reserved = LocalReservedClock::new(drift_max, Stored::Never);
        let reserve_all = || reserved.reserve(Timestamp::MAX.physical(), Duration::ZERO).unwrap();
        local_reserved.confirm(reserve_all());
        reserved.confirm(reserve_all());
        let mut greatest = None;
        for call in calls {
            let before = shared.latest();
            let answer: Result<Vec<Timestamp>, String> = apply!(shared, call.clone());
            prop_assert_eq!(&answer, &apply!(local, call.clone()));
            prop_assert_eq!(shared.latest(), local.latest());
            match &answer {
                Ok(issued) => {
                    for &timestamp in issued {
                        prop_assert!(greatest <= Some(timestamp) && before < Some(timestamp));
                        greatest = Some(timestamp);
                    }
                    if let (Call::Tick(wall) | Call::TickN(wall, _) | Call::Receive(_, wall), Some(first)) =
                        (&call, issued.first())
                    {
                        prop_assert!(first.physical() + Duration::from_millis(1) > *wall);
                    }
                    if let (Call::Receive(remote, _), Some(first)) = (&call, issued.first()) {
                        prop_assert!(first > remote);
                    }
                    if let Call::Observe(remote, wall) | Call::Receive(remote, wall) = &call {
                        prop_assert!(shared.latest() >= Some(*remote));
                        let ahead = remote.physical().saturating_sub(*wall);
                        prop_assert!(ahead <= drift_max.saturating_add(Duration::from_millis(1)));
                    }
                    prop_assert_eq!(shared.latest(), before.max(issued.last().copied()).max(match call {
                        Call::Observe(remote, _) => Some(remote),
                        _ => None,
                    }));
                }
                Err(text) => {
                    prop_assert_eq!(shared.latest(), before);
                    prop_assert!(!text.is_empty());
                }
            }
            // The bound's counter is 0, so what is left of the very last millisecond is out of the reserved clocks' reach.
            if shared.latest() > reserved.bound() {
                return Ok(());
            }
            prop_assert_eq!(&answer, &apply!(reserved, call.clone()));
            prop_assert_eq!(&answer, &apply!(local_reserved, call));
            prop_assert_eq!(reserved.latest(), shared.latest());
            prop_assert_eq!(local_reserved.latest(), shared.latest());
        }
    }

    /// Reserved clocks from any stored bound, under any calls, with reservations of any size: what is issued is above what
    /// was stored and never above the bound, and a refusal changes nothing.
    #[test]
    fn every_reserved_history_stays_below_its_bound(
        drift_max in drifts(),
        stored in prop::option::of(timestamps()),
        calls in prop::collection::vec((calls(), walls(), drifts()), 1..4),
        other in timestamps(),
    ) {
        let from = stored.map_or(Stored::Never, Stored::Bound);
        let shared = ReservedClock::new(drift_max, from);
        let mut local = LocalReservedClock::new(drift_max, from);
        for (calls, wall, ahead) in calls {
            let reserved = (shared.reserve(wall, ahead), local.reserve(wall, ahead));
            prop_assert_eq!(&reserved.0, &reserved.1);
            if let (Ok(ours), Ok(theirs)) = reserved {
                prop_assert!(Some(ours.bound()) >= shared.bound());
                shared.confirm(ours);
                local.confirm(theirs);
            }
            for call in calls {
                let before = shared.latest();
                let answer: Result<Vec<Timestamp>, String> = apply!(shared, call.clone());
                prop_assert_eq!(&answer, &apply!(local, call));
                prop_assert_eq!(shared.latest(), local.latest());
                prop_assert!(shared.latest() <= shared.bound());
                prop_assert_eq!(shared.lead(wall), local.lead(wall));
                if let Ok(issued) = answer {
                    prop_assert!(issued.first().is_none_or(|&first| Some(first) > before.max(stored)));
                } else {
                    prop_assert_eq!(shared.latest(), before);
                }
            }
        }
        // Two clocks of one process joined: both at the greater.
        let (clock, mut thread) = (Clock::new(Duration::MAX), LocalClock::new(Duration::MAX));
        clock.observe(other, Duration::ZERO).unwrap();
        let _ = stored.map(|stored| thread.observe(stored, Duration::ZERO));
        thread.join(&clock);
        prop_assert_eq!((clock.latest(), thread.latest()), (stored.max(Some(other)), stored.max(Some(other))));
    }

    /// Causality over any exchange of messages between nodes whose wall clocks are anywhere: along every path of sends
    /// and receives timestamps grow.
    #[test]
    fn timestamps_grow_along_every_message(
        offsets in prop::collection::vec(0u64..100_000, 2..5),
        steps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u64..50), 1..100),
    ) {
        let mut clocks: Vec<_> = offsets.iter().map(|_| LocalClock::new(Duration::from_secs(200))).collect();
        let mut elapsed = 0;
        for (from, to, wait) in steps {
            elapsed += wait;
            let wall = |node: usize| Duration::from_millis(offsets[node] + elapsed);
            let (from, to) = (from.index(offsets.len()), to.index(offsets.len()));
            let before = clocks[to].latest();
            let sent = clocks[from].tick(wall(from)).unwrap();
            let received = clocks[to].receive(sent, wall(to)).unwrap();
            prop_assert!(received.timestamp > sent && Some(received.timestamp) > before);
            // The lead is bounded by the greatest offset between the nodes, and the counter's carries.
            prop_assert!(clocks[to].lead(wall(to)) <= Duration::from_millis(100_001));
        }
    }

    /// A run is contiguous, and its iterator is exact from both ends.
    #[test]
    fn runs_are_contiguous(wall in walls(), n in 0u32..300, from_back in 0usize..300) {
        let mut clock = LocalClock::new(Duration::ZERO);
        let Ok(mut run) = clock.tick_n(wall, n) else { return Ok(()) };
        let all: Vec<u64> = run.clone().map(Timestamp::to_u64).collect();
        prop_assert_eq!(all.len(), n as usize);
        prop_assert_eq!(run.len(), n as usize);
        prop_assert!(all.windows(2).all(|pair| pair[1] == pair[0] + 1));
        prop_assert_eq!(run.clone().next_back().map(u64::from), all.last().copied());
        prop_assert_eq!((run.start().map(u64::from), run.end().map(u64::from)), (all.first().copied(), all.last().copied()));
        let back: Vec<u64> = run.by_ref().rev().take(from_back).map(Timestamp::to_u64).collect();
        let mut joined: Vec<u64> = run.map(Timestamp::to_u64).collect();
        joined.extend(back.into_iter().rev());
        prop_assert_eq!(joined, all);
    }

    /// Every form gives the timestamp back, and the order of bytes, texts and integers is the order of timestamps.
    #[test]
    fn every_form_is_lossless_and_ordered(a in timestamps(), b in timestamps()) {
        prop_assert_eq!(Timestamp::from_u64(a.to_u64()), Ok(a));
        prop_assert_eq!(Timestamp::from_be_bytes(a.to_be_bytes()), Ok(a));
        prop_assert_eq!(Timestamp::new(a.millis(), a.counter()), Ok(a));
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(a.to_string().len(), 17);
        prop_assert_eq!(a.rfc3339().to_string().len(), 24);
        prop_assert_eq!(a.cmp(&b), a.to_be_bytes().cmp(&b.to_be_bytes()));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        prop_assert_eq!(a.millis().cmp(&b.millis()), a.rfc3339().to_string().cmp(&b.rfc3339().to_string()));
        let (s, t) = (Stamp { time: a, node: b.to_u64() }, Stamp { time: b, node: a.to_u64() });
        prop_assert_eq!(Stamp::from_be_bytes(s.to_be_bytes()), Ok(s));
        prop_assert_eq!(s.cmp(&t), s.to_be_bytes().cmp(&t.to_be_bytes()));
        let stamp = Stamp { time: a, node: 7u16 };
        prop_assert_eq!(stamp.to_string().parse(), Ok(stamp));
        #[cfg(feature = "serde")]
        {
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&serde_json::to_string(&a).unwrap()).unwrap(), a);
            prop_assert_eq!(postcard::from_bytes::<Timestamp>(&postcard::to_stdvec(&a).unwrap()).unwrap(), a);
        }
    }

    /// Arbitrary bytes, words and texts: an error, or something that encodes to the very same.
    #[test]
    fn decoding_accepts_only_what_encoding_gives(bytes: [u8; 16], word: u64, text in ".{0,40}") {
        let first = *bytes.first_chunk().unwrap();
        match (Timestamp::from_be_bytes(first), Stamp::from_be_bytes(bytes)) {
            (Ok(timestamp), Ok(stamp)) => {
                prop_assert_eq!((timestamp.to_be_bytes(), stamp.to_be_bytes()), (first, bytes));
            }
            (timestamp, stamp) => prop_assert_eq!(timestamp.err(), stamp.err()),
        }
        match Timestamp::from_u64(word) {
            Ok(timestamp) => prop_assert_eq!(timestamp.to_u64(), word),
            Err(error) => prop_assert!(word == 0 || error.millis > Timestamp::MAX.millis()),
        }
        prop_assert!(text.parse::<Timestamp>().is_err() && text.parse::<Stamp<u32>>().is_err());
        #[cfg(feature = "serde")]
        {
            let _ = postcard::from_bytes::<Timestamp>(&bytes);
            let _ = postcard::from_bytes::<Stamp<u32>>(&bytes);
            let _ = postcard::from_bytes::<Cockroach>(&bytes);
            let _ = serde_json::from_str::<Timestamp>(&text);
        }
    }

    /// The same for texts that nearly are timestamps.
    #[test]
    fn near_misses_are_refused(text in "[0-9a-fA-F]{11,13}[-+ ][0-9a-fA-F]{3,5}") {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            prop_assert_eq!(timestamp.to_string(), text);
        }
    }

    /// And for stamps.
    #[test]
    fn near_stamps_are_refused(text in "[01][0-9a-f]{11}-[0-9a-f]{4}[@:][0-9]{1,11}") {
        if let Ok(stamp) = text.parse::<Stamp<u64>>() {
            let (time, node) = text.split_once('@').unwrap();
            prop_assert_eq!((stamp.time.to_string(), Ok(stamp.node)), (time.to_owned(), node.parse()));
        }
    }

    /// And for CockroachDB's forms: what is read is written the same.
    #[test]
    fn near_cockroaches_are_refused(text in "-?[0-9]{1,11}(\\.[0-9]{8,10})?(,-?[0-9]{1,3})?") {
        if let Ok(theirs) = text.parse::<Cockroach>() {
            let forms = [theirs.to_string(), theirs.as_of_system_time().to_string(), theirs.wall_time.to_string()];
            prop_assert!(forms.contains(&text), "{:?}", theirs);
            let _ = Timestamp::try_from(theirs);
        }
    }

    /// Every layout gives a timestamp back, keeps the order both ways, and never rounds down.
    #[test]
    fn layouts_are_embeddings(a in timestamps(), b in timestamps(), v: u64, w: u64, epoch in prop_oneof![3 => 0u64..(1 << 41), 1 => any::<u64>()]) {
        for layout in [Layout::NTP64, Layout::TSO, Layout::KUDU, Layout::millis_42_22(epoch)] {
            match (layout.encode(a), layout.encode(b)) {
                (Ok(x), Ok(y)) => {
                    prop_assert_eq!(a.cmp(&b), x.cmp(&y));
                    prop_assert_eq!(layout.decode(x), Ok(a));
                }
                (Err(error), _) => prop_assert_eq!(error.timestamp, a),
                (_, Err(error)) => prop_assert_eq!(error.timestamp, b),
            }
            if let (Ok(s), Ok(t)) = (layout.decode(v), layout.decode(w)) {
                prop_assert!(v.cmp(&w) == s.cmp(&t) || s == t);
                prop_assert!(layout.encode(s).is_ok_and(|back| back >= v) || layout.encode(s).is_err());
            }
        }
    }

    /// CockroachDB's form likewise.
    #[test]
    fn cockroach_is_an_embedding(
        a in timestamps(),
        b in timestamps(),
        x in any::<(i64, i32)>(),
        y in (-3i64..3_000_000, -2i32..70_000),
    ) {
        if let (Ok(p), Ok(q)) = (Cockroach::try_from(a), Cockroach::try_from(b)) {
            prop_assert_eq!(a.cmp(&b), p.cmp(&q));
            prop_assert_eq!(Timestamp::try_from(p), Ok(a));
            prop_assert_eq!(p.to_string().parse(), Ok(p));
            prop_assert_eq!(p.as_of_system_time().to_string().parse(), Ok(p));
        }
        let theirs = [x, y].map(|(wall_time, logical)| Cockroach { wall_time, logical });
        if let [Ok(s), Ok(t)] = theirs.map(Timestamp::try_from) {
            prop_assert!(theirs[0].cmp(&theirs[1]) == s.cmp(&t) || s == t);
        }
        for theirs in theirs {
            if let Ok(ours) = Timestamp::try_from(theirs) {
                prop_assert!(Cockroach::try_from(ours).map_or(true, |back| back >= theirs));
                prop_assert_eq!(theirs.to_string().parse(), Ok(theirs));
            }
        }
    }

    /// A cached wall clock gives back whole milliseconds, and any age is finite.
    #[test]
    fn a_cached_wall_clock_is_cut_to_milliseconds(wall in walls(), at in walls(), now in walls()) {
        let cached = CachedWall::new();
        prop_assert_eq!(cached.read(), None);
        cached.refresh(wall, at);
        let reading = cached.read().unwrap();
        prop_assert!(reading.wall <= wall && reading.refreshed <= at);
        if wall.as_secs() <= 1 << 53 && at.as_secs() <= 1 << 53 {
            prop_assert!(wall < reading.wall + Duration::from_millis(1));
            prop_assert!(at < reading.refreshed + Duration::from_millis(1));
        }
        prop_assert_eq!(reading.age(now), now.saturating_sub(reading.refreshed));
    }
}
