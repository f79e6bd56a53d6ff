//! The table against a model, which is a map of records that `step` acts on; and what only a table can get wrong.
#![cfg(feature = "table")]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use spacelike_idempotency::table::{
    Begin, Call, Claim, Clock, CompleteError, LeaseLost, Limits, NotForgotten, NotKept, NotSettled, Running,
    Settings, SettingsError, Status, Swept, Table, Weigh,
};
use spacelike_idempotency::{
    Effect, Event, Fingerprint, Key, Policy, Record, Reply, Scope, Secret, Token, Unfinished, step,
};

/// A clock that is set by hand, in units that the wheel needn't round.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn at(now: u64) -> Self {
        Self(Arc::new(AtomicU64::new(now)))
    }

    fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Duration {
        units(self.0.load(Ordering::SeqCst))
    }
}

fn units(units: u64) -> Duration {
    Duration::from_nanos(units << 30)
}

const LEASE: u64 = 3;
const RETENTION: u64 = 7;
const RESERVE: u32 = 8;
const ROOM: Limits = Limits { records: 1_000, bytes: 1 << 20, records_per_scope: 1_000 };
const ONE: Fingerprint = Fingerprint(1);
const TWO: Fingerprint = Fingerprint(2);
const HOLD: Policy = Policy {
    retention: Duration::from_nanos(RETENTION << 30),
    attempts_max: 2,
    unfinished: Unfinished::Hold,
    strict_expiry: false,
    skew: Duration::ZERO,
};
const RETRY: Policy = Policy { unfinished: Unfinished::Retry, ..HOLD };

fn settings(limits: Limits, policy: Policy) -> Settings {
    Settings::new(limits, policy, Secret::new([7; 16])).lease(units(LEASE)).reserve(RESERVE).shards(1)
}

fn table<O>(policy: Policy, clock: &Hand) -> Table<O, Vec<u8>, Hand> {
    Table::with_clock(settings(ROOM, policy), clock.clone()).unwrap()
}

fn key(bytes: &[u8]) -> Key<'_> {
    Key::new(Scope::Global, "pay", bytes).unwrap()
}

fn bytes(len: u32) -> Vec<u8> {
    vec![7; len as usize]
}

type Bytes = Vec<u8>;
type Tested = Table<Bytes, Bytes, Hand>;

#[derive(Clone, Debug)]
enum Action {
    Begin { key: u8, fingerprint: Fingerprint, lease: u64, reserve: u32, minted: Option<u64> },
    Start(usize),
    Complete(usize, u32),
    Abort(usize),
    Drop(usize),
    Renew(usize),
    Checkpoint(usize, u32),
    Ask(usize),
    Forget(u8),
    Settle(u8, u32),
    Reexecute(u8),
    Peek(u8),
    Forward(u64),
    Back(u64),
    Sweep(u32),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let len = 0..RESERVE + 6;
    let action = prop_oneof![
        6 => (0..4_u8, prop_oneof![Just(ONE), Just(TWO)], 0..5_u64, 0..RESERVE, option::weighted(0.2, 0..30_u64))
            .prop_map(|(key, fingerprint, lease, reserve, minted)| Action::Begin { key, fingerprint, lease, reserve, minted }),
        3 => any::<usize>().prop_map(Action::Start),
        3 => (any::<usize>(), len.clone()).prop_map(|(guard, len)| Action::Complete(guard, len)),
        1 => any::<usize>().prop_map(Action::Abort),
        1 => any::<usize>().prop_map(Action::Drop),
        1 => any::<usize>().prop_map(Action::Renew),
        2 => (any::<usize>(), len.clone()).prop_map(|(guard, len)| Action::Checkpoint(guard, len)),
        1 => any::<usize>().prop_map(Action::Ask),
        1 => (0..4_u8).prop_map(Action::Forget),
        1 => (0..4_u8, len).prop_map(|(key, len)| Action::Settle(key, len)),
        1 => (0..4_u8).prop_map(Action::Reexecute),
        1 => (0..4_u8).prop_map(Action::Peek),
        4 => (1..6_u64).prop_map(Action::Forward),
        1 => (1..6_u64).prop_map(Action::Back),
        1 => (0..9_u32).prop_map(Action::Sweep),
    ];
    vec(action, 1..60)
}

fn policies() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>(), 1..4_u32, 0..3_u64).prop_map(
        |(retry, strict_expiry, attempts_max, skew)| Policy {
            unfinished: if retry { Unfinished::Retry } else { Unfinished::Hold },
            strict_expiry,
            attempts_max,
            skew: units(skew),
            ..HOLD
        },
    )
}

/// A record, and what its last attempt reserved.
struct Kept {
    record: Record<Bytes, Bytes>,
    reserve: u32,
}

impl Kept {
    fn is_expired(&self, now: Duration, policy: &Policy) -> bool {
        self.record.expires(policy).is_some_and(|expires| now >= expires)
    }

    fn bytes(&self) -> u64 {
        let left = |checkpoint: &Option<Bytes>| checkpoint.as_ref().map_or(0, Vec::len) as u64;
        match &self.record {
            Record::Claimed(lease) | Record::Started(lease) => {
                left(&lease.checkpoint).max(self.reserve.into())
            }
            Record::Indeterminate { checkpoint, .. } => left(checkpoint).max(self.reserve.into()),
            Record::Released { checkpoint, .. } => left(checkpoint),
            Record::Completed { outcome, .. } => outcome.len() as u64,
            _ => 0,
        }
    }
}

