//! The cases that broke other detectors, each with the number that was promised.

use core::time::Duration;

use spacelike_phi_detector::{
    Beat, Exponential, FailureDetector, FixedTimeout, Heard, Jacobson, LocalPhi, Logistic, Model, Normal,
    Phi, Settings, State,
};

const SECOND: Duration = Duration::from_secs(1);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn phi<M: Model, const N: usize, const L: usize>(levels: [f64; L]) -> LocalPhi<M, N, L> {
    LocalPhi::new(&Settings::new(SECOND), levels)
}

/// A peer whose beats, one a second, were heard until `last`.
fn steady<const N: usize>(last: u64) -> LocalPhi<Normal, N> {
    let mut peer = phi([8.0]);
    for number in 1..=last {
        peer.heartbeat(Beat::at(seconds(number)).with_sequence(number));
    }
    peer
}

/// How long a silence may be after `last` until the level is reached, in seconds.
fn timeout(detector: &impl FailureDetector, last: Duration, level: usize) -> f64 {
    detector.deadline(level).unwrap().saturating_sub(last).as_secs_f64()
}

/// A peer that becomes ten times slower is suspected first, and is not any more after a window of its beats at levels of 3 and
/// more, and after ten windows at level 1.
#[test]
fn a_peer_that_becomes_slower_is_learned_again() {
    fn relearns<M: Model, const N: usize>(numbered: bool) {
        let levels = [1.0, 3.0, 5.0, 8.0];
        let mut peer = phi::<M, N, 4>(levels);
        let (mut now, mut number) = (SECOND, 0);
        let mut beat = |peer: &mut LocalPhi<M, N, 4>, now| {
            number += 1;
            peer.heartbeat(if numbered { Beat::at(now).with_sequence(number) } else { Beat::at(now) });
        };
        for _ in 0..2 * N {
            beat(&mut peer, now);
            now += SECOND;
        }
        assert!(peer.is_suspect(now + seconds(9), 0), "the change is noticed");
        for _ in 0..N {
            now += seconds(10);
            beat(&mut peer, now);
        }
        for (index, level) in levels.iter().enumerate().skip(1) {
            let timeout = timeout(&peer, now, index);
            assert!(timeout > 10.0, "{timeout} s at level {level} after {N} beats, numbered: {numbered}");
        }
        for _ in 0..9 * N {
            now += seconds(10);
            beat(&mut peer, now);
        }
        assert!(timeout(&peer, now, 0) > 10.0, "at level 1 after {} beats, numbered: {numbered}", 10 * N);
    }
    for numbered in [false, true] {
        relearns::<Normal, 32>(numbered);
        relearns::<Normal, 100>(numbered);
        relearns::<Normal, 1000>(numbered);
        relearns::<Logistic, 32>(numbered);
        relearns::<Logistic, 100>(numbered);
        relearns::<Exponential, 32>(numbered);
        relearns::<Exponential, 1000>(numbered);
    }
}

/// One pause of five minutes moves the deadline no further than an interval of phi 8 does.
#[test]
fn one_long_pause_moves_the_deadline_little() {
    let mut peer = steady::<100>(100);
    let before = timeout(&peer, seconds(100), 0);
    let mut now = seconds(400);
    peer.heartbeat(Beat::at(now));
    let after = timeout(&peer, now, 0);
    assert!(before < 1.6 && after < before + 0.1, "from {before} to {after}");

    assert_eq!(peer.suspicion(now).state, State::Recovering);
    for _ in 0..8 {
        now += SECOND;
        peer.heartbeat(Beat::at(now));
    }
    assert_eq!(peer.suspicion(now).state, State::Steady);
}

