use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::num::NonZeroUsize;

use crate::{
    Amnesia, Causality, Counter, Dot, Exhausted, FromSortedError, Full, ObserveError, OutOfRange, RaiseError,
    ReceiveError, TickError, sorted,
};

/// The clock of a cluster whose members come and go, without a heap: a counter for each of up to `CAP` actors, zero for
/// those it doesn't name. What doesn't fit is refused as [`Full`], and changes nothing.
///
/// It is kept sorted by actor and free of zeros, as `VectorClock` and `VersionVector` are, so that equal clocks have equal
/// entries and hashes. Those two need `alloc`, and can't be mixed up. This type doesn't tell them apart: with
/// [`tick`](Self::tick) and [`receive`](Self::receive) for every event it is a vector clock (Fidge 1988, Mattern 1989); with
/// `tick` for every update, and [`observe`](Self::observe) or [`merge`](Self::merge) where replicas meet, a version vector
/// (Parker et al. 1983).
///
/// Actors are `Copy`: an integer, an [`Actor`](crate::Actor), a byte array. Counters are `u8`, `u16`, `u32` or `u64`.
///
/// `==` and `<` are those of the partial order: neither `a <= b` nor `b <= a` is normal. `PartialOrd::partial_cmp` is
/// [`compare`](Self::compare).
///
/// # Examples
/// ```
/// use spacelike_vclock::{BoundedClock, Full};
///
/// type Clock = BoundedClock<char, 2>; // of two actors at most
/// let (mut ada, mut bob) = (Clock::new(), Clock::new());
/// ada.tick('a')?; // she sends a message, with her clock
/// let message = ada;
/// bob.tick('b')?; // something happens at bob meanwhile
/// assert!(bob.is_concurrent(&message));
///
/// bob.receive('b', &message)?;
/// assert!(message < bob);
/// assert_eq!(bob.to_string(), "{a:1, b:2}");
///
/// let mut cyd = Clock::new();
/// cyd.tick('c')?;
/// assert_eq!(bob.merge(&cyd), Err(Full { capacity: 2, needed: 3 }));
/// assert_eq!(bob.to_string(), "{a:1, b:2}"); // unchanged
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// An array needs values for all its places from the start. So there is none before there is an entry, whose copies can
// fill it: that makes `new` constant, and asks no `Default` of actors.
#[derive(Clone, Copy)]
pub struct BoundedClock<A, const CAP: usize, C = u64>(Option<Held<A, CAP, C>>);

#[derive(Clone, Copy)]
struct Held<A, const CAP: usize, C> {
    /// At most `CAP`.
    len: NonZeroUsize,
    /// Canonical up to `len`; meaningless from there.
    entries: [(A, C); CAP],
}

impl<A, const CAP: usize, C> BoundedClock<A, CAP, C> {
    /// How many actors it has room for.
    pub const CAPACITY: usize = CAP;

    /// A clock that has seen nothing.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::BoundedClock;
    ///
    /// static START: BoundedClock<u16, 8> = BoundedClock::new();
    /// assert!(START.is_empty());
    /// ```
    pub const fn new() -> Self {
        Self(None)
    }

    /// How many actors it names: at most `CAP`.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether it has seen nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The entries, ascending by actor, none zero.
    #[inline]
    pub fn as_slice(&self) -> &[(A, C)] {
        match &self.0 {
            Some(held) => &held.entries[..held.len.get()],
            None => &[],
        }
    }

    #[inline]
    fn as_mut_slice(&mut self) -> &mut [(A, C)] {
        match &mut self.0 {
            Some(held) => &mut held.entries[..held.len.get()],
            None => &mut [],
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

impl<A, const CAP: usize, C: Counter> BoundedClock<A, CAP, C> {
    /// The entries, ascending by actor, none zero.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&A, C)> + DoubleEndedIterator + Clone {
        self.as_slice().iter().map(|(actor, counter)| (actor, *counter))
    }

    /// How many dots it has seen: the sum of its counters. If `a < b`, the weight of `a` is less, so that a sort by weight
    /// alone never contradicts causality. O(n).
    pub fn weight(&self) -> u128 {
        sorted::weight(self.as_slice())
    }
}

impl<A: Ord, const CAP: usize, C: Counter> BoundedClock<A, CAP, C> {
    /// The counter of `actor`: how many of its events are seen. Zero if it isn't named. O(log n).
    #[inline]
    pub fn get<Q>(&self, actor: &Q) -> C
    where
        A: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        sorted::get(self.as_slice(), actor)
    }

    /// Whether this dot is seen. O(log n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{BoundedClock, Dot};
    ///
    /// let clock = BoundedClock::<_, 3>::try_from_sorted([('a', 2)])?;
    /// assert!(clock.contains(&Dot::new('a', 1).unwrap()));
    /// assert!(!clock.contains(&Dot::new('b', 1).unwrap()));
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    #[inline]
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        self.get(&dot.actor).to_u64() >= dot.counter.get()
    }

