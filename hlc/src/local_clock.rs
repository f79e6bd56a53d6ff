use core::time::Duration;

use crate::rules::{self, Received};
use crate::{DriftExceeded, Exhausted, ReceiveError, Run, Timestamp};

/// A hybrid logical clock for one thread, or for targets without atomics: [`Clock`](crate::Clock) on `&mut self`.
///
/// It is plain data, so that it can live inside a deterministic state machine. A clone is another clock: give it another
/// node id before both issue timestamps.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::LocalClock;
///
/// let (mut alice, mut bob) = (LocalClock::new(Duration::from_secs(1)), LocalClock::new(Duration::from_secs(1)));
/// let sent = alice.tick(Duration::from_millis(1_700))?; // Alice's wall clock is 500 ms ahead of Bob's
/// let received = bob.receive(sent, Duration::from_millis(1_210))?;
/// assert!(received.timestamp > sent);
/// assert_eq!(bob.lead(Duration::from_millis(1_210)), Duration::from_millis(490));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LocalClock {
    /// The latest timestamp issued or taken over, zero if none. Only grows; in range.
    latest: u64,
    drift_millis_max: u64,
}

impl LocalClock {
    /// As [`Clock::new`](crate::Clock::new).
    pub const fn new(drift_max: Duration) -> Self {
        Self::starting_above(0, drift_max)
    }

    pub(crate) const fn starting_above(latest: u64, drift_max: Duration) -> Self {
        Self { latest, drift_millis_max: rules::round_up(drift_max) }
    }

    /// As [`Clock::tick`](crate::Clock::tick).
    ///
    /// # Errors
    /// [`Exhausted`] beyond the year 8659. The clock is unchanged.
    #[inline]
    pub fn tick(&mut self, wall: Duration) -> Result<Timestamp, Exhausted> {
        if let Some(millis) = rules::nearly_millis(wall) {
            if let Some(timestamp) = self.advance(rules::word(millis)) {
                return Ok(timestamp);
            }
        }
        Err(self.exhausted(wall))
    }

    /// As [`Clock::tick_n`](crate::Clock::tick_n).
    ///
    /// # Errors
    /// [`Exhausted`] if the run doesn't end before the year 8659. The clock is unchanged.
    pub fn tick_n(&mut self, wall: Duration, count: u32) -> Result<Run, Exhausted> {
        let floor = rules::word(self.millis(wall)?);
        self.advance_within(floor, count, Timestamp::MAX.to_u64()).map_err(|_| self.exhausted(wall))
    }

    /// As [`Clock::receive`](crate::Clock::receive).
    ///
    /// # Errors
    /// [`DriftExceeded`] if `remote` is more than `drift_max` ahead of `wall`; [`Exhausted`] beyond the year 8659. The
    /// clock is unchanged.
    #[inline]
    pub fn receive(&mut self, remote: Timestamp, wall: Duration) -> Result<Received, ReceiveError> {
        if let Some(millis) = rules::nearly_millis(wall) {
            let ahead = self.check_drift(remote, millis)?;
            if let Some(timestamp) = self.advance(rules::word(millis).max(remote.to_u64() + 1)) {
                return Ok(Received { timestamp, ahead });
            }
        }
        Err(self.exhausted(wall).into())
    }

    /// As [`Clock::observe`](crate::Clock::observe).
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    #[inline]
    pub fn observe(&mut self, remote: Timestamp, wall: Duration) -> Result<Duration, ReceiveError> {
        let millis = self.millis(wall)?;
        let ahead = self.check_drift(remote, millis)?;
        self.latest = self.latest.max(remote.to_u64());
        Ok(ahead)
    }

    /// Joins this thread's clock and one that threads share: afterwards each is at least what the other was.
    ///
    /// For services in which one shared word is the bottleneck: a clock per thread issues the timestamps, each thread
    /// under a node id of its own. Whoever hands work over joins the shared clock after its last timestamp and before the
    /// work can be seen; whoever takes it joins after it took the work and before its next timestamp. Then timestamps
    /// respect causality between threads too; in any other order they need not
    /// (`tests::clock::joined_clocks_carry_causality`, and the two models after it that must fail).
    ///
    /// This publishes nothing but timestamps: hand the work over by something that synchronises, such as a channel.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_hlc::{Clock, LocalClock};
    ///
    /// static SHARED: Clock = Clock::new(Duration::from_secs(1));
    /// let wall = Duration::from_secs(100);
    /// let (mut ours, mut theirs) = (LocalClock::new(Duration::from_secs(1)), LocalClock::new(Duration::from_secs(1)));
    ///
    /// let cause = ours.tick(wall)?;
    /// ours.join(&SHARED); // ... and hand the work over
    ///
    /// theirs.join(&SHARED); // took the work
    /// assert!(theirs.tick(wall)? > cause);
    /// # Ok::<(), spacelike_hlc::Exhausted>(())
    /// ```
    #[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
    pub fn join(&mut self, shared: &crate::Clock) {
        if let Some(ours) = self.latest() {
            shared.join(ours);
        }
        if let Some(theirs) = shared.latest() {
            self.latest = self.latest.max(theirs.to_u64());
        }
    }

    /// As [`Clock::latest`](crate::Clock::latest).
    pub const fn latest(&self) -> Option<Timestamp> {
        if self.latest == 0 { None } else { Some(Timestamp::from_word(self.latest)) }
    }

    /// As [`Clock::lead`](crate::Clock::lead).
    pub fn lead(&self, wall: Duration) -> Duration {
        rules::lead(self.latest(), wall)
    }

    /// How far ahead a remote timestamp may be, rounded up to a whole millisecond.
    pub const fn drift_max(&self) -> Duration {
        rules::rounded_up(self.drift_millis_max)
    }

    #[inline]
    fn advance(&mut self, floor: u64) -> Option<Timestamp> {
        let next = Timestamp::from_u64(floor.max(self.latest + 1)).ok()?;
        self.latest = next.to_u64();
        Some(next)
    }

    pub(crate) fn advance_within(&mut self, floor: u64, count: u32, end: u64) -> Result<Run, u64> {
        if count == 0 {
            return Ok(Run::new(0, 0));
        }
        let first = floor.max(self.latest + 1);
        let last = first + u64::from(count - 1);
        if last > end {
            return Err(last);
        }
        self.latest = last;
        Ok(Run::new(first, count))
    }

    /// The wall clock in whole milliseconds, if it is in range.
    #[inline]
    pub(crate) fn millis(&self, wall: Duration) -> Result<u64, Exhausted> {
        rules::millis(wall).ok_or_else(|| self.exhausted(wall))
    }

    #[cold]
    pub(crate) fn exhausted(&self, wall: Duration) -> Exhausted {
        Exhausted { wall, latest: self.latest() }
    }

    #[inline]
    pub(crate) fn check_drift(&self, remote: Timestamp, wall_millis: u64) -> Result<Duration, DriftExceeded> {
        rules::check_drift(remote, wall_millis, self.drift_millis_max)
    }

    /// Raises the word to `timestamp` if it is lower and `timestamp` is at most `end`.
    pub(crate) fn raise_within(&mut self, timestamp: Timestamp, end: u64) -> Result<(), u64> {
        if timestamp.to_u64() > end {
            return Err(timestamp.to_u64());
        }
        self.latest = self.latest.max(timestamp.to_u64());
        Ok(())
    }
}
