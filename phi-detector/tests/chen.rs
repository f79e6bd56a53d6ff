//! The timeouts that expect the next beat at some time, after Chen: against their formulas as the papers have them, computed
//! from scratch, and against what breaks such formulas.

#![expect(clippy::cast_precision_loss, reason = "times of a test are below 2^53")]

use core::fmt::Debug;
use core::hash::Hash;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use spacelike_phi_detector::{Beat, Bertier, ChenE, FailureDetector, Heard, Resolution, State, TwoWindow};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn micros(count: u64) -> Duration {
    Duration::from_micros(count)
}

/// Ticks of a nanosecond, for examples that come out even: up to 67 ms.
const NANOS: Resolution = Resolution::of_nanos_log2(0);

/// The default tick.
const TICK: f64 = 1_048_576e-9;

const MARGIN: Duration = ms(300);

fn chen<const N: usize>() -> ChenE<N> {
    ChenE::new(seconds(1), MARGIN, [1.0])
}

fn two_window() -> TwoWindow<1, 100> {
    TwoWindow::new(seconds(1), MARGIN, [1.0])
}

fn bertier() -> Bertier {
    Bertier::new(seconds(1), MARGIN, [1.0])
}

/// What is asked of each of them.
trait Detector: FailureDetector + Clone + PartialEq + Hash + Debug {}
impl<D: FailureDetector + Clone + PartialEq + Hash + Debug> Detector for D {}

/// Runs a scenario with each of them.
macro_rules! each {
    ($scenario:ident $(, $argument:expr)*) => {
        $scenario(chen::<1>() $(, $argument)*);
        $scenario(chen::<8>() $(, $argument)*);
        $scenario(chen::<32>() $(, $argument)*);
        $scenario(chen::<1000>() $(, $argument)*);
        $scenario(two_window() $(, $argument)*);
        $scenario(bertier() $(, $argument)*);
    };
}

/// The silence after `last` at which level 0 is reached, in seconds.
fn silence(detector: &impl FailureDetector, last: Duration) -> f64 {
    let deadline = detector.deadline(0).unwrap();
    deadline.as_secs_f64() - last.as_secs_f64()
}

/// Beats once a second, numbered like the seconds.
fn beats(peer: &mut impl FailureDetector, seconds: core::ops::RangeInclusive<u64>, numbered: bool) {
    for number in seconds {
        let beat = Beat::at(Duration::from_secs(number));
        peer.heartbeat(if numbered { beat.with_sequence(number) } else { beat });
    }
}

/// Tells all beats, at so many microseconds, each with the next number.
fn tell<const COUNT: usize>(peer: &mut impl FailureDetector, arrivals: [u64; COUNT]) {
    for (at, number) in arrivals.into_iter().zip(1..) {
        assert_ne!(peer.heartbeat(Beat::at(micros(at)).with_sequence(number)), Heard::Stale);
    }
}

/// By hand: the second of three beats came 0.3 ms late, the mean is 0.1 ms late, so the fourth is expected at 40.1 ms.
#[test]
fn chen_is_the_mean_of_what_beats_are_late() {
    let mut peer: ChenE<3> = ChenE::with_resolution(ms(10), ms(2), [1.0], NANOS);
    tell(&mut peer, [10_000, 20_300, 30_000]);
    assert_eq!(peer.period(), ms(10));
    assert_eq!(peer.deadline(0), Some(micros(42_100)));
}

/// By hand: the long window expects the next beat 0.15 ms late, the short one as late as the last one was; the later counts.
#[test]
fn two_windows_are_the_later_of_both() {
    let peer = || -> TwoWindow<1, 8> { TwoWindow::with_resolution(ms(10), ms(2), [1.0], NANOS) };
    let (mut late, mut early) = (peer(), peer());
    tell(&mut late, [10_300, 20_000, 30_000, 40_300]);
    tell(&mut early, [10_000, 20_300, 30_300, 40_000]);
    assert_eq!((late.period(), early.period()), (ms(10), ms(10)));
    assert_eq!(late.deadline(0), Some(micros(52_300)));
    assert_eq!(early.deadline(0), Some(micros(52_150)));
}

/// By hand: the margin begins as the period, 4 · 2.5 ms. No error makes it 4 · 2.25, and then one of 0.2 ms makes the delay 0.02 and
/// the variation 2.045.
#[test]
fn bertier_learns_its_margin() {
    let mut peer: Bertier<16> = Bertier::with_resolution(ms(10), micros(1), [1.0], NANOS);
    let tell = |peer: &mut Bertier<16>, at, margin| {
        peer.heartbeat(Beat::at(micros(at)).with_sequence(at / 10_000));
        assert!(peer.margin().abs_diff(micros(margin)) < Duration::from_nanos(4), "{:?}", peer.margin());
    };
    tell(&mut peer, 10_000, 10_000);
    tell(&mut peer, 20_000, 9_000);
    tell(&mut peer, 30_200, 8_200);
}

/// Chen's formula over all that was heard, computed anew each time, in floats.
struct Oracle {
    /// When each came, in nanoseconds, and its number.
    arrivals: Vec<(f64, f64)>,
    assumed: f64,
    window: usize,
}

