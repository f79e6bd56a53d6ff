use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::{Amnesia, Causality, Dot, Exhausted, NotCanonical, PutError, VersionVector};

/// The values of one key on one replica that no known write has overwritten, *siblings*, and the version vector of all
/// writes that the replica has seen: a dotted version vector set.
///
/// Each write is a dot of the server `A` that coordinated it, so that the vector has one entry for each server, however
/// many clients there are; and the dot tells a value from what its writer had read. After Preguiça, Baquero, Almeida,
/// Fonte, Gonçalves ("Dotted Version Vectors: Logical Clocks for Optimistic Replication", 2010; "Brief announcement:
/// efficient causality tracking in distributed storage systems with dotted version vectors", PODC 2012).
///
/// A client reads the values and the [`context`](Self::context), and hands that back when it writes. What it has read is
/// overwritten; what it hasn't becomes a sibling of what it writes.
///
/// # How this differs from the paper
/// * The compact form keeps an actor's values as the newest k of its dots. Here each value carries its dot, so that one in
///   the middle can go: [`put_over`](Self::put_over), [`lww`](Self::lww). The vector is the same.
/// * There is no anonymous list, hence no value is ever compared with another.
/// * A context that claims dots which the server never issued is refused. A server that forgot its counters and goes on from
///   a context or from zero issues dots for the second time, and whoever has seen the first ones drops the new values as
///   old. So Riak lost data (its issue 679).
///
/// # What it asks of you
/// * One actor, one place: put under an actor only to the replica that is this actor's, in one order.
/// * A set that has become [empty](Self::is_empty) still has its context. Who forgets that, forgets its counters: what is
///   written next must be under an actor that this key never had, such as [`Actor::next_epoch`](crate::Actor::next_epoch).
/// * Contexts go through clients. Of this server's dots a forged one is found out, of the other servers' it isn't, and
///   covers values that nobody has read: authenticate contexts if you can't trust your clients.
///
/// # Examples
/// Two clients who always write without having seen the other's latest make two siblings. Where one vector stands for all
/// values together, no such write can tell what to drop, and they pile up to 102:
///
/// ```
/// use spacelike_vclock::{DvvSet, VersionVector};
///
/// let mut key = DvvSet::new();
/// let (mut alice, mut bob) = (VersionVector::new(), VersionVector::new());
/// for round in 0..=50 {
///     key.put(&alice, &"server", format!("alice {round}"))?;
///     alice = key.context().clone();
///     key.put(&bob, &"server", format!("bob {round}"))?;
///     bob = key.context().clone();
/// }
/// assert!(key.values().eq(["alice 50", "bob 50"]));
/// # Ok::<(), spacelike_vclock::PutError>(())
/// ```
///
/// A server that lost its disk learns of it by the first context that knows more, and goes on as a new actor:
///
/// ```
/// use spacelike_vclock::{Actor, Amnesia, DvvSet};
///
/// let mut server = Actor::new("server");
/// let mut key = DvvSet::new();
/// key.put_blind(&server, "old")?;
/// let context = key.context().clone();
///
/// let mut key = DvvSet::new(); // all is lost
/// let refused = key.put(&context, &server, "new");
/// assert_eq!(refused, Err(Amnesia { known: 0, claimed: 1 }.into()));
///
/// server = server.next_epoch().unwrap(); // make it durable, then
/// let dot = key.put(&context, &server, "new")?;
/// assert_eq!(dot.to_string(), "server#1:1");
/// # Ok::<(), spacelike_vclock::PutError>(())
/// ```
#[derive(Clone)]
pub struct DvvSet<A, V> {
    /// All dots that are seen, those of the siblings included.
    context: VersionVector<A>,
    /// Strictly ascending by dot.
    siblings: Vec<(Dot<A>, V)>,
    siblings_max: usize,
}

impl<A, V> DvvSet<A, V> {
    /// The set of a key that was never written.
    pub const fn new() -> Self {
        Self { context: VersionVector::new(), siblings: Vec::new(), siblings_max: usize::MAX }
    }

