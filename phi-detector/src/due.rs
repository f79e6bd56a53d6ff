use core::time::Duration;

use crate::multiples::Multiples;
use crate::schedule::Step;
use crate::watch::Watch;
use crate::{Beat, Heard, Resolution, State, Suspicion};

/// What all detectors do alike that expect the next beat at some time, and allow a margin after it: levels are multiples of
/// the margin.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Due<const L: usize> {
    watch: Watch<L>,
    levels: Multiples<L>,
    samples: u32,
    /// Beats until a peer that was silent for too long is taken for steady again.
    recovering: u32,
}

impl<const L: usize> Due<L> {
    /// # Panics
    /// If a level isn't greater than zero and finite.
    pub(crate) fn new(resolution: Resolution, levels: [f64; L]) -> Self {
        Self { watch: Watch::new(resolution), levels: Multiples::new(levels), samples: 0, recovering: 0 }
    }

    /// A beat came. To be followed by [`publish`](Self::publish).
    pub(crate) fn arrive(&mut self, beat: &Beat, clip: u64) -> (Heard, Option<Step>) {
        let (heard, each) = self.watch.arrive(beat, clip);
        let Heard::Interval { interval, lost } = heard else { return (heard, None) };
        let resolution = self.watch.resolution();
        let stall = each.is_some_and(|each| each > clip);
        self.recovering = if stall { SETTLED } else { self.recovering.saturating_sub(1) };
        self.samples = self.samples.saturating_add(1);
        let on_time = self.watch.evidence() >= Some(resolution.ticks(beat.at));
        let numbered = beat.sequence.is_some();
        (heard, Some(Step { ticks: resolution.ticks(interval), lost, on_time, numbered }))
    }

    /// The next beat is expected so much after the evidence of life.
    pub(crate) fn publish(&mut self, ahead: i64, margin: u64) {
        self.watch.publish(self.levels.of(margin).map(|allowed| allowed.saturating_add_signed(ahead).max(1)));
    }

    /// To be followed by [`publish`](Self::publish).
    pub(crate) fn witness(&mut self, at: Duration) {
        self.watch.witness(at);
    }

    /// To be followed by [`publish`](Self::publish). Says how many ticks it took.
    pub(crate) fn observe_local_gap(&mut self, gap: Duration) -> u64 {
        self.watch.observe_local_gap(gap);
        self.watch.resolution().ticks(gap)
    }

    pub(crate) fn duration(&self, ticks: u64) -> Duration {
        self.watch.resolution().duration(ticks)
    }

    pub(crate) fn silent_since(&self) -> Option<Duration> {
        self.watch.silent_since()
    }

    /// By how many margins the expected beat is late.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
    pub(crate) fn suspicion(&self, now: Duration, ahead: i64, margin: u64) -> Suspicion {
        let late = |silence: u64| i128::from(silence) - i128::from(ahead);
        let phi = |silence| late(silence).max(0) as f64 / margin as f64;
        self.watch.suspicion(now, phi, State::of_known(self.samples, SETTLED, self.recovering))
    }

    pub(crate) fn deadline(&self, level: usize) -> Option<Duration> {
        self.watch.deadline(level)
    }

    #[inline]
    pub(crate) fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.watch.is_suspect(now, level)
    }
}

/// So many intervals are enough to judge by.
const SETTLED: u32 = 8;