impl Oracle {
    fn new(period: f64, window: usize) -> Self {
        Self { arrivals: Vec::new(), assumed: period, window }
    }

    fn push(&mut self, at: f64, number: f64) {
        // Nine beats make a period. A window that never has so many learns by and by.
        if let Some(&(before, known)) = self.arrivals.last() {
            if self.window <= 8 && self.arrivals.len() >= self.window {
                self.assumed += ((at - before) / (number - known) - self.assumed) / 8.0;
            }
        }
        self.arrivals.push((at, number));
    }

    fn latest(&self, window: usize) -> &[(f64, f64)] {
        &self.arrivals[self.arrivals.len().saturating_sub(window)..]
    }

    fn period(&self) -> f64 {
        let latest = self.latest(self.window);
        if latest.len() < 2 {
            return self.assumed;
        }
        let count = latest.len() as f64;
        let (mean_at, mean_number) = (
            latest.iter().map(|a| a.0).sum::<f64>() / count,
            latest.iter().map(|a| a.1).sum::<f64>() / count,
        );
        let covariance: f64 = latest.iter().map(|a| (a.0 - mean_at) * (a.1 - mean_number)).sum();
        let variance: f64 = latest.iter().map(|a| (a.1 - mean_number).powi(2)).sum();
        let weight = f64::min(count - 1.0, 8.0) / 8.0;
        covariance / variance * weight + self.assumed * (1.0 - weight)
    }

    /// When the beat with the number is expected, by the latest of this window.
    fn expected(&self, window: usize, number: f64) -> f64 {
        let (period, latest) = (self.period(), self.latest(window));
        latest.iter().map(|(at, number)| at - period * number).sum::<f64>() / latest.len() as f64
            + period * number
    }

    fn next(&self) -> f64 {
        self.arrivals.last().unwrap().1 + 1.0
    }
}

/// Beats that keep their schedule, to up to half a millisecond, with lost ones: when each came, in nanoseconds, and its number.
fn regular() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let lost = prop_oneof![9 => Just(0_u64), 1 => 0_u64..4];
    let beats = vec((lost, 0_u64..500_000), 1..80);
    (beats, 9_990_000_u64..10_010_000, any::<u32>()).prop_map(|(beats, period, first)| {
        let mut number = u64::from(first) % 1_000;
        let origin = u64::from(first);
        let arrivals = beats.into_iter().map(|(lost, late)| {
            number += 1 + lost;
            (origin + number * period + late, number)
        });
        arrivals.collect()
    })
}

fn nanos(deadline: Option<Duration>) -> f64 {
    deadline.unwrap().as_nanos() as f64
}

fn chen_is_the_formula<const N: usize>(arrivals: &[(u64, u64)]) -> TestCaseResult {
    let mut peer: ChenE<N> = ChenE::with_resolution(ms(10), ms(6), [1.0], NANOS);
    let mut oracle = Oracle::new(1e7, N);
    for &(at, number) in arrivals {
        peer.heartbeat(Beat::at(Duration::from_nanos(at)).with_sequence(number));
        oracle.push(at as f64, number as f64);
        let expected = oracle.expected(N, oracle.next()) + 6e6;
        let deadline = nanos(peer.deadline(0));
        prop_assert!((deadline - expected).abs() < 3.0, "{} and not {}", deadline, expected);
        prop_assert!((peer.period().as_nanos() as f64 - oracle.period()).abs() < 2.0);
    }
    Ok(())
}

proptest! {
    /// `ChenE` is Chen's formula, to three nanoseconds.
    #[test]
    fn chen_is_chens_formula(arrivals in regular()) {
        chen_is_the_formula::<1>(&arrivals)?;
        chen_is_the_formula::<2>(&arrivals)?;
        chen_is_the_formula::<8>(&arrivals)?;
        chen_is_the_formula::<9>(&arrivals)?;
        chen_is_the_formula::<32>(&arrivals)?;
    }

    /// `TwoWindow` is the later of two of Chen's.
    #[test]
    fn two_windows_are_two_formulas(arrivals in regular()) {
        let mut peer: TwoWindow<3, 20> = TwoWindow::with_resolution(ms(10), ms(6), [1.0], NANOS);
        let mut oracle = Oracle::new(1e7, 20);
        for (at, number) in arrivals {
            peer.heartbeat(Beat::at(Duration::from_nanos(at)).with_sequence(number));
            oracle.push(at as f64, number as f64);
            let next = oracle.next();
            let expected = f64::max(oracle.expected(3, next), oracle.expected(20, next)) + 6e6;
            let deadline = nanos(peer.deadline(0));
            prop_assert!((deadline - expected).abs() < 3.0, "{} and not {}", deadline, expected);
        }
    }

    /// `Bertier`'s margin is Jacobson's, of errors that count up to the margin.
    #[test]
    fn bertier_is_the_formula(arrivals in regular()) {
        let mut peer: Bertier<16> = Bertier::with_resolution(ms(10), ms(6), [1.0], NANOS);
        let mut oracle = Oracle::new(1e7, 16);
        let (mut delay, mut variation) = (0.0, 2.5e6);
        for (at, number) in arrivals {
            peer.heartbeat(Beat::at(Duration::from_nanos(at)).with_sequence(number));
            if !oracle.arrivals.is_empty() {
                let most = f64::max(delay + 4.0 * variation, 6e6);
                let late = at as f64 - oracle.expected(16, number as f64);
                let error = f64::clamp(late - delay, -most, most);
                delay += 0.1 * error;
                variation += 0.1 * (error.abs() - variation);
            }
            oracle.push(at as f64, number as f64);
            let margin = f64::max(delay + 4.0 * variation, 6e6);
            prop_assert!((peer.margin().as_nanos() as f64 - margin).abs() < 20.0, "{:?} and not {}", peer.margin(), margin);
            let deadline = oracle.expected(16, oracle.next()) + margin;
            prop_assert!((nanos(peer.deadline(0)) - deadline).abs() < 23.0);
        }
    }
}

