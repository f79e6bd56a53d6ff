//! The monitor, as drivers use it.

use core::time::Duration;
use std::collections::VecDeque;

use proptest::prelude::*;
use spacelike::hlc::{LocalClock, ReservedError, Stored, Timestamp};
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
use spacelike::monitor::{Change, Detection, Heartbeat, Level, Monitor, Polled, Reading, Settings};
use spacelike::phi_detector::State;

const DRIFT_MAX: Duration = Duration::from_millis(500);
const RESERVE: Duration = Duration::from_secs(4);
const SETTINGS: Settings =
    Settings { drift_max: DRIFT_MAX, reserve: RESERVE, detection: Detection::every(PERIOD) };
const PERIOD: Duration = Duration::from_millis(100);
const WALL: Duration = Duration::from_secs(1_700_000_000);
const PEER: NodeId = NodeId(2);

fn reading(elapsed: Duration) -> Reading {
    Reading { monotonic: elapsed, wall: WALL + elapsed, error: None }
}

fn started(stored: Stored) -> Monitor {
    let mut monitor = Monitor::new([PEER], SETTINGS, stored);
    let reservation = monitor.reserve(reading(Duration::ZERO)).unwrap().expect("due at the start");
    monitor.confirm(reservation);
    monitor
}

/// A step before the first bound is stored is refused, whether or not an earlier life stored one.
#[test]
fn no_step_comes_before_a_stored_bound() {
    let old = Timestamp::new(1_700_000_005_000, 0).unwrap();
    for stored in [Stored::Never, Stored::Bound(old)] {
        let mut monitor = Monitor::new([PEER], SETTINGS, stored);
        let refused = monitor.local(reading(Duration::ZERO)).unwrap_err();
        assert!(matches!(refused, ReservedError::Unreserved(_)));
        let reservation = monitor.reserve(reading(Duration::ZERO)).unwrap().expect("due at the start");
        assert!(Stored::Bound(reservation.bound()) != stored);
        monitor.confirm(reservation);
        assert!(monitor.local(reading(Duration::ZERO)).is_ok());
    }
}

/// A driver that reserves when it is told to, and whose store then takes nearly half of what is reserved, is never stopped
/// by the bound, also with the worst stamps that are accepted and a wall clock that steps back in between, except where the
/// wall clock jumps ahead of the bound; and it needn't store more often than every few seconds.
#[test]
fn reserving_when_due_is_enough() {
    let mut monitor = started(Stored::Never);
    let (mut stores, mut last, mut storing) = (0, None, None);
    for millis in (0..120_000u64).step_by(50) {
        let mut reading = reading(Duration::from_millis(millis));
        if (40_000..60_000).contains(&millis) {
            reading.wall = reading.wall.saturating_sub(Duration::from_secs(3_600));
        }
        if let Some((since, reservation)) = storing.take() {
            if millis < since + 1_900 {
                storing = Some((since, reservation));
            } else {
                monitor.confirm(reservation);
                stores += 1;
            }
        } else if let Some(reservation) = monitor.reserve(reading).unwrap() {
            storing = Some((millis, reservation));
        }
        // A wall clock that jumps ahead of the bound, here back to the right time, costs one store.
        if storing.is_some() && (60_000..62_000).contains(&millis) {
            assert!(monitor.local(reading).is_err() || millis > 61_900);
            continue;
        }
        let ahead = u64::try_from((reading.wall + DRIFT_MAX).as_millis()).unwrap();
        let worst = Timestamp::new(ahead, u16::MAX).unwrap();
        let arrival = monitor.receive(PEER, worst, reading).unwrap();
        assert_eq!(arrival.ahead, Ok(DRIFT_MAX));
        let now = monitor.local(reading).unwrap();
        assert!(Some(arrival.now.stamp) > last && now.stamp > arrival.now.stamp);
        last = Some(now.stamp);
    }
    let fewest = 120 / RESERVE.as_secs();
    assert!((fewest / 2..=3 * fewest).contains(&stores), "{stores} stores in two minutes");
}

