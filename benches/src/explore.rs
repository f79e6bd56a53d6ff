use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::Criterion;

use crate::{Case, Work};

/// Runs cases under criterion, on one thread and on two.
pub fn explore(criterion: &mut Criterion, name: &str, cases: &[Case]) {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for case in cases {
        let label = format!("{}/{}", case.job, case.clock.replace(['*', '`'], ""));
        let mut worker = case.worker();
        let at = AtomicU64::new(FIRST);
        group.bench_function(format!("{label}/1 thread"), |bencher| {
            bencher
                .iter_custom(|calls| timed(&mut *worker, at.fetch_add(2 * calls, Ordering::Relaxed), calls));
        });
        let at = AtomicU64::new(at.into_inner());
        group.bench_function(format!("{label}/2 threads"), |bencher| {
            bencher.iter_custom(|calls| {
                let at = at.fetch_add(2 * calls, Ordering::Relaxed);
                let begin = std::sync::Barrier::new(2);
                let thread = || {
                    let mut worker = case.worker();
                    begin.wait();
                    timed(&mut *worker, at, calls)
                };
                // Each does all the calls: the time is what one call costs when both do the same.
                std::thread::scope(|scope| {
                    let other = scope.spawn(thread);
                    thread().max(other.join().expect("a worker"))
                })
            });
        });
    }
    group.finish();
}

/// In slices, because some cases make a table for each call beforehand.
fn timed(worker: &mut dyn Work, mut at: u64, calls: u64) -> Duration {
    let mut elapsed = Duration::ZERO;
    let mut left = usize::try_from(calls).expect("64 bits");
    while left > 0 {
        let slice = left.min(SLICE);
        worker.prepare(at, slice);
        at += slice as u64;
        let start = Instant::now();
        worker.run(slice);
        elapsed += start.elapsed();
        left -= slice;
    }
    elapsed
}

const FIRST: u64 = 1_000;
const SLICE: usize = 4_096;
