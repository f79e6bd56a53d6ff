//! The simplest store that can be right: a sorted map, a lock, and `step`. And what can be wrong with it, one line each.

mod bug;
mod tx;

use core::time::Duration;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard};
use std::task::Poll;

use spacelike_idempotency::conformance::{Harness, Setting};
use spacelike_idempotency::store::{
    Begun, Call, Execution, LeaseLost, NotForgotten, NotKept, NotSettled, Store, Swept,
};
use spacelike_idempotency::{
    Effect, Event, Fingerprint, Key, Lease, Policy, Record, Reply, Scope, Token, Unfinished, step,
};

pub(crate) use self::bug::Bug;

pub(crate) struct Reference {
    setting: Setting,
    bug: Option<Bug>,
    state: Mutex<State>,
}

struct State {
    records: BTreeMap<Vec<u8>, Kept>,
    fence: u64,
    now: Duration,
    /// The latest that was seen.
    last: Duration,
    /// What transactions of the caller write.
    datum: Option<Vec<u8>>,
}

struct Kept {
    record: Record<Vec<u8>, Vec<u8>>,
    scope: Vec<u8>,
    reserve: u32,
    begun: Duration,
}

type Bytes = Vec<u8>;

impl Reference {
    pub(crate) fn new(setting: Setting, bug: Option<Bug>) -> Self {
        let now = Duration::from_secs(1_700_000_000);
        let state = State { records: BTreeMap::new(), fence: 0, now, last: now, datum: None };
        Self { setting, bug, state: Mutex::new(state) }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What a record is found by.
    fn name(&self, key: &Key<'_>) -> Vec<u8> {
        let mut name = encode(key);
        if self.has(Bug::KeyEndsAtNul) {
            let text = key.as_bytes().split(|&byte| byte == 0).next().unwrap_or_default();
            name = [b"text:", text].concat();
        }
        if self.has(Bug::KeyIsText) {
            name = String::from_utf8_lossy(key.as_bytes()).into_owned().into();
        }
        if self.has(Bug::ScopesRunTogether) {
            name = [&tenant(key)[..], key.operation().as_bytes(), key.as_bytes()].concat();
        }
        if self.has(Bug::OperationIgnored) {
            name = [&tenant(key)[..], b":", key.as_bytes()].concat();
        }
        name
    }

    /// What the records of a scope are counted by.
    fn scope(&self, key: &Key<'_>) -> Vec<u8> {
        if self.has(Bug::GlobalIsATenant) { tenant(key) } else { format!("{:?}", key.scope()).into() }
    }

    fn policy(&self) -> Policy {
        let mut policy = self.setting.policy;
        policy.strict_expiry ^= self.has(Bug::StrictOtherwise);
        if self.has(Bug::HeldIsRetried) {
            policy.unfinished = Unfinished::Retry;
        }
        if self.has(Bug::RetriedIsHeld) {
            policy.unfinished = Unfinished::Hold;
        }
        if self.has(Bug::NobodyDies) {
            policy.attempts_max = u32::MAX;
        }
        policy
    }

    fn now(&self, state: &mut State) -> Duration {
        if self.has(Bug::ElapsedWraps) && state.now < state.last {
            return Duration::MAX;
        }
        state.last = state.last.max(state.now);
        if self.has(Bug::TimeGoesBack) { state.now } else { state.last }
    }

    /// What comes of an event, before anything is changed.
    fn decide(
        &self,
        state: &mut State,
        name: &[u8],
        mut event: Event<Bytes, Bytes>,
    ) -> (Effect<Bytes, Bytes>, Reply<Bytes, Bytes>) {
        let mut now = self.now(state);
        let policy = self.policy();
        let record = state.records.get(name).map(|kept| &kept.record);
        self.plant(record, &mut event, &mut now);
        let (mut effect, mut reply) = step(record, event.clone(), now, &policy);
        self.plant_after(record, &event, now, &mut effect, &mut reply);
        (effect, reply)
    }

    /// Changes what is to be changed.
    fn apply(
        &self,
        state: &mut State,
        name: &[u8],
        effect: Effect<Bytes, Bytes>,
        key: Option<(&Key<'_>, u32)>,
    ) {
        let now = self.now(state);
        match effect {
            Effect::Keep => {}
            Effect::Remove => {
                state.records.remove(name);
            }
            Effect::Put(record) => {
                let old = state.records.remove(name);
                let (scope, reserve) = match (&old, key) {
                    (_, Some((key, reserve))) => (self.scope(key), reserve),
                    (Some(kept), None) => (kept.scope.clone(), kept.reserve),
                    (None, None) => (Vec::new(), 0),
                };
                let begun = old.filter(|_| key.is_none()).map_or(now, |kept| kept.begun);
                let mut kept = Kept { record, scope, reserve, begun };
                self.plant_in_kept(&mut kept);
                state.records.insert(name.to_vec(), kept);
            }
        }
    }

    fn event(&self, key: &Key<'_>, event: Event<Bytes, Bytes>) -> Reply<Bytes, Bytes> {
        let (mut state, name) = (self.lock(), self.name(key));
        let (effect, reply) = self.decide(&mut state, &name, event);
        self.apply(&mut state, &name, effect, None);
        reply
    }

    async fn held(&self, key: &Key<'_>, token: Token, event: Event<Bytes, Bytes>) -> Result<(), LeaseLost> {
        let reply = if self.is_held_in_two_steps(&event) {
            let name = self.name(key);
            let (effect, reply) = self.decide(&mut self.lock(), &name, event);
            others_run().await;
            self.apply(&mut self.lock(), &name, effect, None);
            reply
        } else {
            self.event(key, event)
        };
        if reply == Reply::Done { Ok(()) } else { Err(LeaseLost { token }) }
    }

    /// How large an outcome may be.
    fn room(state: &State, name: &[u8]) -> usize {
        state.records.get(name).map_or(0, |kept| kept.reserve as usize)
    }

    /// What comes of a completion, before anything is changed. Who has lost the lease is told so, whatever he brings; what is
    /// not to be kept may have any size.
    fn decide_completion(
        &self,
        state: &mut State,
        name: &[u8],
        token: Token,
        outcome: Bytes,
    ) -> Result<Effect<Bytes, Bytes>, NotKept> {
        let (weight, room) = (outcome.len(), Self::room(state, name));
        let (effect, reply) = self.decide(state, name, Event::Complete { token, outcome });
        let is_kept = matches!(effect, Effect::Put(_)) || self.has(Bug::SizeBeforeLease);
        if is_kept && weight > room {
            return Err(NotKept::TooLarge { weight, room });
        }
        if reply == Reply::Done { Ok(effect) } else { Err(LeaseLost { token }.into()) }
    }

    /// Whether there is room for a record, after what has expired is gone.
    fn has_room(&self, state: &mut State, key: &Key<'_>) -> bool {
        let (all, of_scope) = (
            self.setting.records.unwrap_or(usize::MAX),
            self.setting.records_per_scope.unwrap_or(usize::MAX),
        );
        let count = |state: &State| {
            let of_scope = state.records.values().filter(|kept| kept.scope == self.scope(key)).count();
            (state.records.len(), of_scope)
        };
        let (records, records_of_scope) = count(state);
        if records < all && records_of_scope < of_scope {
            return true;
        }
        self.sweep_all(state);
        if self.has(Bug::EvictsLive) && state.records.len() >= all {
            state.records.pop_first();
        }
        let (records, records_of_scope) = count(state);
        records < all && (records_of_scope < of_scope || self.has(Bug::ScopeTakesAll))
    }

    fn sweep_all(&self, state: &mut State) -> usize {
        let before = state.records.len();
        for name in state.records.keys().cloned().collect::<Vec<_>>() {
            let (effect, _) = self.decide(state, &name, Event::Sweep);
            self.apply(state, &name, effect, None);
        }
        before - state.records.len()
    }

    fn begin_now(&self, state: &mut State, key: &Key<'_>, call: Call) -> Decision {
        let name = self.name(key);
        state.fence += 1;
        let event = Event::Begin {
            fingerprint: call.fingerprint,
            lease: call.lease,
            fence: state.fence,
            minted: key.minted_at(),
        };
        let (effect, reply) = self.decide(state, &name, event);
        let is_new = matches!(effect, Effect::Put(_)) && !state.records.contains_key(&name);
        if is_new && !self.has_room(state, key) {
            return (Effect::Keep, Begun::Saturated { retry_after: Duration::from_secs(1) });
        }
        (effect, Begun::from_reply(reply).unwrap())
    }

    fn is_held_in_two_steps(&self, event: &Event<Bytes, Bytes>) -> bool {
        match event {
            Event::Complete { .. } => self.has(Bug::LooksThenCompletes),
            Event::Renew { .. } => self.has(Bug::LooksThenRenews),
            Event::Abort { .. } => self.has(Bug::LooksThenAborts),
            _ => false,
        }
    }

    fn is_begun_in_two_steps(&self, key: &Key<'_>) -> bool {
        let mut state = self.lock();
        let now = self.now(&mut state);
        let record = state.records.get(&self.name(key)).map(|kept| &kept.record);
        match self.bug {
            Some(Bug::LooksThenInserts) => record.is_none(),
            Some(Bug::LooksThenTakesOver) => {
                matches!(record, Some(Record::Claimed(lease)) if lease.until <= now)
            }
            Some(Bug::LooksThenReplaces) => matches!(record, Some(Record::Completed { .. })),
            _ => false,
        }
    }
}

/// What is to become of a record, and what is to be answered.
type Decision = (Effect<Bytes, Bytes>, Begun<Bytes, Bytes>);

impl Store for Reference {
    type Outcome = Bytes;
    type Checkpoint = Bytes;
    type Error = Infallible;

    async fn begin(&self, key: &Key<'_>, call: Call) -> Result<Begun<Bytes, Bytes>, Infallible> {
        let changed = Some((key, call.reserve));
        if self.is_begun_in_two_steps(key) {
            let (effect, begun) = self.begin_now(&mut self.lock(), key, call);
            others_run().await;
            self.apply(&mut self.lock(), &self.name(key), effect, changed);
            return Ok(begun);
        }
        let mut state = self.lock();
        let (effect, begun) = self.begin_now(&mut state, key, call);
        let changed = changed.filter(|_| matches!(begun, Begun::Execute(_)));
        self.apply(&mut state, &self.name(key), effect, changed);
        Ok(begun)
    }

    async fn effect_started(&self, key: &Key<'_>, token: Token) -> Result<Result<(), LeaseLost>, Infallible> {
        Ok(self.held(key, token, Event::EffectStarted { token }).await)
    }

    async fn checkpoint(
        &self,
        key: &Key<'_>,
        token: Token,
        checkpoint: Bytes,
    ) -> Result<Result<(), NotKept>, Infallible> {
        Ok(self.held(key, token, Event::Checkpoint { token, checkpoint }).await.map_err(NotKept::from))
    }

    async fn renew(
        &self,
        key: &Key<'_>,
        token: Token,
        lease: Duration,
    ) -> Result<Result<(), LeaseLost>, Infallible> {
        Ok(self.held(key, token, Event::Renew { token, lease }).await)
    }

    async fn complete(
        &self,
        key: &Key<'_>,
        token: Token,
        mut outcome: Bytes,
    ) -> Result<Result<(), NotKept>, Infallible> {
        if self.has(Bug::LooksThenCompletes) {
            return Ok(self
                .held(key, token, Event::Complete { token, outcome })
                .await
                .map_err(NotKept::from));
        }
        let (mut state, name) = (self.lock(), self.name(key));
        if self.has(Bug::TooLargeIsCut) {
            outcome.truncate(Self::room(&state, &name));
        }
        Ok(match self.decide_completion(&mut state, &name, token, outcome) {
            Ok(effect) => {
                self.apply(&mut state, &name, effect, None);
                Ok(())
            }
            Err(NotKept::TooLarge { .. }) if self.has(Bug::TooLargeIsDropped) => {
                state.records.remove(&name);
                Ok(())
            }
            Err(refused) => Err(refused),
        })
    }

    async fn abort(
        &self,
        key: &Key<'_>,
        token: Token,
        counts: bool,
    ) -> Result<Result<(), LeaseLost>, Infallible> {
        Ok(self.held(key, token, Event::Abort { token, counts }).await)
    }

    async fn settle(&self, key: &Key<'_>, outcome: Bytes) -> Result<Result<(), NotSettled>, Infallible> {
        Ok(match self.event(key, Event::Settle { outcome }) {
            Reply::Done => Ok(()),
            _ => Err(NotSettled::NotIndeterminate),
        })
    }

    async fn reexecute(
        &self,
        key: &Key<'_>,
        lease: Duration,
    ) -> Result<Result<Execution<Bytes>, NotSettled>, Infallible> {
        let (mut state, name) = (self.lock(), self.name(key));
        state.fence += 1;
        let event = Event::Reexecute { lease, fence: state.fence };
        let (effect, reply) = self.decide(&mut state, &name, event);
        self.apply(&mut state, &name, effect, None);
        Ok(match Begun::from_reply(reply) {
            Some(Begun::Execute(execution)) => Ok(execution),
            _ => Err(NotSettled::NotIndeterminate),
        })
    }

    async fn forget(&self, key: &Key<'_>) -> Result<Result<(), NotForgotten>, Infallible> {
        if self.has(Bug::ForgetsWhatRuns) {
            self.lock().records.remove(&self.name(key));
        }
        Ok(match self.event(key, Event::Forget) {
            Reply::InProgress { retry_after } => Err(NotForgotten { retry_after }),
            _ => Ok(()),
        })
    }

    async fn sweep(&self, _: u32) -> Result<Swept, Infallible> {
        let mut state = self.lock();
        if self.has(Bug::SweepsHeld) {
            state.records.retain(|_, kept| !matches!(kept.record, Record::Indeterminate { .. }));
        }
        if self.has(Bug::SweepsCompleted) {
            state.records.retain(|_, kept| !matches!(kept.record, Record::Completed { .. }));
        }
        let removed = u32::try_from(self.sweep_all(&mut state)).unwrap();
        if self.has(Bug::FenceIsSwept) && removed > 0 {
            state.fence = 0;
        }
        Ok(Swept { removed, more: false })
    }
}

/// Makes references, with a bug or none.
pub(crate) struct References(pub(crate) Option<Bug>);

impl Harness for References {
    type Store = Reference;

    fn store(&self, setting: &Setting) -> Option<Reference> {
        Some(Reference::new(*setting, self.0))
    }

    fn now(&self, store: &Reference) -> Duration {
        store.lock().now
    }

    fn advance(&self, store: &Reference, by: Duration) -> bool {
        store.lock().now += by;
        true
    }

    fn rewind(&self, store: &Reference, by: Duration) -> bool {
        store.lock().now -= by;
        true
    }
}

/// No two keys are alike.
fn encode(key: &Key<'_>) -> Vec<u8> {
    let tenant = match key.scope() {
        Scope::Global => None,
        Scope::Tenant(tenant) => Some(tenant),
    };
    format!("{:?}", (tenant, key.operation(), key.as_bytes())).into()
}

/// All global keys are taken for a tenant's.
fn tenant(key: &Key<'_>) -> Vec<u8> {
    match key.scope() {
        Scope::Global => b"global".to_vec(),
        Scope::Tenant(tenant) => tenant.to_vec(),
    }
}

/// Pending once: everyone else has a turn.
async fn others_run() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