    /// The same with a cap: a put that would make more siblings than that is refused. [`sync`](Self::sync) isn't, because
    /// replicas that refuse each other's values never agree; it reports the excess. Zero counts as one, because a key that
    /// takes no value is none.
    ///
    /// The cap is a setting, no part of the set: it is neither compared nor serialised, and a `sync` keeps one's own.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{DvvSet, PutError};
    ///
    /// let mut key = DvvSet::new().with_siblings_max(2);
    /// key.put_blind(&"server", 1)?;
    /// key.put_blind(&"server", 2)?;
    /// assert_eq!(key.put_blind(&"server", 3), Err(PutError::Siblings { count: 3, max: 2 }));
    ///
    /// let read = key.context().clone();
    /// key.put(&read, &"server", 3)?; // who has read the others is welcome
    /// # Ok::<(), PutError>(())
    /// ```
    #[must_use]
    pub fn with_siblings_max(self, siblings_max: usize) -> Self {
        Self { siblings_max: siblings_max.max(1), ..self }
    }

    /// How many siblings puts may make, at least one.
    pub fn siblings_max(&self) -> usize {
        self.siblings_max
    }

    /// All writes that this replica has seen: what a client gets with the values, and hands back when it writes.
    pub fn context(&self) -> &VersionVector<A> {
        &self.context
    }

    /// The siblings with their dots, ascending by dot: of one actor the newest last.
    pub fn as_slice(&self) -> &[(Dot<A>, V)] {
        &self.siblings
    }

    /// The siblings with their dots, ascending by dot.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Dot<A>, &V)> + DoubleEndedIterator + Clone {
        self.siblings.iter().map(|(dot, value)| (dot, value))
    }

    /// The siblings, ascending by dot.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator + Clone {
        self.siblings.iter().map(|(_, value)| value)
    }

    /// How many siblings there are.
    pub fn len(&self) -> usize {
        self.siblings.len()
    }

    /// Whether there is no value. The context may well have something.
    pub fn is_empty(&self) -> bool {
        self.siblings.is_empty()
    }

    /// The context and the siblings, ascending by dot: the inverse of [`try_from_parts`](Self::try_from_parts).
    pub fn into_parts(self) -> (VersionVector<A>, Vec<(Dot<A>, V)>) {
        (self.context, self.siblings)
    }
}

impl<A: Ord, V> DvvSet<A, V> {
    /// Of a context, and siblings that must be strictly ascending by dot and in the context.
    ///
    /// # Errors
    /// [`NotCanonical`] names the first sibling that isn't.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Dot, DvvSet, NotCanonical};
    ///
    /// let siblings = vec![(Dot::new("a", 3).unwrap(), "value")];
    /// assert!(DvvSet::try_from_parts([("a", 3)].into(), siblings.clone()).is_ok());
    /// let refused = DvvSet::try_from_parts([("a", 2)].into(), siblings);
    /// assert_eq!(refused, Err(NotCanonical::Unseen { index: 0 }));
    /// ```
    pub fn try_from_parts(
        context: VersionVector<A>,
        siblings: Vec<(Dot<A>, V)>,
    ) -> Result<Self, NotCanonical> {
        for (index, (dot, _)) in siblings.iter().enumerate() {
            if index > 0 && siblings[index - 1].0 >= *dot {
                return Err(NotCanonical::Order { index });
            }
            if !context.contains(dot) {
                return Err(NotCanonical::Unseen { index });
            }
        }
        Ok(Self { context, siblings, ..Self::new() })
    }

    /// The sibling that was written as this dot. O(log n).
    pub fn get(&self, dot: &Dot<A>) -> Option<&V> {
        let index = self.siblings.binary_search_by(|sibling| sibling.0.cmp(dot)).ok()?;
        Some(&self.siblings[index].1)
    }

    /// How this replica of the key stands to another: before, if a [`sync`](Self::sync) makes it equal to the other one, and
    /// leaves that unchanged. Values aren't looked at; two replicas with equal dots hold the same.
    ///
    /// # Cost
    /// O(n + s log(n + s)): n servers, s siblings of both.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Causality, DvvSet};
    ///
    /// let mut here = DvvSet::new();
    /// here.put_blind(&"here", 1)?;
    /// let mut there = here.clone();
    /// assert_eq!(here.compare(&there), Causality::Equal);
    /// there.put_blind(&"there", 2)?;
    /// assert_eq!(here.compare(&there), Causality::Before);
    /// here.put_blind(&"here", 3)?;
    /// assert_eq!(here.compare(&there), Causality::Concurrent);
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn compare(&self, other: &Self) -> Causality {
        let less = if self.learns_from(other) { Causality::Before } else { Causality::Equal };
        less.and(if other.learns_from(self) { Causality::After } else { Causality::Equal })
    }

    /// Whether a sync with `other` changes this replica.
    fn learns_from(&self, other: &Self) -> bool {
        !self.context.dominates(&other.context) || self.siblings.iter().any(|(dot, _)| other.has_dropped(dot))
    }

