//! The adaptive timeouts, against their formulas as the papers have them, and against what breaks such formulas.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_phi_detector::{
    Beat, Bertier, ChenE, Exponential, FailureDetector, FixedTimeout, Heard, IntegerPhi, Jacobson, LocalPhi,
    Logistic, Normal, ProbeTimeout, QuantileTail, Settings, State, TwoWindow,
};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The default tick.
const TICK: f64 = 1_048_576e-9;

fn jacobson<const L: usize>(levels: [f64; L]) -> Jacobson<L> {
    Jacobson::new(seconds(3), ms(200), ms(100), levels)
}

/// The silence after `last` at which a level is reached, in seconds.
fn silence(detector: &impl FailureDetector, last: Duration, level: usize) -> f64 {
    detector.deadline(level).unwrap().saturating_sub(last).as_secs_f64()
}

/// What every detector has to take: unknown is suspect, a restart is no interval, stale is no news, the ends of time are no
/// panic.
fn takes_what_comes(mut peer: impl FailureDetector + Clone + PartialEq + core::fmt::Debug) {
    for at in [Duration::ZERO, seconds(1), Duration::MAX] {
        assert!(peer.is_suspect(at, 0));
        assert_eq!((peer.suspicion(at).state, peer.deadline(0)), (State::Unknown, None));
    }
    for number in 1..=50 {
        let beat = Beat::at(seconds(number)).with_sequence(number).with_epoch(1);
        let heard = peer.heartbeat(beat);
        assert_eq!(heard == Heard::First, number == 1);
        let known = peer.clone();
        assert_eq!(peer.heartbeat(beat), Heard::Stale);
        assert_eq!(peer.heartbeat(Beat::at(seconds(number + 1)).with_epoch(0)), Heard::Stale);
        assert_eq!(peer, known);
    }
    assert_eq!(peer.suspicion(seconds(50)).state, State::Steady);
    let before = silence(&peer, seconds(50), 0);

    let restart = Beat::at(seconds(90)).with_sequence(1).with_epoch(2);
    assert_eq!(peer.heartbeat(restart), Heard::Restarted);
    let after = silence(&peer, seconds(90), 0);
    assert!((after - before).abs() < 0.01, "from {before} to {after} by a restart");

    let heard = peer.heartbeat(Beat::at(seconds(95)).with_sequence(6));
    assert!(matches!(heard, Heard::Interval { lost: 4, .. }), "{heard:?}");
    let after = silence(&peer, seconds(95), 0);
    assert!((after - before).abs() < 0.01, "from {before} to {after} by lost beats");

    assert!(peer.is_suspect(seconds(395), 0));
    peer.observe_local_gap(seconds(299));
    assert!(!peer.is_suspect(seconds(395), 0));
    peer.heartbeat(Beat::at(seconds(395)));
    let after = silence(&peer, seconds(395), 0);
    assert!((after - before).abs() < 0.01, "from {before} to {after} by our own pause");

    let mut ends = peer.clone();
    ends.heartbeat(
        Beat::at(Duration::MAX).with_sequence(u64::MAX).with_sent(Duration::MAX).with_epoch(u64::MAX),
    );
    agrees_at_the_ends_of_time(&ends);
    ends.observe_local_gap(Duration::MAX);
    agrees_at_the_ends_of_time(&ends);
    assert!(ends.suspicion(Duration::MAX).phi.is_finite());
    assert_eq!(ends.heartbeat(Beat::at(Duration::MAX)), Heard::Stale);
    peer.heartbeat(Beat::at(Duration::MAX).with_sequence(7));
    assert!(peer.suspicion(Duration::MAX).phi.is_finite());
    agrees_at_the_ends_of_time(&peer);
}

/// The timer and the question agree, also where nanoseconds no longer fit 64 bits: there every silence ends.
fn agrees_at_the_ends_of_time(peer: &impl FailureDetector) {
    let (deadline, horizon) = (peer.deadline(0).unwrap(), Duration::from_nanos(u64::MAX));
    assert!(deadline <= horizon && peer.is_suspect(Duration::MAX, 0));
    let nanosecond = Duration::from_nanos(1);
    for end in [Duration::ZERO, deadline, horizon, Duration::MAX] {
        for at in [end.saturating_sub(nanosecond), end, end.saturating_add(nanosecond)] {
            assert_eq!(peer.is_suspect(at, 0), at >= deadline, "at {at:?}, and the deadline is {deadline:?}");
        }
    }
}

