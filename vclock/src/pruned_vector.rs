use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::time::Duration;

use crate::{Causality, Dot, VersionVector};

/// A version vector that was pruned: what it says about causality is a guess.
///
/// A type of its own, so that the mark isn't lost by accident: it has no `<`, it lends no vector that has one, its encoding
/// and its serde form say pruned, and it becomes an exact one only by [`assume_exact`](Self::assume_exact).
///
/// **How it fails, in both directions.** An entry that is gone counts as never seen.
/// - *A false conflict*: the pruned vector of a newer value no longer covers an older value's, and what superseded it is now
///   its sibling. Where siblings are merged, what was deleted comes back.
/// - *A missed conflict*: the pruned vector of one of two concurrent values is covered by the other's, and is thrown away:
///   a lost update. Pruned on one replica and not on the other, the two also disagree on which it is.
///
/// Before that, look at what loses nothing: [`strip`](crate::Clock::strip) by a stable base, [`retire`](crate::Clock::retire)
/// for actors that are gone, servers rather than clients as actors ([`DvvSet`](crate::DvvSet)).
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_vclock::{Causality, PruneLimits, VersionVector};
///
/// let old = VersionVector::from([("a", 1), ("b", 4)]);
/// let new = VersionVector::from([("a", 2), ("b", 4), ("c", 1)]);
/// let age = |actor: &&str| Duration::from_secs(if *actor == "b" { 100_000 } else { 10 });
/// let limits = PruneLimits { len_min: 2, ..PruneLimits::RIAK };
///
/// let (pruned, dropped) = new.clone().prune_lossy(&limits, age);
/// assert_eq!(dropped[0].to_string(), "b:4");
///
/// assert_eq!(new.compare(&old), Causality::After);
/// assert_eq!(pruned.guess(&old), Causality::Concurrent); // a false conflict
/// ```
///
/// ```compile_fail,E0369
/// use spacelike_vclock::{PrunedVector, VersionVector};
///
/// let pruned = PrunedVector::from_kept(VersionVector::<u32>::new());
/// assert!(pruned <= pruned); // no such order
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PrunedVector<A> {
    kept: VersionVector<A>,
}

/// When [`VersionVector::prune_lossy`] drops entries. The names and meanings are those of Riak's bucket properties.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PruneLimits {
    /// Down to so many entries, none is dropped (`small_vclock`).
    pub len_min: usize,
    /// Above so many, the oldest is dropped, unless it is too young (`big_vclock`).
    pub len_max: usize,
    /// Younger than this, none is dropped (`young_vclock`).
    pub age_min: Duration,
    /// Older than this, it is dropped (`old_vclock`).
    pub age_max: Duration,
}

impl PruneLimits {
    /// Riak's defaults: 50 entries, 20 seconds, one day.
    pub const RIAK: Self = Self {
        len_min: 50,
        len_max: 50,
        age_min: Duration::from_secs(20),
        age_max: Duration::from_secs(86_400),
    };
}

impl<A: Ord> VersionVector<A> {
    /// Drops entries, oldest first, as Riak does; and returns what it dropped. **Loses causality**: read
    /// [`PrunedVector`] first. `age` says how long ago an actor last updated the data.
    ///
    /// # Cost
    /// O(n log n), and two allocations.
    pub fn prune_lossy(
        self,
        limits: &PruneLimits,
        mut age: impl FnMut(&A) -> Duration,
    ) -> (PrunedVector<A>, Vec<Dot<A>>) {
        let mut by_age: Vec<(Duration, usize)> =
            self.iter().enumerate().map(|(index, (actor, _))| (age(actor), index)).collect();
        // Ties by actor, so that all nodes drop the same.
        by_age.sort_unstable_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        let mut len = by_age.len();
        let dropping = by_age.iter().take_while(|(age, _)| {
            let drop = len > limits.len_min
                && *age >= limits.age_min
                && (len > limits.len_max || *age > limits.age_max);
            len -= usize::from(drop);
            drop
        });
        let mut drop: Vec<usize> = dropping.map(|&(_, index)| index).collect();
        drop.sort_unstable();

        let (mut kept, mut dropped) = (VersionVector::with_capacity(len), Vec::with_capacity(drop.len()));
        let mut drop = drop.into_iter().peekable();
        for (index, (actor, counter)) in self.into_iter().enumerate() {
            if drop.next_if_eq(&index).is_some() {
                dropped.extend(Dot::new(actor, counter));
            } else {
                kept.entries.push((actor, counter));
            }
        }
        (PrunedVector { kept }, dropped)
    }
}

impl<A> PrunedVector<A> {
    /// Says of a vector that it was pruned, by whoever it came from.
    pub const fn from_kept(kept: VersionVector<A>) -> Self {
        Self { kept }
    }

    /// The entries that are left, ascending by actor, none zero.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{PrunedVector, VersionVector};
    ///
    /// let pruned = PrunedVector::from_kept(VersionVector::from([("b", 1), ("a", 2)]));
    /// assert_eq!(pruned.as_slice(), [("a", 2), ("b", 1)]);
    /// assert!(pruned.iter().rev().eq([(&"b", 1), (&"a", 2)]));
    /// assert_eq!((pruned.len(), pruned.is_empty()), (2, false));
    /// ```
    pub fn as_slice(&self) -> &[(A, u64)] {
        self.kept.as_slice()
    }

    /// The entries that are left, ascending by actor, none zero.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&A, u64)> + DoubleEndedIterator + Clone {
        self.kept.iter()
    }

    /// How many entries are left.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no entry is left.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// What is left, as if it were all: right if nothing was dropped, or if what was dropped is never asked about.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{PrunedVector, VersionVector};
    ///
    /// let vector = VersionVector::from([("a", 2)]);
    /// assert_eq!(PrunedVector::from_kept(vector.clone()).assume_exact(), vector);
    /// ```
    pub fn assume_exact(self) -> VersionVector<A> {
        self.kept
    }

    /// For what keeps the mark by itself.
    pub(crate) const fn kept(&self) -> &VersionVector<A> {
        &self.kept
    }
}

impl<A: Ord> PrunedVector<A> {
    /// The counter that is left of `actor`: zero if it was dropped, or was never there. O(log n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{PrunedVector, VersionVector};
    ///
    /// let pruned = PrunedVector::from_kept(VersionVector::from([("a", 2)]));
    /// assert_eq!((pruned.get("a"), pruned.get("b")), (2, 0));
    /// ```
    pub fn get<Q>(&self, actor: &Q) -> u64
    where
        A: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.kept.get(actor)
    }

    /// How it seems to stand to `other`. May say concurrent of what was ordered, and ordered of what was concurrent.
    pub fn guess(&self, other: &VersionVector<A>) -> Causality {
        self.kept.compare(other)
    }
}

impl<A: fmt::Debug> fmt::Debug for PrunedVector<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrunedVector ")?;
        f.debug_map().entries(self.kept.iter()).finish()
    }
}

/// As `{a:2, b:1, ...}`.
impl<A: fmt::Display> fmt::Display for PrunedVector<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        self.kept.iter().try_for_each(|(actor, counter)| write!(f, "{actor}:{counter}, "))?;
        f.write_str("...}")
    }
}