/// Any drift and any wall clock can be asked for; what can't be stamped is an error, not a panic.
#[test]
fn extreme_settings_are_no_panic() {
    for drift_max in [Duration::ZERO, Duration::MAX] {
        for wall in [Duration::ZERO, WALL, Timestamp::MAX.physical(), Duration::MAX] {
            let mut monitor =
                Monitor::new([PEER], Settings { drift_max, reserve: drift_max, ..SETTINGS }, Stored::Never);
            let reading = Reading { monotonic: Duration::MAX, wall, error: None };
            match monitor.reserve(reading) {
                Ok(reservation) => monitor.confirm(reservation.expect("due at the start")),
                Err(exhausted) => assert!(exhausted.wall >= Timestamp::MAX.physical()),
            }
            let local = monitor.local(reading);
            assert!(local.is_ok() || wall > WALL, "{wall:?}");
            assert!(local.is_err() || wall < Duration::MAX);
            let _ = monitor.receive(PEER, Timestamp::MAX, reading);
        }
    }
}

/// A new life's stamps are greater than all of the old one's, whatever the wall clock does.
#[test]
fn stamps_grow_across_lives() {
    let mut monitor = Monitor::new([PEER], SETTINGS, Stored::Never);
    let reservation = monitor.reserve(reading(Duration::ZERO)).unwrap().unwrap();
    let disk = Stored::Bound(reservation.bound());
    monitor.confirm(reservation);
    let before = monitor.local(reading(Duration::from_secs(3))).unwrap().stamp;
    let mut monitor = started(disk);
    assert!(monitor.local(reading(Duration::ZERO)).unwrap().stamp > before);
}

/// After a crash a node waits until its stamps aren't ahead of its wall clock, and then peers take them. It never waits
/// longer than it had reserved, and not at all after a clean end.
#[test]
fn settling_makes_stamps_acceptable_again() {
    let seconds = Duration::from_secs;
    let mut monitor = Monitor::new([PEER], SETTINGS, Stored::Never);
    assert_eq!(monitor.settle(reading(Duration::ZERO)), Duration::ZERO);
    let reservation = monitor.reserve(reading(Duration::ZERO)).unwrap().unwrap();
    let crashed = Stored::Bound(reservation.bound());
    monitor.confirm(reservation);
    let last = monitor.local(reading(seconds(1))).unwrap().stamp;
    let ended = Stored::Bound(monitor.latest().unwrap());
    assert_eq!(ended, Stored::Bound(last));

    // A crash one second in, and again and again: each life waits, none is ahead of its wall clock by more.
    let (mut now, mut stored) = (seconds(1), crashed);
    for life in 0..5 {
        let mut monitor = Monitor::new([PEER], SETTINGS, stored);
        let wait = monitor.settle(reading(now));
        let ran = if life == 0 { seconds(1) } else { Duration::ZERO };
        assert_eq!(wait + ran, RESERVE + DRIFT_MAX);
        now += wait;
        let reservation = monitor.reserve(reading(now)).unwrap().unwrap();
        stored = Stored::Bound(reservation.bound());
        monitor.confirm(reservation);
        let stamp = monitor.local(reading(now)).unwrap().stamp;
        assert!(stamp > last);
        let mut peer = Monitor::new([PEER], SETTINGS, Stored::Never);
        peer.confirm(peer.reserve(reading(now)).unwrap().unwrap());
        assert_eq!(peer.receive(PEER, stamp, reading(now)).unwrap().ahead, Ok(Duration::ZERO));
    }

    // A clean end: nothing to wait for, and still above.
    let mut monitor = Monitor::new([PEER], SETTINGS, ended);
    assert_eq!(monitor.settle(reading(seconds(1))), Duration::ZERO);
    monitor.confirm(monitor.reserve(reading(seconds(1))).unwrap().unwrap());
    assert!(monitor.local(reading(seconds(1))).unwrap().stamp > last);

    // A wall clock that was set back by an hour: the wait is bounded.
    let monitor = Monitor::new([PEER], SETTINGS, crashed);
    let back = Reading { wall: WALL.saturating_sub(seconds(3_600)), ..reading(Duration::ZERO) };
    assert_eq!(monitor.settle(back), RESERVE + DRIFT_MAX);
    assert_eq!(monitor.lead(back.wall), RESERVE + DRIFT_MAX + seconds(3_600));
}

