use core::marker::PhantomData;
use core::time::Duration;

use crate::ticks::SHORT;
use crate::window::Sums;
use crate::{Model, Resolution, Settings};

/// What a phi accrual detector is made with, computed once, in ticks: the same for one thread and for many.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Parameters<M, const L: usize> {
    period: u64,
    pause: u64,
    sd_min: f64,
    /// Of the mean.
    sd_min_share: f64,
    /// Where the model puts each level, and the one at which intervals are clipped.
    quantiles: [f64; L],
    clip_quantile: f64,
    levels: [f64; L],
    resolution: Resolution,
    model: PhantomData<fn() -> M>,
}

/// Mean and standard deviation of the intervals, in ticks, as they are used.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Fit {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
}

impl<M: Model, const L: usize> Parameters<M, L> {
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub(crate) fn new(settings: &Settings, levels: [f64; L]) -> Self {
        assert!(levels.iter().all(|level| *level > 0.0 && level.is_finite()), "a level of phi is above zero");
        let Settings { pause, sd_min, sd_min_permille, resolution, .. } = *settings;
        Self {
            period: settings.period_ticks(),
            pause: resolution.ticks_up(pause),
            sd_min: float(resolution.ticks(sd_min).max(1)),
            sd_min_share: f64::from(sd_min_permille) / 1_000.0,
            quantiles: levels.map(M::quantile),
            clip_quantile: M::quantile(CLIP_LEVEL),
            levels,
            resolution,
            model: PhantomData,
        }
    }

    pub(crate) const fn levels(&self) -> &[f64; L] {
        &self.levels
    }

    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    pub(crate) const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// With what is assumed while few intervals are known, and at least as great as the settings say.
    #[inline]
    pub(crate) fn fit(&self, sums: Sums) -> Fit {
        let (mean, sd) = sums.with_prior(self.period, PRIOR).moments();
        self.with_floors(mean, sd)
    }

    /// At least as great as the settings say.
    #[inline]
    pub(crate) fn with_floors(&self, mean: f64, sd: f64) -> Fit {
        Fit { mean, sd: greater(sd, greater(self.sd_min, mean * self.sd_min_share)) }
    }

    /// How far apart beats are meant to be.
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    pub(crate) const fn period(&self) -> u64 {
        self.period
    }

    /// The longest interval that is learned as it is.
    #[inline]
    pub(crate) fn clip(&self, fit: Fit) -> u64 {
        ceil(M::silence(fit.mean, fit.sd, self.clip_quantile), 0.0).saturating_add(self.pause)
    }

    /// At most as long as the longest interval that is learned as it is.
    #[inline]
    pub(crate) fn short(&self, fit: Fit) -> u32 {
        // Above zero, as the level is far above what half of the intervals take.
        let ticks = lesser(M::silence(fit.mean, fit.sd, self.clip_quantile), SHORT.into());
        nearest(ticks)
    }

    /// After how many ticks of silence each level is reached.
    #[inline]
    pub(crate) fn silences(&self, fit: Fit) -> [u64; L] {
        let mut silences = [0; L];
        // Not by `map`, which is a call for more than two.
        for (silence, quantile) in silences.iter_mut().zip(&self.quantiles) {
            *silence = self.silence_at(fit, *quantile);
        }
        silences
    }

    /// After how many ticks of silence any level is reached. Computes the quantile anew.
    ///
    /// # Panics
    /// If the level isn't greater than zero and finite.
    pub(crate) fn silence(&self, fit: Fit, level: f64) -> u64 {
        assert!(level > 0.0 && level.is_finite(), "a level of phi is above zero");
        self.silence_at(fit, M::quantile(level))
    }

    /// After how many ticks of silence the level with this index is reached.
    ///
    /// # Panics
    /// If there is no such level.
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    #[inline]
    pub(crate) fn silence_of(&self, fit: Fit, level: usize) -> u64 {
        self.silence_at(fit, self.quantiles[level])
    }

