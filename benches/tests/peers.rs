//! Where the pinned peers are wrong, however fast: each test asserts the misbehaviour, so that what RESULTS.md says of
//! them stays true, and shows what ours does with the same input.
//!
//! Overflow panics or wraps depending on the profile; both lose, so both are accepted as proof.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use hlc::HLTimespec;
use hlc_gen::error::HlcError;
use hlc_gen::{HlcGenerator, HlcTimestamp};
use minerva::kairos::{Kairos, VirtualTimeSource};
use spacelike_hlc as ours;
use time::Timespec;

/// `lamport` 0.2.0: one message stamped `usize::MAX` takes the clock back to zero, or down.
#[test]
fn lamport_starts_again_after_the_greatest_timestamp() {
    let clock = lamport::Clock::new();
    let before = (0..10).map(|_| clock.increment()).last().expect("ten");
    let after = catch_unwind(AssertUnwindSafe(|| {
        clock.witness(usize::MAX);
        clock.increment()
    }));
    assert!(after.is_err() || after.is_ok_and(|after| after <= before));

    let clock = spacelike_lamport::Clock::new(1_000);
    let before = clock.tick();
    assert!(clock.receive(spacelike_lamport::Timestamp::new(u64::MAX)).is_err());
    assert!(clock.tick() > before);
}

/// `lamport` 0.2.0: a message stamped one less leaves the clock at the brink, for the next local event.
#[test]
fn lamport_can_be_left_at_the_brink() {
    let clock = lamport::Clock::new();
    clock.witness(usize::MAX - 1);
    let before = clock.time();
    let after = catch_unwind(AssertUnwindSafe(|| clock.increment()));
    assert!(after.is_err() || after.is_ok_and(|after| after < before));
}

/// `hlc` 0.1.1: the counter of 16 bits wraps or panics when the wall stands still for 65,536 events.
#[test]
fn hlc_repeats_itself_while_its_wall_stands_still() {
    let mut clock = hlc::State::new_with(|| Timespec { sec: WALL.cast_signed(), nsec: 0 });
    let first = clock.get_time();
    let repeated = catch_unwind(AssertUnwindSafe(|| (0..65_536).any(|_| clock.get_time() <= first)));
    assert!(repeated.unwrap_or(true));

    let mut clock = ours::LocalClock::new(Duration::ZERO);
    let wall = Duration::from_secs(WALL);
    let first = clock.tick(wall).expect("in range");
    assert!((0..65_536).all(|_| clock.tick(wall).expect("in range") > first));
}

/// `hlc` 0.1.1: a remote timestamp whose counter is full is answered with a smaller one, or with a panic.
#[test]
fn hlc_answers_a_full_counter_with_the_past() {
    let mut clock = hlc::State::new_with(|| Timespec { sec: WALL.cast_signed(), nsec: 0 });
    let remote = HLTimespec::new(WALL.cast_signed() + 1, 0, u16::MAX);
    let received = catch_unwind(AssertUnwindSafe(|| clock.update(remote)));
    assert!(received.is_err() || received.is_ok_and(|received| received < remote));

    let mut clock = ours::LocalClock::new(Duration::from_secs(2));
    let remote = ours::Timestamp::new((WALL + 1) * 1_000, u16::MAX).expect("in range");
    assert!(clock.receive(remote, Duration::from_secs(WALL)).expect("accepted").timestamp > remote);
}

/// `hlc` 0.1.1: without a bound on drift, one message takes the clock to the end of time.
#[test]
fn hlc_follows_anyone_anywhere() {
    let mut clock = hlc::State::new_with(|| Timespec { sec: WALL.cast_signed(), nsec: 0 });
    let remote = HLTimespec::new(i64::MAX, 0, 0);
    assert!(clock.update(remote) > remote);
    assert!(clock.get_time() > remote);
}

/// `hlc-gen` 2.0.0: a remote timestamp within the bound, with an almost full counter, stops the clock until the wall has
/// gone as far.
#[test]
fn hlc_gen_is_stopped_by_a_full_counter() {
    let clock = HlcGenerator::manual(1_000);
    let wall = i64::try_from(WALL * 1_000).expect("in range");
    clock.set_current_timestamp(wall);
    let remote = HlcTimestamp::from_parts(wall + 1_000, (1 << 22) - 2).expect("in range");
    clock.update(&remote).expect("accepted");
    assert_eq!(clock.next_timestamp(), None);
    clock.set_current_timestamp(wall + 1_000);
    assert_eq!(clock.next_timestamp(), None);

    let mut clock = ours::LocalClock::new(Duration::from_secs(1));
    let remote = ours::Timestamp::new((WALL + 1) * 1_000, u16::MAX - 1).expect("in range");
    assert!(clock.receive(remote, Duration::from_secs(WALL)).is_ok());
    assert!(clock.tick(Duration::from_secs(WALL)).is_ok());
}

