use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{OutOfRange, ReceiveError, Timestamp, rules};

/// A Lamport clock that threads share: one atomic word.
///
/// Implements the rules of Lamport 1978, "Time, Clocks, and the Ordering of Events in a Distributed System", section
/// "Logical Clocks": IR1, a process increments its clock between any two events ([`tick`](Self::tick)); IR2, a message
/// carries its sender's timestamp, and its receiver's clock moves past it ([`receive`](Self::receive)). Threads that share
/// a clock are one process: it orders their events in the order in which they got to the word.
///
/// # Progress
/// [`tick`](Self::tick) is one `fetch_add`: wait-free where that is an instruction. The others are lock-free: a retry
/// means that another thread moved the clock. [`latest`](Self::latest) is one load. This holds on targets with
/// `target_has_atomic = "64"`; elsewhere the feature `critical-section` makes each access a short critical section. No
/// allocation.
///
/// # Memory ordering
/// What a thread wrote before it was issued a timestamp is visible to whoever is issued a greater one by the same clock,
/// or reads that one or a greater one from [`latest`](Self::latest). Takeovers, by [`observe`](Self::observe) and
/// [`bootstrap`](Self::bootstrap), publish nothing. Uniqueness, growth, and agreement with whatever else puts one call
/// before another need no ordering at all, only that one word has one order of modification. Models: `tests::clock`.
///
/// # Examples
/// ```
/// use spacelike_lamport::{Clock, Timestamp};
///
/// static CLOCK: Clock = Clock::new(1 << 20);
///
/// let sent = CLOCK.tick();
/// assert_eq!(CLOCK.receive(Timestamp::new(41))?, Timestamp::new(42));
/// assert!(CLOCK.tick() > sent);
/// # Ok::<(), spacelike_lamport::ReceiveError>(())
/// ```
#[derive(Debug)]
pub struct Clock {
    /// The latest timestamp issued or taken over. Written by any thread, only by read-modify-write; only grows.
    latest: AtomicU64,
    jump_max: u64,
}

impl Clock {
    const_unless_loom! {
        /// A clock at zero, which one message may move by at most `jump_max`.
        ///
        /// Without such a bound a single peer that sends [`Timestamp::LIMIT`] moves every honest clock there, and all
        /// their later timestamps are refused. With it, that takes 2^63 / `jump_max` messages: at a million a second,
        /// 101 days with `1 << 20`, 36 minutes with `1 << 32`. Choose more than the busiest peer issues while a node is
        /// cut off; a node that was cut off for longer needs [`bootstrap`](Self::bootstrap). Zero means zero: nothing
        /// ahead of this clock is taken over. `u64::MAX` means no bound.
        pub const fn new(jump_max: u64) -> Self {
            Self { latest: AtomicU64::new(0), jump_max }
        }
    }