enum Guard {
    Claim(Claim<Bytes, Bytes, Hand>),
    Running(Running<Bytes, Bytes, Hand>),
}

struct Held {
    guard: Guard,
    key: u8,
    token: Token,
    lease: Duration,
    reserved: u32,
}

struct Model {
    policy: Policy,
    limits: Limits,
    kept: BTreeMap<u8, Kept>,
    /// The latest time that the table has seen.
    now: Duration,
    fences: u64,
}

impl Model {
    fn see(&mut self, clock: &Hand) {
        self.now = self.now.max(clock.now());
    }

    fn step(&mut self, key: u8, event: Event<Bytes, Bytes>) -> Reply<Bytes, Bytes> {
        let (effect, reply) = self.ask(key, event);
        self.apply(key, effect);
        reply
    }

    fn ask(&self, key: u8, event: Event<Bytes, Bytes>) -> (Effect<Bytes, Bytes>, Reply<Bytes, Bytes>) {
        step(self.kept.get(&key).map(|kept| &kept.record), event, self.now, &self.policy)
    }

    fn apply(&mut self, key: u8, effect: Effect<Bytes, Bytes>) {
        match effect {
            Effect::Keep => {}
            Effect::Put(record) => {
                self.kept
                    .entry(key)
                    .and_modify(|kept| kept.record = record.clone())
                    .or_insert(Kept { record, reserve: 0 });
            }
            Effect::Remove => {
                self.kept.remove(&key);
            }
        }
    }

    fn sweep(&mut self) {
        let (now, policy) = (self.now, self.policy);
        self.kept.retain(|_, kept| !kept.is_expired(now, &policy));
    }

    fn bytes(&self) -> u64 {
        self.kept.values().map(|kept| kept.bytes() + Tested::RECORD_BYTES).sum()
    }

    /// Begins, if there is room.
    fn begin(&mut self, key: u8, event: Event<Bytes, Bytes>, reserve: u32) -> Option<Reply<Bytes, Bytes>> {
        let (effect, reply) = self.ask(key, event);
        if let Reply::Execute { .. } = reply {
            let before = self.kept.remove(&key);
            let Effect::Put(record) = effect else { panic!() };
            let old = before.as_ref().map_or(0, |before| before.bytes() + Tested::RECORD_BYTES);
            let mut new = Kept { record, reserve };
            // What an attempt before left behind stays, and so does its room.
            new.reserve = u32::try_from(new.bytes()).unwrap();
            let grows = new.bytes() + Tested::RECORD_BYTES > old;
            let full =
                before.is_none() && self.kept.len() >= self.limits.records.min(self.limits.records_per_scope);
            let heavy = grows && self.bytes() + new.bytes() + Tested::RECORD_BYTES > self.limits.bytes;
            if full || heavy {
                before.map(|before| self.kept.insert(key, before));
                return None;
            }
            self.kept.insert(key, new);
            self.fences += 1;
        } else {
            self.apply(key, effect);
        }
        Some(reply)
    }
}