    /// How this clock stands to `other`.
    ///
    /// # Cost
    /// One pass, O(n), which ends as soon as they are known to be concurrent. If one has many more entries, those of the
    /// other are searched for.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{BoundedClock, Causality};
    ///
    /// let a = BoundedClock::<_, 3>::try_from_sorted([('a', 2)])?;
    /// let b = BoundedClock::try_from_sorted([('a', 1), ('b', 1)])?;
    /// assert_eq!(a.compare(&b), Causality::Concurrent);
    /// assert_eq!(b.compare(&b), Causality::Equal); // and so not concurrent
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    #[inline]
    pub fn compare(&self, other: &Self) -> Causality {
        sorted::compare(self.as_slice(), other.as_slice())
    }

    /// Whether `other` has seen all that this clock has. Ends at the first counter that says no.
    #[inline]
    pub fn is_le(&self, other: &Self) -> bool {
        sorted::is_le(self.as_slice(), other.as_slice())
    }

    /// Whether `other` has seen all that this clock has, and more: this one *happened before*.
    #[inline]
    pub fn is_lt(&self, other: &Self) -> bool {
        sorted::is_lt(self.as_slice(), other.as_slice())
    }

    /// Whether this clock has seen all that `other` has: `other` is before it or equal.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::BoundedClock;
    ///
    /// let old = BoundedClock::<_, 3>::try_from_sorted([('a', 1)])?;
    /// let new = BoundedClock::try_from_sorted([('a', 2), ('b', 1)])?;
    /// assert!(new.dominates(&old) && new.dominates(&new) && !old.dominates(&new));
    /// assert!(old.is_lt(&new) && old.is_le(&old) && !old.is_lt(&old));
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
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
    /// use core::cmp::Ordering;
    /// use spacelike_vclock::BoundedClock;
    ///
    /// let a = BoundedClock::<_, 3>::try_from_sorted([('a', 9)])?;
    /// let b = BoundedClock::try_from_sorted([('b', 1), ('c', 1)])?;
    /// assert_eq!(a.partial_cmp(&b), None);
    /// assert_eq!(a.total_cmp(&b), Ordering::Greater); // nine dots, and two
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        sorted::total_cmp(self.as_slice(), other.as_slice())
    }
}

impl<A: Ord + Copy, const CAP: usize, C: Counter> BoundedClock<A, CAP, C> {
    /// Of entries that must be canonical: actors strictly ascending, no zero counters. Looks at no more than `CAP + 1`.
    ///
    /// # Errors
    /// [`FromSortedError`] names the first entry that isn't canonical, or says that there are too many.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{BoundedClock, Full, NotCanonical};
    ///
    /// type Clock = BoundedClock<char, 2>;
    /// assert!(Clock::try_from_sorted([('a', 1), ('b', 2)]).is_ok());
    /// let refused = Clock::try_from_sorted([('b', 2), ('a', 1)]);
    /// assert_eq!(refused, Err(NotCanonical::Order { index: 1 }.into()));
    /// let refused = Clock::try_from_sorted([('a', 1), ('b', 2), ('c', 3)]);
    /// assert_eq!(refused, Err(Full { capacity: 2, needed: 3 }.into()));
    /// ```
    pub fn try_from_sorted(entries: impl IntoIterator<Item = (A, C)>) -> Result<Self, FromSortedError> {
        let mut clock = Self::new();
        for entry in entries {
            clock.insert(clock.len(), entry)?;
        }
        sorted::check(clock.as_slice())?;
        Ok(clock)
    }

    /// An event of `actor`: something it did, a message it sends, or an update, whichever this clock counts. The clock
    /// afterwards is the event's timestamp.
    ///
    /// # Errors
    /// [`Exhausted`] after `C::MAX` events, [`Full`] if the clock has no room for one more actor. It is unchanged.
    ///
    /// # Cost
    /// O(log n); O(n) for the first event of an actor.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{BoundedClock, Dot, Exhausted, Full};
    ///
    /// let mut clock = BoundedClock::<char, 1, u8>::try_from_sorted([('a', 254)])?;
    /// assert_eq!(clock.tick('a').ok(), Dot::new('a', 255));
    /// assert_eq!(clock.tick('a'), Err(Exhausted { limit: 255 }.into()));
    /// assert_eq!(clock.tick('b'), Err(Full { capacity: 1, needed: 2 }.into()));
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn tick(&mut self, actor: A) -> Result<Dot<A>, TickError> {
        let (_, counter) = self.counted(&actor)?;
        self.raise_to(actor, counter)?;
        Ok(dot(actor, counter))
    }