/// A stamp from the future doesn't move the clock, is counted, and leaves the message a stamp of its own.
#[test]
fn a_refused_stamp_is_no_refused_message() {
    let mut monitor = started(Stored::Never);
    let far = Timestamp::new(1_700_000_003_000, 0).unwrap();
    let arrival = monitor.receive(PEER, far, reading(Duration::ZERO)).unwrap();
    assert_eq!(arrival.ahead.unwrap_err().drift, Duration::from_secs(3));
    assert!(arrival.now.stamp < far);
    let peer = monitor.peer(PEER).unwrap();
    assert_eq!((peer.messages, peer.refused, peer.ahead_max), (1, 1, Duration::ZERO));
    assert_eq!(monitor.lead(WALL), Duration::ZERO);
    for (millis, farthest) in [(1_700_000_000_100, 100), (1_700_000_000_300, 300), (1_700_000_000_200, 300)] {
        let near = Timestamp::new(millis, 0).unwrap();
        assert!(monitor.receive(PEER, near, reading(Duration::ZERO)).unwrap().ahead.is_ok());
        assert_eq!(monitor.peer(PEER).unwrap().ahead_max, Duration::from_millis(farthest));
    }
}

/// What is known of peers is bounded by the world: strangers are stamped and forgotten.
#[test]
fn strangers_leave_no_trace() {
    let mut monitor = started(Stored::Never);
    let stamp = LocalClock::new(Duration::ZERO).tick(WALL).unwrap();
    for stranger in 3..1_000 {
        let arrival = monitor.receive(NodeId(stranger), stamp, reading(Duration::ZERO)).unwrap();
        assert!(arrival.now.stamp > stamp);
    }
    assert_eq!(monitor.peers().count(), 1);
    assert_eq!(monitor.peer(PEER).unwrap().heard, None);
}

/// The monotonic clock that a machine sees never decreases, even if the driver's does.
#[test]
fn monotonic_time_never_decreases() {
    let mut monitor = started(Stored::Never);
    let error = Some(Duration::from_millis(7));
    let late = monitor.local(Reading { error, ..reading(Duration::from_secs(2)) }).unwrap();
    assert_eq!(late.error, error);
    let early = monitor.local(reading(Duration::from_secs(1))).unwrap();
    assert_eq!(early.monotonic, late.monotonic);
    assert!(early.stamp > late.stamp && early.wall < late.wall);
}

