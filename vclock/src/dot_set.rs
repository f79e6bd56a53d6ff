use alloc::collections::BTreeMap;
#[cfg(feature = "serde")]
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::ops::RangeInclusive;

use crate::runs::Runs;
use crate::{Causality, Dot, NotCanonical, VersionVector};

/// An exact set of dots: of each actor all up to a base, and what lies beyond it as runs.
///
/// A [`VersionVector`] can only say "all up to here". This says what is seen when messages overtake each other or get
/// lost, and what is missing, so that it can be asked for. It is Malkhi and Terry's *version vector with exceptions*
/// ("Concise version vectors in `WinFS`", 2005), and the node clock of Gonçalves et al. ("Concise server-wide causality
/// management for eventually consistent data stores", 2015) with runs in the place of a bitmap.
///
/// # Cost
/// Memory goes with the number of runs, not of dots: whatever is in order costs one counter for each actor. A peer can make
/// at most one run by each dot that it sends, and any order of its dots costs O(log n) each. [`run_count`](Self::run_count)
/// tells when it is too much.
///
/// `<` is that of the partial order of inclusion, as of a [`Clock`](crate::Clock).
///
/// # Examples
/// ```
/// use spacelike_vclock::{Dot, DotSet};
///
/// let mut here = DotSet::new();
/// for counter in [1, 2, 5] {
///     here.insert(Dot::new("a", counter).unwrap());
/// }
/// assert_eq!(here.to_string(), "{a:1-2, a:5}");
///
/// let mut there = DotSet::new();
/// there.insert_run("a", 1..=9);
/// let wanted: Vec<_> = here.missing(&there).map(|run| run.to_string()).collect();
/// assert_eq!(wanted, ["a:3-4", "a:6-9"]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DotSet<A> {
    /// None empty.
    actors: BTreeMap<A, Runs>,
}

impl<A> DotSet<A> {
    /// The empty set.
    pub const fn new() -> Self {
        Self { actors: BTreeMap::new() }
    }

    /// Whether it has no dot.
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty()
    }

    /// How many dots it has. O(runs).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DotSet;
    ///
    /// let mut all = DotSet::new();
    /// all.insert_run('a', 1..=u64::MAX);
    /// all.insert_run('b', 1..=u64::MAX);
    /// assert_eq!((all.len(), all.run_count()), (2 * u128::from(u64::MAX), 2));
    /// ```
    pub fn len(&self) -> u128 {
        self.actors.values().map(Runs::len).sum()
    }

    /// How many runs it has, which is what it takes memory for. O(actors).
    pub fn run_count(&self) -> usize {
        self.actors.values().map(Runs::count).sum()
    }

    /// What it has, ascending by actor, then counter.
    pub fn runs(&self) -> impl Iterator<Item = Run<&A>> {
        self.actors.iter().flat_map(|(actor, runs)| runs.iter().map(move |run| Run::of(actor, run)))
    }

    /// What it lacks of each actor below the greatest that it has, ascending.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{DotSet, Run};
    ///
    /// let mut seen = DotSet::from_iter([("a", 4), ("a", 6)].map(|(a, n)| spacelike_vclock::Dot::new(a, n).unwrap()));
    /// assert!(seen.holes().eq([Run { actor: &"a", first: 1, last: 3 }, Run { actor: &"a", first: 5, last: 5 }]));
    /// seen.insert_run("a", 1..=5);
    /// assert_eq!(seen.holes().next(), None);
    /// ```
    pub fn holes(&self) -> impl Iterator<Item = Run<&A>> {
        self.actors.iter().flat_map(|(actor, runs)| runs.holes().map(move |run| Run::of(actor, run)))
    }
}

