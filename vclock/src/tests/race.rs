//! Programs for threads that share a clock, and what must be true of their outcomes.

use core::sync::atomic::Ordering;
use std::collections::BTreeSet;
use std::sync::{Arc as StdArc, Mutex};
use std::vec::Vec;

#[cfg(loom)]
pub(super) use loom::{sync::Arc, sync::atomic::AtomicU64 as Data, thread};
#[cfg(not(loom))]
pub(super) use std::{sync::Arc, sync::atomic::AtomicU64 as Data, thread};

use Op::{Echo, Forged, Heard, Observe, Read, Receive, Snapshot, Tell, Tick, Write};

/// The own counter, and that of a peer.
pub(super) type Stamp = [u64; 2];

/// What a thread does in a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Op {
    Tick,
    /// Receives a message of the peer with this counter. It has seen nothing of us.
    Receive(u64),
    /// Takes over such a timestamp.
    Observe(u64),
    /// Reads the latest timestamp.
    Snapshot,
    /// Receives, and observes, a message that claims more of us than there is. Must be refused.
    Forged,
    /// Receives what the peer answered to our first event, if that is heard of, or else ticks.
    Echo,
    /// Writes data that no synchronisation of its own protects.
    Write,
    /// Reads it.
    Read,
    /// Tells the others that all of this thread so far is done, with synchronisation.
    Tell,
    /// Hears it, or not.
    Heard,
}

/// What came of an operation: the timestamp; or a number, such as the data, and zero.
pub(super) type Event = (Op, Stamp);

/// What came of a program: the events of each thread, and the clock in the end.
pub(super) type Outcome<const T: usize> = ([Vec<Event>; T], Stamp);

/// A shared clock of two counters, the first of them its own.
pub(super) trait Shared: Send + Sync + 'static {
    fn start() -> Self;
    fn tick(&self) -> Stamp;
    /// `None` if it is refused as amnesia.
    fn receive(&self, message: Stamp) -> Option<Stamp>;
    fn observe(&self, stamp: Stamp) -> Option<bool>;
    fn snapshot(&self) -> Stamp;
}

impl Op {
    fn apply(self, clock: &impl Shared, data: &Data) -> Stamp {
        match self {
            Receive(peer) => clock.receive([0, peer]).expect("a message that claims nothing of us"),
            Observe(peer) => {
                [clock.observe([0, peer]).expect("a timestamp that claims nothing of us").into(), 0]
            }
            Snapshot => clock.snapshot(),
            Forged => {
                assert_eq!(clock.receive(FORGED), None, "broken: a forged message was received");
                assert_eq!(clock.observe(FORGED), None, "broken: a forged timestamp was observed");
                [0, 0]
            }
            Echo if data.load(Ordering::Acquire) == 1 => {
                clock.receive([1, 0]).expect("broken: false amnesia")
            }
            Tick | Echo => clock.tick(),
            Write => {
                data.store(1, Ordering::Relaxed);
                [0, 0]
            }
            Read => [data.load(Ordering::Relaxed), 0],
            Tell => {
                data.store(1, Ordering::Release);
                [0, 0]
            }
            Heard => [data.load(Ordering::Acquire), 0],
        }
    }

    fn has_stamp(self) -> bool {
        self.is_event() || self == Snapshot
    }

    /// Whether it is an event of ours, with a timestamp of its own.
    fn is_event(self) -> bool {
        matches!(self, Tick | Receive(_) | Echo)
    }
}

/// Runs each role in a thread of its own, judges every outcome, and returns all.
///
/// The roles take turns in being the thread that spawns the others, and under loom each runs twice, the second time with
/// strong loads: which interleavings loom misses where a thread loads a word and then writes it depends on the first (its
/// issues 166 and 392), and strong loads, which miss none, never see an old value.
pub(super) fn race<C: Shared, const T: usize>(
    roles: [&'static [Op]; T],
    promises: Promises,
) -> BTreeSet<Outcome<T>> {
    let outcomes = StdArc::new(Mutex::new(BTreeSet::new()));
    for spawner in 0..T {
        let outcomes = StdArc::clone(&outcomes);
        model(move || {
            let shared = Arc::new((C::start(), Data::new(0)));
            let work = |role: usize| {
                let shared = Arc::clone(&shared);
                move || -> Vec<Event> {
                    roles[role].iter().map(|op| (*op, op.apply(&shared.0, &shared.1))).collect()
                }
            };
            let spawned: Vec<_> =
                (0..T).filter(|&role| role != spawner).map(|role| thread::spawn(work(role))).collect();
            let mut events = [const { Vec::new() }; T];
            events[spawner] = work(spawner)();
            for (role, thread) in (0..T).filter(|&role| role != spawner).zip(spawned) {
                events[role] = thread.join().unwrap();
            }
            let outcome = (events, shared.0.snapshot());
            judge(&outcome, promises);
            outcomes.lock().unwrap().insert(outcome);
        });
    }
    StdArc::into_inner(outcomes).unwrap().into_inner().unwrap()
}

/// Runs a model's body, and under loom prints how many executions that took.
pub(super) fn model(body: impl Fn() + Send + Sync + 'static) {
    #[cfg(loom)]
    {
        let body = StdArc::new(body);
        let explore = |loads| {
            let executions = StdArc::new(Mutex::new(0_u64));
            let (body, count) = (StdArc::clone(&body), StdArc::clone(&executions));
            loom::model(move || {
                *count.lock().unwrap() += 1;
                body();
            });
            std::println!("{} executions with {loads}", executions.lock().unwrap());
        };
        explore("loads");
        crate::sync::with_strong_loads(|| explore("strong loads"));
    }
    #[cfg(not(loom))]
    (0..300).for_each(|_| body());
}

/// What a clock promises beyond what every clock does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Promises {
    /// Nothing.
    Regular,
    /// All timestamps are in one order.
    Linear,
}

