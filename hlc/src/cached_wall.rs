use core::time::Duration;

use crate::sync::{AtomicU64, Ordering, const_unless_loom};

/// A wall clock that one thread refreshes and all threads read with two loads.
///
/// Reading the operating system's clock costs several times what a [`tick`](crate::Clock::tick) does. Where a
/// millisecond or so of staleness is fine, let one thread refresh this word, and tick with it. Timestamps then lag real
/// time by the age of the reading, and stay unique and growing. In a [`receive`](crate::Clock::receive) the age counts
/// against `drift_max`: with a reading that is too old, honest peers look late.
///
/// A reading knows its age, so that a refresher that died doesn't go unnoticed.
///
/// # Progress
/// Wait-free: loads and stores only.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::{CachedWall, Clock};
///
/// static WALL: CachedWall = CachedWall::new();
/// static CLOCK: Clock = Clock::new(Duration::from_millis(500));
///
/// assert_eq!(WALL.read(), None); // never refreshed: there is no default that reads as 1970
///
/// // In the refreshing thread, every millisecond, with readings of both of the system's clocks:
/// WALL.refresh(Duration::from_secs(1_700_000_000), Duration::from_millis(50));
///
/// // Everywhere else:
/// let reading = WALL.read().unwrap();
/// let timestamp = CLOCK.tick(reading.wall)?;
/// assert_eq!(timestamp.physical(), Duration::from_secs(1_700_000_000));
///
/// // Now and then, with a monotonic clock:
/// assert_eq!(reading.age(Duration::from_millis(53)), Duration::from_millis(3));
/// # Ok::<(), spacelike_hlc::Exhausted>(())
/// ```
#[derive(Debug)]
pub struct CachedWall {
    /// Packed wall clock. Written by the refresher, before `refreshed`.
    wall: AtomicU64,
    /// Packed monotonic clock, plus one; zero if never refreshed. Written by the refresher, after `wall`.
    refreshed: AtomicU64,
}

/// What [`CachedWall::read`] saw.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CachedReading {
    /// The wall clock, since the Unix epoch, in whole milliseconds.
    pub wall: Duration,
    /// The monotonic clock at a refresh that stored `wall` or an older wall clock, in whole milliseconds.
    pub refreshed: Duration,
}

impl CachedReading {
    /// How old the reading is at `monotonic`, from the same origin as the refresher's: at least its true age, less one
    /// millisecond of rounding.
    pub fn age(&self, monotonic: Duration) -> Duration {
        monotonic.saturating_sub(self.refreshed)
    }
}

impl CachedWall {
    const_unless_loom! {
        /// A word that was never refreshed.
        pub const fn new() -> Self {
            Self { wall: AtomicU64::new(0), refreshed: AtomicU64::new(0) }
        }
    }

    /// Stores both clocks, cut to whole milliseconds: `wall` since the Unix epoch, `monotonic` since an origin that all
    /// users of this word share.
    ///
    /// One thread at a time: two that refresh at once may leave one's `wall` beside the other's `monotonic`, which
    /// makes the age wrong by what lay between their readings.
    pub fn refresh(&self, wall: Duration, monotonic: Duration) {
        // The order is what keeps an age from being understated: whoever sees this `refreshed` sees this `wall` or a
        // newer one. Release pairs with the acquire in `read`. Checked by tests::cached_wall::age_is_never_understated.
        self.wall.store(pack(wall), Ordering::Relaxed);
        self.refreshed.store(pack(monotonic) + 1, Ordering::Release);
    }

    /// The latest reading, or `None` if there was no refresh yet.
    #[inline]
    pub fn read(&self) -> Option<CachedReading> {
        // Acquire: pairs with the release in `refresh`.
        let refreshed = self.refreshed.load(Ordering::Acquire).checked_sub(1)?;
        Some(CachedReading { wall: unpack(self.wall.load(Ordering::Relaxed)), refreshed: unpack(refreshed) })
    }
}

impl Default for CachedWall {
    fn default() -> Self {
        Self::new()
    }
}

/// Seconds above ten bits of milliseconds: cheaper to take apart than a count of milliseconds. Caps at 2^53 seconds.
fn pack(time: Duration) -> u64 {
    (time.as_secs().min(1 << 53) << 10) + u64::from(time.subsec_millis())
}

#[inline]
fn unpack(word: u64) -> Duration {
    let millis = (word & 0x3FF) as u32;
    Duration::new(word >> 10, millis * 1_000_000)
}
