//! Models of [`AtomicPacked`].

use std::vec::Vec;

use super::mutant;
use super::race::{
    Op::{Echo, Forged, Heard, Observe, Read, Receive, Snapshot, Tell, Tick, Write},
    Promises::Linear,
    Shared, Stamp, model, race,
};
use super::steps::{Clock, outcomes};
use crate::{AtomicPacked, Packed};

/// Neighbours in the word, the own lane below.
type Halves = AtomicPacked<2>;

/// The own lane at the top, the peer's at the bottom.
type Quarters = AtomicPacked<4>;

impl<const LANES: usize> Shared for AtomicPacked<LANES> {
    fn start() -> Self {
        Self::new()
    }

    fn tick(&self) -> Stamp {
        stamp(AtomicPacked::tick(self, own::<LANES>()).unwrap())
    }

    fn receive(&self, message: Stamp) -> Option<Stamp> {
        AtomicPacked::receive(self, own::<LANES>(), packed(message)).ok().map(stamp)
    }

    fn observe(&self, message: Stamp) -> Option<bool> {
        AtomicPacked::observe(self, own::<LANES>(), packed(message)).ok()
    }

    fn snapshot(&self) -> Stamp {
        stamp(self.latest())
    }
}

fn own<const LANES: usize>() -> usize {
    if LANES == 2 { 0 } else { LANES - 1 }
}

fn peer<const LANES: usize>() -> usize {
    usize::from(LANES == 2)
}

fn stamp<const LANES: usize>(packed: Packed<LANES>) -> Stamp {
    [packed.get(own::<LANES>()), packed.get(peer::<LANES>())]
}

fn packed<const LANES: usize>(stamp: Stamp) -> Packed<LANES> {
    let mut counters = [0; LANES];
    counters[own::<LANES>()] = stamp[0];
    counters[peer::<LANES>()] = stamp[1];
    counters.try_into().unwrap()
}

