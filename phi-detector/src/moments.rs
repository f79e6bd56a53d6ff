use crate::State;
use crate::parameters::PRIOR;

/// What an exponentially weighted detector has learned of one peer, in one word. Zero is nothing.
///
/// ```text
/// 63      60 59   52 51                   26 25                    0
/// recovering  count    standard deviation             mean
/// ```
///
/// Mean and standard deviation are floats of 32 bits without their sign and the last five bits, which leaves 19 significant
/// ones.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Moments {
    /// In ticks, as is the deviation; zero only if there is no interval yet.
    pub(crate) mean: f32,
    pub(crate) sd: f32,
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
            | u64::from(narrow(self.sd)) << SD
            | u64::from(self.count) << COUNT
            | u64::from(self.recovering) << RECOVERING
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the fields are cut out")]
    pub(crate) const fn from_word(word: u64) -> Self {
        Self {
            mean: widen(word as u32 & MOMENT_MAX),
            sd: widen((word >> SD) as u32 & MOMENT_MAX),
            count: (word >> COUNT) as u32 & COUNT_MAX,
            recovering: (word >> RECOVERING) as u32,
        }
    }

    pub(crate) const fn state(self) -> State {
        State::of_known(self.count, PRIOR, self.recovering)
    }

    /// With the next interval in mean and deviation, where it has this weight: by the recursions of Finch (2009, "Incremental
    /// calculation of weighted mean and variance", section 9), in which nothing cancels.
    #[inline]
    pub(crate) fn push(self, interval: f32, weight: f32) -> Self {
        let difference = interval - self.mean;
        let step = weight * difference;
        let variance = (1.0 - weight) * (self.sd * self.sd + step * difference);
        Self { mean: self.mean + step, sd: libm::sqrtf(variance), ..self }
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
const MOMENT_MAX: u32 = (1 << SD) - 1;
const DROPPED: u32 = 5;
const SD: u32 = 26;
const COUNT: u32 = 52;
const RECOVERING: u32 = 60;
