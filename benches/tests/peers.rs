//! Where the pinned peers are wrong, however fast: each test asserts the misbehaviour, so that what RESULTS.md says of
//! them stays true, and shows what ours does with the same input.
//!
//! Overflow panics or wraps depending on the profile; both lose, so both are accepted as proof.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crdts::CmRDT;
use dson::CausalContext;
use hlc::HLTimespec;
use hlc_gen::error::HlcError;
use hlc_gen::{HlcGenerator, HlcTimestamp};
use minerva::kairos::{Kairos, VirtualTimeSource};
use phi_accrual::PhiFailureDetector;
use phi_accrual_detector::PhiInteraction;
use phi_accrual_failure_detector::{Detector, UnsyncDetector};
use phi_detector::PingWindow;
use spacelike_benches::phi::peers::{Millis, block_on, date};
use spacelike_hlc as ours;
use spacelike_phi_detector::{Beat, FailureDetector, LocalPhi, Normal, Settings, State};
use spacelike_vclock::{Amnesia, Broadcast, CausalBuffer, Exhausted, FixedClock, Inserted, VersionVector};
use time::Timespec;
use vec_clock::CompareState;

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

/// `crdts` 7.3.2: behind the last event of an actor comes none, or a panic. Its `inc` gives the dot 0, which no clock takes, so
/// that the event is lost.
#[test]
fn crdts_loses_what_comes_after_the_last_event() {
    let mut clock = crdts::VClock::from(crdts::Dot::new(7, u64::MAX));
    let before = clock.clone();
    let after = catch_unwind(AssertUnwindSafe(|| {
        clock.apply(clock.inc(7));
        clock
    }));
    assert!(after.is_err() || after.is_ok_and(|after| after == before));

    assert_eq!(VersionVector::from([(7, u64::MAX)]).update(&7), Err(Exhausted { limit: u64::MAX }));
}

/// `crdts` 7.3.2: a clock from a peer that counts an actor up to the end makes its check of operations panic, or refuse what
/// is seen already.
#[test]
fn crdts_panics_at_a_peers_counter() {
    let clock = crdts::VClock::from(crdts::Dot::new(7, u64::MAX));
    let seen = crdts::Dot::new(7, 5);
    let valid = catch_unwind(AssertUnwindSafe(|| clock.validate_op(&seen)));
    assert!(valid.is_err() || valid.is_ok_and(|valid| valid.is_err()));
}

/// `crdts` 7.3.2: a zero from a peer makes two clocks that have seen nothing unequal, and each of them the greater one.
#[test]
fn crdts_takes_a_zero_for_an_event() {
    let (empty, bytes) = (crdts::VClock::<u64>::new(), [1, 7, 0]);
    let zero: crdts::VClock<u64> = postcard::from_bytes(&bytes).expect("accepted");
    assert_eq!(zero.get(&7), 0);
    assert_ne!(zero, empty);
    assert!(zero > empty && empty > zero);

    assert!(postcard::from_bytes::<VersionVector<u64>>(&bytes).is_err());
    assert_eq!([(7, 0)].into_iter().collect::<VersionVector<u64>>(), VersionVector::new());
}

/// `minerva` 0.2.0: at the end of its range a counter stands still, so that the same dot is given out again and again.
#[test]
fn minerva_gives_out_a_dot_twice() {
    let mut vector = minerva::metis::VersionVector::new();
    vector.observe(7, u64::MAX - 1);
    assert_eq!([vector.increment(7), vector.increment(7)], [u64::MAX, u64::MAX]);

    let mut vector = VersionVector::from([(7_u32, u64::MAX - 1)]);
    assert!(vector.update(&7).is_ok_and(|dot| dot.counter.get() == u64::MAX));
    assert_eq!(vector.update(&7), Err(Exhausted { limit: u64::MAX }));
}

/// `minerva` 0.2.0: its causal buffer keeps each copy of a message that was sent again, and keeps them when it is delivered.
#[test]
fn minerva_buffers_duplicates_for_good() {
    let mut deps = minerva::metis::VersionVector::new();
    deps.observe(7, 1);
    let event = minerva::metis::Event { stamp: Kairos::new(1, 0, 7, 0), deps, payload: "once" };
    let mut buffer = minerva::metis::CausalIdeal::new();
    for _ in 0..100 {
        buffer.insert(event.clone());
    }
    assert_eq!(buffer.pop_ready(), Some("once"));
    assert_eq!(buffer.pop_ready(), None);
    assert_eq!(buffer.pending_len(), 99);

    let dot = spacelike_vclock::Dot::new(7, 1).expect("not zero");
    let broadcast = Broadcast { dot, context: VersionVector::new(), message: "once" };
    let mut buffer = CausalBuffer::new(0, 100);
    assert_eq!(buffer.insert(broadcast.clone()), Ok(Inserted::Ready));
    assert_eq!(buffer.insert(broadcast), Ok(Inserted::Duplicate));
    assert_eq!(buffer.pop().map(|delivered| delivered.message), Some("once"));
    assert!(buffer.is_empty());
}

