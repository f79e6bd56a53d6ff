//! The laws of detectors, over random histories.

use core::f64::consts::{LN_10, PI};
use core::fmt::Debug;
use core::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use spacelike_phi_detector::{
    Beat, Exponential, FailureDetector, FixedTimeout, Heard, Jacobson, LocalPhi, Logistic, Model, Normal,
    Resolution, Settings, State,
};

/// What a detector is told.
#[derive(Clone, Debug)]
enum Input {
    Beat(Beat),
    Gap(Duration),
}

/// What happens next: mostly a beat within a few seconds, now and then anything.
#[derive(Clone, Debug)]
enum Step {
    /// The next beat, after so many microseconds, with so many lost before it, that took so long to come.
    Next {
        micros: u64,
        lost: u64,
        delay: u64,
    },
    Gap(Duration),
    Anything(Beat),
}

/// Any time, its ends included.
fn times() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        (0u64..100_000_000).prop_map(Duration::from_micros),
        any::<u64>().prop_map(Duration::from_nanos),
        (any::<u64>(), 0u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n)),
    ]
}

fn numbers() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), (0u64..50).prop_map(Some), any::<u64>().prop_map(Some), Just(Some(u64::MAX))]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let anything = (times(), numbers(), proptest::option::of(times()), numbers())
        .prop_map(|(at, sequence, sent, epoch)| Step::Anything(Beat { at, sequence, sent, epoch }));
    let micros = prop_oneof![6 => 800_000u64..1_200_000, 2 => 0u64..30_000_000, 1 => 0u64..3_000];
    let next = (micros, prop_oneof![8 => Just(0u64), 1 => 0u64..4], 0u64..100_000)
        .prop_map(|(micros, lost, delay)| Step::Next { micros, lost, delay });
    let gap = prop_oneof![4 => (0u64..5_000).prop_map(Duration::from_millis), 1 => times()];
    prop::collection::vec(prop_oneof![40 => next, 1 => gap.prop_map(Step::Gap), 1 => anything], 0..60)
}

/// Histories of one peer: with numbers, or sending times, or both, or neither.
fn histories() -> impl Strategy<Value = Vec<Input>> {
    (any::<bool>(), any::<bool>(), steps()).prop_map(|(numbered, timed, steps)| {
        let (mut now, mut number) = (Duration::from_secs(1), 0u64);
        let inputs = steps.into_iter().map(|step| match step {
            Step::Gap(gap) => Input::Gap(gap),
            Step::Anything(beat) => Input::Beat(beat),
            Step::Next { micros, lost, delay } => {
                now += Duration::from_micros(micros);
                number += 1 + lost;
                let mut beat = Beat::at(now);
                if numbered {
                    beat = beat.with_sequence(number);
                }
                if timed {
                    beat = beat.with_sent(now.saturating_sub(Duration::from_micros(delay)));
                }
                Input::Beat(beat)
            }
        });
        inputs.collect()
    })
}

/// Mostly what people would write, now and then what nobody would.
fn settings() -> impl Strategy<Value = Settings> {
    let pauses = prop_oneof![
        4 => Just(Duration::ZERO),
        2 => (0u64..5_000).prop_map(Duration::from_millis),
        1 => times(),
    ];
    let periods = prop_oneof![
        6 => Just(Duration::from_secs(1)),
        2 => (3u64..100_000).prop_map(Duration::from_millis),
        1 => Just(Duration::MAX),
    ];
    let floors = prop_oneof![
        4 => Just((Duration::from_millis(100), 100)),
        2 => Just((Duration::ZERO, 0)),
        1 => (times(), any::<u32>()),
    ];
    (periods, pauses, floors, prop_oneof![3 => Just(20u32), 1 => 0u32..=21]).prop_map(
        |(period, pause, (sd_min, sd_min_permille), shift)| Settings {
            period,
            pause,
            sd_min,
            sd_min_permille,
            resolution: Resolution::of_nanos_log2(shift),
        },
    )
}

/// Levels in growing order, within what anybody asks about and far beyond.
fn levels() -> impl Strategy<Value = [f64; 3]> {
    let level = || prop_oneof![1 => 0.001..0.5_f64, 6 => 0.5..20.0_f64, 1 => 20.0..1e9_f64];
    [level(), level(), level()].prop_map(|mut levels| {
        levels.sort_by(f64::total_cmp);
        levels
    })
}