/// Twenty beats that come out of a backlog, each 15 s late, don't make a dead peer live longer.
#[test]
fn a_delayed_backlog_does_not_extend_life() {
    let beats: [fn(Duration, u64) -> Beat; 3] = [
        |at, number| Beat::at(at).with_sequence(number),
        |at, number| Beat::at(at).with_sent(seconds(1_000 + number)),
        |at, number| Beat::at(at).with_sequence(number).with_sent(seconds(number)),
    ];
    for beat in beats {
        let (mut peer, mut fixed) = (phi::<Normal, 100, 1>([8.0]), FixedTimeout::new(seconds(3), [1.0]));
        for number in 1..=100 {
            peer.heartbeat(beat(seconds(number), number));
            fixed.heartbeat(beat(seconds(number), number));
        }
        for number in 101..=120 {
            let at = seconds(number + 15);
            assert!(peer.is_suspect(at, 0) && fixed.is_suspect(at, 0), "before beat {number}");
            assert!(matches!(peer.heartbeat(beat(at, number)), Heard::Interval { lost: 0, .. }));
            fixed.heartbeat(beat(at, number));
            assert!(peer.is_suspect(at, 0) && fixed.is_suspect(at, 0), "after beat {number}");
        }
    }
}

/// A sender that paused is back at its first beat, if beats say when they were sent; by numbers alone it is taken for a
/// backlog, for 64 beats.
#[test]
fn a_sender_that_paused_is_told_from_a_backlog_by_the_time_of_sending() {
    let mut numbered = steady::<100>(100);
    let mut timed = phi::<Normal, 100, 1>([8.0]);
    let beat = |at: u64, number| Beat::at(seconds(at)).with_sequence(number).with_sent(seconds(at));
    for number in 1..=100 {
        timed.heartbeat(beat(number, number));
    }
    for number in 101..=165 {
        let at = number + 300;
        assert!(timed.is_suspect(seconds(at), 0) == (number == 101), "before beat {number}");
        timed.heartbeat(beat(at, number));
        numbered.heartbeat(Beat::at(seconds(at)).with_sequence(number));
        assert!(!timed.is_suspect(seconds(at), 0), "after beat {number}");
        assert_eq!(numbered.is_suspect(seconds(at), 0), number < 165, "after beat {number}");
    }
}

/// Without number or time, nobody can tell a backlog from a peer that is alive.
#[test]
fn a_backlog_without_numbers_is_not_told_apart() {
    let mut peer = phi::<Normal, 100, 1>([8.0]);
    for number in 1..=100 {
        peer.heartbeat(Beat::at(seconds(number)));
    }
    peer.heartbeat(Beat::at(seconds(116)));
    assert!(!peer.is_suspect(seconds(117), 0));
}

/// A backlog that is worked off, and a way that has become longer for good, end as on time.
#[test]
fn a_backlog_ends() {
    let mut peer = steady::<100>(100);
    let mut caught_up = peer.clone();
    // 15 s in which nothing came, and then all of it within a tenth of a second.
    for number in 101..=116 {
        let at = seconds(116) + Duration::from_millis(5 * (number - 101));
        caught_up.heartbeat(Beat::at(at).with_sequence(number));
    }
    assert!(!caught_up.is_suspect(seconds(117), 0));

    for number in 101..=170 {
        peer.heartbeat(Beat::at(seconds(number + 15)).with_sequence(number));
    }
    assert!(!peer.is_suspect(seconds(186), 0), "the way is 15 s longer now");
}

/// Clocks that drift apart make no backlog, however long: who beats on time is never suspect, though its clock says that each
/// beat takes longer than the one before.
#[test]
fn clocks_that_drift_apart_make_no_backlog() {
    fn is_never_suspect(mut peer: impl FailureDetector) {
        for number in 1..=50_000 {
            let at = seconds(number) + Duration::from_millis(number * 7 % 5);
            // By a ten-thousandth, as cheap ones do: 5 s in the end.
            let sent = Duration::from_micros(999_900 * number);
            assert_eq!(peer.is_suspect(at, 0), number == 1, "before beat {number}");
            peer.heartbeat(Beat::at(at).with_sequence(number).with_sent(sent));
            assert!(!peer.is_suspect(at, 0), "after beat {number}");
        }
    }
    is_never_suspect(phi::<Normal, 100, 1>([8.0]));
    is_never_suspect(&Phi::<Normal, 100, 1>::new(&Settings::new(SECOND), [8.0]));
}

