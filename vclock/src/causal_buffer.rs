use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::RangeInclusive;

use smallvec::SmallVec;

use crate::{Amnesia, Broadcast, Dot, Exhausted, Refusal, Refused, Run, VersionVector, sorted};

/// Causal delivery: holds messages back until all that they depend on is delivered, and gives out each of them once.
///
/// This is CBCAST's rule (Birman, Schiper and Stephenson 1991, *Lightweight Causal and Atomic Group Multicast*, 5.1): a
/// message is deliverable when it is the next of its sender, and nothing in its context is missing. The network may lose,
/// repeat and reorder as it likes; what it lost must be sent again, and [`waiting_on`](Self::waiting_on) says what that is.
///
/// **Order.** Of the messages that are deliverable, the one with the least weight comes first (how many messages its sender
/// had delivered, itself included, by its context), then the least dot. So what comes next depends on what is delivered and
/// what is in the buffer, and on nothing else; and if all messages are in the buffer, full contexts make all members
/// deliver in the same order. Otherwise, members agree on the order of messages that depend on each other, not of concurrent ones.
///
/// **Bounds.** At most `capacity` messages are in it, with at most twice as many entries of an index. How large a message and
/// its context may be, and who may send at all, is for the caller to check before: what is delivered is a vector with a
/// counter for each sender.
///
/// **Work.** A message that can't be delivered waits on exactly one missing dot, and is looked at again when that one comes,
/// from there on: no entry of a context is looked at twice (see [`examined`](Self::examined)).
///
/// **Trust.** A message is what its dot says it is. If a sender gives two messages one dot, members may deliver different
/// ones. A gap in a sender's counters blocks all that comes after it: a sender that may have lost messages that it counted must
/// go on as another actor, in a [new epoch](crate::Actor), and the old one be [evicted](Self::evict). Forged messages that
/// depend on each other wait forever, and whatever depends on them. They keep their places until one of their senders is
/// evicted. If there are messages, but none is ready or [missing](Self::waiting_on), it is because of such;
/// [`count_of`](Self::count_of) tells who fills the buffer.
///
/// # Examples
/// ```
/// use spacelike_vclock::{CausalBuffer, Inserted};
///
/// let mut alice = CausalBuffer::new("alice", 100);
/// let mut bob = CausalBuffer::new("bob", 100);
/// let mut carol = CausalBuffer::new("carol", 100);
///
/// let question = alice.send("lunch?")?;
/// bob.insert(question.clone())?;
/// assert_eq!(bob.pop().unwrap().message, "lunch?");
/// let answer = bob.send("yes")?;
///
/// assert_eq!(carol.insert(answer)?, Inserted::Waiting); // the question was slower
/// assert_eq!(carol.pop(), None);
/// assert_eq!(carol.waiting_on()[0].to_string(), "alice:1");
/// assert_eq!(carol.insert(question)?, Inserted::Ready);
/// assert_eq!(carol.pop().unwrap().message, "lunch?");
/// assert_eq!(carol.pop().unwrap().message, "yes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CausalBuffer<A, M> {
    own: A,
    capacity: usize,
    delivered: VersionVector<A>,
    /// The messages, by a number that each keeps as long as it is here.
    slots: Vec<Option<Buffered<A, M>>>,
    free: Vec<usize>,
    /// Of dots that are not delivered: those of messages that are here, and those that some message here waits on.
    dots: BTreeMap<Dot<A>, Place>,
    /// The deliverable ones: weight, dot, slot.
    ready: BinaryHeap<Reverse<(u128, Dot<A>, usize)>>,
    evicted: BTreeSet<A>,
    examined: u64,
}

/// What became of a message that was [inserted](CausalBuffer::insert).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inserted {
    /// It can be delivered: [`pop`](CausalBuffer::pop).
    Ready,
    /// Something is missing that it depends on.
    Waiting,
    /// It is here already, or was delivered before. It was dropped.
    Duplicate,
}

#[derive(Clone, Debug)]
struct Buffered<A, M> {
    broadcast: Broadcast<A, M>,
    weight: u128,
    /// Which of its dependencies it waits on; all before it are met. The number of dependencies, if it is deliverable.
    unmet: usize,
}