impl<A: Ord> DotSet<A> {
    /// Of entries that must be canonical: actors strictly ascending; of each at least one run, as its first and last counter,
    /// from 1, ascending, with a hole between one and the next.
    ///
    /// # Errors
    /// [`NotCanonical`] names the first entry that isn't.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{DotSet, NotCanonical};
    ///
    /// let seen = DotSet::try_from_sorted([("a", [(1, 2), (5, 5)])])?;
    /// assert_eq!(seen.to_string(), "{a:1-2, a:5}");
    /// let touching = DotSet::try_from_sorted([("a", [(1, 2), (3, 5)])]);
    /// assert_eq!(touching, Err(NotCanonical::Runs { index: 0 }));
    /// # Ok::<(), NotCanonical>(())
    /// ```
    pub fn try_from_sorted<R: IntoIterator<Item = (u64, u64)>>(
        entries: impl IntoIterator<Item = (A, R)>,
    ) -> Result<Self, NotCanonical> {
        let mut set = Self::new();
        for (index, (actor, runs)) in entries.into_iter().enumerate() {
            if set.actors.last_key_value().is_some_and(|(last, _)| *last >= actor) {
                return Err(NotCanonical::Order { index });
            }
            let runs = Runs::try_from_sorted(runs).ok_or(NotCanonical::Runs { index })?;
            set.actors.insert(actor, runs);
        }
        Ok(set)
    }

    /// Adds a dot. Says whether it is new. O(log n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Dot, DotSet};
    ///
    /// let mut seen = DotSet::new();
    /// let dot = Dot::new("a", 3).unwrap();
    /// assert!(seen.insert(dot));
    /// assert!(!seen.insert(dot)); // a duplicate
    /// ```
    pub fn insert(&mut self, dot: Dot<A>) -> bool {
        let counter = dot.counter.get();
        self.actors.entry(dot.actor).or_default().insert(counter, counter)
    }

    /// Adds the actor's dots of these counters; zero is none. Says whether any of them is new. O(log n), and once for each
    /// run that it ends.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DotSet;
    ///
    /// let mut seen = DotSet::new();
    /// assert!(seen.insert_run("a", 3..=u64::MAX));
    /// assert!(seen.insert_run("a", 0..=2));
    /// assert_eq!(seen.base(&"a"), u64::MAX);
    /// ```
    pub fn insert_run(&mut self, actor: A, counters: RangeInclusive<u64>) -> bool {
        let (first, last) = (*counters.start().max(&1), *counters.end());
        first <= last && self.actors.entry(actor).or_default().insert(first, last)
    }

    /// Whether it has this dot. O(log n).
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        self.actors.get(&dot.actor).is_some_and(|runs| runs.contains(dot.counter.get()))
    }

    /// Up to which counter it has all of the actor's dots; zero if it lacks the first. O(log n).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DotSet;
    ///
    /// let seen = DotSet::try_from_sorted([("a", [(1, 4), (6, 7)])]).unwrap();
    /// assert_eq!(seen.base("a"), 4);
    /// ```
    pub fn base<Q>(&self, actor: &Q) -> u64
    where
        A: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.actors.get(actor).map_or(0, Runs::base)
    }

    /// What `other` has and this set lacks, ascending by actor, then counter: what to ask of the other side.
    ///
    /// # Cost
    /// Nothing is enumerated dot by dot: O(runs) of both for all of it, and no allocation. It can be left at any time.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{DotSet, VersionVector};
    ///
    /// let here = DotSet::from(&VersionVector::from([("a", 2)]));
    /// let there = DotSet::from(&VersionVector::from([("a", u64::MAX), ("b", 3)]));
    /// let wanted: Vec<_> = here.missing(&there).map(|run| run.to_string()).collect();
    /// assert_eq!(wanted, ["a:3-18446744073709551615", "b:1-3"]);
    /// assert_eq!(there.missing(&here).next(), None);
    /// ```
    pub fn missing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Run<&'a A>> {
        other.actors.iter().flat_map(|(actor, theirs)| {
            let ours = self.actors.get(actor).unwrap_or(&NONE);
            theirs.without(ours).map(move |run| Run::of(actor, run))
        })
    }

    /// How it stands to `other`: before, if the other one has all that it has, and more.
    ///
    /// # Cost
    /// O(runs) of both; each side is looked at as far as the first run that the other one lacks.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Causality, DotSet};
    ///
    /// let (mut a, mut b) = (DotSet::new(), DotSet::new());
    /// a.insert_run("x", 1..=3);
    /// b.insert_run("x", 3..=3);
    /// assert_eq!(b.compare(&a), Causality::Before);
    /// b.insert_run("x", 5..=5);
    /// assert_eq!(b.compare(&a), Causality::Concurrent);
    /// ```
    pub fn compare(&self, other: &Self) -> Causality {
        let less = if self.is_le(other) { Causality::Equal } else { Causality::After };
        less.and(if other.is_le(self) { Causality::Equal } else { Causality::Before })
    }

    /// Whether `other` has all that it has.
    pub fn is_le(&self, other: &Self) -> bool {
        other.missing(self).next().is_none()
    }

    /// Whether `other` has all that it has, and more.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DotSet;
    ///
    /// let [less, more, other] =
    ///     [vec![(1, 2)], vec![(1, 3)], vec![(5, 5)]].map(|runs| DotSet::try_from_sorted([("a", runs)]).unwrap());
    /// assert!(less.is_lt(&more) && less < more && !less.is_lt(&less));
    /// assert!(other.is_concurrent(&more) && !more.is_concurrent(&more));
    /// ```
    pub fn is_lt(&self, other: &Self) -> bool {
        self.is_le(other) && !other.is_le(self)
    }

    /// Whether it has all that `other` has.
    pub fn dominates(&self, other: &Self) -> bool {
        other.is_le(self)
    }

    /// Whether each has a dot that the other lacks. Equal sets are not concurrent.
    pub fn is_concurrent(&self, other: &Self) -> bool {
        !self.is_le(other) && !other.is_le(self)
    }

    /// Takes away all dots of the actors for which `keep` says no. They count as unseen, and would be new again: right for
    /// an actor, or an epoch, of which no dot is under way any more, and that all members take away together. A set that
    /// still has it brings it back by a [`merge`](Self::merge); see [`Clock::retire`](crate::Clock::retire). O(actors).
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Actor, DotSet};
    ///
    /// let mut seen = DotSet::new();
    /// seen.insert_run(Actor { id: "a", epoch: 0 }, 1..=7);
    /// seen.insert_run(Actor { id: "a", epoch: 1 }, 1..=2);
    /// seen.retain(|actor| actor.epoch > 0);
    /// assert_eq!(seen.to_string(), "{a#1:1-2}");
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&A) -> bool) {
        self.actors.retain(|actor, _| keep(actor));
    }
}

