//! The shared detector: one thread finds in it what a `LocalPhi` is, and many lose nothing.

#![cfg(any(target_has_atomic = "64", feature = "critical-section"))]

use core::fmt::Debug;
use core::time::Duration;
use std::thread;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use spacelike_phi_detector::{
    Beat, Exponential, FailureDetector, Heard, LocalPhi, Logistic, Model, Normal, Phi, Resolution, Settings,
    State,
};

/// What a detector is told.
#[derive(Clone, Debug)]
enum Input {
    Beat(Beat),
    Witness(Duration),
    Gap(Duration),
}

/// A year: how late a beat is fits 47 bits of the shortest ticks here, whatever happens.
const LONG: u64 = 30_000_000;

fn times() -> impl Strategy<Value = Duration> {
    prop_oneof![
        3 => (0u64..100_000_000).prop_map(Duration::from_micros),
        1 => (0u64..LONG, 0u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n)),
    ]
}

/// What happens next: mostly a beat within a few seconds.
#[derive(Clone, Debug)]
enum Step {
    /// The next beat, after so many microseconds, with so many lost before it, that took so long to come.
    Next {
        micros: u64,
        lost: u64,
        delay: u64,
        fields: (bool, bool, bool),
        restart: bool,
    },
    Again,
    Anything(Input),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let numbers =
        || prop_oneof![2 => Just(None), 3 => (0u64..50).prop_map(Some), 1 => (0u64..1 << 46).prop_map(Some)];
    let epochs = prop_oneof![
        2 => Just(None),
        3 => (0u64..4).prop_map(Some),
        1 => (0u64..4).prop_map(|n| Some(n << 16 | n)),
        1 => (0..u64::MAX).prop_map(Some)
    ];
    let beats = (times(), numbers(), proptest::option::of(times()), epochs)
        .prop_map(|(at, sequence, sent, epoch)| Input::Beat(Beat { at, sequence, sent, epoch }));
    let anything = prop_oneof![
        3 => beats,
        2 => times().prop_map(Input::Witness),
        2 => (0u64..20_000).prop_map(|millis| Input::Gap(Duration::from_millis(millis))),
        1 => times().prop_map(Input::Gap),
    ];
    let micros = prop_oneof![6 => 800_000u64..1_200_000, 2 => 0u64..30_000_000, 1 => 0u64..3_000];
    let delays = prop_oneof![4 => 0u64..100_000, 1 => 0u64..60_000_000];
    let fields = prop_oneof![6 => Just((true, true, true)), 1 => any::<(bool, bool, bool)>()];
    let lost = prop_oneof![8 => Just(0u64), 1 => 0u64..4];
    let next = (micros, lost, delays, fields, prop::bool::weighted(0.03)).prop_map(
        |(micros, lost, delay, fields, restart)| Step::Next { micros, lost, delay, fields, restart },
    );
    prop::collection::vec(
        prop_oneof![30 => next, 1 => Just(Step::Again), 2 => anything.prop_map(Step::Anything)],
        0..80,
    )
}

