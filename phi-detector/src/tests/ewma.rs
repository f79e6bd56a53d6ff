//! Models of [`EwmaPhi`].

use core::time::Duration;

use super::{Arc, model, mutant, thread};
use crate::moments::Moments;
use crate::{EwmaPhi, EwmaSettings, Heard, Normal, Resolution, Settings};

/// In ticks of a nanosecond, of which a period has ten.
fn settings() -> EwmaSettings {
    let resolution = Resolution::of_nanos_log2(0);
    EwmaSettings::<Normal>::new(&Settings { resolution, ..Settings::new(interval(10)) }, [1.0])
}

const fn interval(ticks: u64) -> Duration {
    Duration::from_nanos(ticks)
}

const fn heard(ticks: u64) -> Heard {
    Heard::Interval { interval: interval(ticks), lost: 0 }
}

/// Runs both at once on a peer that was heard at tick 0, `a` in the thread that spawns the other if `a_spawns`. Returns what
/// they returned, and what is known in the end.
fn both<A: Send + 'static, B: Send + 'static>(
    a_spawns: bool,
    a: impl FnOnce(&EwmaPhi) -> A + Send + 'static,
    b: impl FnOnce(&EwmaPhi) -> B + Send + 'static,
) -> (A, B, Option<u64>, u64) {
    let peer = Arc::new(EwmaPhi::new());
    assert_eq!(peer.heartbeat(&settings(), 0), Heard::First);
    let other = peer.clone();
    let (a, b) = if a_spawns {
        let b = thread::spawn(move || b(&other));
        (a(&peer), b.join().unwrap())
    } else {
        let a = thread::spawn(move || a(&other));
        let b = b(&peer);
        (a.join().unwrap(), b)
    };
    let (evidence, learned) = peer.read();
    (a, b, evidence, learned)
}

/// Each thread in turn is the one that spawns the other: which interleavings loom misses where a thread loads a word and then
/// writes it depends on that (its issues 166 and 392).
fn model_in_turn(body: impl Fn(bool) + Copy + Send + Sync + 'static) {
    for a_spawns in [false, true] {
        model(move || body(a_spawns));
    }
}

/// Of two beats, each is news or stale, the ticks between them are in intervals once, and each interval is learned once.
#[test]
fn each_interval_is_learned_once() {
    intervals_are_learned();
}

/// That needs no ordering.
#[cfg(loom)]
#[test]
fn intervals_need_no_ordering() {
    crate::sync::with_mutant(crate::sync::Mutant::Relaxed, intervals_are_learned);
}

mutant!(intervals_need_one_step, Torn, intervals_are_learned());
mutant!(intervals_need_what_is_there, Stores, intervals_are_learned());

fn intervals_are_learned() {
    model_in_turn(|a_spawns| {
        let settings = settings();
        let (early, late, evidence, learned) = both(
            a_spawns,
            |peer| peer.heartbeat(&self::settings(), 10),
            |peer| peer.heartbeat(&self::settings(), 60),
        );
        let after =
            |intervals: &[u64]| intervals.iter().fold(0, |known, &interval| settings.learn(known, interval));
        match (early, late) {
            (early, late) if (early, late) == (heard(10), heard(50)) => {
                let serial = [after(&[10, 50]), after(&[50, 10])];
                assert!(serial[0] != serial[1], "the model can't tell the orders apart");
                assert!(serial.contains(&learned), "broken: {:?}", Moments::from_word(learned));
            }
            (Heard::Stale, late) if late == heard(60) => {
                assert_eq!(learned, after(&[60]), "broken: not learned once");
            }
            other => panic!("broken: {other:?}"),
        }
        assert_eq!(evidence, Some(60), "broken: not the latest");
    });
}

/// Whoever sees what was learned sees the beats that it was learned from, whichever threads told them.
#[test]
fn a_timeout_counts_from_its_beat() {
    timeout_counts_from_its_beat(&[10]);
    timeout_counts_from_its_beat(&[10, 25]);
}

mutant!(a_timeout_needs_release, NoRelease, timeout_counts_from_its_beat(&[10]));
mutant!(a_timeout_needs_acquire, NoAcquire, timeout_counts_from_its_beat(&[10]));
mutant!(a_timeout_of_others_needs_release, NoRelease, timeout_counts_from_its_beat(&[10, 25]));

fn timeout_counts_from_its_beat(beats: &'static [u64]) {
    model(move || {
        let peer = Arc::new(EwmaPhi::new());
        peer.heartbeat(&settings(), 0);
        let reader = peer.clone();
        let reader = thread::spawn(move || {
            let (evidence, learned) = reader.read();
            // One interval is at least the first beat's, two are those of both.
            if let Some(known) = (Moments::from_word(learned).count as usize).checked_sub(1) {
                assert!(evidence >= Some(beats[known]), "broken: {known} learned before {evidence:?}");
            }
        });
        let others = beats[1..].iter().map(|&beat| {
            let peer = peer.clone();
            thread::spawn(move || peer.heartbeat(&settings(), beat))
        });
        let others = others.collect::<std::vec::Vec<_>>();
        peer.heartbeat(&settings(), beats[0]);
        for other in others {
            other.join().unwrap();
        }
        reader.join().unwrap();
    });
}

/// A gap of our own and a beat are as one after the other, so that neither is lost.
#[test]
fn a_gap_loses_no_beat() {
    gap_loses_no_beat();
}

mutant!(a_gap_needs_one_step, Torn, gap_loses_no_beat());
mutant!(a_gap_needs_what_is_there, Stores, gap_loses_no_beat());

fn gap_loses_no_beat() {
    model_in_turn(|a_spawns| {
        let (beat, (), evidence, learned) =
            both(a_spawns, |peer| peer.heartbeat(&settings(), 10), |peer| peer.observe_local_gap(5));
        let (interval, end) = if beat == heard(5) { (5, 10) } else { (10, 15) };
        assert_eq!((beat, evidence), (heard(interval), Some(end)), "broken: not one after the other");
        assert_eq!(learned, settings().learn(0, interval), "broken: not what was heard");
    });
}

/// Hearsay takes no beat away, and an interval is learned if and only if it is between two beats.
#[test]
fn hearsay_is_told_from_beats() {
    hearsay_is_no_beat();
}

mutant!(hearsay_needs_one_step, Torn, hearsay_is_no_beat());

fn hearsay_is_no_beat() {
    model_in_turn(|a_spawns| {
        let (beat, (), evidence, learned) =
            both(a_spawns, |peer| peer.heartbeat(&settings(), 10), |peer| peer.witness(7));
        assert_eq!(evidence, Some(10), "broken: a beat is lost");
        let between_beats = beat == heard(10);
        assert!(between_beats || beat == heard(3), "broken: {beat:?}");
        assert_eq!(learned, if between_beats { settings().learn(0, 10) } else { 0 }, "broken: {beat:?}");
    });
}