impl<A: Ord + Clone> DotSet<A> {
    /// Adds all of `other`: the union. Says whether any of it is new, so that gossip can stop.
    ///
    /// # Cost
    /// O(m log n), m the runs of `other`. Allocates, and clones an actor, only for what is new.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DotSet;
    ///
    /// let mut here = DotSet::try_from_sorted([("a", [(1, 2)])]).unwrap();
    /// let there = DotSet::try_from_sorted([("a", [(2, 4)])]).unwrap();
    /// assert!(here.merge(&there));
    /// assert!(!here.merge(&there)); // nothing new
    /// assert_eq!(here.to_string(), "{a:1-4}");
    /// ```
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (actor, theirs) in &other.actors {
            changed |= if let Some(ours) = self.actors.get_mut(actor) {
                ours.merge(theirs)
            } else {
                self.actors.insert(actor.clone(), theirs.clone());
                true
            };
        }
        changed
    }

    /// The most that a version vector can say of it: the actors' bases.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DotSet;
    ///
    /// let seen = DotSet::try_from_sorted([("a", vec![(1, 4), (6, 7)]), ("b", vec![(2, 2)])]).unwrap();
    /// assert_eq!(seen.contiguous(), [("a", 4)].into());
    /// ```
    pub fn contiguous(&self) -> VersionVector<A> {
        self.actors.iter().map(|(actor, runs)| (actor.clone(), runs.base())).collect()
    }
}

/// Dots of one actor that follow each other.
///
/// # Examples
/// ```
/// use spacelike_vclock::Run;
///
/// let run = Run { actor: "a", first: 3, last: 9 };
/// assert_eq!((run.len(), run.to_string().as_str()), (7, "a:3-9"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[expect(clippy::len_without_is_empty, reason = "a run is not empty")]
pub struct Run<A> {
    /// Whose they are.
    pub actor: A,
    /// The counter of the first, from 1.
    pub first: u64,
    /// The counter of the last; not less than `first`.
    pub last: u64,
}

impl<A> Run<A> {
    fn of(actor: A, (first, last): (u64, u64)) -> Self {
        Self { actor, first, last }
    }

