//! Restarts: a reserved clock never goes back over what an earlier life issued or took over.
#![allow(clippy::unchecked_time_subtraction, reason = "constants that are known to be large enough")]

use core::time::Duration;

use spacelike_hlc::{
    LocalClock, LocalReservedClock, Reservation, ReservedClock, ReservedError, Stamp, Stored, Timestamp,
    Unreserved,
};

const DRIFT_MAX: Duration = Duration::from_millis(500);
const NOW: Duration = Duration::from_secs(1_700_000_000);
const AHEAD: Duration = Duration::from_secs(3);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Runs the body with a function that makes a shared clock, and with one that makes a local clock.
macro_rules! on_both {
    (|$new:ident| $body:block) => {{
        #[allow(unused_mut)]
        {
            let $new = |stored| ReservedClock::new(DRIFT_MAX, stored);
            $body
            let $new = |stored| LocalReservedClock::new(DRIFT_MAX, stored);
            $body
        }
    }};
}

/// Nothing is issued or taken over before the first bound is stored, not even after a restart.
#[test]
fn nothing_is_issued_before_a_bound_is_stored() {
    on_both!(|new| {
        let bound = Timestamp::new(1_700_000_001_000, 0).unwrap();
        for (stored, latest) in [(Stored::Never, None), (Stored::Bound(bound), Some(bound))] {
            let mut clock = new(stored);
            assert_eq!((clock.latest(), clock.bound()), (latest, latest));
            let needed = latest.map_or(1_700_000_000_000 << 16, |latest| latest.to_u64() + 1);
            let needed = Timestamp::from_u64(needed).unwrap();
            assert_eq!(clock.tick(NOW), Err(Unreserved { needed, bound: latest }.into()));
            assert!(clock.tick_n(NOW, 2).is_err());
            assert!(clock.receive(Timestamp::MIN, NOW).is_err());
            let remote = Timestamp::new(1_700_000_000_300, 0).unwrap();
            assert_eq!(clock.observe(remote, NOW).is_err(), latest.is_none());
            assert_eq!(clock.latest(), latest);
        }
    });
}

/// A crash at any point, with or without the bound stored, and a wall clock that is anywhere afterwards: the next life's
/// timestamps are greater than all of this one's.
#[test]
fn a_new_life_begins_above_the_old_one() {
    on_both!(|new| {
        for wall_after in
            [Duration::ZERO, NOW - Duration::from_secs(3_600), NOW, NOW + ms(1), NOW + AHEAD * 2]
        {
            for (stored, confirmed) in [(false, false), (true, false), (true, true)] {
                let mut clock = new(Stored::Never);
                let reservation = clock.reserve(NOW, AHEAD).unwrap();
                let mut disk = Stored::Bound(reservation.bound());
                clock.confirm(reservation);
                let mut greatest = clock.tick(NOW).unwrap();
                greatest = greatest.max(clock.tick_n(NOW, 5).unwrap().end().unwrap());
                let remote = Timestamp::new(1_700_000_000_400, u16::MAX).unwrap();
                greatest = greatest.max(clock.receive(remote, NOW).unwrap().timestamp);
                // The crash comes before the second bound is on the disk, before it is confirmed, or after.
                let reservation = clock.reserve(NOW + ms(1_000), AHEAD).unwrap();
                if stored {
                    disk = Stored::Bound(reservation.bound());
                }
                if confirmed {
                    clock.confirm(reservation);
                    greatest = greatest.max(clock.tick(NOW + ms(3_500)).unwrap());
                }

                // The crash.
                let mut clock = new(disk);
                let reservation = clock.reserve(wall_after, AHEAD).unwrap();
                clock.confirm(reservation);
                let next = clock.tick(wall_after).unwrap();
                assert!(next > greatest, "{next} after {greatest}, wall {wall_after:?}");
            }
        }
    });
}

/// After a crash the lead says how long to wait until peers take the timestamps; after a clean end that stored the latest
/// timestamp in place of the bound there is nothing to wait for.
#[test]
fn the_lead_after_a_restart_is_what_was_reserved() {
    on_both!(|new| {
        let mut clock = new(Stored::Never);
        let reservation = clock.reserve(NOW, AHEAD).unwrap();
        let crashed = Stored::Bound(reservation.bound());
        clock.confirm(reservation);
        let last = clock.tick(NOW).unwrap();
        let ended = Stored::Bound(clock.latest().unwrap());

        let mut clock = new(crashed);
        assert_eq!(clock.lead(NOW), AHEAD);
        let waited = NOW + clock.lead(NOW);
        let reservation = clock.reserve(waited, AHEAD).unwrap();
        clock.confirm(reservation);
        let mut peer = LocalClock::new(Duration::ZERO);
        assert!(peer.receive(clock.tick(waited).unwrap(), waited).is_ok());

        let mut clock = new(ended);
        assert_eq!(clock.lead(NOW), Duration::ZERO);
        let reservation = clock.reserve(NOW, AHEAD).unwrap();
        clock.confirm(reservation);
        assert!(clock.tick(NOW).unwrap() > last);
    });
}

