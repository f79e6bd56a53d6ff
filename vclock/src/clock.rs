use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::slice;
use core::str::FromStr;

use smallvec::SmallVec;

use crate::{Amnesia, Causality, Dot, Exhausted, NotCanonical, NotLast, ParseClockError, sorted};

/// What [`VectorClock`](crate::VectorClock) and [`VersionVector`](crate::VersionVector) have in common: a counter for each
/// actor, zero for those it doesn't name. The kind `K` says what is counted, so that the two can't be mixed up.
///
/// It is kept sorted by actor and free of zeros, so that equal clocks have equal entries, bytes and hashes. Up to
/// [`INLINE`] entries live in the value itself, more on the heap. Actors are best small and `Copy`: an integer, an
/// [`Actor`](crate::Actor), a byte array; of a `String` every new entry and every dot is a clone.
///
/// `==` and `<` are those of the partial order: neither `a <= b` nor `b <= a` is normal. `PartialOrd::partial_cmp` is
/// [`compare`](Self::compare).
///
/// ```compile_fail,E0308
/// use spacelike_vclock::{VectorClock, VersionVector};
///
/// VectorClock::<u32>::new().merge(&VersionVector::<u32>::new()); // mismatched types
/// ```
pub struct Clock<A, K> {
    pub(crate) entries: Entries<A>,
    kind: PhantomData<K>,
}

/// How many entries need no heap.
pub const INLINE: usize = 8;

pub(crate) type Entries<A> = SmallVec<[(A, u64); INLINE]>;

/// What a [`Clock`] counts. Sealed.
pub trait Kind: sealed::Sealed + 'static {
    /// The name of the type.
    #[doc(hidden)]
    const NAME: &'static str;
}

impl<A, K> Clock<A, K> {
    /// A clock that has seen nothing.
    pub const fn new() -> Self {
        Self { entries: SmallVec::new_const(), kind: PhantomData }
    }

    /// Like [`new`](Self::new), with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self::from_sorted(Entries::with_capacity(capacity))
    }

    /// Of entries known to be canonical.
    pub(crate) const fn from_sorted(entries: Entries<A>) -> Self {
        Self { entries, kind: PhantomData }
    }

    /// How many actors it names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has seen nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries, ascending by actor, none zero.
    pub fn as_slice(&self) -> &[(A, u64)] {
        &self.entries
    }

    /// The entries, ascending by actor, none zero.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::VectorClock;
    ///
    /// let clock = VectorClock::from([("b", 1), ("a", 2)]);
    /// assert!(clock.iter().eq([(&"a", 2), (&"b", 1)]));
    /// assert_eq!(clock.iter().next_back(), Some((&"b", 1)));
    /// ```
    pub fn iter(&self) -> Iter<'_, A> {
        Iter(self.entries.iter())
    }

    /// How many dots it has seen: the sum of its counters. If `a < b`, the weight of `a` is less, so that a sort by weight
    /// alone never contradicts causality. O(n).
    pub fn weight(&self) -> u128 {
        sorted::weight(&self.entries)
    }

    /// Forgets everything, and keeps the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Gives back memory that it has no use for.
    pub fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
    }
}

impl<A: Ord, K> Clock<A, K> {
    /// Of entries that must be canonical: actors strictly ascending, no zero counters. [`FromIterator`] takes any.
    ///
    /// # Errors
    /// [`NotCanonical`] names the first entry that isn't.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{NotCanonical, VersionVector};
    ///
    /// assert!(VersionVector::try_from_sorted([("a", 1), ("b", 2)]).is_ok());
    /// let refused = VersionVector::try_from_sorted([("b", 2), ("a", 1)]);
    /// assert_eq!(refused, Err(NotCanonical::Order { index: 1 }));
    /// ```
    pub fn try_from_sorted(entries: impl IntoIterator<Item = (A, u64)>) -> Result<Self, NotCanonical> {
        let entries: Entries<A> = entries.into_iter().collect();
        sorted::check(&entries)?;
        Ok(Self::from_sorted(entries))
    }

