//! The exponentially weighted detector: what it learns, against its definition, and the cases that broke others.
#![cfg(any(target_has_atomic = "64", feature = "critical-section"))]

use core::f64::consts::TAU;
use core::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use spacelike_phi_detector::{
    Beat, EwmaPhi, EwmaSettings, Exponential, FailureDetector, Heard, Logistic, Model, Normal, Resolution,
    Settings, State,
};

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Resolution::DEFAULT.tick();

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn settings<M: Model, const L: usize>(levels: [f64; L]) -> EwmaSettings<M, L> {
    EwmaSettings::new(&Settings::new(SECOND), levels)
}

/// A peer whose beats, one a second, were heard until `last`.
fn steady<const L: usize>(settings: &EwmaSettings<Normal, L>, last: u64) -> EwmaPhi {
    let peer = EwmaPhi::new();
    for second in 1..=last {
        peer.with(settings).heartbeat(Beat::at(seconds(second)));
    }
    peer
}

/// How long a silence may be after `last` until the level is reached, in seconds.
fn timeout(detector: &impl FailureDetector, last: Duration, level: usize) -> f64 {
    detector.deadline(level).unwrap().saturating_sub(last).as_secs_f64()
}

/// A peer that becomes ten times slower is suspected first, and is not any more at any level from 1 on after as many of its
/// beats as the window has, and 30 in the shortest.
#[test]
fn a_peer_that_becomes_slower_is_learned_again() {
    fn relearns<M: Model>(window: u32) {
        let levels = [1.0, 3.0, 8.0];
        let settings = settings::<M, 3>(levels).with_window(window);
        let peer = EwmaPhi::new();
        let mut detector = peer.with(&settings);
        let mut now = SECOND;
        for _ in 0..2 * window {
            detector.heartbeat(Beat::at(now));
            now += SECOND;
        }
        now -= SECOND;
        assert!(detector.is_suspect(now + seconds(9), 0), "the change is noticed");
        for _ in 0..window.max(30) {
            now += seconds(10);
            detector.heartbeat(Beat::at(now));
        }
        for (index, level) in levels.iter().enumerate() {
            let timeout = timeout(&detector, now, index);
            assert!(timeout > 10.0, "{timeout} s at level {level}, window {window}");
        }
    }
    for window in [15, 31, 127, 511] {
        relearns::<Normal>(window);
        relearns::<Logistic>(window);
        relearns::<Exponential>(window);
    }
}

/// One pause of five minutes moves the deadline no further than an interval of phi 8 does.
#[test]
fn one_long_pause_moves_the_deadline_little() {
    let settings = settings::<Normal, 1>([8.0]);
    for pause in [2, 10, 300, 1 << 30] {
        let peer = steady(&settings, 200);
        let mut detector = peer.with(&settings);
        let before = timeout(&detector, seconds(200), 0);
        let mut now = seconds(200 + pause);
        detector.heartbeat(Beat::at(now));
        let after = timeout(&detector, now, 0);
        assert!(before < 1.6 && after > before && after < before + 0.02, "from {before} to {after}");

        for _ in 0..8 {
            assert_eq!(detector.suspicion(now).state, State::Recovering);
            now += SECOND;
            detector.heartbeat(Beat::at(now));
        }
        assert_eq!(detector.suspicion(now).state, State::Steady);
    }
}

/// And by less than 1.3 standard deviations, whatever those are.
#[test]
fn one_long_pause_moves_the_deadline_by_a_part_of_the_deviation() {
    let settings = settings::<Normal, 1>([8.0]);
    let peer = EwmaPhi::new();
    let mut detector = peer.with(&settings);
    let mut now = SECOND;
    for beat in 0..1_000 {
        now += Duration::from_millis(if beat % 2 == 0 { 700 } else { 1_300 });
        detector.heartbeat(Beat::at(now));
    }
    let (before, sd) = (timeout(&detector, now, 0), detector.moments().1.as_secs_f64());
    now += seconds(300);
    detector.heartbeat(Beat::at(now));
    let moved = (timeout(&detector, now, 0) - before) / sd;
    assert!(sd > 0.29 && (1.2..1.3).contains(&moved), "{moved} of {sd}");
}

