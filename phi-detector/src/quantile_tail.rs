use core::time::Duration;

use crate::histogram::{Histogram, PRIOR};
use crate::multiples::multiple;
use crate::watch::Watch;
use crate::{Beat, FailureDetector, Heard, Settings, State, Suspicion};

/// Phi accrual (Hayashibara et al. 2004) without a formula for the intervals: as the last `N` of them were distributed, and
/// beyond what they can tell, an exponential tail that begins with their longest tenth.
///
/// Up to 1, phi is `-log10` of the share of intervals that were longer than the silence. Phi is 1 at `q90`, which a tenth of the
/// intervals exceeded, 2 at `q99`, and on the same straight line for ever: `phi(t) = 2 + (t - q99) / (q99 - q90)`.
///
/// # What it is for
/// Phi that means what it says, at least up to 2, whatever the distribution: on generated traces with jitter and stalls, 10 % and
/// 1 % of the intervals were longer than phi 1 and phi 2, where of a [`Normal`](crate::Normal) model it was 4 to 6 % and 1.5 to
/// 2.1 %; and at the levels 3 and 5 it was wrong less than half as often as that. It takes longer to detect a crash, then: if
/// levels are chosen so that both take equally long on average, both are equally often wrong, since [`LocalPhi`](crate::LocalPhi)
/// clips intervals as well. A Gaussian that doesn't was wrong 1.5 to 2.5 times as often where processors stall. And if beats say
/// when they were sent, a queue that builds up is less often taken for a backlog than by the normal model. (Each is a test in
/// `lab/tests/detectors.rs` of the repository.)
///
/// # What it learns, and what it doesn't
/// - `q99 - q90` is at least what it would be for a normal distribution with the least standard deviation of the
///   [`Settings`], so regular beats leave a margin.
/// - Intervals longer than phi 8 would allow, whatever the levels are, are learned as that; and the longest interval alone is
///   never `q99`, however few there are. So from fifteen intervals on, one long pause, of whatever length, moves `q99` no
///   further than the longest of the others, and the silence at phi 8 by no more than seven times as far.
/// - A peer that becomes ten times slower is learned again within one window of its beats at all levels of 1 and more.
/// - Lost beats, by their numbers, are not slow beats: the interval is divided among them.
/// - A beat that comes out of a backlog proves only that the peer was alive when it should have come. That takes beats with
///   numbers or with the time of their sending.
///
/// Quantiles are exact to a sixteenth, or to a 256th of the period. Intervals of more than a thousand periods count as a
/// thousand, and levels above 2^32 as that.
///
/// # Cost
/// `is_suspect` compares two integers. A heartbeat walks twice from the bucket of the longest interval to that of `q90`, of 256 at
/// most, divides twice, and multiplies once for each level; a level below 1 takes a walk of its own. No floats but in
/// `suspicion`, and no allocation. `N` intervals take a byte each, and the buckets 512.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, QuantileTail, Settings};
///
/// // Beats once a second, each up to 90 ms late. Warn at phi 1, convict at phi 5.
/// let ms = Duration::from_millis;
/// let mut peer: QuantileTail<1000, 2> = QuantileTail::new(&Settings::new(ms(1_000)), [1.0, 5.0]);
/// for number in 1..=200 {
///     peer.heartbeat(Beat::at(ms(number * 1_000 + number * 37 % 10 * 10)));
/// }
///
/// let (q90, q99) = peer.quantiles();
/// assert!(q90 > ms(1_000) && q90 < ms(1_150) && q99 > q90 + ms(100));
/// let now = ms(200_000) + q90 + ms(5);
/// assert!(peer.is_suspect(now, 0) && !peer.is_suspect(now, 1));
/// assert!(peer.deadline(1).unwrap() < ms(201_700));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct QuantileTail<const N: usize = 1000, const L: usize = 1> {
    watch: Watch<L>,
    /// The settings, in ticks.
    pause: u64,
    sd_min: u64,
    /// Of the mean.
    sd_min_permille: u32,
    levels: [f64; L],
    places: [Place; L],
    intervals: Histogram<N>,
    /// Of the intervals, with the least `q99 - q90`.
    q90: u64,
    gap: u64,
    /// The longest interval that is learned as it is.
    clip: u64,
    /// Beats until a peer that was silent for too long is taken for steady again.
    recovering: u32,
}

/// Where a level is in any distribution.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Place {
    /// Below 1: such a share of the intervals is longer, in 2^-64.
    Share(u64),
    /// So many times `q99 - q90` after `q90`, in 2^-32.
    Beyond(u64),
}