/// The table and the model take the same actions and are asked the same. If `swept`, all that has expired is removed before
/// each begin, so that the model knows when there is no room.
#[expect(clippy::too_many_lines, reason = "an arm for each action")]
fn agrees(actions: Vec<Action>, policy: Policy, limits: Limits, shards: usize, swept: bool) {
    let clock = Hand::at(10);
    let table: Tested = Table::with_clock(settings(limits, policy).shards(shards), clock.clone()).unwrap();
    let mut model = Model { policy, limits, kept: BTreeMap::new(), now: units(10), fences: 1 };
    let mut held: Vec<Held> = Vec::new();
    for action in actions {
        let context = format!("{action:?} at {:?}", model.now);
        let pick = |at: usize| if held.is_empty() { None } else { Some(at % held.len()) };
        match action {
            Action::Begin { key: name, fingerprint, lease, reserve, minted } => {
                model.see(&clock);
                if swept {
                    table.sweep(u32::MAX);
                    model.sweep();
                }
                let lease = units(lease);
                let minted = minted.map(units);
                let event = Event::Begin { fingerprint, lease, fence: model.fences, minted };
                let expected = model.begin(name, event, reserve);
                let bytes = [name];
                let mut key = key(&bytes);
                if let Some(minted) = minted {
                    key = key.minted(minted);
                }
                let begun = table.begin_with(&key, Call { fingerprint, lease, reserve });
                match (begun, expected) {
                    (Begin::Execute(claim), Some(Reply::Execute { token, checkpoint, started_before })) => {
                        assert_eq!(claim.token(), token, "{context}");
                        assert_eq!(claim.checkpoint(), checkpoint.as_ref(), "{context}");
                        assert_eq!(claim.started_before(), started_before, "{context}");
                        let reserved = model.kept[&name].bytes().try_into().unwrap();
                        held.push(Held { guard: Guard::Claim(claim), key: name, token, lease, reserved });
                    }
                    (Begin::InProgress { retry_after: a }, Some(Reply::InProgress { retry_after: b })) => {
                        assert_eq!(a, b, "{context}");
                    }
                    (Begin::Replay(a), Some(Reply::Replay(b))) => assert_eq!(a, b, "{context}"),
                    (Begin::Indeterminate { attempts: a }, Some(Reply::Indeterminate { attempts: b }))
                    | (Begin::Dead { attempts: a }, Some(Reply::Dead { attempts: b })) => {
                        assert_eq!(a, b, "{context}");
                    }
                    (Begin::Mismatch, Some(Reply::Mismatch))
                    | (Begin::Expired, Some(Reply::Expired))
                    | (Begin::Saturated { .. }, None) => {}
                    (begun, expected) => panic!("{context}: {begun:?}, where the model says {expected:?}"),
                }
            }
            Action::Start(at) => {
                let Some(at) = pick(at) else { continue };
                if matches!(held[at].guard, Guard::Running(_)) {
                    continue;
                }
                model.see(&clock);
                let Held { guard: Guard::Claim(claim), key, token, lease, reserved } = held.swap_remove(at)
                else {
                    unreachable!()
                };
                let expected = model.step(key, Event::EffectStarted { token });
                match claim.effect_started() {
                    Ok(running) => {
                        assert_eq!(expected, Reply::Done, "{context}");
                        held.push(Held { guard: Guard::Running(running), key, token, lease, reserved });
                    }
                    Err(lost) => {
                        assert_eq!((expected, lost), (Reply::LeaseLost, LeaseLost { token }), "{context}");
                    }
                }
            }
            Action::Complete(at, len) => {
                let Some(at) = pick(at) else { continue };
                let Held { guard, key, token, lease, reserved } = held.swap_remove(at);
                if len <= reserved {
                    model.see(&clock);
                }
                let done = match guard {
                    Guard::Claim(claim) => claim.complete(bytes(len)).map_err(|error| match error {
                        CompleteError::TooLarge { guard, outcome, weight, reserved } => {
                            Some((Guard::Claim(*guard), outcome, weight, reserved))
                        }
                        _ => None,
                    }),
                    Guard::Running(running) => running.complete(bytes(len)).map_err(|error| match error {
                        CompleteError::TooLarge { guard, outcome, weight, reserved } => {
                            Some((Guard::Running(*guard), outcome, weight, reserved))
                        }
                        _ => None,
                    }),
                };
                if let Err(Some((guard, outcome, weight, had))) = done {
                    assert!(len > reserved, "{context}");
                    assert_eq!((outcome, weight, had), (bytes(len), len as usize, reserved), "{context}");
                    held.push(Held { guard, key, token, lease, reserved });
                    continue;
                }
                assert!(len <= reserved, "{context}");
                let expected = model.step(key, Event::Complete { token, outcome: bytes(len) });
                assert_eq!(done.is_ok(), expected == Reply::Done, "{context}");
            }
            Action::Abort(at) => {
                let Some(at) = pick(at) else { continue };
                model.see(&clock);
                let Held { guard, key, token, .. } = held.swap_remove(at);
                let (counts, done) = match guard {
                    Guard::Claim(claim) => (false, claim.abort()),
                    Guard::Running(running) => (true, running.abort()),
                };
                let expected = model.step(key, Event::Abort { token, counts });
                assert_eq!(done.is_ok(), expected == Reply::Done, "{context}");
            }
            Action::Drop(at) => {
                let Some(at) = pick(at) else { continue };
                let Held { guard, key, token, .. } = held.swap_remove(at);
                if matches!(guard, Guard::Claim(_)) {
                    model.see(&clock);
                    let _ = model.step(key, Event::Abort { token, counts: false });
                }
            }
            Action::Renew(at) => {
                let Some(at) = pick(at) else { continue };
                model.see(&clock);
                let Held { guard, key, token, lease, .. } = &held[at];
                let done = match guard {
                    Guard::Claim(claim) => claim.renew(),
                    Guard::Running(running) => running.renew(),
                };
                let expected = model.step(*key, Event::Renew { token: *token, lease: *lease });
                assert_eq!(done.is_ok(), expected == Reply::Done, "{context}");
            }
            Action::Checkpoint(at, len) => {
                let Some(at) = pick(at) else { continue };
                let Held { guard: Guard::Running(running), key, token, reserved, .. } = &held[at] else {
                    continue;
                };
                let done = running.checkpoint(bytes(len));
                if len > *reserved {
                    let error = NotKept::TooLarge { weight: len as usize, room: *reserved as usize };
                    assert_eq!(done, Err(error), "{context}");
                    continue;
                }
                model.see(&clock);
                let expected = model.step(*key, Event::Checkpoint { token: *token, checkpoint: bytes(len) });
                assert_eq!(done.is_ok(), expected == Reply::Done, "{context}");
            }
            Action::Ask(at) => {
                let Some(at) = pick(at) else { continue };
                model.see(&clock);
                let Held { guard, key, token, .. } = &held[at];
                let remaining = match guard {
                    Guard::Claim(claim) => claim.remaining(),
                    Guard::Running(running) => {
                        let (_, reply) =
                            model.ask(*key, Event::Renew { token: *token, lease: Duration::ZERO });
                        assert_eq!(running.is_lost(), reply != Reply::Done, "{context}");
                        running.remaining()
                    }
                };
                let until = match model.kept.get(key).map(|kept| &kept.record) {
                    Some(Record::Claimed(lease) | Record::Started(lease)) if lease.token == *token => {
                        lease.until
                    }
                    _ => Duration::ZERO,
                };
                assert_eq!(remaining, until.saturating_sub(model.now), "{context}");
            }
            Action::Forget(name) => {
                model.see(&clock);
                let _ = model.step(name, Event::Sweep);
                let there = model.kept.contains_key(&name);
                let expected = match model.step(name, Event::Forget) {
                    Reply::InProgress { retry_after } => Err(NotForgotten { retry_after }),
                    _ => Ok(there),
                };
                assert_eq!(table.forget(&key(&[name])), expected, "{context}");
            }
            Action::Settle(name, len) => {
                model.see(&clock);
                let _ = model.step(name, Event::Sweep);
                let (effect, reply) = model.ask(name, Event::Settle { outcome: bytes(len) });
                let expected = if reply == Reply::Refused {
                    Err(NotSettled::NotIndeterminate)
                } else {
                    let reserved = model.kept[&name].bytes().try_into().unwrap();
                    if len <= reserved {
                        model.apply(name, effect);
                        Ok(())
                    } else {
                        Err(NotSettled::TooLarge { weight: len as usize, room: reserved as usize })
                    }
                };
                assert_eq!(table.settle(&key(&[name]), bytes(len)), expected, "{context}");
            }
            Action::Reexecute(name) => {
                model.see(&clock);
                let _ = model.step(name, Event::Sweep);
                let event = Event::Reexecute { lease: units(LEASE), fence: model.fences };
                match (table.reexecute(&key(&[name])), model.step(name, event)) {
                    (Ok(claim), Reply::Execute { token, checkpoint, started_before }) => {
                        model.fences += 1;
                        assert_eq!(claim.token(), token, "{context}");
                        assert_eq!(claim.checkpoint(), checkpoint.as_ref(), "{context}");
                        assert_eq!(claim.started_before(), started_before, "{context}");
                        let reserved = model.kept[&name].bytes().try_into().unwrap();
                        held.push(Held {
                            guard: Guard::Claim(claim),
                            key: name,
                            token,
                            lease: units(LEASE),
                            reserved,
                        });
                    }
                    (Err(NotSettled::NotIndeterminate), Reply::Refused) => {}
                    (claim, reply) => panic!("{context}: {claim:?}, where the model says {reply:?}"),
                }
            }
            Action::Peek(name) => {
                model.see(&clock);
                let _ = model.step(name, Event::Sweep);
                let expected = model.kept.get(&name).map(|kept| status(&kept.record, model.now));
                assert_eq!(table.peek(&key(&[name])), expected, "{context}");
            }
            Action::Forward(by) => clock.set(clock.0.load(Ordering::SeqCst) + by),
            // Shards see time each for itself.
            Action::Back(by) if shards == 1 => clock.set(clock.0.load(Ordering::SeqCst).saturating_sub(by)),
            Action::Back(_) => {}
            Action::Sweep(steps) => {
                let _ = table.sweep(steps);
                if steps > 1 {
                    // Each shard has seen the time.
                    assert!(!table.sweep(u32::MAX).more, "{context}");
                    model.see(&clock);
                    model.sweep();
                    assert_eq!((table.len(), table.bytes()), (model.kept.len(), model.bytes()), "{context}");
                } else if steps == 1 {
                    table.sweep(u32::MAX);
                    model.see(&clock);
                    model.sweep();
                }
            }
        }
        let live = model.kept.values().filter(|kept| !kept.is_expired(model.now, &policy));
        let (count, bytes) =
            live.fold((0, 0), |(count, sum), kept| (count + 1, sum + kept.bytes() + Tested::RECORD_BYTES));
        assert!(table.len() >= count, "a record that counts was removed");
        if table.len() == count {
            assert_eq!(table.bytes(), bytes, "{context}");
        }
    }
    drop(held);
    // What was started stays until somebody settles it; the rest expires.
    clock.set(1_000);
    model.see(&clock);
    for name in 0..4 {
        let _ = table.forget(&key(&[name]));
    }
    table.sweep(u32::MAX);
    assert_eq!((table.len(), table.bytes()), (0, 0));
}