    /// Whether this write was seen here, and is overwritten.
    fn has_dropped(&self, dot: &Dot<A>) -> bool {
        self.context.contains(dot) && self.get(dot).is_none()
    }

    /// Keeps of all siblings only the greatest by `by`; of equal ones that with the greater dot. Says how many it dropped.
    ///
    /// It writes nothing: the winner keeps its dot, the others count as overwritten. So replicas may do this at any time, and
    /// all get the same winner, **if all use the same total preorder**. With different ones each drops the other's winner,
    /// and a sync drops both.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DvvSet;
    ///
    /// let mut key = DvvSet::new();
    /// for (time, text) in [(12, "late"), (10, "early")] {
    ///     key.put_blind(&"server", (time, text))?;
    /// }
    /// assert_eq!(key.lww(|a, b| a.0.cmp(&b.0)), 1);
    /// assert!(key.values().eq([&(12, "late")]));
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn lww(&mut self, mut by: impl FnMut(&V, &V) -> Ordering) -> usize {
        // Of equal ones, `max_by` gives the last, which has the greatest dot.
        let winner = (0..self.len()).max_by(|&a, &b| by(&self.siblings[a].1, &self.siblings[b].1));
        let Some(winner) = winner else { return 0 };
        self.siblings.swap(0, winner);
        let dropped = self.len() - 1;
        self.siblings.truncate(1);
        dropped
    }
}

impl<A: Ord + Clone, V> DvvSet<A, V> {
    /// A client's write, coordinated by the server `actor`: overwrites what the client has read, which is what `context` has
    /// seen, and gives it the dot that it returns. The context may have seen writes of other servers that this one hasn't.
    ///
    /// # Errors
    /// [`PutError::Amnesia`] if the context claims dots of `actor` that it never issued here, [`PutError::Exhausted`] after
    /// 2^64 - 1 writes, [`PutError::Siblings`] if it would make more siblings than there are and than there may be. The set is
    /// unchanged.
    ///
    /// # Cost
    /// O(n + s log n): n servers, s siblings.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DvvSet;
    ///
    /// let mut key = DvvSet::new();
    /// key.put_blind(&"server", "first")?;
    /// let read = key.context().clone();
    /// key.put(&read, &"server", "second")?;
    /// assert!(key.values().eq([&"second"]));
    /// key.put(&read, &"server", "concurrent")?; // has read "first", not "second"
    /// assert!(key.values().eq([&"second", &"concurrent"]));
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn put(&mut self, context: &VersionVector<A>, actor: &A, value: V) -> Result<Dot<A>, PutError> {
        self.context.check_own(actor, context)?;
        let dot = self.write(actor, value, |dot| context.contains(dot))?;
        self.context.merge(context);
        Ok(dot)
    }

    /// The write of a client that has read nothing: a sibling of all.
    ///
    /// # Errors
    /// As [`put`](Self::put). But where there is no context, nothing tells a server that it forgot its counters: one that
    /// finds its disk empty goes on in a new epoch by itself.
    pub fn put_blind(&mut self, actor: &A, value: V) -> Result<Dot<A>, PutError> {
        self.write(actor, value, |_| false)
    }

    /// The write of a client that overwrites its own last one, of which it knows only the dot that was acknowledged, and
    /// leaves alone what others have written before or since: put-and-acknowledge.
    ///
    /// The dot is enough: who has seen it has seen all that it overwrote.
    ///
    /// # Errors
    /// As [`put`](Self::put); and [`PutError::Unseen`] if this replica hasn't seen `previous` of another server, because then
    /// its context can't tell that write from those before it: sync first, or put blindly.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DvvSet;
    ///
    /// let mut key = DvvSet::new();
    /// let acknowledged = key.put_blind(&"server", "mine")?;
    /// key.put_blind(&"server", "somebody else's")?;
    /// key.put_over(&acknowledged, &"server", "mine, corrected")?;
    /// assert!(key.values().eq([&"somebody else's", &"mine, corrected"]));
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn put_over(&mut self, previous: &Dot<A>, actor: &A, value: V) -> Result<Dot<A>, PutError> {
        let (known, claimed) = (self.context.get(&previous.actor), previous.counter.get());
        if claimed > known {
            return Err(if previous.actor == *actor {
                Amnesia { known, claimed }.into()
            } else {
                PutError::Unseen { known, claimed }
            });
        }
        self.write(actor, value, |dot| dot == previous)
    }