/// A silence comes to one level after the other, as time passes and by nothing else. The machine is told once, at the level
/// that the settings say, and again when enough beats have come.
#[test]
fn a_silence_is_told_level_by_level() {
    for (suspect_at, told) in [
        (Level::Warn, [true, false, false]),
        (Level::RouteAround, [false, true, false]),
        (Level::Convict, [false, false, true]),
    ] {
        let mut monitor = watching(Detection { suspect_at, ..Detection::every(PERIOD) });
        let last = beats(&mut monitor, 0, 20);
        let mut changes = Vec::new();
        while changes.len() < 3 {
            let deadline = monitor.next_deadline().unwrap();
            changes.extend(monitor.poll(reading(deadline)).changes);
        }
        let [warn, route_around, convict] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!([warn, route_around, convict].map(|change| change.to), Level::ALL.map(Some));
        assert_eq!(
            [warn, route_around, convict]
                .map(|change| change.input() == Some(Input::<Nobody>::Suspect(PEER))),
            told
        );
        assert!(warn.at < route_around.at && route_around.at < convict.at);
        // The pause is 400 ms, and 5.6 standard deviations of a tenth of the period are phi 8.
        let silence = convict.at.checked_sub(last).unwrap();
        assert!((550..=560).contains(&silence.as_millis()), "{silence:?}");
        assert!(convict.suspicion.phi >= 8.0 && convict.suspicion.phi < 8.5, "{:?}", convict.suspicion);
        assert_eq!(monitor.peer(PEER).unwrap().level, Some(Level::Convict));

        let (now, beat) = (convict.at + PERIOD, convict.at + 2 * PERIOD);
        assert_eq!(monitor.beat(PEER, 1, heartbeat(now), reading(now)), None);
        let trusted = monitor.beat(PEER, 1, heartbeat(beat), reading(beat)).unwrap();
        assert_eq!((trusted.from, trusted.to, trusted.at), (Some(Level::Convict), None, beat));
        assert_eq!(trusted.input(), Some(Input::<Nobody>::Trust(PEER)));
        assert_eq!(monitor.peer(PEER).unwrap().level, None);
        let end = monitor.suspicion(PEER, reading(beat)).unwrap();
        assert!(end.elapsed < Duration::from_millis(1) && end.phi < 0.1, "{end:?}");
    }
}

/// A peer that was never heard is convicted when its grace is over, and not before. The grace begins when somebody looks.
#[test]
fn a_peer_that_never_came_is_convicted_after_its_grace() {
    let mut monitor = watching(Detection::every(PERIOD));
    assert_eq!((monitor.next_deadline(), monitor.suspicion(PEER, reading(Duration::ZERO))), (None, None));
    let begun = Duration::from_secs(50);
    let grace = Detection::every(PERIOD).grace;
    let mut now = begun;
    let change = loop {
        if let [change] = monitor.poll(reading(now)).changes[..] {
            break change;
        }
        now = monitor.next_deadline().unwrap();
    };
    assert_eq!((change.from, change.to, change.at), (None, Some(Level::Convict), begun + grace));
}

/// Heartbeats go out once a period, numbered, with the time at which they do. What was missed is not made up for.
#[test]
fn heartbeats_keep_their_pace() {
    let mut monitor = watching(Detection::every(PERIOD));
    let millis = Duration::from_millis;
    let sent: Vec<_> = [0, 40, 100, 199, 205, 304, 305, 90_000, 90_001, 90_100]
        .map(|at| monitor.poll(reading(millis(at))).heartbeat)
        .into_iter()
        .flatten()
        .map(|Heartbeat { sequence, sent }| (sequence, sent.as_millis()))
        .collect();
    assert_eq!(sent, [(0, 0), (1, 100), (2, 205), (3, 305), (4, 90_000), (5, 90_100)]);
    assert_eq!(monitor.absences(), 1);
}

/// Only the time in which we did nothing for our peers is an absence: not that in which we took beats and were late to look.
#[test]
fn who_takes_beats_is_there() {
    for (taken, absences) in [(Duration::from_millis(260), 0), (Duration::ZERO, 1)] {
        let mut monitor = watching(Detection::every(PERIOD));
        let last = beats(&mut monitor, 0, 20);
        monitor.beat(PEER, 1, heartbeat(last + taken), reading(last + taken));
        let _ = monitor.poll(reading(last + Duration::from_millis(400)));
        assert_eq!(monitor.absences(), absences);
    }
}

