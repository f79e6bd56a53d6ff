use core::time::Duration;

use crate::rules::{self, Received};
use crate::stored::propose;
use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{Clock, Exhausted, Reservation, ReservedError, Run, Stored, Timestamp, Unreserved};

/// A clock that threads share and that survives restarts: no timestamp passes a bound that the caller stored durably.
///
/// After a crash the clock begins above the stored bound, whatever the wall clock says then, so it never issues a
/// timestamp twice and never one below what it issued or took over in an earlier life. The crate touches no file: the
/// caller stores eight bytes every few seconds.
///
/// ```text
///   ... issued ...|        may be issued        |  needs a reservation
///  ---------------+-----------------------------+---------------------> timestamps
///               latest                        bound (durable)
/// ```
///
/// A wall clock that runs on while nobody reserves reaches the bound as well: reserve by time, well before the bound
/// ("three seconds ahead, every second"), not on the first [`Unreserved`].
///
/// After a crash the clock is ahead of the wall clock by up to what was reserved, and peers refuse timestamps that are
/// further ahead than their `drift_max`. Reserve less than that, or begin only when [`lead`](Self::lead) has come down to
/// zero: a wait of at most what was reserved, unless the wall clock was set back. At a clean end nothing need be waited
/// for: once the clock is at rest, store [`latest`](Self::latest) in place of the bound.
///
/// # A copied machine
/// A snapshot or a clone of a virtual machine copies the memory *and* the stored bound: both copies issue the same
/// timestamps, and no clock can notice. Fence the copy from outside: give it a new node id, or keep an epoch beside the
/// bound that grows whenever the hypervisor reports a new generation, and use `(id, epoch)` as the
/// [`Stamp`](crate::Stamp)'s node. Then their stamps differ even where their timestamps don't.
///
/// # Progress
/// Lock-free as [`Clock`] is; every issue is a compare-exchange loop, because a `fetch_add` would pass the bound.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::{OsClock, ReservedClock, ReservedError, Stored};
///
/// # fn load() -> Result<Stored, std::io::Error> { Ok(Stored::Never) }
/// # fn store_and_sync(_: [u8; 8]) -> Result<(), std::io::Error> { Ok(()) }
/// // A failed load ends the start. It can't be mistaken for a first start.
/// let clock = ReservedClock::new(Duration::from_millis(500), load()?);
///
/// // Nothing may be issued until a bound is stored ...
/// assert!(matches!(clock.tick(OsClock::now()?), Err(ReservedError::Unreserved(_))));
///
/// // ... once at the start, then every second or so.
/// let reservation = clock.reserve(OsClock::now()?, Duration::from_secs(3))?;
/// store_and_sync(reservation.bound().to_be_bytes())?;
/// clock.confirm(reservation);
///
/// assert!(clock.tick(OsClock::now()?).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ReservedClock {
    clock: Clock,
    /// The greatest word that may be issued or taken over; zero if none. Written by `confirm`, only raised.
    bound: AtomicU64,
}

impl ReservedClock {
    const_unless_loom! {
        /// Begins above what is `stored`; `drift_max` as for [`Clock::new`]. Nothing can be issued before the first
        /// [`confirm`](Self::confirm).
        pub const fn new(drift_max: Duration, stored: Stored) -> Self {
            let bound = stored.to_word();
            Self { clock: Clock::starting_above(bound, drift_max), bound: AtomicU64::new(bound) }
        }
    }

    /// Proposes a bound `ahead` of the wall clock or of the latest timestamp, whichever is greater. Changes nothing.
    ///
    /// `ahead` should be more than `drift_max` and the time between two reservations together: a peer's timestamp may be
    /// `drift_max` ahead, and must fit below the bound. It is rounded up to a whole millisecond.
    ///
    /// # Errors
    /// [`Exhausted`] if the bound would lie beyond the year 8659.
    pub fn reserve(&self, wall: Duration, ahead: Duration) -> Result<Reservation, Exhausted> {
        propose(self.latest(), self.load_bound(), wall, ahead).ok_or_else(|| self.clock.exhausted(wall))
    }