/// A way that has become longer for good is taken for that though it jitters: after 64 beats, also for a peer that came back
/// after we had been away ourselves.
#[test]
fn a_longer_way_may_jitter() {
    fn is_trusted_after_64(mut peer: impl FailureDetector) {
        for number in 1..=100 {
            peer.heartbeat(Beat::at(seconds(number)).with_sequence(number).with_sent(seconds(number)));
        }
        peer.observe_local_gap(seconds(2));
        for number in 101..=1_000 {
            let sent = seconds(number + 300);
            let at = sent + Duration::from_millis(number * 7 % 40);
            peer.heartbeat(Beat::at(at).with_sequence(number).with_sent(sent));
            assert_eq!(peer.is_suspect(at, 0), number < 165, "after beat {number}");
        }
    }
    is_trusted_after_64(phi::<Normal, 100, 1>([8.0]));
    is_trusted_after_64(&Phi::<Normal, 100, 1>::new(&Settings::new(SECOND), [8.0]));
}

/// Gaps in the numbers are losses, not slow beats.
#[test]
fn lost_beats_are_not_slow_beats() {
    let mut peer = steady::<100>(50);
    let before = peer.moments();
    let heard = peer.heartbeat(Beat::at(seconds(54)).with_sequence(54));
    assert!(matches!(heard, Heard::Interval { lost: 3, .. }), "{heard:?}");
    let tick = Duration::from_millis(3);
    let (mean, sd) = peer.moments();
    assert!(mean.abs_diff(before.0) < tick && sd.abs_diff(before.1) < tick);
    assert!(!peer.is_suspect(seconds(55), 0));
}

/// Beats that scatter, and of which some are lost, make no backlog: with numbers a peer may be taken for silent once for each
/// loss, which is a silence, and not in between.
#[test]
fn losses_and_scatter_make_no_backlog() {
    fn no_mistakes_but_for_losses(mut peer: impl FailureDetector) {
        let mut random = 7_u64;
        let mut below = |limit: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % limit
        };
        let (mut mistakes, mut losses, mut last) = (0, 0, 0);
        for number in 1..10_000 {
            let now = seconds(number) + Duration::from_millis(below(200));
            if below(5) > 0 {
                losses += u32::from(number > last + 1);
                mistakes += u32::from(number > 100 && peer.is_suspect(now, 0));
                peer.heartbeat(Beat::at(now).with_sequence(number));
                last = number;
            }
        }
        assert!(losses > 1_500 && mistakes <= losses, "{mistakes} mistakes, {losses} losses");
    }
    no_mistakes_but_for_losses(Jacobson::new(seconds(3), SECOND, Duration::from_millis(200), [1.0]));
    no_mistakes_but_for_losses(phi::<Normal, 100, 1>([8.0]));
    no_mistakes_but_for_losses(FixedTimeout::new(Duration::from_millis(1_300), [1.0]));
}

/// Copies, beats out of order, of old epochs, and from times that have passed are no news and change nothing.
#[test]
fn stale_beats_change_nothing() {
    let mut peer = steady::<8>(19);
    peer.heartbeat(Beat::at(seconds(20)).with_sequence(20).with_epoch(2));
    let before = format!("{peer:?}");
    for beat in [
        Beat::at(seconds(20)).with_sequence(21).with_epoch(2),
        Beat::at(seconds(20)),
        Beat::at(Duration::ZERO),
        Beat::at(seconds(21)).with_sequence(20).with_epoch(2),
        Beat::at(seconds(21)).with_sequence(3),
        Beat::at(seconds(21)).with_sequence(30).with_epoch(1),
    ] {
        assert_eq!(peer.heartbeat(beat), Heard::Stale, "{beat:?}");
        assert_eq!(format!("{peer:?}"), before);
    }
}