/// Histories of one peer, whose beats have numbers, times of sending, and epochs, or some of them, mostly the same.
fn histories() -> impl Strategy<Value = Vec<Input>> {
    (any::<(bool, bool, bool)>(), steps()).prop_map(|(usual, steps)| {
        let (mut now, mut number, mut epoch) = (Duration::from_secs(1), 0u64, 7u64);
        let mut latest = Beat::at(now);
        let mut inputs = Vec::new();
        for step in steps {
            inputs.push(match step {
                Step::Anything(input) => input,
                Step::Again => Input::Beat(latest),
                Step::Next { micros, lost, delay, fields, restart } => {
                    now += Duration::from_micros(micros);
                    number += 1 + lost;
                    if restart {
                        (epoch, number) = (epoch + 1, 1);
                    }
                    let sent = now.saturating_sub(Duration::from_micros(delay));
                    latest = Beat {
                        at: now,
                        sequence: (fields.0 && usual.0).then_some(number),
                        sent: (fields.1 && usual.1).then_some(sent),
                        epoch: (fields.2 && usual.2).then_some(epoch),
                    };
                    Input::Beat(latest)
                }
            });
        }
        inputs
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let pauses = prop_oneof![2 => Just(Duration::ZERO), 1 => (0u64..5_000).prop_map(Duration::from_millis)];
    let periods = prop_oneof![3 => Just(1_000), 1 => 3u64..100_000].prop_map(Duration::from_millis);
    let floors = prop_oneof![
        2 => Just((Duration::from_millis(100), 100)),
        1 => Just((Duration::ZERO, 0)),
        1 => ((0u64..100_000).prop_map(Duration::from_micros), 0u32..3_000),
    ];
    (periods, pauses, floors, prop_oneof![3 => Just(20u32), 1 => 10u32..=21]).prop_map(
        |(period, pause, (sd_min, sd_min_permille), shift)| Settings {
            period,
            pause,
            sd_min,
            sd_min_permille,
            resolution: Resolution::of_nanos_log2(shift),
        },
    )
}

/// One thread can't tell the two apart.
fn same<M: Model>(settings: &Settings, levels: [f64; 2], history: &[Input]) -> TestCaseResult {
    let mut local = LocalPhi::<M, 12, 2>::new(settings, levels);
    let shared = Phi::<M, 12, 2>::new(settings, levels);
    for input in history {
        match input {
            Input::Beat(beat) => {
                prop_assert_eq!(shared.heartbeat(*beat), local.heartbeat(*beat), "{:?}", beat);
            }
            Input::Witness(at) => {
                shared.witness(*at);
                local.witness(*at);
            }
            Input::Gap(gap) => {
                shared.observe_local_gap(*gap);
                local.observe_local_gap(*gap);
            }
        }
        prop_assert_eq!(shared.deadline(0), local.deadline(0), "{:?}", input);
        prop_assert_eq!(shared.deadline(1), local.deadline(1));
        prop_assert_eq!(shared.deadline_at(3.0), local.deadline_at(3.0));
        prop_assert_eq!(shared.moments(), local.moments());
        let Some(deadline) = local.deadline(1) else {
            prop_assert_eq!(shared.suspicion(Duration::MAX), local.suspicion(Duration::MAX));
            continue;
        };
        for now in
            [deadline, deadline / 2, deadline.saturating_sub(settings.resolution.tick()), Duration::MAX]
        {
            prop_assert_eq!(shared.suspicion(now), local.suspicion(now));
            prop_assert_eq!(shared.is_suspect(now, 0), local.is_suspect(now, 0));
            prop_assert_eq!(shared.is_suspect(now, 1), local.is_suspect(now, 1));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Whoever changes from one to the other changes nothing else: every answer is the same, after every beat, as long as
    /// nothing happens that only one of them can hold.
    #[test]
    fn one_thread_cannot_tell_it_from_a_local_one(settings in settings(), history in histories()) {
        same::<Normal>(&settings, [1.0, 8.0], &history)?;
        same::<Logistic>(&settings, [0.5, 12.0], &history)?;
        same::<Exponential>(&settings, [3.0, 300.0], &history)?;
    }
}

/// So many threads hear beats, of each so many.
const THREADS: u64 = 4;
const BEATS: u64 = 5_000;

/// What they say of beats that come every 10 ticks, of which each thread hears every fourth.
fn heard_by_threads(peer: &Phi<Normal, 1000, 2>, beat: impl Fn(u64) -> Beat + Sync) -> Vec<Heard> {
    let hear = |thread| {
        let beat = &beat;
        move || (0..BEATS).map(|n| peer.heartbeat(beat(n * THREADS + thread))).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(hear(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn fast() -> Phi<Normal, 1000, 2> {
    let settings =
        Settings { resolution: Resolution::of_nanos_log2(0), ..Settings::new(Duration::from_nanos(10)) };
    Phi::new(&settings, [1.0, 8.0])
}

fn nanos(n: u64) -> Duration {
    Duration::from_nanos(1 + 10 * n)
}

/// Whichever threads hear the beats: intervals add up to the time between the first and the last, and what is published when all
/// is done is the newest.
#[test]
fn threads_lose_no_time() {
    let peer = fast();
    let heard = heard_by_threads(&peer, |n| Beat::at(nanos(n)));
    assert_eq!(heard.iter().filter(|heard| **heard == Heard::First).count(), 1);
    let sum: Duration = heard
        .iter()
        .map(|heard| if let Heard::Interval { interval, .. } = heard { *interval } else { Duration::ZERO })
        .sum();
    // The first was that of any thread.
    let firsts: Vec<_> = (0..THREADS).map(nanos).collect();
    let last = nanos(THREADS * BEATS - 1);
    assert!(firsts.iter().any(|first| *first + sum == last), "{sum:?} to {last:?}");

    for (level, phi) in [1.0, 8.0].into_iter().enumerate() {
        assert_eq!(peer.deadline(level), peer.deadline_at(phi));
    }
    let suspicion = peer.suspicion(last);
    assert_eq!((suspicion.elapsed, suspicion.stale), (Duration::ZERO, false));
}

/// Numbers, too: what was lost and what was heard adds up to what was sent.
#[test]
fn threads_lose_no_number() {
    let peer = fast();
    // Every third number is lost.
    let number = |n: u64| n + n / 2;
    let heard = heard_by_threads(&peer, |n| Beat::at(nanos(n)).with_sequence(number(n)));
    let (mut lost, mut news) = (0, 0);
    for heard in heard {
        match heard {
            Heard::Interval { lost: before, .. } => (lost, news) = (lost + before, news + 1),
            Heard::First => news += 1,
            Heard::Stale => {}
            Heard::Restarted => panic!("nobody has"),
        }
    }
    // Not counted is what came before the first: at most one number of each thread.
    let sent = number(THREADS * BEATS - 1) + 1;
    assert!((sent - number(THREADS)..=sent).contains(&(lost + news)), "{lost} and {news} of {sent}");
}

/// Each restart is told by one thread; and who only asks is never told that a peer is unknown that was heard, nor of a silence
/// that hasn't been.
#[test]
fn threads_see_each_restart_once() {
    let peer = fast();
    peer.heartbeat(Beat::at(Duration::ZERO).with_epoch(0));
    let (heard, asked) = thread::scope(|scope| {
        let asks = scope.spawn(|| {
            (0..THREADS * BEATS).all(|_| {
                let suspicion = peer.suspicion(nanos(THREADS * BEATS));
                suspicion.phi.is_finite() && suspicion.state != State::Unknown && peer.deadline(1).is_some()
            })
        });
        (heard_by_threads(&peer, |n| Beat::at(nanos(n)).with_epoch(n / 1_000)), asks.join().unwrap())
    });
    assert!(asked);
    let restarts = heard.iter().filter(|heard| **heard == Heard::Restarted).count() as u64;
    // A life of which no beat was in time is one that nobody saw.
    assert!((1..THREADS * BEATS / 1_000).contains(&restarts), "{restarts}");
}

/// Numbers may begin anywhere, and go on where 64 bits end; those of a new epoch begin anew, also if epochs look alike.
#[test]
fn numbers_wrap_and_begin_anew() {
    let mut hear = hears();
    let mut hear = |sequence, epoch: u64| hear(Some(sequence), Some(epoch));
    assert_eq!(hear(u64::MAX - 1, 1), None);
    assert_eq!(hear(u64::MAX, 1), Some(0));
    assert_eq!(hear(1, 1), Some(1));
    assert_eq!(hear(500, 1), Some(498));
    assert_eq!(hear(3, LIKE_1), None);
    assert_eq!(hear(4, LIKE_1), Some(0));
}

/// Also if the first beat of the new epoch has none, or if those of the old one were heard before it had a name.
#[test]
fn numbers_begin_anew_whoever_names_the_epoch() {
    let mut hear = hears();
    hear(Some(500), Some(1));
    assert_eq!(hear(None, Some(LIKE_1)), None);
    assert_eq!(hear(Some(2), Some(LIKE_1)), Some(0));
    assert_eq!(hear(Some(4), None), Some(1));

    let mut hear = hears();
    hear(Some(500), None);
    assert_eq!(hear(None, Some(1)), Some(0));
    assert_eq!(hear(Some(3), Some(2)), None);
    assert_eq!(hear(Some(5), Some(2)), Some(1));
}

/// An epoch with the tag of epoch 1.
const LIKE_1: u64 = (1 << 16 | 3) - 1;

/// Hears a beat each second, all of which are news; how many were lost before it, unless it is the first of a life.
fn hears() -> impl FnMut(Option<u64>, Option<u64>) -> Option<u64> {
    let peer: Phi = Phi::new(&Settings::new(Duration::from_secs(1)), [8.0]);
    let mut second = 0;
    move |sequence, epoch| {
        second += 1;
        let at = Duration::from_secs(second);
        match peer.heartbeat(Beat { at, sequence, epoch, sent: None }) {
            Heard::Interval { lost, .. } => Some(lost),
            heard => {
                assert_ne!(heard, Heard::Stale);
                None
            }
        }
    }
}

/// No gap is none to learn from: the interval counts.
#[test]
fn a_gap_of_nothing_changes_nothing() {
    let peer: Phi = Phi::new(&Settings::new(Duration::from_secs(1)), [8.0]);
    for second in 1..=4 {
        peer.observe_local_gap(Duration::ZERO);
        peer.heartbeat(Beat::at(Duration::from_secs(second)));
    }
    assert_eq!(peer.suspicion(Duration::from_secs(4)).state, State::Cold { samples: 3 });
}

/// All the detectors' users can take the shared one: by itself, or by a reference.
#[test]
fn it_is_a_detector_by_reference() {
    fn deadline(mut detector: impl FailureDetector) -> Option<Duration> {
        detector.heartbeat(Beat::at(Duration::from_secs(1)));
        detector.observe_local_gap(Duration::from_secs(4));
        detector.witness(Duration::from_secs(7));
        assert!(
            !detector.is_suspect(Duration::from_secs(7), 0)
                && detector.is_suspect(Duration::from_secs(70), 0)
        );
        assert_eq!(detector.suspicion(Duration::from_secs(7)).elapsed, Duration::ZERO);
        detector.deadline(0)
    }

    let new = || Phi::<Normal, 16, 1>::new(&Settings::new(Duration::from_secs(1)), [8.0]);
    let peer = new();
    let local = LocalPhi::<Normal, 16, 1>::new(&Settings::new(Duration::from_secs(1)), [8.0]);
    assert_eq!(deadline(&peer), deadline(local));
    assert_eq!(peer.deadline(0), deadline(new()));
    assert!(peer.levels().contains(&8.0));
}

/// At the ends of what can be said, nothing panics, and an answer is an answer.
#[test]
fn the_ends_of_everything_are_no_surprise() {
    let settings = Settings { pause: Duration::MAX, sd_min: Duration::MAX, ..Settings::new(Duration::MAX) };
    for settings in [settings, Settings { resolution: Resolution::of_nanos_log2(0), ..settings }] {
        let peer: Phi<Normal, 2, 2> = Phi::new(&settings, [1e-3, 1e9]);
        let ends = [Duration::ZERO, Duration::from_nanos(u64::MAX - 1), Duration::MAX];
        for (at, sent) in ends.into_iter().flat_map(|at| ends.map(|sent| (at, sent))) {
            for number in [0, u64::MAX] {
                peer.heartbeat(Beat { at, sent: Some(sent), sequence: Some(number), epoch: Some(number) });
                peer.witness(at);
                peer.observe_local_gap(sent);
                for now in ends {
                    let suspicion = peer.suspicion(now);
                    assert!(suspicion.phi.is_finite() && suspicion.phi >= 0.0);
                    assert!(peer.deadline(0) <= peer.deadline(1) && peer.deadline_at(1.0).is_some());
                }
            }
        }
    }
}