    /// Lets the clock go up to the reservation's bound. Call it when the bound is durable, not earlier.
    #[expect(clippy::needless_pass_by_value, reason = "a reservation is confirmed once")]
    pub fn confirm(&self, reservation: Reservation) {
        let mut seen = self.bound.load(Ordering::Relaxed);
        while seen < reservation.bound.to_u64() {
            // Release: pairs with the acquire in `load_bound`, so that making the bound durable happens before any
            // issue that needed it. Checked by tests::reserved_clock::the_bound_is_durable_before_it_is_used.
            match self.bound.compare_exchange_weak(
                seen,
                reservation.bound.to_u64(),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// As [`Clock::tick`], up to the bound.
    ///
    /// # Errors
    /// [`Unreserved`] at the bound, [`Exhausted`] beyond the year 8659. The clock is unchanged.
    pub fn tick(&self, wall: Duration) -> Result<Timestamp, ReservedError> {
        let floor = rules::word(self.clock.millis(wall)?);
        self.issue(floor, wall)
    }

    /// As [`Clock::tick_n`], up to the bound.
    ///
    /// # Errors
    /// As for [`tick`](Self::tick).
    pub fn tick_n(&self, wall: Duration, count: u32) -> Result<Run, ReservedError> {
        let floor = rules::word(self.clock.millis(wall)?);
        let bound = self.load_bound();
        self.clock.advance_within(floor, count, bound).map_err(|needed| self.refused(needed, bound, wall))
    }

    /// As [`Clock::receive`], up to the bound.
    ///
    /// # Errors
    /// Those of [`tick`](Self::tick), and [`DriftExceeded`](crate::DriftExceeded). The clock is unchanged.
    pub fn receive(&self, remote: Timestamp, wall: Duration) -> Result<Received, ReservedError> {
        let millis = self.clock.millis(wall)?;
        let ahead = self.clock.check_drift(remote, millis)?;
        let timestamp = self.issue(rules::word(millis).max(remote.to_u64() + 1), wall)?;
        Ok(Received { timestamp, ahead })
    }

    /// As [`Clock::observe`], up to the bound: what was taken over must be remembered by the next life as well.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn observe(&self, remote: Timestamp, wall: Duration) -> Result<Duration, ReservedError> {
        let millis = self.clock.millis(wall)?;
        let ahead = self.clock.check_drift(remote, millis)?;
        let bound = self.load_bound();
        if remote.to_u64() > bound {
            return Err(self.refused(remote.to_u64(), bound, wall));
        }
        self.clock.join(remote);
        Ok(ahead)
    }

    /// The greatest timestamp that may be issued; `None` if none was ever reserved, by an earlier life or by this one.
    pub fn bound(&self) -> Option<Timestamp> {
        Timestamp::from_u64(self.load_bound()).ok()
    }

    /// As [`Clock::latest`]. After a restart it is the stored bound.
    pub fn latest(&self) -> Option<Timestamp> {
        self.clock.latest()
    }

    /// As [`Clock::lead`].
    pub fn lead(&self, wall: Duration) -> Duration {
        self.clock.lead(wall)
    }

    /// How far ahead a remote timestamp may be, rounded up to a whole millisecond.
    pub const fn drift_max(&self) -> Duration {
        self.clock.drift_max()
    }

    fn issue(&self, floor: u64, wall: Duration) -> Result<Timestamp, ReservedError> {
        let bound = self.load_bound();
        match self.clock.advance_within(floor, 1, bound) {
            Ok(run) => Ok(run.only()),
            Err(needed) => Err(self.refused(needed, bound, wall)),
        }
    }

    /// Acquire: pairs with the release in `confirm`. An old bound is a lower one, which only refuses more.
    fn load_bound(&self) -> u64 {
        self.bound.load(Ordering::Acquire)
    }

    #[cold]
    fn refused(&self, needed: u64, bound: u64, wall: Duration) -> ReservedError {
        match Timestamp::from_u64(needed) {
            Ok(needed) => Unreserved { needed, bound: Timestamp::from_u64(bound).ok() }.into(),
            Err(_) => self.clock.exhausted(wall).into(),
        }
    }
}
