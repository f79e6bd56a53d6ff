use core::time::Duration;

use crate::{Timestamp, rules};

/// What the durable store said when the process started.
///
/// An enum rather than an `Option`, so that a store that failed can't be turned into [`Never`](Self::Never) by an `.ok()`
/// on the way: a node that starts from "nothing was ever stored" because a read failed issues old timestamps again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stored {
    /// The store was read, and no bound was ever stored for this clock: it is the first start.
    Never,
    /// The greatest bound that was stored.
    Bound(Timestamp),
}

impl Stored {
    /// The word of the bound, zero for none.
    pub(crate) const fn to_word(self) -> u64 {
        match self {
            Self::Never => 0,
            Self::Bound(bound) => bound.to_u64(),
        }
    }
}

/// A bound that must be made durable before the clock may pass the old one.
///
/// Store [`bound`](Self::bound), sync it, and hand this back to the `confirm` of the clock it is from. If storing fails,
/// drop it: the clock stays below the old bound.
///
/// One at a time, or store the maximum: a reservation knows nothing of another that isn't confirmed yet, and its bound may
/// be lower. What is stored must never be less than any bound that was confirmed.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "store the bound durably, then hand this to `confirm`; until then nothing more is reserved"]
pub struct Reservation {
    pub(crate) bound: Timestamp,
}

impl Reservation {
    /// What to store.
    pub const fn bound(&self) -> Timestamp {
        self.bound
    }
}

/// A bound `ahead` of the wall clock or of the latest timestamp, never below the one in force; `None` out of range.
pub(crate) fn propose(
    latest: Option<Timestamp>,
    bound: u64,
    wall: Duration,
    ahead: Duration,
) -> Option<Reservation> {
    let from = rules::word(rules::millis(wall)?).max(latest.map_or(0, Timestamp::to_u64));
    let ahead = Some(rules::round_up(ahead)).filter(|&millis| millis <= Timestamp::MAX.millis())?;
    let bound = bound.max(from.checked_add(rules::word(ahead))?).max(1);
    Some(Reservation { bound: Timestamp::from_u64(bound).ok()? })
}