    /// Whether a silence is too short for the level with this index, whatever the standard deviation is. If not, it may be all the
    /// same.
    ///
    /// # Panics
    /// If there is no such level.
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    #[inline]
    pub(crate) fn is_quiet(&self, mean: f64, level: usize, silence: u64) -> bool {
        self.is_below(mean, self.quantiles[level], silence)
    }

    /// The same of an interval that is learned as it is.
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    #[inline]
    pub(crate) fn is_short(&self, mean: f64, interval: u64) -> bool {
        self.is_below(mean, self.clip_quantile, interval)
    }

    /// By the least standard deviation there is: with more of it, what is beyond the mean is later, rounded as it is.
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    #[inline]
    fn is_below(&self, mean: f64, quantile: f64, silence: u64) -> bool {
        let Fit { sd, .. } = self.with_floors(mean, 0.0);
        u32::try_from(silence.saturating_sub(self.pause))
            .is_ok_and(|silence| quantile >= 0.0 && f64::from(silence) < M::silence(mean, sd, quantile))
    }

    /// Of a silence of so many ticks.
    #[inline]
    pub(crate) fn phi(&self, fit: Fit, silence: u64) -> f64 {
        M::phi(fit.mean, fit.sd, difference(silence, self.pause))
    }

    pub(crate) fn moments(&self, fit: Fit) -> (Duration, Duration) {
        (self.resolution.duration(ceil(fit.mean, 0.0)), self.resolution.duration(ceil(fit.sd, 0.0)))
    }

    /// At least one tick.
    #[inline]
    fn silence_at(&self, fit: Fit, quantile: f64) -> u64 {
        ceil(M::silence(fit.mean, fit.sd, quantile), 1.0).saturating_add(self.pause)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
fn float(ticks: u64) -> f64 {
    ticks as f64
}

/// One less the other.
#[inline]
#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "of 63 bits; close above 2^53 ticks"
)]
fn difference(ticks: u64, less: u64) -> f64 {
    if (ticks | less) >> 63 == 0 {
        // Signed, which processors convert in one instruction.
        return (ticks as i64 - less as i64) as f64;
    }
    wide_difference(ticks, less)
}

#[cold]
#[inline(never)]
#[expect(clippy::cast_precision_loss, reason = "close above 2^53 ticks")]
fn wide_difference(ticks: u64, less: u64) -> f64 {
    (i128::from(ticks) - i128::from(less)) as f64
}

/// Rounded up to whole ticks, at least so many; saturates.
#[inline]
fn ceil(ticks: f64, least: f64) -> u64 {
    let ticks = greater(ticks, least);
    if ticks >= NARROW {
        return wide(ticks);
    }
    u64::from(nearest(ticks)) + u64::from((ticks + UNIT) - UNIT < ticks)
}

/// The nearest whole number, of one from zero to 2^31. Where the last digit of a sum counts ones, the processor rounds as it
/// adds, and its low bits are the number: much shorter than a conversion.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low bits are the number")]
fn nearest(ticks: f64) -> u32 {
    (ticks + UNIT).to_bits() as u32
}

/// The same as `ceil`, of any number that isn't below zero.
#[cold]
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "it saturates, as is wanted, and is exact where there are fractions"
)]
fn wide(ticks: f64) -> u64 {
    let whole = ticks as u64;
    whole.saturating_add(u64::from((whole as f64) < ticks))
}

/// 2^31.
const NARROW: f64 = 2_147_483_648.0;

/// 2^52, from which on a float's last digit counts ones.
const UNIT: f64 = 4_503_599_627_370_496.0;

/// The level of phi at which intervals are clipped, whatever levels the caller asks about.
pub(crate) const CLIP_LEVEL: f64 = 8.0;

/// So many intervals count as known from the beginning.
pub(crate) const PRIOR: u32 = 8;

