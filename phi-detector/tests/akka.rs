//! What Akka's own specification asks of its phi accrual detector (akka/akka, `akka-remote/src/test/scala/akka/remote/
//! AccrualFailureDetectorSpec.scala`), in our words, of [`LocalPhi`] with the [`Logistic`] model. Times, thresholds and expected
//! values are Akka's, unless a line says that they are ours. Where ours differs on purpose, the test says how.

use core::time::Duration;

use spacelike_phi_detector::{
    Beat, FailureDetector, LocalPhi, Logistic, Model, Normal, Resolution, Settings, State,
};

/// The settings that Akka's tests start from: threshold 8, at least 100 ms of deviation, a first estimate of one second, no
/// pause. Ours also has a least deviation in thousandths of the mean, which Akka doesn't.
fn akka() -> Settings {
    Settings { sd_min: ms(100), sd_min_permille: 0, ..Settings::new(ms(1_000)) }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A detector that has heard beats at these milliseconds.
fn heard<const N: usize>(settings: &Settings, threshold: f64, beats: &[u64]) -> LocalPhi<Logistic, N> {
    let mut peer = LocalPhi::new(settings, [threshold]);
    for beat in beats {
        peer.heartbeat(Beat::at(ms(*beat)));
    }
    peer
}

/// Phi of a silence after intervals of this mean and standard deviation, in ticks: half are shorter, half longer.
fn phi<M: Model>(silence: u32, mean: u32, sd: u32) -> f64 {
    let tick = Resolution::of_nanos_log2(0);
    let settings = Settings {
        sd_min: Duration::ZERO,
        sd_min_permille: 0,
        resolution: tick,
        ..Settings::new(tick.tick() * mean)
    };
    let mut peer = LocalPhi::<M, 16>::new(&settings, [8.0]);
    let mut now = Duration::ZERO;
    peer.heartbeat(Beat::at(now));
    for turn in 0..16 {
        now += tick.tick() * if turn % 2 == 0 { mean - sd } else { mean + sd };
        peer.heartbeat(Beat::at(now));
    }
    assert_eq!(peer.moments(), (tick.tick() * mean, tick.tick() * sd));
    peer.suspicion(now + tick.tick() * silence).phi
}

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} and not {expected}");
}

/// `1 - 10^-phi` is the cumulative normal distribution, as well as Akka's polynomial has it. The mean of Akka's is zero, which
/// no interval is; ours is 1,000, and so is the silence longer.
#[test]
fn phi_is_a_good_enough_distribution_function() {
    let cumulative = |silence, mean, sd| 1.0 - 10.0_f64.powf(-phi::<Logistic>(silence, mean, sd));
    for (late, expected, tolerance) in [
        (0, 0.5, 0.001),
        (6, 0.7257, 0.001),
        (15, 0.9332, 0.001),
        (20, 0.97725, 0.001),
        (25, 0.99379, 0.001),
        (35, 0.99977, 0.001),
        (40, 0.99997, 0.0001),
    ] {
        near(cumulative(1_000 + late, 1_000, 10), expected, tolerance);
    }
    for late in 0..40 {
        assert!(phi::<Logistic>(1_000 + late, 1_000, 10) < phi::<Logistic>(1_001 + late, 1_000, 10));
    }
    near(cumulative(1_002, 1_000, 3), 0.7475, 0.001);
}

/// Ten standard deviations late is Akka's 38, and far too early is nothing; the exact model has 23.1 (ours). Akka's becomes
/// infinite at 22 deviations (ours: 300), and ours goes on.
#[test]
fn outliers_are_finite() {
    near(phi::<Logistic>(1_010, 1_000, 1), 38.0, 1.0);
    near(phi::<Logistic>(975, 1_000, 1), 0.0, 1e-12);
    near(phi::<Normal>(1_010, 1_000, 1), 23.118, 0.001);
    assert!(phi::<Logistic>(1_022, 1_000, 1) > 300.0 && phi::<Logistic>(1_000_000, 1_000, 1).is_finite());
}