/// What a detector is told.
#[derive(Clone, Debug)]
enum Input {
    Beat(Beat),
    Gap(Duration),
    Witness(Duration),
}

/// Any time, its ends included.
fn times() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0_u64..100_000).prop_map(ms),
        any::<u64>().prop_map(Duration::from_nanos),
        (any::<u64>(), 0_u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n)),
    ]
}

/// Mostly beats that could be, numbered or not, timed or not, with changes of the period; now and then anything.
fn histories() -> impl Strategy<Value = Vec<Input>> {
    let numbers = || {
        prop_oneof![Just(None), (0_u64..50).prop_map(Some), any::<u64>().prop_map(Some), Just(Some(u64::MAX))]
    };
    let anything = (times(), numbers(), proptest::option::of(times()), numbers())
        .prop_map(|(at, sequence, sent, epoch)| Input::Beat(Beat { at, sequence, sent, epoch }));
    let strange = prop_oneof![
        anything,
        times().prop_map(Input::Gap),
        times().prop_map(Input::Witness),
        (0_u64..2_000).prop_map(|gap| Input::Gap(ms(gap))),
    ];
    // After so long, with so many lost, and that long on the way.
    let interval =
        prop_oneof![6 => 900_u64..1_100, 1 => 0_u64..30, 1 => 2_900_u64..3_100, 1 => 0_u64..40_000];
    let lost = prop_oneof![8 => Just(0_u64), 1 => 0_u64..4, 1 => any::<u64>()];
    let step = prop_oneof![
        40 => (interval, lost, 0_u64..100).prop_map(Ok),
        1 => strange.prop_map(Err),
    ];
    (any::<bool>(), any::<bool>(), vec(step, 0..80)).prop_map(|(numbered, timed, steps)| {
        let (mut now, mut number) = (0_u64, 0_u64);
        let inputs = steps.into_iter().map(|step| match step {
            Err(input) => input,
            Ok((interval, lost, way)) => {
                now += interval;
                number = number.saturating_add(lost).saturating_add(1);
                let beat = Beat::at(ms(now));
                let beat = if numbered { beat.with_sequence(number) } else { beat };
                Input::Beat(if timed { beat.with_sent(ms(now.saturating_sub(way))) } else { beat })
            }
        });
        inputs.collect()
    })
}

/// The last instant that a detector can tell from the next.
const HORIZON: Duration = Duration::from_nanos(u64::MAX);

/// What holds after each step of any history: stale is no news, levels are reached in their order, and at its deadline, and not
/// one tick before, phi has reached a level.
fn obeys(mut peer: impl Detector, levels: [f64; 3], tick: Duration, history: &[Input]) -> TestCaseResult {
    for input in history {
        match input {
            Input::Beat(beat) => {
                let before = peer.clone();
                if peer.heartbeat(*beat) == Heard::Stale {
                    prop_assert_eq!(&peer, &before);
                }
                let after = peer.clone();
                prop_assert_eq!(peer.heartbeat(*beat), Heard::Stale);
                prop_assert_eq!(&peer, &after);
            }
            Input::Gap(gap) => peer.observe_local_gap(*gap),
            Input::Witness(at) => peer.witness(*at),
        }
        let deadlines = [0, 1, 2].map(|level| peer.deadline(level));
        prop_assert!(deadlines.is_sorted(), "{:?}", deadlines);
        let mut least = 0.0;
        for (level, deadline) in deadlines.into_iter().enumerate() {
            let Some(deadline) = deadline else {
                prop_assert_eq!(peer.suspicion(Duration::MAX).state, State::Unknown);
                prop_assert!(peer.is_suspect(Duration::ZERO, level));
                continue;
            };
            let suspicion = peer.suspicion(deadline);
            prop_assert!(
                suspicion.phi.is_finite() && suspicion.phi >= least,
                "{:?} after {}",
                suspicion,
                least
            );
            least = suspicion.phi;
            // In the last tick every silence ends. Beyond 2^40, ticks are no longer exact as floats.
            if deadline.saturating_add(tick) > HORIZON
                || suspicion.elapsed.as_nanos() / tick.as_nanos() > 1 << 40
            {
                continue;
            }
            prop_assert!(suspicion.elapsed >= tick, "the evidence itself is no silence");
            prop_assert!(peer.is_suspect(deadline, level));
            prop_assert!(suspicion.phi >= levels[level] * (1.0 - 1e-9), "{:?} at level {}", suspicion, level);
            let before = deadline.saturating_sub(tick);
            prop_assert!(!peer.is_suspect(before, level));
            // There may be nothing before.
            if suspicion.elapsed > tick {
                let phi = peer.suspicion(before).phi;
                // Levels are rounded up to 2^-32.
                prop_assert!(phi < levels[level] * (1.0 + 1e-9) + 1e-9, "{} before level {}", phi, level);
            }
        }
        prop_assert!(peer.suspicion(Duration::MAX).phi.is_finite());
    }
    Ok(())
}

