use core::time::Duration;

use crate::rules::{self, Received};
use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{DriftExceeded, Exhausted, ReceiveError, Run, Timestamp};

/// A hybrid logical clock that threads share: one atomic word.
///
/// Every timestamp it issues is greater than all it issued or took over before, at least the wall clock that the caller
/// passes, cut to whole milliseconds, and ahead of it by a bounded [`lead`](Self::lead).
///
/// # Progress
/// Every operation is lock-free, on targets with `target_has_atomic = "64"`; elsewhere the feature `critical-section`
/// makes each access a short critical section. No allocation. While the clock leads the wall clock,
/// [`tick`](Self::tick) is a load and one `fetch_add`: wait-free where that is an instruction.
///
/// # Memory ordering
/// What a thread wrote before it was issued a timestamp is visible to whoever is issued a greater one by the same clock,
/// or reads that one or a greater one from [`latest`](Self::latest). Takeovers, by [`observe`](Self::observe) and
/// [`LocalClock::join`](crate::LocalClock::join), publish nothing. Uniqueness and growth need no ordering at all, only
/// that one word has one order of modification. Models: `tests::clock`.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_hlc::Clock;
///
/// static CLOCK: Clock = Clock::new(Duration::from_millis(500));
///
/// let a = CLOCK.tick(Duration::from_millis(5))?;
/// let b = CLOCK.tick(Duration::from_millis(3))?; // the wall clock stepped back
/// assert!(b > a);
/// # Ok::<(), spacelike_hlc::Exhausted>(())
/// ```
#[derive(Debug)]
pub struct Clock {
    /// The latest timestamp issued or taken over, zero if none. Written by any thread, only by read-modify-write; only
    /// grows. A `fetch_add` that raced past the end of the range leaves values in the headroom that nobody was given.
    latest: AtomicU64,
    drift_millis_max: u64,
}

impl Clock {
    const_unless_loom! {
        /// A clock that accepts remote timestamps up to `drift_max` ahead of the wall clock, inclusive. Zero means zero;
        /// [`Duration::MAX`] accepts any, also one that leaves nothing to issue. Fractions of a millisecond count as a whole
        /// one.
        pub const fn new(drift_max: Duration) -> Self {
            Self { latest: AtomicU64::new(0), drift_millis_max: rules::round_up(drift_max) }
        }
    }

    const_unless_loom! {
        /// Like [`new`](Self::new), but every timestamp will be greater than the word `latest`.
        pub(crate) const fn starting_above(latest: u64, drift_max: Duration) -> Self {
            Self { latest: AtomicU64::new(latest), drift_millis_max: rules::round_up(drift_max) }
        }
    }

    /// Issues a timestamp for a local event or a send: greater than every one issued or taken over before, and at least
    /// `wall`, the time since the Unix epoch, cut to whole milliseconds.
    ///
    /// A wall clock that stands still, steps back or reads zero makes the counter run; see [`lead`](Self::lead).
    ///
    /// # Errors
    /// [`Exhausted`] beyond the year 8659. The clock is unchanged.
    #[inline]
    pub fn tick(&self, wall: Duration) -> Result<Timestamp, Exhausted> {
        if let Some(millis) = rules::nearly_millis(wall) {
            if let Some(timestamp) = self.advance(rules::word(millis)) {
                return Ok(timestamp);
            }
        }
        Err(self.exhausted(wall))
    }

    /// Issues `count` timestamps in one contiguous run, with one compare-exchange: for a batch.
    ///
    /// With a `count` of zero the run is empty and the clock unchanged.
    ///
    /// # Errors
    /// [`Exhausted`] if the run doesn't end before the year 8659. The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_hlc::Clock;
    ///
    /// let clock = Clock::new(Duration::from_millis(500));
    /// let run = clock.tick_n(Duration::from_secs(1), 1_000)?;
    /// assert_eq!(run.len(), 1_000);
    /// assert_eq!(clock.latest(), run.end());
    /// # Ok::<(), spacelike_hlc::Exhausted>(())
    /// ```
    pub fn tick_n(&self, wall: Duration, count: u32) -> Result<Run, Exhausted> {
        let floor = rules::word(self.millis(wall)?);
        self.advance_within(floor, count, Timestamp::MAX.to_u64()).map_err(|_| self.exhausted(wall))
    }

    /// Issues a timestamp for the receive of a message stamped `remote`: greater than `remote`, and all that
    /// [`tick`](Self::tick) gives.
    ///
    /// # Errors
    /// - [`DriftExceeded`] if `remote` is more than `drift_max` ahead of `wall`. Compared is its physical part with the
    ///   wall clock, never with this clock, so that peers can't pull it along.
    /// - [`Exhausted`] beyond the year 8659.
    ///
    /// The clock is unchanged. A refused timestamp need not mean a refused message: `tick` instead, and the message was
    /// received without the promise that our timestamp is greater than its.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_hlc::{Clock, ReceiveError, Timestamp};
    ///
    /// let clock = Clock::new(Duration::from_millis(500));
    /// let wall = Duration::from_secs(10);
    ///
    /// let remote = Timestamp::new(10_400, 3)?;
    /// let received = clock.receive(remote, wall)?;
    /// assert!(received.timestamp > remote);
    /// assert_eq!(received.ahead, Duration::from_millis(400)); // so far is the sender's hybrid clock ahead of our wall clock
    ///
    /// let liar = Timestamp::new(10_501, 0)?;
    /// assert!(matches!(clock.receive(liar, wall), Err(ReceiveError::DriftExceeded(_))));
    /// assert_eq!(clock.latest(), Some(received.timestamp)); // unchanged
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn receive(&self, remote: Timestamp, wall: Duration) -> Result<Received, ReceiveError> {
        if let Some(millis) = rules::nearly_millis(wall) {
            let ahead = self.check_drift(remote, millis)?;
            if let Some(timestamp) = self.advance(rules::word(millis).max(remote.to_u64() + 1)) {
                return Ok(Received { timestamp, ahead });
            }
        }
        Err(self.exhausted(wall).into())
    }

