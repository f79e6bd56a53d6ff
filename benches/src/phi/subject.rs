//! One shape for all detectors, so that all do the same job in the same loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::{HEARTBEAT, MIXED, ON_TIME, OVERDUE, SUSPECT};
use crate::{Case, sink, worker};

/// A detector on one thread, or one thread's handle to a shared one. All results go into a sink.
pub trait Subject: Sized + 'static {
    const NAME: &'static str;
    /// A time in the unit that the detector likes best.
    type Time: 'static;

    /// For a peer that was never heard of. Some need other settings for some jobs.
    fn new(job: &str) -> Self;

    fn does(_job: &str) -> bool {
        true
    }

    fn time(at: Duration) -> Self::Time;
    fn heartbeat(&mut self, at: &Self::Time);
    /// At phi 8, or at the timeout.
    fn suspects(&mut self, now: &Self::Time) -> bool;
    fn phi(&mut self, now: &Self::Time) -> f64;
}

/// The same for detectors that threads share.
pub trait SharedSubject: Send + Sync + Sized + 'static {
    const NAME: &'static str;
    type Time: 'static;

    fn new(job: &str) -> Self;

    fn does(_job: &str) -> bool {
        true
    }

    fn time(at: Duration) -> Self::Time;
    fn heartbeat(&self, at: &Self::Time);
    fn suspects(&self, now: &Self::Time) -> bool;
    fn phi(&self, now: &Self::Time) -> f64;
}

/// One thread's handle to a shared detector.
pub struct Handle<C>(Arc<C>);

impl<C> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: SharedSubject> Subject for Handle<C> {
    const NAME: &'static str = C::NAME;
    type Time = C::Time;

    fn new(job: &str) -> Self {
        Self(Arc::new(C::new(job)))
    }

    fn does(job: &str) -> bool {
        C::does(job)
    }

    fn time(at: Duration) -> Self::Time {
        C::time(at)
    }

    #[inline]
    fn heartbeat(&mut self, at: &Self::Time) {
        self.0.heartbeat(at);
    }

    #[inline]
    fn suspects(&mut self, now: &Self::Time) -> bool {
        self.0.suspects(now)
    }

    #[inline]
    fn phi(&mut self, now: &Self::Time) -> f64 {
        self.0.phi(now)
    }
}

/// A detector that isn't shared, shared. A name for each: constants can't be put together.
pub struct Locked<C>(Mutex<C>);

pub trait LockedName {
    const NAME: &'static str;
}

impl<C: Subject + LockedName + Send> SharedSubject for Locked<C> {
    const NAME: &'static str = <C as LockedName>::NAME;
    type Time = C::Time;

    fn new(job: &str) -> Self {
        Self(Mutex::new(C::new(job)))
    }

    fn does(job: &str) -> bool {
        C::does(job)
    }

    fn time(at: Duration) -> Self::Time {
        C::time(at)
    }

    #[inline]
    fn heartbeat(&self, at: &Self::Time) {
        self.0.lock().heartbeat(at);
    }

    #[inline]
    fn suspects(&self, now: &Self::Time) -> bool {
        self.0.lock().suspects(now)
    }

    #[inline]
    fn phi(&self, now: &Self::Time) -> f64 {
        self.0.lock().phi(now)
    }
}

/// When the n-th beat arrives: once a second, with a jitter that looks random and has a standard deviation of a tenth.
pub fn beat(number: u64) -> Duration {
    Duration::new(BEGIN + number, below(number, JITTER))
}

/// With as many intervals as its window holds, and as many that it has forgotten.
pub fn steady<S: Subject>(job: &str, window: u64) -> S {
    let mut subject = S::new(job);
    for number in 0..beats(window) {
        subject.heartbeat(&S::time(beat(number)));
    }
    subject
}

/// How many beats a [`steady`] detector has heard. Not more, since there is one whose mean drifts with their number.
pub const fn beats(window: u64) -> u64 {
    window + 1
}

/// The times at which a steady detector is asked.
pub fn questions<S: Subject>(job: &str, window: u64) -> Vec<S::Time> {
    let last = beat(beats(window) - 1);
    let silence = |number| {
        if job == OVERDUE {
            // From 3 standard deviations after the mean to 20: where peers aren't infinite yet.
            Duration::from_millis(1_300) + Duration::from_micros(below(number, 1_700_000).into())
        } else {
            Duration::from_micros(below(number, 900_000).into())
        }
    };
    (0..QUESTIONS).map(|number| S::time(last + silence(number))).collect()
}