proptest! {
    /// The laws, over any history.
    #[test]
    fn they_obey_the_laws(
        history in histories(),
        mut levels in [0.01..30.0_f64, 0.01..30.0_f64, 0.01..30.0_f64],
        period in prop_oneof![4 => Just(seconds(1)), 1 => times()],
        margin in prop_oneof![4 => Just(MARGIN), 1 => times()],
        shift in prop_oneof![4 => Just(20_u32), 1 => 0_u32..=40],
    ) {
        levels.sort_by(f64::total_cmp);
        let least = Duration::from_nanos(1);
        let (period, margin, resolution) = (period.max(least), margin.max(least), Resolution::of_nanos_log2(shift));
        let tick = resolution.tick();
        obeys(ChenE::<1, 3>::with_resolution(period, margin, levels, resolution), levels, tick, &history)?;
        obeys(ChenE::<12, 3>::with_resolution(period, margin, levels, resolution), levels, tick, &history)?;
        obeys(TwoWindow::<2, 20, 3>::with_resolution(period, margin, levels, resolution), levels, tick, &history)?;
        obeys(Bertier::<12, 3>::with_resolution(period, margin, levels, resolution), levels, tick, &history)?;
    }
}

/// Unknown is suspect, stale is no news, a restart is no interval, lost beats and one's own pause change nothing, and the ends of
/// time are no panic.
#[test]
fn they_take_what_comes() {
    fn takes(mut peer: impl Detector) {
        for at in [Duration::ZERO, seconds(1), Duration::MAX] {
            peer.witness(at);
            assert!(peer.is_suspect(at, 0));
            assert_eq!((peer.suspicion(at).state, peer.deadline(0)), (State::Unknown, None));
        }
        for number in 1..=100 {
            let beat = Beat::at(seconds(number)).with_sequence(number).with_epoch(1);
            assert_eq!(peer.heartbeat(beat) == Heard::First, number == 1);
            let known = peer.clone();
            let next = seconds(number + 1);
            for stale in [
                beat,
                Beat::at(next).with_epoch(0),
                Beat::at(next).with_sequence(number),
                Beat::at(next).with_sequence(0),
                Beat::at(Duration::ZERO).with_sequence(number + 1),
            ] {
                assert_eq!(peer.heartbeat(stale), Heard::Stale);
            }
            assert_eq!(peer, known);
        }
        assert_eq!(peer.suspicion(seconds(100)).state, State::Steady);
        let before = silence(&peer, seconds(100));
        let about =
            |after: f64, why| assert!((after - before).abs() < 0.01, "from {before} to {after} by {why}");

        let again = Beat::at(ms(130_400)).with_sequence(1).with_epoch(2);
        assert_eq!(peer.heartbeat(again), Heard::Restarted);
        about(silence(&peer, ms(130_400)), "a restart");
        let heard = peer.heartbeat(Beat::at(ms(135_400)).with_sequence(6));
        assert!(matches!(heard, Heard::Interval { lost: 4, .. }), "{heard:?}");
        about(silence(&peer, ms(135_400)), "lost beats");

        assert!(peer.is_suspect(seconds(435), 0));
        peer.observe_local_gap(ms(299_500));
        assert!(!peer.is_suspect(seconds(435), 0));
        peer.heartbeat(Beat::at(seconds(435)));
        about(silence(&peer, seconds(435)), "one's own pause");

        let mut ends = peer.clone();
        let last =
            Beat::at(Duration::MAX).with_sequence(u64::MAX).with_sent(Duration::MAX).with_epoch(u64::MAX);
        ends.heartbeat(last);
        ends.observe_local_gap(Duration::MAX);
        assert!(ends.suspicion(Duration::MAX).phi.is_finite());
        assert_eq!(ends.heartbeat(last), Heard::Stale);
        peer.heartbeat(Beat::at(Duration::MAX).with_sequence(7));
        assert!(peer.suspicion(Duration::MAX).phi.is_finite());
    }
    each!(takes);
}