#[derive(Clone, Debug, Default)]
struct Place {
    message: Option<usize>,
    waiting: SmallVec<[usize; 2]>,
}

impl<A: Ord + Clone, M> CausalBuffer<A, M> {
    /// The buffer of the member `own`, before the first message. It will hold `capacity` messages at most. Who only listens
    /// gives a name under which nobody sends.
    ///
    /// # Panics
    /// If `capacity` is zero.
    pub fn new(own: A, capacity: usize) -> Self {
        Self::starting_at(own, VersionVector::new(), capacity)
    }

    /// Like [`new`](Self::new), for a member that comes later: it has taken over a state in which `delivered` is included. If
    /// it has sent before, its own counter in there is that of the last message that it sent.
    ///
    /// # Panics
    /// If `capacity` is zero.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{CausalBuffer, Inserted};
    ///
    /// let mut alice = CausalBuffer::new("alice", 8);
    /// let (first, second) = (alice.send(1)?, alice.send(2)?);
    /// let mut bob = CausalBuffer::starting_at("bob", first.clock(), 8);
    /// assert_eq!(bob.insert(first)?, Inserted::Duplicate);
    /// assert_eq!(bob.insert(second)?, Inserted::Ready);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn starting_at(own: A, delivered: VersionVector<A>, capacity: usize) -> Self {
        assert!(capacity > 0, "a buffer without room for a message");
        Self {
            own,
            capacity,
            delivered,
            slots: Vec::new(),
            free: Vec::new(),
            dots: BTreeMap::new(),
            ready: BinaryHeap::new(),
            evicted: BTreeSet::new(),
            examined: 0,
        }
    }

    /// A message of our own to the group. It counts as delivered here at once, and so [`pop`](Self::pop) won't give it.
    ///
    /// Before it leaves, it must be durable, or our next life be another [epoch](crate::Actor): no dot may be used twice,
    /// and none be left out.
    ///
    /// # Errors
    /// [`Exhausted`] after 2^64 - 1 messages. The message is dropped, the buffer unchanged.
    ///
    /// # Cost
    /// That of cloning [`delivered`](Self::delivered).
    pub fn send(&mut self, message: M) -> Result<Broadcast<A, M>, Exhausted> {
        let context = self.delivered.clone();
        // Nothing waits on this dot: what depends on a dot of our own that we don't know of is refused.
        let dot = self.delivered.update(&self.own)?;
        Ok(Broadcast { dot, context, message })
    }

    /// Takes a message from the network, in whatever order, and however often.
    ///
    /// The last place is kept for a message that is deliverable. So if one is refused as [`Full`](Refusal::Full) though
    /// nothing is left to [`pop`](Self::pop), it is one that has to wait: messages that come in causal order are always taken.
    ///
    /// # Errors
    /// [`Refused`] gives the message back. The buffer is unchanged.
    ///
    /// # Cost
    /// O(n + log m) for n entries in the context and m messages in the buffer, if the context names nearly the same actors as
    /// [`delivered`](Self::delivered); each one that is out of step is searched for.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{CausalBuffer, Inserted, Refusal};
    ///
    /// let mut alice = CausalBuffer::new("alice", 8);
    /// let [first, second, third] = [alice.send(1)?, alice.send(2)?, alice.send(3)?];
    /// let mut bob = CausalBuffer::new("bob", 2);
    /// assert_eq!(bob.insert(third)?, Inserted::Waiting);
    /// let refused = bob.insert(second).unwrap_err();
    /// assert_eq!(refused.why, Refusal::Full { capacity: 2 });
    ///
    /// assert_eq!(bob.insert(first)?, Inserted::Ready); // the last place
    /// assert_eq!(bob.pop().unwrap().message, 1);
    /// assert_eq!(bob.insert(refused.broadcast)?, Inserted::Ready);
    /// assert_eq!([bob.pop().unwrap().message, bob.pop().unwrap().message], [2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn insert(&mut self, broadcast: Broadcast<A, M>) -> Result<Inserted, Refused<A, M>> {
        match self.check(&broadcast) {
            Err(why) => return Err(Refused { broadcast, why }),
            Ok(false) => return Ok(Inserted::Duplicate),
            Ok(true) => {}
        }
        let full = Refusal::Full { capacity: self.capacity };
        if self.len() >= self.capacity {
            return Err(Refused { broadcast, why: full });
        }
        let (unmet, examined) = first_unmet(&self.delivered, &broadcast, 0);
        let waits = unmet < dependencies(&broadcast);
        if waits && self.len() + 1 >= self.capacity {
            return Err(Refused { broadcast, why: full });
        }
        self.examined += examined;
        let weight = weight(&broadcast);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.dots.entry(broadcast.dot.clone()).or_default().message = Some(slot);
        self.slots[slot] = Some(Buffered { broadcast, weight, unmet });
        self.settle(slot);
        Ok(if waits { Inserted::Waiting } else { Inserted::Ready })
    }

    /// The next message, which from now on counts as delivered. `None` if all that are here have to wait.
    ///
    /// # Cost
    /// O(log m), and what it costs to look on at the messages that waited on this one; O(n) for a sender's first, of n senders
    /// in [`delivered`](Self::delivered).
    pub fn pop(&mut self) -> Option<Broadcast<A, M>> {
        let Reverse((_, _, slot)) = self.ready.pop()?;
        Some(self.deliver(slot))
    }

    /// Counts all that `snapshot` has seen as delivered: a state was taken over that includes it, or it is lost for good
    /// and is to be left out. Says how many messages that covers, which are dropped from the buffer; others may have become deliverable.
    ///
    /// # Errors
    /// [`Amnesia`] if it has seen messages of our own that we know nothing of. The buffer is unchanged. To go on in a new epoch,
    /// begin a new buffer: [`starting_at`](Self::starting_at).
    ///
    /// # Cost
    /// O(n log m) for n entries in the snapshot, and what it costs to drop those messages and to look on at those that
    /// waited. Not in how far it goes.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::CausalBuffer;
    ///
    /// let mut alice = CausalBuffer::new("alice", 8);
    /// let [_, second, third] = [alice.send(1)?, alice.send(2)?, alice.send(3)?];
    /// let mut bob = CausalBuffer::new("bob", 8);
    /// bob.insert(second)?;
    /// bob.insert(third)?;
    /// assert_eq!(bob.advance_to(&[("alice", 2)].into()), Ok(1));
    /// assert_eq!(bob.pop().unwrap().message, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advance_to(&mut self, snapshot: &VersionVector<A>) -> Result<usize, Amnesia> {
        self.delivered.check_own(&self.own, snapshot)?;
        let mut covered = Vec::new();
        for (actor, last) in snapshot {
            if let Some(run) = dots_after(actor, self.delivered.get(actor), last) {
                covered.extend(self.dots.range(run).map(|(dot, place)| (dot.clone(), place.message)));
            }
        }
        self.delivered.merge(snapshot);
        let dropped = self.take_out(covered.iter().filter_map(|(_, message)| *message).collect());
        for (dot, _) in covered {
            // None, if the only one that waited on it was dropped.
            let place = self.dots.remove(&dot).unwrap_or_default();
            self.wake(place.waiting);
        }
        Ok(dropped.len())
    }

    /// Gives up a sender: none of its messages that aren't delivered yet ever will be. Takes out those that are here, and
    /// all that depend on one of them, or on one that never came, even by way of others; they are returned in the order of delivery.
    ///
    /// From now on such messages are refused as [`Evicted`](Refusal::Evicted), so that none waits forever, until
    /// [`readmit`](Self::readmit) or [`advance_to`](Self::advance_to) says otherwise. What tells them is their context, if it is
    /// a full one, as [`send`](Self::send) gives it. If it leaves out what another dependency implies, the message may be taken,
    /// and wait for that one, which is refused: then evict that one's sender, too, or `advance_to` beyond it. A sender that only restarts goes on as
    /// another [`Actor`](crate::Actor), in a new epoch, which isn't evicted.
    ///
    /// Members that evict a sender at different times deliver different messages of it. To agree, fetch first what others
    /// have delivered of it: that is what virtual synchrony's flush is for.
    ///
    /// # Cost
    /// O(e log e) for e entries in the contexts of all messages in the buffer.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{CausalBuffer, Refusal};
    ///
    /// let mut alice = CausalBuffer::new("alice", 8);
    /// let (_lost, late) = (alice.send("lost")?, alice.send("late")?);
    /// let mut bob = CausalBuffer::new("bob", 8);
    /// bob.insert(late.clone())?;
    /// assert_eq!(bob.evict(&"alice"), [late.clone()]);
    /// assert_eq!(bob.insert(late).unwrap_err().why, Refusal::Evicted { actor: "alice" });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evict(&mut self, actor: &A) -> Vec<Broadcast<A, M>> {
        self.evicted.insert(actor.clone());
        let doomed = self.undeliverable(actor);
        let mut taken = self.take_out(doomed);
        taken.sort_by(|left, right| {
            (left.weight, &left.broadcast.dot).cmp(&(right.weight, &right.broadcast.dot))
        });
        taken.into_iter().map(|buffered| buffered.broadcast).collect()
    }

    /// Takes messages of an evicted sender again, from the first that isn't delivered. Says whether it was evicted.
    pub fn readmit(&mut self, actor: &A) -> bool {
        self.evicted.remove(actor)
    }

    /// What is missing: all dots that messages here depend on, and that are neither delivered nor here. Ascending by actor
    /// and counter. Fetch them in that order or, better, in the order in which some member has delivered them.
    ///
    /// Empty, though there are messages and none is ready, if some depend on each other: they are forged.
    ///
    /// # Cost
    /// O(e log m), for e entries that are not known to be met, in the contexts of m messages. Not in how many dots it names.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Broadcast, CausalBuffer, Dot};
    ///
    /// let mut buffer = CausalBuffer::new("own", 8);
    /// let context = [("a", 2), ("b", u64::MAX)].into();
    /// buffer.insert(Broadcast { dot: Dot::new("a", 3).unwrap(), context, message: () })?;
    /// let missing: Vec<_> = buffer.waiting_on().iter().map(ToString::to_string).collect();
    /// assert_eq!(missing, ["a:1-2", "b:1-18446744073709551615"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn waiting_on(&self) -> Vec<Run<A>> {
        let mut wanted = BTreeMap::<&A, u64>::new();
        for Buffered { broadcast, unmet, .. } in self.slots.iter().flatten() {
            for (actor, counter) in
                (*unmet..dependencies(broadcast)).filter_map(|at| dependency(broadcast, at))
            {
                let last = wanted.entry(actor).or_default();
                *last = counter.max(*last);
            }
        }
        let mut missing = Vec::new();
        for (actor, last) in wanted {
            let Some(run) = dots_after(actor, self.delivered.get(actor), last) else { continue };
            let mut next = Some(run.start().counter.get());
            for (dot, _) in self.dots.range(run).filter(|(_, place)| place.message.is_some()) {
                let here = dot.counter.get();
                if let Some(first) = next.filter(|first| *first < here) {
                    missing.push(Run { actor: actor.clone(), first, last: here - 1 });
                }
                next = here.checked_add(1);
            }
            if let Some(first) = next.filter(|first| *first <= last) {
                missing.push(Run { actor: actor.clone(), first, last });
            }
        }
        missing
    }

    /// Whether this message is here or delivered, so that it needn't be fetched.
    pub fn contains(&self, dot: &Dot<A>) -> bool {
        self.delivered.contains(dot) || self.dots.get(dot).is_some_and(|place| place.message.is_some())
    }

    /// What is delivered: what was [popped](Self::pop), [sent](Self::send), or [covered](Self::advance_to).
    pub fn delivered(&self) -> &VersionVector<A> {
        &self.delivered
    }

    /// In whose name it sends.
    pub fn own(&self) -> &A {
        &self.own
    }

    /// How many messages it holds at most.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many messages are here, deliverable or not.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether no message is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages are here that can be [popped](Self::pop) as things stand.
    pub fn ready_count(&self) -> usize {
        self.ready.len()
    }

    /// How many messages of `actor` are here: tells who it is that fills the buffer. O(log m), and in their number.
    pub fn count_of(&self, actor: &A) -> usize {
        let all = dots_after(actor, 0, u64::MAX).into_iter().flat_map(|run| self.dots.range(run));
        all.filter(|(_, place)| place.message.is_some()).count()
    }

    /// How many dependencies of messages were looked at so far, to see what the work is: each entry of a context, and that
    /// the message is its sender's next, are looked at once at most. Messages that were refused don't count.
    pub fn examined(&self) -> u64 {
        self.examined
    }

    /// Whether it is new, and may be taken.
    fn check(&self, broadcast: &Broadcast<A, M>) -> Result<bool, Refusal<A>> {
        let Broadcast { dot, context, .. } = broadcast;
        let (counter, claimed) = (dot.counter.get(), context.get(&dot.actor));
        if claimed != 0 && claimed != counter - 1 {
            return Err(Refusal::OwnEntry { counter, claimed });
        }
        let known = self.delivered.get(&self.own);
        let claimed = if dot.actor == self.own { counter } else { context.get(&self.own) };
        if claimed > known {
            return Err(Amnesia { known, claimed }.into());
        }
        if self.contains(dot) {
            return Ok(false);
        }
        if !self.evicted.is_empty() {
            for (actor, counter) in context.iter().chain([(&dot.actor, counter)]) {
                if self.evicted.contains(actor) && self.delivered.get(actor) < counter {
                    return Err(Refusal::Evicted { actor: actor.clone() });
                }
            }
        }
        Ok(true)
    }

    fn deliver(&mut self, slot: usize) -> Broadcast<A, M> {
        let Buffered { broadcast, .. } = self.slots[slot].take().expect("what is ready is here");
        self.free.push(slot);
        self.delivered.raise(broadcast.dot.clone());
        let place = self.dots.remove(&broadcast.dot).expect("what is here has a place");
        self.wake(place.waiting);
        broadcast
    }

    /// The dot that these waited on is delivered.
    fn wake(&mut self, waiting: SmallVec<[usize; 2]>) {
        for slot in waiting {
            let buffered = self.slots[slot].as_mut().expect("who waits is here");
            let (unmet, examined) = first_unmet(&self.delivered, &buffered.broadcast, buffered.unmet + 1);
            buffered.unmet = unmet;
            self.examined += examined;
            self.settle(slot);
        }
    }

    /// Puts a message where it belongs by what it waits on.
    fn settle(&mut self, slot: usize) {
        let Buffered { broadcast, weight, unmet } = self.slots[slot].as_ref().expect("it is here");
        if let Some(missing) = dependency_dot(broadcast, *unmet) {
            self.dots.entry(missing).or_default().waiting.push(slot);
        } else {
            self.ready.push(Reverse((*weight, broadcast.dot.clone(), slot)));
        }
    }

    /// Takes messages out, and what the index and the queue know of them.
    fn take_out(&mut self, slots: Vec<usize>) -> Vec<Buffered<A, M>> {
        let taken: Vec<_> = slots.iter().map(|&slot| self.slots[slot].take().expect("it is here")).collect();
        self.free.extend(slots);
        // Each place once, however many of them waited there.
        let mut waited = BTreeSet::new();
        let mut any_ready = false;
        for Buffered { broadcast, unmet, .. } in &taken {
            match dependency_dot(broadcast, *unmet) {
                Some(missing) => _ = waited.insert(missing),
                None => any_ready = true,
            }
            self.change_place(&broadcast.dot, |place, _| place.message = None);
        }
        for dot in waited {
            self.change_place(&dot, |place, slots| place.waiting.retain(|slot| slots[*slot].is_some()));
        }
        if any_ready {
            let slots = &self.slots;
            self.ready.retain(|Reverse((_, _, slot))| slots[*slot].is_some());
        }
        taken
    }

    fn change_place(&mut self, dot: &Dot<A>, change: impl FnOnce(&mut Place, &[Option<Buffered<A, M>>])) {
        let place = self.dots.get_mut(dot).expect("what is here, or waited on, has a place");
        change(place, &self.slots);
        if place.message.is_none() && place.waiting.is_empty() {
            self.dots.remove(dot);
        }
    }

    /// What can't be delivered if no more of `actor`'s messages are.
    fn undeliverable(&self, actor: &A) -> Vec<usize> {
        let Some(first) = self.delivered.get(actor).checked_add(1) else { return Vec::new() };
        // A message needs its own dot, too: so whatever is lost of a sender takes the rest of that sender with it.
        let mut needs = Vec::new();
        for (slot, buffered) in self.slots.iter().enumerate() {
            let Some(Buffered { broadcast, unmet, .. }) = buffered else { continue };
            needs.push((&broadcast.dot.actor, broadcast.dot.counter.get(), slot));
            let unmet = (*unmet..dependencies(broadcast)).filter_map(|at| dependency(broadcast, at));
            needs.extend(unmet.map(|(actor, counter)| (actor, counter, slot)));
        }
        needs.sort_unstable();
        let mut doomed = BTreeSet::new();
        // Where the needs end that are seen to be lost already, by actor: those above are not looked at again.
        let mut lost_from = BTreeMap::<&A, u64>::new();
        let mut lost = Vec::from([(actor, first)]);
        while let Some((actor, first)) = lost.pop() {
            let before = lost_from.get(actor).copied();
            if before.is_some_and(|before| before <= first) {
                continue;
            }
            lost_from.insert(actor, first);
            let start = needs.partition_point(|need| (need.0, need.1) < (actor, first));
            let more = needs[start..].iter().take_while(|need| need.0 == actor);
            for (_, _, slot) in more.take_while(|need| before.is_none_or(|before| need.1 < before)) {
                if doomed.insert(*slot) {
                    let dot = self.slots[*slot].as_ref().map(|buffered| &buffered.broadcast.dot);
                    lost.extend(dot.map(|dot| (&dot.actor, dot.counter.get())));
                }
            }
        }
        doomed.into_iter().collect()
    }
}

