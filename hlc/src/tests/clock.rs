//! Models of [`Clock`].

use core::sync::atomic::Ordering;
use core::time::Duration;

use super::{Arc, Data, model, mutant, spawn};
use crate::{Clock, LocalClock, ReceiveError, Run, Timestamp};

/// In which milliseconds two threads tick: both behind the clock, both in a new one, one of each.
const WALLS: [[u64; 2]; 4] = [[0, 0], [1, 1], [0, 1], [1, 0]];

fn clock() -> Arc<Clock> {
    Arc::new(Clock::new(Duration::from_millis(2)))
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64, counter: u16) -> Timestamp {
    Timestamp::new(millis, counter).unwrap()
}

/// Two threads that tick at once never receive the same timestamp, and each sees its own grow.
fn ticks_are_distinct([ours, theirs]: [u64; 2]) {
    let clock = clock();
    let other = {
        let clock = clock.clone();
        spawn(move || [tick(&clock, ms(theirs)), tick(&clock, ms(theirs))])
    };
    let [a, b] = [tick(&clock, ms(ours)), tick(&clock, ms(ours))];
    let [c, d] = other.join().unwrap();
    assert!(a < b && c < d, "broken: {a} {b}, {c} {d}");
    assert!(a != c && a != d && b != c && b != d, "broken: {a} {b} {c} {d}");
    assert!(a >= at(ours, u16::from(ours == 0)) && c >= at(theirs, u16::from(theirs == 0)));
    assert_eq!(clock.latest(), Some(b.max(d)));
}

#[test]
fn concurrent_ticks_are_distinct() {
    for walls in WALLS {
        model(move || ticks_are_distinct(walls));
    }
}

mutant!(concurrent_ticks_need_one_step, Torn, || ticks_are_distinct([0, 0]));
mutant!(concurrent_raises_need_one_step, Torn, || ticks_are_distinct([1, 1]));

/// Three threads, one tick each, the wall clocks a millisecond apart.
#[test]
fn three_threads_tick_distinctly() {
    model(|| {
        let clock = clock();
        let others = [1, 2].map(|wall| {
            let clock = clock.clone();
            spawn(move || tick(&clock, ms(wall)))
        });
        let a = tick(&clock, ms(1));
        let [b, c] = others.map(|other| other.join().unwrap());
        assert!(a != b && b != c && a != c, "{a} {b} {c}");
    });
}

/// A run shares no timestamp with a tick or another run.
fn runs_are_contiguous([ours, theirs]: [u64; 2]) {
    let clock = clock();
    let other = {
        let clock = clock.clone();
        spawn(move || (clock.tick_n(ms(theirs), 2).unwrap(), tick(&clock, ms(theirs)).to_u64()))
    };
    let run = clock.tick_n(ms(ours), 3).unwrap();
    let (their_run, their_tick) = other.join().unwrap();
    let words = |run: &Run| (run.start().unwrap().to_u64(), run.end().unwrap().to_u64());
    let ((first, last), (their_first, their_last)) = (words(&run), words(&their_run));
    assert_eq!((last - first, their_last - their_first), (2, 1));
    assert!(last < their_first || their_last < first, "broken: {run:?} {their_run:?}");
    assert!(their_tick > their_last, "broken: {their_tick:x} in {their_run:?}");
    assert!(their_tick < first || last < their_tick, "broken: {their_tick:x} in {run:?}");
}

#[test]
fn concurrent_runs_are_contiguous() {
    for walls in WALLS {
        model(move || runs_are_contiguous(walls));
    }
}

mutant!(concurrent_runs_need_one_step, Torn, || runs_are_contiguous([0, 0]));

/// A receive is greater than the remote timestamp and distinct from what other threads issue.
fn receive_dominates() {
    let clock = clock();
    let remote = at(2, 0xFFFF); // saturated, and as far ahead as is accepted
    let other = {
        let clock = clock.clone();
        spawn(move || [clock.tick(ms(0)).unwrap(), clock.receive(at(2, 7), ms(0)).unwrap().timestamp])
    };
    let received = clock.receive(remote, ms(0)).unwrap();
    let ticked = clock.tick(ms(0)).unwrap();
    let [a, b] = other.join().unwrap();
    let received = (received.ahead == ms(2)).then_some(received.timestamp).unwrap();
    assert!(received > remote && b > at(2, 7), "broken: {received} {b}");
    assert!(ticked > received && b > a, "broken: {received} {ticked}, {a} {b}");
    assert!(a != received && a != ticked, "broken: {a} {b} {received} {ticked}");
    assert!(b != received && b != ticked, "broken: {a} {b} {received} {ticked}");
}