/// The first beats are judged by the period that was given, and it says so.
#[test]
fn the_first_beats_are_judged_by_assumption() {
    fn begins(mut peer: impl Detector, margin: f64) {
        for (number, samples) in (1..=8).zip(0..) {
            peer.heartbeat(Beat::at(seconds(number)));
            assert_eq!(peer.suspicion(seconds(number)).state, State::Cold { samples });
            if samples == 0 {
                assert!((silence(&peer, seconds(1)) - 1.0 - margin).abs() < 4.0 * TICK);
            }
        }
        peer.heartbeat(Beat::at(seconds(9)));
        assert_eq!(peer.suspicion(seconds(9)).state, State::Steady);
    }
    begins(chen::<32>(), 0.3);
    begins(two_window(), 0.3);
    begins(bertier(), 1.0);
}

/// A peer that becomes slower is suspected, and within some thirty of its beats it isn't any more, whatever the window.
#[test]
fn a_slower_peer_is_learned_again() {
    fn relearns(peer: impl Detector, factor: u64, numbered: bool) {
        let (mut peer, mut now, mut number) = (peer, 300, 300);
        beats(&mut peer, 1..=300, numbered);
        assert!(peer.is_suspect(seconds(302), 0), "the change is noticed");
        let mut late = 0;
        for count in 1..=100 {
            (now, number) = (now + factor, number + 1);
            late = if peer.is_suspect(seconds(now), 0) { count } else { late };
            let beat = Beat::at(seconds(now));
            peer.heartbeat(if numbered { beat.with_sequence(number) } else { beat });
        }
        assert!((1..=36).contains(&late), "{late} beats, {factor} times slower, numbered: {numbered}");
        let silence = silence(&peer, seconds(now));
        assert!(
            (silence - factor as f64) > 0.25 && silence < factor as f64 + 1.0,
            "{silence} instead of {factor}"
        );
    }
    for numbered in [false, true] {
        for factor in [2, 3, 10] {
            each!(relearns, factor, numbered);
        }
    }
}

/// A peer that becomes ten times faster is learned again, so that its death is noticed as fast.
#[test]
fn a_faster_peer_is_learned_again() {
    fn relearns(mut peer: impl Detector, numbered: bool) {
        beats(&mut peer, 1..=100, numbered);
        for number in 1..=40 {
            let beat = Beat::at(seconds(100) + ms(100 * number));
            assert!(!peer.is_suspect(beat.at, 0));
            peer.heartbeat(if numbered { beat.with_sequence(100 + number) } else { beat });
        }
        let silence = silence(&peer, seconds(104));
        assert!(silence < 0.6, "{silence}");
    }
    for numbered in [false, true] {
        each!(relearns, numbered);
    }
}

/// One pause of five minutes changes nothing but where the schedule begins, and Bertier's margin by half; two in succession make
/// the period longer by at most seven eighths and an eighth of the margin. Some beats later, nothing is left of it.
#[test]
fn one_long_pause_moves_the_deadline_little() {
    fn moves(mut peer: impl Detector) {
        beats(&mut peer, 1..=200, false);
        let before = silence(&peer, seconds(200));
        let margin = before - 1.0;
        peer.heartbeat(Beat::at(ms(500_400)));
        let moved = silence(&peer, ms(500_400)) - before;
        assert!((-2.0 * TICK..=margin / 2.0 + 4.0 * TICK).contains(&moved), "{moved}");
        assert_eq!(peer.suspicion(ms(500_400)).state, State::Recovering);

        let mut twice = peer.clone();
        twice.heartbeat(Beat::at(ms(800_400)));
        let moved = silence(&twice, ms(800_400)) - before;
        assert!((0.5..=0.875 + margin / 8.0 + 1.5 * margin).contains(&moved), "{moved}");

        for (mut peer, mut now) in [(peer, ms(500_400)), (twice, ms(800_400))] {
            for _ in 0..40 {
                now += seconds(1);
                assert!(!peer.is_suspect(now, 0));
                peer.heartbeat(Beat::at(now));
            }
            assert_eq!(peer.suspicion(now).state, State::Steady);
            assert!((silence(&peer, now) - before).abs() < 0.05, "{} and not {before}", silence(&peer, now));
        }
    }
    each!(moves);
}

/// Twenty beats that come out of a backlog, each 15 s late, make a dead peer live longer by no more than what is no stall: eight
/// periods and two margins.
#[test]
fn a_delayed_backlog_does_not_extend_life() {
    fn dies(peer: impl Detector, beat: fn(Duration, u64) -> Beat) {
        let mut peer = peer;
        for number in 1..=100 {
            peer.heartbeat(beat(seconds(number), number));
        }
        // It dies after the beat 120.
        for number in 101..=120 {
            assert_ne!(peer.heartbeat(beat(seconds(number + 15), number)), Heard::Stale);
            assert!(peer.deadline(0).unwrap() < seconds(number + 1) + ms(9_500), "{:?}", peer.deadline(0));
        }
        assert!(peer.is_suspect(seconds(135), 0));
    }
    let kinds: [fn(Duration, u64) -> Beat; 3] = [
        |at, number| Beat::at(at).with_sequence(number),
        |at, number| Beat::at(at).with_sent(seconds(1_000 + number)),
        |at, number| Beat::at(at).with_sequence(number).with_sent(seconds(number)),
    ];
    for beat in kinds {
        each!(dies, beat);
    }
}