/// At the bound the clock stops, unchanged; once more is reserved it goes on where it was.
#[test]
fn the_bound_is_inclusive_and_stops_the_clock() {
    on_both!(|new| {
        let mut clock = new(Stored::Never);
        let reservation = clock.reserve(NOW, ms(1)).unwrap();
        let bound = reservation.bound();
        assert_eq!(bound, Timestamp::new(1_700_000_000_001, 0).unwrap());
        clock.confirm(reservation);
        assert!(clock.tick_n(NOW, 65_538).is_err(), "one more than there are");
        assert_eq!(clock.latest(), None);
        assert_eq!(clock.tick_n(NOW, 65_537).unwrap().end(), Some(bound));
        let needed = Timestamp::new(1_700_000_000_001, 1).unwrap();
        let refused = ReservedError::Unreserved(Unreserved { needed, bound: Some(bound) });
        assert_eq!(clock.tick(NOW), Err(refused));
        assert_eq!(
            clock.receive(bound, NOW).map(|received| received.timestamp),
            Err(refused),
            "a receive needs one more"
        );
        assert_eq!(clock.observe(bound, NOW), Ok(ms(1)), "taking over the bound itself needs none");
        assert_eq!(clock.observe(needed, NOW), Err(refused));
        assert_eq!(clock.latest(), Some(bound));
        let reservation = clock.reserve(NOW, ms(1)).unwrap();
        assert_eq!(reservation.bound(), Timestamp::new(1_700_000_000_002, 0).unwrap());
        clock.confirm(reservation);
        assert_eq!(clock.tick(NOW), Ok(needed));
    });
}

/// A bound is never lowered: not by confirming an older reservation, not by a wall clock that stepped back.
#[test]
fn a_bound_is_never_lowered() {
    on_both!(|new| {
        let mut clock = new(Stored::Never);
        let old = clock.reserve(NOW, ms(1)).unwrap();
        let newer = clock.reserve(NOW, AHEAD).unwrap();
        let bound = newer.bound();
        clock.confirm(newer);
        clock.confirm(old);
        assert_eq!(clock.bound(), Some(bound));
        let again: Reservation = clock.reserve(Duration::ZERO, Duration::ZERO).unwrap();
        assert_eq!(again.bound(), bound);
    });
}

/// Bad input to a reserved clock is refused as by the others, and changes nothing.
#[test]
fn refusals_change_nothing() {
    on_both!(|new| {
        let mut clock = new(Stored::Never);
        let reservation = clock.reserve(NOW, AHEAD).unwrap();
        clock.confirm(reservation);
        let before = clock.tick(NOW).unwrap();
        let far = Timestamp::new(1_700_000_000_501, 0).unwrap();
        assert!(matches!(clock.receive(far, NOW), Err(ReservedError::DriftExceeded(_))));
        assert!(matches!(clock.observe(far, NOW), Err(ReservedError::DriftExceeded(_))));
        assert!(matches!(clock.tick(Duration::MAX), Err(ReservedError::Exhausted(_))));
        assert!(matches!(clock.tick_n(Duration::MAX, 1), Err(ReservedError::Exhausted(_))));
        assert!(matches!(clock.receive(before, Duration::MAX), Err(ReservedError::Exhausted(_))));
        assert!(matches!(clock.observe(before, Duration::MAX), Err(ReservedError::Exhausted(_))));
        assert!(clock.reserve(Duration::MAX, AHEAD).is_err());
        assert!(clock.reserve(NOW, Duration::MAX).is_err());
        assert!(clock.reserve(Timestamp::MAX.physical(), ms(1)).is_err());
        assert_eq!(clock.latest(), Some(before));
        assert_eq!(clock.lead(NOW), Duration::ZERO);
        assert_eq!(clock.lead(NOW - ms(3)), ms(3));
        assert_eq!(clock.drift_max(), DRIFT_MAX);
    });
}

/// A copied virtual machine: both copies issue the same timestamps, and an epoch in the node tells their stamps apart.
#[test]
fn an_epoch_fences_a_copied_machine() {
    let bound = Timestamp::new(1_700_000_000_000, 0).unwrap();
    let issue = |epoch: u32| {
        let mut clock = LocalReservedClock::new(DRIFT_MAX, Stored::Bound(bound));
        let reservation = clock.reserve(NOW, AHEAD).unwrap();
        clock.confirm(reservation);
        Stamp { time: clock.tick(NOW).unwrap(), node: (7u32, epoch) }
    };
    let (original, copy) = (issue(1), issue(2));
    assert_eq!(original.time, copy.time);
    assert!(original < copy);
}