/// Panics if an outcome breaks a promise.
pub(super) fn judge<const T: usize>(outcome: &Outcome<T>, promises: Promises) {
    let (threads, last) = outcome;
    let events = || threads.iter().flatten().filter(|(op, _)| op.is_event()).map(|(_, stamp)| *stamp);

    let mut dots: Vec<u64> = events().map(|[own, _]| own).collect();
    dots.sort_unstable();
    assert!(dots.iter().copied().eq(1..=last[0]), "broken: a dot came twice, or never: {outcome:?}");

    let offered = threads.iter().flatten().filter_map(|(op, _)| taken_over(*op));
    assert_eq!(last[1], offered.max().unwrap_or(0), "broken: what was taken over is lost: {outcome:?}");

    let stamps = || threads.iter().flatten().filter(|(op, _)| op.has_stamp()).map(|(_, stamp)| *stamp);
    assert!(stamps().all(|stamp| le(stamp, *last)), "broken: a timestamp is made up: {outcome:?}");
    if promises == Promises::Linear {
        for (a, b) in stamps().flat_map(|a| stamps().map(move |b| (a, b))) {
            assert!(le(a, b) || le(b, a), "broken: not in one order: {a:?} {b:?} of {outcome:?}");
        }
    }
    for (thread, thread_events) in threads.iter().enumerate() {
        for (at, &(op, stamp)) in thread_events.iter().enumerate() {
            if op == Read {
                publishes(outcome, thread, at);
            } else if op.has_stamp() {
                let known = known_before(threads, thread, at);
                assert!(le(known, stamp), "broken: {stamp:?} lost {known:?}: {outcome:?}");
                assert!(
                    !op.is_event() || stamp[0] > known[0],
                    "broken: {stamp:?} after {known:?}: {outcome:?}"
                );
                assert!(stamp[1] >= taken_over(op).unwrap_or(0), "broken: {stamp:?} of {op:?}: {outcome:?}");
                covers(outcome, stamp);
            }
        }
    }
}

/// The least that an operation must have seen: all before it, in its thread, and in those of which that heard.
fn known_before<const T: usize>(threads: &[Vec<Event>; T], thread: usize, at: usize) -> Stamp {
    let mut known = [0, 0];
    for &(op, stamp) in &threads[thread][..at] {
        if op.has_stamp() {
            known = join(known, stamp);
        }
        known = join(known, [0, taken_over(op).unwrap_or(0)]);
        if (op, stamp[0]) == (Heard, 1) {
            for (teller, events) in threads.iter().enumerate().filter(|(teller, _)| *teller != thread) {
                if let Some(told) = events.iter().position(|(op, _)| *op == Tell) {
                    known = join(known, known_before(threads, teller, told));
                }
            }
        }
    }
    known
}

/// What was taken over before an event, in its thread, is seen by all that have seen the event.
fn covers<const T: usize>(outcome: &Outcome<T>, stamp: Stamp) {
    for events in &outcome.0 {
        let mut before = 0;
        for &(op, [own, _]) in events {
            before = before.max(taken_over(op).unwrap_or(0));
            assert!(
                !op.is_event() || own > stamp[0] || before <= stamp[1],
                "broken: {stamp:?} doesn't cover {before} before {own}: {outcome:?}"
            );
        }
    }
}

/// What a thread wrote before it raised a counter is visible to whoever has a timestamp with it.
fn publishes<const T: usize>(outcome: &Outcome<T>, reader: usize, at: usize) {
    let (threads, _) = outcome;
    let data = threads[reader][at].1[0];
    let shown = threads[reader][..at].iter().filter(|(op, _)| op.has_stamp());
    for &(_, seen) in shown {
        for events in threads {
            let Some(written) = events.iter().position(|(op, _)| *op == Write) else { continue };
            for &(op, [own, _]) in &events[written..] {
                let included = match op {
                    Observe(peer) => own == 1 && seen[1] >= peer,
                    op => op.is_event() && own <= seen[0],
                };
                assert!(
                    !included || data == 1,
                    "broken: {seen:?} doesn't show what was written: {outcome:?}"
                );
            }
        }
    }
}

/// Which of the peer's events an operation takes over.
fn taken_over(op: Op) -> Option<u64> {
    match op {
        Receive(peer) | Observe(peer) => Some(peer),
        _ => None,
    }
}

fn le(a: Stamp, b: Stamp) -> bool {
    a[0] <= b[0] && a[1] <= b[1]
}

fn join(a: Stamp, b: Stamp) -> Stamp {
    [a[0].max(b[0]), a[1].max(b[1])]
}

/// What no peer can know of us.
const FORGED: Stamp = [100, 99];