/// None of them is surprised by a peer, or by the ends of time.
#[test]
fn detectors_take_what_comes() {
    takes_what_comes(jacobson([1.0]));
    takes_what_comes(FixedTimeout::new(seconds(3), [1.0]));
    takes_what_comes(LocalPhi::<Normal>::new(&Settings::new(seconds(1)), [8.0]));
    takes_what_comes(IntegerPhi::<128>::new(&Settings::new(seconds(1)), [8.0]));
    takes_what_comes(QuantileTail::<100>::new(&Settings::new(seconds(1)), [8.0]));
    takes_what_comes(LocalPhi::<Logistic>::new(&Settings::new(seconds(1)), [8.0]));
    takes_what_comes(LocalPhi::<Exponential>::new(&Settings::new(seconds(1)), [1.0]));
}

/// Timeouts and pauses beyond all times end with time itself.
#[test]
fn the_longest_silences_end() {
    fn ends(mut peer: impl FailureDetector) {
        peer.heartbeat(Beat::at(seconds(1)));
        assert!(!peer.is_suspect(Duration::from_nanos(u64::MAX).saturating_sub(ms(2)), 0));
        agrees_at_the_ends_of_time(&peer);
    }
    let patient = Settings { pause: Duration::MAX, ..Settings::new(seconds(1)) };
    ends(LocalPhi::<Normal>::new(&patient, [1e9]));
    ends(LocalPhi::<Logistic>::new(&patient, [1e9]));
    ends(LocalPhi::<Exponential>::new(&patient, [1e9]));
    ends(IntegerPhi::<128>::new(&patient, [1e9]));
    ends(QuantileTail::<100>::new(&patient, [1e9]));
    ends(ChenE::<32>::new(Duration::MAX, Duration::MAX, [1e300]));
    ends(TwoWindow::<1, 100>::new(Duration::MAX, Duration::MAX, [1e300]));
    ends(Bertier::<32>::new(Duration::MAX, Duration::MAX, [1e300]));
    ends(FixedTimeout::new(Duration::MAX, [1e300]));
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    {
        let shared = spacelike_phi_detector::Phi::<Normal>::new(&patient, [1e9]);
        ends(&shared);
        assert_eq!(shared.deadline_at(1e9), shared.deadline(0));
    }
    ends(Jacobson::new(Duration::MAX, Duration::MAX, Duration::MAX, [1e300]));
}

/// Feeds beats 1 s apart, and then 10 s apart until the silence allowed at level 0 is above 10 s. Says how many it took.
fn beats_until_learned(mut peer: impl FailureDetector, numbered: bool) -> usize {
    let mut now = 0;
    let mut number = 0;
    let mut beat = |peer: &mut _, now| {
        number += 1;
        let beat = Beat::at(seconds(now));
        FailureDetector::heartbeat(peer, if numbered { beat.with_sequence(number) } else { beat })
    };
    for _ in 0..300 {
        now += 1;
        beat(&mut peer, now);
    }
    assert!(peer.is_suspect(seconds(now + 9), 0), "the change is noticed");
    (1..10_000)
        .find(|_| {
            now += 10;
            beat(&mut peer, now);
            silence(&peer, seconds(now), 0) > 10.0
        })
        .unwrap()
}

/// A peer that becomes ten times slower is learned again.
#[test]
fn a_slower_peer_is_learned_again() {
    for numbered in [false, true] {
        let count = beats_until_learned(jacobson([1.0]), numbered);
        assert!(count <= 20, "{count} beats, numbered: {numbered}");
    }
}