impl<const N: usize, const L: usize> QuantileTail<N, L> {
    /// A detector for a peer that was never heard of. The levels are asked for by index.
    ///
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub fn new(settings: &Settings, levels: [f64; L]) -> Self {
        let Settings { pause, sd_min, sd_min_permille, resolution, .. } = *settings;
        let mut detector = Self {
            watch: Watch::new(resolution),
            pause: resolution.ticks_up(pause),
            sd_min: resolution.ticks(sd_min),
            sd_min_permille,
            levels,
            places: levels.map(Place::of),
            intervals: Histogram::new(settings.period_ticks()),
            q90: 0,
            gap: 0,
            clip: 0,
            recovering: 0,
        };
        detector.learn();
        detector
    }

    /// The levels, in the order in which they were given.
    pub const fn levels(&self) -> &[f64; L] {
        &self.levels
    }

    /// The silences at phi 1 and at phi 2, without the pause of the settings: `q90` and `q99` of the intervals as they are used, with
    /// what is assumed while few are known, and at least as far apart as the settings say.
    pub fn quantiles(&self) -> (Duration, Duration) {
        let resolution = self.watch.resolution();
        (resolution.duration(self.q90), resolution.duration(self.q90.saturating_add(self.gap)))
    }

    /// When silence will reach any level of phi, not only one of those that it was made with. `None` if the peer is unknown.
    ///
    /// # Panics
    /// If the level isn't greater than zero and finite.
    pub fn deadline_at(&self, level: f64) -> Option<Duration> {
        self.watch.after(self.silence(Place::of(level)))
    }

    /// Computes from the intervals what queries need.
    fn learn(&mut self) {
        let total = u128::from(self.intervals.total());
        self.q90 = self.intervals.quantile(total, 10);
        // The longest interval alone is no tail: it takes another half. But q99 is not before q90.
        let q99 = self.intervals.quantile(total.max(LONELY * 100).min(total * 10), 100);
        let relative = self.intervals.mean() * u64::from(self.sd_min_permille) / 1_000;
        let sd = u128::from(self.sd_min.max(relative).max(1));
        let gap = u64::try_from((sd * NORMAL_GAP).div_ceil(10_000)).unwrap_or(u64::MAX);
        self.gap = (q99 - self.q90).max(gap);
        self.clip = self.silence(CLIP);
    }

    fn publish(&mut self) {
        self.watch.publish(self.places.map(|place| self.silence(place)));
    }

    /// How many ticks a silence is there: at least one, since no share is all of the intervals.
    fn silence(&self, place: Place) -> u64 {
        let silence = match place {
            Place::Share(share) => {
                let halves = u128::from(self.intervals.total()) * u128::from(share);
                self.intervals.quantile(halves, 1 << 64)
            }
            Place::Beyond(gaps) => self.q90.saturating_add(multiple(gaps, self.gap)),
        };
        silence.saturating_add(self.pause)
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
    fn phi(&self, silence: u64) -> f64 {
        let silence = silence.saturating_sub(self.pause);
        match silence.checked_sub(self.q90) {
            Some(beyond) => 1.0 + beyond as f64 / self.gap as f64,
            None => self.intervals.phi(silence),
        }
    }
}

impl Place {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, as is wanted")]
    fn of(level: f64) -> Self {
        assert!(level > 0.0 && level.is_finite(), "a level of phi is above zero");
        if level < 1.0 {
            Self::Share((libm::exp10(-level) * TWO_64) as u64)
        } else {
            Self::Beyond(libm::ceil((level - 1.0) * TWO_32) as u64)
        }
    }
}

impl<const N: usize, const L: usize> FailureDetector for QuantileTail<N, L> {
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let (heard, interval) = self.watch.arrive(&beat, self.clip);
        if let Some(interval) = interval {
            self.recovering = if interval > self.clip { PRIOR } else { self.recovering.saturating_sub(1) };
            self.intervals.push(interval.min(self.clip));
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

    fn evidence(&self) -> Option<Duration> {
        self.watch.silent_since()
    }

    fn suspicion(&self, now: Duration) -> Suspicion {
        let state = State::of_known(self.intervals.count(), PRIOR, self.recovering);
        self.watch.suspicion(now, |silence| self.phi(silence), state)
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.watch.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.watch.is_suspect(now, level)
    }
}

/// The level of phi at which intervals are clipped, whatever levels the caller asks about: 8.
const CLIP: Place = Place::Beyond(7 << 32);
/// One interval and a half, in halves.
const LONELY: u128 = 3;
/// `q99 - q90` of a normal distribution, in ten-thousandths of its standard deviation.
const NORMAL_GAP: u128 = 10_448;
const TWO_32: f64 = 4_294_967_296.0;
const TWO_64: f64 = TWO_32 * TWO_32;
