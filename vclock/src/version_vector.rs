use crate::clock::{Kind, sealed};
use crate::{Clock, Dot, Exhausted};

/// A version vector: which updates of some data are in this replica of it. Counts updates, and nothing else.
///
/// Two replicas that exchange what they have ([`merge`](Self::merge), [`observe`](Self::observe)) end up with equal
/// vectors (Parker et al. 1983), which two vector clocks never do, since receiving is an event of its own. If each value
/// of a key has its own writers, [`DvvSet`](crate::DvvSet) keeps the values with their vector.
///
/// # Examples
/// ```
/// use spacelike_vclock::{Causality, VersionVector};
///
/// let (mut here, mut there) = (VersionVector::new(), VersionVector::new());
/// here.update(&"here")?;
/// there.update(&"there")?;
/// assert_eq!(here.compare(&there), Causality::Concurrent); // a conflict
///
/// here.merge(&there);
/// there.merge(&here);
/// assert_eq!(here, there); // in sync, and nothing was counted
/// # Ok::<(), spacelike_vclock::Exhausted>(())
/// ```
pub type VersionVector<A> = Clock<A, Updates>;

/// What a [`VersionVector`] counts: the updates that an actor made to the data.
#[derive(Clone, Copy, Debug)]
pub enum Updates {}

impl sealed::Sealed for Updates {}

impl Kind for Updates {
    const NAME: &'static str = "VersionVector";
}

impl<A: Ord + Clone> Clock<A, Updates> {
    /// `actor` changed the data.
    ///
    /// # Errors
    /// [`Exhausted`] after 2^64 - 1 updates. The vector is unchanged.
    ///
    /// # Cost
    /// O(log n); O(n) for the first update of an actor.
    #[inline]
    pub fn update(&mut self, actor: &A) -> Result<Dot<A>, Exhausted> {
        self.count(actor)
    }
}