/// Of a second with a tenth of deviation.
#[test]
fn phi_is_realistic() {
    for (silence, expected) in
        [(0, 0.0), (500, 0.1), (1_000, 0.3), (1_200, 1.6), (1_400, 4.7), (1_600, 10.8), (1_700, 15.3)]
    {
        near(phi::<Logistic>(silence, 1_000, 100), expected, 0.1);
    }
    assert!(phi::<Logistic>(1_100, 1_000, 500) < phi::<Logistic>(1_100, 1_000, 100));
}

/// Before the first beat phi is zero, as Akka's. Akka's node is available then; ours is unknown, and suspect.
#[test]
fn before_the_first_beat_phi_is_zero() {
    let peer = heard::<100>(&akka(), 8.0, &[]);
    for now in [0, 1_000, 1_000_000] {
        let suspicion = peer.suspicion(ms(now));
        assert_eq!((suspicion.phi, suspicion.state), (0.0, State::Unknown));
        assert!(peer.is_suspect(ms(now), 0));
    }
}

/// After one beat phi is that of a guess: a second, and a quarter of it as its deviation.
#[test]
fn after_one_beat_phi_is_a_guess() {
    let peer = heard::<1_000>(&akka(), 8.0, &[0]);
    near(peer.suspicion(ms(1_000)).phi, 0.3, 0.2);
    near(peer.suspicion(ms(2_000)).phi, 4.5, 0.3);
    assert!(peer.suspicion(ms(3_000)).phi > 15.0);
    // Akka's test has one beat every 100 ms, and then asks the same of the second.
    for beats in [&[0][..], &[0, 100]] {
        let last = *beats.last().unwrap();
        assert!(heard::<1_000>(&akka(), 8.0, beats).suspicion(ms(last + 100)).phi > 0.0);
    }
}

/// The guess weighs as much as two intervals for Akka, for good; for ours as much as those that are missing to eight. So after
/// one interval of 100 ms the mean is Akka's (750 + 1,250 + 100) / 3 = 700 ms, and ours is 887.5 ms.
#[test]
fn the_guess_weighs_what_is_missing_to_eight() {
    let mean = |beats: &[u64]| heard::<1_000>(&akka(), 8.0, beats).moments().0.as_secs_f64() * 1e3;
    near(mean(&[0, 100]), 887.5, 2.5);
    near(mean(&[0, 100, 200, 300, 400, 500, 600]), 325.0, 2.5);
    near(mean(&[0, 100, 200, 300, 400, 500, 600, 700, 800]), 100.0, 2.5);
}

/// A node that was heard some times is available.
#[test]
fn after_some_beats_it_is_available() {
    assert!(!heard::<1_000>(&akka(), 8.0, &[0, 1_000, 1_100]).is_suspect(ms(1_200), 0));
}

/// A node whose beats are missed is dead at threshold 3 after seven seconds.
#[test]
fn without_beats_it_is_dead() {
    let peer = heard::<1_000>(&akka(), 3.0, &[0, 1_000, 1_100]);
    assert!(!peer.is_suspect(ms(1_200), 0) && peer.is_suspect(ms(8_200), 0));
}

/// A thousand regular beats, a pause of five minutes, and the node is dead; it beats again and is available; after another
/// seven seconds it is dead again, in spite of the long pause; and so on. Akka leaves the pause out of its history, ours learns
/// it as an interval of phi 8.
#[test]
fn after_a_pause_it_is_available_again() {
    let settings = Settings { pause: ms(3_000), ..akka() };
    let regular: Vec<u64> = (0..1_000).map(|second| second * 1_000).collect();
    let mut peer = heard::<1_000>(&settings, 8.0, &regular);
    assert!(peer.is_suspect(ms(1_299_000), 0), "after the long pause");
    for (beat, asked, dead) in [
        (1_299_100, 1_300_000, false),
        (1_300_100, 1_307_100, true), // after the seven seconds
        (1_307_200, 1_308_100, false),
        (1_308_200, 1_309_100, false),
    ] {
        peer.heartbeat(Beat::at(ms(beat)));
        assert_eq!(peer.is_suspect(ms(asked), 0), dead, "at {asked}");
    }
}