/// What a peer claims about its numbers and clocks costs it its own trust at most, and its next connection begins anew:
/// nothing that was said on one before is held against it.
#[test]
fn a_liar_does_not_lock_out_its_own_later_life() {
    for lie in [u64::MAX, u64::MAX - 1, 1 << 63] {
        for sent in [Duration::ZERO, Duration::MAX] {
            let mut monitor = watching(Detection::every(PERIOD));
            let last = beats(&mut monitor, 0, 20);
            let now = last + PERIOD / 2;
            monitor.beat(PEER, 1, Heartbeat { sequence: lie, sent }, reading(now));
            let mut said = monitor.poll(reading(now)).changes;
            let begun = monitor.peer(PEER).unwrap().beats;
            for beat in 1..=20 {
                let now = now + beat * PERIOD;
                let sequence = u64::from(beat);
                said.extend(monitor.beat(PEER, 2, Heartbeat { sequence, sent: beat * PERIOD }, reading(now)));
                said.extend(monitor.poll(reading(now)).changes);
            }
            assert_eq!((said, monitor.peer(PEER).unwrap().beats), (vec![], begun + 20));
        }
    }
}

/// Other evidence than beats moves the silence, and that is all: it raises nobody from the dead, introduces nobody, and none of
/// it is of the future.
#[test]
fn other_evidence_moves_the_silence_only() {
    let mut monitor = watching(Detection::every(PERIOD));
    let last = beats(&mut monitor, 0, 20);
    let silent = |monitor: &Monitor, now| monitor.suspicion(PEER, reading(now)).unwrap().elapsed.as_millis();
    monitor.witness(PEER, last + PERIOD, reading(last + 2 * PERIOD));
    assert_eq!(silent(&monitor, last + 2 * PERIOD), 100);
    monitor.witness(PEER, last, reading(last + 2 * PERIOD)); // older
    assert_eq!(silent(&monitor, last + 2 * PERIOD), 100);
    monitor.witness(PEER, Duration::MAX, reading(last + 2 * PERIOD));
    assert_eq!(silent(&monitor, last + 3 * PERIOD), 100);

    let mut now = last + 2 * PERIOD;
    while monitor.peer(PEER).unwrap().level < Some(Level::Convict) {
        now = monitor.next_deadline().unwrap();
        let _ = monitor.poll(reading(now));
    }
    assert!(now > last + 2 * PERIOD + Detection::every(PERIOD).pause);
    monitor.witness(PEER, now, reading(now));
    assert_eq!(monitor.peer(PEER).unwrap().level, Some(Level::Convict));
    assert_eq!(silent(&monitor, now), 0);

    let (mut monitor, stranger) = (watching(Detection::every(PERIOD)), NodeId(9));
    monitor.witness(PEER, Duration::ZERO, reading(Duration::ZERO));
    monitor.witness(stranger, Duration::ZERO, reading(Duration::ZERO));
    assert_eq!(monitor.beat(stranger, 1, heartbeat(Duration::ZERO), reading(Duration::ZERO)), None);
    assert_eq!(monitor.suspicion(PEER, reading(PERIOD)).unwrap().state, State::Unknown);
    assert_eq!((monitor.suspicion(stranger, reading(PERIOD)), monitor.peer(stranger)), (None, None));
}

/// Each field of the detection has a range, and the monitor refuses what is outside.
#[test]
fn detection_out_of_range_is_named() {
    type Change = fn(&mut Detection);
    let cases: [(&str, Change); 13] = [
        ("period", |d| d.period = Duration::ZERO),
        ("period", |d| d.period = Duration::from_micros(999)),
        ("period", |d| d.period = Duration::from_secs(3_601)),
        ("pause", |d| d.pause = Duration::MAX),
        ("levels", |d| d.levels[0] = 0.0),
        ("levels", |d| d.levels[0] = f64::NAN),
        ("levels", |d| d.levels[1] = f64::NAN),
        ("levels", |d| d.levels[2] = f64::NAN),
        ("levels", |d| d.levels[2] = f64::INFINITY),
        ("levels", |d| d.levels = [1.0, 1.0, 2.0]),
        ("levels", |d| d.levels = [1.0, 2.0, 2.0]),
        ("trust_after", |d| d.trust_after = 0),
        ("grace", |d| d.grace = Duration::MAX),
    ];
    for (name, change) in cases {
        let mut detection = Detection::default();
        assert_eq!(detection.out_of_range(), None);
        change(&mut detection);
        assert_eq!(detection.out_of_range(), Some(name), "{detection:?}");
        let new = || Monitor::new([], Settings { detection, ..SETTINGS }, Stored::Never);
        assert!(std::panic::catch_unwind(new).is_err());
    }
}

