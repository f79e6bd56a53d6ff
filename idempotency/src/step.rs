use core::time::Duration;

use crate::{Fingerprint, Lease, Policy, Record, Token, Unfinished};

/// What happens to a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Event<O, C = ()> {
    /// A copy of it comes in.
    Begin {
        /// Of this copy.
        fingerprint: Fingerprint,
        /// For how long its execution may be silent.
        lease: Duration,
        /// A fence that was never used. It is used up if the answer is [`Reply::Execute`].
        fence: u64,
        /// When the client made the key, if the key tells: then one of which a record may have expired is refused, where a key
        /// without a record would be taken for new. So is one from further ahead than [`Policy::skew`].
        minted: Option<Duration>,
    },
    /// The effect is about to begin.
    EffectStarted {
        /// Of the attempt.
        token: Token,
    },
    /// The attempt came so far that the next one may go on from there.
    Checkpoint {
        /// Of the attempt.
        token: Token,
        /// What the next one needs to know.
        checkpoint: C,
    },
    /// The attempt goes on.
    Renew {
        /// Of the attempt.
        token: Token,
        /// For how long it may be silent, from now on.
        lease: Duration,
    },
    /// The request was executed.
    Complete {
        /// Of the attempt.
        token: Token,
        /// To be answered to each copy.
        outcome: O,
    },
    /// The request was not executed, and this attempt had no effect.
    Abort {
        /// Of the attempt.
        token: Token,
        /// Whether it counts as one that failed.
        counts: bool,
    },
    /// Somebody found out that the effect of an indeterminate request has happened, and what came of it.
    Settle {
        /// To be answered to each copy.
        outcome: O,
    },
    /// Somebody found out that the effect of an indeterminate request has not happened, or may happen again, and executes it.
    Reexecute {
        /// For how long its execution may be silent.
        lease: Duration,
        /// A fence that was never used.
        fence: u64,
    },
    /// It should be as if the request had never come.
    Forget,
    /// Time has passed.
    Sweep,
}

/// What becomes of the record.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Effect<O, C = ()> {
    /// Nothing.
    Keep,
    /// It is this one from now on.
    Put(Record<O, C>),
    /// There is none any more.
    Remove,
}

/// What to tell whoever caused the event.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Reply<O, C = ()> {
    /// Execute the request.
    Execute {
        /// The right to it.
        token: Token,
        /// How far an attempt before came.
        checkpoint: Option<C>,
        /// Whether the effect of an attempt before has begun.
        started_before: bool,
    },
    /// It is being executed. Come again after this long, not sooner: that is when the lease runs out if it isn't renewed.
    InProgress {
        /// How long.
        retry_after: Duration,
    },
    /// It was executed, with this outcome.
    Replay(O),
    /// The key is of another request.
    Mismatch,
    /// Its effect has begun, and nobody knows whether it has happened.
    Indeterminate {
        /// How many attempts there were.
        attempts: u32,
    },
    /// Too many attempts failed.
    Dead {
        /// How many.
        attempts: u32,
    },
    /// The key is so old that there may have been a record, or from so far ahead that there may be a copy of it when the record has
    /// expired.
    Expired,
    /// Done. Also if it was done before, by the same token; but an [abort](Event::Abort) gives the token away.
    Done,
    /// The token is good for nothing any more. Stop.
    LeaseLost,
    /// There is nothing of that kind to be done to the record.
    Refused,
}

