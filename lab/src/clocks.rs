//! Where a driver's readings come from. The only file of this crate that reads a clock of the operating system.

use core::time::Duration;
use std::time::Instant;

use spacelike::hlc::{BeforeUnixEpoch, OsClock};
use spacelike::monitor::Reading;

/// A node's view of its clocks.
///
/// A test hands in a view of its own; [`OsClocks`] is the real one and [`SkewedClocks`] a wrong one.
pub trait Clocks: Send + 'static {
    /// Reads all clocks at once. `monotonic` counts from an origin that stays the same for the life of this value.
    ///
    /// # Errors
    /// [`BeforeUnixEpoch`] if the wall clock is set to before 1970. A driver can't step a machine then: it refuses to
    /// start, or halts.
    fn reading(&mut self) -> Result<Reading, BeforeUnixEpoch>;
}

/// The operating system's clocks: its wall clock, for whose error nobody vouches, and the time since this value was
/// made.
///
/// # Examples
/// ```
/// use spacelike_lab::clocks::{Clocks, OsClocks};
///
/// let mut clocks = OsClocks::new();
/// let (earlier, later) = (clocks.reading()?, clocks.reading()?);
/// assert!(earlier.monotonic <= later.monotonic);
/// assert!(later.wall.as_secs() > 1_600_000_000);
/// # Ok::<(), spacelike::hlc::BeforeUnixEpoch>(())
/// ```
#[derive(Clone, Debug)]
pub struct OsClocks {
    origin: Instant,
}

impl OsClocks {
    /// Monotonic time counts from here.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for OsClocks {
    fn default() -> Self {
        Self::new()
    }
}

impl Clocks for OsClocks {
    fn reading(&mut self) -> Result<Reading, BeforeUnixEpoch> {
        Ok(Reading { monotonic: self.origin.elapsed(), wall: OsClock::now()?, error: None })
    }
}

/// [`OsClocks`] whose wall clock is off by a number of milliseconds and may step once, in either direction. Monotonic
/// time is left alone, as a step of the system's clock leaves it alone.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_lab::clocks::{Clocks, OsClocks, SkewedClocks};
///
/// // An hour slow, and a second slower from the start.
/// let mut slow = SkewedClocks::new(-3_600_000).step(Duration::ZERO, -1_000);
/// let behind = OsClocks::new().reading()?.wall - slow.reading()?.wall;
/// assert!(behind <= Duration::from_secs(3_601));
/// assert!(behind > Duration::from_secs(3_500));
/// # Ok::<(), spacelike::hlc::BeforeUnixEpoch>(())
/// ```
#[derive(Clone, Debug)]
pub struct SkewedClocks {
    clocks: OsClocks,
    offset_millis: i64,
    step: Option<(Duration, i64)>,
}

impl SkewedClocks {
    /// A wall clock that is `offset_millis` ahead of the system's, or behind it if negative.
    pub fn new(offset_millis: i64) -> Self {
        Self { clocks: OsClocks::new(), offset_millis, step: None }
    }

    /// Takes monotonic time from `clocks` and its clones, so that the readings of several nodes can be put in order.
    #[must_use]
    pub fn on(mut self, clocks: OsClocks) -> Self {
        self.clocks = clocks;
        self
    }

    /// Steps the wall clock by `millis` once `after` has passed on the monotonic clock. A second call replaces the
    /// first.
    #[must_use]
    pub fn step(mut self, after: Duration, millis: i64) -> Self {
        self.step = Some((after, millis));
        self
    }
}

impl Clocks for SkewedClocks {
    fn reading(&mut self) -> Result<Reading, BeforeUnixEpoch> {
        let mut reading = self.clocks.reading()?;
        let stepped = match self.step {
            Some((after, millis)) if reading.monotonic >= after => millis,
            _ => 0,
        };
        let offset = self.offset_millis.saturating_add(stepped);
        let distance = Duration::from_millis(offset.unsigned_abs());
        reading.wall = if offset >= 0 {
            reading.wall.saturating_add(distance)
        } else {
            reading
                .wall
                .checked_sub(distance)
                .ok_or_else(|| BeforeUnixEpoch { before: distance.saturating_sub(reading.wall) })?
        };
        Ok(reading)
    }
}
