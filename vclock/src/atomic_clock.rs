use core::array;

use crate::sync::{AtomicU64, Ordering, const_unless_loom};
use crate::{Amnesia, Exhausted, FixedClock, ReceiveError};

/// A vector clock that the threads of one process share: a counter for each of `N` processes, by index, one of them its
/// own.
///
/// Only the own counter is counted here; the others say what was seen of other processes. For two to eight actors with
/// narrow counters [`AtomicPacked`](crate::AtomicPacked) promises more. Where it matters which *thread* did what, give each
/// thread an actor and a [`FixedClock`] of its own, and let them exchange messages.
///
/// # Consistency
/// Regular, not linearizable. What holds:
/// - No two events get the same dot, that is, the same own counter.
/// - An event has seen all that was taken over before any event with a smaller own counter: by the same thread, or by
///   another one that synchronised with it.
/// - If one call returned before another began, in the same thread or by any synchronisation between threads, then the
///   second timestamp is greater.
///
/// What doesn't: timestamps of calls that overlap may be [`Concurrent`](crate::Causality::Concurrent), although their own
/// counters are in an order. For threads, that is no lie: nothing put one event before the other. And a call that overlaps
/// an [`observe`](Self::observe) or [`receive`](Self::receive) may see a part of what that takes over, but not all of it.
///
/// So compare whole timestamps, as [`FixedClock::compare`] does; a dot that one [`contains`](FixedClock::contains) may be
/// without its past. Models: `tests::atomic_clock`, of what holds and of what doesn't.
///
/// # Progress
/// [`tick`](Self::tick) is wait-free where `fetch_add` is an instruction: one of it, and a load of each other counter.
/// [`snapshot`](Self::snapshot) is `N` loads. Taking over is lock-free: a retry means that another thread raised the same
/// counter. This holds on targets with `target_has_atomic = "64"`; elsewhere the feature `critical-section` makes each access
/// a short critical section. No allocation.
///
/// The counters lie side by side, eight on a cache line of 64 bytes. A tick writes one and reads all, so it wants them so:
/// threads that tick at once pass one line around, or two, and no padding would spare them that. A process that mostly
/// takes over pays for it when its threads tick often.
///
/// # Memory ordering
/// What a thread wrote before a call that raised a counter, its own or another, is visible to whoever is issued a timestamp
/// with that counter or a greater one, or reads it from [`snapshot`](Self::snapshot). A message from one thread to another
/// must synchronise, as channels, locks and sockets do: only then is a thread sure to know of the events that the message
/// may have seen.
///
/// # Examples
/// ```
/// use spacelike_vclock::{Amnesia, AtomicClock, FixedClock};
///
/// static CLOCK: AtomicClock<3> = AtomicClock::new(1);
///
/// let sent = CLOCK.tick()?;
/// assert_eq!(sent, FixedClock::from([0, 1, 0]));
/// assert_eq!(CLOCK.receive(&FixedClock::from([4, 1, 2]))?, FixedClock::from([4, 2, 2]));
/// assert_eq!(CLOCK.observe(&FixedClock::from([0, 3, 0])), Err(Amnesia { known: 2, claimed: 3 }));
/// # Ok::<(), spacelike_vclock::ReceiveError>(())
/// ```
#[derive(Debug)]
pub struct AtomicClock<const N: usize> {
    /// The counters. That at `own` is written by any thread that ticks, by `fetch_add`, and at the limit by a store. The
    /// others are written by any thread that takes over, only by compare-exchange, and only grow.
    counters: [AtomicU64; N],
    own: usize,
}

impl<const N: usize> AtomicClock<N> {
    /// The last event that the own counter can count: 2^63 - 1.
    ///
    /// The half above it keeps a counter at its limit from wrapping. It is raised first and looked at afterwards, since
    /// that is what `fetch_add` can do; whoever finds it above the limit was issued nothing, and puts it back there. So it
    /// is never further above than there are threads.
    pub const LIMIT: u64 = u64::MAX >> 1;

    const_unless_loom! {
        /// A clock that has seen nothing, of the process with the index `own`.
        ///
        /// # Panics
        /// If `own` is not below `N`. In a constant, that is an error of the compiler.
        pub const fn new(own: usize) -> Self {
            assert!(own < N, "the index of a process must be below their number");
            Self { counters: zeros(), own }
        }
    }

