//! The monitor, as drivers use it.

use core::time::Duration;

use proptest::prelude::*;
use spacelike::hlc::{LocalClock, ReservedError, Stored, Timestamp};
use spacelike::machine::NodeId;
use spacelike::monitor::{Monitor, Reading, Settings};

const DRIFT_MAX: Duration = Duration::from_millis(500);
const RESERVE: Duration = Duration::from_secs(4);
const SETTINGS: Settings = Settings { drift_max: DRIFT_MAX, reserve: RESERVE };
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
            let mut monitor = Monitor::new([PEER], Settings { drift_max, reserve: drift_max }, Stored::Never);
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
        let mut monitor = Monitor::new([PEER, NodeId(3)], Settings { drift_max, reserve }, from);
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
