use alloc::vec::Vec;
use core::time::Duration;

use hashbrown::HashTable;

use crate::table::after::After;
use crate::table::shared::Shared;
use crate::table::slot::{Kept, Slot, has_checkpoint};
use crate::table::ticks::Ticks;
use crate::table::watch::Watches;
use crate::table::{Call, Status};
use crate::wheel::Wheel;
use crate::{Effect, Event, Key, KeyHash, Record, Reply, Token, step};

/// A part of the records, behind one lock. Nothing in here reads a clock, or calls anything of the caller's but the `clone` of an
/// outcome or a checkpoint, before anything has changed.
#[derive(Debug)]
pub(crate) struct Shard<O, C> {
    index: HashTable<Entry>,
    slots: Vec<Option<Slot<O, C>>>,
    free: Vec<u32>,
    wheel: Wheel,
    /// Who waits for something about a key.
    pub(crate) watches: Watches,
    /// The latest time that was seen.
    last: Duration,
}

/// Where a slot is, and a part of its hash: so that the index grows without a look at each slot.
#[derive(Debug)]
struct Entry {
    hash: u32,
    id: u32,
}

/// What came of a begin.
#[derive(Debug)]
pub(crate) enum Begun<O, C> {
    Execute(Execution<C>),
    Saturated,
    /// Anything else.
    Answer(Reply<O, ()>),
}

/// An attempt, as its guard needs to know it.
#[derive(Debug)]
pub(crate) struct Execution<C> {
    pub(crate) token: Token,
    pub(crate) checkpoint: Option<C>,
    pub(crate) started_before: bool,
    pub(crate) reserved: u32,
}

/// A key, and what the table knows it by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) hash: KeyHash,
    /// Its scope is hashed only if a record is made.
    pub(crate) key: Key<'a>,
}

impl<O, C> Shard<O, C> {
    /// What a record takes beside what is reserved: a slot; a link of the wheel; an entry of the index, which is at most
    /// seven eighths full; an entry of the list of free slots.
    pub(crate) const RECORD_BYTES: u64 = (size_of::<Option<Slot<O, C>>>() + 24 + 11 + 4) as u64;

    pub(crate) fn new(now: Duration, ticks: Ticks) -> Self {
        Self {
            index: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::new(ticks.passed(now)),
            watches: Watches::default(),
            last: now,
        }
    }

    /// What time it is here, where time doesn't go back.
    pub(crate) fn time(&mut self, read: Duration) -> Duration {
        self.last = self.last.max(read);
        self.last
    }

