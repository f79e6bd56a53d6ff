use core::time::Duration;

use crate::multiples::ceil;
use crate::watch::Watch;
use crate::{Beat, FailureDetector, Heard, Resolution, State, Suspicion};

/// A timeout that is known beforehand. If the period of the beats is, too, it is hard to beat: it makes no assumption, and
/// nothing that a peer does can change it.
///
/// Levels are multiples of the timeout. Made in a `const` or a `static`, it needs no floats, but for
/// [`suspicion`](FailureDetector::suspicion).
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, FixedTimeout};
///
/// let mut peer = FixedTimeout::new(Duration::from_secs(3), [1.0]);
/// peer.heartbeat(Beat::at(Duration::from_secs(10)));
/// let deadline = peer.deadline(0).unwrap();
/// assert!(deadline.abs_diff(Duration::from_secs(13)) < Duration::from_millis(3)); // in whole ticks
/// assert!(peer.is_suspect(deadline, 0));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct FixedTimeout<const L: usize = 1> {
    watch: Watch<L>,
    timeout: u64,
    /// Each level in ticks.
    silences: [u64; L],
}

impl<const L: usize> FixedTimeout<L> {
    /// A detector for a peer that was never heard of, in ticks of the default length.
    ///
    /// # Panics
    /// If the timeout is zero, or a level isn't greater than zero and finite.
    pub const fn new(timeout: Duration, levels: [f64; L]) -> Self {
        Self::with_resolution(timeout, levels, Resolution::DEFAULT)
    }

    /// The same, in ticks of another length.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
    pub const fn with_resolution(timeout: Duration, levels: [f64; L], resolution: Resolution) -> Self {
        let timeout = resolution.ticks_up(timeout);
        assert!(timeout > 0, "a timeout of nothing");
        let mut silences = [0; L];
        let mut index = 0;
        while index < L {
            assert!(levels[index] > 0.0 && levels[index].is_finite(), "a level is above zero");
            // Above zero, so at least one tick.
            silences[index] = ceil(levels[index] * timeout as f64);
            index += 1;
        }
        Self { watch: Watch::new(resolution), timeout, silences }
    }
}

impl<const L: usize> FailureDetector for FixedTimeout<L> {
    #[inline]
    fn heartbeat(&mut self, beat: Beat) -> Heard {
        // A beat that comes within the timeout is on time; what comes later than that is a stall.
        let (heard, _) = self.watch.arrive(&beat, self.timeout);
        self.watch.publish(self.silences);
        heard
    }

    fn witness(&mut self, at: Duration) {
        self.watch.witness(at);
        self.watch.publish(self.silences);
    }

    fn observe_local_gap(&mut self, gap: Duration) {
        self.watch.observe_local_gap(gap);
        self.watch.publish(self.silences);
    }

    fn evidence(&self) -> Option<Duration> {
        self.watch.silent_since()
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, and close above")]
    fn suspicion(&self, now: Duration) -> Suspicion {
        self.watch.suspicion(now, |silence| silence as f64 / self.timeout as f64, State::Steady)
    }

    fn deadline(&self, level: usize) -> Option<Duration> {
        self.watch.deadline(level)
    }

    #[inline]
    fn is_suspect(&self, now: Duration, level: usize) -> bool {
        self.watch.is_suspect(now, level)
    }
}