/// A counter of 32 bits that wraps goes back, if its ticks are taken for times as they are: it neither makes an interval of
/// days nor clears what was learned. Silence goes on from the last beat before.
#[test]
fn times_of_a_counter_that_wraps_are_stale() {
    fn wraps(mut peer: impl FailureDetector) {
        let at = |tick: u32| Duration::from_millis(tick.into());
        let start = u32::MAX - 50_000;
        for beat in 0..=50 {
            assert_ne!(peer.heartbeat(Beat::at(at(start + beat * 1_000))), Heard::Stale);
        }
        let later = at(u32::MAX) + seconds(1);
        let answers = |peer: &dyn FailureDetector| (peer.deadline(0), peer.evidence(), peer.suspicion(later));
        let before = answers(&peer);
        for beat in 51..100 {
            let now = at(start.wrapping_add(beat * 1_000));
            assert_eq!(peer.heartbeat(Beat::at(now)), Heard::Stale, "{now:?}");
        }
        assert_eq!(answers(&peer), before);
    }
    wraps(phi::<Normal, 100, 1>([8.0]));
    wraps(Phi::<Normal, 100, 1>::new(&Settings::new(SECOND), [8.0]));
    wraps(FixedTimeout::new(seconds(3), [1.0]));
    wraps(Jacobson::new(seconds(3), SECOND, Duration::from_millis(200), [1.0]));
}

/// A restart is no interval; what was learned stays.
#[test]
fn a_restart_skips_one_interval() {
    let mut peer = steady::<100>(49);
    peer.heartbeat(Beat::at(seconds(50)).with_sequence(50).with_epoch(1));
    let moments = peer.moments();
    let again = Beat::at(seconds(90)).with_sequence(1).with_epoch(2);
    assert_eq!(peer.heartbeat(again), Heard::Restarted);
    assert_eq!(peer.moments(), moments);
    assert!(!peer.is_suspect(seconds(91), 0));
    let next = Beat::at(seconds(91)).with_sequence(2);
    assert!(matches!(peer.heartbeat(next), Heard::Interval { lost: 0, .. }));
}

/// One's own pause is nobody's silence, and no interval.
#[test]
fn ones_own_pause_accuses_nobody() {
    let mut peer = steady::<100>(50);
    let now = seconds(350);
    assert!(peer.is_suspect(now, 0));
    peer.observe_local_gap(Duration::from_millis(299_500));
    assert!(!peer.is_suspect(now, 0));
    let moments = peer.moments();
    peer.heartbeat(Beat::at(now + Duration::from_millis(500)));
    assert!(peer.moments().0.abs_diff(moments.0) < Duration::from_millis(3));
}

/// Of the interval in which we ourselves were away nothing is learned, whether beats were lost then or waited; of the next one
/// it is. A pause that is less than a tick is none.
#[test]
fn ones_own_pause_teaches_nothing() {
    let phi = steady::<100>(50);
    let mut jacobson = Jacobson::new(seconds(3), seconds(1), SECOND / 10, [1.0]);
    for number in 1..=50 {
        jacobson.heartbeat(Beat::at(seconds(number)).with_sequence(number));
    }
    let before = (phi.moments(), jacobson.timeout());
    for number in [51, 350] {
        let (mut phi, mut jacobson) = (phi.clone(), jacobson.clone());
        let back = Beat::at(seconds(350)).with_sequence(number);
        let next = Beat::at(seconds(360)).with_sequence(number + 1);
        for (beat, learns) in [(back, false), (next, true)] {
            if !learns {
                phi.observe_local_gap(Duration::from_millis(299_500));
                jacobson.observe_local_gap(Duration::from_millis(299_500));
            }
            phi.observe_local_gap(Duration::from_micros(900));
            jacobson.observe_local_gap(Duration::from_micros(900));
            assert!(
                matches!(phi.heartbeat(beat), Heard::Interval { lost, .. } if lost == number - 51 || learns)
            );
            jacobson.heartbeat(beat);
            assert_eq!((phi.moments(), jacobson.timeout()) != before, learns, "beat {:?}", beat.sequence);
        }
    }
}

/// The interval after a restart is whole, though we were away before.
#[test]
fn after_a_restart_ones_own_pause_is_over() {
    let mut peer = steady::<100>(50);
    peer.heartbeat(Beat::at(seconds(51)).with_epoch(1));
    peer.observe_local_gap(seconds(10));
    assert_eq!(peer.heartbeat(Beat::at(seconds(70)).with_epoch(2)), Heard::Restarted);
    let moments = peer.moments();
    peer.heartbeat(Beat::at(seconds(75)).with_epoch(2));
    assert!(peer.moments() > moments);
}