/// Duplicates, beats out of order and times that have passed are no news and change nothing.
#[test]
fn stale_beats_change_nothing() {
    let settings = settings::<Normal, 1>([8.0]);
    let peer = steady(&settings, 20);
    let before = format!("{peer:?}");
    for at in [seconds(20), seconds(19), Duration::ZERO] {
        let beat = Beat::at(at).with_sequence(100).with_sent(at).with_epoch(7);
        assert_eq!(peer.with(&settings).heartbeat(beat), Heard::Stale, "{beat:?}");
        assert_eq!(format!("{peer:?}"), before);
    }
}

/// Unknown is a state of its own, and counts as suspect.
#[test]
fn an_unknown_peer_is_never_silently_healthy() {
    let settings = settings::<Normal, 2>([1.0, 8.0]);
    let peer = EwmaPhi::default();
    let mut detector = peer.with(&settings);
    detector.witness(SECOND); // hearsay introduces nobody
    detector.observe_local_gap(SECOND);
    for at in [Duration::ZERO, SECOND, Duration::MAX] {
        assert!(detector.is_suspect(at, 0) && detector.is_suspect(at, 1));
        assert_eq!(detector.suspicion(at).state, State::Unknown);
        assert_eq!((detector.deadline(1), detector.deadline_at(3.0)), (None, None));
    }
}

/// A level that isn't there is a mistake, of a peer that is unknown as well.
#[test]
#[should_panic(expected = "index out of bounds")]
fn a_level_that_is_not_there_is_a_mistake() {
    let settings = settings::<Normal, 1>([1.0]);
    let _ = EwmaPhi::new().with(&settings).is_suspect(SECOND, 1);
}

/// Windows that can't be kept are refused.
#[test]
fn windows_have_bounds() {
    for window in [0, 1, 14, 512, u32::MAX] {
        let made = std::panic::catch_unwind(|| settings::<Normal, 1>([1.0]).with_window(window));
        assert!(made.is_err(), "{window}");
    }
}

/// The first beats are judged by what was assumed, and it says so, also where little is remembered.
#[test]
fn the_first_beats_are_judged_by_assumption() {
    for window in [15, 127] {
        let settings = settings::<Normal, 1>([8.0]).with_window(window);
        let peer = steady(&settings, 1);
        let mut detector = peer.with(&settings);
        assert!(!detector.is_suspect(seconds(2), 0) && detector.is_suspect(seconds(4), 0));
        for (second, samples) in (2..=9).zip(0..) {
            assert_eq!(detector.suspicion(seconds(second)).state, State::Cold { samples });
            detector.heartbeat(Beat::at(seconds(second)));
        }
        assert_eq!(detector.suspicion(seconds(9)).state, State::Steady);
    }
}

/// Other evidence than beats extends life from when it is. The interval in which it comes isn't learned, and the next one is.
#[test]
fn hearsay_is_evidence_but_no_beat() {
    let settings = settings::<Normal, 1>([8.0]);
    let peer = steady(&settings, 50);
    let mut detector = peer.with(&settings);
    let (moments, before) = (detector.moments(), timeout(&detector, seconds(50), 0));
    detector.witness(seconds(53));
    assert!((timeout(&detector, seconds(53), 0) - before).abs() < 0.002);
    detector.witness(seconds(52)); // older
    assert!(!detector.is_suspect(seconds(54), 0) && detector.is_suspect(seconds(55), 0));

    assert_eq!(detector.heartbeat(Beat::at(seconds(52))), Heard::Stale);
    assert!(matches!(detector.heartbeat(Beat::at(seconds(55))),
        Heard::Interval { interval, .. } if interval.abs_diff(seconds(2)) < 2 * TICK));
    assert_eq!(detector.moments(), moments);
    detector.heartbeat(Beat::at(seconds(56)));
    detector.heartbeat(Beat::at(seconds(58)));
    assert!(detector.moments().0 > moments.0);
}

/// A beat at the very tick of other evidence is news, and the next interval is from there.
#[test]
fn a_beat_is_more_than_hearsay() {
    let settings = settings::<Normal, 1>([8.0]);
    let peer = steady(&settings, 50);
    let mut detector = peer.with(&settings);
    let mean = detector.moments().0;
    detector.witness(seconds(51));
    assert_eq!(
        detector.heartbeat(Beat::at(seconds(51))),
        Heard::Interval { interval: Duration::ZERO, lost: 0 }
    );
    detector.witness(seconds(51)); // known better
    assert_eq!(detector.moments().0, mean);
    detector.heartbeat(Beat::at(seconds(53)));
    assert!(detector.moments().0 > mean);
}

