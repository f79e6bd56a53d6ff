use super::*;

/// What is wrong with a store. Those that are known from somewhere say from what kind of store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bug {
    /// Two round trips where one has to decide, over no record, a lease that has run out, and an outcome that has expired.
    LooksThenInserts,
    LooksThenTakesOver,
    LooksThenReplaces,
    /// The same in what a holder does.
    LooksThenCompletes,
    LooksThenRenews,
    LooksThenAborts,
    /// A cache entry that is consumed by reading it.
    ReplaysOnce,
    FingerprintIgnored,
    FingerprintSticks,
    /// Attempts counted in the record, and so anew with each record.
    FencePerRecord,
    /// The counter goes with the records.
    FenceIsSwept,
    /// A token is compared by its attempt alone.
    FenceIgnored,
    /// Each of them: by key alone, as where a lock is released by deleting its key.
    ZombieStarts,
    ZombieCompletes,
    ZombieAborts,
    ZombieRenews,
    ZombieLeavesCheckpoint,
    /// A plain "set".
    CompletesWhatIsNotThere,
    CompletesAgain,
    StrictOtherwise,
    LeaseEndsLate,
    LeaseEndsEarly,
    /// The expiry is set when the key is claimed, and not again.
    RetentionFromBegin,
    /// What is expired is there until somebody sweeps.
    ExpiredIsServed,
    RenewalShortens,
    RenewalAddsUp,
    MintedIgnored,
    AheadIsAccepted,
    /// `now - since`, unsigned.
    ElapsedWraps,
    /// What is removed is forgotten, and so is when that was.
    TimeGoesBack,
    /// A string of C.
    KeyEndsAtNul,
    KeyIsText,
    ScopesRunTogether,
    OperationIgnored,
    /// "Nothing" for "nothing yet".
    EmptyIsNone,
    TooLargeIsCut,
    /// A cache that declines what is too large.
    TooLargeIsDropped,
    /// What has too many bytes is refused without a look at the record.
    SizeBeforeLease,
    AbortAlwaysCounts,
    AbortWaitsForTheLease,
    /// An abort is taken for news of all attempts: of one that is held, and of one that is retried.
    AbortForgetsTheHeld,
    AbortForgetsTheRetried,
    ReleasedStays,
    NobodyDies,
    CheckpointIsDropped,
    CheckpointOfAnother,
    HeldIsRetried,
    RetriedIsHeld,
    SweepsHeld,
    SettlesAnything,
    /// The state is a column, which somebody has to have written.
    SettlesWhatWasSeen,
    ReexecutesAsBefore,
    ReexecutesAsNew,
    ForgetsWhatRuns,
    /// The least recently used.
    EvictsLive,
    ScopeTakesAll,
    GlobalIsATenant,
    SweepsCompleted,
    /// Auto-commit.
    WritesAtOnce,
    CommitsDataAlone,
    CommitsUnchecked,
    LostInTransactionIsNotTold,
}

impl Reference {
    /// What is wrong before the step.
    pub(super) fn plant(
        &self,
        record: Option<&Record<Bytes, Bytes>>,
        event: &mut Event<Bytes, Bytes>,
        now: &mut Duration,
    ) {
        let current = match record {
            Some(Record::Claimed(lease) | Record::Started(lease)) => Some(lease.token),
            _ => None,
        };
        let zombie = match event {
            Event::EffectStarted { token } => Some((token, Bug::ZombieStarts)),
            Event::Complete { token, .. } => Some((token, Bug::ZombieCompletes)),
            Event::Abort { token, .. } => Some((token, Bug::ZombieAborts)),
            Event::Renew { token, .. } => Some((token, Bug::ZombieRenews)),
            Event::Checkpoint { token, .. } => Some((token, Bug::ZombieLeavesCheckpoint)),
            _ => None,
        };
        if let (Some((token, bug)), Some(current)) = (zombie, current) {
            if self.has(bug) || self.has(Bug::FenceIgnored) && token.attempt == current.attempt {
                *token = current;
            }
        }
        match event {
            Event::Begin { fingerprint, fence, minted, .. } => {
                match record {
                    Some(
                        Record::Completed { fingerprint: old, .. }
                        | Record::Claimed(Lease { fingerprint: old, .. }),
                    ) if self.has(Bug::FingerprintIgnored) => {
                        *fingerprint = *old;
                    }
                    _ => {}
                }
                if self.has(Bug::FencePerRecord) {
                    *fence = u64::from(current.map_or(0, |token| token.attempt)) + 1;
                }
                if self.has(Bug::MintedIgnored) {
                    *minted = None;
                }
                if self.has(Bug::AheadIsAccepted) {
                    *minted = minted.map(|minted| minted.min(*now));
                }
                if self.has(Bug::LeaseEndsLate) && record.is_some() {
                    *now -= UNIT;
                }
                if self.has(Bug::LeaseEndsEarly) && record.is_some() {
                    *now += UNIT;
                }
                if self.has(Bug::ExpiredIsServed) && matches!(record, Some(Record::Completed { .. })) {
                    *now = Duration::ZERO;
                }
            }
            Event::Complete { outcome, .. } if self.has(Bug::EmptyIsNone) && outcome.is_empty() => {
                *outcome = b"null".to_vec();
            }
            Event::Reexecute { fence, .. } if self.has(Bug::ReexecutesAsBefore) => {
                if let Some(Record::Indeterminate { holder: Some(holder), .. }) = record {
                    *fence = holder.fence;
                }
            }
            Event::Abort { counts, .. } => *counts |= self.has(Bug::AbortAlwaysCounts),
            _ => {}
        }
    }