/// On one thread: each worker has a detector of its own.
pub(super) fn alone<S: Subject>(cases: &mut Vec<Case>, window: u64) {
    if S::does(HEARTBEAT) {
        cases.push(Case::new(S::NAME, HEARTBEAT, move || {
            worker(
                (steady::<S>(HEARTBEAT, window), Vec::new(), beats(window), 0),
                |(_, table, first, next), _, calls| {
                    table.clear();
                    table.extend((0..calls as u64).map(|number| S::time(beat(*first + number))));
                    *first += calls as u64;
                    *next = 0;
                },
                |(subject, table, _, next), calls| {
                    for at in &table[*next..*next + calls] {
                        subject.heartbeat(at);
                    }
                    *next += calls;
                },
            )
        }));
    }
    for job in [SUSPECT, ON_TIME, OVERDUE] {
        if S::does(job) {
            cases.push(Case::new(S::NAME, job, move || asked(job, window, steady::<S>(job, window))));
        }
    }
}

/// On as many threads as there are workers: all have the same detector.
pub(super) fn contended<C: SharedSubject>(cases: &mut Vec<Case>, window: u64) {
    for job in [HEARTBEAT, MIXED] {
        if C::does(job) {
            let subject: Handle<C> = steady(job, window);
            let next = Arc::new(AtomicU64::new(beats(window)));
            let questions = if job == MIXED { 15 } else { 0 };
            cases.push(Case::new(C::NAME, job, move || heard(subject.clone(), Arc::clone(&next), questions)));
        }
    }
    for job in [SUSPECT, ON_TIME, OVERDUE] {
        if C::does(job) {
            let subject: Handle<C> = steady(job, window);
            cases.push(Case::new(C::NAME, job, move || asked(job, window, subject.clone())));
        }
    }
}

/// Each beat's number comes from a word that all threads add to, so that each beat is another one; after each beat so many
/// questions.
fn heard<S: Subject>(subject: S, next: Arc<AtomicU64>, questions: usize) -> Box<dyn crate::Work> {
    let times = |number| (S::time(beat(number)), S::time(beat(number) + Duration::from_millis(500)));
    worker(
        (subject, Vec::new(), 0),
        {
            let next = Arc::clone(&next);
            move |(_, table, first), _, calls| {
                *first = next.load(Ordering::Relaxed);
                table.clear();
                // Both threads take from it, and either may go on for a while when the other one is done.
                let beats = 2 * (calls + 2_048) / (questions + 1);
                table.extend((0..beats as u64).map(|number| times(*first + number)));
            }
        },
        move |(subject, table, first), calls| {
            for _ in 0..calls / (questions + 1) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let index = usize::try_from(number - *first).expect("64 bits");
                let made;
                let (at, now) = if let Some(times) = table.get(index) {
                    times
                } else {
                    made = times(number);
                    &made
                };
                subject.heartbeat(at);
                for _ in 0..questions {
                    sink(&subject.suspects(now));
                }
            }
        },
    )
}

fn asked<S: Subject>(job: &'static str, window: u64, subject: S) -> Box<dyn crate::Work> {
    let state = (subject, questions::<S>(job, window));
    // The loops are written twice, so that what is called in them can be inlined.
    if job == SUSPECT {
        worker(
            state,
            |_, _, _| {},
            |(subject, questions), calls| {
                for part in parts(calls, questions.len()) {
                    for now in &questions[..part] {
                        sink(&subject.suspects(now));
                    }
                }
            },
        )
    } else {
        worker(
            state,
            |_, _, _| {},
            |(subject, questions), calls| {
                for part in parts(calls, questions.len()) {
                    for now in &questions[..part] {
                        sink(&subject.phi(now));
                    }
                }
            },
        )
    }
}

/// So many calls, in parts of at most `len`.
fn parts(calls: usize, len: usize) -> impl Iterator<Item = usize> {
    (0..calls).step_by(len).map(move |done| len.min(calls - done))
}

/// A number that looks random: the finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
fn below(number: u64, bound: u32) -> u32 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    u32::try_from((u128::from(bits) * u128::from(bound)) >> 64).expect("below the bound")
}

const BEGIN: u64 = 1_000;
/// The difference of two that are uniform up to here has a standard deviation of a tenth of a second.
const JITTER: u32 = 245_000_000;
const QUESTIONS: u64 = 1_024;