    /// Lets `actor` write one value in the place of all siblings, if there are several: what `merge` makes of them. `None` if
    /// there was nothing to merge.
    ///
    /// It is a write with a dot of its own, because it is a new value: two replicas that merge the same siblings
    /// independently are concurrent. Let one do it, such as the one that serves the read.
    ///
    /// # Errors
    /// [`Exhausted`] after 2^64 - 1 writes of `actor`. The set is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DvvSet;
    ///
    /// let mut basket = DvvSet::new();
    /// basket.put_blind(&"server", vec!["milk"])?;
    /// basket.put_blind(&"server", vec!["eggs"])?;
    /// basket.reconcile(&"server", |siblings| siblings.iter().flat_map(|(_, some)| some.clone()).collect())?;
    /// assert!(basket.values().eq([&vec!["milk", "eggs"]]));
    /// assert_eq!(basket.reconcile(&"server", |_| unreachable!()), Ok(None));
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn reconcile(
        &mut self,
        actor: &A,
        merge: impl FnOnce(&[(Dot<A>, V)]) -> V,
    ) -> Result<Option<Dot<A>>, Exhausted> {
        if self.len() < 2 {
            return Ok(None);
        }
        let merged = merge(&self.siblings);
        let dot = self.context.update(actor)?;
        self.siblings.clear();
        self.siblings.push((dot.clone(), merged));
        Ok(Some(dot))
    }

    /// A client's deletion, coordinated by the server `actor`: drops what the client has read, and has seen what `context`
    /// has, so that no sync brings it back. Says how many siblings it dropped. What the client hasn't read stays.
    ///
    /// # Errors
    /// [`Amnesia`] if the context claims dots of `actor` that it never issued here. The set is unchanged.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DvvSet;
    ///
    /// let mut key = DvvSet::new();
    /// key.put_blind(&"server", "read")?;
    /// let (read, old) = (key.context().clone(), key.clone());
    /// key.put_blind(&"server", "not read")?;
    ///
    /// assert_eq!(key.discard(&read, &"server"), Ok(1));
    /// key.sync(old); // a replica that hasn't heard of it
    /// assert!(key.values().eq([&"not read"]));
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn discard(&mut self, context: &VersionVector<A>, actor: &A) -> Result<usize, Amnesia> {
        self.context.check_own(actor, context)?;
        let before = self.len();
        self.siblings.retain(|(dot, _)| !context.contains(dot));
        self.context.merge(context);
        Ok(before - self.len())
    }

    /// Checks, before a [`sync`](Self::sync) into the replica that is `own`'s, that `other` doesn't know more of its writes
    /// than it does itself. If it does, the values are as good as any, but `own` must not write again: go on in a new epoch,
    /// and then sync.
    ///
    /// # Errors
    /// [`Amnesia`].
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, DvvSet};
    ///
    /// let mut key = DvvSet::new();
    /// key.put_blind(&"server", "value")?;
    /// let wiped = DvvSet::<_, &str>::new();
    /// assert_eq!(wiped.check_own(&"server", &key), Err(Amnesia { known: 0, claimed: 1 }));
    /// assert_eq!(wiped.check_own(&"another", &key), Ok(()));
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn check_own(&self, own: &A, other: &Self) -> Result<(), Amnesia> {
        self.context.check_own(own, &other.context)
    }

    /// Takes over all that another replica of the key has seen: values that are new here, and that others are overwritten.
    /// Idempotent, commutative, associative. It refuses nothing; see [`check_own`](Self::check_own).
    ///
    /// # Cost
    /// O(n + s log(n + s)): n servers, s siblings of both. Values are moved.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::DvvSet;
    ///
    /// let mut here = DvvSet::new();
    /// here.put_blind(&"here", "old")?;
    /// let mut there = here.clone();
    /// let read = there.context().clone();
    /// there.put(&read, &"there", "new")?;
    /// here.put_blind(&"here", "concurrent")?;
    ///
    /// let synced = here.sync(there.clone());
    /// assert!(synced.changed && synced.siblings == 2);
    /// assert!(here.values().eq([&"concurrent", &"new"]));
    /// assert!(!here.sync(there).changed);
    /// # Ok::<(), spacelike_vclock::PutError>(())
    /// ```
    pub fn sync(&mut self, other: Self) -> Synced {
        let dropped = self.drop_seen_by(&other);
        let mut new = other.siblings;
        new.retain(|(dot, _)| !self.context.contains(dot));
        self.take_over(&other.context, new, dropped)
    }

    /// [`sync`](Self::sync) from a replica that is only borrowed: clones the values that are new here, and no others.
    pub fn sync_ref(&mut self, other: &Self) -> Synced
    where
        V: Clone,
    {
        let dropped = self.drop_seen_by(other);
        let new = other.siblings.iter().filter(|(dot, _)| !self.context.contains(dot)).cloned().collect();
        self.take_over(&other.context, new, dropped)
    }

    /// Drops what `other` has seen overwritten, and says whether that was anything.
    fn drop_seen_by(&mut self, other: &Self) -> bool {
        let before = self.len();
        self.siblings.retain(|(dot, _)| !other.has_dropped(dot));
        self.len() < before
    }

    /// Adds siblings that weren't seen here, and the context that they come with.
    fn take_over(&mut self, context: &VersionVector<A>, mut new: Vec<(Dot<A>, V)>, dropped: bool) -> Synced {
        if !new.is_empty() {
            self.siblings.append(&mut new);
            // Two ascending runs, which this sort finds, and merges in linear time.
            self.siblings.sort_by(|(left, _), (right, _)| left.cmp(right));
        }
        // No new sibling without a new dot in the context.
        let changed = self.context.merge(context) || dropped;
        let siblings = self.len();
        Synced { changed, siblings, excess: siblings.saturating_sub(self.siblings_max) }
    }

    /// Issues the next dot of `actor` to the value, in the place of the siblings that it overwrites.
    fn write(
        &mut self,
        actor: &A,
        value: V,
        overwrites: impl Fn(&Dot<A>) -> bool,
    ) -> Result<Dot<A>, PutError> {
        let count = 1 + self.siblings.iter().filter(|(dot, _)| !overwrites(dot)).count();
        if count > self.len().max(self.siblings_max) {
            return Err(PutError::Siblings { count, max: self.siblings_max });
        }
        let dot = self.context.update(actor)?;
        self.siblings.retain(|(dot, _)| !overwrites(dot));
        let index = self.siblings.partition_point(|sibling| sibling.0 < dot);
        self.siblings.insert(index, (dot.clone(), value));
        Ok(dot)
    }
}

