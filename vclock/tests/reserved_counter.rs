//! Counters over crashes: none twice, whatever the disk remembers of what was confirmed.

use std::num::NonZeroU64;

use proptest::collection::vec;
use proptest::prelude::*;
#[cfg(feature = "alloc")]
use spacelike_vclock::{Actor, Amnesia, Causality, Dot, VectorClock, VersionVector};
use spacelike_vclock::{Exhausted, IssueError, ReservedCounter, Stored, Unreserved};

#[derive(Clone, Copy, Debug)]
enum Step {
    Issue,
    /// Reserve so many, store, and confirm.
    Reserve(u64),
    /// Store, and crash before it is confirmed.
    CrashUnconfirmed(u64),
    /// Reserve, and crash before it is stored.
    CrashUnstored(u64),
    Crash,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Issue),
        3 => (0..5_u64).prop_map(Step::Reserve),
        1 => (0..5_u64).prop_map(Step::CrashUnconfirmed),
        1 => (0..5_u64).prop_map(Step::CrashUnstored),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    /// Counters only grow, over any number of lives; and nothing is issued above what is on the disk.
    #[test]
    fn no_counter_is_issued_twice(steps in vec(steps(), 0..60)) {
        let (mut disk, mut last) = (Stored::Never, 0);
        let mut own = ReservedCounter::new(disk);
        for step in steps {
            match step {
                Step::Issue => match own.issue() {
                    Ok(counter) => {
                        prop_assert!(counter.get() > last);
                        last = counter.get();
                        prop_assert!(matches!(disk, Stored::Bound(bound) if last <= bound));
                        prop_assert_eq!(own.latest(), last);
                    }
                    Err(error) => {
                        prop_assert_eq!(error, IssueError::Unreserved(Unreserved { bound: own.bound() }));
                        prop_assert_eq!(own.left(), 0);
                    }
                },
                Step::Reserve(count) => {
                    let reservation = own.reserve(count).unwrap();
                    disk = Stored::Bound(reservation.bound());
                    own.confirm(reservation);
                    prop_assert!(own.left() >= count);
                }
                Step::CrashUnconfirmed(count) => {
                    disk = Stored::Bound(own.reserve(count).unwrap().bound());
                    own = ReservedCounter::new(disk);
                }
                Step::CrashUnstored(count) => {
                    drop(own.reserve(count).unwrap());
                    own = ReservedCounter::new(disk);
                }
                Step::Crash => own = ReservedCounter::new(disk),
            }
        }
    }
}

/// A replica that forgot an update which others have must not claim it: above its old name's bound it does, and the copy
/// that has the update counts as old. In a new epoch the two conflict, and nothing is lost.
#[cfg(feature = "alloc")]
#[test]
fn an_update_that_was_forgotten_is_lost_under_the_old_name() {
    let me = Actor::new("me");
    let mut own = ReservedCounter::new(Stored::Never);
    let reservation = own.reserve(100).unwrap();
    let disk = Stored::Bound(reservation.bound());
    own.confirm(reservation);
    let mut before = VersionVector::new();
    before.raise(Dot { actor: me, counter: own.issue().unwrap() });
    let peer = before;

    // A crash, and an update that knows nothing of the one before.
    let mut own = ReservedCounter::new(disk);
    let reservation = own.reserve(100).unwrap();
    own.confirm(reservation);
    let mut old_name = VersionVector::new();
    old_name.raise(Dot { actor: me, counter: own.issue().unwrap() });
    assert_eq!(peer.compare(&old_name), Causality::Before, "the fault has its effect");

    let mut new_epoch = VersionVector::new();
    new_epoch.update(&me.next_epoch().unwrap()).unwrap();
    assert_eq!(peer.compare(&new_epoch), Causality::Concurrent);
}

/// A clock that was raised to the stored bound has nothing to be surprised of; one that wasn't takes itself for amnesic.
#[cfg(feature = "alloc")]
#[test]
fn the_stored_bound_is_no_amnesia() {
    let own = ReservedCounter::new(Stored::Bound(100));
    let message = VectorClock::from([("me", 57), ("other", 1)]);
    let mut clock = VectorClock::new();
    assert_eq!(clock.observe(&"me", &message), Err(Amnesia { known: 0, claimed: 57 }));
    clock.raise(Dot::new("me", own.latest()).unwrap());
    assert_eq!(clock.observe(&"me", &message), Ok(true));
    assert_eq!(clock, [("me", 100), ("other", 1)].into());
}

/// Reservations that are confirmed in the wrong order, or late, take nothing back.
#[test]
fn an_older_reservation_lowers_no_bound() {
    let mut own = ReservedCounter::new(Stored::Never);
    let (older, newer) = (own.reserve(2).unwrap(), own.reserve(5).unwrap());
    own.confirm(newer);
    for counter in 1..=3 {
        assert_eq!(own.issue().map(NonZeroU64::get), Ok(counter));
    }
    own.confirm(older);
    assert_eq!((own.bound(), own.left()), (5, 2));
}

/// The end of the range is an error.
#[test]
fn the_last_counter_is_the_last() {
    let mut own = ReservedCounter::new(Stored::Bound(u64::MAX - 1));
    assert_eq!(own.reserve(2), Err(Exhausted { limit: u64::MAX }));
    let reservation = own.reserve(1).unwrap();
    own.confirm(reservation);
    assert_eq!(own.issue(), Ok(NonZeroU64::MAX));
    assert_eq!(own.issue(), Err(Exhausted { limit: u64::MAX }.into()));
}

/// Cloning doesn't tell two counters apart: whoever lets both go on has one dot twice.
#[test]
fn a_clone_is_the_same_counter() {
    let mut own = ReservedCounter::new(Stored::Never);
    let reservation = own.reserve(2).unwrap();
    own.confirm(reservation);
    let mut clone = own.clone();
    assert_eq!(own.issue(), clone.issue());
}