/// `vclock` 0.4.4: the event after the last one is a panic, or takes the clock back to its first.
#[test]
fn vclock_starts_again_after_the_last_event() {
    let before: vclock::VClock64<u64> = HashMap::from([(7, u64::MAX)]).into();
    let after = catch_unwind(|| before.clone().next(&7));
    assert!(after.is_err() || after.is_ok_and(|after| after < before));
}

/// `vec_clock` 0.2.1: the event after the last one is a panic, or takes the clock back to before its first.
#[test]
fn vec_clock_starts_again_after_the_last_event() {
    let mut clock = vec_clock::new(vec![u64::MAX, 0], 0).expect("in range");
    let after = catch_unwind(AssertUnwindSafe(|| clock.time().as_slice()[0]));
    assert!(after.is_err() || after.is_ok_and(|after| after == 0));

    assert_eq!(FixedClock::from([u64::MAX, 0]).tick(0), Err(Exhausted { limit: u64::MAX }));
}

/// `vec_clock` 0.2.1: whether clocks of different sizes are an error or concurrent depends on what is in them.
#[test]
fn vec_clock_compares_clocks_of_different_sizes() {
    let clock = |counters: &[u64]| vec_clock::VecTime::new(counters.to_vec());
    assert!(clock(&[1, 1, 9]).compare([1, 1]).is_err());
    assert!(clock(&[1, 0, 9]).compare([0, 1]).is_ok_and(|state| state == CompareState::Concurrent));

    assert!(FixedClock::<2>::try_from(&[1, 0, 9][..]).is_err());
}

/// `dson` 0.3.0: a context from a peer that has seen all the dots of ours makes the next one a panic.
#[test]
fn dson_panics_behind_a_peers_context() {
    let id = dson::Identifier::new(7, 1);
    let all = (NonZeroU64::MIN, Some(NonZeroU64::MAX));
    let sent = postcard::to_stdvec(&CausalContext::from_intervals([(id, [all])]).expect("an interval"));
    let received = postcard::from_bytes(&sent.expect("bytes")).expect("accepted");
    let mut context = CausalContext::new();
    context.union(&received);
    assert!(catch_unwind(|| context.next_dot_for(id)).is_err());

    let received = VersionVector::from([(7, u64::MAX)]);
    let mut vector = VersionVector::from([(7, 1)]);
    assert_eq!(vector.observe(&7, &received), Err(Amnesia { known: 1, claimed: u64::MAX }));
}

/// `dson` 0.3.0: an actor without dots makes a context that has seen nothing come after another one.
#[test]
fn dson_takes_no_dots_for_some() {
    let id = dson::Identifier::new(7, 1);
    let none = CausalContext::from_intervals([(id, [])]).expect("accepted");
    assert_eq!(none.dot_count(), 0);
    assert!(none > CausalContext::new());
}

/// `dson` 0.3.0: with one dot of an actor, its serde form is one for formats that name fields, and can't be read back from others.
#[test]
fn dson_cant_read_one_dot_back() {
    let id = dson::Identifier::new(7, 1);
    let one = CausalContext::from_intervals([(id, [(NonZeroU64::MIN, None)])]).expect("a point");
    let bytes = postcard::to_stdvec(&one).expect("bytes");
    assert!(postcard::from_bytes::<CausalContext>(&bytes).is_err());
}

/// `phi-detector` 0.4.0: its approximation of the normal tail is wrong by far, at ten standard deviations 37.6 instead of 23.1, and
/// infinite from 22 on.
#[test]
fn phi_detector_has_another_tail() {
    let mut peer = PingWindow::new(PERIOD);
    for interval in alternating(10_000) {
        peer.add_ping(interval);
    }
    let normal = peer.normal_dist();
    assert!((normal.phi(2 * PERIOD) - 37.6).abs() < 0.5, "{}", normal.phi(2 * PERIOD));
    assert!(normal.phi(4 * PERIOD).is_infinite());

    let (peer, last) = heard(alternating(200));
    assert!((peer.suspicion(last + 2 * PERIOD).phi - 23.1).abs() < 0.3);
    assert!(peer.suspicion(last + 4 * PERIOD).phi.is_finite());
    assert!(peer.suspicion(Duration::MAX).phi.is_finite());
}

