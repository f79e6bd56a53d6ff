use core::time::Duration;

use crate::smoothed::Smoothed;

/// How long to wait for the answer to a probe: for those who ask, instead of being told. Learns from round trips as RFC 6298
/// does (sections 2, 3 and 5; RFC 9002, section 6.2, is the same for QUIC): `mean + max(granularity, 4 deviations)`, doubled
/// whenever it ran out, between a least and a greatest value.
///
/// Karn's rule: the answer to a probe that was sent more than once is no measurement, since nobody knows which of them it
/// answers; and it leaves the doubling as it is, so that a way that is slower than the timeout is measured in the end.
///
/// In nanoseconds, integers only. No allocation, no loops.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::ProbeTimeout;
///
/// let ms = Duration::from_millis;
/// let mut timeout = ProbeTimeout::new(ms(1_000), ms(10), ms(60_000));
/// assert_eq!(timeout.timeout(), ms(1_000));
///
/// assert!(timeout.answered(ms(40), 1));
/// assert_eq!(timeout.timeout(), ms(120)); // 40 and four times 20
///
/// timeout.expired();
/// assert_eq!(timeout.timeout(), ms(240));
/// assert!(!timeout.answered(ms(250), 2)); // to which of the two?
/// assert_eq!(timeout.timeout(), ms(240));
///
/// assert!(timeout.answered(ms(40), 1));
/// assert_eq!(timeout.timeout(), ms(100));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ProbeTimeout {
    initial: u64,
    min: u64,
    max: u64,
    smoothed: Smoothed,
    /// How often it ran out since the last measurement.
    expiries: u32,
}

impl ProbeTimeout {
    /// Waits for `initial` until there is a measurement, and always at least `min` and at most `max`. RFC 6298 has 1 s, 1 s
    /// and 60 s or more; RFC 9002 begins at 1 s.
    ///
    /// # Panics
    /// If `min` is zero or greater than `max`.
    pub const fn new(initial: Duration, min: Duration, max: Duration) -> Self {
        let (initial, min, max) = (nanos(initial), nanos(min), nanos(max));
        assert!(min > 0, "a timeout of nothing");
        assert!(min <= max, "the least timeout is greater than the greatest");
        Self { initial, min, max, smoothed: Smoothed::EMPTY, expiries: 0 }
    }

    /// How long to wait for the answer to a probe that is sent now.
    pub fn timeout(&self) -> Duration {
        let once = if self.smoothed.is_empty() { self.initial } else { self.smoothed.timeout(GRANULARITY) };
        // Within the bounds first, so that the doubling is seen.
        let doubled = once.clamp(self.min, self.max).saturating_mul(1 << self.expiries.min(63));
        Duration::from_nanos(doubled.min(self.max))
    }

    /// No answer came within the timeout: the next one is twice as long.
    pub fn expired(&mut self) {
        self.expiries = self.expiries.saturating_add(1);
    }

    /// An answer came so long after its probe was sent for the first time, and the probe was sent `sends` times. Says whether
    /// it was a measurement: not if the probe was sent more than once, and then nothing changed. A round trip longer than the
    /// greatest timeout is learned as that.
    pub fn answered(&mut self, round_trip: Duration, sends: u32) -> bool {
        if sends > 1 {
            return false;
        }
        self.smoothed.push(nanos(round_trip).min(self.max));
        self.expiries = 0;
        true
    }

    /// The smoothed round trip; `None` before the first measurement.
    pub fn round_trip(&self) -> Option<Duration> {
        (!self.smoothed.is_empty()).then(|| Duration::from_nanos(self.smoothed.mean()))
    }
}

/// Saturates after 584 years.
const fn nanos(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos() as u64)
}

/// RFC 9002, section 6.1.2: a millisecond, which timers can tell.
const GRANULARITY: u64 = 1_000_000;
