//! Models of [`ReservedClock`].

use core::sync::atomic::Ordering;
use core::time::Duration;

use super::{Arc, Data, model, mutant, spawn};
use crate::{ReservedClock, ReservedError, Stored, Timestamp};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A clock whose bound is this far above zero.
fn clock(bound: Duration) -> Arc<ReservedClock> {
    let clock = ReservedClock::new(ms(10), Stored::Never);
    clock.confirm(clock.reserve(Duration::ZERO, bound).unwrap());
    Arc::new(clock)
}

/// Threads that race for the last timestamps below the bound share them without passing it.
fn the_bound_holds() {
    let clock = clock(ms(0)); // one timestamp: the smallest
    let other = {
        let clock = clock.clone();
        spawn(move || clock.tick(ms(0)).ok())
    };
    let ours = clock.tick(ms(0)).ok();
    let theirs = other.join().unwrap();
    assert!(ours.is_some() != theirs.is_some(), "broken: {ours:?} {theirs:?}");
    assert_eq!(clock.latest(), clock.bound());
    assert!(matches!(clock.tick(ms(0)), Err(ReservedError::Unreserved(_))));
}

#[test]
fn no_timestamp_passes_the_bound() {
    model(the_bound_holds);
}

mutant!(the_bound_needs_one_step, Torn, the_bound_holds);

/// Nobody is issued a timestamp above the old bound who doesn't see the new one stored.
fn stored_first() {
    let (clock, disk) = (clock(ms(1)), Arc::new(Data::new(0)));
    let storer = {
        let (clock, disk) = (clock.clone(), disk.clone());
        spawn(move || {
            let reservation = clock.reserve(ms(1), ms(2)).unwrap();
            disk.store(reservation.bound().to_u64(), Ordering::Relaxed);
            clock.confirm(reservation);
        })
    };
    let issued = clock.tick(ms(2));
    let on_disk = disk.load(Ordering::Relaxed);
    storer.join().unwrap();
    if let Ok(issued) = issued {
        assert!(issued.to_u64() <= on_disk, "broken: {issued} above {on_disk:x}");
    }
    assert!(clock.tick(ms(2)).is_ok());
}

#[test]
fn the_bound_is_durable_before_it_is_used() {
    model(stored_first);
}

mutant!(the_bound_needs_release, NoRelease, stored_first);
mutant!(the_bound_needs_acquire, NoAcquire, stored_first);

/// Two who confirm at once leave the greater bound.
fn confirms_join() {
    let clock = clock(ms(0));
    let (low, high) = (clock.reserve(ms(0), ms(1)).unwrap(), clock.reserve(ms(0), ms(2)).unwrap());
    let bound = high.bound();
    let other = {
        let clock = clock.clone();
        spawn(move || clock.confirm(high))
    };
    clock.confirm(low);
    other.join().unwrap();
    assert_eq!(clock.bound(), Some(bound), "broken: ");
}

#[test]
fn concurrent_confirms_leave_the_greater_bound() {
    model(confirms_join);
}

mutant!(a_confirm_needs_one_step, Torn, confirms_join);

/// A remote timestamp that is taken over while others tick stays below the bound, and is refused above it.
#[test]
fn observing_respects_the_bound() {
    model(|| {
        let clock = clock(ms(2));
        let other = {
            let clock = clock.clone();
            spawn(move || clock.receive(Timestamp::new(1, 9).unwrap(), ms(1)).ok())
        };
        clock.observe(Timestamp::new(2, 0).unwrap(), ms(1)).unwrap();
        assert!(clock.observe(Timestamp::new(2, 1).unwrap(), ms(1)).is_err());
        if let Some(received) = other.join().unwrap() {
            assert_eq!(received.timestamp, Timestamp::new(1, 10).unwrap()); // it came first
        }
        assert_eq!(clock.latest(), clock.bound());
    });
}