/// `phi-detector` 0.4.0: one pause of five minutes, and a minute of silence isn't suspicious any more. There is no window that would
/// forget it: after nine hundred beats, half a minute isn't.
#[test]
fn phi_detector_is_blind_after_a_pause() {
    let mut peer = PingWindow::new(PERIOD);
    for interval in alternating(100).chain([PAUSE]) {
        peer.add_ping(interval);
    }
    assert!(peer.normal_dist().phi(60 * PERIOD) < 8.0);
    alternating(900).for_each(|interval| peer.add_ping(interval));
    assert!(peer.normal_dist().phi(30 * PERIOD) < 8.0);

    let (peer, last) = heard(alternating(100).chain([PAUSE]));
    assert!(peer.is_suspect(last + 2 * PERIOD, 0));
}

/// `phi-accrual-failure-detector` 0.1.0: it divides by the number of all beats, not of those in its window, so that its mean falls
/// without end. After thirty windows each beat that is on time comes too late.
#[test]
fn phi_accrual_failure_detector_drifts() {
    let peer = UnsyncDetector::builder().clock(Millis).acceptable_heartbeat_pause(Duration::ZERO);
    let peer = peer.max_sample_size(100).build().expect("in range");
    let regular = |beats| std::iter::repeat_n(PERIOD, beats);
    let mut last = Duration::ZERO;
    for interval in regular(100) {
        last += interval;
        Millis::set(last);
        peer.heartbeat();
    }
    Millis::set(last + PERIOD);
    assert!(peer.is_available() && peer.phi() < 1.0);
    for interval in regular(3_000) {
        last += interval;
        Millis::set(last);
        peer.heartbeat();
    }
    Millis::set(last + PERIOD);
    assert!(!peer.is_available());

    let (peer, last) = heard(regular(3_100));
    assert!(!peer.is_suspect(last + PERIOD, 0));
}

/// `phi-accrual-failure-detector` 0.1.0: what comes later than its threshold is not learned, so that it suspects a peer that has
/// become ten times slower at each of its beats, for ever; and phi is infinite.
#[test]
fn phi_accrual_failure_detector_learns_no_slower_peer() {
    let peer = UnsyncDetector::builder().clock(Millis).build().expect("in range");
    let mut last = Duration::ZERO;
    for interval in alternating(100) {
        last += interval;
        Millis::set(last);
        peer.heartbeat();
    }
    for _ in 0..1_000 {
        last += 10 * PERIOD;
        Millis::set(last);
        assert!(!peer.is_available() && peer.phi().is_infinite());
        peer.heartbeat();
    }

    let slower = |beats| alternating(100).chain(std::iter::repeat_n(10 * PERIOD, beats));
    let (peer, last) = heard(slower(100));
    assert!(!peer.is_suspect(last + 10 * PERIOD, 0));
}

/// `phi-accrual-failure-detector` 0.1.0: a peer that was never heard of is available.
#[test]
fn phi_accrual_failure_detector_trusts_strangers() {
    let peer = UnsyncDetector::builder().clock(Millis).build().expect("in range");
    Millis::set(PAUSE);
    assert!(peer.is_available() && peer.phi() == 0.0);

    let (peer, _) = heard([]);
    assert!(peer.is_suspect(PAUSE, 0));
    assert_eq!(peer.suspicion(PAUSE).state, State::Unknown);
}

/// `phi-accrual` 0.1.0: what it takes for the mean is its reciprocal, beats by time, so that ten standard deviations after the
/// mean phi is below 2, and a peer that has been silent for five periods isn't suspect at 8.
#[test]
fn phi_accrual_takes_a_rate_for_a_mean() {
    let mut peer = PhiFailureDetector::new().history_size(101);
    let mut last = 1_000;
    for interval in alternating(200) {
        last += millis(interval);
        peer.heartbeat(last);
    }
    assert!(peer.phi(last + 2_000) < 2.0);
    assert!(peer.phi(last + 5_000) < 8.0);

    let (peer, last) = heard(alternating(200));
    assert!(peer.suspicion(last + 2 * PERIOD).phi > 23.0);
}

/// `phi-accrual` 0.1.0: after one beat phi is NaN, which is above no threshold, however long the silence.
#[test]
fn phi_accrual_finds_no_number_after_one_beat() {
    let mut peer = PhiFailureDetector::new();
    peer.heartbeat(1_000);
    assert!(peer.phi(2_000).is_nan() && peer.phi(u64::MAX).is_nan());

    let (peer, last) = heard([PERIOD]);
    assert!(peer.is_suspect(last + 3 * PERIOD, 0));
}