/// One's own pause is nobody's silence, and taken out of the interval, which is learned.
#[test]
fn ones_own_pause_accuses_nobody() {
    let settings = settings::<Normal, 1>([8.0]);
    let peer = steady(&settings, 50);
    let mut detector = peer.with(&settings);
    let mean = detector.moments().0;
    assert!(detector.is_suspect(seconds(350), 0));
    detector.observe_local_gap(seconds(299));
    assert!(!detector.is_suspect(seconds(350), 0));
    detector.heartbeat(Beat::at(seconds(350)));
    assert!(detector.moments().0.abs_diff(mean) < 2 * TICK);
    detector.observe_local_gap(seconds(10));
    detector.heartbeat(Beat::at(seconds(362)));
    let mean = detector.moments().0;
    assert!(mean > seconds(1) + 5 * TICK, "an interval of two seconds");

    // What is hearsay stays so.
    detector.witness(seconds(363));
    detector.observe_local_gap(seconds(10));
    detector.heartbeat(Beat::at(seconds(375)));
    assert_eq!(detector.moments().0, mean);
}

/// A small change is learned to the end.
#[test]
fn small_changes_are_learned() {
    for window in [15, 127, 511] {
        let settings = settings::<Normal, 1>([8.0]).with_window(window);
        let peer = EwmaPhi::new();
        let mut at = Duration::ZERO;
        for change in [0, 1, 2, 0] {
            let interval = 1_000 * TICK + change * TICK;
            for _ in 0..8 * window {
                at += interval;
                peer.with(&settings).heartbeat(Beat::at(at));
            }
            let mean = peer.with(&settings).moments().0;
            assert!(mean.abs_diff(interval) <= TICK, "{mean:?} and not {interval:?}, window {window}");
        }
    }
}

/// Rounding is to no side: what is between two of the numbers that can be kept, is on average.
#[test]
fn rounding_is_to_no_side() {
    let resolution = Resolution::of_nanos_log2(10);
    let (tick, period) = (resolution.tick(), 1_000_000 * resolution.tick());
    let settings = Settings { resolution, ..Settings::new(period) };
    let settings = EwmaSettings::<Normal>::new(&settings, [8.0]).with_window(511);
    let peer = EwmaPhi::new();
    let mut at = Duration::ZERO;
    // Of a million, every second can be kept: rounded down, the mean would creep by half of that with each beat.
    for beat in 0..4_000 {
        at += if beat % 2 == 0 { 1_003_000 * tick } else { 997_000 * tick };
        peer.with(&settings).heartbeat(Beat::at(at));
    }
    let mean = peer.with(&settings).moments().0;
    assert!(mean.abs_diff(period) < 100 * tick, "{mean:?} and not {period:?}");
}

/// The last beats that can be told apart, in ticks of a nanosecond, are news.
#[test]
fn beats_are_told_apart_for_centuries() {
    let resolution = Resolution::of_nanos_log2(0);
    let settings = Settings { resolution, ..Settings::new(Duration::from_millis(1)) };
    let settings = EwmaSettings::<Normal>::new(&settings, [8.0]);
    let peer = EwmaPhi::new();
    let mut detector = peer.with(&settings);
    let last = Duration::from_nanos((1 << 63) - 2);
    let nano = Duration::from_nanos(1);
    detector.heartbeat(Beat::at(last.saturating_sub(nano)));
    assert_eq!(detector.heartbeat(Beat::at(last)), Heard::Interval { interval: nano, lost: 0 });
    assert_eq!(detector.heartbeat(Beat::at(last + nano)), Heard::Stale);
}

/// The ends of time are no panic.
#[test]
fn the_ends_of_time_are_bounds() {
    for shift in [0, 20, 40] {
        let settings = Settings {
            resolution: Resolution::of_nanos_log2(shift),
            pause: Duration::MAX,
            sd_min: Duration::MAX,
            sd_min_permille: u32::MAX,
            ..Settings::new(Duration::MAX)
        };
        let settings: EwmaSettings<Normal, 2> = EwmaSettings::new(&settings, [1e-9, 1e9]);
        let peer = EwmaPhi::new();
        let mut detector = peer.with(&settings);
        detector.heartbeat(Beat::at(Duration::ZERO));
        assert!(!detector.is_suspect(Duration::ZERO, 0));
        for _ in 0..300 {
            detector.observe_local_gap(seconds(1 << 30));
            detector.heartbeat(Beat::at(seconds(1 << 33)));
        }
        detector.witness(Duration::MAX);
        detector.heartbeat(Beat::at(Duration::MAX));
        detector.observe_local_gap(Duration::MAX);
        assert_eq!(detector.heartbeat(Beat::at(Duration::MAX)), Heard::Stale);
        assert!(detector.suspicion(Duration::MAX).phi.is_finite());
        assert!(detector.deadline(1) >= detector.deadline(0));
    }
}

