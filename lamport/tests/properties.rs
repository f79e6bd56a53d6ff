//! The laws of the clock and of the total order, over random input and random executions, hostile input included.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use spacelike_lamport::{
    Clock, JumpExceeded, LocalClock, OutOfRange, ParseStampError, ReceiveError, Stamp, Timestamp,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Both clocks do what the paper says, over any sequence of operations and any input; and what they refuse changes
    /// nothing.
    #[test]
    fn clocks_follow_the_rules(
        jump_max in jumps(),
        at in timestamps(),
        steps in vec((operations(), remotes()), 0..40),
    ) {
        let (clock, mut local, mut rules) = (Clock::new(jump_max), LocalClock::new(jump_max), Rules::new(jump_max));
        let begin = (Operation::Bootstrap, Remote::At(at));
        for (operation, remote) in [begin].into_iter().chain(steps) {
            let remote = remote.from(clock.latest());
            let (clock_before, local_before) = (format!("{clock:?}"), local.clone());

            let outcome = rules.apply(operation, remote);
            prop_assert_eq!(&on_clock(&clock, operation, remote), &outcome);
            prop_assert_eq!(&on_local_clock(&mut local, operation, remote), &outcome);

            prop_assert_eq!(u128::from(clock.latest().get()), rules.latest);
            prop_assert_eq!(local.latest(), clock.latest());
            prop_assert!(local.latest() >= local_before.latest());
            match outcome {
                Ok(Some(issued)) => {
                    prop_assert!(issued > local_before.latest(), "an issued timestamp is greater than all before");
                    prop_assert_eq!(issued, clock.latest());
                }
                Ok(None) => {}
                Err(_) => {
                    prop_assert_eq!(format!("{clock:?}"), clock_before, "refusal changed the clock");
                    prop_assert_eq!(&local, &local_before, "refusal changed the clock");
                }
            }
        }
    }

    /// Taking over is a join: order and repetition make no difference to the clock, as long as all is taken over.
    #[test]
    fn takeovers_are_a_join(jump_max in jumps(), start in timestamps(), a in remotes(), b in remotes()) {
        let mut begin = LocalClock::new(jump_max);
        prop_assume!(begin.bootstrap(start).is_ok());
        let (a, b) = (a.from(start), b.from(start));
        let run = |remotes: &[Timestamp]| {
            let mut clock = begin.clone();
            remotes.iter().try_for_each(|&remote| clock.observe(remote)).map(|()| clock)
        };
        if let (Ok(forth), Ok(back), Ok(again)) = (run(&[a, b]), run(&[b, a]), run(&[a, b, a, b, b])) {
            prop_assert_eq!(forth.latest(), start.max(a).max(b));
            prop_assert_eq!(&forth, &back);
            prop_assert_eq!(&forth, &again);
        }
        if let Ok(once) = run(&[a]) {
            prop_assert_eq!(run(&[a, a]), Ok(once));
        }
    }

    /// A receive is a takeover and a tick.
    #[test]
    fn a_receive_is_an_observe_and_a_tick(jump_max in jumps(), start in timestamps(), remote in remotes()) {
        let mut one = LocalClock::new(jump_max);
        prop_assume!(one.bootstrap(start).is_ok());
        let (mut two, remote) = (one.clone(), remote.from(start));
        prop_assert_eq!(one.receive(remote), two.observe(remote).map(|()| two.tick()));
        prop_assert_eq!(one, two);
    }

    /// What a timestamp is written as, it is read back from, and bytes sort as timestamps do.
    #[test]
    fn timestamps_survive_their_forms(a in timestamps(), b in timestamps()) {
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(Timestamp::from_be_bytes(a.to_be_bytes()), a);
        prop_assert_eq!(Timestamp::from(u64::from(a)), a);
        prop_assert_eq!(a.to_be_bytes().cmp(&b.to_be_bytes()), a.cmp(&b));
        prop_assert_eq!(format!("{a:020}").cmp(&format!("{b:020}")), a.cmp(&b));
    }

    /// The same for stamps; nodes may have an `@` in them.
    #[test]
    fn stamps_survive_their_forms(a in stamps(), b in stamps(), name in "\\PC*") {
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(Stamp::from_be_bytes(a.to_be_bytes()), a);
        prop_assert_eq!(a.to_be_bytes().cmp(&b.to_be_bytes()), a.cmp(&b));
        let named = Stamp { time: a.time, node: name };
        prop_assert_eq!(named.to_string().parse(), Ok(named));
    }

    /// Stamps are in a total order: by time, and by node where times are the same.
    #[test]
    fn stamps_are_totally_ordered(a in stamps(), b in stamps(), c in stamps()) {
        prop_assert_eq!(a.cmp(&b), a.time.cmp(&b.time).then(a.node.cmp(&b.node)));
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert!(!(a <= b && b <= c) || a <= c);
    }

    /// No text makes the parsers panic, and what they read is written the same again.
    #[test]
    fn any_text_is_read_or_refused(text in texts()) {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            prop_assert_eq!(timestamp.to_string(), text.clone());
        }
        match text.parse::<Stamp<String>>() {
            Ok(stamp) => prop_assert_eq!(stamp.to_string(), text),
            Err(ParseStampError::Form) => prop_assert!(!text.contains('@')),
            Err(_) => prop_assert!(text.contains('@')),
        }
    }

    /// No bytes make the decoders panic, whatever they stand for, and no clock panics on what they give.
    #[test]
    fn any_bytes_are_read_or_refused(bytes: [u8; 16], jump_max in jumps()) {
        let stamp = Stamp::from_be_bytes(bytes);
        prop_assert_eq!(stamp.to_be_bytes(), bytes);
        let clock = Clock::new(jump_max);
        if let Ok(received) = clock.receive(stamp.time) {
            prop_assert!(received > stamp.time);
        } else {
            prop_assert_eq!(clock.latest(), Timestamp::ZERO);
        }
    }
}

