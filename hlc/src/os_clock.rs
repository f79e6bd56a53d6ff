use core::time::Duration;
use std::time::{Instant, SystemTime};

/// The operating system's wall clock, as the `wall` that every operation takes.
///
/// It is settable and may step in either direction; the clocks of this crate are made for that.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::{Clock, OsClock};
///
/// static CLOCK: Clock = Clock::new(Duration::from_millis(500));
/// let timestamp = CLOCK.tick(OsClock::now()?)?;
/// assert!(timestamp.physical() > Duration::from_secs(1_600_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct OsClock;

impl OsClock {
    /// The time since the Unix epoch. Costs what the system's clock read costs, typically 20 to 50 ns.
    ///
    /// # Errors
    /// [`BeforeUnixEpoch`] if the system's clock is set to before 1970. To go on without a wall clock, tick with
    /// [`Duration::ZERO`] or the last reading: timestamps stay unique and growing, and only stop following real time.
    #[inline]
    pub fn now() -> Result<Duration, BeforeUnixEpoch> {
        since_epoch(SystemTime::now())
    }

    /// The smallest step between two readings that differ: the resolution that a caller can make use of, which is the
    /// system's or the cost of a read, whichever is coarser. `None` if the clock stood still or went back all along.
    ///
    /// Takes some tens of microseconds, and up to 50 ms where the clock moves in coarse steps.
    ///
    /// # Examples
    /// ```
    /// # use core::time::Duration;
    /// # use spacelike_hlc::OsClock;
    /// if let Some(resolution) = OsClock::resolution() {
    ///     assert!(resolution > Duration::ZERO);
    /// }
    /// ```
    pub fn resolution() -> Option<Duration> {
        let quick = smallest_step((0..1_000).map_while(|_| Self::now().ok()));
        quick.or_else(|| {
            let start = Instant::now();
            let patient =
                || (start.elapsed() < Duration::from_millis(50)).then(|| Self::now().ok()).flatten();
            smallest_step(core::iter::from_fn(patient))
        })
    }
}

/// The smallest step forward between two readings in a row.
fn smallest_step(readings: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut last = None;
    readings
        .filter_map(|reading| reading.checked_sub(last.replace(reading)?))
        .filter(|step| !step.is_zero())
        .min()
}

fn since_epoch(time: SystemTime) -> Result<Duration, BeforeUnixEpoch> {
    time.duration_since(SystemTime::UNIX_EPOCH).map_err(|error| BeforeUnixEpoch { before: error.duration() })
}

/// The operating system's clock is set to a time before 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the system clock is set to {before:?} before 1970: set it, or tick with the last reading or zero")]
pub struct BeforeUnixEpoch {
    /// How long before.
    pub before: Duration,
}

/// A clock set to before 1970 is an error that says by how much, and the epoch itself is none.
#[cfg(all(test, not(loom)))]
#[test]
fn a_time_before_1970_is_an_error() {
    let second = Duration::from_secs(1);
    assert_eq!(since_epoch(SystemTime::UNIX_EPOCH - second), Err(BeforeUnixEpoch { before: second }));
    assert_eq!(since_epoch(SystemTime::UNIX_EPOCH), Ok(Duration::ZERO));
}

/// The resolution is the smallest step forward: not a pause, not a step back, not a reading twice.
#[cfg(all(test, not(loom)))]
#[test]
fn the_smallest_step_forward_counts() {
    let steps = |millis: &[u64]| smallest_step(millis.iter().map(|&millis| Duration::from_millis(millis)));
    assert_eq!(steps(&[100, 100, 116, 116, 148, 20, 35]), Some(Duration::from_millis(15)));
    for still in [&[][..], &[5], &[5, 5], &[5, 4, 4, 3]] {
        assert_eq!(steps(still), None);
    }
}
