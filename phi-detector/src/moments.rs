use crate::State;
use crate::parameters::PRIOR;

/// What an exponentially weighted detector has learned of one peer, in one word. Zero is nothing.
///
/// ```text
/// 63      60 59   52 51                   26 25                    0
/// recovering  count    variance                       mean
/// ```
///
/// Mean and variance are floats of 32 bits without their sign and the last five bits, which leaves 19 significant ones. The
/// variance, and not its root, so that no beat waits for that.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Moments {
    /// In ticks, of which the variance is in squares; zero only if there is no interval yet.
    pub(crate) mean: f32,
    pub(crate) variance: f32,
    /// Intervals, up to where the weight of the next one no longer depends on it.
    pub(crate) count: u32,
    /// Beats until a peer that was silent for too long is taken for steady again.
    pub(crate) recovering: u32,
}

impl Moments {
    #[inline]
    pub(crate) fn to_word(self) -> u64 {
        debug_assert!(self.count <= COUNT_MAX && self.recovering <= RECOVERING_MAX, "it doesn't fit");
        u64::from(narrow(self.mean))
            | u64::from(narrow(self.variance)) << VARIANCE
            | u64::from(self.count) << COUNT
            | u64::from(self.recovering) << RECOVERING
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the fields are cut out")]
    pub(crate) const fn from_word(word: u64) -> Self {
        Self {
            mean: widen(word as u32 & MOMENT_MAX),
            variance: widen((word >> VARIANCE) as u32 & MOMENT_MAX),
            count: (word >> COUNT) as u32 & COUNT_MAX,
            recovering: (word >> RECOVERING) as u32,
        }
    }

    pub(crate) const fn state(self) -> State {
        State::of_known(self.count, PRIOR, self.recovering)
    }

    /// The standard deviation, in ticks.
    #[inline]
    pub(crate) fn sd(self) -> f64 {
        libm::sqrt(self.variance.into())
    }

    /// With the next interval in mean and variance, where it has this weight: by the recursions of Finch (2009, "Incremental
    /// calculation of weighted mean and variance", section 9), in which nothing cancels.
    #[inline]
    pub(crate) fn push(self, interval: f32, weight: f32) -> Self {
        let difference = interval - self.mean;
        let step = weight * difference;
        let variance = (1.0 - weight) * (self.variance + step * difference);
        Self { mean: self.mean + step, variance, ..self }
    }
}

/// A float that isn't negative, to the nearest of 26 bits.
#[inline]
const fn narrow(float: f32) -> u32 {
    (float.to_bits() + (1 << (DROPPED - 1))) >> DROPPED
}

#[inline]
const fn widen(bits: u32) -> f32 {
    f32::from_bits(bits << DROPPED)
}

pub(crate) const COUNT_MAX: u32 = 255;
const RECOVERING_MAX: u32 = 15;
const MOMENT_MAX: u32 = (1 << VARIANCE) - 1;
const DROPPED: u32 = 5;
const VARIANCE: u32 = 26;
const COUNT: u32 = 52;
const RECOVERING: u32 = 60;
