use core::time::Duration;
use std::time::{Instant, SystemTime};

/// The operating system's wall clock, as the `wall` that every operation takes.
///
/// It is settable and may step in either direction; the clocks of this crate are made for that. Where the last
/// nanoseconds count, [`OsMillis`](OsMillis) is cheaper.
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

/// The operating system's wall clock in whole milliseconds, for hot paths: all that a timestamp keeps of it.
///
/// It reads the same clock as [`OsClock`](OsClock) at every call, and takes the reading apart only once a millisecond, which in
/// the standard library costs almost half of a read. One for each thread that ticks: it is a few words of plain data.
///
/// # Examples
/// ```
/// use spacelike_hlc::{Clock, OsMillis};
/// # use core::time::Duration;
///
/// static CLOCK: Clock = Clock::new(Duration::from_millis(500));
///
/// let mut os = OsMillis::new();
/// let a = CLOCK.tick(os.now()?)?;
/// let b = CLOCK.tick(os.now()?)?;
/// assert!(a < b);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OsMillis {
    /// Readings from here ...
    from: SystemTime,
    /// ... to before this are `wall`.
    until: SystemTime,
    wall: Duration,
}

impl OsMillis {
    /// Reads nothing yet.
    pub const fn new() -> Self {
        Self { from: SystemTime::UNIX_EPOCH, until: SystemTime::UNIX_EPOCH, wall: Duration::ZERO }
    }

    /// The time since the Unix epoch, cut to whole milliseconds: [`OsClock::now`](OsClock::now) without its fraction.
    ///
    /// # Errors
    /// [`BeforeUnixEpoch`] if the system's clock is set to before 1970.
    #[inline]
    pub fn now(&mut self) -> Result<Duration, BeforeUnixEpoch> {
        self.at(SystemTime::now())
    }

    #[inline]
    fn at(&mut self, now: SystemTime) -> Result<Duration, BeforeUnixEpoch> {
        if now < self.from || now >= self.until {
            self.take_apart(now)?;
        }
        Ok(self.wall)
    }

    #[cold]
    fn take_apart(&mut self, now: SystemTime) -> Result<(), BeforeUnixEpoch> {
        let exact = since_epoch(now)?;
        let wall = Duration::new(exact.as_secs(), exact.subsec_millis() * 1_000_000);
        let from = SystemTime::UNIX_EPOCH.checked_add(wall);
        let until = from.and_then(|from| from.checked_add(Duration::from_millis(1)));
        // At the end of the system's range nothing is kept, and the next call comes here as well.
        (self.from, self.until) = from.zip(until).unwrap_or((now, now));
        self.wall = wall;
        Ok(())
    }
}

impl Default for OsMillis {
    fn default() -> Self {
        Self::new()
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

/// For every reading, forward, back and at the edges of a millisecond, it is the system's time without its fraction; a
/// time before 1970 is an error, and changes nothing.
#[cfg(all(test, not(loom)))]
#[test]
fn it_is_the_clock_without_its_fraction() {
    let mut os = OsMillis::new();
    let second = 1_000_000_000;
    for nanos in [
        0,
        1,
        999_999,
        1_000_000,
        1_000_001,
        999_999,
        0,
        5 * second,
        5 * second - 1,
        5 * second + 999_999,
        5 * second + 1_000_000,
        4 * second,
        1_700_000_000 * second + 123_456_789,
    ] {
        let time = Duration::from_nanos(nanos);
        let cut = Duration::from_millis(nanos / 1_000_000);
        for _ in 0..2 {
            assert_eq!(os.at(SystemTime::UNIX_EPOCH + time), Ok(cut), "{nanos}");
        }
        let before = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_nanos(7)).unwrap();
        assert_eq!(os.at(before).unwrap_err().before, Duration::from_nanos(7));
    }
    let exact = OsClock::now().unwrap();
    assert!(os.now().unwrap() + Duration::from_millis(1) > exact);
}