    /// The event of receiving a message that carries the clock `message`, at `own`: takes it over, then ticks.
    ///
    /// # Errors
    /// [`Amnesia`] if the message claims to have seen events of `own` that this clock doesn't know of, [`Exhausted`] after
    /// `C::MAX` events, [`Full`] if the actors of both and `own` don't fit. The clock is unchanged.
    ///
    /// # Cost
    /// That of [`merge`](Self::merge).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, BoundedClock};
    ///
    /// let mut bob = BoundedClock::<_, 3>::try_from_sorted([('b', 2)])?;
    /// let forged = BoundedClock::try_from_sorted([('a', 1), ('b', 3)])?;
    /// assert_eq!(bob.receive('b', &forged), Err(Amnesia { known: 2, claimed: 3 }.into()));
    /// assert_eq!(bob.to_string(), "{b:2}"); // unchanged
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn receive(&mut self, own: A, message: &Self) -> Result<Dot<A>, ReceiveError> {
        self.check_own(own, message)?;
        let (known, counter) = self.counted(&own)?;
        // A clock that doesn't know `own` gets it from nobody else: `message` has been checked.
        self.check_room(message, usize::from(known == C::ZERO))?;
        self.merge_fitting(message);
        self.raise_to(own, counter)?;
        Ok(dot(own, counter))
    }

    /// [`merge`](Self::merge) into the clock that `own` keeps: refuses what claims to have seen more of `own` than there is.
    ///
    /// # Errors
    /// [`Amnesia`], or [`Full`]. The clock is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, BoundedClock};
    ///
    /// let mut bob = BoundedClock::<_, 3>::try_from_sorted([('b', 2)])?;
    /// let ahead = BoundedClock::try_from_sorted([('a', 1), ('b', 3)])?;
    /// assert_eq!(bob.observe('b', &ahead), Err(Amnesia { known: 2, claimed: 3 }.into()));
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn observe(&mut self, own: A, other: &Self) -> Result<bool, ObserveError> {
        self.check_own(own, other)?;
        Ok(self.merge(other)?)
    }

    /// The counter of `actor`, and what it is after one more event.
    fn counted(&self, actor: &A) -> Result<(C, C), Exhausted> {
        let counter = self.get(actor);
        Ok((counter, counter.next().ok_or(Exhausted { limit: C::MAX.to_u64() })?))
    }

    fn check_own(&self, own: A, other: &Self) -> Result<(), Amnesia> {
        let (known, claimed) = (self.get(&own).to_u64(), other.get(&own).to_u64());
        if claimed > known { Err(Amnesia { known, claimed }) } else { Ok(()) }
    }

    /// Takes over what `other` has seen: each counter becomes the greater. Says whether that changed anything, so that
    /// gossip can stop. Idempotent, commutative, associative: the least upper bound.
    ///
    /// For a clock that a node keeps as its own, [`observe`](Self::observe) also checks what `other` says of that node.
    ///
    /// # Errors
    /// [`Full`] if the actors of both don't fit. The clock is unchanged.
    ///
    /// # Cost
    /// O(n), in place. Where it could not fit, the actors are counted first.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::BoundedClock;
    ///
    /// let mut a = BoundedClock::<_, 3>::try_from_sorted([('a', 2), ('c', 1)])?;
    /// let b = BoundedClock::try_from_sorted([('b', 1), ('c', 3)])?;
    /// assert_eq!(a.merge(&b), Ok(true));
    /// assert_eq!(a.merge(&b), Ok(false)); // nothing new
    /// assert_eq!(a.to_string(), "{a:2, b:1, c:3}");
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<bool, Full> {
        self.check_room(other, 0)?;
        Ok(self.merge_fitting(other))
    }

    /// Whether the actors of both fit, and `more` beside them.
    fn check_room(&self, other: &Self, more: usize) -> Result<(), Full> {
        // No overflow: entries have sizes, so no array of them is longer than half of the address space.
        if self.len() + other.len() + more <= CAP {
            return Ok(());
        }
        let needed = self.len() + missing(self.as_slice(), other.as_slice()) + more;
        if needed <= CAP { Ok(()) } else { Err(Full { capacity: CAP, needed }) }
    }