    /// The counter of `actor`: how many of its events are seen. Zero if it isn't named. O(log n).
    #[inline]
    pub fn get<Q>(&self, actor: &Q) -> u64
    where
        A: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        sorted::get(&self.entries, actor)
    }

    /// Whether this dot is seen. O(log n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Dot, VectorClock};
    ///
    /// let clock = VectorClock::from([("a", 2)]);
    /// assert!(clock.contains(&Dot::new("a", 1).unwrap()));
    /// assert!(!clock.contains(&Dot::new("b", 1).unwrap()));
    /// ```
    #[inline]
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        self.get(&dot.actor) >= dot.counter.get()
    }

    /// How this clock stands to `other`.
    ///
    /// # Cost
    /// One pass, O(n), which ends as soon as they are known to be concurrent. If one has many more entries, those of the
    /// other are searched for.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Causality, VectorClock};
    ///
    /// let (a, b) = (VectorClock::from([("a", 2)]), VectorClock::from([("a", 1), ("b", 1)]));
    /// assert_eq!(a.compare(&b), Causality::Concurrent);
    /// assert_eq!(b.compare(&b), Causality::Equal); // and so not concurrent
    /// ```
    #[inline]
    pub fn compare(&self, other: &Self) -> Causality {
        sorted::compare(&self.entries, &other.entries)
    }

    /// Whether `other` has seen all that this clock has. Ends at the first counter that says no.
    #[inline]
    pub fn is_le(&self, other: &Self) -> bool {
        sorted::is_le(&self.entries, &other.entries)
    }

    /// Whether `other` has seen all that this clock has, and more: this one *happened before*.
    #[inline]
    pub fn is_lt(&self, other: &Self) -> bool {
        sorted::is_lt(&self.entries, &other.entries)
    }

    /// Whether this clock has seen all that `other` has: `other` is before it or equal.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::VersionVector;
    ///
    /// let (new, old) = (VersionVector::from([("a", 2), ("b", 1)]), VersionVector::from([("a", 1)]));
    /// assert!(new.dominates(&old) && new.dominates(&new) && !old.dominates(&new));
    /// assert!(old.is_lt(&new) && old.is_le(&old) && !old.is_lt(&old));
    /// ```
    #[inline]
    pub fn dominates(&self, other: &Self) -> bool {
        other.is_le(self)
    }

    /// Whether each has seen something that the other hasn't. Equal clocks are not concurrent.
    #[inline]
    pub fn is_concurrent(&self, other: &Self) -> bool {
        self.compare(other).is_concurrent()
    }

    /// A total order that never contradicts causality, to sort logs by: first by [`weight`](Self::weight), then by
    /// entries. All nodes agree on it. O(n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::VectorClock;
    ///
    /// let mut log = [[("a", 2), ("b", 1)].into(), [("b", 2)].into(), VectorClock::from([("a", 1)])];
    /// log.sort_by(VectorClock::total_cmp);
    /// assert_eq!(log, [[("a", 1)].into(), [("b", 2)].into(), [("a", 2), ("b", 1)].into()]);
    /// ```
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        sorted::total_cmp(&self.entries, &other.entries)
    }

    /// Takes away the entries for which `keep` says no. What was seen of them counts as unseen: see
    /// [`retire`](Self::retire) for when that is right.
    pub fn retain(&mut self, mut keep: impl FnMut(&A, u64) -> bool) {
        self.entries.retain(|(actor, counter)| keep(actor, *counter));
    }

    /// Takes away an actor that will never count again: `last` is the last of its dots. Says whether it was there.
    ///
    /// Nothing is lost if every clock that this one will meet either has `last` or has retired the actor as well, that is,
    /// once `last` is [stable](crate::Stability) and all members have agreed on retiring it. A clock that comes late brings the
    /// actor back, and stands out as concurrent or after. A [`strip`](Self::strip)ped clock has no such trouble.
    ///
    /// # Errors
    /// [`NotLast`] if the clock has seen fewer of its dots, or more. The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Dot, NotLast, VersionVector};
    ///
    /// let mut clock = VersionVector::from([("a", 2), ("gone", 7)]);
    /// let refused = clock.retire(&Dot::new("gone", 6).unwrap());
    /// assert_eq!(refused, Err(NotLast { last: 6, known: 7 }));
    /// assert_eq!(clock.retire(&Dot::new("gone", 7).unwrap()), Ok(true));
    /// assert_eq!(clock, [("a", 2)].into());
    /// ```
    pub fn retire(&mut self, last: &Dot<A>) -> Result<bool, NotLast> {
        let Ok(index) = sorted::search(&self.entries, &last.actor) else { return Ok(false) };
        let (last, known) = (last.counter.get(), self.entries[index].1);
        if known != last {
            return Err(NotLast { last, known });
        }
        self.entries.remove(index);
        Ok(true)
    }

    /// What both have seen: each counter becomes the lesser. In place, without allocation. O(n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::VersionVector;
    ///
    /// let mut both = VersionVector::from([("a", 2), ("b", 1)]);
    /// both.meet(&[("a", 1), ("c", 1)].into());
    /// assert_eq!(both, [("a", 1)].into());
    /// ```
    pub fn meet(&mut self, other: &Self) {
        let mut others = other.entries.iter().peekable();
        self.entries.retain(|(actor, counter)| {
            while others.next_if(|entry| entry.0 < *actor).is_some() {}
            match others.next_if(|entry| entry.0 == *actor) {
                Some(entry) => {
                    *counter = (*counter).min(entry.1);
                    true
                }
                None => false,
            }
        });
    }
}

