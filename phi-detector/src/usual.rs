//! Eight times the mean of the intervals that were no stalls, the latest with the most weight; zero before there is one.

/// The usual interval, before one of so many ticks is counted.
#[inline]
pub(crate) fn before(usual_8: u64, interval: u64, clip: u64) -> u64 {
    if usual_8 == 0 { interval.min(clip) } else { usual_8 / 8 }
}

/// With another interval.
#[inline]
pub(crate) fn after(usual: u64, interval: u64) -> u64 {
    usual.saturating_mul(7).saturating_add(interval).max(8)
}