    /// Issues a timestamp for a local event or a send: greater than every one issued or taken over before.
    ///
    /// It needs no error: see [`Timestamp::LIMIT`].
    ///
    /// # Examples
    /// ```
    /// let clock = spacelike_lamport::Clock::new(1 << 20);
    /// assert!(clock.tick() < clock.tick());
    /// ```
    #[inline]
    pub fn tick(&self) -> Timestamp {
        // AcqRel: publishes what came before this timestamp to whoever gets a greater one, and the reverse. Checked by
        // tests::clock::a_greater_timestamp_publishes. No overflow: peers stop at LIMIT, own events take centuries.
        Timestamp::new(self.latest.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Issues a timestamp for the receive of a message stamped `remote`: `max(latest, remote) + 1`.
    ///
    /// # Errors
    /// [`OutOfRange`] if `remote` is above [`Timestamp::LIMIT`], [`JumpExceeded`](crate::JumpExceeded) if it is more
    /// than `jump_max` ahead of this clock. The clock is unchanged. A refused timestamp need not mean a refused message.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{Clock, ReceiveError, Timestamp};
    ///
    /// let clock = Clock::new(1_000);
    /// assert_eq!(clock.receive(Timestamp::new(1_000)), Ok(Timestamp::new(1_001)));
    /// assert!(matches!(clock.receive(Timestamp::new(9_999)), Err(ReceiveError::JumpExceeded(_))));
    /// assert!(matches!(clock.receive(Timestamp::new(u64::MAX)), Err(ReceiveError::OutOfRange(_))));
    /// assert_eq!(clock.latest(), Timestamp::new(1_001)); // unchanged
    /// ```
    #[inline]
    pub fn receive(&self, remote: Timestamp) -> Result<Timestamp, ReceiveError> {
        // Relaxed: an old value makes a jump look longer, and then the refusal counts as taken before what raised it;
        // values that this thread knows of are never missed. Checked by
        // tests::clock::a_jump_at_the_bound_is_received_or_refused.
        let mut seen = self.latest.load(Ordering::Relaxed);
        loop {
            rules::check(seen, remote, self.jump_max)?;
            if seen >= remote.get() {
                // The word only grows, so it stays at or above the remote timestamp.
                return Ok(self.tick());
            }
            let next = remote.get() + 1;
            // Orderings as in `tick`. A failure publishes nothing, hence Relaxed.
            match self.latest.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Ok(Timestamp::new(next)),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes over a timestamp without an event of our own: later ones will be greater.
    ///
    /// A join: of what is taken over, neither order nor repetition makes a difference. What is refused depends on the
    /// order, since each one taken over brings the next within `jump_max`.
    ///
    /// For timestamps that came otherwise than by a message, such as those of stored records, and for messages whose
    /// receive isn't an event of its own.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive). The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{Clock, Timestamp};
    ///
    /// let clock = Clock::new(1 << 20);
    /// for stored in [7, 42, 42, 19] {
    ///     clock.observe(Timestamp::new(stored))?;
    /// }
    /// assert_eq!(clock.latest(), Timestamp::new(42));
    /// assert_eq!(clock.tick(), Timestamp::new(43));
    /// # Ok::<(), spacelike_lamport::ReceiveError>(())
    /// ```
    #[inline]
    pub fn observe(&self, remote: Timestamp) -> Result<(), ReceiveError> {
        // Relaxed: as in `receive`.
        let mut seen = self.latest.load(Ordering::Relaxed);
        loop {
            rules::check(seen, remote, self.jump_max)?;
            match self.raise(seen, remote.get()) {
                Ok(()) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }

    /// Moves the clock to `at`, however far that is: for a node that joins late, or begins again, and has `at` from a
    /// source it trusts. A clock that is beyond it stays where it is.
    ///
    /// # Errors
    /// [`OutOfRange`] if `at` is above [`Timestamp::LIMIT`]. The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{Clock, Timestamp};
    ///
    /// let clock = Clock::new(1_000);
    /// clock.bootstrap(Timestamp::new(1 << 40))?;
    /// assert!(clock.tick() > Timestamp::new(1 << 40));
    /// # Ok::<(), spacelike_lamport::OutOfRange>(())
    /// ```
    pub fn bootstrap(&self, at: Timestamp) -> Result<(), OutOfRange> {
        rules::check_limit(at)?;
        // Relaxed: an old value costs a try.
        let mut seen = self.latest.load(Ordering::Relaxed);
        while let Err(now) = self.raise(seen, at.get()) {
            seen = now;
        }
        Ok(())
    }

    /// The latest timestamp issued or taken over; [`Timestamp::ZERO`] if there is none yet. Other threads may have moved
    /// the clock on by the time it returns: it is no timestamp for an event.
    ///
    /// # Examples
    /// ```
    /// use spacelike_lamport::{Clock, Timestamp};
    ///
    /// let clock = Clock::new(1 << 20);
    /// assert_eq!(clock.latest(), Timestamp::ZERO);
    /// let tick = clock.tick();
    /// assert_eq!(clock.latest(), tick);
    /// ```
    #[inline]
    pub fn latest(&self) -> Timestamp {
        // Acquire: pairs with the release in `tick` and `receive`, so that what came before them is visible.
        // Checked by tests::clock::latest_publishes.
        Timestamp::new(self.latest.load(Ordering::Acquire))
    }

    /// How far one message may move this clock.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(spacelike_lamport::Clock::new(1 << 20).jump_max(), 1 << 20);
    /// ```
    pub const fn jump_max(&self) -> u64 {
        self.jump_max
    }

    /// Raises the word to `to` unless it is there or above, in one try; `Err` with the word that came between.
    #[inline]
    fn raise(&self, seen: u64, to: u64) -> Result<(), u64> {
        if seen >= to {
            return Ok(()); // the word only grows
        }
        // Relaxed: a takeover publishes nothing of its own, and where the word is there already it isn't even a write.
        // Being an RMW, it passes on what the timestamps below it published, so no model could see a stronger ordering.
        // Checked by tests::clock::takeovers_pass_on_what_ticks_published.
        self.latest.compare_exchange_weak(seen, to, Ordering::Relaxed, Ordering::Relaxed).map(drop)
    }
}