/// Every silence ends with time, also that of a peer of which somebody claims that it was alive then.
#[test]
fn every_silence_ends_with_time() {
    for shift in [0, 20, 40] {
        let resolution = Resolution::of_nanos_log2(shift);
        let settings = Settings { resolution, ..Settings::new(seconds(5_000)) };
        let settings: EwmaSettings<Normal, 2> = EwmaSettings::new(&settings, [1.0, 1e9]);
        let peer = EwmaPhi::new();
        let mut detector = peer.with(&settings);
        detector.heartbeat(Beat::at(Duration::ZERO));
        detector.witness(Duration::MAX);
        for level in [0, 1] {
            assert!(detector.deadline(level) <= Some(HORIZON));
            assert!(detector.is_suspect(Duration::MAX, level), "a tick of 2^{shift} ns");
        }
        assert!(detector.deadline_at(1e9) <= Some(HORIZON));
    }
}

/// Threads that tell the beats of many peers at once lose none: all ticks between the first and the last beat are in
/// intervals, and no timeout moves back while time goes on.
#[test]
fn threads_lose_no_beat() {
    let settings = settings::<Normal, 1>([8.0]);
    let peers = [const { EwmaPhi::new() }; 16];
    let told = std::thread::scope(|threads| {
        let work = |thread: u64| {
            let (peers, settings) = (&peers, &settings);
            move || {
                let mut ticks = [0; 16];
                for beat in 0..2_000 {
                    for (peer, ticks) in peers.iter().zip(&mut ticks) {
                        let at = TICK * u32::try_from(4 * beat + thread).unwrap() * 100;
                        let heard = peer.with(settings).heartbeat(Beat::at(at));
                        if let Heard::Interval { interval, lost: 0 } = heard {
                            *ticks += interval.as_nanos() / TICK.as_nanos();
                        }
                        assert!(!peer.with(settings).is_suspect(at, 0));
                    }
                }
                ticks
            }
        };
        let threads: Vec<_> = (0..4).map(|thread| threads.spawn(work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    for (index, peer) in peers.iter().enumerate() {
        let last = u128::from(4 * 1_999 + 3_u32) * 100;
        let sum: u128 = told.iter().map(|ticks| ticks[index]).sum();
        // Which beat was the first is up to the threads.
        assert!((last - 300..=last).contains(&sum), "{sum} ticks of {last}");
        assert_eq!(peer.with(&settings).suspicion(TICK * 799_900).state, State::Steady);
    }
}

/// Of beats that come as the model says, as many are late as the level says, within a fifth at levels 1 and 2, and half at 3:
/// what is known of the peer is as uncertain as from a window of 127.
#[test]
fn mistakes_are_as_rare_as_the_level_says() {
    fn mistakes<M: Model>(mut next: impl FnMut() -> f64) -> [f64; 3] {
        let floors = Settings { sd_min: Duration::ZERO, sd_min_permille: 0, ..Settings::new(SECOND) };
        let settings: EwmaSettings<M, 3> = EwmaSettings::new(&floors, [1.0, 2.0, 3.0]);
        let peer = EwmaPhi::new();
        let mut detector = peer.with(&settings);
        let (mut at, mut late) = (SECOND, [0_u32; 3]);
        for beat in 0..BEATS + 1_000 {
            at += Duration::from_secs_f64(next());
            if beat >= 1_000 {
                for (level, late) in late.iter_mut().enumerate() {
                    *late += u32::from(detector.is_suspect(at, level));
                }
            }
            detector.heartbeat(Beat::at(at));
        }
        late.map(|late| f64::from(late) / f64::from(BEATS))
    }
    const BEATS: u32 = 400_000;

    let mut seed = 7_u64;
    // SplitMix64, in (0, 1).
    let mut uniform = move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) + 0.5) / 4_294_967_296.0
    };
    let mut other = uniform;
    let normal = mistakes::<Normal>(|| 1.0 + 0.1 * (-2.0 * uniform().ln()).sqrt() * (TAU * uniform()).cos());
    let exponential = mistakes::<Exponential>(|| -other().ln());
    for found in [normal, exponential] {
        for (found, (expected, bound)) in found.into_iter().zip([(0.1, 0.2), (0.01, 0.2), (0.001, 0.5)]) {
            let error = found / expected - 1.0;
            assert!(error.abs() < bound, "{found} of the beats are late, and not {expected}");
        }
    }
}

/// What a detector is told.
#[derive(Clone, Debug)]
enum Input {
    /// The next beat, after so many microseconds.
    Next(u64),
    Beat(Duration),
    Witness(Duration),
    Gap(Duration),
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

/// Microseconds between beats: mostly about a second, now and then anything.
fn intervals() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 800_000u64..1_200_000, 2 => 0u64..30_000_000, 1 => 0u64..3_000, 1 => 0u64..1 << 40]
}

