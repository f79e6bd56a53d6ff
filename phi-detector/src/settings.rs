use core::time::Duration;

use crate::Resolution;
use crate::ticks::INTERVAL_MAX;

/// What a [`LocalPhi`](crate::LocalPhi) assumes before it has heard enough, and what it never goes below.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::Settings;
///
/// // Beats once a second; a collector may stop the peer for up to three.
/// let settings = Settings { pause: Duration::from_secs(3), ..Settings::new(Duration::from_secs(1)) };
/// assert_eq!(settings.sd_min, Duration::from_millis(100));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// How far apart beats are meant to be. Taken for the intervals that are missing while fewer than eight are known.
    /// At most 2^26 ticks, 19 hours of the default length: a longer one counts as that, and its peer is suspect before each
    /// beat. Take longer ticks then.
    pub period: Duration,
    /// A silence that raises no suspicion, added to every interval: for pauses that are known to come, of a collector or a
    /// disk. Zero by default.
    pub pause: Duration,
    /// The least standard deviation. A tenth of the period by default: less than one can rely on a network for.
    pub sd_min: Duration,
    /// The least standard deviation, in thousandths of the mean: 100 by default, so that it grows with a peer that becomes
    /// slower.
    pub sd_min_permille: u32,
    /// How long a tick is.
    pub resolution: Resolution,
}

impl Settings {
    /// For beats that are so far apart.
    #[expect(clippy::missing_panics_doc, reason = "ten is not zero")]
    pub const fn new(period: Duration) -> Self {
        Self {
            period,
            pause: Duration::ZERO,
            sd_min: period.checked_div(10).unwrap(),
            sd_min_permille: 100,
            resolution: Resolution::DEFAULT,
        }
    }
    /// The period in ticks, of which an interval has at most 2^26.
    ///
    /// # Panics
    /// If it is less than a tick.
    pub(crate) const fn period_ticks(&self) -> u64 {
        let period = self.resolution.ticks(self.period);
        assert!(period > 0, "a period of less than a tick: take shorter ticks");
        if period < INTERVAL_MAX as u64 { period } else { INTERVAL_MAX as u64 }
    }
}