    /// A clock that goes on from `start`, as after a restart.
    ///
    /// Its own counter must be at or above every one that this process ever issued, or dots come twice. Usually it is a
    /// bound that was made durable before anything up to it was issued; the other counters may be zero.
    ///
    /// # Errors
    /// [`Exhausted`] if the own counter has reached [`LIMIT`](Self::LIMIT).
    ///
    /// # Panics
    /// If `own` is not below `N`.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicClock, FixedClock};
    ///
    /// let clock = AtomicClock::starting_at(0, &FixedClock::from([1_000, 7]))?;
    /// assert_eq!(clock.tick()?, FixedClock::from([1_001, 7]));
    /// assert!(AtomicClock::starting_at(1, &FixedClock::from([7, u64::MAX])).is_err());
    /// # Ok::<(), spacelike_vclock::Exhausted>(())
    /// ```
    pub fn starting_at(own: usize, start: &FixedClock<N>) -> Result<Self, Exhausted> {
        if start.get(own) >= Self::LIMIT {
            return Err(Exhausted { limit: Self::LIMIT });
        }
        Ok(Self { counters: start.to_array().map(AtomicU64::new), own })
    }

    /// Which of the processes it is the clock of.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(spacelike_vclock::AtomicClock::<3>::new(1).own(), 1);
    /// ```
    pub const fn own(&self) -> usize {
        self.own
    }

    /// An event of this process: something it did, or a message it sends. Returns the event's timestamp.
    ///
    /// # Errors
    /// [`Exhausted`] if the own counter is at [`LIMIT`](Self::LIMIT). The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::AtomicClock;
    ///
    /// let clock = AtomicClock::<2>::new(0);
    /// assert!(clock.tick()? < clock.tick()?);
    /// # Ok::<(), spacelike_vclock::Exhausted>(())
    /// ```
    #[inline]
    pub fn tick(&self) -> Result<FixedClock<N>, Exhausted> {
        // AcqRel: publishes what this thread took over, and whatever else it did, to whoever is issued a greater counter,
        // and the reverse. Together with reading the others after it, this is what makes a later event cover what came
        // before earlier ones. Checked by tests::atomic_clock::a_later_event_covers_what_was_taken_over. That no dot comes
        // twice needs no ordering: one word has one order of modification.
        let before = self.counters[self.own].fetch_add(1, Ordering::AcqRel);
        if before >= Self::LIMIT {
            return Err(self.put_back());
        }
        Ok(self.with_own(before + 1))
    }

    /// The event of receiving a message that carries the timestamp `message`: takes over what the message has seen, and
    /// ticks. Returns the event's timestamp.
    ///
    /// # Errors
    /// [`Amnesia`] if the message claims to have seen events of this process that it doesn't know of, [`Exhausted`] if the
    /// own counter is at [`LIMIT`](Self::LIMIT). The clock is unchanged; but if other threads issue the last event while
    /// this call is under way, the message is taken over all the same, as by [`observe`](Self::observe).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::AtomicClock;
    ///
    /// let (alice, bob) = (AtomicClock::<2>::new(0), AtomicClock::<2>::new(1));
    /// let sent = alice.tick()?;
    /// let received = bob.receive(&sent)?;
    /// assert!(received > sent);
    /// # Ok::<(), spacelike_vclock::ReceiveError>(())
    /// ```
    #[inline]
    pub fn receive(&self, message: &FixedClock<N>) -> Result<FixedClock<N>, ReceiveError> {
        if self.check_own(message)? >= Self::LIMIT {
            return Err(Exhausted { limit: Self::LIMIT }.into());
        }
        // Before the tick, so that the tick publishes it.
        self.take_over(message);
        Ok(self.tick()?)
    }

    /// Takes over what a timestamp has seen, without an event of our own. Says whether that changed anything.
    ///
    /// Counter by counter: what overlaps this call may see some of them and not others.
    ///
    /// # Errors
    /// [`Amnesia`] if it claims to have seen events of this process that the process doesn't know of. The clock is
    /// unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicClock, FixedClock};
    ///
    /// let clock = AtomicClock::<2>::new(0);
    /// assert!(clock.observe(&FixedClock::from([0, 7]))?);
    /// assert!(!clock.observe(&FixedClock::from([0, 6]))?); // nothing new
    /// assert_eq!(clock.snapshot(), FixedClock::from([0, 7]));
    /// # Ok::<(), spacelike_vclock::Amnesia>(())
    /// ```
    #[inline]
    pub fn observe(&self, stamp: &FixedClock<N>) -> Result<bool, Amnesia> {
        self.check_own(stamp)?;
        Ok(self.take_over(stamp))
    }