fn histories() -> impl Strategy<Value = Vec<Input>> {
    let input = prop_oneof![
        40 => intervals().prop_map(Input::Next),
        1 => times().prop_map(Input::Beat),
        2 => times().prop_map(Input::Witness),
        1 => times().prop_map(Input::Gap),
    ];
    prop::collection::vec(input, 0..60)
}

/// Mostly what people would write, now and then what nobody would.
fn any_settings() -> impl Strategy<Value = Settings> {
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

/// Levels in growing order.
fn levels() -> impl Strategy<Value = [f64; 3]> {
    let level = || prop_oneof![1 => 0.001..0.5_f64, 6 => 0.5..20.0_f64, 1 => 20.0..1e9_f64];
    [level(), level(), level()].prop_map(|mut levels| {
        levels.sort_by(f64::total_cmp);
        levels
    })
}

/// The last instant that a detector can tell from the next: nanoseconds fit 64 bits.
const HORIZON: Duration = Duration::from_nanos(u64::MAX);

/// What holds after each step of any history.
fn obeys<M: Model>(
    settings: &Settings,
    window: u32,
    levels: [f64; 3],
    history: &[Input],
    times: &[Duration],
) -> TestCaseResult {
    let tick = settings.resolution.tick();
    let pause = settings.pause.as_nanos().div_ceil(tick.as_nanos());
    let settings = EwmaSettings::<M, 3>::new(settings, levels).with_window(window);
    let peer = EwmaPhi::new();
    let mut detector = peer.with(&settings);
    let mut now = SECOND;
    for input in history {
        let before = format!("{peer:?}");
        match *input {
            Input::Witness(at) => detector.witness(at),
            Input::Gap(gap) => detector.observe_local_gap(gap),
            Input::Beat(_) | Input::Next(_) => {
                let at = if let Input::Next(micros) = *input {
                    now += Duration::from_micros(micros);
                    now
                } else if let Input::Beat(at) = *input {
                    at
                } else {
                    unreachable!()
                };
                if detector.heartbeat(Beat::at(at)) == Heard::Stale {
                    prop_assert_eq!(&before, &format!("{peer:?}"), "a stale beat changed something");
                } else {
                    let after = format!("{peer:?}");
                    prop_assert_eq!(detector.heartbeat(Beat::at(at)), Heard::Stale, "it is no news again");
                    prop_assert_eq!(&after, &format!("{peer:?}"));
                }
            }
        }
        let (mean, sd) = detector.moments();
        prop_assert!(mean > Duration::ZERO && sd > Duration::ZERO);
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
            // Roundings apart.
            prop_assert!(suspicion.phi >= least * (1.0 - 1e-12), "{suspicion:?} at {now:?}, after {least}");
            least = suspicion.phi;
            for (level, deadline) in deadlines.into_iter().enumerate() {
                let due = deadline.is_none_or(|deadline| deadline <= now.min(HORIZON));
                prop_assert_eq!(detector.is_suspect(now, level), due, "level {} at {:?}", level, now);
                prop_assert_eq!(suspicion.state == State::Unknown, deadline.is_none());
            }
        }
        // At the deadline of a level phi has reached it, and one tick before it has not.
        for (level, deadline) in levels.into_iter().zip(deadlines) {
            let Some(deadline) = deadline else { continue };
            prop_assert_eq!(detector.deadline_at(level), Some(deadline));
            let silence = detector.suspicion(deadline).elapsed.as_nanos() / tick.as_nanos();
            // Beyond, ticks are no longer exact as floats.
            if deadline + tick > HORIZON || silence > 1 << 40 {
                continue;
            }
            let phi = detector.suspicion(deadline).phi;
            prop_assert!(phi >= level * (1.0 - 1e-9), "{phi} at the deadline of {level}");
            // The evidence itself is no silence, so where the model would be suspicious at once, it waits for a tick.
            if silence > pause + 1 {
                let phi = detector.suspicion(deadline.saturating_sub(tick)).phi;
                prop_assert!(phi < level * (1.0 + 1e-9), "{phi} one tick before the deadline of {level}");
            }
        }
    }
    Ok(())
}