/// Of two numbers, neither of which is NaN, for which `min` would look.
#[inline]
fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Of two numbers, neither of which is NaN, for which `max` would look.
#[inline]
fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::{Fit, Parameters, ceil, difference};
    use crate::ticks::SHORT;
    use crate::{Exponential, Logistic, Model, Normal, Resolution, Settings};

    /// To the nearest float, whatever the sizes: what needs 64 bits continues what needs fewer.
    #[test]
    fn differences_are_those_of_integers() {
        let wide = 1_u64 << 63;
        for (ticks, less, apart) in [
            (5, 3, 2.0),
            (3, 5, -2.0),
            (wide - 1, 0, 2.0_f64.powi(63)),
            (0, wide - 1, -2.0_f64.powi(63)),
            (wide, wide - 1, 1.0),
            (wide - 1, wide, -1.0),
            (wide, (1 << 60) + 400, 2.0_f64.powi(63) - 2.0_f64.powi(60)),
            (u64::MAX, 0, 2.0_f64.powi(64)),
            (0, u64::MAX, -2.0_f64.powi(64)),
        ] {
            assert_eq!(difference(ticks, less).to_bits(), f64::to_bits(apart), "{ticks} - {less}");
        }
    }

    /// Up to the next whole tick, whatever the size, and never past the ends.
    #[test]
    fn ticks_are_rounded_up() {
        let two = |power: i32| 2.0_f64.powi(power);
        for (ticks, whole) in [
            (f64::NEG_INFINITY, 0),
            (-0.5, 0),
            (0.0, 0),
            (f64::MIN_POSITIVE, 1),
            (1.0, 1),
            (1.5, 2),
            (two(31) - 1.0, (1 << 31) - 1),
            (two(31) - 0.75, 1 << 31),
            (two(31) - 0.25, 1 << 31),
            (two(31) + 0.25, (1 << 31) + 1),
            (two(32) - 0.25, 1 << 32),
            (two(32), 1 << 32),
            (two(51) + 0.5, (1 << 51) + 1),
            (two(62), 1 << 62),
            (two(63), 1 << 63),
            (two(63) + 2_048.0, (1 << 63) + 2_048),
            (two(64), u64::MAX),
            (f64::INFINITY, u64::MAX),
        ] {
            assert_eq!(ceil(ticks, 0.0), whole, "{ticks}");
            assert_eq!(ceil(ticks, 7.0), whole.max(7), "{ticks}, at least 7");
        }
    }

    /// A plain beat never ends an interval that would be clipped, and up to a tick less it always may.
    #[test]
    fn short_intervals_are_not_clipped() {
        fn check<M: Model>() {
            let settings = Settings {
                resolution: Resolution::of_nanos_log2(0),
                ..Settings::new(Duration::from_nanos(10))
            };
            let parameters = Parameters::<M, 1>::new(&settings, [1.0]);
            for (mean, sd) in
                [(1.0, 1.0), (900.25, 77.5), (1e6, 1e5 + 0.1), (3e6, 1e6), (2e7, 0.5), (6e7, 1e9)]
            {
                for more in 0..20 {
                    let fit = Fit { mean: mean + f64::from(more) * 0.17, sd };
                    let (short, clip) = (u64::from(parameters.short(fit)), parameters.clip(fit));
                    assert!(
                        short <= clip && short + 1 >= clip.min(SHORT.into()),
                        "{short} and {clip}: {fit:?}"
                    );
                    assert!(short <= SHORT.into());
                }
            }
        }
        check::<Normal>();
        check::<Logistic>();
        check::<Exponential>();
    }

    /// No level is reached by a beat itself, whatever the model makes of it.
    #[test]
    fn silences_are_a_tick_at_least() {
        let settings = Settings { sd_min: Duration::ZERO, ..Settings::new(Duration::from_secs(1)) };
        let parameters = Parameters::<Normal, 2>::new(&settings, [1e-9, 8.0]);
        let silences = parameters.silences(Fit { mean: 10.0, sd: 5.0 });
        assert!(silences[0] == 1 && silences[1] > 10, "{silences:?}");
    }
}