    /// Merges what is known to fit.
    fn merge_fitting(&mut self, other: &Self) -> bool {
        let right = other.as_slice();
        let (raised, missing) = sorted::raise(self.as_mut_slice(), right);
        if missing == 0 {
            return raised;
        }
        let (mut l, mut r) = (self.len(), right.len());
        let left = self.grow(l + missing, right[0]).expect("the caller has seen that there is room");
        // From the greatest to the least, so that nothing is overwritten before it is moved. Where `to` has come down to
        // `l`, all that was missing is in, and the rest is in its place.
        let mut to = left.len();
        while to > l {
            to -= 1;
            if l == 0 || left[l - 1].0 < right[r - 1].0 {
                r -= 1;
                left[to] = right[r];
            } else {
                l -= 1;
                r -= usize::from(r > 0 && left[l].0 == right[r - 1].0);
                left[to] = left[l];
            }
        }
        true
    }

    /// Takes over one dot, and with it all of its actor's before it. Says whether that changed anything.
    ///
    /// # Errors
    /// [`OutOfRange`] if the counter is above `C::MAX`, [`Full`] if there is no room for one more actor. The clock is
    /// unchanged.
    ///
    /// # Cost
    /// O(log n); O(n) for the first dot of an actor.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{BoundedClock, Dot, OutOfRange};
    ///
    /// let mut clock = BoundedClock::<char, 3, u8>::new();
    /// assert_eq!(clock.raise(Dot::new('a', 3).unwrap()), Ok(true));
    /// assert_eq!(clock.raise(Dot::new('a', 2).unwrap()), Ok(false));
    /// let refused = clock.raise(Dot::new('a', 256).unwrap());
    /// assert_eq!(refused, Err(OutOfRange { counter: 256, limit: 255 }.into()));
    /// assert_eq!(clock.to_string(), "{a:3}");
    /// ```
    pub fn raise(&mut self, dot: Dot<A>) -> Result<bool, RaiseError> {
        let out_of_range = OutOfRange { counter: dot.counter.get(), limit: C::MAX.to_u64() };
        let counter = C::from_u64(dot.counter.get()).ok_or(out_of_range)?;
        Ok(self.raise_to(dot.actor, counter)?)
    }

    fn raise_to(&mut self, actor: A, counter: C) -> Result<bool, Full> {
        match sorted::search(self.as_slice(), &actor) {
            Ok(index) if self.as_slice()[index].1 >= counter => return Ok(false),
            Ok(index) => self.as_mut_slice()[index].1 = counter,
            Err(index) => self.insert(index, (actor, counter))?,
        }
        Ok(true)
    }

    /// Puts `entry` in, where the order wants it.
    fn insert(&mut self, index: usize, entry: (A, C)) -> Result<(), Full> {
        let entries = self.grow(self.len() + 1, entry)?;
        entries[index..].rotate_right(1);
        entries[index] = entry;
        Ok(())
    }

    /// Makes room for `needed` entries. Those that are new are yet to be written; `filler` fills an array that never had
    /// any.
    fn grow(&mut self, needed: usize, filler: (A, C)) -> Result<&mut [(A, C)], Full> {
        let full = Full { capacity: CAP, needed };
        let len = NonZeroUsize::new(needed).filter(|len| len.get() <= CAP).ok_or(full)?;
        let held = match &mut self.0 {
            Some(held) => held,
            none => none.insert(Held { len, entries: [filler; CAP] }),
        };
        held.len = len;
        Ok(&mut held.entries[..needed])
    }

