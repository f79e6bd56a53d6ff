//! What both clocks, shared and local, agree on.
//!
//! On the packed word `w = (l << 16) + c` the cases of Kulkarni et al. 2014, figure 5, become
//!
//! ```text
//! send or local event:  w' = max(wall << 16, w + 1)
//! receive of m:         w' = max(wall << 16, w + 1, m + 1)
//! ```
//!
//! since `+ 1` is "the same l, the next c", and a greater l wins whatever the counters are. Checked exhaustively by
//! `tests::figure_5`. Both have the form `max(floor, w + 1)`, which is all that a clock has to do.

use core::time::Duration;

use crate::{DriftExceeded, Timestamp};

/// What [`receive`](crate::LocalClock::receive) says about a timestamp that it accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use = "the timestamp of this event is inside"]
pub struct Received {
    /// The timestamp of the receive event: greater than the remote one and than all of this clock's.
    pub timestamp: Timestamp,
    /// How far the remote timestamp was ahead of our wall clock, in whole milliseconds; zero if it was not. So far is the
    /// sender's *hybrid* clock ahead. That is a hint at the skew of physical clocks, the sender's or another's that it
    /// heard from, and no more than that where one of them was set back, crashed, or counted into the next millisecond.
    pub ahead: Duration,
}

/// A wall clock in whole milliseconds, or `None` beyond the second in which the range of timestamps ends. For those who
/// check the word that they make of it.
#[inline]
pub(crate) const fn nearly_millis(wall: Duration) -> Option<u64> {
    if wall.as_secs() <= Timestamp::MAX.millis() / 1_000 {
        Some(wall.as_secs() * 1_000 + wall.subsec_millis() as u64)
    } else {
        None
    }
}

/// A wall clock in whole milliseconds, or `None` beyond the range of timestamps.
#[inline]
pub(crate) const fn millis(wall: Duration) -> Option<u64> {
    match nearly_millis(wall) {
        Some(millis) if millis <= Timestamp::MAX.millis() => Some(millis),
        _ => None,
    }
}

/// The word at a wall clock, with counter 0.
#[inline]
pub(crate) const fn word(millis: u64) -> u64 {
    millis << Timestamp::COUNTER_BITS
}

/// A bound in whole milliseconds, since that is what a timestamp tells; rounded up, capped at the range of a `u64`.
pub(crate) const fn round_up(bound: Duration) -> u64 {
    bound.as_secs().saturating_mul(1_000).saturating_add(bound.subsec_nanos().div_ceil(1_000_000) as u64)
}

/// The bound as it was given, but for its rounding.
pub(crate) const fn rounded_up(millis: u64) -> Duration {
    if millis == u64::MAX { Duration::MAX } else { Duration::from_millis(millis) }
}

/// How far the physical part of `remote` is ahead of the wall clock, all in whole milliseconds, if that is accepted. The
/// counter takes no part, and neither does the state of any clock: otherwise a peer could pull us along, one `drift_max`
/// per message.
#[inline]
pub(crate) const fn check_drift(
    remote: Timestamp,
    wall_millis: u64,
    drift_millis_max: u64,
) -> Result<Duration, DriftExceeded> {
    let ahead = remote.millis().saturating_sub(wall_millis);
    if ahead <= drift_millis_max {
        Ok(Duration::from_millis(ahead))
    } else {
        let drift_max = rounded_up(drift_millis_max);
        Err(DriftExceeded { drift: Duration::from_millis(ahead), drift_max })
    }
}

/// How far a timestamp is ahead of a wall clock, in whole milliseconds; zero beyond the range, where none is.
pub(crate) fn lead(latest: Option<Timestamp>, wall: Duration) -> Duration {
    match (latest, millis(wall)) {
        (Some(latest), Some(wall)) => Duration::from_millis(latest.millis().saturating_sub(wall)),
        _ => Duration::ZERO,
    }
}