impl<A: Ord + Clone, K> Clock<A, K> {
    /// Takes over what `other` has seen: each counter becomes the greater. Says whether that changed anything, so that
    /// gossip can stop. Idempotent, commutative, associative: the least upper bound.
    ///
    /// For a clock that a node keeps as its own, [`observe`](Self::observe) also checks what `other` says of that node.
    ///
    /// # Cost
    /// In place where no actor is new; else it allocates at most once, and clones the actors that are new. O(n), or
    /// O(m log n) if `other` has many fewer entries and none is new.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::VersionVector;
    ///
    /// let mut a = VersionVector::from([("a", 2), ("b", 1)]);
    /// assert!(a.merge(&[("b", 3)].into()));
    /// assert!(!a.merge(&[("b", 3)].into())); // nothing new
    /// assert_eq!(a, [("a", 2), ("b", 3)].into());
    /// ```
    pub fn merge(&mut self, other: &Self) -> bool {
        let (raised, missing) = sorted::raise(&mut self.entries, &other.entries);
        if missing > 0 {
            insert_missing(&mut self.entries, &other.entries, missing);
        }
        raised || missing > 0
    }

    /// [`merge`](Self::merge) into the clock that `own` keeps: refuses what claims to have seen more of `own` than there is.
    ///
    /// # Errors
    /// [`Amnesia`]. The clock is unchanged.
    pub fn observe(&mut self, own: &A, other: &Self) -> Result<bool, Amnesia> {
        self.check_own(own, other)?;
        Ok(self.merge(other))
    }

    /// Takes over one dot, and with it all of its actor's before it. Says whether that changed anything.
    pub fn raise(&mut self, dot: Dot<A>) -> bool {
        match sorted::search(&self.entries, &dot.actor) {
            Ok(index) if self.entries[index].1 >= dot.counter.get() => return false,
            Ok(index) => self.entries[index].1 = dot.counter.get(),
            Err(index) => self.entries.insert(index, (dot.actor, dot.counter.get())),
        }
        true
    }

    pub(crate) fn check_own(&self, own: &A, other: &Self) -> Result<(), Amnesia> {
        let (known, claimed) = (self.get(own), other.get(own));
        if claimed > known { Err(Amnesia { known, claimed }) } else { Ok(()) }
    }

    /// Counts one more event of `actor`.
    pub(crate) fn count(&mut self, actor: &A) -> Result<Dot<A>, Exhausted> {
        let counter = match sorted::search(&self.entries, actor) {
            Ok(index) => {
                let counter = &mut self.entries[index].1;
                *counter = counter.checked_add(1).ok_or(Exhausted { limit: u64::MAX })?;
                *counter
            }
            Err(index) => {
                self.entries.insert(index, (actor.clone(), 1));
                1
            }
        };
        Ok(Dot::new(actor.clone(), counter).expect("counters in a clock are not zero"))
    }
}

/// Puts in the entries of `right` that `left` has no actor for: `missing` of them.
#[cold]
fn insert_missing<A: Ord + Clone>(left: &mut Entries<A>, right: &[(A, u64)], missing: usize) {
    if left.is_empty() {
        // Into what `with_capacity` has made room for, or `clear` has kept.
        left.reserve_exact(missing);
        left.extend(right.iter().cloned());
        return;
    }
    if missing <= FEW {
        insert_few(left, right, missing);
        return;
    }
    let mut merged = Vec::with_capacity(left.len() + missing);
    let mut right = right.iter().peekable();
    for entry in left.drain(..) {
        while let Some(new) = right.next_if(|new| new.0 < entry.0) {
            merged.push(new.clone());
        }
        right.next_if(|new| new.0 == entry.0);
        merged.push(entry);
    }
    merged.extend(right.cloned());
    *left = Entries::from_vec(merged);
}

