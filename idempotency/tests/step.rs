//! The life of a record: every sequence of events of small scope, breadth first.

use std::collections::{BTreeSet, HashSet};
use std::mem::discriminant;
use std::time::Duration;

use spacelike_idempotency::{Effect, Event, Fingerprint, Policy, Record, Reply, Token, Unfinished, step};

/// An outcome is the fence of the attempt that had it; a settled one is `SETTLED`.
type Kept = Record<u64, u64>;
type Events = Event<u64, u64>;

const SETTLED: u64 = 99;
const FENCES: u64 = 3;
const END: u64 = 5;
const LEASE: u64 = 2;
const RETENTION: u64 = 3;

/// A record, and all that happened to it, as far as a promise is about it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct World {
    now: u64,
    record: Option<Kept>,
    issued: u64,
    tokens: Vec<Token>,
    /// Since there was no record last.
    life: Life,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Life {
    fingerprint: Option<Fingerprint>,
    outcome: Option<u64>,
    completed: Option<u64>,
    checkpoint: Option<u64>,
    /// When the lease of the latest attempt runs out.
    until: u64,
    /// Attempts that count.
    attempts: u32,
    /// Attempts whose effect has begun, and who haven't said that there was none.
    effects: Fences,
    /// Somebody vouched for all that begun until then.
    vouched: Fences,
    /// Attempts that were given away since.
    overtaken: Fences,
}

impl Life {
    /// Whoever had an attempt at what is no more has lost it for good.
    fn over(tokens: &[Token]) -> Self {
        let mut life = Self::default();
        for token in tokens {
            life.overtaken.insert(token.fence);
        }
        life
    }
}

/// A set of fences, a bit each: worlds are compared by the hundred thousand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Fences(u8);

impl Fences {
    fn contains(self, fence: u64) -> bool {
        self.0 & 1 << fence != 0
    }

    fn insert(&mut self, fence: u64) {
        self.0 |= 1 << fence;
    }