fn status(record: &Record<Bytes, Bytes>, now: Duration) -> Status {
    match record {
        Record::Claimed(lease) if !lease.started_before => {
            Status::Claimed { attempts: lease.token.attempt, remaining: lease.until.saturating_sub(now) }
        }
        Record::Claimed(lease) | Record::Started(lease) => {
            Status::Started { attempts: lease.token.attempt, remaining: lease.until.saturating_sub(now) }
        }
        Record::Released { attempts, .. } => Status::Released { attempts: *attempts },
        Record::Completed { .. } => Status::Completed,
        Record::Indeterminate { attempts, .. } => Status::Indeterminate { attempts: *attempts },
        Record::Dead { attempts, .. } => Status::Dead { attempts: *attempts },
        _ => unreachable!(),
    }
}

proptest! {
    /// Whatever happens, the table answers as the rules say, and counts what the model counts, whatever is swept when.
    #[test]
    fn the_table_is_the_rules(actions in actions(), policy in policies(), shards in prop_oneof![Just(1), Just(4)]) {
        agrees(actions, policy, ROOM, shards, false);
    }

    /// At each limit it refuses what the limit refuses, and nothing else: so nothing that counts is ever removed to make room.
    #[test]
    fn limits_refuse_exactly_what_is_over_them(
        actions in actions(),
        policy in policies(),
        records in 1..5_usize,
        per_scope in 1..5_usize,
        room in 0..30_u64,
        rooms in 1..4_u64,
    ) {
        let bytes = rooms * Tested::RECORD_BYTES + room + u64::from(RESERVE);
        let limits = Limits { records, bytes, records_per_scope: per_scope };
        agrees(actions, policy, limits, 1, true);
    }
}

/// A hundred threads begin one key at once. Gives who executes, and what the others were told.
fn contend(table: &Table<u64, Bytes, Hand>) -> (Vec<Claim<u64, Bytes, Hand>>, Vec<String>) {
    let barrier = Barrier::new(100);
    let begun: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    table.begin(&key(b"a"), ONE)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut claims, mut told) = (Vec::new(), Vec::new());
    for begin in begun {
        match begin {
            Begin::Execute(claim) => claims.push(claim),
            other => told.push(format!("{other:?}")),
        }
    }
    (claims, told)
}

