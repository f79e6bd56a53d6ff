use core::time::Duration;

use crate::arrivals::Arrivals;
use crate::deadlines::Deadlines;
use crate::ticks::after;
use crate::{Beat, Heard, Resolution, State, Suspicion};

/// What all detectors of one peer do alike: take beats in, and tell when a silence reaches each level. What they learn of the
/// intervals is their own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Watch<const L: usize> {
    resolution: Resolution,
    /// The last tick that there is.
    last: u64,
    arrivals: Arrivals,
    deadlines: Deadlines<L>,
}

impl<const L: usize> Watch<L> {
    pub(crate) const fn new(resolution: Resolution) -> Self {
        Self { resolution, last: resolution.last(), arrivals: Arrivals::NONE, deadlines: Deadlines::UNKNOWN }
    }

    pub(crate) const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// A beat came, and an interval longer than `clip` is a stall. Says what it was taken for, and how many ticks an interval
    /// took, with those of lost beats counted. Of one with a pause of our own it doesn't: who knows how many beats came then.
    #[expect(clippy::inline_always, reason = "else what it gives is copied, and a processor waits for it")]
    #[inline(always)]
    pub(crate) fn arrive(&mut self, beat: &Beat, clip: u64) -> (Heard, Option<u64>) {
        self.arrivals.arrive(beat, self.resolution, clip).heard(self.resolution)
    }

    /// The same of a beat that [`Arrivals::arrive_plainly`] takes. Says what it is, when it came, and how many ticks the interval
    /// took.
    #[expect(clippy::inline_always, reason = "else what it gives is copied, and a processor waits for it")]
    #[inline(always)]
    pub(crate) fn arrive_plainly(&mut self, beat: &Beat, short: u32) -> Option<(Heard, u64, u32)> {
        let (at, ticks) = self.arrivals.arrive_plainly(beat, self.resolution, short)?;
        Some((Heard::Interval { interval: self.resolution.duration_near(ticks.into()), lost: 0 }, at, ticks))
    }

    /// Each level is reached after a silence of so many ticks.
    #[inline]
    pub(crate) fn publish(&mut self, silences: [u64; L]) {
        if let Some(evidence) = self.arrivals.evidence() {
            self.publish_since(evidence, silences);
        }
    }

    /// The same, of a peer that is known.
    #[inline]
    pub(crate) fn publish_since(&mut self, evidence: u64, silences: [u64; L]) {
        for (level, silence) in silences.into_iter().enumerate() {
            let due = after(evidence, silence, self.last);
            self.deadlines.set(level, self.resolution.duration_near(due));
        }
    }

    /// To be followed by [`publish`](Self::publish).
    pub(crate) fn witness(&mut self, at: Duration) {
        self.arrivals.witness(self.resolution.ticks(at));
    }

    /// To be followed by [`publish`](Self::publish).
    pub(crate) fn observe_local_gap(&mut self, gap: Duration) {
        self.arrivals.observe_local_gap(self.resolution.ticks(gap));
    }

    /// Whether the next beat may be taken by [`arrive_plainly`](Self::arrive_plainly).
    pub(crate) fn is_plain(&self) -> bool {
        self.arrivals.is_plain()
    }

    /// The latest evidence of life; `None` if the peer is unknown.
    #[inline]
    pub(crate) fn evidence(&self) -> Option<u64> {
        self.arrivals.evidence()
    }

    /// The same, as a time.
    pub(crate) fn silent_since(&self) -> Option<Duration> {
        self.evidence().map(|evidence| self.resolution.duration(evidence))
    }

    /// When it will have been silent for so many ticks; `None` if the peer is unknown.
    pub(crate) fn after(&self, silence: u64) -> Option<Duration> {
        let evidence = self.evidence()?;
        Some(self.resolution.duration_near(after(evidence, silence, self.last)))
    }

    /// With the phi of a silence of so many ticks, and the state of a peer that is known.
    #[expect(clippy::inline_always, reason = "else all of it is computed, even if only phi is wanted")]
    #[inline(always)]
    pub(crate) fn suspicion(&self, now: Duration, phi: impl FnOnce(u64) -> f64, state: State) -> Suspicion {
        let Some(evidence) = self.arrivals.evidence() else {
            return Suspicion::UNKNOWN;
        };
        let silence = self.resolution.ticks(now).saturating_sub(evidence);
        Suspicion { phi: phi(silence), elapsed: self.resolution.duration(silence), state, stale: false }
    }

    pub(crate) fn deadline(&self, level: usize) -> Option<Duration> {
        self.deadlines.get(level)
    }

    #[inline]
    pub(crate) fn is_suspect(&self, now: Duration, level: usize) -> bool {
        // A tick has come when it has begun.
        self.deadlines.is_reached(now, level)
    }
}