/// Beats that waited for 15 s and came all at once are no reason for suspicion afterwards: with times of sending, with numbers,
/// or with neither.
#[test]
fn a_backlog_that_comes_at_once_is_forgotten() {
    fn forgets(mut peer: impl Detector, beat: fn(Duration, u64) -> Beat) {
        for number in 1..=100 {
            peer.heartbeat(beat(seconds(number), number));
        }
        let before = silence(&peer, seconds(100));
        for number in 101..=115 {
            peer.heartbeat(beat(seconds(115) + ms(2 * (number - 101)), number));
        }
        let mut last = 115;
        for number in 116..=150 {
            assert!(!peer.is_suspect(seconds(number), 0), "at {number}: {peer:?}");
            peer.heartbeat(beat(seconds(number), number));
            last = number;
        }
        assert!((silence(&peer, seconds(last)) - before).abs() < 0.1);
    }
    let kinds: [fn(Duration, u64) -> Beat; 3] = [
        |at, _| Beat::at(at),
        |at, number| Beat::at(at).with_sequence(number),
        |at, number| Beat::at(at).with_sent(seconds(number)),
    ];
    for beat in kinds {
        each!(forgets, beat);
    }
}

/// Gaps in the numbers change nothing; without numbers a lost beat is one mistake, and the next beats none.
#[test]
fn lost_beats_are_not_slow_beats() {
    fn loses(mut peer: impl Detector, numbered: bool) {
        beats(&mut peer, 1..=100, numbered);
        let before = silence(&peer, seconds(100));
        for number in (101..=300).filter(|number| number % 10 != 0) {
            let beat = Beat::at(seconds(number));
            let after_loss = number % 10 == 1 && number > 101;
            assert_eq!(peer.is_suspect(seconds(number), 0), after_loss, "at {number}");
            peer.heartbeat(if numbered { beat.with_sequence(number) } else { beat });
            if numbered {
                assert!((silence(&peer, seconds(number)) - before).abs() < 0.01, "at {number}");
            }
        }
    }
    loses(chen::<1>(), true);
    loses(chen::<32>(), true);
    loses(chen::<1000>(), true);
    loses(two_window(), true);
    loses(bertier(), true);
    loses(chen::<1>(), false);
    loses(chen::<32>(), false);
    loses(chen::<1000>(), false);
    loses(two_window(), false);
}

/// A way that becomes longer for good, by more than the margin, is another schedule after four beats; and one that becomes
/// shorter, too. With times of sending, too, though those would make it a backlog if it was longer than a stall.
#[test]
fn another_way_is_another_schedule() {
    fn follows(mut peer: impl Detector, numbered: bool, change: i64) {
        beats(&mut peer, 1..=300, numbered);
        let before = silence(&peer, seconds(300));
        let at = |number: u64| ms((number * 1_000).checked_add_signed(change).unwrap());
        for number in 301..=330 {
            assert!(number < 305 || !peer.is_suspect(at(number), 0), "at {number} by {change}");
            let beat = Beat::at(at(number));
            peer.heartbeat(if numbered { beat.with_sequence(number) } else { beat });
        }
        let after = silence(&peer, at(330));
        assert!((after - before).abs() < 0.15, "from {before} to {after} by {change}");
    }
    for change in [-450, 450] {
        for numbered in [false, true] {
            follows(chen::<1>(), numbered, change);
            follows(chen::<32>(), numbered, change);
            follows(chen::<1000>(), numbered, change);
            follows(two_window(), numbered, change);
        }
    }
}

/// Clocks that drift apart by a thousandth, which is more than the margin within a window, are no reason for suspicion.
#[test]
fn drifting_clocks_are_followed() {
    fn follows(mut peer: impl Detector) {
        for number in 1..=5_000 {
            let at = ms(1_001 * number);
            assert!(number == 1 || !peer.is_suspect(at, 0), "at {number}");
            peer.heartbeat(Beat::at(at).with_sequence(number));
        }
        let last = ms(1_001 * 5_000);
        assert!(silence(&peer, last) < 1.31);
    }
    each!(follows);
}

/// One late beat makes the next one no later by Chen's mean, which is what it is for; by two windows it does.
#[test]
fn one_late_beat_is_not_the_next_one() {
    let (mut mean, mut two) = (chen::<100>(), two_window());
    for peer in [&mut mean as &mut dyn FailureDetector, &mut two] {
        for number in 1..=100 {
            peer.heartbeat(Beat::at(seconds(number)).with_sequence(number));
        }
        peer.heartbeat(Beat::at(ms(101_250)).with_sequence(101));
    }
    assert!(!mean.is_suspect(ms(102_290), 0) && mean.is_suspect(ms(102_330), 0));
    assert!(!two.is_suspect(ms(102_530), 0) && two.is_suspect(ms(102_570), 0));
    two.heartbeat(Beat::at(seconds(102)).with_sequence(102));
    assert!(!two.is_suspect(ms(103_290), 0) && two.is_suspect(ms(103_330), 0));
}

