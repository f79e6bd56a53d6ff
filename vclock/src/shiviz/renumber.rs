use alloc::vec::Vec;

use crate::{Dot, VectorClock};

/// Renumbers the clocks of a log that has only some of the events, so that each host's are counted 1, 2, 3 and so on.
///
/// Collected from the dots of all events that are logged, in any order. What a clock says of the others is dropped, and
/// what it says of these stays: between logged events, the order of the renumbered clocks is that of the original ones.
/// (A clock is a set of events; the renumbered one is its intersection with the log.)
///
/// # Examples
/// ```
/// use spacelike_vclock::shiviz::Renumber;
/// use spacelike_vclock::{Dot, VectorClock};
///
/// // Of alice, her third and her fifth event are in the log; of bob, his second.
/// let dots = [("alice", 3), ("alice", 5), ("bob", 2)].map(|(host, counter)| Dot::new(host, counter).unwrap());
/// let log = Renumber::from_iter(dots);
///
/// let clock = VectorClock::from([("alice", 5), ("bob", 1), ("carol", 9)]);
/// assert_eq!(log.renumber(&clock), [("alice", 2)].into());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renumber<A> {
    /// Ascending, none twice.
    logged: Vec<Dot<A>>,
}

impl<A: Ord + Clone> Renumber<A> {
    /// The clock with each counter replaced by how many logged events of its actor it has seen.
    ///
    /// # Cost
    /// O(n log m), for n entries and m logged events.
    #[must_use]
    pub fn renumber(&self, clock: &VectorClock<A>) -> VectorClock<A> {
        let rank = |(actor, counter): (&A, u64)| {
            let before = self.logged.partition_point(|dot| dot.actor < *actor);
            let seen = |dot: &Dot<A>| dot.actor == *actor && dot.counter.get() <= counter;
            // Fewer than 2^64, as the dots are distinct.
            (actor.clone(), self.logged[before..].partition_point(seen) as u64)
        };
        clock.iter().map(rank).collect()
    }
}

impl<A: Ord> FromIterator<Dot<A>> for Renumber<A> {
    fn from_iter<I: IntoIterator<Item = Dot<A>>>(dots: I) -> Self {
        let mut logged: Vec<_> = dots.into_iter().collect();
        logged.sort_unstable();
        logged.dedup();
        Self { logged }
    }
}
