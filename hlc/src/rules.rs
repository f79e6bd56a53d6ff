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
    /// How far the remote timestamp was ahead of our wall clock, in whole milliseconds; zero if it was not. The
    /// sender's physical clock, or one it heard from, is at least this far ahead of ours.
    pub ahead: Duration,
}

/// The word at `wall` with counter 0, or `None` beyond the range.
#[inline]
pub(crate) const fn floor(wall: Duration) -> Option<u64> {
    if wall.as_secs() <= MAX_SECS {
        let millis = wall.as_secs() * 1_000 + wall.subsec_millis() as u64;
        let word = millis << Timestamp::COUNTER_BITS;
        if word <= Timestamp::MAX.to_u64() { Some(word) } else { None }
    } else {
        None
    }
}

/// `wall` without its fraction of a millisecond: what a timestamp can tell of it.
pub(crate) const fn whole_millis(wall: Duration) -> Duration {
    Duration::new(wall.as_secs(), wall.subsec_millis() * 1_000_000)
}

/// How far the physical part of `remote` is ahead of `wall`, both in whole milliseconds, if that is accepted. The
/// counter takes no part, and neither does the state of any clock: otherwise a peer could pull us along, one `drift_max`
/// per message.
#[inline]
pub(crate) fn check_drift(
    remote: Timestamp,
    wall: Duration,
    drift_max: Duration,
) -> Result<Duration, DriftExceeded> {
    let ahead = match floor(wall) {
        Some(floor) => remote.millis().saturating_sub(floor >> Timestamp::COUNTER_BITS),
        None => 0,
    };
    let drift = Duration::from_millis(ahead);
    // A timestamp tells whole milliseconds, so the bound is rounded up to one: drift <= ceil(drift_max).
    let accepted = drift < drift_max.saturating_add(Duration::from_millis(1));
    if accepted { Ok(drift) } else { Err(DriftExceeded { drift, drift_max }) }
}

const MAX_SECS: u64 = Timestamp::MAX.millis() / 1_000;
