use crate::{Heard, Resolution};

/// What a beat is, and what it tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    First,
    Restarted,
    Stale,
    Interval {
        ticks: u64,
        lost: u64,
        /// For each of the beats, if it says something of how they come.
        sample: Option<u64>,
    },
}

impl Arrival {
    /// The same for the caller, and the sample.
    #[inline]
    pub(crate) const fn heard(self, resolution: Resolution) -> (Heard, Option<u64>) {
        match self {
            Self::Stale => (Heard::Stale, None),
            Self::First => (Heard::First, None),
            Self::Restarted => (Heard::Restarted, None),
            Self::Interval { ticks, lost, sample } => {
                (Heard::Interval { interval: resolution.duration(ticks), lost }, sample)
            }
        }
    }
}

/// Of so many steps, each. Mostly it is one, which takes no division.
#[inline]
pub(crate) const fn share(ticks: u64, steps: u64) -> u64 {
    if steps == 1 { ticks } else { ticks / steps }
}