/// With a pause of three seconds that is acceptable, four seconds without a beat are.
#[test]
fn missing_beats_within_the_pause_are_accepted() {
    let settings = Settings { pause: ms(3_000), ..akka() };
    let mut peer = heard::<1_000>(&settings, 8.0, &[0, 1_000, 2_000, 3_000]);
    assert!(!peer.is_suspect(ms(7_000), 0));
    peer.heartbeat(Beat::at(ms(8_000)));
    assert!(!peer.is_suspect(ms(9_000), 0));
}

/// Five seconds are not.
#[test]
fn missing_beats_beyond_the_pause_are_not() {
    let settings = Settings { pause: ms(3_000), ..akka() };
    let mut peer = heard::<1_000>(&settings, 8.0, &[0, 1_000, 2_000, 3_000, 4_000, 5_000]);
    assert!(!peer.is_suspect(ms(5_500), 0));
    peer.heartbeat(Beat::at(ms(6_000)));
    assert!(peer.is_suspect(ms(11_000), 0));
}

/// When a full window of 100 ms has been replaced by one of 500 ms, phi is as high after 500 ms of silence as it was after
/// 100 ms. Akka's window has three intervals; ours has eight here, since below eight a part of the guess stays.
#[test]
fn a_window_forgets_what_left_it() {
    let beats: Vec<u64> =
        (0..=8).map(|beat| beat * 100).chain((1..=8).map(|beat| 800 + beat * 500)).collect();
    let fast = heard::<8>(&akka(), 8.0, &beats[..9]).suspicion(ms(900)).phi;
    let slow = heard::<8>(&akka(), 8.0, &beats).suspicion(ms(5_300)).phi;
    // Ticks are about a millisecond, a hundredth of the deviation.
    near(slow, fast, 0.01);
    near(fast, 0.3, 0.01);
}

/// The mean and the variance of the latest intervals, in milliseconds, as a thousand ticks each; each interval is taken as often
/// as it needs to leave nothing of the guess. Moments are given in whole ticks, rounded up.
#[test]
fn moments_are_those_of_the_window() {
    fn moments<const N: usize>(intervals: &[u32], times: usize, guess: u32) -> (f64, f64) {
        let tick = Resolution::of_nanos_log2(0);
        let settings = Settings {
            sd_min: Duration::ZERO,
            sd_min_permille: 0,
            // So that no interval is clipped.
            pause: Duration::from_secs(1),
            resolution: tick,
            ..Settings::new(tick.tick() * (guess * 1_000))
        };
        let mut peer = LocalPhi::<Logistic, N>::new(&settings, [8.0]);
        let mut now = Duration::ZERO;
        peer.heartbeat(Beat::at(now));
        for interval in intervals.iter().flat_map(|interval| std::iter::repeat_n(interval, times)) {
            now += tick.tick() * (interval * 1_000);
            peer.heartbeat(Beat::at(now));
        }
        let (mean, sd) = peer.moments();
        (mean.as_secs_f64() * 1e6, (sd.as_secs_f64() * 1e6).powi(2))
    }
    let near_both = |(mean, variance): (f64, f64), expected: (f64, f64)| {
        near(mean, expected.0, 0.001);
        near(variance, expected.1, 0.2);
    };
    near_both(moments::<20>(&[100, 200, 125, 340, 130], 2, 100), (179.0, 7_584.0));
    // Akka's has no variance; ours at least a tick, a thousandth, of deviation.
    near_both(moments::<600>(&[1_000], 8, 1_000), (1_000.0, 0.0));
    for (intervals, expected) in [
        (&[100, 110, 90][..], (100.0, 66.666_666_7)),
        (&[100, 110, 90, 140], (113.333_333, 422.222_222)),
        (&[100, 110, 90, 140, 80], (103.333_333, 688.888_888_89)),
    ] {
        near_both(moments::<9>(intervals, 3, 100), expected);
    }
}
