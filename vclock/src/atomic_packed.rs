use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{Amnesia, Exhausted, Packed, ReceiveError};

/// A vector clock that threads share: one atomic word with a lane for each actor, 2 of 32 bits, 4 of 16 or 8 of 8.
///
/// For a few actors with not too many events, such as the cores of a chip. Each names the lane that it counts in; several
/// threads may count in the same. For more actors or wider counters there is [`AtomicClock`](crate::AtomicClock), which
/// promises less.
///
/// # Consistency
/// Linearizable: every operation takes effect at one moment between its call and its return. So all timestamps that one
/// clock issues are in one order, in which each has seen what those before it had, and no timestamp shows a part of a
/// message. Models: `tests::atomic_packed`; every order of the steps of up to three threads gives an outcome that the
/// operations one after the other give, too, and all of those are reached.
///
/// # Progress
/// Lock-free: a retry means that another thread moved the clock. [`latest`](Self::latest) is one load. This holds on
/// targets with `target_has_atomic = "64"`; elsewhere the feature `critical-section` makes each access a short critical
/// section. No allocation.
///
/// # Memory ordering
/// What a thread wrote before a call that moved the clock is visible to whoever is issued a timestamp later in that order,
/// or reads one from [`latest`](Self::latest). What is refused, and a message that held nothing new, doesn't move the clock.
/// A message from one thread to another must synchronise, as channels, locks and sockets do: only then is a thread sure
/// to know of the events that the message may have seen.
///
/// # Examples
/// ```
/// use spacelike_vclock::{Amnesia, AtomicPacked, Packed};
///
/// static CLOCK: AtomicPacked<4> = AtomicPacked::new();
///
/// let sent = CLOCK.tick(0)?;
/// assert_eq!(sent, Packed::from([1, 0, 0, 0_u16]));
/// assert_eq!(CLOCK.receive(0, Packed::from([1, 7, 0, 0_u16]))?, Packed::from([2, 7, 0, 0_u16]));
/// assert_eq!(CLOCK.observe(0, Packed::from([9, 0, 0, 0_u16])), Err(Amnesia { known: 2, claimed: 9 }));
/// # Ok::<(), spacelike_vclock::ReceiveError>(())
/// ```
///
/// ```compile_fail
/// static CLOCK: spacelike_vclock::AtomicPacked<3> = spacelike_vclock::AtomicPacked::new();
/// ```
#[derive(Debug)]
pub struct AtomicPacked<const LANES: usize> {
    /// The latest timestamp issued or taken over. Written by any thread, only by read-modify-write; no lane ever falls.
    latest: AtomicU64,
}

impl<const LANES: usize> AtomicPacked<LANES> {
    const_unless_loom! {
        /// A clock that has seen nothing.
        pub const fn new() -> Self {
            Self::starting_at(Packed::new())
        }
    }

    const_unless_loom! {
        /// A clock that goes on from `start`, as after a restart.
        ///
        /// The lanes that are counted in here must start at or above every timestamp that was ever issued, or events are
        /// numbered twice.
        ///
        /// # Examples
        /// ```
        /// use spacelike_vclock::{AtomicPacked, Packed};
        ///
        /// let clock = AtomicPacked::starting_at(Packed::from([1_000, 7_u32]));
        /// assert_eq!(clock.tick(0)?, Packed::from([1_001, 7_u32]));
        /// # Ok::<(), spacelike_vclock::Exhausted>(())
        /// ```
        pub const fn starting_at(start: Packed<LANES>) -> Self {
            Self { latest: AtomicU64::new(start.to_u64()) }
        }
    }

    /// An event of the actor of this lane: something it did, or a message it sends. Returns the event's timestamp.
    ///
    /// # Errors
    /// [`Exhausted`] if the lane is at [`Packed::LIMIT`]. The clock is unchanged: a lane neither wraps nor carries into
    /// the next.
    ///
    /// # Panics
    /// If there is no such lane.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicPacked, Exhausted, Packed};
    ///
    /// let clock = AtomicPacked::starting_at(Packed::from([254, 0, 0, 0, 0, 0, 0, 0_u8]));
    /// assert_eq!(clock.tick(0)?.get(0), 255);
    /// assert_eq!(clock.tick(0), Err(Exhausted { limit: 255 }));
    /// assert_eq!(clock.latest().to_array(), [255, 0, 0, 0, 0, 0, 0, 0]);
    /// # Ok::<(), Exhausted>(())
    /// ```
    #[inline]
    pub fn tick(&self, lane: usize) -> Result<Packed<LANES>, Exhausted> {
        self.issue(|seen| seen.next(lane))
    }

