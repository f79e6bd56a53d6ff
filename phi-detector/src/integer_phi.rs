use core::time::Duration;

use crate::multiples::{ONE, ceil};
use crate::parameters::{CLIP_LEVEL, PRIOR};
use crate::tail::{normal_phi, normal_quantile};
use crate::watch::Watch;
use crate::window::{Sums, Window};
use crate::{Beat, FailureDetector, Heard, Settings, State, Suspicion};

/// The phi accrual failure detector for chips without floats: a [`LocalPhi`](crate::LocalPhi) with the
/// [`Normal`](crate::Normal) model that learns and judges in integers, and what that says of it holds here, too.
///
/// Made in a `const` or a `static`, its levels are computed by the compiler. Then only
/// [`suspicion`](FailureDetector::suspicion) computes with floats, and where that isn't called, the linker leaves it out, with
/// all that a chip without floats would need for it.
///
/// # How it differs
/// Mean and standard deviation are rounded to 2^-20 of a tick, and where a level is, in standard deviations, to 2^-32. Up to
/// phi 10^9 and silences of 2^40 ticks, a deadline is within one tick of that by floats of the same intervals. Phi above 10^18
/// counts as that.
///
/// # Cost
/// `is_suspect` compares two integers. A heartbeat takes an integer square root of 128 bits, some divisions, and a
/// multiplication for each level. `N` intervals, at most 1,024, take 4 bytes each. No allocation.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, IntegerPhi, Settings};
///
/// // Warn at phi 1, convict at phi 8.
/// const UNKNOWN: IntegerPhi<32, 2> = IntegerPhi::new(&Settings::new(Duration::from_secs(1)), [1.0, 8.0]);
///
/// let mut peer = UNKNOWN;
/// for second in 1..=50 {
///     peer.heartbeat(Beat::at(Duration::from_secs(second)));
/// }
/// let now = Duration::from_millis(51_300); // 1.3 s after the last beat
/// assert!(peer.is_suspect(now, 0) && !peer.is_suspect(now, 1));
/// assert!(peer.deadline(1).unwrap() < Duration::from_millis(51_600));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IntegerPhi<const N: usize = 128, const L: usize = 1> {
    watch: Watch<L>,
    period: u64,
    pause: u64,
    sd_min: u64,
    /// Of the mean.
    sd_min_permille: u32,
    quantiles: [Quantile; L],
    window: Window<N>,
    fit: Fit,
    /// The longest interval that is learned as it is.
    clip: u64,
    /// Beats until a peer that was silent for too long is taken for steady again.
    recovering: u32,
}

/// Mean and standard deviation as they are used, in ticks with [`FIT_BITS`] bits behind the point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Fit {
    mean: u64,
    sd: u128,
}

/// So many standard deviations after the mean, with [`QUANTILE_BITS`] bits behind the point, or before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Quantile {
    size: u64,
    before: bool,
}

impl<const N: usize, const L: usize> IntegerPhi<N, L> {
    /// A detector for a peer that was never heard of. The levels, of phi, are asked for by index.
    ///
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub const fn new(settings: &Settings, levels: [f64; L]) -> Self {
        let Settings { pause, sd_min, sd_min_permille, resolution, .. } = *settings;
        let mut quantiles = [Quantile::of(1.0); L];
        let mut index = 0;
        while index < L {
            assert!(levels[index] > 0.0 && levels[index].is_finite(), "a level of phi is above zero");
            quantiles[index] = Quantile::of(levels[index]);
            index += 1;
        }
        let mut detector = Self {
            watch: Watch::new(resolution),
            period: settings.period_ticks(),
            pause: resolution.ticks_up(pause),
            sd_min: resolution.ticks(sd_min),
            sd_min_permille,
            quantiles,
            window: Window::new(),
            fit: Fit { mean: 0, sd: 0 },
            clip: 0,
            recovering: 0,
        };
        detector.learn();
        detector
    }