    fn remove(&mut self, fence: u64) {
        self.0 &= !(1 << fence);
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn policies() -> impl Iterator<Item = Policy> {
    [Unfinished::Hold, Unfinished::Retry].into_iter().flat_map(|unfinished| {
        [false, true].map(|strict_expiry| Policy {
            retention: seconds(RETENTION),
            attempts_max: 2,
            unfinished,
            strict_expiry,
            skew: Duration::ZERO,
        })
    })
}

fn events(world: &World) -> Vec<Events> {
    let mut events = vec![Event::Settle { outcome: SETTLED }, Event::Forget, Event::Sweep];
    if world.issued < FENCES {
        for fingerprint in [1, 2].map(Fingerprint) {
            events.push(begin(fingerprint, world.issued));
        }
        events.push(Event::Reexecute { lease: seconds(LEASE), fence: world.issued });
    }
    for &token in &world.tokens {
        events.extend([
            Event::EffectStarted { token },
            Event::Checkpoint { token, checkpoint: token.fence },
            Event::Renew { token, lease: seconds(1) },
            Event::Renew { token, lease: seconds(LEASE) },
            Event::Complete { token, outcome: token.fence },
            Event::Abort { token, counts: false },
            Event::Abort { token, counts: true },
        ]);
    }
    events
}

fn begin(fingerprint: Fingerprint, fence: u64) -> Events {
    Event::Begin { fingerprint, lease: seconds(LEASE), fence, minted: None }
}

fn apply(world: &mut World, effect: Effect<u64, u64>) {
    match effect {
        Effect::Keep => {}
        Effect::Put(record) => world.record = Some(record),
        Effect::Remove => world.record = None,
    }
}

/// Takes the event, and checks all that is promised of it.
#[expect(clippy::too_many_lines, reason = "an arm for each promise")]
fn next(world: &World, event: &Events, policy: &Policy) -> (World, Reply<u64, u64>) {
    let mut after = world.clone();
    if world
        .record
        .as_ref()
        .is_some_and(|record| record.expires(policy).is_some_and(|expires| seconds(world.now) >= expires))
    {
        // It is as if there were none, swept or not.
        after.life = Life::over(&world.tokens);
        let gone = step(None, event.clone(), seconds(world.now), policy);
        let there = step(world.record.as_ref(), event.clone(), seconds(world.now), policy);
        assert_eq!(gone, there, "an expired record was seen: {world:?} {event:?}");
    }
    let (effect, reply) = step(world.record.as_ref(), event.clone(), seconds(world.now), policy);
    let mut swept = world.clone();
    apply(&mut swept, step(world.record.as_ref(), Event::Sweep, seconds(world.now), policy).0);
    let later = step(swept.record.as_ref(), event.clone(), seconds(world.now), policy);
    assert_eq!(later.1, reply, "it matters whether somebody swept: {world:?} {event:?}");
    let life = &mut after.life;
    who_lost_is_told_and_nobody_else(world, life, event, &reply, policy);
    match (event, &reply) {
        (
            Event::Begin { .. } | Event::Reexecute { .. },
            Reply::Execute { token, checkpoint, started_before },
        ) => {
            assert_eq!(token.fence, world.issued, "{world:?}");
            if matches!(event, Event::Begin { .. }) {
                assert!(life.attempts < policy.attempts_max, "one attempt too many: {world:?}");
                let held = world.tokens.iter().any(|token| !life.overtaken.contains(token.fence));
                assert!(!held || world.now >= life.until, "a lease was broken: {world:?} {event:?}");
            }
            life.attempts += 1;
            assert_eq!(token.attempt, life.attempts, "{world:?} {event:?}");
            life.until = world.now + LEASE;
            assert_eq!(life.outcome, None, "executed again after its completion: {world:?} {event:?}");
            if matches!(event, Event::Begin { fingerprint, .. } if Some(*fingerprint) != life.fingerprint) {
                life.checkpoint = None;
            }
            assert_eq!(*checkpoint, life.checkpoint, "a checkpoint was lost: {world:?} {event:?}");
            if matches!(event, Event::Reexecute { .. }) {
                life.vouched.0 |= std::mem::take(&mut life.effects).0;
            }
            assert!(
                policy.unfinished == Unfinished::Retry || life.effects.is_empty(),
                "executed though an effect may have happened: {world:?} {event:?}"
            );
            let started = !life.effects.is_empty() || !life.vouched.is_empty();
            assert_eq!(*started_before, started, "{world:?} {event:?}");
            for token in &world.tokens {
                life.overtaken.insert(token.fence);
            }
            if let Event::Begin { fingerprint, .. } = event {
                life.fingerprint = Some(*fingerprint);
            }
            after.tokens.push(*token);
            after.issued += 1;
        }
        (Event::Begin { fingerprint, .. }, Reply::Replay(outcome)) => {
            assert_eq!(Some(*outcome), life.outcome, "another outcome was replayed: {world:?}");
            assert_eq!(Some(*fingerprint), life.fingerprint, "replayed to another request: {world:?}");
        }
        (Event::Begin { .. } | Event::Forget, Reply::InProgress { retry_after }) => {
            assert!(life.until > world.now, "a lease that has run out: {world:?}");
            assert_eq!(*retry_after, seconds(life.until - world.now), "{world:?}");
        }
        (Event::Begin { .. }, Reply::Dead { attempts }) => {
            assert_eq!((*attempts, life.attempts), (policy.attempts_max, policy.attempts_max), "{world:?}");
            assert_eq!(life.outcome, None, "{world:?}");
        }
        (Event::Begin { .. }, Reply::Indeterminate { attempts }) => {
            assert_eq!(*attempts, life.attempts, "{world:?}");
            assert!(!life.effects.is_empty() || !life.vouched.is_empty(), "{world:?}");
        }
        (Event::Renew { token, lease }, Reply::Done) => {
            assert!(!life.overtaken.contains(token.fence), "{world:?}");
            life.until = life.until.max(world.now + lease.as_secs());
        }
        (Event::Begin { fingerprint, .. }, Reply::Mismatch) => {
            assert_ne!(Some(*fingerprint), life.fingerprint, "{world:?}");
        }
        (Event::EffectStarted { token }, Reply::Done) => {
            assert!(!life.overtaken.contains(token.fence), "a zombie began its effect: {world:?}");
            life.effects.insert(token.fence);
        }
        (Event::Checkpoint { token, checkpoint }, Reply::Done) => {
            assert!(!life.overtaken.contains(token.fence), "{world:?}");
            life.checkpoint = Some(*checkpoint);
        }
        (Event::Complete { token, outcome }, Reply::Done) => {
            if let Some(completed) = life.completed {
                assert_eq!(completed, token.fence, "two attempts completed: {world:?} {event:?}");
            } else {
                assert!(!life.overtaken.contains(token.fence), "a zombie completed: {world:?}");
                assert!(!policy.strict_expiry || world.now < life.until, "completed late: {world:?}");
                (life.completed, life.outcome) = (Some(token.fence), Some(*outcome));
            }
        }
        (Event::Forget | Event::Sweep, Reply::Done) => {
            let held = world.tokens.iter().any(|token| !life.overtaken.contains(token.fence));
            let executing = held && life.outcome.is_none() && world.now < life.until;
            let gone = world.record.as_ref().is_some_and(|record| {
                record.expires(policy).is_some_and(|expires| seconds(world.now) >= expires)
            });
            if gone || *event == Event::Forget {
                assert_eq!(effect, Effect::Remove, "{world:?} {event:?}");
            }
            assert!(!executing || effect == Effect::Keep, "gone while it was executed: {world:?} {event:?}");
        }
        (Event::Settle { outcome }, Reply::Done) => life.outcome = Some(*outcome),
        (Event::Abort { token, counts }, Reply::Done) => {
            assert!(!life.overtaken.contains(token.fence), "a zombie aborted: {world:?}");
            life.attempts -= u32::from(!counts);
            life.effects.remove(token.fence);
            life.overtaken.insert(token.fence);
        }
        _ => {}
    }
    apply(&mut after, effect);
    // What one copy was told, the next one is told as well.
    match reply {
        Reply::Dead { .. } => {
            assert!(matches!(after.record, Some(Record::Dead { .. })), "{world:?} {event:?}");
        }
        Reply::Indeterminate { .. } => {
            assert!(matches!(after.record, Some(Record::Indeterminate { .. })), "{world:?} {event:?}");
        }
        _ => {}
    }
    if after.record.is_none() {
        after.life = Life::over(&after.tokens);
    }
    (after, reply)
}

/// A token is refused if its lease is somebody else's, or over; and only then.
fn who_lost_is_told_and_nobody_else(
    world: &World,
    life: &Life,
    event: &Events,
    reply: &Reply<u64, u64>,
    policy: &Policy,
) {
    let (token, completes) = match event {
        Event::Complete { token, .. } => (token, true),
        Event::EffectStarted { token }
        | Event::Checkpoint { token, .. }
        | Event::Renew { token, .. }
        | Event::Abort { token, .. } => (token, false),
        _ => return,
    };
    let late = world.now >= life.until;
    let refused = life.overtaken.contains(token.fence)
        || life.outcome.is_some() && !(completes && life.completed == Some(token.fence))
        || life.outcome.is_none() && policy.strict_expiry && late;
    // By a copy that came late and found that there were too many.
    let maybe = late && life.attempts >= policy.attempts_max;
    match reply {
        Reply::Done => assert!(!refused, "a zombie wasn't told: {world:?} {event:?}"),
        Reply::LeaseLost => assert!(refused || maybe, "a lease was broken: {world:?} {event:?}"),
        reply => panic!("{reply:?}: {world:?} {event:?}"),
    }
}

/// Whatever the tokens try, one at most is not told that it lost.
fn at_most_one_token_is_good(world: &World, policy: &Policy) {
    let good = world.tokens.iter().filter(|&&token| {
        let tries = [
            Event::Renew { token, lease: seconds(LEASE) },
            Event::EffectStarted { token },
            Event::Checkpoint { token, checkpoint: 0 },
            Event::Complete { token, outcome: 0 },
            Event::Abort { token, counts: true },
        ];
        tries
            .into_iter()
            .any(|event| step(world.record.as_ref(), event, seconds(world.now), policy).1 != Reply::LeaseLost)
    });
    assert!(good.count() <= 1, "{world:?}");
}

/// All promises, over every order of up to three attempts by as many workers, two requests, and all the rest that can
/// happen, in five units of time, for each policy.
#[test]
fn no_sequence_of_events_breaks_a_promise() {
    for policy in policies() {
        let mut seen = HashSet::from([World::default()]);
        let (mut replies, mut names) = (HashSet::new(), Vec::new());
        let mut front = vec![World::default()];
        while let Some(world) = front.pop() {
            at_most_one_token_is_good(&world, &policy);
            let (mut afters, answers): (Vec<_>, Vec<_>) =
                events(&world).iter().map(|event| next(&world, event, &policy)).unzip();
            for reply in answers {
                if replies.insert(discriminant(&reply)) {
                    names.push(format!("{reply:?}"));
                }
            }
            if world.now < END {
                afters.push(World { now: world.now + 1, ..world });
            }
            front.extend(afters.into_iter().filter(|after| seen.insert(after.clone())));
        }
        assert!(seen.len() > 5_000, "{policy:?}: only {} worlds", seen.len());
        let mut expected = BTreeSet::from([
            "Execute",
            "InProgress",
            "Replay",
            "Mismatch",
            "Dead",
            "Done",
            "LeaseLost",
            "Refused",
        ]);
        if policy.unfinished == Unfinished::Hold {
            expected.insert("Indeterminate");
        }
        let names: BTreeSet<_> = names.iter().map(|name| name.split([' ', '(']).next().unwrap()).collect();
        assert_eq!(names, expected, "{policy:?}");
    }
}

const POLICY: Policy = Policy {
    retention: Duration::from_secs(RETENTION),
    attempts_max: 9,
    unfinished: Unfinished::Retry,
    strict_expiry: false,
    skew: Duration::ZERO,
};

/// Takes the events, each at its time, and gives the replies.
fn replies<const N: usize>(policy: &Policy, events: [(u64, Events); N]) -> [Reply<u64, u64>; N] {
    let mut record = None;
    events.map(|(now, event)| {
        let (effect, reply) = step(record.as_ref(), event, seconds(now), policy);
        match effect {
            Effect::Keep => {}
            Effect::Put(put) => record = Some(put),
            Effect::Remove => record = None,
        }
        reply
    })
}

const FIRST: Token = Token { fence: 0, attempt: 1 };

/// A checkpoint is worth keeping, also of an attempt that doesn't count.
#[test]
fn a_checkpoint_survives_an_abort() {
    let [.., last] = replies(
        &POLICY,
        [
            (0, begin(Fingerprint(1), 0)),
            (0, Event::Checkpoint { token: FIRST, checkpoint: 7 }),
            (0, Event::Abort { token: FIRST, counts: false }),
            (1, begin(Fingerprint(1), 1)),
        ],
    );
    let token = Token { fence: 1, attempt: 1 };
    assert_eq!(last, Reply::Execute { token, checkpoint: Some(7), started_before: false });
}

/// Another request under the same key begins from the beginning.
#[test]
fn a_checkpoint_is_of_one_request() {
    let [.., other] = replies(
        &POLICY,
        [
            (0, begin(Fingerprint(1), 0)),
            (0, Event::Checkpoint { token: FIRST, checkpoint: 7 }),
            (0, Event::Abort { token: FIRST, counts: true }),
            (1, begin(Fingerprint(2), 1)),
        ],
    );
    let token = Token { fence: 1, attempt: 2 };
    assert_eq!(other, Reply::Execute { token, checkpoint: None, started_before: false });
}

/// A request that never had an effect doesn't bind its key; one that had does.
#[test]
fn only_an_effect_binds_a_key_after_an_abort() {
    let second = |start: bool| {
        let start = if start { Event::EffectStarted { token: FIRST } } else { Event::Sweep };
        let [.., last] = replies(
            &POLICY,
            [
                (0, begin(Fingerprint(1), 0)),
                (0, start),
                (2, begin(Fingerprint(1), 1)),
                (2, Event::Abort { token: Token { fence: 1, attempt: 2 }, counts: true }),
                (3, begin(Fingerprint(2), 2)),
            ],
        );
        last
    };
    assert_eq!(second(true), Reply::Mismatch);
    let token = Token { fence: 2, attempt: 3 };
    assert_eq!(second(false), Reply::Execute { token, checkpoint: None, started_before: false });
}

/// That an effect has begun is not forgotten over several attempts that come to nothing.
#[test]
fn attempts_that_are_lost_forget_no_effect() {
    for (unfinished, lost) in [(Unfinished::Retry, false), (Unfinished::Hold, true)] {
        let policy = Policy { unfinished, ..POLICY };
        let [.., last] = replies(
            &policy,
            [
                (0, begin(Fingerprint(1), 0)),
                (0, Event::EffectStarted { token: FIRST }),
                (2, Event::Sweep),
                (
                    2,
                    if lost {
                        Event::Reexecute { lease: seconds(LEASE), fence: 1 }
                    } else {
                        begin(Fingerprint(1), 1)
                    },
                ),
                (4, Event::Sweep),
                (4, begin(Fingerprint(1), 2)),
            ],
        );
        let token = Token { fence: 2, attempt: 3 };
        let retried = Reply::Execute { token, checkpoint: None, started_before: true };
        assert_eq!(last, if lost { Reply::Indeterminate { attempts: 2 } } else { retried });
    }
}

/// Where the key tells its age, one without a record is new only if no record of it can have expired.
#[test]
fn an_old_key_is_refused() {
    let old = |now| {
        let minted = Some(seconds(10));
        let begin = Event::Begin { fingerprint: Fingerprint(1), lease: seconds(LEASE), fence: 0, minted };
        replies(&POLICY, [(now, begin)])[0] == Reply::Expired
    };
    assert!(!old(10) && !old(10 + RETENTION - 1) && old(10 + RETENTION) && old(u64::MAX));
}

/// A client whose clock is ahead can't have his request executed a second time when the record has expired: whenever it was
/// executed, at any later time there is the record, or the key is refused.
#[test]
fn a_key_made_ahead_of_time_is_never_new_again() {
    for skew in 0..RETENTION {
        let policy = Policy { skew: seconds(skew), ..POLICY };
        for (minted, first, later) in (0..20).flat_map(|minted| {
            (0..20).flat_map(move |first| (first..40).map(move |later| (minted, first, later)))
        }) {
            let begin = |fence| Event::Begin {
                fingerprint: Fingerprint(1),
                lease: seconds(LEASE),
                fence,
                minted: Some(seconds(minted)),
            };
            let complete = Event::Complete { token: FIRST, outcome: 5 };
            let [one, _, two] = replies(&policy, [(first, begin(0)), (first, complete), (later, begin(1))]);
            let fresh = matches!(one, Reply::Execute { .. });
            assert_eq!(
                fresh,
                minted <= first + skew && first + skew < minted + RETENTION,
                "{minted} {first} {skew}"
            );
            let answered = if fresh && later < first + RETENTION { Reply::Replay(5) } else { Reply::Expired };
            assert!(!fresh || two == answered, "{minted} {first} {later} {skew}: {two:?}");
        }
    }
}

/// A worker that was away for longer than its lease goes on, if nobody has decided meanwhile: it renews, it says that
/// there was no effect, or what came of it.
#[test]
fn who_comes_back_in_time_goes_on() {
    let policy = Policy { unfinished: Unfinished::Hold, ..POLICY };
    let after = |event: &Events| {
        let [.., reply, last] = replies(
            &policy,
            [
                (0, begin(Fingerprint(1), 0)),
                (0, Event::EffectStarted { token: FIRST }),
                (LEASE, Event::Sweep),
                (9, event.clone()),
                (9, begin(Fingerprint(1), 1)),
            ],
        );
        (reply, last)
    };
    let renewed = (Reply::Done, Reply::InProgress { retry_after: seconds(LEASE) });
    assert_eq!(after(&Event::Renew { token: FIRST, lease: seconds(LEASE) }), renewed);
    assert_eq!(after(&Event::Complete { token: FIRST, outcome: 5 }), (Reply::Done, Reply::Replay(5)));
    let token = Token { fence: 1, attempt: 1 };
    let again = Reply::Execute { token, checkpoint: None, started_before: false };
    assert_eq!(after(&Event::Abort { token: FIRST, counts: false }), (Reply::Done, again));
    let unknown = Reply::Indeterminate { attempts: 1 };
    assert_eq!(after(&Event::EffectStarted { token: FIRST }), (Reply::Done, unknown));
}

/// What was only claimed is forgotten in the end; an effect that has begun never is, unless it may happen again.
#[test]
fn an_effect_that_has_begun_is_not_forgotten_by_time() {
    for (unfinished, start, forgotten) in [
        (Unfinished::Hold, false, true),
        (Unfinished::Hold, true, false),
        (Unfinished::Retry, false, true),
        (Unfinished::Retry, true, true),
    ] {
        let policy = Policy { unfinished, ..POLICY };
        let start = if start { Event::EffectStarted { token: FIRST } } else { Event::Sweep };
        for (later, forgotten) in [(LEASE + RETENTION - 1, false), (LEASE + RETENTION, forgotten)] {
            let [.., last] = replies(
                &policy,
                [(0, begin(Fingerprint(1), 0)), (0, start.clone()), (later, begin(Fingerprint(1), 1))],
            );
            let fresh = matches!(last, Reply::Execute { token: Token { attempt: 1, .. }, .. });
            assert_eq!(fresh, forgotten, "{unfinished:?} {later}: {last:?}");
        }
    }
}

/// Who executes it again can vouch for himself only, not for the one before.
#[test]
fn an_abort_after_an_effect_settles_nothing() {
    let policy = Policy { unfinished: Unfinished::Hold, ..POLICY };
    let [.., last] = replies(
        &policy,
        [
            (0, begin(Fingerprint(1), 0)),
            (0, Event::EffectStarted { token: FIRST }),
            (2, Event::Sweep),
            (2, Event::Reexecute { lease: seconds(LEASE), fence: 1 }),
            (2, Event::Abort { token: Token { fence: 1, attempt: 2 }, counts: false }),
            (2, begin(Fingerprint(1), 2)),
        ],
    );
    assert_eq!(last, Reply::Indeterminate { attempts: 1 });
}

/// An end is remembered for the retention, from when it came: not a moment less, and not for ever.
#[test]
fn an_end_is_kept_for_the_retention() {
    let policy = Policy { attempts_max: 1, ..POLICY };
    let complete = Event::Complete { token: FIRST, outcome: 5 };
    for (end, answer) in [
        (complete, Reply::Replay(5)),
        (Event::Abort { token: FIRST, counts: true }, Reply::Dead { attempts: 1 }),
    ] {
        for (later, kept) in [(1 + RETENTION - 1, true), (1 + RETENTION, false)] {
            let [.., last] = replies(
                &policy,
                [(0, begin(Fingerprint(1), 0)), (1, end.clone()), (later, begin(Fingerprint(1), 1))],
            );
            assert_eq!(last == answer, kept, "{end:?} {later}: {last:?}");
        }
    }
}

/// An attempt that came to nothing and doesn't count takes no room.
#[test]
fn nothing_is_kept_of_nothing() {
    let (Effect::Put(record), _) = step(None, begin(Fingerprint(1), 0), seconds(0), &POLICY) else {
        panic!()
    };
    let abort = Event::Abort { token: FIRST, counts: false };
    assert_eq!(step(Some(&record), abort, seconds(1), &POLICY), (Effect::Remove, Reply::Done));
}

/// Who didn't get the answer asks again, and it is the same.
#[test]
fn what_was_done_is_done_again() {
    let started = Event::EffectStarted { token: FIRST };
    let complete = |outcome| Event::Complete { token: FIRST, outcome };
    let [_, one, two, three, four, last] = replies(
        &POLICY,
        [
            (0, begin(Fingerprint(1), 0)),
            (0, started.clone()),
            (1, started),
            (1, complete(5)),
            (1, complete(6)),
            (1, begin(Fingerprint(1), 1)),
        ],
    );
    assert_eq!(
        [one, two, three, four, last],
        [Reply::Done, Reply::Done, Reply::Done, Reply::Done, Reply::Replay(5)]
    );
}

/// Who executes again because somebody vouched for it, and is lost before the effect, leaves what was unknown before.
#[test]
fn what_somebody_vouched_for_once_is_not_forgotten_by_time() {
    let policy = Policy { unfinished: Unfinished::Hold, ..POLICY };
    for later in [LEASE * 2 + RETENTION - 1, LEASE * 2 + RETENTION, LEASE * 9 + RETENTION] {
        let [.., last] = replies(
            &policy,
            [
                (0, begin(Fingerprint(1), 0)),
                (0, Event::EffectStarted { token: FIRST }),
                (LEASE, Event::Sweep),
                (LEASE, Event::Reexecute { lease: seconds(LEASE), fence: 1 }),
                (later, begin(Fingerprint(1), 2)),
            ],
        );
        assert_eq!(last, Reply::Indeterminate { attempts: 2 }, "{later}");
    }
}