/// Twenty beats that come out of a backlog, each 15 s late, don't make a dead peer live longer, and teach little.
#[test]
fn a_delayed_backlog_does_not_extend_life() {
    let beats: [fn(Duration, u64) -> Beat; 2] = [
        |at, number| Beat::at(at).with_sequence(number),
        |at, number| Beat::at(at).with_sent(seconds(1_000 + number)),
    ];
    for beat in beats {
        let mut peer = jacobson([1.0]);
        for number in 1..=100 {
            peer.heartbeat(beat(seconds(number), number));
        }
        for number in 101..=120 {
            let at = seconds(number + 15);
            assert!(peer.is_suspect(at, 0), "before beat {number}");
            assert!(matches!(peer.heartbeat(beat(at, number)), Heard::Interval { lost: 0, .. }));
            assert!(peer.is_suspect(at, 0), "after beat {number}");
        }
        assert!(peer.timeout() < ms(1_300), "{:?}", peer.timeout());
    }
}

/// One pause of five minutes moves the deadline by no more than the docs say, and is seen in the state.
#[test]
fn one_long_pause_moves_the_timeout_little() {
    let mut peer = jacobson([1.0]);
    for number in 0..=200 {
        // A jitter of 50 ms, so that there is a deviation.
        peer.heartbeat(Beat::at(seconds(number) + ms(50 * (number % 2))));
    }
    let before = peer.timeout();
    peer.heartbeat(Beat::at(seconds(500)));
    let moved = peer.timeout().checked_sub(before).unwrap().as_secs_f64();
    // The last interval was short, and the mean is below a second by a sixteenth of the jitter.
    let margin = before.as_secs_f64() - 0.995;
    assert!(margin > 0.1 && moved > 0.0 && moved <= margin * 0.875 + 2.0 * TICK, "{moved} of {margin}");
    assert_eq!(peer.suspicion(seconds(500)).state, State::Recovering);
}

/// Levels are multiples of the timeout, also those below 1 and beyond all numbers; suspicion is what levels are compared with.
#[test]
fn levels_are_multiples_of_the_whole_silence() {
    let mut peer = jacobson([1.0, 2.5, 1e-9, 1e300]);
    for number in 1..=100 {
        peer.heartbeat(Beat::at(seconds(number)));
    }
    let now = seconds(100);
    let timeout = peer.timeout().as_secs_f64();
    assert!((timeout - 1.1).abs() < 8.0 * TICK, "{timeout}: the mean and the granularity");
    for (level, multiple) in [(0, 1.0), (1, 2.5)] {
        assert!((silence(&peer, now, level) - multiple * timeout).abs() < 2.5 * TICK);
        let deadline = peer.deadline(level).unwrap();
        assert!(peer.is_suspect(deadline, level) && !peer.is_suspect(deadline.saturating_sub(ms(2)), level));
        assert!((peer.suspicion(deadline).phi - multiple).abs() < 0.003);
    }
    assert!(!peer.is_suspect(now, 2) && peer.is_suspect(now + ms(4), 2));
    assert!(!peer.is_suspect(seconds(1 << 31), 3));
}

/// A floor is a floor, and the first timeout is what was given.
#[test]
fn jacobson_begins_and_ends_as_configured() {
    let mut peer = Jacobson::new(seconds(3), ms(1_500), ms(1), [1.0]);
    peer.heartbeat(Beat::at(seconds(1)));
    assert!((peer.timeout().as_secs_f64() - 3.0).abs() < TICK);
    assert_eq!(peer.suspicion(seconds(1)).state, State::Cold { samples: 0 });
    peer.heartbeat(Beat::at(seconds(2)));
    assert!(
        (peer.timeout().as_secs_f64() - 3.0).abs() < 3.0 * TICK,
        "the first interval and four times its half"
    );
    for number in 3..=100 {
        peer.heartbeat(Beat::at(seconds(number)));
    }
    assert!((peer.timeout().as_secs_f64() - 1.5).abs() < TICK, "{:?}", peer.timeout());
}