#[cfg(feature = "serde")]
proptest! {
    /// Timestamps and stamps survive a text format and a binary one.
    #[test]
    fn serde_round_trips(stamp in stamps()) {
        let text = serde_json::to_string(&stamp).unwrap();
        prop_assert_eq!(serde_json::from_str::<Stamp<u64>>(&text).unwrap(), stamp);
        let bytes = postcard::to_stdvec(&stamp).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Stamp<u64>>(&bytes).unwrap(), stamp);
    }

    /// Nothing makes deserialisation panic.
    #[test]
    fn serde_reads_or_refuses(bytes in vec(any::<u8>(), 0..40), text in texts()) {
        let _ = postcard::from_bytes::<Stamp<u64>>(&bytes);
        let _ = postcard::from_bytes::<Timestamp>(&bytes);
        let _ = serde_json::from_slice::<Stamp<u64>>(&bytes);
        let _ = serde_json::from_str::<Timestamp>(&text);
    }
}

/// The Clock Condition (Lamport 1978, "Logical Clocks"): if *a* happened before *b*, then C(a) < C(b). Over random
/// executions of two to five processes whose messages are lost, repeated and overtaken. And stamps order all events
/// consistently with that. It also happens that events which are concurrent get smaller, equal and greater timestamps.
#[test]
fn the_clock_condition_holds() {
    let (pairs, ordered, reverse, ties) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u64>| counter.set(counter.get() + 1);
    let steps = vec((0..4u8, 0..5usize, any::<prop::sample::Index>()), 0..100);
    TestRunner::deterministic()
        .run(&(2..=5usize, steps), |(processes, steps)| {
            let events = execute(processes, &steps);
            for (number, a) in events.iter().enumerate() {
                for b in &events[number + 1..] {
                    // In the order of execution, so only a can have happened before b.
                    prop_assert!(a.stamp != b.stamp, "stamps are unique");
                    if b.past & 1 << number != 0 {
                        count(&pairs);
                        prop_assert!(a.stamp.time < b.stamp.time, "{} before {}", a.stamp, b.stamp);
                        prop_assert!(a.stamp < b.stamp);
                    } else {
                        match a.stamp.time.cmp(&b.stamp.time) {
                            std::cmp::Ordering::Less => count(&ordered),
                            std::cmp::Ordering::Equal => count(&ties),
                            std::cmp::Ordering::Greater => count(&reverse),
                        }
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    assert!([&pairs, &ordered, &reverse, &ties].iter().all(|counter| counter.get() > 1_000));
}

/// An event, and the events that happened before it, as bits.
struct Event {
    stamp: Stamp<usize>,
    past: u128,
}

/// Runs the steps: what each event's past is comes from the steps alone, not from any timestamp.
fn execute(processes: usize, steps: &[(u8, usize, prop::sample::Index)]) -> Vec<Event> {
    let clocks: Vec<_> = (0..processes).map(|_| Clock::new(1_000)).collect();
    let mut known = vec![0u128; processes];
    let mut sent: Vec<(Timestamp, u128)> = Vec::new();
    let mut events = Vec::new();
    for (kind, process, which) in steps {
        let node = process % processes;
        let clock = &clocks[node];
        let message = (!sent.is_empty()).then(|| sent[which.index(sent.len())]);
        let time = match (kind, message) {
            // Takes over what a message says, without an event: the next event is the first to be after it.
            (3, Some((time, past))) => {
                clock.observe(time).unwrap();
                known[node] |= past;
                continue;
            }
            (2, Some((time, past))) => {
                known[node] |= past;
                clock.receive(time).unwrap()
            }
            _ => clock.tick(),
        };
        let past = known[node];
        known[node] |= 1 << events.len();
        events.push(Event { stamp: Stamp { time, node }, past });
        if *kind == 1 {
            sent.push((time, known[node]));
        }
    }
    events
}

/// IR1 and IR2 in plain arithmetic that can't overflow.
struct Rules {
    latest: u128,
    jump_max: u64,
}

impl Rules {
    fn new(jump_max: u64) -> Self {
        Self { latest: 0, jump_max }
    }

    fn apply(&mut self, operation: Operation, remote: Timestamp) -> Outcome {
        let value = u128::from(remote.get());
        if operation != Operation::Tick {
            if value >= 1 << 63 {
                return Err(OutOfRange { remote }.into());
            }
            if operation != Operation::Bootstrap && value > self.latest + u128::from(self.jump_max) {
                let jump = u64::try_from(value - self.latest).unwrap();
                return Err(JumpExceeded { jump, jump_max: self.jump_max }.into());
            }
            self.latest = self.latest.max(value);
        }
        if matches!(operation, Operation::Tick | Operation::Receive) {
            self.latest += 1;
            Ok(Some(Timestamp::new(u64::try_from(self.latest).unwrap())))
        } else {
            Ok(None)
        }
    }
}

type Outcome = Result<Option<Timestamp>, ReceiveError>;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Operation {
    Tick,
    Receive,
    Observe,
    Bootstrap,
}

fn on_clock(clock: &Clock, operation: Operation, remote: Timestamp) -> Outcome {
    match operation {
        Operation::Tick => Ok(Some(clock.tick())),
        Operation::Receive => clock.receive(remote).map(Some),
        Operation::Observe => clock.observe(remote).map(|()| None),
        Operation::Bootstrap => Ok(clock.bootstrap(remote).map(|()| None)?),
    }
}

fn on_local_clock(clock: &mut LocalClock, operation: Operation, remote: Timestamp) -> Outcome {
    match operation {
        Operation::Tick => Ok(Some(clock.tick())),
        Operation::Receive => clock.receive(remote).map(Some),
        Operation::Observe => clock.observe(remote).map(|()| None),
        Operation::Bootstrap => Ok(clock.bootstrap(remote).map(|()| None)?),
    }
}

#[derive(Clone, Copy, Debug)]
enum Remote {
    At(Timestamp),
    /// So far from the clock: what a bound is about.
    Near(i64),
}

impl Remote {
    fn from(self, latest: Timestamp) -> Timestamp {
        match self {
            Self::At(timestamp) => timestamp,
            Self::Near(distance) => Timestamp::new(latest.get().wrapping_add_signed(distance)),
        }
    }
}

fn operations() -> impl Strategy<Value = Operation> {
    prop::sample::select(&[Operation::Tick, Operation::Receive, Operation::Observe, Operation::Bootstrap][..])
}

fn remotes() -> impl Strategy<Value = Remote> {
    prop_oneof![timestamps().prop_map(Remote::At), (-20..40i64).prop_map(Remote::Near)]
}

/// Any, but rather those where something ends.
fn timestamps() -> impl Strategy<Value = Timestamp> {
    let limit = Timestamp::LIMIT.get();
    prop_oneof![any::<u64>(), 0..40u64, limit - 40..limit + 40, u64::MAX - 40..=u64::MAX]
        .prop_map(Timestamp::new)
}

fn jumps() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..40u64, any::<u64>(), Just(u64::MAX)]
}

fn stamps() -> impl Strategy<Value = Stamp<u64>> {
    let nodes = prop_oneof![any::<u64>(), 0..3u64];
    (timestamps(), nodes).prop_map(|(time, node)| Stamp { time, node })
}

/// Any, but rather those that look right.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC*", "[0-9]{1,25}", "[+-]?[0-9 _]{0,21}@?\\PC{0,3}", "0*[0-9]{1,20}@[0-9]{1,20}"]
}