    /// The event of receiving a message that carries the timestamp `message`, by the actor of the lane `own`: takes over
    /// what the message has seen, and ticks. Returns the event's timestamp.
    ///
    /// # Errors
    /// [`Amnesia`] if the message claims to have seen events of `own` that this clock doesn't know of, [`Exhausted`] if
    /// that lane is at [`Packed::LIMIT`]. The clock is unchanged.
    ///
    /// # Panics
    /// If there is no such lane.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicPacked, Packed};
    ///
    /// let (alice, bob) = (AtomicPacked::<2>::new(), AtomicPacked::<2>::new());
    /// let sent = alice.tick(0)?;
    /// let received = bob.receive(1, sent)?;
    /// assert!(received > sent);
    /// # Ok::<(), spacelike_vclock::ReceiveError>(())
    /// ```
    #[inline]
    pub fn receive(&self, own: usize, message: Packed<LANES>) -> Result<Packed<LANES>, ReceiveError> {
        self.issue(|seen| {
            check_own(own, seen, message)?;
            Ok(seen.join(message).next(own)?)
        })
    }

    /// Takes over what a timestamp has seen, without an event of our own. Says whether that changed anything.
    ///
    /// # Errors
    /// [`Amnesia`] if it claims to have seen events of the lane `own` that this clock doesn't know of. The clock is
    /// unchanged.
    ///
    /// # Panics
    /// If there is no such lane.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicPacked, Packed};
    ///
    /// let clock = AtomicPacked::<2>::new();
    /// assert!(clock.observe(0, Packed::from([0, 7_u32]))?);
    /// assert!(!clock.observe(0, Packed::from([0, 6_u32]))?); // nothing new
    /// assert_eq!(clock.latest(), Packed::from([0, 7_u32]));
    /// # Ok::<(), spacelike_vclock::Amnesia>(())
    /// ```
    #[inline]
    pub fn observe(&self, own: usize, stamp: Packed<LANES>) -> Result<bool, Amnesia> {
        // Relaxed: an old value costs a try. Nor does it make a false Amnesia: events that a message may have seen are
        // not missed, if the message synchronises. Checked by tests::atomic_packed::an_echo_is_no_amnesia.
        let mut seen = self.latest.load(Ordering::Relaxed);
        loop {
            let latest = Packed::from_u64(seen);
            check_own(own, latest, stamp)?;
            if stamp.is_le(&latest) {
                return Ok(false); // no lane falls, so it stays that way
            }
            let joined = latest.join(stamp).to_u64();
            // Release: publishes what came before to whoever is issued, or reads, the timestamps from here on. It acquires
            // nothing, since it gives nothing away. Checked by tests::atomic_packed::observations_publish.
            match self.latest.compare_exchange_weak(seen, joined, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return Ok(true),
                Err(now) => seen = now,
            }
        }
    }

    /// The latest timestamp issued or taken over. Other threads may have moved the clock on by the time it returns: it is
    /// no timestamp for an event.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicPacked, Packed};
    ///
    /// let clock = AtomicPacked::<2>::new();
    /// assert_eq!(clock.latest(), Packed::new());
    /// let tick = clock.tick(1)?;
    /// assert_eq!(clock.latest(), tick);
    /// # Ok::<(), spacelike_vclock::Exhausted>(())
    /// ```
    #[inline]
    pub fn latest(&self) -> Packed<LANES> {
        // Acquire: pairs with the release of whatever moved the clock here, so that what came before is visible. Checked
        // by tests::atomic_packed::latest_publishes.
        Packed::from_u64(self.latest.load(Ordering::Acquire))
    }

    /// Moves the clock by `step`, and returns where to.
    #[inline]
    fn issue<E>(&self, step: impl Fn(Packed<LANES>) -> Result<Packed<LANES>, E>) -> Result<Packed<LANES>, E> {
        // Relaxed: as in `observe`.
        let mut seen = self.latest.load(Ordering::Relaxed);
        loop {
            let next = step(Packed::from_u64(seen))?;
            // AcqRel: publishes what came before this timestamp to whoever is issued a later one, and the reverse. A
            // failure publishes nothing, hence Relaxed. Checked by tests::atomic_packed::a_later_timestamp_publishes.
            // That the timestamps are in one order needs no ordering: one word has one order of modification.
            match self.latest.compare_exchange_weak(seen, next.to_u64(), Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return Ok(next),
                Err(now) => seen = now,
            }
        }
    }
}

impl<const LANES: usize> Default for AtomicPacked<LANES> {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn check_own<const LANES: usize>(
    own: usize,
    known: Packed<LANES>,
    claimed: Packed<LANES>,
) -> Result<(), Amnesia> {
    let (known, claimed) = (known.get(own), claimed.get(own));
    if claimed > known { Err(Amnesia { known, claimed }) } else { Ok(()) }
}
