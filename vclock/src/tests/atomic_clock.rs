//! Models of [`AtomicClock`].

use core::sync::atomic::Ordering;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::vec::Vec;

use super::mutant;
use super::race::{
    Arc, Data,
    Op::{self, Echo, Forged, Heard, Observe, Read, Receive, Snapshot, Tell, Tick, Write},
    Outcome,
    Promises::Regular,
    Shared, Stamp, model, race, thread,
};
use super::steps::{Clock, outcomes};
use crate::{Amnesia, AtomicClock, Causality, FixedClock, ReceiveError};

impl Shared for AtomicClock<2> {
    fn start() -> Self {
        Self::new(0)
    }

    fn tick(&self) -> Stamp {
        AtomicClock::tick(self).unwrap().to_array()
    }

    fn receive(&self, message: Stamp) -> Option<Stamp> {
        AtomicClock::receive(self, &message.into()).ok().map(FixedClock::to_array)
    }

    fn observe(&self, stamp: Stamp) -> Option<bool> {
        AtomicClock::observe(self, &stamp.into()).ok()
    }

    fn snapshot(&self) -> Stamp {
        AtomicClock::snapshot(self).to_array()
    }
}

/// The outcomes of a program: those of the code's steps in every order, which must be those that the code itself reaches.
fn all<const T: usize>(roles: [&'static [Op]; T]) -> BTreeSet<Outcome<T>> {
    let described = outcomes(Clock::Slots, roles, Some(Regular));
    let met = race::<AtomicClock<2>, T>(roles, Regular);
    assert!(met.is_subset(&described), "{:?}", met.difference(&described).collect::<Vec<_>>());
    if cfg!(loom) {
        assert_eq!(met, described, "loom should have met all");
    }
    described
}

/// Judges a program in which threads look at data, too, of which they may see old values: the code reaches more outcomes
/// than sequentially consistent steps do.
fn both<const T: usize>(roles: [&'static [Op]; T]) {
    outcomes(Clock::Slots, roles, Some(Regular));
    race::<AtomicClock<2>, T>(roles, Regular);
}

fn serial<const T: usize>(roles: [&'static [Op]; T]) -> BTreeSet<Outcome<T>> {
    outcomes(Clock::Serial, roles, Some(super::race::Promises::Linear))
}

/// No two events get the same dot, none is left out, and each thread sees its own grow.
#[test]
fn dots_are_distinct() {
    all([&[Tick, Tick], &[Tick, Tick]]);
    all([&[Tick], &[Tick], &[Tick]]);
    all([&[Receive(5)], &[Receive(5)]]);
}

mutant!(
    a_tick_needs_one_step,
    Torn,
    "broken: a dot came twice",
    race::<AtomicClock<2>, 2>([&[Tick], &[Tick]], Regular)
);

/// Of what is taken over at once, the greatest stays.
#[test]
fn nothing_taken_over_is_lost() {
    all([&[Observe(5), Snapshot], &[Observe(3), Snapshot]]);
    all([&[Observe(5)], &[Observe(3)], &[Observe(7)]]);
}

mutant!(
    taking_over_needs_one_step,
    Torn,
    "broken: what was taken over is lost",
    race::<AtomicClock<2>, 2>([&[Observe(5)], &[Observe(3)]], Regular)
);

/// Neither of the two needs an ordering.
#[cfg(loom)]
#[test]
fn dots_and_maxima_need_no_ordering() {
    use crate::sync::{Mutant, with_mutant};
    with_mutant(Mutant::Relaxed, || {
        race::<AtomicClock<2>, 2>([&[Tick, Tick], &[Tick, Tick]], Regular);
        race::<AtomicClock<2>, 2>([&[Observe(5), Snapshot], &[Observe(3), Snapshot]], Regular);
        race::<AtomicClock<2>, 2>([&[Observe(5), Tell], &[Heard, Snapshot]], Regular);
        race::<AtomicClock<2>, 2>([&[Tick, Tell], &[Heard, Tick]], Regular);
        race::<AtomicClock<2>, 2>([&[Tick, Tell], &[Echo]], Regular);
    });
}

/// An event has seen all that was taken over before any event with a smaller own counter.
#[test]
fn a_later_event_covers_what_was_taken_over() {
    all([&[Receive(5)], &[Tick]]);
    all([&[Observe(5), Tick], &[Tick, Observe(3), Tick]]);
    all([&[Observe(5), Tick], &[Receive(3)]]);
    all([&[Observe(5), Tick], &[Tick], &[Tick]]);
    all([&[Receive(5)], &[Receive(7)], &[Tick]]);
}

mutant!(
    covering_needs_release,
    NoRelease,
    "doesn't cover",
    race::<AtomicClock<2>, 2>([&[Receive(5)], &[Tick]], Regular)
);
mutant!(
    covering_needs_acquire,
    NoAcquire,
    "doesn't cover",
    race::<AtomicClock<2>, 2>([&[Receive(5)], &[Tick]], Regular)
);

/// So has a snapshot that shows the event.
#[test]
fn a_snapshot_covers_its_events() {
    all([&[Observe(5), Tick], &[Snapshot, Snapshot]]);
    all([&[Receive(5), Tick], &[Tick, Snapshot]]);
}

mutant!(
    a_covering_snapshot_needs_release,
    NoRelease,
    "doesn't cover",
    race::<AtomicClock<2>, 2>([&[Observe(5), Tick], &[Snapshot]], Regular)
);
mutant!(
    a_covering_snapshot_needs_acquire,
    NoAcquire,
    "doesn't cover",
    race::<AtomicClock<2>, 2>([&[Observe(5), Tick], &[Snapshot]], Regular)
);

/// A clock that reads the others before it counts, or not at all.
#[cfg(loom)]
struct ReadsBefore<const READS: bool>(AtomicClock<2>);

#[cfg(loom)]
impl<const READS: bool> Shared for ReadsBefore<READS> {
    fn start() -> Self {
        Self(Shared::start())
    }

    fn tick(&self) -> Stamp {
        let peer = if READS { Shared::snapshot(&self.0)[1] } else { 0 };
        let [own, _] = Shared::tick(&self.0);
        [own, peer]
    }

    fn receive(&self, message: Stamp) -> Option<Stamp> {
        Shared::observe(&self.0, message)?;
        Some(self.tick())
    }

    fn observe(&self, stamp: Stamp) -> Option<bool> {
        Shared::observe(&self.0, stamp)
    }

    fn snapshot(&self) -> Stamp {
        Shared::snapshot(&self.0)
    }
}

/// Counting first and reading the others afterwards is what makes it so; the other way round, a later event may miss what
/// an earlier one had seen.
#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: [2, 0] doesn't cover 5 before 1")]
fn reading_the_others_first_covers_nothing() {
    race::<ReadsBefore<true>, 2>([&[Receive(5)], &[Tick]], Regular);
}

/// The steps find that, too.
#[test]
#[should_panic(expected = "broken: [2, 0] doesn't cover 5 before 1")]
fn the_steps_of_reading_the_others_first_cover_nothing() {
    outcomes(Clock::SlotsReadFirst, [&[Receive(5)], &[Tick]], Some(Regular));
}

/// The outcomes of a receive and a tick, one by one.
#[test]
fn the_outcomes_of_a_receive_and_a_tick_are_known() {
    let roles: [&[Op]; 2] = [&[Receive(5)], &[Tick]];
    let of = |outcomes: BTreeSet<Outcome<2>>| -> Vec<[Stamp; 2]> {
        outcomes.into_iter().map(|(threads, _)| threads.map(|events| events[0].1)).collect()
    };
    let (receive_first, tick_first) = ([[1, 5], [2, 5]], [[2, 5], [1, 0]]);
    assert_eq!(of(serial(roles)), [receive_first, tick_first]);
    // The tick counts before the receive does, and reads what it takes over.
    let mixed = [[2, 5], [1, 5]];
    assert_eq!(of(all(roles)), [receive_first, tick_first, mixed]);
    // The tick reads before the receive takes over, and counts after it.
    let harmful = [[1, 5], [2, 0]];
    assert_eq!(of(outcomes(Clock::SlotsReadFirst, roles, None)), [harmful, receive_first, tick_first, mixed]);
}

/// Timestamps of calls that overlap may be concurrent: the clock is regular, and not linearizable.
#[test]
fn overlapping_calls_may_be_concurrent() {
    let roles: [&[Op]; 2] = [&[Tick], &[Tick, Observe(5)]];
    let (all, serial) = (all(roles), serial(roles));
    assert!(serial.is_subset(&all) && serial.len() < all.len());
    let concurrent = |(threads, _): &Outcome<2>| {
        let [a, b] = threads.each_ref().map(|events| FixedClock::from(events[0].1));
        a.compare(&b) == Causality::Concurrent
    };
    assert!(!serial.iter().any(concurrent));
    let found: Vec<_> = all.iter().filter(|outcome| concurrent(outcome)).collect();
    assert_eq!(found.len(), 1);
    let [one, two] = &found[0].0;
    assert_eq!(one[..], [(Tick, [1, 5])]);
    assert_eq!(two[..], [(Tick, [2, 0]), (Observe(5), [1, 0])]);
}

/// A call that overlaps an observation may see any part of it.
#[test]
fn an_observation_may_be_seen_in_part() {
    static SEEN: Mutex<BTreeSet<[u64; 3]>> = Mutex::new(BTreeSet::new());
    model(|| {
        let clock = Arc::new(AtomicClock::<3>::new(0));
        let other = {
            let clock = clock.clone();
            thread::spawn(move || clock.observe(&FixedClock::from([0, 5, 7])).unwrap())
        };
        let seen = clock.tick().unwrap().to_array();
        assert!(other.join().unwrap());
        assert_eq!(clock.snapshot(), FixedClock::from([1, 5, 7]));
        SEEN.lock().unwrap().insert(seen);
    });
    let seen: Vec<_> = SEEN.lock().unwrap().iter().copied().collect();
    let parts = [[1, 0, 0], [1, 0, 7], [1, 5, 0], [1, 5, 7]];
    assert!(seen.iter().all(|seen| parts.contains(seen)), "{seen:?}");
    if cfg!(loom) {
        assert_eq!(seen, parts, "loom should have met all");
    }
}

/// What other synchronisation between threads puts in an order is in that order here, too.
#[test]
fn later_calls_are_later() {
    both([&[Receive(5), Tell], &[Heard, Tick]]);
    both([&[Observe(5), Tell], &[Heard, Snapshot]]);
    both([&[Snapshot, Tell, Tick], &[Observe(5), Heard, Receive(3)]]);
    both([&[Tick, Tell], &[Heard, Tick], &[Observe(5)]]);
}

/// That is judged, and not only where one thread did both.
#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: [1, 0] lost [0, 5]")]
fn not_reading_the_others_loses_what_was_heard_of() {
    race::<ReadsBefore<false>, 2>([&[Observe(5), Tell], &[Heard, Tick]], Regular);
}

/// A thread that is told by the peer of an event of another thread knows of it.
#[test]
fn an_echo_is_no_amnesia() {
    race::<AtomicClock<2>, 2>([&[Tick, Tell], &[Echo]], Regular);
}

/// What is refused leaves the clock alone, whatever other threads do.
#[test]
fn a_refusal_leaves_the_clock_alone() {
    race::<AtomicClock<2>, 2>([&[Forged], &[Tick, Observe(5)]], Regular);
    race::<AtomicClock<2>, 2>([&[Forged], &[Receive(5)]], Regular);
}

/// Whoever has a timestamp with a counter sees what was written before that counter was raised to it.
#[test]
fn what_is_seen_publishes() {
    both([&[Write, Tick], &[Tick, Read]]);
    both([&[Write, Tick], &[Snapshot, Read]]);
    both([&[Write, Receive(5)], &[Receive(3), Read]]);
    both([&[Write, Observe(5)], &[Tick, Read]]);
    both([&[Write, Observe(5)], &[Snapshot, Read]]);
    both([&[Write, Observe(5)], &[Observe(7)], &[Snapshot, Read]]);
}

mutant!(
    a_tick_needs_release,
    NoRelease,
    "broken: [2, 0] doesn't show",
    race::<AtomicClock<2>, 2>([&[Write, Tick], &[Tick, Read]], Regular)
);
mutant!(
    a_tick_needs_acquire,
    NoAcquire,
    "broken: [2, 0] doesn't show",
    race::<AtomicClock<2>, 2>([&[Write, Tick], &[Tick, Read]], Regular)
);
mutant!(
    taking_over_needs_release,
    NoRelease,
    "broken: [1, 5] doesn't show",
    race::<AtomicClock<2>, 2>([&[Write, Observe(5)], &[Tick, Read]], Regular)
);
mutant!(
    reading_the_others_needs_acquire,
    NoAcquire,
    "broken: [1, 5] doesn't show",
    race::<AtomicClock<2>, 2>([&[Write, Observe(5)], &[Tick, Read]], Regular)
);

/// At the limit threads race for the last events: each is issued once, and none after them.
fn the_last_are_distinct() {
    let start = FixedClock::from([3, AtomicClock::<2>::LIMIT - 2]);
    let clock = Arc::new(AtomicClock::starting_at(1, &start).unwrap());
    let take = |clock: &AtomicClock<2>| [0, 1].map(|_| clock.tick().ok().map(|stamp| stamp.get(1)));
    let other = {
        let clock = clock.clone();
        thread::spawn(move || take(&clock))
    };
    let ours = take(&clock);
    let meanwhile = clock.snapshot().get(1);
    let theirs = other.join().unwrap();
    assert!(meanwhile <= AtomicClock::<2>::LIMIT, "broken: {meanwhile} was never issued");
    let mut issued: Vec<_> = ours.into_iter().chain(theirs).flatten().collect();
    issued.sort_unstable();
    let last = [AtomicClock::<2>::LIMIT - 1, AtomicClock::<2>::LIMIT];
    assert_eq!(issued, last, "broken: the last were not issued once");
    assert!(clock.tick().is_err());
    let message = FixedClock::from([4, 0]);
    assert!(matches!(clock.receive(&message), Err(ReceiveError::Exhausted(_))));
    assert_eq!(
        clock.snapshot(),
        FixedClock::from([3, AtomicClock::<2>::LIMIT]),
        "broken: a refused event changed the clock"
    );
}

#[test]
fn the_last_events_are_issued_once() {
    model(the_last_are_distinct);
}

mutant!(the_last_events_need_one_step, Torn, "broken: the last", model(the_last_are_distinct));

/// Whoever sees the last event sees what was written before it, also where a tick that came too late has put the counter
/// back, by a store that ends what the last event published.
fn the_limit_shows_what_came_before() {
    let start = FixedClock::from([AtomicClock::<2>::LIMIT - 1, 0]);
    let shared = Arc::new((AtomicClock::starting_at(0, &start).unwrap(), Data::new(0)));
    let [writer, late] = [1, 0].map(|written| {
        let shared = shared.clone();
        thread::spawn(move || {
            if written == 1 {
                shared.1.store(written, Ordering::Relaxed);
            }
            shared.0.tick().is_ok()
        })
    });
    let seen = shared.0.snapshot().get(0);
    let data = shared.1.load(Ordering::Relaxed);
    let [wrote_first, late] = [writer, late].map(|thread| thread.join().unwrap());
    assert!(wrote_first != late, "broken: the last were not issued once");
    let shown = wrote_first && seen == AtomicClock::<2>::LIMIT;
    assert!(!shown || data == 1, "broken: the last event doesn't show what was written");
}

#[test]
fn the_limit_publishes() {
    model(the_limit_shows_what_came_before);
}

mutant!(
    the_limit_needs_release,
    NoRelease,
    "broken: the last event",
    model(the_limit_shows_what_came_before)
);
mutant!(
    the_limit_needs_acquire,
    NoAcquire,
    "broken: the last event",
    model(the_limit_shows_what_came_before)
);

/// Nobody is believed to know an event beyond the limit, not even while a tick that failed has yet to put the counter back.
#[test]
fn no_event_is_beyond_the_limit() {
    model(|| {
        let (limit, beyond) = (AtomicClock::<2>::LIMIT, AtomicClock::<2>::LIMIT + 1);
        let clock = Arc::new(AtomicClock::starting_at(0, &FixedClock::from([limit - 1, 0])).unwrap());
        clock.tick().unwrap();
        let other = {
            let clock = clock.clone();
            thread::spawn(move || clock.tick().is_err())
        };
        let amnesia = Amnesia { known: limit, claimed: beyond };
        assert_eq!(clock.observe(&FixedClock::from([beyond, 7])), Err(amnesia));
        assert!(other.join().unwrap());
        assert_eq!(clock.snapshot(), FixedClock::from([limit, 0]));
    });
}