/// The whole life of a record, as a function: what becomes of it, and what to tell whoever caused the event. `None` is a
/// record that isn't there. All stores behave so, however they keep their records.
///
/// # What holds
/// Checked over all sequences of events of small scope by `tests/step.rs`:
/// - As long as a record isn't removed, at most one attempt completes it, and every replay is that outcome.
/// - At most one token is good at any time; all others are told [`Reply::LeaseLost`] by whatever they try.
/// - With [`Unfinished::Hold`], after an effect has begun nobody else executes the request, unless who began it says that
///   there was no effect, or somebody else says that it may happen again ([`Event::Reexecute`]), or that it is to be
///   [forgotten](Event::Forget).
/// - A checkpoint is handed to the next attempt at the same request, never to one at another.
/// - A record that has expired is none, from that very instant on, swept or not.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::{Effect, Event, Fingerprint, Policy, Reply, Unfinished, step};
///
/// let second = Duration::from_secs;
/// let policy =
///     Policy { retention: second(86_400), attempts_max: 3, unfinished: Unfinished::Hold, strict_expiry: false, skew: second(60) };
/// let begin = Event::<&str>::Begin { fingerprint: Fingerprint(7), lease: second(10), fence: 1, minted: None };
///
/// let (Effect::Put(record), Reply::Execute { token, .. }) = step(None, begin.clone(), second(0), &policy) else { panic!() };
/// let (_, again) = step(Some(&record), begin.clone(), second(4), &policy);
/// assert_eq!(again, Reply::InProgress { retry_after: second(6) });
///
/// let (effect, _) = step(Some(&record), Event::Complete { token, outcome: "paid" }, second(5), &policy);
/// let Effect::Put(record) = effect else { panic!() };
/// assert_eq!(step(Some(&record), begin, second(6), &policy).1, Reply::Replay("paid"));
/// ```
pub fn step<O: Clone, C: Clone>(
    record: Option<&Record<O, C>>,
    event: Event<O, C>,
    now: Duration,
    policy: &Policy,
) -> (Effect<O, C>, Reply<O, C>) {
    let record = record.filter(|record| !record.is_expired(now, policy));
    // What time has done is seen, whether or not somebody has swept.
    if let (Some(lapsed), None) = (record.and_then(|record| record.lapsed(now, policy)), event.token()) {
        return match decide(Some(&lapsed), event, now, policy) {
            (Effect::Keep, reply) => (Effect::Put(lapsed), reply),
            decided => decided,
        };
    }
    let returned;
    let record = match record {
        // Nobody has decided anything yet, so whoever comes back goes on where he was. He knows what nobody else does.
        Some(Record::Indeterminate {
            fingerprint, holder: Some(token), checkpoint, started_before, ..
        }) if event.token() == Some(*token) && !policy.strict_expiry => {
            returned = Record::Started(Lease {
                token: *token,
                fingerprint: *fingerprint,
                until: now,
                checkpoint: checkpoint.clone(),
                started_before: *started_before,
            });
            Some(&returned)
        }
        record => record,
    };
    decide(record, event, now, policy)
}

/// What comes of an event, to a record that is as time has made it.
fn decide<O: Clone, C: Clone>(
    record: Option<&Record<O, C>>,
    event: Event<O, C>,
    now: Duration,
    policy: &Policy,
) -> (Effect<O, C>, Reply<O, C>) {
    match event {
        Event::Begin { fingerprint, lease, fence, minted } => {
            let claim = Claim { fingerprint, until: now.saturating_add(lease), fence };
            begin(record, claim, minted, now, policy)
        }
        Event::EffectStarted { token } => match record {
            Some(Record::Claimed(lease)) if lease.is_held(token, now, policy) => {
                (Effect::Put(Record::Started(lease.clone())), Reply::Done)
            }
            Some(Record::Started(lease)) if lease.is_held(token, now, policy) => (Effect::Keep, Reply::Done),
            _ => (Effect::Keep, Reply::LeaseLost),
        },
        Event::Checkpoint { token, checkpoint } => {
            hold(record, token, now, policy, |lease| Lease { checkpoint: Some(checkpoint), ..lease.clone() })
        }
        Event::Renew { token, lease: longer } => hold(record, token, now, policy, |lease| Lease {
            until: lease.until.max(now.saturating_add(longer)),
            ..lease.clone()
        }),
        Event::Complete { token, outcome } => match record {
            Some(Record::Completed { fence, .. }) if *fence == Some(token.fence) => {
                (Effect::Keep, Reply::Done)
            }
            Some(Record::Claimed(lease) | Record::Started(lease)) if lease.is_held(token, now, policy) => (
                Effect::Put(completed(lease.fingerprint, Some(token.fence), outcome, now, policy)),
                Reply::Done,
            ),
            _ => (Effect::Keep, Reply::LeaseLost),
        },
        Event::Abort { token, counts } => match record {
            Some(Record::Claimed(lease) | Record::Started(lease)) if lease.is_held(token, now, policy) => {
                (release(lease, counts, now, policy), Reply::Done)
            }
            _ => (Effect::Keep, Reply::LeaseLost),
        },
        Event::Settle { outcome } => match record {
            Some(Record::Indeterminate { fingerprint, .. }) => {
                (Effect::Put(completed(*fingerprint, None, outcome, now, policy)), Reply::Done)
            }
            _ => (Effect::Keep, Reply::Refused),
        },
        Event::Reexecute { lease: length, fence } => match record {
            Some(Record::Indeterminate { fingerprint, attempts, checkpoint, .. }) => {
                let claim = Claim { fingerprint: *fingerprint, until: now.saturating_add(length), fence };
                execute(claim, *attempts, checkpoint.clone(), true)
            }
            _ => (Effect::Keep, Reply::Refused),
        },
        Event::Forget => match record {
            Some(Record::Claimed(lease) | Record::Started(lease)) if now < lease.until => {
                (Effect::Keep, Reply::InProgress { retry_after: lease.until.saturating_sub(now) })
            }
            _ => (Effect::Remove, Reply::Done),
        },
        Event::Sweep => match record {
            None => (Effect::Remove, Reply::Done),
            Some(_) => (Effect::Keep, Reply::Done),
        },
    }
}

