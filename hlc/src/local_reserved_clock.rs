use core::time::Duration;

use crate::rules::{self, Received};
use crate::stored::propose;
use crate::{Exhausted, LocalClock, Reservation, ReservedError, Run, Stored, Timestamp, Unreserved};

/// A clock for one thread that survives restarts: [`ReservedClock`](crate::ReservedClock) on `&mut self`.
///
/// It is plain data. A clone is another clock over the same bound: give it another node id, or let only one of them go on.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::{LocalReservedClock, Stored};
///
/// let (drift_max, wall) = (Duration::from_millis(500), Duration::from_secs(1_000));
/// let mut clock = LocalReservedClock::new(drift_max, Stored::Never);
///
/// let reservation = clock.reserve(wall, Duration::from_secs(3))?;
/// let disk = Stored::Bound(reservation.bound()); // ... written and synced
/// clock.confirm(reservation);
/// let issued = clock.tick(wall)?;
///
/// // A crash, and a wall clock that lost an hour.
/// let mut clock = LocalReservedClock::new(drift_max, disk);
/// let wall = wall.saturating_sub(Duration::from_secs(3_600));
/// let reservation = clock.reserve(wall, Duration::from_secs(3))?;
/// // ... written and synced
/// clock.confirm(reservation);
/// assert!(clock.tick(wall)? > issued);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LocalReservedClock {
    clock: LocalClock,
    /// The greatest word that may be issued or taken over; zero if none. Only grows.
    bound: u64,
}

impl LocalReservedClock {
    /// As [`ReservedClock::new`](crate::ReservedClock::new).
    pub const fn new(drift_max: Duration, stored: Stored) -> Self {
        let bound = stored.to_word();
        Self { clock: LocalClock::starting_above(bound, drift_max), bound }
    }

    /// As [`ReservedClock::reserve`](crate::ReservedClock::reserve).
    ///
    /// # Errors
    /// [`Exhausted`] if the bound would lie beyond the year 8659.
    pub fn reserve(&self, wall: Duration, ahead: Duration) -> Result<Reservation, Exhausted> {
        propose(self.latest(), self.bound, wall, ahead).ok_or_else(|| self.clock.exhausted(wall))
    }

    /// As [`ReservedClock::confirm`](crate::ReservedClock::confirm).
    #[expect(clippy::needless_pass_by_value, reason = "a reservation is confirmed once")]
    pub fn confirm(&mut self, reservation: Reservation) {
        self.bound = self.bound.max(reservation.bound.to_u64());
    }

    /// As [`Clock::tick`](crate::Clock::tick), up to the bound.
    ///
    /// # Errors
    /// [`Unreserved`] at the bound, [`Exhausted`] beyond the year 8659. The clock is unchanged.
    pub fn tick(&mut self, wall: Duration) -> Result<Timestamp, ReservedError> {
        let floor = rules::word(self.clock.millis(wall)?);
        self.issue(floor, wall)
    }

    /// As [`Clock::tick_n`](crate::Clock::tick_n), up to the bound.
    ///
    /// # Errors
    /// As for [`tick`](Self::tick).
    pub fn tick_n(&mut self, wall: Duration, count: u32) -> Result<Run, ReservedError> {
        let floor = rules::word(self.clock.millis(wall)?);
        self.clock.advance_within(floor, count, self.bound).map_err(|needed| self.refused(needed, wall))
    }

    /// As [`Clock::receive`](crate::Clock::receive), up to the bound.
    ///
    /// # Errors
    /// Those of [`tick`](Self::tick), and [`DriftExceeded`](crate::DriftExceeded). The clock is unchanged.
    pub fn receive(&mut self, remote: Timestamp, wall: Duration) -> Result<Received, ReservedError> {
        let millis = self.clock.millis(wall)?;
        let ahead = self.clock.check_drift(remote, millis)?;
        let timestamp = self.issue(rules::word(millis).max(remote.to_u64() + 1), wall)?;
        Ok(Received { timestamp, ahead })
    }

    /// As [`Clock::observe`](crate::Clock::observe), up to the bound.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub fn observe(&mut self, remote: Timestamp, wall: Duration) -> Result<Duration, ReservedError> {
        let millis = self.clock.millis(wall)?;
        let ahead = self.clock.check_drift(remote, millis)?;
        match self.clock.raise_within(remote, self.bound) {
            Ok(()) => Ok(ahead),
            Err(needed) => Err(self.refused(needed, wall)),
        }
    }

    /// The greatest timestamp that may be issued; `None` if none was ever reserved, by an earlier life or by this one.
    pub const fn bound(&self) -> Option<Timestamp> {
        if self.bound == 0 { None } else { Some(Timestamp::from_word(self.bound)) }
    }

    /// As [`Clock::latest`](crate::Clock::latest). After a restart it is the stored bound.
    pub const fn latest(&self) -> Option<Timestamp> {
        self.clock.latest()
    }

    /// As [`Clock::lead`](crate::Clock::lead).
    pub fn lead(&self, wall: Duration) -> Duration {
        self.clock.lead(wall)
    }

    /// How far ahead a remote timestamp may be, rounded up to a whole millisecond.
    pub const fn drift_max(&self) -> Duration {
        self.clock.drift_max()
    }

    fn issue(&mut self, floor: u64, wall: Duration) -> Result<Timestamp, ReservedError> {
        match self.clock.advance_within(floor, 1, self.bound) {
            Ok(run) => Ok(run.only()),
            Err(needed) => Err(self.refused(needed, wall)),
        }
    }

    #[cold]
    fn refused(&self, needed: u64, wall: Duration) -> ReservedError {
        match Timestamp::from_u64(needed) {
            Ok(needed) => Unreserved { needed, bound: self.bound() }.into(),
            Err(_) => self.clock.exhausted(wall).into(),
        }
    }
}