#[test]
fn a_receive_dominates() {
    model(receive_dominates);
}

mutant!(a_receive_needs_one_step, Torn, receive_dominates);

/// What was taken over is never lost to a tick at the same time.
fn observe_dominates() {
    let clock = clock();
    let other = {
        let clock = clock.clone();
        spawn(move || clock.tick(ms(1)).unwrap())
    };
    clock.observe(at(2, 5), ms(1)).unwrap();
    let ticked = clock.tick(ms(1)).unwrap();
    let theirs = other.join().unwrap();
    assert!(ticked > at(2, 5), "broken: {ticked}");
    assert_ne!(ticked, theirs, "broken: ");
    assert!(clock.latest() >= Some(ticked.max(theirs)), "broken: {ticked} {theirs}");
}

#[test]
fn what_was_observed_is_dominated() {
    model(observe_dominates);
}

mutant!(an_observe_needs_one_step, Torn, observe_dominates);

/// A message carries causality, also where the channel orders nothing but itself: the receiver's clock is another one.
#[test]
fn a_message_carries_causality() {
    model(|| {
        let (alice, bob) = (clock(), clock());
        let channel = Arc::new(Data::new(0));
        let sender = {
            let (alice, channel) = (alice.clone(), channel.clone());
            spawn(move || {
                let sent = alice.tick(ms(1)).unwrap();
                channel.store(sent.to_u64(), Ordering::Relaxed);
                sent
            })
        };
        let before = bob.tick(ms(0)).unwrap();
        let received = Timestamp::from_u64(channel.load(Ordering::Relaxed)).ok().map(|remote| {
            let received = bob.receive(remote, ms(0)).unwrap().timestamp;
            (remote, received)
        });
        let sent = sender.join().unwrap();
        if let Some((remote, received)) = received {
            assert!(remote == sent && received > sent && received > before);
        }
    });
}

/// A refusal changes nothing, whatever other threads do.
#[test]
fn a_refusal_leaves_the_word_alone() {
    model(|| {
        let clock = clock();
        let other = {
            let clock = clock.clone();
            spawn(move || clock.tick(ms(1)).unwrap())
        };
        assert!(matches!(clock.receive(at(4, 0), ms(1)), Err(ReceiveError::DriftExceeded(_))));
        assert!(matches!(clock.observe(at(4, 0), ms(1)), Err(ReceiveError::DriftExceeded(_))));
        assert!(clock.tick(Duration::MAX).is_err());
        assert!(clock.tick_n(ms(1), 0).unwrap().start().is_none());
        let theirs = other.join().unwrap();
        assert_eq!((clock.latest(), theirs), (Some(at(1, 0)), at(1, 0)));
    });
}

/// At the end of the range threads race for the last timestamps: each is issued once, and then never again.
fn the_last_are_distinct() {
    let clock = Arc::new(Clock::starting_above(Timestamp::MAX.to_u64() - 2, Duration::ZERO));
    let other = {
        let clock = clock.clone();
        spawn(move || [clock.tick(ms(0)).ok(), clock.tick(ms(0)).ok()])
    };
    let ours = [clock.tick(ms(0)).ok(), clock.tick(ms(0)).ok()];
    let theirs = other.join().unwrap();
    let mut issued: std::vec::Vec<_> = ours.into_iter().chain(theirs).flatten().collect();
    issued.sort_unstable();
    assert_eq!(issued, [Timestamp::from_word(Timestamp::MAX.to_u64() - 1), Timestamp::MAX]);
    assert_eq!(clock.latest(), Some(Timestamp::MAX));
    assert!(clock.tick(ms(0)).is_err() && clock.tick_n(ms(0), 1).is_err());
    assert!(clock.receive(at(0, 1), ms(0)).is_err());
}

#[test]
fn the_last_timestamps_are_issued_once() {
    model(the_last_are_distinct);
}

/// What was written before a timestamp was issued is visible to whoever is issued a greater one.
fn publishes(issue: fn(&Clock, Duration) -> Timestamp, [ours, theirs]: [u64; 2]) {
    let (clock, data) = (clock(), Arc::new(Data::new(0)));
    let writer = {
        let (clock, data) = (clock.clone(), data.clone());
        spawn(move || {
            data.store(1, Ordering::Relaxed);
            issue(&clock, ms(theirs))
        })
    };
    let ours = issue(&clock, ms(ours));
    let seen = data.load(Ordering::Relaxed);
    let theirs = writer.join().unwrap();
    assert!(seen == 1 || ours < theirs, "broken: {theirs} was issued after a write that {ours} doesn't show");
}

fn tick(clock: &Clock, wall: Duration) -> Timestamp {
    clock.tick(wall).unwrap()
}