    /// How many dots it has. None, if `last` is less than `first` after all: the fields may come from a peer.
    pub fn len(&self) -> u64 {
        self.last.checked_sub(self.first).map_or(0, |more| more.saturating_add(1))
    }
}

/// As `actor:first-last`; a single dot as dots are written.
impl<A: fmt::Display> fmt::Display for Run<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.actor, self.first)?;
        if self.first < self.last { write!(f, "-{}", self.last) } else { Ok(()) }
    }
}

/// All that the vector has seen.
impl<A: Ord + Clone> From<&VersionVector<A>> for DotSet<A> {
    fn from(vector: &VersionVector<A>) -> Self {
        let mut set = Self::new();
        for (actor, counter) in vector {
            set.insert_run(actor.clone(), 1..=counter);
        }
        set
    }
}

impl<A: Ord> FromIterator<Dot<A>> for DotSet<A> {
    fn from_iter<I: IntoIterator<Item = Dot<A>>>(dots: I) -> Self {
        let mut set = Self::new();
        set.extend(dots);
        set
    }
}

impl<A: Ord> Extend<Dot<A>> for DotSet<A> {
    fn extend<I: IntoIterator<Item = Dot<A>>>(&mut self, dots: I) {
        for dot in dots {
            self.insert(dot);
        }
    }
}

/// Of what [`missing`](DotSet::missing) named, for example, once it has come. A run that ends before it begins has no dots.
///
/// # Examples
/// ```
/// use spacelike_vclock::{DotSet, Run};
///
/// let seen: DotSet<_> = [Run { actor: "a", first: 1, last: 3 }, Run { actor: "a", first: 4, last: 9 }].into_iter().collect();
/// assert_eq!(seen.base("a"), 9);
/// ```
impl<A: Ord> FromIterator<Run<A>> for DotSet<A> {
    fn from_iter<I: IntoIterator<Item = Run<A>>>(runs: I) -> Self {
        let mut set = Self::new();
        set.extend(runs);
        set
    }
}

impl<A: Ord> Extend<Run<A>> for DotSet<A> {
    fn extend<I: IntoIterator<Item = Run<A>>>(&mut self, runs: I) {
        for Run { actor, first, last } in runs {
            self.insert_run(actor, first..=last);
        }
    }
}

// Not derived: the answers are `compare`'s, and `lt` needn't find out all.
impl<A: Ord> PartialOrd for DotSet<A> {
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

// Not derived: the actors need no default.
impl<A> Default for DotSet<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: fmt::Debug> fmt::Debug for DotSet<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DotSet ")?;
        f.debug_set().entries(self.runs().map(|run| (run.actor, run.first..=run.last))).finish()
    }
}

/// As `{a:1-3, a:5, b:1-2}`.
impl<A: fmt::Display> fmt::Display for DotSet<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, run) in self.runs().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{run}")?;
        }
        f.write_str("}")
    }
}

/// As a sequence of actors, each with the sequence of its runs as first and last counter. Only that form is read.
#[cfg(feature = "serde")]
impl<A: serde::Serialize> serde::Serialize for DotSet<A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Pairs<'a>(&'a Runs);

        impl serde::Serialize for Pairs<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.iter())
            }
        }

        serializer.collect_seq(self.actors.iter().map(|(actor, runs)| (actor, Pairs(runs))))
    }
}

#[cfg(feature = "serde")]
impl<'de, A: serde::Deserialize<'de> + Ord> serde::Deserialize<'de> for DotSet<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries: Vec<(A, Vec<(u64, u64)>)> = Vec::deserialize(deserializer)?;
        Self::try_from_sorted(entries).map_err(serde::de::Error::custom)
    }
}

/// Refuses a run that begins at zero, or ends before it begins.
#[cfg(feature = "serde")]
impl<'de, A: serde::Deserialize<'de>> serde::Deserialize<'de> for Run<A> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "Run", deny_unknown_fields)]
        struct Unchecked<A> {
            actor: A,
            first: u64,
            last: u64,
        }

        let Unchecked { actor, first, last } = Unchecked::deserialize(deserializer)?;
        if first == 0 || first > last {
            return Err(serde::de::Error::custom(format_args!(
                "a run of dots from {first} to {last}: it begins at 1 or later, and doesn't end before"
            )));
        }
        Ok(Self { actor, first, last })
    }
}

static NONE: Runs = Runs::new();
