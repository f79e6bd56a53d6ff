//! The heartbeats of the generator: the same for a seed, and distributed as its settings say.

use core::time::Duration;

use spacelike::phi_detector::Beat;
use spacelike_lab::beats::{Congestion, Loss, Scene, Stalls};

const HOUR: Duration = Duration::from_secs(3_600);

/// Nothing goes wrong; the way takes a millisecond.
const QUIET: Scene = Scene {
    period: Duration::from_millis(100),
    lateness: Duration::ZERO,
    stalls: Stalls { every: Duration::MAX, shortest: Duration::ZERO, longest: Duration::ZERO, shape: 1.5 },
    delay: Duration::from_millis(1),
    jitter: Duration::ZERO,
    jitter_sigma: 1.0,
    loss: Loss { worsens: 0.0, recovers: 1.0, good: 0.0, bad: 0.0 },
    congestion: Congestion { every: Duration::MAX, length: Duration::ZERO, peak: Duration::ZERO },
    crash: None,
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn sent(beat: &Beat) -> Duration {
    beat.sent.unwrap()
}

fn seconds_on_the_way(beats: &[Beat]) -> impl Iterator<Item = f64> {
    beats.iter().map(|beat| beat.at.saturating_sub(sent(beat)).as_secs_f64())
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

/// Further off than this a mean is once in 16,000 seeds; the seeds are fixed.
#[track_caller]
fn within_four_sigma(found: f64, expected: f64, sigma: f64) {
    assert!((found - expected).abs() <= 4.0 * sigma, "{found}, and not {expected} +- {sigma}");
}

/// A seed gives the same beats on every platform and in every version, so that numbers can be compared.
#[test]
fn a_seed_pins_the_beats() {
    let pinned = |scene: Scene| {
        let beats = scene.beats(7, Duration::from_secs(60));
        assert_eq!(beats, scene.beats(7, Duration::from_secs(60)));
        assert_ne!(beats, scene.beats(8, Duration::from_secs(60)));
        let of = |beat: &Beat| (beat.sequence.unwrap(), sent(beat).as_nanos(), beat.at.as_nanos());
        (beats.len(), of(&beats[0]), of(&beats[1]), of(&beats[500]))
    };
    assert_eq!(pinned(Scene::lan()), LAN);
    assert_eq!(pinned(Scene::wan()), WAN);
    assert_eq!(pinned(Scene::cloud_vm()), CLOUD_VM);
}

/// Beats come in the order of their arrival, each once; their numbers are in the order of sending, and those that are missing
/// were lost.
#[test]
fn beats_come_in_the_order_of_arrival() {
    let scene = Scene { loss: Loss { good: 0.0, bad: 0.0, ..Scene::wan().loss }, ..Scene::wan() };
    let mut beats = scene.beats(3, HOUR);
    assert!(beats.is_sorted_by_key(|beat| beat.at));
    assert!(!beats.is_sorted_by_key(|beat| beat.sequence), "some overtake others");
    let lossy = Scene::wan().beats(3, HOUR);
    let mut all = beats.iter();
    assert!(lossy.len() < beats.len() && lossy.iter().all(|beat| all.any(|other| other == beat)));

    beats.sort_by_key(|beat| beat.sequence);
    assert!(beats.is_sorted_by_key(sent));
    assert!(beats.iter().map(|beat| beat.sequence.unwrap()).eq(1..=beats.len() as u64));
}

/// A timer that is late doesn't drift, and is late by its mean.
#[test]
fn timers_are_late_but_do_not_drift() {
    let beats = Scene { lateness: ms(2), ..QUIET }.beats(1, HOUR);
    assert_eq!(beats.len(), 35_999);
    let late: Vec<f64> =
        (1..).zip(&beats).map(|(n, beat)| sent(beat).saturating_sub(ms(100) * n).as_secs_f64()).collect();
    within_four_sigma(late.iter().sum::<f64>() / float(late.len()), 0.002, 0.002 / float(late.len()).sqrt());
}

/// The jitter is lognormal: half are below the median, and the mean is above it by e^(sigma^2 / 2).
#[test]
fn jitter_is_lognormal() {
    let beats = Scene { jitter: ms(5), jitter_sigma: 0.8, ..QUIET }.beats(2, HOUR);
    let count = float(beats.len());
    let variance = 0.8 * 0.8;
    let mean = seconds_on_the_way(&beats).sum::<f64>() / count;
    let expected = 0.005 * (variance / 2.0_f64).exp();
    within_four_sigma(mean, 0.001 + expected, expected * (variance.exp_m1() / count).sqrt());
    let below = float(seconds_on_the_way(&beats).filter(|delay| *delay < 0.006).count());
    within_four_sigma(below, count / 2.0, (count / 4.0).sqrt());
}

/// Losses are as frequent as the two states say, and come in bursts whose mean is that of the bad one.
#[test]
fn losses_come_in_bursts() {
    let (worsens, recovers) = (0.01, 0.25);
    let beats = Scene { loss: Loss { worsens, recovers, good: 0.0, bad: 1.0 }, ..QUIET }.beats(3, 10 * HOUR);
    let bursts: Vec<u64> = beats
        .windows(2)
        .map(|pair| pair[1].sequence.unwrap() - pair[0].sequence.unwrap() - 1)
        .filter(|lost| *lost > 0)
        .collect();
    let lost = usize::try_from(bursts.iter().sum::<u64>()).unwrap();
    let (count, share) = (float(beats.len() + lost), worsens / (worsens + recovers));
    // Neighbours are alike, so that there is less in a trace than in as many that are independent.
    let alike = 1.0 - worsens - recovers;
    let sigma = (count * share * (1.0 - share) * (1.0 + alike) / (1.0 - alike)).sqrt();
    within_four_sigma(float(lost), count * share, sigma);
    let sigma = (1.0_f64 - recovers).sqrt() / recovers / float(bursts.len()).sqrt();
    within_four_sigma(float(lost) / float(bursts.len()), 1.0 / recovers, sigma);

    let beats = Scene { loss: Loss { worsens: 0.0, recovers, good: 0.05, bad: 1.0 }, ..QUIET }.beats(4, HOUR);
    within_four_sigma(float(beats.len()), 35_999.0 * 0.95, (35_999.0_f64 * 0.05 * 0.95).sqrt());
    let half = Loss { worsens: 1.0, recovers: 0.0, good: 0.0, bad: 0.5 };
    let beats = Scene { loss: half, ..QUIET }.beats(5, HOUR);
    within_four_sigma(float(beats.len()), 35_999.0 * 0.5, (35_999.0_f64 * 0.25).sqrt());
}

/// Stalls are as frequent as they should be, never shorter or longer than they may be, and half of them as long as Pareto says;
/// what is overdue is sent once, and the rhythm stays.
#[test]
fn stalls_are_pareto_and_leave_the_rhythm() {
    let stalls = Stalls { every: Duration::from_secs(20), shortest: ms(300), longest: ms(3_000), shape: 1.5 };
    let beats = Scene { stalls, ..QUIET }.beats(6, 10 * HOUR);
    let on_time = |beat: &&Beat| sent(beat).as_nanos().is_multiple_of(ms(100).as_nanos());
    let apart = |pair: &[Beat]| sent(&pair[1]).saturating_sub(sent(&pair[0]));
    let stalled: Vec<&Beat> = beats.iter().filter(|beat| !on_time(beat)).collect();
    // Every 20 s, and what they take themselves: by Pareto, cut off, (3 - 2 / sqrt(10)) times the shortest.
    let length = 0.3 * (3.0 - 2.0 / 10.0_f64.sqrt());
    let expected = 36_000.0 / (20.0 + length);
    within_four_sigma(float(stalled.len()), expected, expected.sqrt());

    // A stall began in the period before the first beat that it held up.
    let silences: Vec<f64> = beats.windows(2).map(|pair| apart(pair).as_secs_f64()).collect();
    assert!(silences.iter().all(|silence| *silence < 3.101));
    assert!(silences.iter().any(|silence| *silence > 2.9));
    let median = 0.3 * 2.0_f64.powf(1.0 / 1.5);
    let long = float(silences.iter().filter(|silence| **silence > median + 0.1).count());
    let short = float(silences.iter().filter(|silence| **silence > median).count());
    let half = float(stalled.len()) / 2.0;
    assert!(
        long < half + 4.0 * half.sqrt() && short > half - 4.0 * half.sqrt(),
        "{long} and {short} of {half}"
    );
    let mut after = beats.windows(2).filter(|pair| !on_time(&&pair[0]) && on_time(&&pair[1]));
    assert!(after.all(|pair| apart(pair) < ms(100)), "the beat after a stall is in its place");
}

/// Congestion lengthens the way up to its peak, evenly up and down again, and only as often as it should.
#[test]
fn congestion_rises_and_falls() {
    let congestion =
        Congestion { every: Duration::from_secs(100), length: Duration::from_secs(10), peak: ms(200) };
    let beats = Scene { congestion, ..QUIET }.beats(8, 10 * HOUR);
    let delays: Vec<f64> = seconds_on_the_way(&beats).collect();
    let most = delays.iter().copied().fold(0.0, f64::max);
    assert!(most > 0.199 && most <= 0.201, "{most}");
    assert!(delays.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.004_001), "200 ms in 50 beats");
    let epochs = float(delays.windows(2).filter(|pair| pair[0] <= 0.001 && pair[1] > 0.001).count());
    within_four_sigma(epochs, 36_000.0 / 110.0, (36_000.0_f64 / 110.0).sqrt());
    let congested = delays.iter().filter(|delay| **delay > 0.001);
    let (count, sum) = congested.fold((0.0, 0.0), |(count, sum), delay| (count + 1.0, sum + delay - 0.001));
    assert!((sum / count - 0.1_f64).abs() < 0.001 && (count / epochs - 100.0_f64).abs() < 1.0);
}

/// Between two beats there may be many epochs.
#[test]
fn epochs_go_on_between_beats() {
    let length = Duration::from_secs(10);
    let congestion = Congestion { every: length, length, peak: ms(200) };
    let beats = Scene { congestion, period: HOUR / 6, ..QUIET }.beats(9, 500 * HOUR);
    let congested = float(seconds_on_the_way(&beats).filter(|delay| *delay > 0.001).count());
    within_four_sigma(congested, float(beats.len()) / 2.0, float(beats.len()).sqrt() / 2.0);
}

/// After a crash nothing is sent; what is on the way arrives.
#[test]
fn nothing_is_sent_after_a_crash() {
    let crash = ms(100_030);
    let whole = Scene::wan().beats(9, HOUR);
    let crashed = Scene { crash: Some(crash), ..Scene::wan() }.beats(9, HOUR);
    assert!(whole.iter().filter(|beat| sent(beat) < crash).eq(&crashed));
    assert!(crashed.last().unwrap().at > crash);
    assert_eq!(Scene { crash: Some(HOUR * 2), ..Scene::wan() }.beats(9, HOUR), whole);
}

/// What is asked for too much of is bounded: no panic.
#[test]
fn endless_settings_are_bounded() {
    let endless = Scene {
        lateness: Duration::MAX,
        stalls: Stalls { every: ms(1), shortest: Duration::MAX, longest: Duration::MAX, shape: 0.0 },
        delay: Duration::MAX,
        jitter: Duration::MAX,
        jitter_sigma: f64::MAX,
        congestion: Congestion { every: ms(1), length: Duration::MAX, peak: Duration::MAX },
        ..Scene::lan()
    };
    assert_eq!(endless.beats(1, HOUR), []);
    let one = Scene { lateness: Duration::ZERO, stalls: QUIET.stalls, period: HOUR, ..endless };
    assert_eq!(one.beats(1, HOUR + ms(1))[0].at, Duration::MAX);
}

/// Beats without time between them would be endlessly many.
#[test]
#[should_panic(expected = "beats all at once")]
fn a_period_of_zero_is_refused() {
    let _ = Scene { period: Duration::ZERO, ..QUIET }.beats(1, HOUR);
}

/// Nor may anything else come without time between.
#[test]
#[should_panic(expected = "without end")]
fn stalls_every_zero_time_are_refused() {
    let _ = Scene { stalls: Stalls { every: Duration::ZERO, ..QUIET.stalls }, ..QUIET }.beats(1, HOUR);
}

type Pinned = (usize, (u64, u128, u128), (u64, u128, u128), (u64, u128, u128));
const LAN: Pinned = (
    599,
    (1, 100_163_206, 100_624_753),
    (2, 200_215_619, 200_452_806),
    (501, 50_100_042_795, 50_100_310_354),
);
const WAN: Pinned = (
    598,
    (1, 100_163_206, 153_240_568),
    (2, 200_215_619, 242_074_982),
    (502, 50_200_936_299, 50_243_991_551),
);
const CLOUD_VM: Pinned = (
    599,
    (1, 100_652_823, 103_767_749),
    (2, 200_862_476, 201_975_863),
    (501, 50_100_171_180, 50_101_448_830),
);