fn tick_n(clock: &Clock, wall: Duration) -> Timestamp {
    clock.tick_n(wall, 2).unwrap().end().unwrap()
}

fn receive(clock: &Clock, wall: Duration) -> Timestamp {
    clock.receive(at(1, 3), wall).unwrap().timestamp
}

#[test]
fn a_greater_timestamp_publishes() {
    for issue in [tick, tick_n, receive] {
        for walls in WALLS {
            model(move || publishes(issue, walls));
        }
    }
}

mutant!(a_tick_needs_release, NoRelease, || publishes(tick, [0, 0]));
mutant!(a_tick_needs_acquire, NoAcquire, || publishes(tick, [0, 0]));
mutant!(a_raise_needs_release, NoRelease, || publishes(tick, [2, 1]));
mutant!(a_raise_needs_acquire, NoAcquire, || publishes(tick, [2, 1]));
mutant!(a_run_needs_release, NoRelease, || publishes(tick_n, [0, 0]));
mutant!(a_run_needs_acquire, NoAcquire, || publishes(tick_n, [0, 0]));
mutant!(a_receive_needs_release, NoRelease, || publishes(receive, [0, 0]));
mutant!(a_receive_needs_acquire, NoAcquire, || publishes(receive, [0, 0]));

/// ... and to whoever reads it, or a greater one, from `latest`, also if an observe raised the word in between.
fn latest_shows_what_came_before(wall: u64) {
    let (clock, data) = (clock(), Arc::new(Data::new(0)));
    let writer = {
        let (clock, data) = (clock.clone(), data.clone());
        spawn(move || {
            data.store(1, Ordering::Relaxed);
            let issued = tick(&clock, ms(wall));
            clock.observe(at(2, 0), ms(wall)).unwrap();
            issued
        })
    };
    let latest = clock.latest();
    let seen = data.load(Ordering::Relaxed);
    let theirs = writer.join().unwrap();
    assert!(
        seen == 1 || latest < Some(theirs),
        "broken: {theirs} is in {latest:?}, and not what came before"
    );
}

#[test]
fn latest_publishes() {
    for wall in [0, 1] {
        model(move || latest_shows_what_came_before(wall));
    }
}

mutant!(latest_needs_release, NoRelease, || latest_shows_what_came_before(0));
mutant!(latest_needs_acquire, NoAcquire, || latest_shows_what_came_before(1));

/// Uniqueness and growth, the whole contract but for publication, hold with relaxed accesses as well.
#[cfg(loom)]
#[test]
fn uniqueness_and_growth_need_no_ordering() {
    use crate::sync::{Mutant, with_mutant};
    with_mutant(Mutant::Relaxed, || {
        for walls in WALLS {
            model(move || ticks_are_distinct(walls));
            model(move || runs_are_contiguous(walls));
        }
        model(receive_dominates);
        model(observe_dominates);
        model(the_last_are_distinct);
        model(|| handed_over(Order::AsDocumented));
    });
}

/// When two threads' clocks join the shared one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Tick, join, hand over; take, join, tick.
    AsDocumented,
    /// The work can be seen before the join.
    JoinedLate,
    /// The join comes before the work was taken.
    JoinedEarly,
}

/// Clocks of two threads that join a shared one around a hand-over respect its direction.
fn handed_over(order: Order) {
    let (shared, work) = (clock(), Arc::new(Data::new(0)));
    let producer = {
        let (shared, work) = (shared.clone(), work.clone());
        spawn(move || {
            let mut ours = LocalClock::new(Duration::ZERO);
            let cause = ours.tick(ms(1)).unwrap();
            if order == Order::JoinedLate {
                work.store(1, Ordering::Release);
                ours.join(&shared);
            } else {
                ours.join(&shared);
                work.store(1, Ordering::Release);
            }
            cause
        })
    };
    let mut theirs = LocalClock::new(Duration::ZERO);
    if order == Order::JoinedEarly {
        theirs.join(&shared);
    }
    let taken = work.load(Ordering::Acquire) == 1;
    if order != Order::JoinedEarly {
        theirs.join(&shared);
    }
    let effect = theirs.tick(ms(0)).unwrap();
    let cause = producer.join().unwrap();
    assert!(!taken || effect > cause, "broken: {effect} was caused by {cause}");
    assert!(shared.latest() >= Some(cause));
}

#[test]
fn joined_clocks_carry_causality() {
    model(|| handed_over(Order::AsDocumented));
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: ")]
fn a_join_after_the_hand_over_is_too_late() {
    model(|| handed_over(Order::JoinedLate));
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: ")]
fn a_join_before_taking_is_too_early() {
    model(|| handed_over(Order::JoinedEarly));
}
