use core::num::NonZeroU64;

use crate::{Exhausted, IssueError, Unreserved};

/// An actor's own counter that survives crashes: it issues nothing above a bound that was made durable before.
///
/// A clock is written to disk now and then, and events happen in between. If an actor began again from what it last wrote,
/// it would give the counters since then to other events. So reserve a stretch, store its bound, confirm, and issue up to
/// it; the next life begins above the bound. What was reserved and not issued is skipped.
///
/// A clone is the same counter, which issues the same again: only one of them may go on.
///
/// # What it is for
/// It keeps counters apart; it doesn't bring back what the crash took. Whoever says "101" says "all up to 101", what is
/// forgotten and what was skipped included.
/// - In a [`VectorClock`](crate::VectorClock), that is as it should be: these events came before. What they had heard of
///   others since the clock was written is gone, and so are the arrows from there. [`raise`](crate::Clock::raise) the clock
///   to [`latest`](Self::latest) first: else what others have heard of the earlier life looks like
///   [`Amnesia`](crate::Amnesia).
/// - In a [`VersionVector`](crate::VersionVector), it is true only if each update is durable before anybody else gets it.
///   Otherwise another replica's copy has updates that this one forgot and claims to have; it counts as old, and they are
///   lost. If that can be, the next life is a new [`Actor::epoch`](crate::Actor::epoch), and needs no reservation.
/// - In a [`CausalBuffer`](crate::CausalBuffer), a skipped counter would be a message to wait for: there, too, it is a new
///   epoch.
///
/// # Examples
/// ```
/// # #[cfg(feature = "alloc")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use spacelike_vclock::{Dot, ReservedCounter, Stored, VectorClock};
///
/// let mut own = ReservedCounter::new(Stored::Never);
/// let reservation = own.reserve(100)?;
/// let disk = Stored::Bound(reservation.bound()); // ... written and synced
/// own.confirm(reservation);
///
/// let mut clock = VectorClock::new();
/// clock.raise(Dot { actor: "me", counter: own.issue()? });
/// let message = clock.clone();
///
/// // A crash, and the clock as it was written long ago.
/// let (mut own, mut clock) = (ReservedCounter::new(disk), VectorClock::new());
/// if let Some(latest) = Dot::new("me", own.latest()) {
///     clock.raise(latest);
/// }
/// clock.observe(&"me", &message)?; // comes back, and is no surprise
///
/// let reservation = own.reserve(100)?;
/// // ... written and synced
/// own.confirm(reservation);
/// clock.raise(Dot { actor: "me", counter: own.issue()? });
/// assert_eq!(clock.get("me"), 101);
/// assert!(message < clock);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "alloc"))]
/// # fn main() {}
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReservedCounter {
    /// The last counter that was issued, or that may have been by an earlier life.
    latest: u64,
    /// The greatest that may be issued: durable. Never below `latest`.
    bound: u64,
}

/// What the durable store said when the process started.
///
/// An enum rather than an `Option`, so that a store that failed can't be turned into [`Never`](Self::Never) by an `.ok()`
/// on the way: an actor that starts from "nothing was ever stored" because a read failed issues old dots again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stored {
    /// The store was read, and no bound was ever stored for this actor: it is the first start.
    Never,
    /// The greatest bound that was stored.
    Bound(u64),
}

/// A bound that must be made durable before the counter may pass the old one.
///
/// Store [`bound`](Self::bound), sync it, and hand this back to [`ReservedCounter::confirm`]. If storing fails, drop it.
/// One at a time, or store the maximum.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "store the bound durably, then hand this to `confirm`; until then nothing more is reserved"]
pub struct Reservation {
    bound: u64,
}

impl Reservation {
    /// What to store.
    pub const fn bound(&self) -> u64 {
        self.bound
    }
}

impl ReservedCounter {
    /// A counter above all that an earlier life can have issued. It issues nothing before a bound is confirmed.
    pub const fn new(stored: Stored) -> Self {
        let bound = match stored {
            Stored::Never => 0,
            Stored::Bound(bound) => bound,
        };
        Self { latest: bound, bound }
    }

    /// A bound that allows `count` more counters than are issued.
    ///
    /// # Errors
    /// [`Exhausted`] if there are not so many.
    pub fn reserve(&self, count: u64) -> Result<Reservation, Exhausted> {
        let bound = self.latest.checked_add(count).ok_or(Exhausted { limit: u64::MAX })?;
        Ok(Reservation { bound: bound.max(self.bound) })
    }

    /// The reservation's bound is durable: counters up to it may be issued.
    #[expect(clippy::needless_pass_by_value, reason = "a reservation is confirmed once")]
    pub fn confirm(&mut self, reservation: Reservation) {
        self.bound = self.bound.max(reservation.bound);
    }

    /// The next counter. Never one that this actor has issued before, in this life or an earlier one.
    ///
    /// # Errors
    /// [`Unreserved`] at the bound, [`Exhausted`] after 2^64 - 1. The counter is unchanged.
    pub fn issue(&mut self) -> Result<NonZeroU64, IssueError> {
        let next =
            self.latest.checked_add(1).and_then(NonZeroU64::new).ok_or(Exhausted { limit: u64::MAX })?;
        if next.get() > self.bound {
            return Err(Unreserved { bound: self.bound }.into());
        }
        self.latest = next.get();
        Ok(next)
    }

    /// The last counter that was issued; after a restart the stored bound.
    pub const fn latest(&self) -> u64 {
        self.latest
    }

    /// The greatest counter that may be issued.
    pub const fn bound(&self) -> u64 {
        self.bound
    }

    /// How many more may be issued before the next reservation: reserve when it runs low.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{ReservedCounter, Stored, Unreserved};
    ///
    /// let mut own = ReservedCounter::new(Stored::Bound(7));
    /// assert_eq!((own.left(), own.issue()), (0, Err(Unreserved { bound: 7 }.into())));
    /// let reservation = own.reserve(2)?;
    /// own.confirm(reservation);
    /// assert_eq!((own.left(), own.issue()?.get()), (2, 8));
    /// # Ok::<(), spacelike_vclock::IssueError>(())
    /// ```
    pub const fn left(&self) -> u64 {
        self.bound - self.latest
    }
}