    /// The mean of the intervals and their standard deviation, as they are used: with what is assumed while few are known, and
    /// at least as great as the settings say.
    pub fn moments(&self) -> (Duration, Duration) {
        let up = |fixed: u128| u64::try_from(fixed.div_ceil(1 << FIT_BITS)).unwrap_or(u64::MAX);
        let resolution = self.watch.resolution();
        (resolution.duration(up(self.fit.mean.into())), resolution.duration(up(self.fit.sd)))
    }

    /// Computes from the window what beats and queries need.
    const fn learn(&mut self) {
        let fit = Fit::of(self.window.sums().with_prior(self.period, PRIOR));
        self.fit = fit.at_least(self.sd_min, self.sd_min_permille);
        self.clip = self.fit.silence(CLIP_QUANTILE).saturating_add(self.pause);
    }

    fn publish(&mut self) {
        let silence = |quantile| self.fit.silence(quantile).max(1).saturating_add(self.pause);
        self.watch.publish(self.quantiles.map(silence));
    }
}

impl<const N: usize, const L: usize> FailureDetector for IntegerPhi<N, L> {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let (heard, interval) = self.watch.arrive(&beat, self.clip);
        if let Some(interval) = interval {
            self.recovering = if interval > self.clip { PRIOR } else { self.recovering.saturating_sub(1) };
            self.window.push(interval.min(self.clip));
            self.learn();
        }
        self.publish();
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

    /// With floats, for people and graphs.
    fn evidence(&self) -> Option<Duration> {
        self.watch.silent_since()
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and close above")]
    fn suspicion(&self, now: Duration) -> Suspicion {
        let phi = |silence| {
            let fixed = |ticks: u64| i128::from(ticks) << FIT_BITS;
            let past_mean = fixed(silence) - fixed(self.pause) - i128::from(self.fit.mean);
            normal_phi(past_mean as f64 / self.fit.sd as f64)
        };
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

impl Fit {
    /// Of sums that aren't empty.
    const fn of(sums: Sums) -> Self {
        let count = sums.count as u128;
        // n times the squares less the square of the sum: never negative, by Cauchy and Schwarz, and below 2^72.
        let spread = count * sums.squares as u128 - sums.sum as u128 * sums.sum as u128;
        // Sums of 1,024 intervals of 26 bits have 36.
        let mean = (sums.sum << FIT_BITS) / sums.count as u64;
        Self { mean, sd: (spread << (2 * FIT_BITS)).isqrt() / count }
    }

    /// With a standard deviation of at least so many ticks, such a part of the mean, and one tick.
    const fn at_least(self, sd_min: u64, sd_min_permille: u32) -> Self {
        let sd = larger(self.sd, (sd_min as u128) << FIT_BITS);
        let sd = larger(sd, self.mean as u128 * sd_min_permille as u128 / 1_000);
        Self { mean: self.mean, sd: larger(sd, 1 << FIT_BITS) }
    }

    /// How many ticks a silence is at the quantile, rounded up; saturates at both ends.
    #[expect(clippy::cast_possible_truncation, reason = "it is checked")]
    const fn silence(self, quantile: Quantile) -> u64 {
        let mean = (self.mean as u128) << QUANTILE_BITS;
        let distance = self.sd.saturating_mul(quantile.size as u128);
        let fixed =
            if quantile.before { mean.saturating_sub(distance) } else { mean.saturating_add(distance) };
        let ticks = fixed.div_ceil(1 << (FIT_BITS + QUANTILE_BITS));
        if ticks > u64::MAX as u128 { u64::MAX } else { ticks as u64 }
    }
}

impl Quantile {
    /// Where phi is that, rounded away from the mean.
    const fn of(level: f64) -> Self {
        let y = normal_quantile(level);
        Self { size: ceil(y.abs() * ONE), before: y < 0.0 }
    }
}

const fn larger(one: u128, other: u128) -> u128 {
    if one > other { one } else { other }
}

/// Where intervals are clipped, whatever levels the caller asks about.
const CLIP_QUANTILE: Quantile = Quantile::of(CLIP_LEVEL);
const FIT_BITS: u32 = 20;
/// Those of [`ONE`].
const QUANTILE_BITS: u32 = 32;
