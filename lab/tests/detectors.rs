//! Failure detectors on generated traces: how long they take to detect a crash, and how often they are wrong until then.

use core::time::Duration;
use std::collections::VecDeque;

use spacelike::phi_detector::{
    Beat, Bertier, ChenE, Exponential, FailureDetector, FixedTimeout, Jacobson, LocalPhi, Logistic, Normal,
    Phi, QuantileTail, Resolution, Settings, TwoWindow,
};
use spacelike_lab::beats::Scene;

const HOUR: Duration = Duration::from_secs(3_600);

fn plain(beat: &Beat) -> Beat {
    Beat::at(beat.at)
}

/// How a detector did at each of its levels.
struct Score {
    /// How long after the sending of the last beat a crash is detected, if it comes at once: the mean over all beats, in
    /// milliseconds.
    detection: Vec<f64>,
    /// How many times it suspected a peer that was alive.
    mistakes: Vec<f64>,
    beats: f64,
}

impl Score {
    /// The mistakes at the level at which this is the detection time, between those of the neighbours.
    fn mistakes_at(&self, detection: f64) -> f64 {
        let above = self.detection.iter().position(|other| *other >= detection).expect("levels reach as far");
        assert!(above > 0, "levels begin before {detection}");
        let part =
            (detection - self.detection[above - 1]) / (self.detection[above] - self.detection[above - 1]);
        self.mistakes[above - 1] * (1.0 - part) + self.mistakes[above] * part
    }
}

/// Tells the detector each beat, of which it may see what `seen` leaves. The first 2,000 beats don't count: until then, windows
/// aren't full.
fn score<const L: usize>(
    mut peer: impl FailureDetector,
    beats: &[Beat],
    seen: impl Fn(&Beat) -> Beat,
) -> Score {
    let (mut detection, mut mistakes) = (vec![0.0; L], vec![0.0; L]);
    let mut suspected = [true; L];
    for (index, beat) in beats.iter().enumerate() {
        for level in 0..L {
            let wrong = !suspected[level] && peer.is_suspect(beat.at, level);
            mistakes[level] += f64::from(u8::from(index >= LEARNT && wrong));
        }
        peer.heartbeat(seen(beat));
        for level in 0..L {
            suspected[level] = peer.is_suspect(beat.at, level);
            if index >= LEARNT {
                let until = peer.deadline(level).unwrap().saturating_sub(beat.sent.unwrap());
                detection[level] += until.as_secs_f64() * 1e3;
            }
        }
    }
    let beats = float(beats.len() - LEARNT);
    Score { detection: detection.iter().map(|sum| sum / beats).collect(), mistakes, beats }
}

