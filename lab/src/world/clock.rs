use core::time::Duration;

use spacelike::monitor::Reading;

use crate::world::nanos;

/// A node's clocks: how far its wall clock is off, how fast both run, and for what error somebody vouches.
///
/// Drift is that of the oscillator, which both clocks share. A wall clock is set, by whatever [steps](crate::world::Fault::StepClock)
/// or [corrects](crate::world::Fault::SetClock) it; the monotonic clock never is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Clock {
    /// By how many nanoseconds the wall clock is ahead of true time at the start; below zero, behind.
    pub offset: i64,
    /// By how many nanoseconds a second both clocks are too fast; below zero, too slow. At least -999,999,999.
    pub drift: i64,
    /// The wall clock stands still; the monotonic one goes on.
    pub is_frozen: bool,
    /// What the node takes for the error of its wall clock, right or wrong. See [`Now::error`](spacelike::machine::Now).
    pub error: Option<Duration>,
}

/// A clock since the last time that something was changed of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    clock: Clock,
    /// True time, and what the clocks showed then. In nanoseconds, the wall clock from the epoch on.
    since: u64,
    monotonic: u64,
    wall: i128,
}

impl Running {
    pub(super) fn new(clock: Clock, at: u64) -> Self {
        let wall = i128::from(EPOCH) + i128::from(at) + i128::from(clock.offset);
        Self { clock, since: at, monotonic: at, wall }
    }

    pub(super) fn reading(&self, at: u64) -> Reading {
        let elapsed = self.elapsed(at);
        let wall = self.wall + if self.clock.is_frozen { 0 } else { i128::from(elapsed) };
        let wall = u64::try_from(wall.max(0)).unwrap_or(u64::MAX);
        Reading {
            monotonic: Duration::from_nanos(self.monotonic.saturating_add(elapsed)),
            wall: Duration::from_nanos(wall),
            error: self.clock.error,
        }
    }

    /// The first instant of true time at which the monotonic clock shows this; the last instant if it never does.
    pub(super) fn when(&self, monotonic: Duration) -> u64 {
        let Ok(monotonic) = u64::try_from(monotonic.as_nanos()) else { return u64::MAX };
        let ahead = monotonic.saturating_sub(self.monotonic);
        let true_time = (u128::from(ahead) * u128::from(SECOND)).div_ceil(u128::from(self.rate()));
        self.since.saturating_add(u64::try_from(true_time).unwrap_or(u64::MAX))
    }

    /// Another clock from now on, whose wall shows what this one does and `step` nanoseconds more. What it says of its
    /// [offset](Clock::offset) is not used.
    pub(super) fn change(&mut self, at: u64, clock: Clock, step: i64) {
        let reading = self.reading(at);
        let wall = i128::from(nanos(reading.wall)) + i128::from(step);
        *self = Self { clock, since: at, monotonic: nanos(reading.monotonic), wall };
    }

    /// The wall clock is set to true time and the offset.
    pub(super) fn set(&mut self, at: u64, offset: i64) {
        self.change(at, self.clock, 0);
        self.wall = i128::from(EPOCH) + i128::from(at) + i128::from(offset);
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    fn elapsed(&self, at: u64) -> u64 {
        let elapsed =
            u128::from(at.saturating_sub(self.since)) * u128::from(self.rate()) / u128::from(SECOND);
        u64::try_from(elapsed).unwrap_or(u64::MAX)
    }

    /// Nanoseconds that it counts in a second.
    fn rate(&self) -> u64 {
        u64::try_from(i128::from(SECOND) + i128::from(self.clock.drift)).unwrap_or(0).max(1)
    }
}

const SECOND: u64 = 1_000_000_000;

/// When every world begins, in nanoseconds since the Unix epoch: the first of January 2025.
const EPOCH: u64 = 1_735_689_600 * SECOND;
