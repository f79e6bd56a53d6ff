use crate::ticks::INTERVAL_MAX;

/// How the latest `N` intervals are distributed, by buckets that are no wider than a sixteenth of what is in them, or than a
/// 256th of the period. In a bucket, intervals count as spread evenly. Integers only, so nothing drifts.
///
/// Counts are in halves of an interval, for what is assumed while there are fewer than eight: half of it a quarter shorter
/// than the period, half longer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Histogram<const N: usize> {
    /// A unit of the scale is 2^`shift` ticks.
    shift: u32,
    /// The bucket of each of the latest intervals.
    ring: [u8; N],
    next: usize,
    count: u32,
    assumed: [u8; 2],
    halves: [u16; BUCKETS],
    /// Those in all buckets, and the sum of their middles.
    total: u32,
    sum: u64,
    /// No bucket above is occupied.
    top: u8,
}

impl<const N: usize> Histogram<N> {
    /// Of intervals that are expected to be of `period` ticks, and are told apart up to a thousand times that.
    pub(crate) fn new(period: u64) -> Self {
        const { assert!(N > 0 && N <= 1024, "a window has 1 to 1,024 intervals") };
        let mut new = Self {
            shift: period.max(1).ilog2().saturating_sub(UNIT_BITS),
            ring: [0; N],
            next: 0,
            count: 0,
            assumed: [0; 2],
            halves: [0; BUCKETS],
            total: 0,
            sum: 0,
            top: 0,
        };
        new.assumed = [period - period / 4, period + period / 4].map(|interval| new.bucket(interval));
        for bucket in new.assumed {
            for _ in 0..PRIOR {
                new.put(bucket, 1);
            }
        }
        new
    }

    /// Adds an interval, clamped to what can be told apart, in the place of the oldest if there are `N`, and of an assumed one
    /// if there are any.
    pub(crate) fn push(&mut self, interval: u64) {
        let bucket = self.bucket(interval);
        let old = core::mem::replace(&mut self.ring[self.next], bucket);
        self.next = if self.next + 1 == N { 0 } else { self.next + 1 };
        if self.count as usize == N {
            self.take(old, 2);
        } else {
            if self.count < PRIOR {
                self.take(self.assumed[0], 1);
                self.take(self.assumed[1], 1);
            }
            self.count += 1;
        }
        self.put(bucket, 2);
        while self.halves[usize::from(self.top)] == 0 {
            self.top -= 1;
        }
    }

    /// How many intervals are known.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// How much there is, in halves of an interval.
    pub(crate) const fn total(&self) -> u32 {
        self.total
    }

    /// To within half a bucket.
    pub(crate) fn mean(&self) -> u64 {
        self.sum / u64::from(self.total)
    }

    /// The first tick after which there are no more than `halves / of` halves of an interval, which is more than nothing.
    pub(crate) fn quantile(&self, halves: u128, of: u128) -> u64 {
        let mut later = 0;
        for bucket in (0..=self.top).rev() {
            let here = u128::from(self.halves[usize::from(bucket)]) * of;
            if here > 0 && later + here >= halves {
                let (low, width) = self.bounds(bucket);
                let back = u128::from(width) * (halves - later) / here;
                return low + width - u64::try_from(back).unwrap_or(width).min(width);
            }
            later += here;
        }
        0
    }

    /// Minus the logarithm of the share that is later than so many ticks; infinite if nothing is.
    pub(crate) fn phi(&self, silence: u64) -> f64 {
        let mut later = 0;
        for bucket in (0..=self.top).rev() {
            let (low, width) = self.bounds(bucket);
            let here = self.halves[usize::from(bucket)];
            if silence > low {
                let rest = (low + width).saturating_sub(silence);
                let part = f64::from(here) * float(rest) / float(width);
                return libm::log10(f64::from(self.total) / (f64::from(later) + part));
            }
            later += u32::from(here);
        }
        0.0
    }

    fn put(&mut self, bucket: u8, halves: u16) {
        self.halves[usize::from(bucket)] += halves;
        self.total += u32::from(halves);
        self.sum += u64::from(halves) * self.middle(bucket);
        self.top = self.top.max(bucket);
    }

    fn take(&mut self, bucket: u8, halves: u16) {
        self.halves[usize::from(bucket)] -= halves;
        self.total -= u32::from(halves);
        self.sum -= u64::from(halves) * self.middle(bucket);
    }

    /// Linear below 2^`FINE_BITS` units, and above it so many buckets for each power of two.
    #[expect(clippy::cast_possible_truncation, reason = "the scale ends at the last bucket")]
    fn bucket(&self, interval: u64) -> u8 {
        let units = (interval.min(u64::from(INTERVAL_MAX)) >> self.shift).min(UNITS_MAX);
        let octave = units.max(1).ilog2().saturating_sub(FINE_BITS);
        ((u64::from(octave) << FINE_BITS) + (units >> octave)) as u8
    }

    /// Where a bucket begins, and how wide it is, in ticks.
    fn bounds(&self, bucket: u8) -> (u64, u64) {
        let octave = (u32::from(bucket) >> FINE_BITS).saturating_sub(1);
        let first = u64::from(bucket) - (u64::from(octave) << FINE_BITS);
        (first << octave << self.shift, 1 << octave << self.shift)
    }

    fn middle(&self, bucket: u8) -> u64 {
        let (low, width) = self.bounds(bucket);
        low + width / 2
    }
}

#[expect(clippy::cast_precision_loss, reason = "intervals are exact, and longer silences are in no bucket")]
fn float(ticks: u64) -> f64 {
    ticks as f64
}

/// So many intervals count as known from the beginning.
pub(crate) const PRIOR: u32 = 8;
/// As many as an octet tells apart.
const BUCKETS: usize = 256;
/// The period is at least 2^8 units, if it has so many ticks.
const UNIT_BITS: u32 = 8;
/// Sixteen buckets for each power of two.
const FINE_BITS: u32 = 4;
/// The last units of bucket 255.
const UNITS_MAX: u64 = (1 << 19) - 1;
