use core::marker::PhantomData;
use core::time::Duration;

use crate::ticks::INTERVAL_MAX;
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
/// `is_suspect` compares two integers. A heartbeat takes a square root and, for each level, a multiplication; `N` intervals
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
#[derive(Clone, Debug)]
pub struct LocalPhi<M = Normal, const N: usize = 128, const L: usize = 1> {
    watch: Watch<L>,
    /// The settings, in ticks.
    period: u64,
    pause: u64,
    sd_min: f64,
    /// Of the mean.
    sd_min_permille: f64,
    /// Where the model puts each level, and the one at which intervals are clipped.
    quantiles: [f64; L],
    clip_quantile: f64,
    levels: [f64; L],
    window: Window<N>,
    /// Of the window: mean and standard deviation in ticks, and the longest interval that is learned as it is.
    mean: f64,
    sd: f64,
    clip: u64,
    /// Beats until a peer that was silent for too long is taken for steady again.
    recovering: u32,
    model: PhantomData<fn() -> M>,
}

impl<M: Model, const N: usize, const L: usize> LocalPhi<M, N, L> {
    /// A detector for a peer that was never heard of. The levels are asked for by index.
    ///
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub fn new(settings: &Settings, levels: [f64; L]) -> Self {
        assert!(levels.iter().all(|level| *level > 0.0 && level.is_finite()), "a level of phi is above zero");
        let Settings { period, pause, sd_min, sd_min_permille, resolution } = *settings;
        let period = resolution.ticks(period).min(u64::from(INTERVAL_MAX));
        assert!(period > 0, "a period of less than a tick: take shorter ticks");
        let mut detector = Self {
            watch: Watch::new(resolution),
            period,
            pause: resolution.ticks_up(pause),
            sd_min: float(resolution.ticks(sd_min)),
            sd_min_permille: f64::from(sd_min_permille),
            quantiles: levels.map(M::quantile),
            clip_quantile: M::quantile(CLIP_LEVEL),
            levels,
            window: Window::new(),
            mean: 0.0,
            sd: 0.0,
            clip: 0,
            recovering: 0,
            model: PhantomData,
        };
        detector.learn();
        detector
    }

    /// The levels, in the order in which they were given.
    pub const fn levels(&self) -> &[f64; L] {
        &self.levels
    }

    /// The mean of the intervals and their standard deviation, as they are used: with what is assumed while few are known, and
    /// at least as great as the settings say.
    pub fn moments(&self) -> (Duration, Duration) {
        (self.duration(self.mean), self.duration(self.sd))
    }

    /// When silence will reach any level of phi, not only one of those that it was made with. Computes the quantile anew.
    /// `None` if the peer is unknown.
    ///
    /// # Panics
    /// If the level isn't greater than zero and finite.
    pub fn deadline_at(&self, level: f64) -> Option<Duration> {
        assert!(level > 0.0 && level.is_finite(), "a level of phi is above zero");
        let deadline = self.watch.evidence()?.saturating_add(self.silence(M::quantile(level)));
        Some(self.watch.resolution().duration(deadline))
    }

    /// Computes from the window what queries need.
    fn learn(&mut self) {
        let (mean, sd) = self.window.sums().with_prior(self.period, PRIOR).moments();
        self.mean = mean;
        self.sd = sd.max(self.sd_min).max(mean * self.sd_min_permille / 1_000.0).max(1.0);
        self.clip = ceil(M::silence(self.mean, self.sd, self.clip_quantile)).saturating_add(self.pause);
        self.publish();
    }

    fn publish(&mut self) {
        self.watch.publish(self.quantiles.map(|quantile| self.silence(quantile)));
    }

    /// How many ticks a silence is at the quantile: at least one.
    fn silence(&self, quantile: f64) -> u64 {
        ceil(M::silence(self.mean, self.sd, quantile)).max(1).saturating_add(self.pause)
    }

    fn duration(&self, ticks: f64) -> Duration {
        self.watch.resolution().duration(ceil(ticks))
    }
}

impl<M: Model, const N: usize, const L: usize> FailureDetector for LocalPhi<M, N, L> {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let (heard, interval) = self.watch.arrive(&beat, self.clip);
        if let Some(interval) = interval {
            self.recovering = if interval > self.clip { PRIOR } else { self.recovering.saturating_sub(1) };
            self.window.push(interval.min(self.clip));
            self.learn();
        } else {
            self.publish();
        }
        heard
    }

    fn witness(&mut self, at: Duration) {
        self.watch.witness(at);
        self.publish();
    }

    fn observe_local_gap(&mut self, gap: Duration) {
        self.watch.observe_local_gap(gap);
        self.publish();
    }

    fn suspicion(&self, now: Duration) -> Suspicion {
        let phi = |silence| M::phi(self.mean, self.sd, float(silence) - float(self.pause)).max(0.0);
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

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
fn float(ticks: u64) -> f64 {
    ticks as f64
}

/// Rounded up to whole ticks; saturates at both ends.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, as is wanted")]
fn ceil(ticks: f64) -> u64 {
    libm::ceil(ticks) as u64
}

/// The level of phi at which intervals are clipped, whatever levels the caller asks about.
const CLIP_LEVEL: f64 = 8.0;

/// So many intervals count as known from the beginning.
const PRIOR: u32 = 8;