/// How many dependencies a message has.
fn dependencies<A, M>(broadcast: &Broadcast<A, M>) -> usize {
    1 + broadcast.context.len()
}

/// The dependencies in the order in which they are looked at: all before this message of its sender, then the context.
fn dependency<A, M>(broadcast: &Broadcast<A, M>, at: usize) -> Option<(&A, u64)> {
    match at.checked_sub(1) {
        None => Some((&broadcast.dot.actor, broadcast.dot.counter.get() - 1)),
        Some(index) => broadcast.context.as_slice().get(index).map(|entry| (&entry.0, entry.1)),
    }
}

fn dependency_dot<A: Clone, M>(broadcast: &Broadcast<A, M>, at: usize) -> Option<Dot<A>> {
    dependency(broadcast, at).and_then(|(actor, counter)| Dot::new(actor.clone(), counter))
}

/// The first dependency from `from` on that isn't met, or their number; and how many were looked at.
fn first_unmet<A: Ord, M>(
    delivered: &VersionVector<A>,
    broadcast: &Broadcast<A, M>,
    from: usize,
) -> (usize, u64) {
    let known = delivered.as_slice();
    let mut examined = 0;
    // Vectors of one group name nearly the same actors, so that the next one mostly is where it is expected.
    let mut expected = 0;
    for at in from..dependencies(broadcast) {
        let Some((actor, counter)) = dependency(broadcast, at) else { break };
        let is_own_entry = at > 0 && *actor == broadcast.dot.actor;
        if !is_own_entry {
            examined += 1;
            if known.get(expected).is_none_or(|entry| entry.0 != *actor) {
                expected = sorted::search(known, actor).unwrap_or_else(|index| index);
            }
            let met = known.get(expected).filter(|entry| entry.0 == *actor).map_or(0, |entry| entry.1);
            if met < counter {
                return (at, examined);
            }
        }
        expected += 1;
    }
    (dependencies(broadcast), examined)
}

/// How many messages its sender had delivered, this one included, as far as the context says.
fn weight<A: Ord, M>(broadcast: &Broadcast<A, M>) -> u128 {
    let Broadcast { dot, context, .. } = broadcast;
    context.weight() - u128::from(context.get(&dot.actor)) + u128::from(dot.counter.get())
}

/// The actor's dots after `known` up to `last`; `None` if there are none.
fn dots_after<A: Clone>(actor: &A, known: u64, last: u64) -> Option<RangeInclusive<Dot<A>>> {
    let first = Dot::new(actor.clone(), known.checked_add(1)?)?;
    (first.counter.get() <= last).then(|| Some(first..=Dot::new(actor.clone(), last)?))?
}