/// A Gaussian as published (Hayashibara et al. 2004), after plain beats: nothing is clipped, nothing assumed, and there is no
/// floor but a tenth of a millisecond.
fn unclipped<const L: usize>(sigmas: [f64; L], beats: &[Beat]) -> Score {
    let (mut detection, mut mistakes, mut deadlines) = (vec![0.0; L], vec![0.0; L], [f64::MAX; L]);
    let (mut window, mut sum, mut squares) = (VecDeque::new(), 0.0, 0.0);
    for (index, pair) in beats.windows(2).enumerate() {
        let at = pair[1].at.as_secs_f64() * 1e3;
        let interval = at - pair[0].at.as_secs_f64() * 1e3;
        window.push_back(interval);
        (sum, squares) = (sum + interval, squares + interval * interval);
        if window.len() > WINDOW {
            let old: f64 = window.pop_front().unwrap();
            (sum, squares) = (sum - old, squares - old * old);
        }
        let mean = sum / float(window.len());
        let sd = (squares / float(window.len()) - mean * mean).max(0.0).sqrt().max(0.1);
        for level in 0..L {
            let late = at >= deadlines[level];
            deadlines[level] = at + mean + sigmas[level] * sd;
            if index >= LEARNT {
                mistakes[level] += f64::from(u8::from(late));
                detection[level] += deadlines[level] - pair[1].sent.unwrap().as_secs_f64() * 1e3;
            }
        }
    }
    let beats = float(beats.len() - 1 - LEARNT);
    Score { detection: detection.iter().map(|sum| sum / beats).collect(), mistakes, beats }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

/// From 0.02 standard deviations to 90, and from phi 0.3 to 700.
fn grid(first: f64) -> [f64; 26] {
    let mut next = first / 1.4;
    core::array::from_fn(|_| {
        next *= 1.4;
        next
    })
}

/// At phi 1 and phi 2 the quantile tail is wrong about one interval in ten and in a hundred, whatever the network, and above
/// less than half as often as the normal model at the same level, which is wrong by a factor of two. Nothing is assumed here,
/// no floor.
#[test]
fn a_quantile_tail_is_calibrated_where_a_normal_model_is_not() {
    for scene in [Scene::wan(), Scene::cloud_vm()] {
        let settings = Settings {
            sd_min: Duration::ZERO,
            sd_min_permille: 0,
            resolution: Resolution::of_nanos_log2(16),
            ..Settings::new(scene.period)
        };
        let (levels, beats) = ([1.0, 2.0, 3.0, 5.0], scene.beats(1, 3 * HOUR));
        let tail = score::<4>(QuantileTail::<WINDOW, 4>::new(&settings, levels), &beats, plain);
        let normal = score::<4>(LocalPhi::<Normal, WINDOW, 4>::new(&settings, levels), &beats, plain);
        let share = |score: &Score, level: usize| score.mistakes[level] / score.beats;
        let tails = [0, 1].map(|level| share(&tail, level));
        assert!((tails[0] - 0.1).abs() < 0.01 && (tails[1] - 0.01).abs() < 0.001, "{tails:?}");
        let normals = [0, 1].map(|level| share(&normal, level));
        assert!(normals[0] < 0.065 && normals[1] > 0.014, "{normals:?}");
        let both = tail.mistakes.iter().zip(&normal.mistakes);
        assert!(both.skip(2).all(|(tail, normal)| *tail < 0.5 * normal), "at phi 3 or 5");
    }
}

/// If levels are chosen such that crashes are detected as soon on average, it makes no difference which distribution is
/// assumed, as long as intervals are clipped.
#[test]
fn at_equal_detection_time_clipped_models_are_equally_often_wrong() {
    for scene in [Scene::lan(), Scene::wan(), Scene::cloud_vm()] {
        let (settings, beats) = (Settings::new(scene.period), scene.beats(1, 3 * HOUR));
        let tail = score::<4>(QuantileTail::<WINDOW, 4>::new(&settings, LEVELS), &beats, plain);
        let normal = score::<26>(LocalPhi::<Normal, WINDOW, 26>::new(&settings, grid(0.3)), &beats, plain);
        for (mistakes, detection) in tail.mistakes.iter().zip(&tail.detection) {
            let normal = normal.mistakes_at(*detection);
            assert!(*mistakes >= 20.0, "{mistakes} are too few to tell");
            assert!(
                (mistakes / normal - 1.0).abs() < 0.15,
                "{mistakes} after {detection} ms, {normal} of the normal"
            );
        }
    }
}

/// Where processors stall, a Gaussian that learns each stall as it is, is wrong at least one and a half times as often at equal
/// detection time, and more than two and a half times as often at the lower levels.
#[test]
fn at_equal_detection_time_an_unclipped_gaussian_is_more_often_wrong() {
    let scene = Scene::cloud_vm();
    let beats = scene.beats(1, 3 * HOUR);
    let settings = Settings::new(scene.period);
    let tail = score::<4>(QuantileTail::<WINDOW, 4>::new(&settings, LEVELS), &beats, plain);
    let unclipped = unclipped::<26>(grid(0.02), &beats);
    for (level, factor) in [2.5, 2.5, 2.0, 1.5].into_iter().enumerate() {
        let (mistakes, unclipped) = (tail.mistakes[level], unclipped.mistakes_at(tail.detection[level]));
        assert!(mistakes * factor < unclipped, "{mistakes} at phi {}, {unclipped} unclipped", LEVELS[level]);
    }
}

/// If beats say when they were sent, one that is later than an interval may be comes out of a backlog. The quantile tail lets
/// them take longer, so that it is less often wrong than the normal model about a queue that builds up.
#[test]
fn at_equal_detection_time_a_queue_is_less_often_taken_for_a_backlog() {
    let scene = Scene::wan();
    let beats = scene.beats(1, 3 * HOUR);
    let settings = Settings::new(scene.period);
    let tail = score::<4>(QuantileTail::<WINDOW, 4>::new(&settings, LEVELS), &beats, Beat::clone);
    let normal = score::<26>(LocalPhi::<Normal, WINDOW, 26>::new(&settings, grid(0.3)), &beats, Beat::clone);
    for (level, factor) in [1.4, 1.8, 2.2].into_iter().enumerate() {
        let (mistakes, normal) = (tail.mistakes[level], normal.mistakes_at(tail.detection[level]));
        assert!(mistakes * factor < normal, "{mistakes} at phi {}, {normal} of the normal", LEVELS[level]);
    }
}

/// Every detector takes whatever arrives over every network, is wrong now and then at a low level, right most of the time, and
/// detects the crash within five seconds of it at a high level, for good.
#[test]
fn every_detector_survives_every_network_and_detects_the_crash() {
    let crash = Duration::from_secs(600);
    for (name, scene) in [("lan", Scene::lan()), ("wan", Scene::wan()), ("cloud VM", Scene::cloud_vm())] {
        let scene = Scene { crash: Some(crash), ..scene };
        let (settings, levels) = (Settings::new(scene.period), [1.0, 8.0]);
        let (period, shared) = (scene.period, Phi::<Normal, 128, 2>::new(&settings, levels));
        let detectors: [(&str, Box<dyn FailureDetector + '_>); 11] = [
            ("normal", Box::new(LocalPhi::<Normal, 128, 2>::new(&settings, levels))),
            ("logistic", Box::new(LocalPhi::<Logistic, 128, 2>::new(&settings, levels))),
            ("exponential", Box::new(LocalPhi::<Exponential, 128, 2>::new(&settings, levels))),
            ("shared", Box::new(&shared)),
            ("quantile tail", Box::new(QuantileTail::<128, 2>::new(&settings, levels))),
            ("long quantile tail", Box::new(QuantileTail::<1_000, 2>::new(&settings, levels))),
            ("fixed", Box::new(FixedTimeout::new(period * 3 / 2, levels))),
            ("Chen", Box::new(ChenE::<32, 2>::new(period, period / 2, levels))),
            ("two windows", Box::new(TwoWindow::<1, 1_000, 2>::new(period, period / 2, levels))),
            ("Bertier", Box::new(Bertier::<128, 2>::new(period, period / 2, levels))),
            ("Jacobson", Box::new(Jacobson::new(period * 3, period, period / 10, levels))),
        ];
        for (detector, mut peer) in detectors {
            let views: [fn(&Beat) -> Beat; 3] =
                [plain, |beat| Beat::at(beat.at).with_sequence(beat.sequence.unwrap()), Beat::clone];
            // One life of the peer after the other, each with beats that say more.
            for (life, view) in (1..).zip(views) {
                let origin = crash * 2 * (life - 1);
                let beats = scene.beats(u64::from(life), crash);
                let (mut suspected, mut trusted) = (0, 0);
                for beat in &beats {
                    let mut seen = view(beat).with_epoch(u64::from(life));
                    seen.at += origin;
                    suspected += u32::from(peer.is_suspect(seen.at, 0));
                    trusted += u32::from(!peer.is_suspect(seen.at, 1));
                    peer.heartbeat(seen);
                    let suspicion = peer.suspicion(seen.at);
                    assert!(suspicion.phi.is_finite() && suspicion.phi >= 0.0);
                }
                assert!(suspected > 0 && trusted > 5_000, "{detector}, {name}: {suspected}, {trusted}");
                let convicted = peer.deadline(1).unwrap();
                assert!(
                    convicted < origin + crash + Duration::from_secs(5),
                    "{detector}, {name}: {convicted:?}"
                );
                assert!(peer.is_suspect(convicted, 1) && peer.is_suspect(origin + crash * 2, 1));
            }
        }
    }
}

/// So many intervals are learned from, and so many beats make no mistakes that count.
const WINDOW: usize = 1_000;
const LEARNT: usize = 2_000;

/// At which the quantile tail is compared.
const LEVELS: [f64; 4] = [1.5, 2.0, 3.0, 5.0];
