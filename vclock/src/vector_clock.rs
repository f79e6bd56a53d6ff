use crate::clock::{Kind, sealed};
use crate::{Clock, Dot, Exhausted, ReceiveError};

/// A vector clock: which events happened before this one. Counts every event, and so every send and receive.
///
/// Two events are ordered by their clocks exactly if one could have caused the other (Fidge 1988, Mattern 1989). To know
/// which *data* supersedes which, use a [`VersionVector`](crate::VersionVector), which moves only when the data does.
///
/// # Examples
/// ```
/// use spacelike_vclock::VectorClock;
///
/// let (mut alice, mut bob) = (VectorClock::new(), VectorClock::new());
/// alice.tick(&"alice")?; // she sends a message, with her clock
/// let message = alice.clone();
/// bob.tick(&"bob")?; // something happens at bob meanwhile
/// assert!(bob.is_concurrent(&message));
///
/// bob.receive(&"bob", &message)?;
/// assert!(message < bob);
/// assert_eq!(bob.to_string(), "{alice:1, bob:2}");
/// # Ok::<(), spacelike_vclock::ReceiveError>(())
/// ```
pub type VectorClock<A> = Clock<A, Events>;

/// What a [`VectorClock`] counts: every event of an actor.
#[derive(Clone, Copy, Debug)]
pub enum Events {}

impl sealed::Sealed for Events {}

impl Kind for Events {
    const NAME: &'static str = "VectorClock";
}

impl<A: Ord + Clone> Clock<A, Events> {
    /// An event of `actor`: something it did, or a message it sends. The clock afterwards is the event's timestamp.
    ///
    /// # Errors
    /// [`Exhausted`] after 2^64 - 1 events. The clock is unchanged.
    ///
    /// # Cost
    /// O(log n); O(n) for the first event of an actor.
    #[inline]
    pub fn tick(&mut self, actor: &A) -> Result<Dot<A>, Exhausted> {
        self.count(actor)
    }

    /// The event of receiving a message that carries the clock `message`: takes it over, then ticks.
    ///
    /// # Errors
    /// [`Amnesia`](crate::Amnesia) if the message claims to have seen events of `actor` that it doesn't know of,
    /// [`Exhausted`] after 2^64 - 1 events. The clock is unchanged.
    ///
    /// # Cost
    /// That of [`merge`](Self::merge).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, VectorClock};
    ///
    /// let mut bob = VectorClock::from([("bob", 2)]);
    /// let forged = VectorClock::from([("alice", 1), ("bob", 3)]);
    /// assert_eq!(bob.receive(&"bob", &forged), Err(Amnesia { known: 2, claimed: 3 }.into()));
    /// assert_eq!(bob, [("bob", 2)].into()); // unchanged
    /// ```
    pub fn receive(&mut self, actor: &A, message: &Self) -> Result<Dot<A>, ReceiveError> {
        self.check_own(actor, message)?;
        let dot = self.count(actor)?;
        self.merge(message);
        Ok(dot)
    }
}
