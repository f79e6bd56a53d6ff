//! Times of cases, taken in slices that take turns, so that what disturbs one disturbs all.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Case;

/// For each case, the time per call in each round, in nanoseconds. The n-th entries of all cases were taken together.
pub type Rounds = Vec<Vec<f64>>;

/// One thread: `rounds` times a slice of `calls` of every case.
pub fn one_thread(cases: &[Case], rounds: usize, calls: usize) -> Rounds {
    let mut workers: Vec<_> = cases.iter().map(Case::worker).collect();
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..rounds + WARM_UP {
        for (worker, times) in workers.iter_mut().zip(&mut times) {
            worker.prepare(begin_of(round, calls), calls);
            let start = Instant::now();
            worker.run(calls);
            let elapsed = start.elapsed();
            if round >= WARM_UP {
                times.push(per_call(elapsed, calls));
            }
        }
    }
    times
}

/// Two threads at once: `rounds` times a slice of `calls` of every case; the slice ends for both when one of them has
/// made all its calls. A time per call is the slice's length over the calls of both threads, so half of what each waits.
pub fn two_threads(cases: &[Case], rounds: usize, calls: usize) -> Rounds {
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    let mut slices = 0;
    for round in 0..rounds + WARM_UP {
        for (case, times) in cases.iter().zip(&mut times) {
            let mut slice = || {
                slices += 1;
                contended_slice(case, THREADS, begin_of(slices, calls), calls)
            };
            let time = undisturbed(&mut slice);
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    times
}

/// By turns one thread and two: `rounds` times a slice of `calls` of every case with each. What is done with two threads
/// takes half of the time per call, if they aren't in each other's way.
pub fn one_and_two_threads(cases: &[Case], rounds: usize, calls: usize) -> [Rounds; THREADS] {
    let mut times = [(); THREADS].map(|()| vec![Vec::with_capacity(rounds); cases.len()]);
    let mut slices = 0;
    for round in 0..rounds + WARM_UP {
        for (index, case) in cases.iter().enumerate() {
            for (less, times) in times.iter_mut().enumerate() {
                let mut slice = || {
                    slices += 1;
                    contended_slice(case, less + 1, begin_of(slices, calls), calls)
                };
                let time = undisturbed(&mut slice);
                if round >= WARM_UP {
                    times[index].push(time);
                }
            }
        }
    }
    times
}

/// A slice during which one thread had to wait for a processor measures the other one alone. If there is no other: NaN.
fn undisturbed(slice: &mut impl FnMut() -> Slice) -> f64 {
    (0..=TRIES)
        .map(|_| slice())
        .find(|slice| slice.alone < ALONE_MAX)
        .map_or(f64::NAN, |slice| slice.per_call)
}

/// The threads are made anew, which is not timed: each begins to count when both are ready.
fn contended_slice(case: &Case, threads: usize, at: u64, calls: usize) -> Slice {
    let (ready, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let thread = || {
        let mut worker = case.worker();
        worker.prepare(at, calls);
        let mut done = 0;
        // Before the barrier: a thread that is ready, but doesn't run, leaves the other one alone.
        let waited = waited_for_processor();
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < threads {
            spin_loop();
        }
        let start = Instant::now();
        while done < calls && !stop.load(Ordering::Relaxed) {
            worker.run(CHUNK);
            done += CHUNK;
        }
        stop.store(true, Ordering::Relaxed);
        let elapsed = start.elapsed();
        let alone = waited_for_processor().saturating_sub(waited).as_secs_f64() / elapsed.as_secs_f64();
        (1.0 / per_call(elapsed, done), alone)
    };
    let threads: Vec<(f64, f64)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(thread)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a worker")).collect()
    });
    Slice {
        per_call: 1.0 / threads.iter().map(|(rate, _)| rate).sum::<f64>(),
        alone: threads.iter().map(|(_, alone)| alone).sum(),
    }
}

struct Slice {
    per_call: f64,
    /// The part of the time in which only one thread ran, though both wanted to.
    alone: f64,
}

/// How long this thread has been ready to run and didn't, as Linux tells it; nothing elsewhere.
fn waited_for_processor() -> Duration {
    let waited = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse().ok());
    Duration::from_nanos(waited.unwrap_or(0))
}

/// No slice goes where an earlier one has been: a wall moves by one step a call at most.
fn begin_of(round: usize, calls: usize) -> u64 {
    (1_000 + round * (calls + 10)) as u64
}

/// The median, and the quartiles, of a case's times over those of the floor, round by round.
#[derive(Clone, Copy)]
pub struct Ratio {
    pub median: f64,
    pub quartiles: (f64, f64),
    /// How many rounds were undisturbed, in both.
    pub rounds: usize,
}

impl Ratio {
    pub fn new(case: &[f64], floor: &[f64]) -> Self {
        let mut ratios: Vec<f64> = case
            .iter()
            .zip(floor)
            .map(|(case, floor)| case / floor)
            .filter(|ratio| !ratio.is_nan())
            .collect();
        ratios.sort_by(f64::total_cmp);
        let at =
            |quarter| ratios.get(ratios.len().saturating_sub(1) * quarter / 4).copied().unwrap_or(f64::NAN);
        Self { median: at(2), quartiles: (at(1), at(3)), rounds: ratios.len() }
    }

    /// Whether half of the rounds lie further apart than a tenth of the median, or too few were undisturbed.
    pub fn is_noisy(&self) -> bool {
        self.rounds < 10 || self.quartiles.1 - self.quartiles.0 > self.median / 10.0
    }
}

#[expect(clippy::cast_precision_loss, reason = "slices are far shorter than 2^52 ns")]
fn per_call(elapsed: Duration, calls: usize) -> f64 {
    elapsed.as_nanos() as f64 / calls as f64
}

const THREADS: usize = 2;
const WARM_UP: usize = 3;
const TRIES: usize = 5;
const ALONE_MAX: f64 = 0.05;
/// Calls between two looks at whether the other thread is done.
const CHUNK: usize = 1_024;
