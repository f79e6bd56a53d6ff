use crate::{OutOfRange, ReceiveError, Timestamp, rules};

/// A Lamport clock for one thread, or for targets without atomics: [`Clock`](crate::Clock) on `&mut self`.
///
/// It is plain data, so that it can live inside a deterministic state machine. A clone is another clock: give it another
/// node id before both issue timestamps. Every operation is a comparison and an addition or two; no allocation.
///
/// # Examples
/// ```
/// use spacelike_lamport::LocalClock;
///
/// let (mut alice, mut bob) = (LocalClock::new(1 << 20), LocalClock::new(1 << 20));
/// alice.tick();
/// let sent = alice.tick();
/// let received = bob.receive(sent)?;
/// assert!(sent < received);
/// # Ok::<(), spacelike_lamport::ReceiveError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LocalClock {
    /// The latest timestamp issued or taken over. Only grows.
    latest: u64,
    jump_max: u64,
}

impl LocalClock {
    /// As [`Clock::new`](crate::Clock::new).
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{LocalClock, Timestamp};
    ///
    /// let clock = LocalClock::new(1 << 20);
    /// assert_eq!((clock.latest(), clock.jump_max()), (Timestamp::ZERO, 1 << 20));
    /// ```
    pub const fn new(jump_max: u64) -> Self {
        Self { latest: 0, jump_max }
    }

    /// As [`Clock::tick`](crate::Clock::tick).
    ///
    /// # Examples
    /// ```
    /// let mut clock = spacelike_lamport::LocalClock::new(1 << 20);
    /// assert!(clock.tick() < clock.tick());
    /// ```
    #[inline]
    pub const fn tick(&mut self) -> Timestamp {
        self.latest += 1; // no overflow: peers stop at LIMIT, own events take centuries
        Timestamp::new(self.latest)
    }

    /// As [`Clock::receive`](crate::Clock::receive).
    ///
    /// # Errors
    /// [`OutOfRange`] if `remote` is above [`Timestamp::LIMIT`], [`JumpExceeded`](crate::JumpExceeded) if it is more
    /// than `jump_max` ahead of this clock. The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{LocalClock, Timestamp};
    ///
    /// let mut clock = LocalClock::new(1_000);
    /// assert_eq!(clock.receive(Timestamp::new(41)), Ok(Timestamp::new(42)));
    /// assert!(clock.receive(Timestamp::new(u64::MAX)).is_err());
    /// assert_eq!(clock.latest(), Timestamp::new(42)); // unchanged
    /// ```
    #[inline]
    pub fn receive(&mut self, remote: Timestamp) -> Result<Timestamp, ReceiveError> {
        self.observe(remote)?;
        Ok(self.tick())
    }

    /// As [`Clock::observe`](crate::Clock::observe).
    ///
    /// # Errors
    /// As for [`receive`](Self::receive). The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{LocalClock, Timestamp};
    ///
    /// let mut clock = LocalClock::new(1_000);
    /// clock.observe(Timestamp::new(42))?;
    /// clock.observe(Timestamp::new(7))?;
    /// assert_eq!(clock.latest(), Timestamp::new(42));
    /// # Ok::<(), spacelike_lamport::ReceiveError>(())
    /// ```
    #[inline]
    pub fn observe(&mut self, remote: Timestamp) -> Result<(), ReceiveError> {
        rules::check(self.latest, remote, self.jump_max)?;
        self.latest = self.latest.max(remote.get());
        Ok(())
    }

    /// As [`Clock::bootstrap`](crate::Clock::bootstrap).
    ///
    /// # Errors
    /// [`OutOfRange`] if `at` is above [`Timestamp::LIMIT`]. The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{LocalClock, Timestamp};
    ///
    /// let mut clock = LocalClock::new(1_000);
    /// clock.bootstrap(Timestamp::new(1 << 40))?;
    /// assert!(clock.tick() > Timestamp::new(1 << 40));
    /// # Ok::<(), spacelike_lamport::OutOfRange>(())
    /// ```
    pub fn bootstrap(&mut self, at: Timestamp) -> Result<(), OutOfRange> {
        rules::check_limit(at)?;
        self.latest = self.latest.max(at.get());
        Ok(())
    }

    /// The latest timestamp issued or taken over; [`Timestamp::ZERO`] if there is none yet.
    #[inline]
    pub const fn latest(&self) -> Timestamp {
        Timestamp::new(self.latest)
    }

    /// How far one message may move this clock.
    pub const fn jump_max(&self) -> u64 {
        self.jump_max
    }
}