proptest! {
    /// Whatever peers stamp and whatever the clocks read: no panic, stamps that only grow and never pass the bound, and
    /// refusals that change nothing.
    #[test]
    fn any_stamps_and_readings_are_survived(
        drift_max in durations(),
        reserve in durations(),
        stored in prop::option::of(stamps()),
        inputs in prop::collection::vec(
            (any::<bool>(), prop::option::of((0u32..4, stamps())), durations(), durations()),
            0..40,
        ),
    ) {
        let from = stored.map_or(Stored::Never, Stored::Bound);
        let mut monitor = Monitor::new([PEER, NodeId(3)], Settings { drift_max, reserve, ..SETTINGS }, from);
        let mut last = stored;
        for (store, message, monotonic, wall) in inputs {
            let reading = Reading { monotonic, wall, error: None };
            prop_assert!(monitor.settle(reading) <= Duration::from_secs(2 * 86_400));
            if store {
                if let Ok(Some(reservation)) = monitor.reserve(reading) {
                    monitor.confirm(reservation);
                }
            }
            let before = monitor.clone();
            let now = match message {
                Some((from, stamp)) => monitor.receive(NodeId(from), stamp, reading).map(|arrival| arrival.now),
                None => monitor.local(reading),
            };
            if let Ok(now) = now {
                prop_assert!(Some(now.stamp) > last);
                prop_assert_eq!(now.wall, wall);
                last = Some(now.stamp);
            } else {
                prop_assert_eq!(&monitor, &before);
            }
        }
    }

    /// A node that sleeps for whatever time, however often, and then finds what came meanwhile accuses nobody who beat on:
    /// whether it looks first and reads then or the other way round, and whether it finds all beats or only the latest of
    /// each. While it is awake it may be late by half the acceptable pause, and beats may take as long.
    #[test]
    fn who_slept_accuses_nobody(
        naps in prop::collection::vec((0..3_000u64, prop_oneof![3 => 0..2_000u64, 1 => 0..1_000_000u64]), 0..6),
        delays in prop::collection::vec(0..=150u64, 1..50),
        lateness in prop::collection::vec(0..=100u64, 1..50),
        reads_first in any::<bool>(),
        latest_only in any::<bool>(),
    ) {
        let mut world = World::new(naps, delays, lateness, reads_first, latest_only);
        let changes = world.run(|_, _| true);
        prop_assert!(changes.is_empty(), "{:?}", changes);
        prop_assert!(world.observer.peers().all(|(_, peer)| peer.beats > 5), "{:?}", world.observer);
    }

    /// A peer that died while we slept, or at any other time, is convicted all the same, within a second of our being awake.
    #[test]
    fn who_slept_convicts_the_dead(
        naps in prop::collection::vec((0..3_000u64, 0..10_000u64), 0..6),
        delays in prop::collection::vec(0..=150u64, 1..50),
        lateness in prop::collection::vec(0..=100u64, 1..50),
        reads_first in any::<bool>(),
        latest_only in any::<bool>(),
        dies in 1_000..20_000u64,
    ) {
        let mut world = World::new(naps, delays, lateness, reads_first, latest_only);
        let dead = NodeId(3);
        let changes = world.run(|node, sent| node != dead || sent < dies);
        let convicted = changes.iter().find(|change| change.to == Some(Level::Convict));
        prop_assert!(changes.iter().all(|change| change.peer == dead), "{:?}", changes);
        let awake = world.awake(dies, convicted.expect("a conviction").at);
        prop_assert!(awake <= 1_500, "{} ms awake: {:?}", awake, world);
    }

    /// Whatever heartbeats contain and whatever the clocks read: no panic, no peer but the sender gains or loses, and a deadline
    /// that is never in the past for long.
    #[test]
    fn any_heartbeats_are_survived(
        inputs in prop::collection::vec(
            (0u32..5, 0u64..4, (words(), durations()), durations(), 0..3u8),
            0..60,
        ),
    ) {
        let mut monitor = Monitor::new([PEER, NodeId(3)], SETTINGS, Stored::Never);
        for (from, epoch, (sequence, sent), monotonic, what) in inputs {
            let (from, reading) = (NodeId(from), Reading { monotonic, wall: WALL, error: None });
            let others: Vec<_> = monitor.peers().filter(|(peer, _)| *peer != from).map(|(n, p)| (n, *p)).collect();
            match what {
                0 => {
                    let Polled { changes, .. } = monitor.poll(reading);
                    prop_assert!(changes.iter().all(|change| change.from != change.to));
                    let now = changes.iter().map(|change| change.at).max().unwrap_or_default();
                    prop_assert!(monitor.next_deadline().is_none_or(|next| next > now || next == Duration::MAX));
                    continue;
                }
                1 => drop(monitor.beat(from, epoch, Heartbeat { sequence, sent }, reading)),
                _ => monitor.witness(from, sent, reading),
            }
            let still: Vec<_> = monitor.peers().filter(|(peer, _)| *peer != from).map(|(n, p)| (n, *p)).collect();
            prop_assert_eq!(others, still);
            for (node, _) in monitor.peers() {
                prop_assert!(monitor.suspicion(node, reading).is_none_or(|suspicion| suspicion.phi.is_finite()));
            }
        }
    }
}