/// What a request that is to be executed gets.
struct Claim {
    fingerprint: Fingerprint,
    until: Duration,
    fence: u64,
}

fn begin<O: Clone, C: Clone>(
    record: Option<&Record<O, C>>,
    claim: Claim,
    minted: Option<Duration>,
    now: Duration,
    policy: &Policy,
) -> (Effect<O, C>, Reply<O, C>) {
    let Some(record) = record else {
        // A record of it is kept for the retention from its completion, which may be before the key says that it was made.
        if minted.is_some_and(|minted| {
            let latest = now.saturating_add(policy.skew);
            minted > latest || latest >= minted.saturating_add(policy.retention)
        }) {
            return (Effect::Keep, Reply::Expired);
        }
        return execute(claim, 0, None, false);
    };
    match record {
        Record::Released { attempts, checkpoint, started_before, fingerprint, .. } => {
            if *started_before && *fingerprint != claim.fingerprint {
                return (Effect::Keep, Reply::Mismatch);
            }
            // What one request came to is of no use to another.
            let checkpoint = checkpoint.clone().filter(|_| *fingerprint == claim.fingerprint);
            execute(claim, *attempts, checkpoint, *started_before)
        }
        _ if record.fingerprint() != claim.fingerprint => (Effect::Keep, Reply::Mismatch),
        Record::Completed { outcome, .. } => (Effect::Keep, Reply::Replay(outcome.clone())),
        Record::Dead { attempts, .. } => (Effect::Keep, Reply::Dead { attempts: *attempts }),
        Record::Indeterminate { attempts, .. } => {
            (Effect::Keep, Reply::Indeterminate { attempts: *attempts })
        }
        Record::Claimed(lease) | Record::Started(lease) => {
            if now < lease.until {
                return (Effect::Keep, Reply::InProgress { retry_after: lease.until.saturating_sub(now) });
            }
            let attempts = lease.token.attempt;
            if attempts >= policy.attempts_max {
                return (Effect::Put(dead(lease, now, policy)), Reply::Dead { attempts });
            }
            execute(claim, attempts, lease.checkpoint.clone(), record.has_started())
        }
    }
}

fn execute<O, C: Clone>(
    Claim { fingerprint, until, fence }: Claim,
    attempts: u32,
    checkpoint: Option<C>,
    started_before: bool,
) -> (Effect<O, C>, Reply<O, C>) {
    let token = Token { fence, attempt: attempts.saturating_add(1) };
    let lease = Lease { token, fingerprint, until, checkpoint: checkpoint.clone(), started_before };
    (Effect::Put(Record::Claimed(lease)), Reply::Execute { token, checkpoint, started_before })
}

/// Changes the lease of an attempt that is under way.
fn hold<O, C: Clone>(
    record: Option<&Record<O, C>>,
    token: Token,
    now: Duration,
    policy: &Policy,
    change: impl FnOnce(&Lease<C>) -> Lease<C>,
) -> (Effect<O, C>, Reply<O, C>) {
    let held = match record {
        Some(Record::Claimed(lease)) if lease.is_held(token, now, policy) => Record::Claimed(change(lease)),
        Some(Record::Started(lease)) if lease.is_held(token, now, policy) => Record::Started(change(lease)),
        _ => return (Effect::Keep, Reply::LeaseLost),
    };
    (Effect::Put(held), Reply::Done)
}

/// An attempt has ended, and had no effect.
fn release<O, C: Clone>(lease: &Lease<C>, counts: bool, now: Duration, policy: &Policy) -> Effect<O, C> {
    let &Lease { token, fingerprint, ref checkpoint, started_before, .. } = lease;
    let attempts = if counts { token.attempt } else { token.attempt.saturating_sub(1) };
    if started_before && policy.unfinished == Unfinished::Hold {
        // Of this attempt we know, but not of the one before.
        return Effect::Put(indeterminate(lease, attempts, None));
    }
    if counts && attempts >= policy.attempts_max {
        return Effect::Put(dead(lease, now, policy));
    }
    if attempts == 0 && checkpoint.is_none() {
        return Effect::Remove;
    }
    let expires = now.saturating_add(policy.retention);
    Effect::Put(Record::Released {
        fingerprint,
        attempts,
        checkpoint: checkpoint.clone(),
        started_before,
        expires,
    })
}

fn completed<O, C>(
    fingerprint: Fingerprint,
    fence: Option<u64>,
    outcome: O,
    now: Duration,
    policy: &Policy,
) -> Record<O, C> {
    Record::Completed { fingerprint, fence, outcome, expires: now.saturating_add(policy.retention) }
}

