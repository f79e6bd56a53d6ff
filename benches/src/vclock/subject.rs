//! One shape for all clocks, so that all do the same job in the same loop.

use std::cmp::Ordering;
use std::hint::black_box;

use super::{CLONE, DECODE, ENCODE, Entries, Jobs, TICK};
use crate::{Case, sink, worker};

/// A clock on one thread.
pub trait Subject: Clone + Default + 'static {
    const NAME: &'static str;
    /// Whose counter it is, in the clock's own terms.
    type Id: 'static;
    /// What its comparison gives: one of four answers.
    type Relation: 'static;

    /// Whether it has an operation for this job.
    fn does(job: &str) -> bool;

    fn new(entries: &Entries) -> Self;
    /// The id of the entry at this index.
    fn id(entries: &Entries, index: usize) -> Self::Id;
    fn get(&self, id: &Self::Id) -> u64;

    /// Counts an event, and sinks what is given for it.
    fn tick(&mut self, id: &Self::Id);
    fn compare(&self, other: &Self) -> Self::Relation;
    /// The answer in the words of the standard library. Not timed.
    fn order(relation: Self::Relation) -> Option<Ordering>;
    /// Takes over what `other` has. Some peers want to own it: what they leave is not used again.
    fn merge(&mut self, other: &mut Self);

    fn encode(&self) -> Vec<u8>;
    fn decode(bytes: &[u8]) -> Self;
}

pub(super) fn case<S: Subject>(n: usize, job: &'static str) -> Case {
    Case::new(S::NAME, job, move || match job {
        // A node counts its own events. Its entry is in the middle, for clocks that search from one end.
        TICK => {
            let entries = Jobs::new(n).entries();
            let own = S::id(&entries, n / 2);
            worker(
                S::new(&entries),
                |_, _, _| {},
                move |clock, calls| {
                    for _ in 0..calls {
                        clock.tick(black_box(&own));
                    }
                    sink(clock);
                },
            )
        }
        CLONE => on_pairs::<S, _>(n, job, |(clock, _)| sink(&clock.clone())),
        ENCODE => on_pairs::<S, _>(n, job, |(clock, _)| sink(&clock.encode())),
        DECODE => {
            let bytes: Vec<Vec<u8>> = pairs::<S>(n, job).iter().map(|pair| pair.0.encode()).collect();
            worker(
                bytes,
                |_, _, _| {},
                |bytes, calls| {
                    for bytes in bytes.iter().cycle().take(calls) {
                        sink(&S::decode(black_box(bytes)));
                    }
                },
            )
        }
        _ if job.starts_with("compare") => {
            on_pairs::<S, _>(n, job, |(left, right)| sink(&left.compare(black_box(right))))
        }
        _ => merge_case::<S>(n, job),
    })
}

/// How many calls of a job are timed at once: few where each takes long, or needs clocks of its own, which all together
/// shall fit into the processor's second cache.
pub(super) fn calls(n: usize, job: &str) -> usize {
    match job {
        TICK => 2_048,
        _ if job.starts_with("merge") => ((1 << 19) / (64 + n * 32)).clamp(16, 2_048),
        _ => ((1 << 15) / n).clamp(32, 4_096),
    }
}

/// Merges into a fresh clock at every call. These are made beforehand, and dropped afterwards.
fn merge_case<S: Subject>(n: usize, job: &'static str) -> Box<dyn crate::Work> {
    let pairs = pairs::<S>(n, job);
    worker(
        vec![],
        move |merges: &mut Vec<(S, S)>, _, calls| {
            merges.clear();
            merges.extend(pairs.iter().cycle().take(calls).cloned());
        },
        |merges, _| {
            for (target, other) in merges {
                target.merge(black_box(other));
                black_box(&mut *target);
            }
        },
    )
}

fn on_pairs<S: Subject, R>(n: usize, job: &str, run: R) -> Box<dyn crate::Work>
where
    R: Fn(&(S, S)) + 'static,
{
    worker(
        pairs::<S>(n, job),
        |_, _, _| {},
        move |pairs, calls| {
            for pair in pairs.iter().cycle().take(calls) {
                run(black_box(pair));
            }
        },
    )
}

/// Several, so that the processor doesn't learn one by heart; of large clocks fewer, so that they stay in its caches.
fn pairs<S: Subject>(n: usize, job: &str) -> Vec<(S, S)> {
    let mut jobs = Jobs::new(n);
    let count = if n > 256 { 4 } else { 16 };
    (0..count).map(|_| jobs.pair(job)).map(|(left, right)| (S::new(&left), S::new(&right))).collect()
}