/// Other evidence than beats extends life from when it is, and teaches nothing.
#[test]
fn hearsay_is_evidence_but_no_beat() {
    fn hears(mut peer: impl Detector) {
        beats(&mut peer, 1..=100, true);
        let (before, plain) = (silence(&peer, seconds(100)), peer.clone());
        peer.witness(ms(102_500));
        assert!((silence(&peer, ms(102_500)) - before).abs() < 2.0 * TICK);
        peer.witness(seconds(102)); // older
        assert!((silence(&peer, ms(102_500)) - before).abs() < 2.0 * TICK);
        // The next beat is judged, and learned from, as without it.
        let mut both = [peer, plain];
        for peer in &mut both {
            beats(peer, 103..=103, true);
        }
        assert_eq!(both[0].deadline(0), both[1].deadline(0));
    }
    each!(hears);
}

/// A pause of our own that is shorter than the margin keeps the schedule, only later; a longer one waits for the next beat.
#[test]
fn ones_own_pause_begins_a_schedule_if_it_is_long() {
    for gap in [200, 700] {
        let mut peer = chen::<8>();
        for number in 1..=100 {
            // The last one 200 ms late.
            peer.heartbeat(Beat::at(seconds(number) + ms(200 * (number / 100))).with_sequence(number));
        }
        let before = silence(&peer, ms(100_200));
        assert!(before < 1.25, "{before}");
        peer.observe_local_gap(ms(gap));
        let after = silence(&peer, ms(100_200 + gap));
        if gap == 200 {
            assert!((after - before).abs() < 2.0 * TICK);
        } else {
            assert!((after - 1.3).abs() < 0.05, "{after}");
        }
    }
}

/// No error makes Bertier's margin longer by more than half, and a restless network makes it long enough.
#[test]
fn bertiers_margin_grows_by_half_at_most() {
    let mut peer: Bertier<64> = Bertier::new(seconds(1), ms(20), [1.0]);
    beats(&mut peer, 1..=200, true);
    assert!(peer.margin() < ms(25), "{:?}", peer.margin());
    let mut number = 200;
    let mut mistakes = 0;
    for _ in 0..400 {
        number += 1;
        let at = ms(1_000 * number + 37 * (number * 7 % 11));
        let before = peer.margin();
        mistakes += u32::from(peer.is_suspect(at, 0) && number > 230);
        peer.heartbeat(Beat::at(at).with_sequence(number));
        let grown = peer.margin().saturating_sub(before);
        assert!(grown <= before / 2 + ms(3), "from {before:?} by {grown:?}");
    }
    assert!(peer.margin() > ms(200) && mistakes == 0, "{:?}, {mistakes}", peer.margin());
    let before = peer.margin();
    peer.heartbeat(Beat::at(seconds(number + 300)).with_sequence(number + 1));
    let after = peer.margin();
    assert!(after > before && after <= before + before / 2 + ms(3), "from {before:?} to {after:?}");
}

/// A period, a margin or a level of nothing is refused.
#[test]
fn what_makes_no_sense_is_refused() {
    fn refused<D>(make: fn() -> D) {
        assert!(std::panic::catch_unwind(make).is_err());
    }
    refused(|| ChenE::<8>::new(Duration::ZERO, MARGIN, [1.0]));
    refused(|| ChenE::<8>::new(MARGIN, Duration::ZERO, [1.0]));
    refused(|| ChenE::<8>::new(MARGIN, MARGIN, [0.0]));
    refused(|| TwoWindow::<1, 8>::new(Duration::ZERO, MARGIN, [1.0]));
    refused(|| TwoWindow::<1, 8>::new(MARGIN, Duration::ZERO, [1.0]));
    refused(|| TwoWindow::<1, 8>::new(MARGIN, MARGIN, [f64::NAN]));
    refused(|| Bertier::<8>::new(Duration::ZERO, MARGIN, [1.0]));
    refused(|| Bertier::<8>::new(MARGIN, Duration::ZERO, [1.0]));
    refused(|| Bertier::<8>::new(MARGIN, MARGIN, [f64::INFINITY]));
}

/// The longest spans that are kept fit, a thousand of them: in ticks, and in lost beats.
#[test]
fn the_longest_spans_fit() {
    const SPAN: u64 = (1 << 26) - 1;
    let mut slow: ChenE<1024> = ChenE::with_resolution(Duration::from_nanos(SPAN), ms(1), [1.0], NANOS);
    let mut lossy: ChenE<1024> = ChenE::with_resolution(Duration::from_nanos(1), ms(1), [1.0], NANOS);
    for number in 1..=3_000 {
        let at = Duration::from_nanos(SPAN * number);
        slow.heartbeat(Beat::at(at));
        lossy.heartbeat(Beat::at(at).with_sequence(SPAN * number));
        assert_eq!(slow.deadline(0), Some(at + Duration::from_nanos(SPAN) + ms(1)));
        assert_eq!(lossy.deadline(0), Some(at + Duration::from_nanos(1) + ms(1)));
    }
}