/// An observer, and peers that beat as they should, in virtual milliseconds.
#[derive(Debug)]
struct World {
    observer: Monitor,
    /// When it falls asleep, and until when.
    naps: VecDeque<(u64, u64)>,
    slept: Vec<(u64, u64)>,
    delays: Vec<u64>,
    lateness: Vec<u64>,
    reads_first: bool,
    latest_only: bool,
}

impl World {
    fn new(
        naps: Vec<(u64, u64)>,
        delays: Vec<u64>,
        lateness: Vec<u64>,
        reads_first: bool,
        latest_only: bool,
    ) -> Self {
        let detection = Detection::every(PERIOD);
        let peers = [2, 3, 4].map(NodeId);
        let mut end = 0;
        let naps = naps.into_iter().map(|(awake, asleep)| {
            let from = end + awake;
            end = from + asleep;
            (from, end)
        });
        let naps: VecDeque<_> = naps.collect();
        Self {
            observer: Monitor::new(peers, Settings { detection, ..SETTINGS }, Stored::Never),
            slept: naps.iter().copied().collect(),
            naps,
            delays,
            lateness,
            reads_first,
            latest_only,
        }
    }

    /// Runs until a while after the last nap, with a beat of each peer a period if it is `alive`, and gives the changes.
    fn run(&mut self, alive: impl Fn(NodeId, u64) -> bool) -> Vec<Change> {
        let end = self.slept.last().map_or(0, |nap| nap.1).max(20_000) + 3_000;
        // Far into a long nap nothing is sent: what matters is what is found at its end.
        let matters =
            |sent: u64| !self.slept.iter().any(|&(from, until)| sent > from + 2_000 && sent + 2_000 < until);
        let mut arrivals: Vec<(u64, NodeId, Heartbeat)> = Vec::new();
        for node in [2, 3, 4] {
            let mut free = 0;
            for (sequence, sent) in (u64::from(node) * 30..end).step_by(100).enumerate() {
                if alive(NodeId(node), sent) && matters(sent) {
                    let delay = self.delays[(sequence + node as usize) % self.delays.len()];
                    free = free.max(sent + delay); // in order
                    let beat = Heartbeat { sequence: sequence as u64, sent: Duration::from_millis(sent) };
                    arrivals.push((free, NodeId(node), beat));
                }
            }
        }
        arrivals.sort();
        let (mut arrivals, mut changes) = (VecDeque::from(arrivals), Vec::new());
        let (mut now, mut polls, mut wake) = (0, 0, 0);
        while now < end {
            // Up to a beat, or the deadline.
            now = arrivals.front().map_or(wake, |arrival| arrival.0.min(wake)).max(now);
            if self.naps.front().is_some_and(|nap| nap.0 <= now) {
                now = now.max(self.naps.pop_front().map_or(0, |nap| nap.1));
            }
            let reading = reading(Duration::from_millis(now));
            let due = now >= wake;
            if due && !self.reads_first {
                changes.extend(self.observer.poll(reading).changes);
            }
            let mut here: Vec<_> = std::iter::from_fn(|| {
                let is_here = arrivals.front().is_some_and(|arrival| arrival.0 <= now);
                is_here.then(|| arrivals.pop_front()).flatten()
            })
            .collect();
            if self.latest_only {
                here = [2, 3, 4]
                    .iter()
                    .filter_map(|&n| here.iter().rfind(|beat| beat.1 == NodeId(n)).copied())
                    .collect();
            }
            for (_, node, beat) in here {
                changes.extend(self.observer.beat(node, 1, beat, reading));
            }
            if due && self.reads_first {
                changes.extend(self.observer.poll(reading).changes);
            }
            polls += usize::from(due);
            let deadline = self.observer.next_deadline().unwrap().as_micros().div_ceil(1_000);
            wake = u64::try_from(deadline).unwrap() + self.lateness[polls % self.lateness.len()];
        }
        changes
    }