/// However often we are away, and whatever is lost then, a backlog is worked off by beats at their usual pace.
#[test]
fn ones_own_pauses_are_not_what_is_usual() {
    let mut peer = steady::<100>(50);
    let mut now = 50;
    for _ in 0..40 {
        now += 301;
        peer.observe_local_gap(seconds(300));
        peer.heartbeat(Beat::at(seconds(now)).with_sequence(now));
    }
    let back = seconds(now + 16);
    assert!(peer.is_suspect(back, 0));
    for (number, after) in (now + 1..=now + 16).zip(0..) {
        peer.heartbeat(Beat::at(back + Duration::from_millis(5 * after)).with_sequence(number));
    }
    assert!(!peer.is_suspect(back + SECOND, 0), "all of them came");
}

/// Other evidence than beats extends life from when it is, teaches nothing, and introduces nobody.
#[test]
fn hearsay_is_evidence_but_no_beat() {
    let mut peer = steady::<100>(50);
    let (moments, before) = (peer.moments(), timeout(&peer, seconds(50), 0));
    peer.witness(seconds(53));
    assert!((timeout(&peer, seconds(53), 0) - before).abs() < 0.002);
    peer.witness(seconds(52)); // older
    assert!(!peer.is_suspect(seconds(54), 0) && peer.is_suspect(seconds(55), 0));
    assert_eq!(peer.moments(), moments);

    let next = peer.heartbeat(Beat::at(seconds(55)));
    assert!(
        matches!(next, Heard::Interval { interval, .. } if interval.abs_diff(seconds(5)).as_millis() < 2)
    );

    let mut stranger = phi::<Normal, 8, 1>([1.0]);
    stranger.witness(seconds(1));
    assert!(stranger.is_suspect(seconds(1), 0));
}

/// Unknown is a state of its own, and counts as suspect.
#[test]
fn an_unknown_peer_is_never_silently_healthy() {
    let peer = phi::<Normal, 8, 2>([1.0, 8.0]);
    let fixed = FixedTimeout::new(SECOND, [1.0]);
    for at in [Duration::ZERO, SECOND, Duration::MAX] {
        assert!(peer.is_suspect(at, 0) && peer.is_suspect(at, 1) && fixed.is_suspect(at, 0));
        assert_eq!((peer.suspicion(at).state, fixed.suspicion(at).state), (State::Unknown, State::Unknown));
        assert_eq!((peer.deadline(1), fixed.deadline(0)), (None, None));
    }
}

/// A peer with perfectly regular beats isn't suspected for a hair's breadth, and one that dies is.
#[test]
fn regular_beats_leave_a_margin() {
    let peer = steady::<16>(100);
    assert!(!peer.is_suspect(Duration::from_millis(101_300), 0));
    assert!(peer.is_suspect(seconds(102), 0));
}

/// The first beats are judged by what was assumed, and it says so.
#[test]
fn the_first_beats_are_judged_by_assumption() {
    let mut peer = steady::<100>(1);
    assert_eq!(peer.suspicion(seconds(1)).state, State::Cold { samples: 0 });
    assert!(!peer.is_suspect(seconds(2), 0) && peer.is_suspect(seconds(4), 0));
    for (number, samples) in (2..=9).zip(0..) {
        assert_eq!(peer.suspicion(seconds(number)).state, State::Cold { samples });
        peer.heartbeat(Beat::at(seconds(number)));
    }
    assert_eq!(peer.suspicion(seconds(9)).state, State::Steady);
}

/// The ends of time are no panic.
#[test]
fn the_ends_of_time_are_bounds() {
    let mut peer = phi::<Normal, 8, 2>([1.0, 1e9]);
    peer.heartbeat(Beat::at(Duration::ZERO));
    assert!(!peer.is_suspect(Duration::ZERO, 0));
    peer.heartbeat(Beat::at(Duration::MAX).with_sequence(u64::MAX).with_sent(Duration::MAX));
    peer.observe_local_gap(Duration::MAX);
    assert!(peer.suspicion(Duration::MAX).phi.is_finite());
    assert_eq!(peer.heartbeat(Beat::at(Duration::MAX)), Heard::Stale);
}