/// It takes four beats in succession, late ones or early ones, to begin the schedule anew; without numbers one is enough, if it is
/// late by more than the margin and half a period.
#[test]
fn a_schedule_outlives_what_is_no_change() {
    let outlives = |margin: u64, numbered: bool, changes: &[i64]| {
        let mut peer: ChenE<1000> = ChenE::new(seconds(1), ms(margin), [1.0]);
        beats(&mut peer, 1..=500, numbered);
        let mut number = 500;
        for &change in changes.iter().chain([&0]) {
            number += 1;
            let beat = Beat::at(ms((number * 1_000_u64).checked_add_signed(change).unwrap()));
            peer.heartbeat(if numbered { beat.with_sequence(number) } else { beat });
        }
        (silence(&peer, seconds(number)) - 1.0 - margin as f64 / 1_000.0).abs() < 0.02
    };
    for late in [400, -400] {
        for numbered in [false, true] {
            assert!(outlives(300, numbered, &[late]));
            assert!(outlives(300, numbered, &[late, late, late]));
            assert!(outlives(300, numbered, &[late, late, late, 0, late]));
            assert!(outlives(300, numbered, &[late, late, late, -late, late, late]));
            assert!(!outlives(300, numbered, &[late, late, late, late]));
        }
    }
    assert!(outlives(300, true, &[800]) && !outlives(300, false, &[800]));
    assert!(outlives(300, true, &[-800]) && outlives(300, false, &[-800]));
    assert!(outlives(900, false, &[800]));
}

/// After a restart, what was off before counts no more, and an interval that was too long neither.
#[test]
fn a_restart_begins_anew() {
    let mut late = chen::<100>();
    let mut stalled = chen::<100>();
    for peer in [&mut late, &mut stalled] {
        for number in 1..=100 {
            peer.heartbeat(Beat::at(seconds(number)).with_epoch(1));
        }
    }
    for number in 101..=103 {
        late.heartbeat(Beat::at(seconds(number) + ms(400)));
    }
    late.heartbeat(Beat::at(seconds(200)).with_epoch(2));
    late.heartbeat(Beat::at(ms(201_400)));
    // Both arrivals count: 1.05 s between them, and the latest a little late.
    let after = silence(&late, ms(201_400));
    assert!((after - 1.175).abs() < 0.02, "{after}");

    stalled.heartbeat(Beat::at(seconds(400)));
    stalled.heartbeat(Beat::at(seconds(401)).with_epoch(2));
    stalled.heartbeat(Beat::at(seconds(421)));
    let after = silence(&stalled, seconds(421));
    assert!((after - 1.3).abs() < 0.02, "{after}: one stall is a pause");
}

/// After a pause, beats are learned from as before, and a sender that is faster than before is learned once so many came as could
/// have waited.
#[test]
fn learning_goes_on_after_a_pause() {
    let mut peer = chen::<32>();
    beats(&mut peer, 1..=100, false);
    peer.heartbeat(Beat::at(seconds(130)));
    let mut faster = peer.clone();
    for number in 1..=20 {
        peer.heartbeat(Beat::at(seconds(130 + number)));
    }
    peer.heartbeat(Beat::at(ms(151_250)));
    let after = silence(&peer, ms(151_000));
    assert!((after - 1.3).abs() < 0.05, "{after}: one late beat is not the next one");

    for number in 1..=80 {
        faster.heartbeat(Beat::at(seconds(130) + ms(100 * number)));
    }
    let after = silence(&faster, seconds(138));
    assert!(after < 0.5, "{after}");
}

/// Beats whose times of sending show that they come later and later are a backlog, and teach nothing of the period.
#[test]
fn a_backlog_that_grows_teaches_nothing() {
    let mut peer = chen::<32>();
    for number in 1..=100 {
        peer.heartbeat(Beat::at(seconds(number)).with_sequence(number).with_sent(seconds(number)));
    }
    for late in 1..=10 {
        let beat = Beat::at(seconds(100 + 5 * late)).with_sequence(100 + late).with_sent(seconds(100 + late));
        assert!(matches!(peer.heartbeat(beat), Heard::Interval { lost: 0, .. }));
    }
    assert!(peer.period() < ms(1_200), "{:?}", peer.period());
    assert!(peer.deadline(0).unwrap() < seconds(110) + ms(9_900), "{:?}", peer.deadline(0));
}

/// The beat after a pause of our own says nothing of how late beats are; and neither window remembers those before it.
#[test]
fn the_beat_after_ones_own_pause_is_a_first_one() {
    let mut learned: Bertier = Bertier::new(seconds(1), ms(10), [1.0]);
    beats(&mut learned, 1..=20, false);
    let before = (learned.margin(), learned.period());
    learned.observe_local_gap(ms(30_700));
    learned.heartbeat(Beat::at(seconds(51)));
    assert_eq!((learned.margin(), learned.period()), before);

    let mut two: TwoWindow<8, 100> = TwoWindow::new(seconds(1), MARGIN, [1.0]);
    beats(&mut two, 1..=100, true);
    two.heartbeat(Beat::at(ms(100_800)).with_sequence(101));
    let before = silence(&two, ms(100_800));
    two.observe_local_gap(ms(700));
    let after = silence(&two, ms(101_500));
    assert!(before > 1.4 && (after - 1.3).abs() < 0.02, "from {before} to {after}");
}