    pub(crate) fn begin(
        &mut self,
        name: Name<'_>,
        call: Call,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Begun<O, C>
    where
        O: Clone,
        C: Clone,
    {
        let id = self.find(name.hash);
        if let Some(outcome) = id.and_then(|id| self.slot(id).replay(call.fingerprint, now)) {
            return Begun::Answer(Reply::Replay(outcome.clone()));
        }
        self.begin_anew(id, name, call, now, shared, after)
    }

    /// Begins what has no outcome for this copy.
    fn begin_anew(
        &mut self,
        id: Option<u32>,
        name: Name<'_>,
        call: Call,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Begun<O, C>
    where
        C: Clone,
    {
        let event = Event::Begin {
            fingerprint: call.fingerprint,
            lease: call.lease,
            fence: UNKNOWN,
            minted: name.key.minted_at(),
        };
        let (effect, reply) = self.ask(id, event, now, shared);
        match (effect, reply) {
            (Effect::Put(record), Reply::Execute { token, checkpoint, started_before }) => {
                let attempt = Attempt { record, token, started_before, checkpoint: checkpoint.is_some() };
                self.execute(id, name, call.reserve, attempt, shared, after)
            }
            (effect, reply) => {
                if let Some(id) = id {
                    self.apply(id, effect, shared, after);
                }
                Begun::Answer(answer(&reply))
            }
        }
    }

    /// Makes the record that of an attempt, if there is room.
    fn execute(
        &mut self,
        id: Option<u32>,
        name: Name<'_>,
        reserve: u32,
        attempt: Attempt,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Begun<O, C>
    where
        C: Clone,
    {
        let Attempt { mut record, mut token, started_before, checkpoint } = attempt;
        let mut reserved = reserve;
        let mut left = None;
        let mut scope = 0;
        if let Some(id) = id {
            let slot = self.slot(id);
            if checkpoint {
                left.clone_from(&slot.checkpoint);
                reserved = reserved.max(slot.checkpoint_bytes);
            }
            let held = slot.held;
            if reserved > held && !shared.bytes.try_take((reserved - held).into()) {
                return Begun::Saturated;
            }
            self.slot_mut(id).held = reserved.max(held);
        } else {
            scope = name.key.scope_hash(shared.scopes);
            if !shared.take(Self::RECORD_BYTES + u64::from(reserved), scope) {
                return Begun::Saturated;
            }
        }
        token.fence = shared.fence();
        if let Record::Claimed(lease) = &mut record {
            lease.token = token;
        }
        match id {
            Some(id) => self.put(id, record, reserved, shared, after),
            None => self.insert((name.hash, scope), record, reserved, shared),
        }
        Begun::Execute(Execution { token, checkpoint: left, started_before, reserved })
    }

    /// What the holder of a token wants to do: gives `false` if it isn't his any more.
    pub(crate) fn hold(
        &mut self,
        hash: KeyHash,
        event: Event<(), ()>,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> bool {
        let id = self.find(hash);
        let (effect, reply) = self.ask(id, event, now, shared);
        if let Some(id) = id {
            self.apply(id, effect, shared, after);
        }
        reply == Reply::Done
    }

    /// Whether an event of the holder of a token would be refused.
    pub(crate) fn is_lost(&self, hash: KeyHash, token: Token, now: Duration, shared: &Shared) -> bool {
        let event = Event::Renew { token, lease: Duration::ZERO };
        self.ask(self.find(hash), event, now, shared).1 != Reply::Done
    }

    pub(crate) fn remaining(&self, hash: KeyHash, token: Token, now: Duration) -> Duration {
        self.find(hash).map_or(Duration::ZERO, |id| self.slot(id).remaining(token, now))
    }

    /// Keeps a checkpoint of so many bytes, which were reserved.
    pub(crate) fn checkpoint(
        &mut self,
        hash: KeyHash,
        token: Token,
        (checkpoint, bytes): (C, u32),
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> bool {
        let id = self.find(hash);
        let event = Event::Checkpoint { token, checkpoint: () };
        if let (Some(id), (Effect::Put(record), Reply::Done)) = (id, self.ask(id, event, now, shared)) {
            let slot = self.slot_mut(id);
            after.discard(None, slot.checkpoint.replace(checkpoint));
            slot.checkpoint_bytes = bytes;
            let held = slot.held;
            self.put(id, record, held, shared, after);
            return true;
        }
        after.discard(None, Some(checkpoint));
        false
    }

    /// Keeps an outcome of so many bytes, which were reserved.
    pub(crate) fn complete(
        &mut self,
        hash: KeyHash,
        event: Event<(), ()>,
        (outcome, bytes): (O, u32),
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> bool {
        let id = self.find(hash);
        let (effect, reply) = self.ask(id, event, now, shared);
        match (id, effect) {
            (Some(id), Effect::Put(record)) => {
                after.discard(self.slot_mut(id).outcome.replace(outcome), None);
                self.put(id, record, bytes, shared, after);
            }
            _ => after.discard(Some(outcome), None),
        }
        reply == Reply::Done
    }

    /// How many bytes are taken for what a record has on the heap.
    pub(crate) fn held(&self, hash: KeyHash) -> u32 {
        self.find(hash).map_or(0, |id| self.slot(id).held)
    }

    /// How many bytes were reserved for the outcome of what is indeterminate; `None` if it isn't.
    pub(crate) fn indeterminate(
        &mut self,
        hash: KeyHash,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Option<u32> {
        let id = self.look(hash, now, shared, after)?;
        let slot = self.slot(id);
        matches!(slot.record, Record::Indeterminate { .. }).then_some(slot.held)
    }

    /// Executes what is indeterminate again.
    pub(crate) fn reexecute(
        &mut self,
        name: Name<'_>,
        lease: Duration,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Option<Execution<C>>
    where
        C: Clone,
    {
        let reserved = self.indeterminate(name.hash, now, shared, after)?;
        let id = self.find(name.hash);
        let event = Event::Reexecute { lease, fence: UNKNOWN };
        let (Effect::Put(record), Reply::Execute { token, checkpoint, started_before }) =
            self.ask(id, event, now, shared)
        else {
            return None;
        };
        let attempt = Attempt { record, token, started_before, checkpoint: checkpoint.is_some() };
        match self.execute(id, name, reserved, attempt, shared, after) {
            Begun::Execute(execution) => Some(execution),
            _ => None,
        }
    }

    /// Removes the record: whether there was one; or how long an attempt at it may take.
    pub(crate) fn forget(
        &mut self,
        hash: KeyHash,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Result<bool, Duration> {
        let Some(id) = self.look(hash, now, shared, after) else { return Ok(false) };
        let (effect, reply) = self.ask(Some(id), Event::Forget, now, shared);
        if let Reply::InProgress { retry_after } = reply {
            return Err(retry_after);
        }
        self.apply(id, effect, shared, after);
        Ok(true)
    }

    pub(crate) fn peek(
        &mut self,
        hash: KeyHash,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Option<Status> {
        self.look(hash, now, shared, after).map(|id| self.slot(id).status(now))
    }

    /// Removes what has expired, as far as the steps go, and gives how many.
    pub(crate) fn sweep(
        &mut self,
        steps: &mut u32,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> u32 {
        let mut removed = 0;
        let tick = shared.ticks.passed(now);
        while let Some(id) = self.wheel.pop_due(tick, steps) {
            self.slot_mut(id).filed = Ticks::NEVER;
            if self.settle_time(id, now, shared, after) {
                removed += 1;
            } else {
                self.file(id, shared);
            }
        }
        removed
    }

    /// The slot of a record, if there is one that hasn't expired, as it is at this time.
    fn look(
        &mut self,
        hash: KeyHash,
        now: Duration,
        shared: &Shared,
        after: &mut After<O, C>,
    ) -> Option<u32> {
        let id = self.find(hash)?;
        (!self.settle_time(id, now, shared, after)).then_some(id)
    }

    /// Does to a record what time does to it. Says whether it is gone.
    fn settle_time(&mut self, id: u32, now: Duration, shared: &Shared, after: &mut After<O, C>) -> bool {
        let (effect, _) = self.ask(Some(id), Event::Sweep, now, shared);
        let gone = effect == Effect::Remove;
        self.apply(id, effect, shared, after);
        gone
    }

    fn ask(
        &self,
        id: Option<u32>,
        event: Event<(), ()>,
        now: Duration,
        shared: &Shared,
    ) -> (Effect<(), ()>, Reply<(), ()>) {
        step(id.map(|id| &self.slot(id).record), event, now, &shared.policy)
    }

    fn apply(&mut self, id: u32, effect: Effect<(), ()>, shared: &Shared, after: &mut After<O, C>) {
        match effect {
            Effect::Keep => {}
            Effect::Put(record) => {
                let slot = self.slot(id);
                let bytes = match &record {
                    Record::Released { checkpoint: Some(()), .. } => slot.checkpoint_bytes,
                    Record::Released { .. } | Record::Dead { .. } => 0,
                    _ => slot.held,
                };
                self.put(id, record, bytes, shared, after);
            }
            Effect::Remove => self.remove(id, shared, after),
        }
    }

    /// Makes `record` that of the slot, with so many bytes of those that it holds.
    fn put(&mut self, id: u32, record: Kept, bytes: u32, shared: &Shared, after: &mut After<O, C>) {
        self.wake_up(id, &record, after);
        let slot = self.slot_mut(id);
        slot.record = record;
        let outcome =
            if matches!(slot.record, Record::Completed { .. }) { None } else { slot.outcome.take() };
        let checkpoint = if has_checkpoint(&slot.record) { None } else { slot.checkpoint.take() };
        after.discard(outcome, checkpoint);
        let held = core::mem::replace(&mut slot.held, bytes);
        shared.bytes.give(u64::from(held - bytes));
        self.file(id, shared);
    }

    fn insert(&mut self, (hash, scope): (KeyHash, u64), record: Kept, held: u32, shared: &Shared) {
        let slot = Slot {
            hash,
            scope,
            record,
            outcome: None,
            checkpoint: None,
            held,
            checkpoint_bytes: 0,
            filed: Ticks::NEVER,
        };
        let id = if let Some(id) = self.free.pop() {
            self.slots[id as usize] = Some(slot);
            id
        } else {
            let id = u32::try_from(self.slots.len()).expect("records are fewer than 2^32");
            self.slots.push(Some(slot));
            id
        };
        let entry = Entry { hash: part(hash), id };
        self.index.insert_unique(place(entry.hash), entry, |entry| place(entry.hash));
        self.file(id, shared);
    }

    fn remove(&mut self, id: u32, shared: &Shared, after: &mut After<O, C>) {
        let slot = self.slots[id as usize].take().expect("the index names slots that are taken");
        let entry = self.index.find_entry(place(part(slot.hash)), |other| other.id == id);
        entry.expect("each slot that is taken is in the index").remove();
        self.wheel.cancel(id);
        self.free.push(id);
        shared.give(Self::RECORD_BYTES + u64::from(slot.held), slot.scope);
        after.wake(self.watches.wake_up(slot.hash, 1));
        after.discard(slot.outcome, slot.checkpoint);
    }

    /// Tells those who wait, if what they wait for may be there when the record of the slot is `next`.
    fn wake_up(&self, id: u32, next: &Kept, after: &mut After<O, C>) {
        let slot = self.slot(id);
        let waiters = match (&slot.record, next) {
            (_, Record::Completed { .. } | Record::Indeterminate { .. } | Record::Dead { .. }) => usize::MAX,
            // One executes it. If it were all, all but one would have to wait again.
            (_, Record::Released { .. }) => 1,
            (Record::Claimed(was) | Record::Started(was), Record::Claimed(is) | Record::Started(is))
                if was.token == is.token =>
            {
                return;
            }
            // For who has lost it. Nobody else has anything to do.
            (_, Record::Claimed(_) | Record::Started(_)) => 0,
        };
        after.wake(self.watches.wake_up(slot.hash, waiters));
    }

    /// Sees to it that the wheel gives it back when it has expired, or before: then it is filed again.
    fn file(&mut self, id: u32, shared: &Shared) {
        let slot = self.slot_mut(id);
        let Some(tick) = slot.record.expires(&shared.policy).and_then(|expires| shared.ticks.reach(expires))
        else {
            return;
        };
        if tick < slot.filed {
            slot.filed = tick;
            self.wheel.schedule(id, tick);
        }
    }

    fn find(&self, hash: KeyHash) -> Option<u32> {
        let part = part(hash);
        let is_it = |entry: &Entry| entry.hash == part && self.slot(entry.id).hash == hash;
        self.index.find(place(part), is_it).map(|entry| entry.id)
    }

    fn slot(&self, id: u32) -> &Slot<O, C> {
        self.slots[id as usize].as_ref().expect("the index names slots that are taken")
    }

    fn slot_mut(&mut self, id: u32) -> &mut Slot<O, C> {
        self.slots[id as usize].as_mut().expect("the index names slots that are taken")
    }
}

/// What the rules made of a begin, with a fence that is still to be chosen.
struct Attempt {
    record: Kept,
    token: Token,
    started_before: bool,
    checkpoint: bool,
}

/// What is told without an outcome, in the type of one.
fn answer<O>(reply: &Reply<(), ()>) -> Reply<O, ()> {
    match *reply {
        Reply::InProgress { retry_after } => Reply::InProgress { retry_after },
        Reply::Mismatch => Reply::Mismatch,
        Reply::Indeterminate { attempts } => Reply::Indeterminate { attempts },
        Reply::Dead { attempts } => Reply::Dead { attempts },
        Reply::Expired => Reply::Expired,
        Reply::Replay(()) | Reply::Execute { .. } | Reply::Done | Reply::LeaseLost | Reply::Refused => {
            unreachable!("an outcome is looked for first, and the rest is no answer to a begin")
        }
    }
}

/// What the index keeps of a hash. The shard is found by the other half.
#[expect(clippy::cast_possible_truncation, reason = "a part of a hash")]
fn part(hash: KeyHash) -> u32 {
    hash.0 as u32
}

/// By what the index finds it, which goes by the lowest and the highest bits.
fn place(part: u32) -> u64 {
    u64::from(part) << 32 | u64::from(part)
}

/// A fence is used up only by who gets it.
const UNKNOWN: u64 = 0;

/// A hundred thousand requests that come and go, a few at a time, take no more slots, and no more room in any list, than those few.
#[cfg(all(test, not(loom)))]
#[test]
fn requests_that_come_and_go_leave_nothing() {
    use crate::table::{Limits, Settings, Table};
    use crate::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};

    let limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
    let policy = Policy {
        retention: Duration::from_secs(60),
        attempts_max: 3,
        unfinished: Unfinished::Hold,
        strict_expiry: false,
        skew: Duration::ZERO,
    };
    let settings = Settings::new(limits, policy, Secret::new([7; 16])).shards(1);
    let table = Table::<u64, (), _>::with_clock(settings, || Duration::ZERO).unwrap();
    for n in 0..25_000_u32 {
        let begin = |m: u32| {
            let bytes = (4 * n + m).to_le_bytes();
            table.begin(&Key::new(Scope::Global, "", &bytes).unwrap(), Fingerprint(1)).execute().unwrap()
        };
        let _claims = [0, 1, 2, 3].map(begin);
    }
    let shard = table.0.shards[0].0.lock();
    assert_eq!((shard.slots.len(), shard.free.len(), shard.index.len()), (4, 4, 0));
    assert!(shard.index.capacity() <= 14 && shard.free.capacity() <= 8);
    assert_eq!((table.len(), table.bytes()), (0, 0));
}