/// Of a hundred copies at once one executes: where there is no record, at the instant at which it has expired, and at that at which
/// the lease has run out. Where it is completed, none does.
#[test]
fn of_a_hundred_copies_one_executes() {
    for policy in [HOLD, RETRY] {
        let clock = Hand::at(0);
        let table = table::<u64>(policy, &clock);
        let (claims, told) = contend(&table);
        assert_eq!(claims.len(), 1);
        assert!(told.iter().all(|told| told.starts_with("InProgress")), "{told:?}");

        clock.set(LEASE);
        let (taken_over, told) = contend(&table);
        assert_eq!(taken_over.len(), 1);
        assert!(told.iter().all(|told| told.starts_with("InProgress")), "{told:?}");
        drop(claims); // a zombie releases nothing
        taken_over.into_iter().next().unwrap().complete(7).unwrap();

        clock.set(LEASE + RETENTION - 1);
        let (none, told) = contend(&table);
        assert!(none.is_empty());
        assert!(told.iter().all(|told| told == "Replay(7)"), "{told:?}");

        clock.set(LEASE + RETENTION);
        let (claims, told) = contend(&table);
        assert_eq!(claims.len(), 1);
        assert!(told.iter().all(|told| told.starts_with("InProgress")), "{told:?}");
    }
}

/// Who lost the lease is told so by whatever he tries, and changes nothing.
#[test]
fn a_zombie_is_told_that_it_is_one() {
    let clock = Hand::at(0);
    let table = table::<u64>(RETRY, &clock);
    let zombie = |table: &Table<u64, Bytes, Hand>| {
        let claim = table.begin(&key(b"a"), ONE).execute().unwrap();
        let running = claim.effect_started().unwrap();
        clock.set(clock.0.load(Ordering::SeqCst) + LEASE);
        running
    };
    let lost = zombie(&table);
    assert!(!lost.is_lost(), "nobody has taken over");
    assert_eq!(lost.remaining(), Duration::ZERO);
    let claim = table.begin(&key(b"a"), ONE).execute().unwrap();
    assert!(claim.started_before());
    assert!(claim.fence() > lost.fence());
    assert!(lost.is_lost());
    let error = LeaseLost { token: lost.token() };
    assert_eq!(lost.renew(), Err(error));
    assert_eq!(lost.checkpoint(bytes(1)), Err(NotKept::LeaseLost(error)));
    assert_eq!(lost.abort(), Err(error));
    claim.complete(7).unwrap();

    let lost = {
        table.forget(&key(b"a")).unwrap();
        let running = zombie(&table);
        table.begin(&key(b"a"), ONE).execute().unwrap().complete(8).unwrap();
        running
    };
    assert!(matches!(lost.complete(9), Err(CompleteError::LeaseLost(_))));
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Replay(8)));

    // Neither does it know a record of the same key that was made anew.
    let claim = table.begin(&key(b"b"), ONE).execute().unwrap();
    clock.set(clock.0.load(Ordering::SeqCst) + LEASE);
    assert_eq!(table.forget(&key(b"b")), Ok(true));
    let anew = table.begin(&key(b"b"), ONE).execute().unwrap();
    assert_eq!(anew.token().attempt, claim.token().attempt);
    assert!(matches!(claim.effect_started(), Err(LeaseLost { .. })));
    assert!(anew.remaining() > Duration::ZERO);
}

/// A claim that is dropped releases the request; a running attempt that is dropped holds it, until nobody knows, and somebody says.
#[test]
fn what_is_dropped_before_the_effect_is_released_and_after_it_is_not() {
    let clock = Hand::at(0);
    let table = table::<u64>(HOLD, &clock);
    drop(table.begin(&key(b"a"), ONE));
    assert!(table.is_empty());
    assert_eq!(table.bytes(), 0);

    let running = table.begin(&key(b"a"), ONE).execute().unwrap().effect_started().unwrap();
    running.checkpoint(bytes(3)).unwrap();
    drop(running);
    assert!(
        matches!(table.begin(&key(b"a"), ONE), Begin::InProgress { retry_after } if retry_after == units(LEASE))
    );
    assert_eq!(table.settle(&key(b"a"), 7), Err(NotSettled::NotIndeterminate));
    assert_eq!(table.forget(&key(b"a")), Err(NotForgotten { retry_after: units(LEASE) }));
    clock.set(LEASE);
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Indeterminate { attempts: 1 }));
    clock.set(1_000);
    assert!(
        matches!(table.begin(&key(b"a"), ONE), Begin::Indeterminate { attempts: 1 }),
        "for as long as it takes"
    );

    let again = table.reexecute(&key(b"a")).unwrap();
    assert_eq!(again.checkpoint(), Some(&bytes(3)));
    assert!(table.reexecute(&key(b"a")).is_err());
    drop(again);
    assert_eq!(table.peek(&key(b"a")), Some(Status::Indeterminate { attempts: 1 }));
    table.settle(&key(b"a"), 7).unwrap();
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Replay(7)));
}

/// Nobody needs to ask about a request for somebody to be able to settle it: time alone makes it indeterminate.
#[test]
fn what_ran_out_can_be_settled_at_once() {
    for settle in [true, false] {
        let clock = Hand::at(0);
        let table = table::<u64>(HOLD, &clock);
        drop(table.begin(&key(b"a"), ONE).execute().unwrap().effect_started());
        clock.set(LEASE);
        if settle {
            table.settle(&key(b"a"), 7).unwrap();
        } else {
            drop(table.reexecute(&key(b"a")).unwrap());
        }
    }
}