    /// What this process has seen. It covers what was taken over before the events in it; apart from that, what other
    /// threads do meanwhile may be in it or not. It is no timestamp for an event.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{AtomicClock, FixedClock};
    ///
    /// let clock = AtomicClock::<2>::new(0);
    /// assert_eq!(clock.snapshot(), FixedClock::new());
    /// let tick = clock.tick()?;
    /// assert_eq!(clock.snapshot(), tick);
    /// # Ok::<(), spacelike_vclock::Exhausted>(())
    /// ```
    #[inline]
    pub fn snapshot(&self) -> FixedClock<N> {
        // Acquire: pairs with the release in `tick`, so that the others, read after it, cover what was taken over before
        // the events in it. Checked by tests::atomic_clock::a_snapshot_covers_its_events. The limit hides what failed ticks
        // have not put back yet.
        self.with_own(self.counters[self.own].load(Ordering::Acquire).min(Self::LIMIT))
    }

    /// The other counters as they are now, with this one of our own.
    #[inline]
    fn with_own(&self, own: u64) -> FixedClock<N> {
        // Acquire: pairs with the release in `take_over`, so that what came before it is visible. Checked by
        // tests::atomic_clock::what_is_seen_publishes.
        FixedClock::from_array(array::from_fn(|index| {
            if index == self.own { own } else { self.counters[index].load(Ordering::Acquire) }
        }))
    }

    /// Raises the counters to those of `stamp`, and says whether that changed any. The own one is checked to be there already.
    #[inline]
    fn take_over(&self, stamp: &FixedClock<N>) -> bool {
        let mut changed = false;
        for (counter, &claimed) in self.counters.iter().zip(stamp.as_slice()) {
            // Relaxed: an old value costs a try. A message with nothing new writes nothing, and leaves the cache line alone.
            let mut seen = counter.load(Ordering::Relaxed);
            while seen < claimed {
                // Release: publishes what came before to whoever reads this counter in `with_own`. Checked by
                // tests::atomic_clock::what_is_seen_publishes. That nothing is lost needs no ordering, only one step; see
                // tests::atomic_clock::nothing_taken_over_is_lost.
                match counter.compare_exchange_weak(seen, claimed, Ordering::Release, Ordering::Relaxed) {
                    Ok(_) => {
                        changed = true;
                        break;
                    }
                    Err(now) => seen = now,
                }
            }
        }
        changed
    }

    /// Refuses what claims to have seen more of our events than there are; returns how many there are.
    #[inline]
    fn check_own(&self, stamp: &FixedClock<N>) -> Result<u64, Amnesia> {
        // Relaxed: if the message synchronises, events that it may have seen are not missed. Checked by
        // tests::atomic_clock::an_echo_is_no_amnesia.
        let known = self.counters[self.own].load(Ordering::Relaxed).min(Self::LIMIT);
        let claimed = stamp.get(self.own);
        if claimed > known { Err(Amnesia { known, claimed }) } else { Ok(known) }
    }

    /// Undoes a tick that found the own counter at its limit.
    #[cold]
    fn put_back(&self) -> Exhausted {
        // A store may undo other ticks, too: all that come after one that found the limit have found it as well, and were
        // issued nothing. Release: in place of the ticks before, whose publication it ends, and which this thread's tick has
        // acquired. Checked by tests::atomic_clock::the_limit_publishes and the_last_events_are_issued_once.
        self.counters[self.own].store(Self::LIMIT, Ordering::Release);
        Exhausted { limit: Self::LIMIT }
    }
}

#[cfg(not(all(test, loom)))]
const fn zeros<const N: usize>() -> [AtomicU64; N] {
    [const { AtomicU64::new(0) }; N]
}

#[cfg(all(test, loom))]
fn zeros<const N: usize>() -> [AtomicU64; N] {
    array::from_fn(|_| AtomicU64::new(0))
}