/// Whatever threads do at once, it is as if they did it one after the other: the code's outcomes, those of its steps, and
/// those of the operations in every order are the same.
#[test]
fn operations_are_as_one_after_the_other() {
    fn check<C: Shared, const T: usize>(roles: [&'static [super::race::Op]; T]) {
        let serial = outcomes(Clock::Serial, roles, Some(Linear));
        assert_eq!(outcomes(Clock::Packed, roles, Some(Linear)), serial);
        let met = race::<C, T>(roles, Linear);
        assert!(met.is_subset(&serial), "{:?}", met.difference(&serial).collect::<Vec<_>>());
        if cfg!(loom) {
            assert_eq!(met, serial, "loom should have met all");
        }
    }
    check::<Halves, 2>([&[Tick, Tick], &[Tick, Tick]]);
    check::<Halves, 2>([&[Receive(5)], &[Tick]]);
    check::<Quarters, 2>([&[Receive(5), Observe(7)], &[Receive(5), Snapshot]]);
    check::<Halves, 2>([&[Observe(5), Tick], &[Observe(3), Snapshot]]);
    check::<Halves, 2>([&[Tick, Observe(5)], &[Receive(3), Snapshot]]);
    check::<Halves, 3>([&[Tick], &[Tick], &[Tick]]);
    check::<Quarters, 3>([&[Tick], &[Receive(5)], &[Observe(3)]]);
    check::<Halves, 3>([&[Tick], &[Observe(5)], &[Snapshot, Snapshot]]);
}

mutant!(
    a_tick_needs_one_step,
    Torn,
    "broken: a dot came twice",
    race::<Halves, 2>([&[Tick], &[Tick]], Linear)
);
mutant!(
    a_receive_needs_one_step,
    Torn,
    "broken: a dot came twice",
    race::<Halves, 2>([&[Receive(5)], &[Receive(5)]], Linear)
);
mutant!(
    an_observe_needs_one_step,
    Torn,
    "broken: what was taken over is lost",
    race::<Halves, 2>([&[Observe(5)], &[Observe(3)]], Linear)
);

/// The same without any ordering: one word has one order of modification, and that is all it needs.
#[cfg(loom)]
#[test]
fn one_order_needs_no_ordering() {
    use crate::sync::{Mutant, with_mutant};
    with_mutant(Mutant::Relaxed, || {
        race::<Halves, 2>([&[Tick, Observe(5)], &[Receive(3), Snapshot]], Linear);
        race::<Halves, 2>([&[Receive(5), Tick], &[Receive(7), Snapshot]], Linear);
        race::<Halves, 2>([&[Receive(5), Tell], &[Heard, Tick]], Linear);
        race::<Halves, 2>([&[Tick, Tell], &[Echo]], Linear);
    });
}

/// What other synchronisation between threads puts in an order is in that order here, too.
#[test]
fn later_calls_are_later() {
    race::<Halves, 2>([&[Receive(5), Tell], &[Heard, Tick]], Linear);
    race::<Halves, 2>([&[Observe(5), Tell], &[Heard, Snapshot]], Linear);
    race::<Quarters, 2>([&[Snapshot, Tell, Tick], &[Observe(5), Heard, Receive(3)]], Linear);
}

/// A thread that is told by the peer of an event of another thread knows of it.
#[test]
fn an_echo_is_no_amnesia() {
    race::<Halves, 2>([&[Tick, Tell], &[Echo]], Linear);
}

/// What is refused leaves the word alone, whatever other threads do.
#[test]
fn a_refusal_leaves_the_word_alone() {
    race::<Halves, 2>([&[Forged], &[Tick, Observe(5)]], Linear);
    race::<Quarters, 2>([&[Forged], &[Receive(5)]], Linear);
}

/// Whoever is issued a later timestamp sees what was written before the earlier one.
#[test]
fn a_later_timestamp_publishes() {
    race::<Halves, 2>([&[Write, Tick], &[Tick, Read]], Linear);
    race::<Halves, 2>([&[Write, Receive(5)], &[Tick, Read]], Linear);
    race::<Halves, 2>([&[Write, Tick], &[Receive(5), Read]], Linear);
    race::<Halves, 3>([&[Write, Tick], &[Observe(5)], &[Tick, Read]], Linear);
}

mutant!(
    a_tick_needs_release,
    NoRelease,
    "broken: [2, 0] doesn't show",
    race::<Halves, 2>([&[Write, Tick], &[Tick, Read]], Linear)
);
mutant!(
    a_tick_needs_acquire,
    NoAcquire,
    "broken: [2, 0] doesn't show",
    race::<Halves, 2>([&[Write, Tick], &[Tick, Read]], Linear)
);

/// Whoever reads it, or a later one, does.
#[test]
fn latest_publishes() {
    race::<Halves, 2>([&[Write, Tick], &[Snapshot, Read]], Linear);
    race::<Halves, 3>([&[Write, Receive(5)], &[Observe(7)], &[Snapshot, Read]], Linear);
}

mutant!(
    latest_needs_release,
    NoRelease,
    "broken: [1, 0] doesn't show",
    race::<Halves, 2>([&[Write, Tick], &[Snapshot, Read]], Linear)
);
mutant!(
    latest_needs_acquire,
    NoAcquire,
    "broken: [1, 0] doesn't show",
    race::<Halves, 2>([&[Write, Tick], &[Snapshot, Read]], Linear)
);

/// Whoever's timestamp includes what was observed sees what was written before that.
#[test]
fn observations_publish() {
    race::<Halves, 2>([&[Write, Observe(5)], &[Tick, Read]], Linear);
    race::<Halves, 2>([&[Write, Observe(5)], &[Snapshot, Read]], Linear);
    race::<Halves, 3>([&[Write, Observe(5)], &[Observe(7)], &[Snapshot, Read]], Linear);
}

mutant!(
    observations_need_release,
    NoRelease,
    "broken: [0, 5] doesn't show",
    race::<Halves, 2>([&[Write, Observe(5)], &[Snapshot, Read]], Linear)
);

/// At the end of a lane threads race for the last events: each is issued once, and the lanes beside it stay as they are.
fn the_last_are_distinct() {
    let start = Packed::from([9, 253, 7, 0, 0, 0, 0, 0_u8]);
    let clock = super::race::Arc::new(AtomicPacked::starting_at(start));
    let take = |clock: &AtomicPacked<8>| [0, 1].map(|_| clock.tick(1).ok().map(|stamp| stamp.get(1)));
    let other = {
        let clock = clock.clone();
        super::race::thread::spawn(move || take(&clock))
    };
    let ours = take(&clock);
    let theirs = other.join().unwrap();
    let mut issued: Vec<_> = ours.into_iter().chain(theirs).flatten().collect();
    issued.sort_unstable();
    assert_eq!(issued, [254, 255], "broken: the last were not issued once");
    let end = Packed::from([9, 255, 7, 0, 0, 0, 0, 0_u8]);
    assert!(clock.tick(1).is_err() && clock.receive(1, Packed::from([0, 0, 0, 1, 0, 0, 0, 0_u8])).is_err());
    assert_eq!(clock.latest(), end, "broken: a refused event changed the clock");
}

#[test]
fn the_last_events_are_issued_once() {
    model(the_last_are_distinct);
}

mutant!(the_last_events_need_one_step, Torn, "broken: the last", model(the_last_are_distinct));