/// In place, each where it belongs.
fn insert_few<A: Ord + Clone>(left: &mut Entries<A>, right: &[(A, u64)], missing: usize) {
    left.reserve_exact(missing);
    let (len, mut at) = (left.len() + missing, 0);
    for new in right {
        // Mostly it is the next one.
        if left.get(at).is_some_and(|entry| entry.0 < new.0) {
            at += left[at..].partition_point(|entry| entry.0 < new.0);
        }
        if left.get(at).is_none_or(|entry| entry.0 != new.0) {
            left.insert(at, new.clone());
            if left.len() == len {
                return;
            }
        }
        at += 1;
    }
}

/// How many entries are put in one by one, each of which moves all behind it.
const FEW: usize = 4;

/// Any order, zeros and repetitions included: an actor's counter is its greatest.
impl<A: Ord, K> FromIterator<(A, u64)> for Clock<A, K> {
    fn from_iter<I: IntoIterator<Item = (A, u64)>>(entries: I) -> Self {
        let mut entries: Entries<A> = entries.into_iter().filter(|entry| entry.1 > 0).collect();
        canonicalise(&mut entries);
        Self::from_sorted(entries)
    }
}

/// Sorts entries without zeros, and leaves of each actor the greatest counter.
fn canonicalise<A: Ord>(entries: &mut Entries<A>) {
    if sorted::check(entries).is_err() {
        // The greatest counter first, because `dedup` keeps the first.
        entries.sort_unstable_by(|left, right| left.0.cmp(&right.0).then(right.1.cmp(&left.1)));
        entries.dedup_by(|next, kept| next.0 == kept.0);
    }
}

impl<A: Ord, K> FromIterator<Dot<A>> for Clock<A, K> {
    fn from_iter<I: IntoIterator<Item = Dot<A>>>(dots: I) -> Self {
        dots.into_iter().map(|dot| (dot.actor, dot.counter.get())).collect()
    }
}

/// Any order, zeros and repetitions included: an actor's counter becomes its greatest. What [`merge`](Clock::merge) does, of
/// entries that are moved.
///
/// # Cost
/// O(n + m log m) for m entries if no actor is new, else O((n + m) log (n + m)), and once more memory for all of them.
///
/// # Examples
/// ```
/// use spacelike_vclock::VersionVector;
///
/// let mut vector = VersionVector::from([("a", 2), ("c", 1)]);
/// vector.extend([("b", 1), ("a", 1), ("c", 3), ("d", 0)]);
/// assert_eq!(vector, [("a", 2), ("b", 1), ("c", 3)].into());
/// ```
impl<A: Ord, K> Extend<(A, u64)> for Clock<A, K> {
    fn extend<I: IntoIterator<Item = (A, u64)>>(&mut self, entries: I) {
        // First by themselves, so that an iterator that panics leaves the clock as it was.
        let more: Self = entries.into_iter().collect();
        let (_, missing) = sorted::raise(&mut self.entries, &more.entries);
        if missing > 0 {
            self.entries.extend(more);
            canonicalise(&mut self.entries);
        }
    }
}

impl<A: Ord, K> Extend<Dot<A>> for Clock<A, K> {
    fn extend<I: IntoIterator<Item = Dot<A>>>(&mut self, dots: I) {
        self.extend(dots.into_iter().map(|dot| (dot.actor, dot.counter.get())));
    }
}

impl<A: Ord, K, const N: usize> From<[(A, u64); N]> for Clock<A, K> {
    fn from(entries: [(A, u64); N]) -> Self {
        entries.into_iter().collect()
    }
}

/// The entries, ascending by actor.
impl<A, K> IntoIterator for Clock<A, K> {
    type Item = (A, u64);
    type IntoIter = IntoIter<A>;

    fn into_iter(self) -> IntoIter<A> {
        IntoIter(self.entries.into_iter())
    }
}

/// The entries, ascending by actor.
impl<'a, A, K> IntoIterator for &'a Clock<A, K> {
    type Item = (&'a A, u64);
    type IntoIter = Iter<'a, A>;

    fn into_iter(self) -> Iter<'a, A> {
        self.iter()
    }
}

