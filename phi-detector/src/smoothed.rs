/// Mean and mean deviation, smoothed in integers (Jacobson 1988, "Congestion Avoidance and Control", appendix A; RFC 6298,
/// section 2): a new sample counts an eighth in the mean, and a quarter in the deviation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Smoothed {
    /// Eight times the mean, and four times the deviation; both zero before the first sample.
    mean_8: u64,
    deviation_4: u64,
}

impl Smoothed {
    pub(crate) const EMPTY: Self = Self { mean_8: 0, deviation_4: 0 };

    pub(crate) fn is_empty(self) -> bool {
        self.mean_8 == 0
    }

    /// A sample of at least 1, which what doesn't fit counts as.
    pub(crate) fn push(&mut self, sample: u64) {
        let sample = sample.clamp(1, SAMPLE_MAX);
        if self.is_empty() {
            // RFC 6298, (2.2): the deviation is half of the first sample.
            *self = Self { mean_8: 8 * sample, deviation_4: 2 * sample };
            return;
        }
        // (2.3): the deviation comes first, from the old mean.
        let deviation = sample.abs_diff(self.mean());
        self.deviation_4 = self.deviation_4 - self.deviation_4 / 4 + deviation;
        self.mean_8 = self.mean_8 - self.mean() + sample;
    }

    pub(crate) fn mean(self) -> u64 {
        self.mean_8 / 8
    }

    /// The mean and four deviations, or the granularity if that is more.
    pub(crate) fn timeout(self, granularity: u64) -> u64 {
        self.mean().saturating_add(self.deviation_4.max(granularity))
    }
}

/// With samples up to here nothing overflows.
const SAMPLE_MAX: u64 = 1 << 58;