fn tell(detector: &mut impl FailureDetector, input: &Input) -> Option<Heard> {
    match input {
        Input::Beat(beat) => Some(detector.heartbeat(*beat)),
        Input::Gap(gap) => {
            detector.observe_local_gap(*gap);
            None
        }
    }
}

/// The last instant that a detector can tell from the next: nanoseconds fit 64 bits.
const HORIZON: Duration = Duration::from_nanos(u64::MAX);

/// What holds of every detector with three levels in growing order, after each step of any history.
fn obeys<D: FailureDetector + Debug>(
    mut detector: D,
    tick: Duration,
    history: &[Input],
    times: &[Duration],
) -> TestCaseResult {
    for input in history {
        let before = format!("{detector:?}");
        let heard = tell(&mut detector, input);
        if heard == Some(Heard::Stale) {
            prop_assert_eq!(&before, &format!("{detector:?}"), "a stale beat changed something");
        } else if let Input::Beat(beat) = input {
            let after = format!("{detector:?}");
            prop_assert_eq!(detector.heartbeat(*beat), Heard::Stale, "the same beat again is no news");
            prop_assert_eq!(&after, &format!("{detector:?}"));
        }
        let deadlines = [0, 1, 2].map(|level| detector.deadline(level));
        prop_assert!(deadlines.is_sorted(), "a higher level is reached earlier: {deadlines:?}");

        let mut moments = times.to_vec();
        for deadline in deadlines.into_iter().flatten() {
            moments.extend([deadline, deadline.saturating_sub(tick), deadline.saturating_add(tick)]);
            moments.push(deadline.saturating_sub(Duration::from_nanos(1)));
        }
        moments.sort();
        let mut least = 0.0;
        for now in moments {
            let suspicion = detector.suspicion(now);
            prop_assert!(suspicion.phi.is_finite() && suspicion.phi >= 0.0, "{suspicion:?} at {now:?}");
            // Two roundings apart at most.
            prop_assert!(suspicion.phi >= least * (1.0 - 1e-15), "{suspicion:?} at {now:?}, after {least}");
            least = suspicion.phi;
            let elapsed = detector.evidence().map_or(Duration::ZERO, |since| now.saturating_sub(since));
            prop_assert!(
                elapsed.abs_diff(suspicion.elapsed) <= tick || now > HORIZON,
                "{suspicion:?} and {elapsed:?}"
            );
            for (level, deadline) in deadlines.into_iter().enumerate() {
                let due = deadline.is_none_or(|deadline| deadline <= now);
                prop_assert_eq!(detector.is_suspect(now, level), due, "level {} at {:?}", level, now);
                prop_assert_eq!(suspicion.state == State::Unknown, deadline.is_none());
                prop_assert_eq!(detector.evidence().is_none(), deadline.is_none());
            }
        }
    }
    Ok(())
}

/// At the deadline of a level phi has reached it, and one tick before it has not.
fn agrees<M: Model>(settings: &Settings, levels: [f64; 3], history: &[Input]) -> TestCaseResult {
    let mut peer = LocalPhi::<M, 16, 3>::new(settings, levels);
    let tick = settings.resolution.tick();
    for input in history {
        tell(&mut peer, input);
        for (index, level) in levels.into_iter().enumerate() {
            let Some(deadline) = peer.deadline(index) else { continue };
            let silence = peer.suspicion(deadline).elapsed;
            // In the last tick every silence ends. Beyond 2^40, ticks are no longer exact as floats.
            if deadline.saturating_add(tick) > HORIZON || silence.as_nanos() / tick.as_nanos() > 1 << 40 {
                continue;
            }
            prop_assert_eq!(peer.deadline_at(level), Some(deadline));
            let phi = peer.suspicion(deadline).phi;
            prop_assert!(phi >= level * (1.0 - 1e-9), "{phi} at the deadline of {level}");
            // The evidence itself is no silence, so where the model would be suspicious at once, it waits for a tick.
            if silence.as_nanos() / tick.as_nanos() > settings.pause.as_nanos().div_ceil(tick.as_nanos()) + 1
            {
                let phi = peer.suspicion(deadline.saturating_sub(tick)).phi;
                prop_assert!(phi < level * (1.0 + 1e-9), "{phi} one tick before the deadline of {level}");
            }
        }
    }
    Ok(())
}

