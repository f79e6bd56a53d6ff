use core::time::Duration;

use crate::moments::Moments;
use crate::parameters::Parameters;
use crate::{Beat, EwmaPhi, EwmaSettings, FailureDetector, Heard, Model, Normal, Resolution, Suspicion};

/// A failure detector made of what one peer has for itself, [`EwmaPhi`], and what is the same for all of them,
/// [`EwmaSettings`]. Two references: copies, those in a registry as well, tell and ask the same peer.
///
/// # Cost
/// A query takes two loads, some multiplications of floats, and a square root where the silence is longer than what any
/// standard deviation allows; a heartbeat two read-modify-writes, and at first a division.
///
/// [`observe_local_gap`](FailureDetector::observe_local_gap) is to be called before the beats are told that came after the
/// gap: those that are told before it count as if they came later by as much.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, EwmaPhi, EwmaSettings, Exponential, FailureDetector, Settings};
///
/// static PEER: EwmaPhi = EwmaPhi::new();
///
/// let settings: EwmaSettings<Exponential> = EwmaSettings::new(&Settings::new(Duration::from_secs(1)), [3.0]);
/// let mut peer = PEER.with(&settings);
/// assert!(peer.is_suspect(Duration::ZERO, 0)); // never heard of
/// peer.heartbeat(Beat::at(Duration::from_secs(5)));
/// assert!(!PEER.with(&settings).is_suspect(Duration::from_secs(6), 0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EwmaDetector<'a, M = Normal, const L: usize = 1> {
    cell: &'a EwmaPhi,
    settings: &'a EwmaSettings<M, L>,
}

impl<'a, M: Model, const L: usize> EwmaDetector<'a, M, L> {
    pub(crate) const fn new(cell: &'a EwmaPhi, settings: &'a EwmaSettings<M, L>) -> Self {
        Self { cell, settings }
    }

    /// The mean of the intervals and their standard deviation, as they are used: with what is assumed while few are known, and
    /// at least as great as the settings say.
    pub fn moments(&self) -> (Duration, Duration) {
        let (_, learned) = self.cell.read();
        self.parameters().moments(self.settings.fit(learned))
    }

    /// When silence will reach any level of phi, not only one of those in the settings. Computes the quantile anew. `None` if
    /// the peer is unknown.
    ///
    /// # Panics
    /// If the level isn't greater than zero and finite.
    pub fn deadline_at(&self, level: f64) -> Option<Duration> {
        let (evidence, learned) = self.cell.read();
        let silence = self.parameters().silence(self.settings.fit(learned), level);
        Some(self.resolution().duration(self.resolution().after(evidence?, silence)))
    }

    /// The tick at which silence reaches the level; `None` if the peer is unknown.
    #[inline]
    fn due(&self, level: usize) -> Option<u64> {
        let (evidence, learned) = self.cell.read();
        let silence = self.parameters().silence_of(self.settings.fit(learned), level);
        Some(self.resolution().after(evidence?, silence))
    }

    const fn parameters(&self) -> &Parameters<M, L> {
        self.settings.parameters()
    }

    const fn resolution(&self) -> Resolution {
        self.parameters().resolution()
    }
}

impl<M: Model, const L: usize> FailureDetector for EwmaDetector<'_, M, L> {
    #[inline]
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        self.cell.heartbeat(self.settings, self.resolution().ticks(beat.at))
    }

    fn witness(&mut self, at: Duration) {
        self.cell.witness(self.resolution().ticks(at));
    }

    fn observe_local_gap(&mut self, gap: Duration) {
        self.cell.observe_local_gap(self.resolution().ticks(gap));
    }

    fn evidence(&self) -> Option<Duration> {
        self.cell.read().0.map(|evidence| self.resolution().duration(evidence))
    }

    fn suspicion(&self, now: Duration) -> Suspicion {
        let (Some(evidence), learned) = self.cell.read() else {
            return Suspicion::UNKNOWN;
        };
        let silence = self.resolution().ticks(now).saturating_sub(evidence);
        Suspicion {
            phi: self.parameters().phi(self.settings.fit(learned), silence),
            elapsed: self.resolution().duration(silence),
            state: Moments::from_word(learned).state(),
            stale: false,
        }
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        let due = self.due(level);
        due.map(|due| self.resolution().duration(due))
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        let (tick, (evidence, learned)) = (self.resolution().ticks(now), self.cell.read());
        // Nearly always this is known without a square root; the last tick is in no silence.
        if let Some(evidence) = evidence {
            if tick < self.resolution().last()
                && self.settings.is_quiet(learned, level, tick.saturating_sub(evidence))
            {
                return false;
            }
        }
        self.due(level).is_none_or(|due| tick >= due)
    }
}