/// Mean and standard deviation by their definition, from all intervals with their weights in two passes, against what was kept
/// in 26 bits each. Longer intervals count as that at which the detector itself says that level 8 is reached.
fn recomputes<M: Model>(period: u32, window: u32, intervals: &[u64]) -> TestCaseResult {
    let floor = |mean: f64, sd: f64| sd.max(mean / 10.0).max(f64::from(period) / 10.0).max(1.0);
    let settings = Settings { sd_min: TICK * period / 10, ..Settings::new(TICK * period) };
    let settings = EwmaSettings::<M, 1>::new(&settings, [8.0]).with_window(window);
    let peer = EwmaPhi::new();
    let mut detector = peer.with(&settings);
    let mut at = Duration::ZERO;
    detector.heartbeat(Beat::at(at));

    let period = f64::from(period);
    // What is assumed, with its own deviation, is the first.
    let mut known: Vec<(f64, f64)> = vec![(period, 1.0)];
    let moments = |known: &[(f64, f64)]| {
        let mean: f64 = known.iter().map(|(interval, weight)| interval * weight).sum();
        let variance: f64 = known.iter().map(|(interval, weight)| (interval - mean).powi(2) * weight).sum();
        (mean, (variance + known[0].1 * (period / 4.0).powi(2)).sqrt())
    };
    for (index, &interval) in intervals.iter().enumerate() {
        let ticks = u32::try_from(interval).unwrap();
        let clip = detector.deadline_at(8.0).unwrap().saturating_sub(at).as_secs_f64() / TICK.as_secs_f64();
        at += TICK * ticks;
        detector.heartbeat(Beat::at(at));

        let interval = f64::from(ticks).min(clip).min(f64::from((1 << 26) - 1));
        let weight = (2.0 / f64::from(window + 1)).max(1.0 / f64::from(u32::try_from(index).unwrap() + 5));
        for (_, older) in &mut known {
            *older *= 1.0 - weight;
        }
        known.push((interval, weight));

        let (mean, sd) = moments(&known);
        let sd = floor(mean, sd);
        let kept = detector.moments();
        let ticks = |time: Duration| time.as_secs_f64() / TICK.as_secs_f64();
        // And a tick for the rounding of `moments` itself.
        let bound = mean * f64::from(window + 1) * 2.0_f64.powi(-19) + 1.0;
        prop_assert!(
            (ticks(kept.0) - mean).abs() <= bound,
            "mean {:?} and not {mean} after {index}",
            ticks(kept.0)
        );
        let bound = sd.max(mean) * f64::from(window + 1) * 2.0_f64.powi(-19) + 1.0;
        prop_assert!(
            (ticks(kept.1) - sd).abs() <= bound,
            "deviation {:?} and not {sd} after {index}",
            ticks(kept.1)
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn laws_hold(
        settings in any_settings(),
        window in 15u32..=511,
        levels in levels(),
        history in histories(),
        times in prop::collection::vec(times(), 0..4),
    ) {
        obeys::<Normal>(&settings, window, levels, &history, &times)?;
        obeys::<Logistic>(&settings, window, levels, &history, &times)?;
        obeys::<Exponential>(&settings, window, levels, &history, &times)?;
    }

    #[test]
    fn what_is_kept_is_the_weighted_mean_and_deviation(
        period in prop_oneof![3 => Just(1_000u32), 1 => 1u32..100_000],
        window in 15u32..=511,
        intervals in prop::collection::vec(
            prop_oneof![6 => 800u64..1_200, 2 => 1u64..30_000, 1 => 1u64..4, 1 => 1u64..1 << 30],
            0..80,
        ),
    ) {
        recomputes::<Normal>(period, window, &intervals)?;
        recomputes::<Exponential>(period, window, &intervals)?;
    }
}