/// Mean and standard deviation from the intervals themselves, in two passes of floats and with what is assumed written out,
/// against the detector's running sums of integers.
fn recomputes<M: Model>(quantile_8: f64, settings: &Settings, history: &[Input]) -> TestCaseResult {
    const N: usize = 12;
    const PRIOR: usize = 8;
    let mut peer = LocalPhi::<M, N, 1>::new(settings, [1.0]);
    let tick = float(settings.resolution.tick().as_nanos());
    let ticks = |time: Duration| (float(time.min(HORIZON).as_nanos()) / tick).floor();
    let longest = float((1 << 26) - 1);
    let period = ticks(settings.period).min(longest);
    let pause = float(settings.pause.min(HORIZON).as_nanos().div_ceil(settings.resolution.tick().as_nanos()));

    let mut intervals: Vec<f64> = Vec::new();
    let mut paused = false;
    let moments = |intervals: &[f64]| {
        let window = &intervals[intervals.len().saturating_sub(N)..];
        let missing = PRIOR.saturating_sub(window.len());
        let assumed = [period - (period / 4.0).floor(), period + (period / 4.0).floor()];
        // Half of them shorter, half longer: each counts half.
        let weighted = || {
            let assumed = assumed.map(|interval| (interval, float(missing as u128) / 2.0));
            window.iter().map(|interval| (*interval, 1.0)).chain(assumed)
        };
        let count: f64 = weighted().map(|(_, weight)| weight).sum();
        let mean = weighted().map(|(interval, weight)| interval * weight).sum::<f64>() / count;
        let squares = weighted().map(|(interval, weight)| (interval - mean).powi(2) * weight).sum::<f64>();
        let floor = ticks(settings.sd_min).max(mean * f64::from(settings.sd_min_permille) / 1_000.0).max(1.0);
        (mean, (squares / count).sqrt().max(floor))
    };
    for input in history {
        let heard = tell(&mut peer, input);
        let (mean, sd) = moments(&intervals);
        if let (Some(Heard::Interval { interval, lost }), false) = (heard, paused) {
            let whole = interval.as_nanos() / settings.resolution.tick().as_nanos();
            let each = float(whole / (u128::from(lost) + 1));
            let silence = if quantile_8.is_nan() { mean * 8.0 * LN_10 } else { mean + quantile_8 * sd };
            intervals.push(each.min(silence.ceil() + pause).clamp(1.0, longest));
        }
        match (input, heard) {
            (Input::Gap(gap), _) => paused |= ticks(*gap) > 0.0,
            (Input::Beat(_), Some(Heard::Stale)) => {}
            (Input::Beat(_), _) => paused = false,
        }
        let (mean, sd) = moments(&intervals);
        for (found, expected) in [(peer.moments().0, mean), (peer.moments().1, sd)] {
            let found = float(found.as_nanos()) / tick;
            // They are given in whole ticks, rounded up.
            prop_assert!(
                found >= expected * (1.0 - 1e-9) - 0.5 && found <= expected * (1.0 + 1e-9) + 1.5,
                "{found} and not {expected}, after {intervals:?}"
            );
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and close above")]
fn float(number: u128) -> f64 {
    number as f64
}

/// Of this many standard deviations Akka's polynomial makes phi 8: by bisection of its definition.
fn logistic_8() -> f64 {
    let (mut low, mut high) = (0.0_f64, 10.0_f64);
    for _ in 0..100 {
        let y = f64::midpoint(low, high);
        let e = (-y * (1.5976 + 0.070_566 * y * y)).exp();
        if -(e / (1.0 + e)).log10() < 8.0 { low = y } else { high = y }
    }
    low
}

/// The same as mpmath finds it: `findroot(lambda y: -log10(erfc(y / sqrt(2)) / 2) - 8, 5.6)`.
const NORMAL_8: f64 = 5.612_001_244_174_789;

/// A detector that has heard `beats` intervals, in turn `swing` ticks shorter and longer than 1,000.
fn swinging<M: Model>(swing: u32, level: f64) -> (LocalPhi<M, 64, 1>, Duration) {
    let resolution = Resolution::DEFAULT;
    let settings =
        Settings { sd_min: Duration::ZERO, sd_min_permille: 0, ..Settings::new(resolution.tick() * 1_000) };
    let (mut peer, mut now) = (LocalPhi::new(&settings, [level]), 0_u32);
    peer.heartbeat(Beat::at(Duration::ZERO));
    for turn in 0..128 {
        now += if turn % 2 == 0 { 1_000 - swing } else { 1_000 + swing };
        peer.heartbeat(Beat::at(resolution.tick() * now));
    }
    (peer, resolution.tick() * now)
}

/// A detector answers the same after a history with an epoch in each beat as after one without.
fn ignores_the_only_epoch<D: FailureDetector + Clone>(
    detector: D,
    history: &[Event],
    times: &[Duration],
) -> TestCaseResult {
    let (mut plain, mut marked) = (detector.clone(), detector);
    for event in history {
        match *event {
            Event::Beat(beat) => prop_assert_eq!(plain.heartbeat(beat), marked.heartbeat(beat.with_epoch(0))),
            Event::Gap(gap) => {
                plain.observe_local_gap(gap);
                marked.observe_local_gap(gap);
            }
            Event::Witness(at) => {
                plain.witness(at);
                marked.witness(at);
            }
        }
        prop_assert_eq!(plain.evidence(), marked.evidence());
        for level in [0, 1, 2] {
            prop_assert_eq!(plain.deadline(level), marked.deadline(level));
        }
        for now in times {
            prop_assert_eq!(plain.suspicion(*now), marked.suspicion(*now));
        }
    }
    Ok(())
}

/// What a detector is told of a peer that doesn't restart.
#[derive(Clone, Debug)]
enum Event {
    Beat(Beat),
    Gap(Duration),
    Witness(Duration),
}

/// Mostly beats that carry nothing but their time, a second apart; now and then anything, but an epoch.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let interval = prop_oneof![30 => 800_000u64..1_200_000, 2 => 0u64..30_000_000, 1 => 0u64..3_000];
    let step = prop_oneof![
        40 => interval.prop_map(|micros| (0, Duration::from_micros(micros))),
        1 => times().prop_map(|at| (1, at)),
        1 => (0u64..5_000).prop_map(|millis| (2, Duration::from_millis(millis))),
        1 => times().prop_map(|gap| (2, gap)),
        1 => (0u64..3_000).prop_map(|millis| (3, Duration::from_millis(millis))),
        1 => times().prop_map(|at| (4, at)),
    ];
    let begin = prop_oneof![3 => Just(Duration::from_secs(1)), 1 => times()];
    // Of ten beats, so many are numbered, and so many timed.
    let share = || prop_oneof![2 => Just(0u8), 1 => Just(2u8), 1 => Just(8u8)];
    let steps = prop::collection::vec((step, 0u8..10, 0u8..10, 0u64..3_000), 0..80);
    (begin, share(), share(), steps).prop_map(|(begin, numbered, timed, steps)| {
        let (mut now, mut number) = (begin, 0);
        let events = steps.into_iter().map(|((kind, time), one, other, delay)| match kind {
            0 | 1 => {
                number += 1;
                let at = if kind == 0 { now.saturating_add(time) } else { time };
                now = if kind == 0 { at } else { now };
                let sent = (other < timed).then(|| at.saturating_sub(Duration::from_millis(delay)));
                Event::Beat(Beat { at, sequence: (one < numbered).then_some(number), sent, epoch: None })
            }
            2 => Event::Gap(time),
            3 => Event::Witness(now.saturating_add(time)),
            _ => Event::Witness(time),
        });
        events.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Suspicion is finite, not negative, and never falls as time goes by; a level is reached exactly at its deadline, and a
    /// higher one never earlier; a beat that is no news changes nothing.
    #[test]
    fn suspicion_accrues(
        settings in settings(),
        levels in levels(),
        history in histories(),
        times in prop::collection::vec(times(), 0..8),
        timeout in 1u64..100_000,
    ) {
        let tick = settings.resolution.tick();
        obeys(LocalPhi::<Normal, 16, 3>::new(&settings, levels), tick, &history, &times)?;
        obeys(LocalPhi::<Logistic, 16, 3>::new(&settings, levels), tick, &history, &times)?;
        obeys(LocalPhi::<Exponential, 16, 3>::new(&settings, levels), tick, &history, &times)?;
        let timeout = Duration::from_millis(timeout);
        let fixed = FixedTimeout::with_resolution(timeout, levels, settings.resolution);
        obeys(fixed, tick, &history, &times)?;
        let (initial, floor) = (timeout.max(tick), settings.sd_min);
        let jacobson = Jacobson::with_resolution(initial, floor, settings.pause, levels, settings.resolution);
        obeys(jacobson, tick, &history, &times)?;
    }

    /// Beats that all carry the same epoch say no more than those that carry nothing, which take a shorter way through a
    /// detector: it makes the same of them, whatever happens between.
    #[test]
    fn an_epoch_that_never_changes_says_nothing(
        settings in settings(),
        levels in levels(),
        history in events(),
        times in prop::collection::vec(times(), 0..4),
        timeout in 1u64..10_000,
    ) {
        let times = &times[..];
        ignores_the_only_epoch(LocalPhi::<Normal, 16, 3>::new(&settings, levels), &history, times)?;
        ignores_the_only_epoch(LocalPhi::<Logistic, 1, 3>::new(&settings, levels), &history, times)?;
        ignores_the_only_epoch(LocalPhi::<Exponential, 9, 3>::new(&settings, levels), &history, times)?;
        let timeout = Duration::from_millis(timeout);
        let fixed = FixedTimeout::with_resolution(timeout, levels, settings.resolution);
        ignores_the_only_epoch(fixed, &history, times)?;
    }

    /// `phi` and `deadline` are inverse to within one tick, so that the timer and the graph tell the same.
    #[test]
    fn phi_and_deadline_agree(settings in settings(), levels in levels(), history in histories()) {
        agrees::<Normal>(&settings, levels, &history)?;
        agrees::<Logistic>(&settings, levels, &history)?;
        agrees::<Exponential>(&settings, levels, &history)?;
    }

    /// A timeout is exceeded at its deadline, and not before: the multiple is the level.
    #[test]
    fn multiples_of_a_timeout_agree(timeout in 1u64..100_000, levels in levels(), history in histories()) {
        let timeout = Duration::from_millis(timeout);
        let tick = Resolution::DEFAULT.tick();
        let mut peer = FixedTimeout::new(timeout, levels);
        for input in &history {
            tell(&mut peer, input);
            for (index, level) in levels.into_iter().enumerate() {
                let Some(deadline) = peer.deadline(index) else { continue };
                if deadline.saturating_add(tick) > HORIZON {
                    continue;
                }
                prop_assert!(peer.suspicion(deadline).phi >= level * (1.0 - 1e-9));
                // A tick is the least timeout.
                if peer.suspicion(deadline).elapsed > tick {
                    prop_assert!(peer.suspicion(deadline.saturating_sub(tick)).phi < level * (1.0 + 1e-9));
                }
            }
        }
    }

    /// The moments are those of the last intervals, each no longer than phi 8 allowed when it came, and of what is assumed
    /// while there are fewer than eight.
    #[test]
    fn moments_are_those_of_the_last_intervals(settings in settings(), history in histories()) {
        recomputes::<Normal>(NORMAL_8, &settings, &history)?;
        recomputes::<Logistic>(logistic_8(), &settings, &history)?;
        recomputes::<Exponential>(f64::NAN, &settings, &history)?;
    }

    /// Each tick between the first beat and the last is in exactly one interval: as long as none is clipped, and none has left
    /// the window, the mean is that time divided by the number of intervals.
    #[test]
    fn intervals_sum_to_the_time_between_the_first_and_the_last(
        first in 0u32..1 << 30,
        steps in prop::collection::vec((0u32..1 << 20, 1u64..1_000_000), 8..=64),
    ) {
        let resolution = Resolution::DEFAULT;
        // So that nothing is clipped.
        let settings = Settings { pause: resolution.tick() * (1 << 26), ..Settings::new(Duration::from_secs(1)) };
        let mut peer = LocalPhi::<Normal, 64>::new(&settings, [1.0]);
        let mut now = resolution.tick() * first;
        peer.heartbeat(Beat::at(now));
        let (begin, mut sum, mut count) = (now, Duration::ZERO, 0);
        for (ticks, nanos) in steps {
            now += resolution.tick() * ticks + Duration::from_nanos(nanos);
            if let Heard::Interval { interval, .. } = peer.heartbeat(Beat::at(now)) {
                sum += interval;
                count += 1;
            }
        }
        let whole = |time: Duration| time.as_nanos() / resolution.tick().as_nanos();
        prop_assert_eq!(whole(sum), whole(now) - whole(begin));
        if count >= 8 {
            prop_assert_eq!(whole(peer.moments().0), whole(sum).div_ceil(count));
        }
    }

    /// A more irregular peer is suspected later, and less at the same silence; by the exponential model, which sees only the
    /// mean, as much and at the same time.
    #[test]
    fn irregular_peers_are_suspected_later(
        (calm, wild) in (0u32..500).prop_flat_map(|calm| (Just(calm), calm + 1..=500)),
        silence in 1_001u32..20_000,
        level in 0.31..20.0_f64,
    ) {
        fn compare<M: Model>(calm: u32, wild: u32, silence: u32, level: f64) -> [(f64, Duration); 2] {
            [calm, wild].map(|swing| {
                let (peer, last) = swinging::<M>(swing, level);
                let now = last + Resolution::DEFAULT.tick() * silence;
                (peer.suspicion(now).phi, peer.deadline(0).unwrap().saturating_sub(last))
            })
        }
        for [calm, wild] in [
            compare::<Normal>(calm, wild, silence, level),
            compare::<Logistic>(calm, wild, silence, level),
        ] {
            prop_assert!(wild.0 <= calm.0 && wild.1 >= calm.1, "{wild:?} of a wild one, {calm:?} of a calm one");
        }
        let [calm, wild] = compare::<Exponential>(calm, wild, silence, level);
        prop_assert_eq!(calm, wild);
    }
}

/// Numbers in (0, 1], always the same: xorshift64* (Vigna 2016).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        float(u128::from(bits) + 1) / float(1 << 53)
    }

    /// Of the standard normal distribution, by Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (2.0 * PI * self.next()).cos()
    }
}

/// Of `TRIALS` intervals, in seconds, how many were longer than the deadline that stood when they began, at phi 1 and at phi
/// 2. A thousand intervals are heard first, so that the window is full. Nothing is assumed: no floor, no pause.
fn mistakes<M: Model>(mut interval: impl FnMut() -> f64) -> [f64; 2] {
    let settings = Settings {
        sd_min: Duration::ZERO,
        sd_min_permille: 0,
        // A microsecond is little enough not to be seen in the counts, and 26 bits of it are 67 s.
        resolution: Resolution::of_nanos_log2(10),
        ..Settings::new(Duration::from_secs(1))
    };
    let mut peer = LocalPhi::<M, 1_000, 2>::new(&settings, [1.0, 2.0]);
    let (mut now, mut counts) = (Duration::ZERO, [0.0; 2]);
    peer.heartbeat(Beat::at(now));
    for trial in 0..1_000 + TRIALS {
        now += Duration::from_secs_f64(interval().max(1e-5));
        if trial >= 1_000 {
            for (level, count) in counts.iter_mut().enumerate() {
                *count += f64::from(u8::from(peer.is_suspect(now, level)));
            }
        }
        peer.heartbeat(Beat::at(now));
    }
    counts
}

const TRIALS: u32 = 100_000;

/// A count of independent trials of this probability is further than this off once in 16,000 times. The intervals in a window
/// are themselves a sample, which adds about a quarter to the deviation; the seeds are fixed.
#[track_caller]
fn within_four_sigma(count: f64, probability: f64) {
    let (expected, trials) = (f64::from(TRIALS) * probability, f64::from(TRIALS));
    let sigma = (trials * probability * (1.0 - probability)).sqrt();
    assert!((count - expected).abs() <= 4.0 * sigma, "{count} of {trials}, and not {expected} +- {sigma}");
}

/// Phi means what it says where the model is right: a suspicion of normal intervals is wrong once in ten times at phi 1, and
/// once in a hundred at phi 2.
#[test]
fn normal_intervals_are_calibrated() {
    let mut random = Uniform(0x5EED_0001);
    let [one, two] = mistakes::<Normal>(|| 1.0 + 0.1 * random.normal());
    within_four_sigma(one, 0.1);
    within_four_sigma(two, 0.01);
}

/// The same of exponential intervals and their model.
#[test]
fn exponential_intervals_are_calibrated() {
    let mut random = Uniform(0x5EED_0002);
    let [one, two] = mistakes::<Exponential>(|| -random.next().ln());
    within_four_sigma(one, 0.1);
    within_four_sigma(two, 0.01);
}

/// Where the model is wrong, it is wrong by what can be computed. Uniform intervals end sqrt(3) standard deviations after the
/// mean. Phi 2 of the normal model is at 2.33, so nothing is later, and ten to the minus phi is an upper bound; phi 1 is at
/// 1.28, and (sqrt(3) - 1.28) / (2 sqrt(3)) = 13 % are later, more than the tenth of the model.
#[test]
fn uniform_intervals_are_later_than_phi_1_by_what_the_model_is_wrong() {
    let mut random = Uniform(0x5EED_0003);
    let [one, two] = mistakes::<Normal>(|| 0.5 + random.next());
    let half_width = 3.0_f64.sqrt();
    within_four_sigma(one, (half_width - 1.281_551_565_544_6) / (2.0 * half_width));
    assert!(two < 1.0, "{two} were later than phi 2");
}
