//! That all detectors in the tables for `phi-detector` do the same job: they hear the same beats, keep as many, and answer the
//! same questions.

use std::time::Duration;

use spacelike_benches::phi::subject::{Handle, SharedSubject, Subject, beat, beats, questions, steady};
use spacelike_benches::phi::{
    self, HEARTBEAT, ON_TIME, OVERDUE, SUSPECT, SharedVisitor, Visitor, WINDOWS, names,
};
use spacelike_phi_detector::{Beat, FailureDetector, Heard, LocalPhi, Normal, Settings};

/// Beats come once a second, with a standard deviation of a tenth, and each is an interval: nothing is dropped, and nothing is
/// clipped.
#[test]
fn beats_are_jittered_around_a_second() {
    let mut peer: LocalPhi<Normal, 1000, 1> = LocalPhi::new(&Settings::new(Duration::from_secs(1)), [8.0]);
    let mut hear = |number| {
        let on_time = peer.deadline_at(8.0).is_none_or(|clip| beat(number) < clip);
        (on_time, FailureDetector::heartbeat(&mut peer, Beat::at(beat(number))))
    };
    assert_eq!(hear(0), (true, Heard::First));
    for number in 1..100_000 {
        assert!(matches!(hear(number), (true, Heard::Interval { lost: 0, .. })), "{number}");
    }
    let intervals = || (1..100_000).map(|number| beat(number).abs_diff(beat(number - 1)).as_secs_f64());
    let variance = intervals().map(|interval| (interval - 1.0).powi(2)).sum::<f64>() / 99_999.0;
    assert!((variance.sqrt() - 0.1).abs() < 0.001, "{}", variance.sqrt());
}

/// Nobody suspects a peer that is on time, at any of the questions that are timed, and all suspect one that is dead.
#[test]
fn all_detectors_suspect_alike() {
    every(&mut |window, asked| {
        if (asked.does)(SUSPECT) {
            assert!(!(asked.suspects)(window).contains(&true), "{}, {window}", asked.name);
            assert!((asked.dead)(window), "{}, {window}", asked.name);
        }
    });
}

/// All that compute phi by their formula, exact or logistic, find what it gives for those beats: none is spared the work, and no
/// question is put where a peer's is infinite. The others are timeouts, and three that compute something else.
#[test]
fn all_detectors_find_about_the_same_phi() {
    let others = [
        names::INTEGER_PHI,
        names::QUANTILE_TAIL,
        names::CHEN,
        names::TWO_WINDOW,
        names::BERTIER,
        names::JACOBSON,
        names::FIXED,
        names::PHI_ACCRUAL,
        names::PHI_ACCRUAL_LOCKED,
        names::PAD,
    ];
    every(&mut |window, asked| {
        if !(asked.does)(ON_TIME) || others.contains(&asked.name) {
            return;
        }
        for (job, expected) in [(ON_TIME, 0.001..0.02), (OVERDUE, 15.0..150.0)] {
            let phis = (asked.phis)(job, window);
            assert!(phis.iter().all(|phi| phi.is_finite() && *phi >= 0.0), "{}, {window}, {job}", asked.name);
            let mean = phis.iter().sum::<f64>() / 1_024.0;
            assert!(expected.contains(&mean), "{}, {window}, {job}: {mean}", asked.name);
        }
    });
}

/// One detector, and what it answers.
struct Asked {
    name: &'static str,
    does: fn(&str) -> bool,
    suspects: fn(u64) -> Vec<bool>,
    dead: fn(u64) -> bool,
    phis: fn(&str, u64) -> Vec<f64>,
}

impl Asked {
    fn of<S: Subject>() -> Self {
        assert!(S::does(HEARTBEAT), "all hear beats");
        Self {
            name: S::NAME,
            does: S::does,
            suspects: |window| {
                let mut subject: S = steady(SUSPECT, window);
                questions::<S>(SUSPECT, window).iter().map(|now| subject.suspects(now)).collect()
            },
            dead: |window| {
                let mut subject: S = steady(SUSPECT, window);
                subject.suspects(&S::time(beat(beats(window) - 1) + Duration::from_secs(60)))
            },
            phis: |job, window| {
                let mut subject: S = steady(job, window);
                questions::<S>(job, window).iter().map(|now| subject.phi(now)).collect()
            },
        }
    }
}

fn every(call: &mut dyn FnMut(u64, Asked)) {
    for window in WINDOWS {
        let mut all = All(vec![]);
        phi::each_local(window, &mut all);
        phi::each_shared(window, &mut all);
        all.0.into_iter().for_each(|asked| call(window as u64, asked));
    }
}

struct All(Vec<Asked>);

impl Visitor for All {
    fn visit<S: Subject>(&mut self) {
        self.0.push(Asked::of::<S>());
    }
}

impl SharedVisitor for All {
    fn visit<C: SharedSubject>(&mut self) {
        self.0.push(Asked::of::<Handle<C>>());
    }
}