    /// Takes over a timestamp without an event of our own: later ones will be greater. Returns how far it is ahead of
    /// `wall`. Idempotent and commutative: a join.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive). The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_hlc::{Clock, Timestamp};
    ///
    /// let clock = Clock::new(Duration::from_millis(500));
    /// let wall = Duration::from_secs(10);
    /// let stored = Timestamp::new(10_200, 0)?; // read from a replica, say
    /// assert_eq!(clock.observe(stored, wall)?, Duration::from_millis(200));
    /// assert_eq!(clock.latest(), Some(stored)); // nothing was issued
    /// assert!(clock.tick(wall)? > stored);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn observe(&self, remote: Timestamp, wall: Duration) -> Result<Duration, ReceiveError> {
        let millis = self.millis(wall)?;
        let ahead = self.check_drift(remote, millis)?;
        self.join(remote);
        Ok(ahead)
    }

    /// The latest timestamp issued or taken over: an upper bound on all that were issued. `None` if there is none yet.
    /// Other threads may have moved the clock on by the time it returns.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_hlc::Clock;
    ///
    /// let clock = Clock::new(Duration::from_millis(500));
    /// assert_eq!(clock.latest(), None);
    /// let issued = clock.tick(Duration::from_secs(10))?;
    /// assert_eq!(clock.latest(), Some(issued));
    /// # Ok::<(), spacelike_hlc::Exhausted>(())
    /// ```
    pub fn latest(&self) -> Option<Timestamp> {
        // Acquire: pairs with the release of whoever raised the word, so that what it wrote before is visible.
        // Checked by tests::clock::latest_publishes.
        let latest = self.latest.load(Ordering::Acquire).min(Timestamp::MAX.to_u64());
        Timestamp::from_u64(latest).ok()
    }

    /// How far the clock is ahead of the wall clock, in whole milliseconds; zero if it is not.
    ///
    /// It grows when the wall clock steps back, by as much; when peers are ahead, up to `drift_max`; and while more than
    /// 65,536 timestamps a millisecond are issued. It shrinks as time passes.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_hlc::Clock;
    ///
    /// let clock = Clock::new(Duration::from_millis(500));
    /// clock.tick(Duration::from_secs(10))?;
    /// assert_eq!(clock.lead(Duration::from_secs(10)), Duration::ZERO);
    /// assert_eq!(clock.lead(Duration::from_secs(7)), Duration::from_secs(3)); // the wall clock stepped back
    /// # Ok::<(), spacelike_hlc::Exhausted>(())
    /// ```
    pub fn lead(&self, wall: Duration) -> Duration {
        rules::lead(self.latest(), wall)
    }

    /// How far ahead a remote timestamp may be, rounded up to a whole millisecond.
    pub const fn drift_max(&self) -> Duration {
        rules::rounded_up(self.drift_millis_max)
    }

    /// Raises the word to `max(floor, word + 1)` and returns it; `None`, without a change, at the end of the range.
    #[inline]
    fn advance(&self, floor: u64) -> Option<Timestamp> {
        // Relaxed: an old value only costs a round of the loop. The word is never lower than what was seen.
        let mut seen = self.latest.load(Ordering::Relaxed);
        while seen < floor {
            if floor > Timestamp::MAX.to_u64() {
                return None;
            }
            // AcqRel: publishes what came before this timestamp to whoever gets a greater one, and the reverse.
            // Checked by tests::clock::a_greater_timestamp_publishes. A failure publishes nothing, hence Relaxed.
            match self.latest.compare_exchange_weak(seen, floor, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(Timestamp::from_word(floor)),
                Err(now) => seen = now,
            }
        }
        if seen >= Timestamp::MAX.to_u64() {
            return None;
        }
        // The word has reached the floor, and only grows, so one more is enough. Threads that race here at the very end
        // of the range overshoot it by one each, far within the headroom of 2^62; what they got is not issued.
        let word = self.latest.fetch_add(1, Ordering::AcqRel) + 1;
        Timestamp::from_u64(word).ok()
    }

    /// Raises the word by a run of `count` that begins at `max(floor, word + 1)` and ends at `end` or before, or tells
    /// the word that would have been its last and changes nothing.
    pub(crate) fn advance_within(&self, floor: u64, count: u32, end: u64) -> Result<Run, u64> {
        if count == 0 {
            return Ok(Run::new(0, 0));
        }
        let mut seen = self.latest.load(Ordering::Relaxed);
        loop {
            let first = floor.max(seen + 1);
            let last = first + u64::from(count - 1);
            if last > end {
                return Err(last);
            }
            // A compare-exchange, because neither the run's contiguity nor the end may be overshot. Orderings as in
            // `advance`.
            match self.latest.compare_exchange_weak(seen, last, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Ok(Run::new(first, count)),
                Err(now) => seen = now,
            }
        }
    }

    /// Raises the word to `timestamp` if it is lower. No check: for timestamps of this process.
    #[inline]
    pub(crate) fn join(&self, timestamp: Timestamp) {
        // Relaxed: where the word is as high already, nothing is to be done, and a later RMW can't see a lower one. No
        // timestamp is issued here, so nothing is published; and what ticks published passes through, because any RMW
        // continues their release sequence. (So no model could see a stronger ordering.)
        let mut seen = self.latest.load(Ordering::Relaxed);
        let to = timestamp.to_u64();
        while seen < to {
            match self.latest.compare_exchange_weak(seen, to, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
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
}