/// `phi-accrual` 0.1.0: a question from a moment before the last beat is a panic, or finds the peer dead.
#[test]
fn phi_accrual_panics_at_a_step_back() {
    let mut peer = PhiFailureDetector::new();
    for at in [1_000, 2_000, 3_100] {
        peer.heartbeat(at);
    }
    let phi = catch_unwind(AssertUnwindSafe(|| peer.phi(3_099)));
    assert!(phi.is_err() || phi.is_ok_and(f64::is_infinite));

    let (peer, last) = heard(alternating(10));
    assert!(peer.suspicion(last.saturating_sub(PERIOD / 10)).phi < 0.1);
}

/// `phi-accrual-detector` 0.3.1: a peer whose beats came at equal intervals, to the millisecond, has phi 0 for as long as it is
/// dead.
#[test]
fn phi_accrual_detector_never_suspects_a_regular_peer() {
    let (peer, last) = inserted(std::iter::repeat_n(PERIOD, 100));
    for silence in [2, 3_600, 31_536_000_u32] {
        assert!(phi_of(&peer, last + silence * PERIOD).abs() < f64::EPSILON);
    }

    let (peer, last) = heard(std::iter::repeat_n(PERIOD, 100));
    assert!(peer.is_suspect(last + 2 * PERIOD, 0));
}

/// `phi-accrual-detector` 0.3.1: leaves out the square root of 2, so that phi 2.87, three standard deviations after the mean, is
/// 4.96; and phi is infinite from six on.
#[test]
fn phi_accrual_detector_has_another_tail() {
    let (peer, last) = inserted(alternating(200));
    let phi = |silence: u64| phi_of(&peer, last + Duration::from_millis(silence));
    assert!((phi(1_300) - 4.96).abs() < 0.01, "{}", phi(1_300));
    assert!(phi(1_600).is_infinite());

    let (peer, last) = heard(alternating(200));
    let phi = peer.suspicion(last + Duration::from_millis(1_300)).phi;
    assert!((phi - 2.87).abs() < 0.1, "{phi}");
}

/// `phi-accrual-detector` 0.3.1: one beat out of order is an interval of 585 million years, and until it has left the window no
/// silence is suspicious.
#[test]
fn phi_accrual_detector_is_blind_after_a_step_back() {
    let (peer, last) = inserted(alternating(50));
    block_on(peer.insert(date(last.saturating_sub(PERIOD / 2)))).expect("accepted");
    assert!(phi_of(&peer, last + PAUSE) < 1.0);

    let (mut peer, last) = heard(alternating(50));
    let before = peer.clone();
    peer.heartbeat(Beat::at(last.saturating_sub(PERIOD / 2)));
    assert!(peer == before && peer.is_suspect(last + PAUSE, 0));
}

/// One of ours, at level 8, that has heard beats at these intervals; and when the last one came.
fn heard(intervals: impl IntoIterator<Item = Duration>) -> (LocalPhi<Normal, 100, 1>, Duration) {
    let (mut peer, mut last) = (LocalPhi::new(&Settings::new(PERIOD), [8.0]), START);
    for (number, interval) in intervals.into_iter().enumerate() {
        if number == 0 {
            peer.heartbeat(Beat::at(last));
        }
        last += interval;
        peer.heartbeat(Beat::at(last));
    }
    (peer, last)
}

/// The same for `phi-accrual-detector`.
fn inserted(intervals: impl Iterator<Item = Duration>) -> (phi_accrual_detector::Detector, Duration) {
    let (peer, mut last) = (phi_accrual_detector::Detector::new(100), START);
    block_on(peer.insert(date(last))).expect("accepted");
    for interval in intervals {
        last += interval;
        block_on(peer.insert(date(last))).expect("accepted");
    }
    (peer, last)
}

fn phi_of(peer: &phi_accrual_detector::Detector, now: Duration) -> f64 {
    block_on(peer.phi(date(now))).expect("a number")
}

/// With a mean of one period, and a standard deviation of a tenth.
fn alternating(beats: u32) -> impl Iterator<Item = Duration> {
    (0..beats).map(|number| if number % 2 == 0 { PERIOD * 9 / 10 } else { PERIOD * 11 / 10 })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("64 bits")
}

const START: Duration = Duration::from_secs(1_000);
const PERIOD: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_secs(300);

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
