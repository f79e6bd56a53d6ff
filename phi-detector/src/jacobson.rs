use core::time::Duration;

use crate::multiples::Multiples;
use crate::smoothed::Smoothed;
use crate::watch::Watch;
use crate::{Beat, FailureDetector, Heard, Resolution, State, Suspicion};

/// A timeout for the whole silence, learned from the intervals as TCP learns its own from round trips (RFC 6298, section 2;
/// Jacobson 1988): `mean + max(granularity, 4 deviations)`, and at least the floor. No window, and integers only: for chips.
/// Levels are floats, but of one that is made in a `const` or a `static`, only
/// [`suspicion`](FailureDetector::suspicion) computes with any.
///
/// Levels are multiples of that timeout, and count from the last evidence of life; the phi of its suspicion is the silence in
/// such multiples. A level counts up to 2^32, what is above it as that.
///
/// # How it differs from the RFC
/// An interval longer than the timeout is learned as the timeout. So one long pause moves the deadline by at most seven
/// eighths of what it was above the mean, or of the granularity, and two ticks; and yet each longer interval makes the
/// deviation greater, so that a peer that becomes ten times slower is learned again within some twenty beats. Lost beats, by
/// their numbers, are not slow beats: the interval is divided among them.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, Jacobson};
///
/// let ms = Duration::from_millis;
/// // Three seconds until more is known, and never less than 1.2 s.
/// let mut peer = Jacobson::new(ms(3_000), ms(1_200), ms(100), [1.0, 3.0]);
/// for second in 1..=60 {
///     peer.heartbeat(Beat::at(Duration::from_secs(second)));
/// }
/// assert!(peer.timeout().abs_diff(ms(1_200)) < ms(3)); // regular beats: the floor
/// assert!(!peer.is_suspect(ms(61_190), 0) && peer.is_suspect(ms(61_210), 0));
/// assert!(!peer.is_suspect(ms(63_500), 1) && peer.is_suspect(ms(63_700), 1));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Jacobson<const L: usize = 1> {
    watch: Watch<L>,
    initial: u64,
    floor: u64,
    granularity: u64,
    levels: Multiples<L>,
    smoothed: Smoothed,
    samples: u32,
    /// Beats until a peer that was silent for too long is taken for steady again.
    recovering: u32,
}

impl<const L: usize> Jacobson<L> {
    /// A detector for a peer that was never heard of, in ticks of the default length: with the timeout to `initial` until there
    /// is an interval, never below `floor`, and with a margin of at least `granularity` above the mean.
    ///
    /// # Panics
    /// If `initial` is zero, or a level isn't greater than zero and finite.
    pub const fn new(initial: Duration, floor: Duration, granularity: Duration, levels: [f64; L]) -> Self {
        Self::with_resolution(initial, floor, granularity, levels, Resolution::DEFAULT)
    }

    /// The same, in ticks of another length.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub const fn with_resolution(
        initial: Duration,
        floor: Duration,
        granularity: Duration,
        levels: [f64; L],
        resolution: Resolution,
    ) -> Self {
        assert!(!initial.is_zero(), "a timeout of nothing");
        Self {
            watch: Watch::new(resolution),
            initial: resolution.ticks_up(initial),
            floor: resolution.ticks_up(floor),
            granularity: if granularity.is_zero() { 1 } else { resolution.ticks_up(granularity) },
            levels: Multiples::new(levels),
            smoothed: Smoothed::EMPTY,
            samples: 0,
            recovering: 0,
        }
    }

    /// How long a silence may be, at level 1.
    pub fn timeout(&self) -> Duration {
        self.watch.resolution().duration(self.ticks())
    }

    fn ticks(&self) -> u64 {
        let learned =
            if self.smoothed.is_empty() { self.initial } else { self.smoothed.timeout(self.granularity) };
        learned.max(self.floor)
    }

    fn publish(&mut self) {
        self.watch.publish(self.levels.of(self.ticks()));
    }
}

impl<const L: usize> FailureDetector for Jacobson<L> {
    #[inline]
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        let clip = self.ticks();
        let (heard, interval) = self.watch.arrive(&beat, clip);
        if let Some(interval) = interval {
            self.recovering = if interval > clip { SETTLED } else { self.recovering.saturating_sub(1) };
            self.smoothed.push(interval.min(clip));
            self.samples = self.samples.saturating_add(1);
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

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
    fn suspicion(&self, now: Duration) -> Suspicion {
        let state = State::of_known(self.samples, SETTLED, self.recovering);
        self.watch.suspicion(now, |silence| silence as f64 / self.ticks() as f64, state)
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.watch.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.watch.is_suspect(now, level)
    }
}

/// So many intervals are enough to judge by.
const SETTLED: u32 = 8;