/// Probes: doubling ends at the greatest timeout, which nothing exceeds, and Karn's rule holds for any answer.
#[test]
fn probes_are_bounded() {
    let mut probe = ProbeTimeout::new(seconds(1), ms(50), seconds(60));
    assert_eq!(probe.round_trip(), None);
    for doubled in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(probe.timeout(), seconds(doubled));
        probe.expired();
    }
    for _ in 0..100 {
        probe.expired();
    }
    assert_eq!(probe.timeout(), seconds(60));
    let before = probe;
    assert!(!probe.answered(ms(1), 2) && !probe.answered(Duration::MAX, u32::MAX));
    assert_eq!(probe, before);

    assert!(probe.answered(Duration::MAX, 1));
    assert_eq!((probe.timeout(), probe.round_trip()), (seconds(60), Some(seconds(60))));
    for _ in 0..200 {
        assert!(probe.answered(Duration::ZERO, 1));
    }
    assert_eq!(probe.timeout(), ms(50), "the least");

    let mut at_once = ProbeTimeout::new(seconds(1), ms(50), seconds(60));
    assert!(at_once.answered(Duration::ZERO, 1));
    assert!(at_once.round_trip().is_some(), "an answer at once is a measurement");

    let mut longest = ProbeTimeout::new(Duration::MAX, Duration::MAX, Duration::MAX);
    longest.expired();
    assert!(longest.answered(Duration::MAX, 1));
    assert_eq!(longest.timeout(), Duration::from_nanos(u64::MAX));
}

/// RFC 6298 in floats, of samples that are no longer than the timeout.
struct Rfc6298(Option<(f64, f64)>);

impl Rfc6298 {
    fn push(&mut self, sample: f64) {
        self.0 = Some(match self.0 {
            None => (sample, sample / 2.0),
            Some((mean, deviation)) => {
                (0.875 * mean + 0.125 * sample, 0.75 * deviation + 0.25 * (mean - sample).abs())
            }
        });
    }

    fn timeout(&self, granularity: f64) -> Option<f64> {
        self.0.map(|(mean, deviation)| mean + f64::max(granularity, 4.0 * deviation))
    }
}

proptest! {
    /// Jacobson's timeout is the RFC's, of intervals that are clipped at the timeout; to some ticks, since it has no floats.
    #[test]
    fn jacobson_is_the_rfc(intervals in vec(prop_oneof![1_u64..3_000, 1_u64..300_000], 1..200)) {
        let mut peer = jacobson([1.0]);
        let mut model = Rfc6298(None);
        let mut now = seconds(5);
        peer.heartbeat(Beat::at(now));
        for interval in intervals {
            let clip = peer.timeout();
            now += ms(interval);
            let Heard::Interval { interval, .. } = peer.heartbeat(Beat::at(now)) else {
                // Within the same tick.
                continue;
            };
            model.push(interval.min(clip).as_secs_f64());
            let expected = model.timeout(0.1).unwrap().max(0.2);
            let timeout = peer.timeout().as_secs_f64();
            prop_assert!((timeout - expected).abs() < 12.0 * TICK, "{timeout} and not {expected}");
        }
    }

    /// The probe's timeout is the RFC's, to a few nanoseconds.
    #[test]
    fn probes_are_the_rfc(events in vec((0_u64..100_000_000_000, 0_u32..3), 1..200)) {
        let mut probe = ProbeTimeout::new(seconds(1), ms(10), seconds(60));
        let mut model = Rfc6298(None);
        let mut doubled = 1.0;
        for (nanos, sends) in events {
            match sends {
                0 => {
                    probe.expired();
                    doubled = f64::min(2.0 * doubled, 1e6);
                }
                1 => {
                    prop_assert!(probe.answered(Duration::from_nanos(nanos), 1));
                    model.push(f64::min(Duration::from_nanos(nanos).as_secs_f64(), 60.0));
                    doubled = 1.0;
                }
                _ => prop_assert!(!probe.answered(Duration::from_nanos(nanos), sends)),
            }
            let once = model.timeout(0.001).unwrap_or(1.0).clamp(0.01, 60.0);
            let expected = f64::min(once * doubled, 60.0);
            let timeout = probe.timeout().as_secs_f64();
            prop_assert!((timeout - expected).abs() < 1e-7 * doubled, "{timeout} and not {expected}");
        }
    }
}