    /// Takes away the entries for which `keep` says no. What was seen of them counts as unseen: right only if nobody can
    /// mention them again. O(n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::BoundedClock;
    ///
    /// let mut clock = BoundedClock::<_, 3>::try_from_sorted([('a', 2), ('b', 1), ('c', 2)])?;
    /// clock.retain(|&actor, counter| actor != 'a' && counter > 1);
    /// assert_eq!(clock.to_string(), "{c:2}");
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&A, C) -> bool) {
        self.filter_map(|(actor, counter)| keep(&actor, counter).then_some(counter));
    }

    /// What both have seen: each counter becomes the lesser. O(n), in place.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::BoundedClock;
    ///
    /// let mut both = BoundedClock::<_, 3>::try_from_sorted([('a', 2), ('b', 1)])?;
    /// both.meet(&BoundedClock::try_from_sorted([('a', 1), ('c', 1)])?);
    /// assert_eq!(both.to_string(), "{a:1}");
    /// # Ok::<(), spacelike_vclock::FromSortedError>(())
    /// ```
    pub fn meet(&mut self, other: &Self) {
        let mut others = other.as_slice().iter().peekable();
        self.filter_map(|(actor, counter)| {
            while others.next_if(|entry| entry.0 < actor).is_some() {}
            others.next_if(|entry| entry.0 == actor).map(|entry| counter.min(entry.1))
        });
    }

    /// Changes each counter to what `map` says, and takes away the entries for which it says nothing.
    fn filter_map(&mut self, mut map: impl FnMut((A, C)) -> Option<C>) {
        let entries = self.as_mut_slice();
        let mut kept = 0;
        for index in 0..entries.len() {
            if let Some(counter) = map(entries[index]) {
                entries[kept] = (entries[index].0, counter);
                kept += 1;
            }
        }
        match (NonZeroUsize::new(kept), &mut self.0) {
            (Some(len), Some(held)) => held.len = len,
            _ => self.clear(),
        }
    }
}

fn dot<A, C: Counter>(actor: A, counter: C) -> Dot<A> {
    Dot::new(actor, counter.to_u64()).expect("one more than a counter is not zero")
}

// Not derived: entries from `len` on don't count.

impl<A, const CAP: usize, C> Default for BoundedClock<A, CAP, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: PartialEq, const CAP: usize, C: PartialEq> PartialEq for BoundedClock<A, CAP, C> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<A: Eq, const CAP: usize, C: Eq> Eq for BoundedClock<A, CAP, C> {}

impl<A: Hash, const CAP: usize, C: Hash> Hash for BoundedClock<A, CAP, C> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl<A: Ord, const CAP: usize, C: Counter> PartialOrd for BoundedClock<A, CAP, C> {
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

impl<A: fmt::Debug, const CAP: usize, C: fmt::Debug> fmt::Debug for BoundedClock<A, CAP, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoundedClock ")?;
        f.debug_map().entries(self.as_slice().iter().map(|(actor, counter)| (actor, counter))).finish()
    }
}

/// As `{a:2, b:1}`.
impl<A: fmt::Display, const CAP: usize, C: fmt::Display> fmt::Display for BoundedClock<A, CAP, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (actor, counter)) in self.as_slice().iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{actor}:{counter}")?;
        }
        f.write_str("}")
    }
}

/// A sequence of pairs: id, counter.
#[cfg(feature = "serde")]
impl<A: serde::Serialize, const CAP: usize, C: serde::Serialize> serde::Serialize
    for BoundedClock<A, CAP, C>
{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.as_slice())
    }
}

/// Checked: what isn't canonical, or doesn't fit, is an error. Needs no more memory than the clock.
#[cfg(feature = "serde")]
impl<'de, A, const CAP: usize, C> serde::Deserialize<'de> for BoundedClock<A, CAP, C>
where
    A: Ord + Copy + serde::Deserialize<'de>,
    C: Counter + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<A, const CAP: usize, C>(BoundedClock<A, CAP, C>);

        impl<'de, A, const CAP: usize, C> serde::de::Visitor<'de> for Entries<A, CAP, C>
        where
            A: Ord + Copy + serde::Deserialize<'de>,
            C: Counter + serde::Deserialize<'de>,
        {
            type Value = BoundedClock<A, CAP, C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {CAP} pairs of an id and a counter, ascending")
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(
                self,
                mut entries: S,
            ) -> Result<Self::Value, S::Error> {
                let Self(mut clock) = self;
                while let Some(entry) = entries.next_element()? {
                    clock.insert(clock.len(), entry).map_err(serde::de::Error::custom)?;
                }
                sorted::check(clock.as_slice()).map_err(serde::de::Error::custom)?;
                Ok(clock)
            }
        }

        deserializer.deserialize_seq(Entries(Self::new()))
    }
}

/// How many entries of `right` have an actor that `left` doesn't have. Both are sorted.
fn missing<A: Ord, C: Counter>(mut left: &[(A, C)], right: &[(A, C)]) -> usize {
    let is_missing = |entry: &&(A, C)| {
        while let Some((first, rest)) = left.split_first() {
            match first.0.cmp(&entry.0) {
                Ordering::Less => left = rest,
                Ordering::Equal => return false,
                Ordering::Greater => break,
            }
        }
        true
    };
    right.iter().filter(is_missing).count()
}