/// `hlc-gen` 2.0.0: a drift of zero means any drift.
#[test]
fn hlc_gen_takes_no_drift_for_any_drift() {
    let clock = HlcGenerator::manual(0);
    let wall = i64::try_from(WALL * 1_000).expect("in range");
    clock.set_current_timestamp(wall);
    let remote = HlcTimestamp::from_parts(wall + 31_536_000_000, 0).expect("in range");
    assert!(clock.update(&remote).is_ok_and(|received| received > remote));
}

/// `hlc-gen` 2.0.0: its range is counted from 2024, its check from 1970, so that it ends in 2109, not in 2163.
#[test]
fn hlc_gen_ends_early() {
    let clock = HlcGenerator::manual(0);
    clock.set_current_timestamp(1 << 42);
    assert_eq!(clock.next_timestamp(), None);
    assert!(matches!(HlcTimestamp::from_parts(1 << 42, 0), Err(HlcError::PhysicalTimeExceedsMax(..))));
}

/// `hybrid-clocks` 0.5.3: with a limit on the offset and its own millisecond clock, sixteen bytes from a peer are a panic.
#[test]
fn hybrid_clocks_panics_at_a_peers_timestamp() {
    let mut clock =
        hybrid_clocks::Clock::wall_ms().expect("a wall").with_max_diff(Duration::from_millis(500));
    let remote = hybrid_clocks::Timestamp::<hybrid_clocks::WallMST>::from_bytes([0xFF; 16]);
    assert!(catch_unwind(AssertUnwindSafe(|| clock.observe(&remote))).is_err());
}

/// `hybrid-clocks` 0.5.3: the limit on the offset doesn't look at the epoch, which decides first: the clock never follows
/// its wall again.
#[test]
fn hybrid_clocks_follows_any_epoch() {
    let mut clock = hybrid_clocks::Clock::new(Wall).expect("a wall").with_max_diff(0);
    let remote = hybrid_clocks::Timestamp { epoch: u32::MAX, time: 0, count: 0 };
    clock.observe(&remote).expect("accepted");
    let after = clock.now().expect("a wall");
    assert_eq!((after.epoch, after.time), (u32::MAX, 0));
}

/// `hybrid-clocks` 0.5.3: a full counter within the limit is answered with a smaller timestamp, or with a panic.
#[test]
fn hybrid_clocks_answers_a_full_counter_with_the_past() {
    let mut clock = hybrid_clocks::Clock::new(Wall).expect("a wall").with_max_diff(1_000);
    let remote = hybrid_clocks::Timestamp { epoch: 0, time: WALL + 1, count: u32::MAX };
    clock.observe(&remote).expect("accepted");
    let after = catch_unwind(AssertUnwindSafe(|| clock.now().expect("a wall")));
    assert!(after.is_err() || after.is_ok_and(|after| after < remote));
}

/// `minerva` 0.2.0: what issues a timestamp for a receive has no bound; one message takes the clock to the end of its
/// range, where it repeats itself.
#[test]
fn minerva_repeats_itself_at_the_ceiling() {
    let clock = minerva::kairos::Clock::with_default_config(VirtualTimeSource::new(WALL), 1).expect("an id");
    let first = clock.after(Kairos::new(u64::MAX, 0, 7, 0), 0);
    assert!((0..65_536).any(|_| clock.now(0) <= first));
}

/// `minerva` 0.2.0: its timestamp for the receive of the greatest one is not greater.
#[test]
fn minerva_answers_the_greatest_timestamp_with_the_past() {
    let clock = minerva::kairos::Clock::with_default_config(VirtualTimeSource::new(WALL), 1).expect("an id");
    let remote = Kairos::new(u64::MAX, u16::MAX, 7, 0);
    assert!(clock.after(remote, 0) < remote);
}

/// `uhlc` 0.9.0: its clock panics from 2106 on. No input of a peer was found that does harm before.
#[test]
fn uhlc_ends_with_32_bits_of_seconds() {
    let year_2106 = Duration::from_secs(u64::from(u32::MAX) + 1);
    assert!(catch_unwind(|| uhlc::NTP64::from(year_2106)).is_err());
    assert!(ours::LocalClock::new(Duration::ZERO).tick(year_2106).is_ok());
}

struct Wall;

impl hybrid_clocks::ClockSource for Wall {
    type Time = u64;
    type Delta = u64;

    fn now(&mut self) -> hybrid_clocks::Result<u64> {
        Ok(WALL)
    }
}

/// Seconds, milliseconds or nanoseconds, as each test likes.
const WALL: u64 = 1_795_000_000;