/// An outcome that is larger than what was reserved isn't kept, and the attempt can still say that it was executed.
#[test]
fn an_outcome_that_is_too_large_gives_the_attempt_back() {
    let table = table::<Bytes>(HOLD, &Hand::at(0));
    let running = table.begin(&key(b"a"), ONE).execute().unwrap().effect_started().unwrap();
    let error = running.complete(bytes(RESERVE + 1)).unwrap_err();
    assert_eq!(error.to_string(), "the outcome has 9 bytes, and 8 were reserved for it");
    let CompleteError::TooLarge { guard, .. } = error else { panic!() };
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::InProgress { .. }));
    guard.complete(bytes(RESERVE)).unwrap();
    assert_eq!(table.bytes(), Tested::RECORD_BYTES + u64::from(RESERVE));
}

/// Each limit refuses, nothing that counts makes room, and what has expired does: without anybody's sweep, also in other shards.
#[test]
fn what_is_full_says_so_and_recovers() {
    let two = 2 * (Table::<u64, Bytes, Hand>::RECORD_BYTES + u64::from(RESERVE));
    for limits in [
        Limits { records: 2, ..ROOM },
        Limits { bytes: two + u64::from(RESERVE), ..ROOM },
        Limits { records_per_scope: 2, ..ROOM },
    ] {
        let clock = Hand::at(0);
        let settings = settings(limits, HOLD).shards(16);
        let table = Table::<u64, Bytes, Hand>::with_clock(settings, clock.clone()).unwrap();
        table.begin(&key(b"a"), ONE).execute().unwrap().complete(1).unwrap();
        let running = table.begin(&key(b"b"), ONE).execute().unwrap();
        if limits.bytes < ROOM.bytes {
            // Of what was reserved for the first, nothing is left but what it needs: zero.
            let third = table.begin(&key(b"c"), ONE);
            assert!(
                matches!(third, Begin::Saturated { retry_after } if retry_after == units(LEASE)),
                "{third:?}"
            );
        }
        clock.set(RETENTION - 1);
        assert!(matches!(table.begin(&key(b"c"), ONE), Begin::Saturated { .. }), "{limits:?}");
        assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Replay(1)), "nothing was evicted");
        assert_eq!(table.len(), 2);
        clock.set(RETENTION);
        let claim = table.begin(&key(b"c"), ONE).execute().expect("the first has expired");
        assert!(matches!(table.begin(&key(b"d"), ONE), Begin::Saturated { .. }));
        drop(claim);
        drop(table.begin(&key(b"d"), ONE).execute().unwrap());
        running.complete(2).unwrap();
        assert_eq!(table.len(), 1);
    }
}

/// A tenant that has all that it may have takes nothing from others.
#[test]
fn scopes_are_limited_each_for_itself() {
    let limits = Limits { records_per_scope: 1, ..ROOM };
    let table = Table::<u64, Bytes, Hand>::with_clock(settings(limits, HOLD), Hand::at(0)).unwrap();
    let of = |scope| Key::new(scope, "pay", b"a").unwrap();
    let more = |scope| Key::new(scope, "pay", b"b").unwrap();
    let scopes = [Scope::Global, Scope::Tenant(b"one"), Scope::Tenant(b"two")];
    let claims = scopes.map(|scope| table.begin(&of(scope), ONE).execute().unwrap());
    for scope in scopes {
        assert!(matches!(table.begin(&more(scope), ONE), Begin::Saturated { .. }));
    }
    drop(claims);
    for scope in scopes {
        assert!(matches!(table.begin(&more(scope), ONE), Begin::Execute(_)));
    }
}

/// An outcome whose `clone` and `drop` can be told to panic, or to call the table.
struct Fragile(Arc<dyn Fn(&str) + Send + Sync>);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        (self.0)("clone");
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        (self.0)("drop");
    }
}

impl Weigh for Fragile {
    fn weight(&self) -> usize {
        (self.0)("weight");
        0
    }
}

thread_local! {
    static BREAKS: Cell<&'static str> = const { Cell::new("") };
}

/// What the caller's code does to itself, it doesn't do to the table: no lock and no budget is left behind.
#[test]
fn panics_of_the_callers_code_leave_the_table_as_it_was() {
    let breaks = |at: &'static str, act: &dyn Fn()| {
        BREAKS.set(at);
        let panicked = catch_unwind(AssertUnwindSafe(act)).is_err();
        BREAKS.set("");
        assert!(panicked, "{at} was not called");
    };
    let fragile = || {
        Fragile(Arc::new(|at: &str| {
            if BREAKS.get() == at {
                BREAKS.set("");
                panic!("planted");
            }
        }))
    };
    let clock = Hand::at(0);
    let table = table::<Fragile>(HOLD, &clock);
    table.begin(&key(b"a"), ONE).execute().unwrap().complete(fragile()).unwrap();
    breaks("clone", &|| drop(table.begin(&key(b"a"), ONE)));
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Replay(_)));

    // A weight, before anything is done: the claim is dropped, and so released.
    breaks("weight", &|| drop(table.begin(&key(b"b"), ONE).execute().unwrap().complete(fragile())));
    assert_eq!(table.len(), 1);
    // A drop, after it is done.
    clock.set(RETENTION);
    breaks("drop", &|| assert_eq!(table.sweep(9).removed, 1));
    assert_eq!((table.len(), table.bytes()), (0, 0));
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Execute(_)));
}