fn indeterminate<O, C: Clone>(lease: &Lease<C>, attempts: u32, holder: Option<Token>) -> Record<O, C> {
    let &Lease { fingerprint, ref checkpoint, started_before, .. } = lease;
    Record::Indeterminate { fingerprint, attempts, holder, checkpoint: checkpoint.clone(), started_before }
}

fn dead<O, C>(lease: &Lease<C>, now: Duration, policy: &Policy) -> Record<O, C> {
    let expires = now.saturating_add(policy.retention);
    Record::Dead { fingerprint: lease.fingerprint, attempts: lease.token.attempt, expires }
}

impl<O, C> Event<O, C> {
    /// Of the attempt whose holder caused it.
    const fn token(&self) -> Option<Token> {
        match self {
            Self::EffectStarted { token }
            | Self::Checkpoint { token, .. }
            | Self::Renew { token, .. }
            | Self::Complete { token, .. }
            | Self::Abort { token, .. } => Some(*token),
            Self::Begin { .. }
            | Self::Settle { .. }
            | Self::Reexecute { .. }
            | Self::Forget
            | Self::Sweep => None,
        }
    }
}

impl<C> Lease<C> {
    fn is_held(&self, token: Token, now: Duration, policy: &Policy) -> bool {
        self.token == token && !(policy.strict_expiry && now >= self.until)
    }
}

impl<O, C> Record<O, C> {
    fn is_expired(&self, now: Duration, policy: &Policy) -> bool {
        self.expires(policy).is_some_and(|expires| now >= expires)
    }

    /// What it has become if its lease has run out after its effect began.
    fn lapsed(&self, now: Duration, policy: &Policy) -> Option<Self>
    where
        C: Clone,
    {
        let (Self::Claimed(lease) | Self::Started(lease)) = self else { return None };
        let lapsed = now >= lease.until && self.has_started() && policy.unfinished == Unfinished::Hold;
        lapsed.then(|| indeterminate(lease, lease.token.attempt, Some(lease.token)))
    }

    /// Whether [`step`] answers a copy with the outcome: for who keeps it elsewhere, and looks for it first.
    #[cfg_attr(not(feature = "table"), allow(dead_code, reason = "for the table"))]
    #[inline]
    pub(crate) fn is_replayed(&self, fingerprint: Fingerprint, now: Duration) -> bool {
        matches!(self, Self::Completed { fingerprint: of, expires, .. } if *of == fingerprint && now < *expires)
    }

    fn has_started(&self) -> bool {
        match self {
            Self::Claimed(lease) => lease.started_before,
            Self::Started(_) => true,
            _ => false,
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Claimed(lease) | Self::Started(lease) => lease.fingerprint,
            Self::Completed { fingerprint, .. }
            | Self::Indeterminate { fingerprint, .. }
            | Self::Dead { fingerprint, .. }
            | Self::Released { fingerprint, .. } => *fingerprint,
        }
    }
}

/// Whether a copy is answered with the outcome is told alike by the rules and by who looks for it first: at the instant of expiry
/// and around it, by its fingerprint and by another.
#[cfg(all(test, not(loom)))]
#[test]
fn a_replay_is_what_the_rules_say() {
    let second = Duration::from_secs;
    let mut records = alloc::vec![
        Record::Dead { fingerprint: Fingerprint(1), attempts: 1, expires: second(2) },
        indeterminate(&LEASE, 1, None),
        Record::Claimed(LEASE),
        Record::Started(LEASE),
    ];
    for (expires, fence) in [(1, None), (2, Some(1)), (3, None)] {
        records.push(Record::Completed {
            fingerprint: Fingerprint(1),
            fence,
            outcome: (),
            expires: second(expires),
        });
    }
    let (mut replayed, mut others) = (0, 0);
    for unfinished in [Unfinished::Hold, Unfinished::Retry] {
        let policy = Policy {
            retention: second(9),
            attempts_max: 3,
            unfinished,
            strict_expiry: false,
            skew: second(0),
        };
        for record in &records {
            for (fingerprint, now) in [0, 1, 2]
                .into_iter()
                .flat_map(|print| (0..5).map(move |now| (Fingerprint(print), second(now))))
            {
                let event = Event::Begin { fingerprint, lease: second(1), fence: 7, minted: Some(second(0)) };
                let is_replay = step(Some(record), event, now, &policy).1 == Reply::Replay(());
                assert_eq!(record.is_replayed(fingerprint, now), is_replay, "{record:?} {now:?}");
                *if is_replay { &mut replayed } else { &mut others } += 1;
            }
        }
    }
    assert_eq!((replayed, others), (12, 198));
}

#[cfg(all(test, not(loom)))]
const LEASE: Lease = Lease {
    token: Token { fence: 1, attempt: 1 },
    fingerprint: Fingerprint(1),
    until: Duration::from_secs(2),
    checkpoint: None,
    started_before: false,
};
