use core::fmt;
use core::hash::{Hash, Hasher};

use crate::clock::Kind;
use crate::{BaseDiffers, Causality, Clock, NotAbove, sorted};

/// A clock without what it shares with a base that both sides have: smaller, and nothing is lost.
///
/// It names only the actors that are further than the base. Clocks stripped by one base compare as the whole ones do,
/// since whoever isn't named stands at the base. A good base is what is [stable](crate::Stability): every clock to come is
/// above it.
///
/// The bases must form a chain, each above the one before, as stable cuts do. Then their weights tell them apart, and a
/// mix-up is an error.
///
/// # Examples
/// ```
/// use spacelike_vclock::{Causality, VersionVector};
///
/// let base = VersionVector::from([("a", 5), ("b", 2), ("c", 9)]);
/// let (left, right) = (
///     VersionVector::from([("a", 5), ("b", 3), ("c", 9)]),
///     VersionVector::from([("a", 6), ("b", 2), ("c", 9)]),
/// );
/// let (short_left, short_right) = (left.strip(&base)?, right.strip(&base)?);
/// assert_eq!(short_left.as_slice(), [("b", 3)]);
/// assert_eq!(short_left.to_string(), "{b:3} above a base of weight 16");
/// assert_eq!(short_left.compare(&short_right), Ok(left.compare(&right)));
/// assert_eq!(short_left.fill(&base), Ok(left));
/// # Ok::<(), spacelike_vclock::NotAbove>(())
/// ```
pub struct Stripped<A, K> {
    above: Clock<A, K>,
    /// The weight of the base.
    base: u128,
}

impl<A: Ord + Clone, K> Clock<A, K> {
    /// Leaves out what `base` says as well. O(n).
    ///
    /// # Errors
    /// [`NotAbove`] if the base has seen something that this clock hasn't.
    pub fn strip(&self, base: &Self) -> Result<Stripped<A, K>, NotAbove> {
        if !base.is_le(self) {
            return Err(NotAbove);
        }
        // The base's actors are all in here, in the same order.
        let mut same = base.entries.iter().peekable();
        let above = self.entries.iter().filter(|entry| match same.next_if(|base| base.0 == entry.0) {
            Some(base) => base.1 < entry.1,
            None => true,
        });
        Ok(Stripped { above: Clock::from_sorted(above.cloned().collect()), base: base.weight() })
    }
}

impl<A: Ord + Clone, K> Stripped<A, K> {
    /// How the whole clocks stand to each other. The cost of comparing what is left of them.
    ///
    /// # Errors
    /// [`BaseDiffers`] if they were stripped by different bases.
    pub fn compare(&self, other: &Self) -> Result<Causality, BaseDiffers> {
        other.check_base(self.base)?;
        Ok(sorted::compare(&self.above.entries, &other.above.entries))
    }

    /// The whole clock again.
    ///
    /// # Errors
    /// [`BaseDiffers`] if `base` isn't the base it was stripped by.
    pub fn fill(&self, base: &Clock<A, K>) -> Result<Clock<A, K>, BaseDiffers> {
        self.check_base(base.weight())?;
        let mut whole = base.clone();
        whole.merge(&self.above);
        Ok(whole)
    }

    /// The entries that are above the base, ascending by actor.
    pub fn as_slice(&self) -> &[(A, u64)] {
        self.above.as_slice()
    }

    fn check_base(&self, base: u128) -> Result<(), BaseDiffers> {
        if self.base == base { Ok(()) } else { Err(BaseDiffers { stripped_by: self.base, base }) }
    }
}

impl<A: Clone, K> Clone for Stripped<A, K> {
    fn clone(&self) -> Self {
        Self { above: self.above.clone(), base: self.base }
    }
}

impl<A: PartialEq, K> PartialEq for Stripped<A, K> {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base && self.above == other.above
    }
}

impl<A: Eq, K> Eq for Stripped<A, K> {}

impl<A: Hash, K> Hash for Stripped<A, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.above.hash(state);
        self.base.hash(state);
    }
}

/// As `{b:3} above a base of weight 16`.
impl<A: fmt::Display, K> fmt::Display for Stripped<A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} above a base of weight {}", self.above, self.base)
    }
}

impl<A: fmt::Debug, K: Kind> fmt::Debug for Stripped<A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripped").field("above", &self.above).field("base", &self.base).finish()
    }
}
