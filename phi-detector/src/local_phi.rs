use core::time::Duration;

use crate::parameters::{Fit, PRIOR, Parameters};
use crate::watch::Watch;
use crate::window::Window;
use crate::{Beat, FailureDetector, Heard, Model, Normal, Settings, State, Suspicion};

/// The phi accrual failure detector (Hayashibara, Défago, Yared, Katayama 2004, "The φ Accrual Failure Detector") for one
/// peer and one thread: learns from the last `N` intervals how its beats come, and says how surprising a silence is.
///
/// # What phi means
/// `phi = -log10 P_later`, where `P_later` is the probability, by the [`Model`], that the next beat comes later than now. So a
/// suspicion raised at phi = 1 is wrong about one time in ten, at 2 one in a hundred. It is **not** the confidence that the
/// peer is alive, nor that it is dead. And on real networks it is no probability above about 3: mistakes become rarer with
/// the level, but not ten times for each. If the period is known, a [`FixedTimeout`](crate::FixedTimeout) is hard to beat.
///
/// # What it learns, and what it doesn't
/// - Intervals longer than phi 8 would allow, whatever the levels are, are learned as that: one long pause moves the deadline by
///   a bounded amount, and a peer that becomes slower is learned all the same, step by step.
/// - Lost beats, by their numbers, are not slow beats: the interval is divided among them.
/// - A beat that comes out of a backlog proves only that the peer was alive when it should have come. That takes beats with
///   numbers or with the time of their sending.
///
/// # Cost
/// `is_suspect` compares two times. A heartbeat takes a square root and, for each level, a multiplication; `N` intervals
/// take 4 bytes each. No allocation.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, LocalPhi, Normal, Settings, State};
///
/// // Warn at phi 1, convict at phi 8.
/// let mut peer: LocalPhi<Normal, 100, 2> = LocalPhi::new(&Settings::new(Duration::from_secs(1)), [1.0, 8.0]);
/// for second in 1..=50 {
///     peer.heartbeat(Beat::at(Duration::from_secs(second)));
/// }
///
/// let now = Duration::from_millis(51_300); // 1.3 s after the last beat
/// assert!(peer.is_suspect(now, 0) && !peer.is_suspect(now, 1));
/// assert_eq!(peer.suspicion(now).state, State::Steady);
/// assert!(peer.deadline(1).unwrap() < Duration::from_millis(51_600));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct LocalPhi<M = Normal, const N: usize = 128, const L: usize = 1> {
    watch: Watch<L>,
    parameters: Parameters<M, L>,
    window: Window<N>,
    /// Of the window.
    fit: Fit,
    /// The longest interval of a beat that takes the short way. Zero while there is more to a beat than an interval that is
    /// learned in the place of another.
    short: u32,
    /// Beats until a peer that was silent for too long is taken for steady again.
    recovering: u32,
}

impl<M: Model, const N: usize, const L: usize> LocalPhi<M, N, L> {
    /// A detector for a peer that was never heard of. The levels are asked for by index.
    ///
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub fn new(settings: &Settings, levels: [f64; L]) -> Self {
        let (parameters, window) = (Parameters::new(settings, levels), Window::new());
        let fit = parameters.fit(window.sums());
        Self { watch: Watch::new(settings.resolution), parameters, window, fit, short: 0, recovering: 0 }
    }

    /// The levels, in the order in which they were given.
    pub const fn levels(&self) -> &[f64; L] {
        self.parameters.levels()
    }

    /// The mean of the intervals and their standard deviation, as they are used: with what is assumed while few are known, and
    /// at least as great as the settings say.
    pub fn moments(&self) -> (Duration, Duration) {
        self.parameters.moments(self.fit)
    }

    /// When silence will reach any level of phi, not only one of those that it was made with. Computes the quantile anew.
    /// `None` if the peer is unknown.
    ///
    /// # Panics
    /// If the level isn't greater than zero and finite.
    pub fn deadline_at(&self, level: f64) -> Option<Duration> {
        self.watch.after(self.parameters.silence(self.fit, level))
    }

    /// A heartbeat of any kind.
    #[inline(never)]
    fn hear(&mut self, beat: Beat) -> Heard {
        let clip = self.parameters.clip(self.fit);
        let (heard, interval) = self.watch.arrive(&beat, clip);
        if let Some(interval) = interval {
            self.recovering = if interval > clip { PRIOR } else { self.recovering.saturating_sub(1) };
            self.fit = self.parameters.fit(self.window.push(interval.min(clip)));
        }
        self.settle();
        heard
    }

    /// To be called after whatever isn't a plain beat.
    fn settle(&mut self) {
        let is_plain = self.watch.is_plain() && self.window.is_full() && self.recovering == 0;
        self.short = if is_plain { self.parameters.short(self.fit) } else { 0 };
        self.watch.publish(self.parameters.silences(self.fit));
    }
}

impl<M: Model, const N: usize, const L: usize> FailureDetector for LocalPhi<M, N, L> {
    #[expect(
        clippy::inline_always,
        reason = "a call copies the beat and what it was taken for, which takes half as long again"
    )]
    #[inline(always)]
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let Some((heard, at, interval)) = self.watch.arrive_plainly(&beat, self.short) else {
            return self.hear(beat);
        };
        self.fit = self.parameters.fit(self.window.replace(interval));
        self.short = self.parameters.short(self.fit);
        self.watch.publish_since(at, self.parameters.silences(self.fit));
        heard
    }

    fn witness(&mut self, at: Duration) {
        self.watch.witness(at);
        self.settle();
    }

    fn observe_local_gap(&mut self, gap: Duration) {
        self.watch.observe_local_gap(gap);
        self.settle();
    }

    fn evidence(&self) -> Option<Duration> {
        self.watch.silent_since()
    }

    #[inline]
    fn suspicion(&self, now: Duration) -> Suspicion {
        let phi = |silence| self.parameters.phi(self.fit, silence);
        self.watch.suspicion(now, phi, State::of_known(self.window.sums().count, PRIOR, self.recovering))
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.watch.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.watch.is_suspect(now, level)
    }
}