/// An outcome may call the table when it is dropped: no lock is held then, whoever drops it.
#[test]
fn a_drop_may_call_the_table() {
    let clock = Hand::at(0);
    let table = table::<Fragile>(RETRY, &clock);
    let (handle, calls) = (table.clone(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&calls);
    let fragile = move || {
        let (handle, counted) = (handle.clone(), Arc::clone(&counted));
        Fragile(Arc::new(move |at: &str| {
            if at == "drop" {
                handle.peek(&key(b"a"));
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }))
    };
    let complete = || table.begin(&key(b"a"), ONE).execute().unwrap().complete(fragile());
    complete().unwrap();
    table.forget(&key(b"a")).unwrap();
    complete().unwrap();
    clock.set(RETENTION);
    complete().unwrap(); // in its place
    clock.set(2 * RETENTION);
    assert_eq!(table.sweep(9).removed, 1);
    let zombie = table.begin(&key(b"a"), ONE).execute().unwrap();
    clock.set(2 * RETENTION + LEASE);
    let claim = table.begin(&key(b"a"), ONE).execute().unwrap();
    assert!(zombie.complete(fragile()).is_err());
    drop(claim);
    assert_eq!(table.settle(&key(b"a"), fragile()), Err(NotSettled::NotIndeterminate));
    assert_eq!(calls.load(Ordering::SeqCst), 5);
}

/// Time that goes back is as late as it was, so that no lease gets longer, and none is shorter than it should be from then on.
#[test]
fn time_that_goes_back_stands_still() {
    let clock = Hand::at(10);
    let table = table::<u64>(HOLD, &clock);
    let claim = table.begin(&key(b"a"), ONE).execute().unwrap();
    clock.set(0);
    assert_eq!(claim.remaining(), units(LEASE));
    claim.complete(7).unwrap();
    clock.set(10 + RETENTION - 1);
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Replay(7)));
    clock.set(0);
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Replay(7)));
    clock.set(10 + RETENTION);
    assert!(matches!(table.begin(&key(b"a"), ONE), Begin::Execute(_)));
}

/// All attempts at a request, and no other, have the same keys further down; a restart with the same secret changes nothing.
#[test]
fn derived_keys_are_those_of_the_request() {
    let clock = Hand::at(0);
    let (table, other) = (table::<u64>(RETRY, &clock), self::table::<u64>(HOLD, &clock));
    let first = table.begin(&key(b"a"), ONE).execute().unwrap();
    let derived = first.derived_key("charge");
    assert_ne!(derived, first.derived_key("mail"));
    clock.set(LEASE);
    let running = table.begin(&key(b"a"), ONE).execute().unwrap().effect_started().unwrap();
    assert_eq!(running.derived_key("charge"), derived);
    assert_eq!(other.begin(&key(b"a"), ONE).execute().unwrap().derived_key("charge"), derived);
    assert_ne!(other.begin(&key(b"b"), ONE).execute().unwrap().derived_key("charge"), derived);
}

/// Fences are distinct and grow: over all keys, over what was forgotten, and in each thread.
#[test]
fn fences_grow() {
    let settings = settings(ROOM, HOLD).shards(4).first_fence(1_000);
    let table = Table::<u64, Bytes, Hand>::with_clock(settings, Hand::at(0)).unwrap();
    let mut fences: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut fences = Vec::new();
                    for n in 0..1_000_u32 {
                        let bytes = (n % 10).to_le_bytes();
                        if let Begin::Execute(claim) = table.begin(&key(&bytes), ONE) {
                            fences.push(claim.fence());
                        }
                    }
                    assert!(fences.windows(2).all(|pair| pair[0] < pair[1]));
                    fences
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<_> = fences.iter().copied().collect();
    assert_eq!(distinct.len(), fences.len());
    fences.sort_unstable();
    // None is used up by who doesn't get it.
    assert_eq!(fences, (1_000..1_000 + fences.len() as u64).collect::<Vec<_>>());
}

/// Threads that begin, complete, drop and sweep the same few keys leave nothing behind, and no outcome that isn't the one of the
/// attempt that completed.
#[test]
fn threads_leave_nothing_behind() {
    let limits = Limits { records: 6, bytes: 2_000, records_per_scope: 6 };
    let clock = Hand::at(0);
    let table =
        Table::<u64, Bytes, Hand>::with_clock(settings(limits, RETRY).shards(2), clock.clone()).unwrap();
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (table, clock) = (&table, &clock);
            scope.spawn(move || {
                for n in 0..5_000_u64 {
                    match table.begin(&key(&[(n % 8) as u8]), ONE) {
                        Begin::Execute(claim) if n % 3 == 0 => drop(claim),
                        Begin::Execute(claim) => {
                            if let Ok(running) = claim.effect_started() {
                                let fence = running.fence();
                                let _ = running.complete(fence);
                            }
                        }
                        Begin::Replay(fence) => assert!(fence < 20_000),
                        _ => {}
                    }
                    assert!(table.len() <= limits.records);
                    assert!(table.bytes() <= limits.bytes);
                    if thread == 0 {
                        clock.set(n / 16);
                        let _ = table.sweep(2);
                    }
                }
            });
        }
    });
    clock.set(10_000);
    table.sweep(u32::MAX);
    assert_eq!((table.len(), table.bytes()), (0, 0));
}