/// The entries of a [`Clock`], by value.
///
/// # Examples
/// ```
/// use spacelike_vclock::VersionVector;
///
/// let entries = VersionVector::from([("a", 2), ("b", 1)]).into_iter();
/// assert!(entries.clone().rev().eq([("b", 1), ("a", 2)]));
/// assert_eq!(entries.len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct IntoIter<A>(smallvec::IntoIter<[(A, u64); INLINE]>);

impl<A> Iterator for IntoIter<A> {
    type Item = (A, u64);

    fn next(&mut self) -> Option<(A, u64)> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<A> DoubleEndedIterator for IntoIter<A> {
    fn next_back(&mut self) -> Option<(A, u64)> {
        self.0.next_back()
    }
}

impl<A> ExactSizeIterator for IntoIter<A> {}

impl<A> FusedIterator for IntoIter<A> {}

/// The entries of a [`Clock`], lent.
///
/// # Examples
/// ```
/// use spacelike_vclock::VersionVector;
///
/// let mut all = Vec::new();
/// for (actor, counter) in &VersionVector::from([("b", 1), ("a", 2)]) {
///     all.push((*actor, counter));
/// }
/// assert_eq!(all, [("a", 2), ("b", 1)]);
/// ```
#[derive(Debug)]
pub struct Iter<'a, A>(slice::Iter<'a, (A, u64)>);

impl<'a, A> Iterator for Iter<'a, A> {
    type Item = (&'a A, u64);

    #[inline]
    fn next(&mut self) -> Option<(&'a A, u64)> {
        self.0.next().map(|(actor, counter)| (actor, *counter))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<'a, A> DoubleEndedIterator for Iter<'a, A> {
    fn next_back(&mut self) -> Option<(&'a A, u64)> {
        self.0.next_back().map(|(actor, counter)| (actor, *counter))
    }
}

impl<A> ExactSizeIterator for Iter<'_, A> {}

impl<A> FusedIterator for Iter<'_, A> {}

// Not derived: what is lent needn't be cloned.
impl<A> Clone for Iter<'_, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

// Not derived: a derive would ask of the kind what only the actors need.

impl<A, K> Default for Clock<A, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Clone, K> Clone for Clock<A, K> {
    fn clone(&self) -> Self {
        // The standard library copies as a whole what it can; the entries inline are few.
        Self::from_sorted(if self.entries.spilled() {
            Entries::from_vec(self.entries.to_vec())
        } else {
            self.entries.clone()
        })
    }

    fn clone_from(&mut self, source: &Self) {
        self.entries.clone_from(&source.entries);
    }
}

impl<A: PartialEq, K> PartialEq for Clock<A, K> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<A: Eq, K> Eq for Clock<A, K> {}

impl<A: Hash, K> Hash for Clock<A, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.entries.hash(state);
    }
}

impl<A: Ord, K> PartialOrd for Clock<A, K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.compare(other).to_ordering()
    }

    fn lt(&self, other: &Self) -> bool {
        self.is_lt(other)
    }

    fn le(&self, other: &Self) -> bool {
        self.is_le(other)
    }

    fn gt(&self, other: &Self) -> bool {
        other.is_lt(self)
    }

    fn ge(&self, other: &Self) -> bool {
        other.is_le(self)
    }
}

impl<A: fmt::Debug, K: Kind> fmt::Debug for Clock<A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", K::NAME)?;
        f.debug_map().entries(self.iter()).finish()
    }
}

/// As `{a:2, b:1}`.
impl<A: fmt::Display, K> fmt::Display for Clock<A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (actor, counter)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{actor}:{counter}")?;
        }
        f.write_str("}")
    }
}

/// From `{a:2, b:1}`: braces, commas, order and counters only as [`Display`](fmt::Display) writes them. How an actor may be
/// written is for its own [`FromStr`] to say: integers may have a plus sign, and leading zeros. Actors whose text contains
/// `", "` can't be read.
impl<A: Ord + FromStr, K> FromStr for Clock<A, K> {
    type Err = ParseClockError<A::Err>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let entries = entries.ok_or(ParseClockError::Form)?;
        let mut clock = Self::new();
        if !entries.is_empty() {
            for entry in entries.split(", ") {
                let dot: Dot<A> = entry.parse().map_err(ParseClockError::Entry)?;
                clock.entries.push((dot.actor, dot.counter.get()));
            }
        }
        sorted::check(&clock.entries)?;
        Ok(clock)
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
}