    /// What is wrong after the step.
    pub(super) fn plant_after(
        &self,
        record: Option<&Record<Bytes, Bytes>>,
        event: &Event<Bytes, Bytes>,
        now: Duration,
        effect: &mut Effect<Bytes, Bytes>,
        reply: &mut Reply<Bytes, Bytes>,
    ) {
        match (event, record) {
            (Event::Begin { .. }, Some(Record::Completed { .. }))
                if self.has(Bug::ReplaysOnce) && matches!(reply, Reply::Replay(_)) =>
            {
                *effect = Effect::Remove;
            }
            (
                Event::Begin { fingerprint, .. },
                Some(Record::Released { fingerprint: old, checkpoint: left, .. }),
            ) => {
                if self.has(Bug::FingerprintSticks) && fingerprint != old {
                    (*effect, *reply) = (Effect::Keep, Reply::Mismatch);
                }
                if let (true, Reply::Execute { checkpoint, .. }) = (self.has(Bug::CheckpointOfAnother), reply)
                {
                    checkpoint.clone_from(left);
                }
            }
            (Event::Complete { outcome, token }, None | Some(Record::Completed { .. })) => {
                let is_planted = match record {
                    None => self.has(Bug::CompletesWhatIsNotThere),
                    Some(_) => self.has(Bug::CompletesAgain) && matches!(reply, Reply::Done),
                };
                if is_planted {
                    *effect = Effect::Put(completed(*token, outcome.clone(), now, &self.setting.policy));
                    *reply = Reply::Done;
                }
            }
            (Event::Renew { lease: longer, .. }, Some(Record::Claimed(lease)))
                if matches!(reply, Reply::Done) =>
            {
                let mut lease = lease.clone();
                if self.has(Bug::RenewalShortens) {
                    lease.until = now + *longer;
                } else if self.has(Bug::RenewalAddsUp) {
                    lease.until += *longer;
                } else {
                    return;
                }
                *effect = Effect::Put(Record::Claimed(lease));
            }
            (Event::Abort { .. }, _) if self.has(Bug::AbortWaitsForTheLease) => *effect = Effect::Keep,
            (Event::Abort { .. }, _)
                if self.has(Bug::AbortForgetsTheHeld)
                    && matches!(effect, Effect::Put(Record::Indeterminate { .. })) =>
            {
                *effect = Effect::Remove;
            }
            (Event::Settle { .. }, Some(Record::Started(_))) if self.has(Bug::SettlesWhatWasSeen) => {
                (*effect, *reply) = (Effect::Keep, Reply::Refused);
            }
            (Event::Reexecute { .. }, _) if self.has(Bug::ReexecutesAsNew) => {
                if let Effect::Put(Record::Claimed(lease)) = effect {
                    lease.started_before = false;
                }
            }
            (Event::Settle { outcome }, Some(_)) if self.has(Bug::SettlesAnything) => {
                let nobody = Token { fence: 0, attempt: 0 };
                (*effect, *reply) =
                    (Effect::Put(completed(nobody, outcome.clone(), now, &self.setting.policy)), Reply::Done);
            }
            _ => {}
        }
    }

    /// What is wrong in what is kept.
    pub(super) fn plant_in_kept(&self, kept: &mut Kept) {
        match &mut kept.record {
            Record::Completed { expires, .. } if self.has(Bug::RetentionFromBegin) => {
                *expires = kept.begun + self.setting.policy.retention;
            }
            Record::Released { checkpoint, .. } if self.has(Bug::CheckpointIsDropped) => *checkpoint = None,
            Record::Released { started_before, .. } if self.has(Bug::AbortForgetsTheRetried) => {
                *started_before = false;
            }
            Record::Released { expires, .. } if self.has(Bug::ReleasedStays) => *expires = Duration::MAX,
            _ => {}
        }
    }
}

/// A record of the suite's own request.
fn completed(token: Token, outcome: Bytes, now: Duration, policy: &Policy) -> Record<Bytes, Bytes> {
    let begin = Event::Begin {
        fingerprint: Fingerprint(0x5EED),
        lease: Duration::from_secs(1),
        fence: token.fence,
        minted: None,
    };
    let (Effect::Put(claimed), Reply::Execute { token, .. }) = step(None, begin, now, policy) else {
        unreachable!("there is no record before")
    };
    let (Effect::Put(record), _) = step(Some(&claimed), Event::Complete { token, outcome }, now, policy)
    else {
        unreachable!("the lease is held")
    };
    record
}

/// The suite's smallest difference between times.
const UNIT: Duration = Duration::from_millis(1);