/// A sweep takes so many steps and goes on where it ended; what it leaves it says.
#[test]
fn sweeps_are_as_long_as_they_may_be() {
    let clock = Hand::at(0);
    let settings = settings(ROOM, HOLD).shards(8);
    let table = Table::<u64, Bytes, Hand>::with_clock(settings, clock.clone()).unwrap();
    for n in 0..100 {
        table.begin(&key(&[n]), ONE).execute().unwrap().complete(0).unwrap();
    }
    assert_eq!(table.sweep(u32::MAX), Swept { removed: 0, more: false });
    clock.set(RETENTION);
    assert_eq!(table.sweep(0), Swept { removed: 0, more: true });
    assert_eq!(table.len(), 100);
    let mut removed = 0;
    for _ in 0..1_000 {
        let swept = table.sweep(3);
        assert!(swept.removed <= 3);
        removed += swept.removed;
        assert_eq!(table.len(), 100 - removed as usize);
    }
    assert_eq!(removed, 100);
}

/// Each sweep, however short, gets on, and says that there may be more as long as there is. With as many steps as there are
/// shards, it says in the end that there isn't.
#[test]
fn sweeps_however_short_get_on() {
    for (shards, steps) in [(1, 1), (1, 3), (4, 1), (4, 2), (4, 4), (8, 8), (8, 16)] {
        let clock = Hand::at(0);
        let settings = settings(ROOM, HOLD).shards(shards);
        let table = Table::<u64, Bytes, Hand>::with_clock(settings, clock.clone()).unwrap();
        for n in 0..100 {
            table.begin(&key(&[n]), ONE).execute().unwrap().complete(0).unwrap();
        }
        clock.set(RETENTION);
        let is_over = (0..1_000).any(|_| !table.sweep(steps).more);
        assert_eq!(table.len(), 0, "{shards} shards, {steps} steps");
        assert_eq!(is_over, steps as usize >= shards, "{shards} shards, {steps} steps");
    }
}

/// Who finds no room finds what has expired, in whichever shard it is: at once, or if they are many, when he comes again.
#[test]
fn no_shard_keeps_what_has_expired_from_who_needs_the_room() {
    for (shards, tries) in [(1, 1), (64, 1), (128, 2), (1_024, 9)] {
        let clock = Hand::at(0);
        let settings = settings(Limits { records: 1, ..ROOM }, HOLD).shards(shards);
        let table = Table::<u64, Bytes, Hand>::with_clock(settings, clock.clone()).unwrap();
        for n in 0..1_000_u64 {
            clock.set(n * RETENTION);
            let claim = (0..tries).find_map(|_| table.begin(&key(&n.to_le_bytes()), ONE).execute());
            claim.unwrap_or_else(|| panic!("{shards} shards, record {n}")).complete(n).unwrap();
        }
    }
}

/// What expires is removed by those that begin: records don't pile up though nobody sweeps.
#[test]
fn begins_remove_more_than_they_make() {
    let clock = Hand::at(0);
    let limits = Limits { records: 100_000, records_per_scope: 100_000, ..ROOM };
    let settings = settings(Limits { bytes: 1 << 30, ..limits }, HOLD).shards(4);
    let table = Table::<u64, Bytes, Hand>::with_clock(settings, clock.clone()).unwrap();
    for n in 0..20_000_u64 {
        clock.set(n / 100);
        table.begin(&key(&n.to_le_bytes()), ONE).execute().unwrap().complete(0).unwrap();
    }
    let live = usize::try_from(RETENTION * 100).unwrap();
    assert!(table.len() < 2 * live, "{} records, of which {live} count", table.len());
}

/// Settings of which no table can be made are refused, each for its own reason; what is just enough is enough.
#[test]
fn settings_are_checked() {
    let refused = |settings: Settings| Table::<u64>::new(settings).unwrap_err();
    let with = |limits| settings(limits, HOLD);
    let needed = Table::<u64>::RECORD_BYTES + u64::from(RESERVE);
    assert_eq!(refused(with(Limits { records: 0, ..ROOM })), SettingsError::Records { records: 0 });
    let bytes = needed - 1;
    assert_eq!(refused(with(Limits { bytes, ..ROOM })), SettingsError::Bytes { bytes, needed });
    assert_eq!(refused(with(Limits { records_per_scope: 0, ..ROOM })), SettingsError::RecordsPerScope);
    for shards in [0, 3, 1 << 17] {
        assert_eq!(refused(with(ROOM).shards(shards)), SettingsError::Shards { shards });
    }
    let first_fence = 1 << 63;
    assert_eq!(refused(with(ROOM).first_fence(first_fence)), SettingsError::FirstFence { first_fence });
    assert!(Table::<u64>::new(with(ROOM).first_fence(first_fence - 1)).is_ok());
    assert_eq!(refused(with(ROOM).lease(Duration::ZERO)), SettingsError::Lease);
    let retention = Duration::ZERO;
    assert_eq!(refused(settings(ROOM, Policy { retention, ..HOLD })), SettingsError::Retention);
    let (skew, retention) = (HOLD.retention, HOLD.retention);
    assert_eq!(refused(settings(ROOM, Policy { skew, ..HOLD })), SettingsError::Skew { skew, retention });
    #[cfg(target_pointer_width = "64")]
    {
        let records = u32::MAX as usize;
        assert_eq!(refused(with(Limits { records, ..ROOM })), SettingsError::Records { records });
        assert!(Table::<u64>::new(with(Limits { records: records - 1, ..ROOM })).is_ok());
    }
    assert!(Table::<u64>::new(with(Limits { records: 1, bytes: needed, records_per_scope: 1 })).is_ok());
}

/// Handles and guards go to other threads.
#[test]
fn handles_and_guards_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Table<u64>>();
    check::<Claim<u64>>();
    check::<Running<u64>>();
    check::<Begin<u64>>();
}