/// What a [`DvvSet::sync`] did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Synced {
    /// Whether anything changed: if not, there is nothing to store, and no reason to pass it on.
    pub changed: bool,
    /// How many siblings there are now.
    pub siblings: usize,
    /// How many of them are more than [`with_siblings_max`](DvvSet::with_siblings_max) allows. None was dropped: reconcile
    /// them.
    pub excess: usize,
}

/// The siblings with their dots, ascending by dot.
impl<A, V> IntoIterator for DvvSet<A, V> {
    type Item = (Dot<A>, V);
    type IntoIter = alloc::vec::IntoIter<(Dot<A>, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.siblings.into_iter()
    }
}

// Not derived: the cap is no part of the set, and nobody needs a default.

impl<A, V> Default for DvvSet<A, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: PartialEq, V: PartialEq> PartialEq for DvvSet<A, V> {
    fn eq(&self, other: &Self) -> bool {
        self.context == other.context && self.siblings == other.siblings
    }
}

impl<A: Eq, V: Eq> Eq for DvvSet<A, V> {}

impl<A: Hash, V: Hash> Hash for DvvSet<A, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.context.hash(state);
        self.siblings.hash(state);
    }
}

impl<A: fmt::Debug, V: fmt::Debug> fmt::Debug for DvvSet<A, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DvvSet")
            .field("context", &self.context)
            .field("siblings", &self.siblings)
            .finish_non_exhaustive()
    }
}

/// The context as pairs of actor and counter, and the siblings as pairs of dot and value, both ascending. Only that is read.
#[cfg(feature = "serde")]
impl<A: serde::Serialize, V: serde::Serialize> serde::Serialize for DvvSet<A, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(rename = "DvvSet", bound = "A: serde::Serialize, V: serde::Serialize")]
        struct Form<'a, A, V> {
            context: &'a VersionVector<A>,
            siblings: &'a [(Dot<A>, V)],
        }

        Form { context: &self.context, siblings: &self.siblings }.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, A, V> serde::Deserialize<'de> for DvvSet<A, V>
where
    A: serde::Deserialize<'de> + Ord,
    V: serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "DvvSet")]
        #[serde(bound = "A: serde::Deserialize<'de> + Ord, V: serde::Deserialize<'de>")]
        struct Form<A, V> {
            context: VersionVector<A>,
            siblings: Vec<(Dot<A>, V)>,
        }

        let form = Form::deserialize(deserializer)?;
        Self::try_from_parts(form.context, form.siblings).map_err(serde::de::Error::custom)
    }
}