    /// How long we were awake between the two.
    fn awake(&self, from: u64, until: Duration) -> u64 {
        let until = u64::try_from(until.as_millis()).unwrap();
        let asleep = |&(a, b): &(u64, u64)| b.min(until).saturating_sub(a.max(from));
        until.saturating_sub(from) - self.slept.iter().map(asleep).sum::<u64>()
    }
}

/// A machine, for the type of its inputs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Nobody;

impl Machine for Nobody {
    type Message = ();
    type Timer = ();
    type Request = ();
    type Response = ();
    type Slot = ();
    type Record = ();
    type Note = ();

    fn start(&mut self, _: Now, _: Boot<'_, Self>, _: &mut Outbox<Self>) {}

    fn step(&mut self, _: Now, _: Input<Self>, _: &mut Outbox<Self>) {}
}

fn watching(detection: Detection) -> Monitor {
    Monitor::new([PEER], Settings { detection, ..SETTINGS }, Stored::Never)
}

/// So many beats of the peer, a period apart, and a look at each. Gives the time of the last.
fn beats(monitor: &mut Monitor, from: u32, count: u32) -> Duration {
    for beat in from..from + count {
        let now = beat * PERIOD;
        assert_eq!(monitor.beat(PEER, 1, heartbeat(now), reading(now)), None);
        assert_eq!(monitor.poll(reading(now)).changes, []);
    }
    (from + count - 1) * PERIOD
}

/// Numbered by its time, so that none is lost.
fn heartbeat(sent: Duration) -> Heartbeat {
    let sequence = u64::try_from(sent.as_millis() / PERIOD.as_millis()).unwrap();
    Heartbeat { sequence, sent }
}

fn words() -> impl Strategy<Value = u64> {
    prop_oneof![0..20u64, any::<u64>(), Just(u64::MAX)]
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..100_000).prop_map(Duration::from_millis),
        (0u64..=Timestamp::MAX.millis()).prop_map(Duration::from_millis),
        Just(Duration::MAX),
    ]
}

fn stamps() -> impl Strategy<Value = Timestamp> {
    let near =
        (1u64..200_000, any::<u16>()).prop_map(|(millis, counter)| Timestamp::new(millis, counter).unwrap());
    let any = (1..=Timestamp::MAX.to_u64()).prop_map(|word| Timestamp::from_u64(word).unwrap());
    prop_oneof![4 => near, 1 => any, 1 => Just(Timestamp::MAX)]
}
