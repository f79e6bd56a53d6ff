use core::time::Duration;
use std::time::{Instant, SystemTime};

use crate::table::Clock;

/// The operating system's clock: what its wall clock said once, and the time that has passed since. It never goes back, and
/// doesn't follow a wall clock that is set.
///
/// # Examples
/// ```
/// use spacelike_idempotency::table::{Clock, OsClock};
///
/// let clock = OsClock::new();
/// let earlier = clock.now();
/// assert!(clock.now() >= earlier);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OsClock {
    origin: Duration,
    made: Instant,
}

impl OsClock {
    /// Reads both clocks. A wall clock that is set to before 1970 counts as 1970.
    pub fn new() -> Self {
        let made = Instant::now();
        let origin = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { origin, made }
    }
}

impl Default for OsClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for OsClock {
    fn now(&self) -> Duration {
        self.origin.saturating_add(self.made.elapsed())
    }
}
