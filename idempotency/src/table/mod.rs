//! A table of records by key, shared by threads: the life of a record, which is [`step`](crate::step()), in memory that is
//! bounded.

mod after;
mod attempt;
mod begin;
mod claim;
mod clock;
mod error;
pub(crate) mod fault;
mod inner;
mod limits;
mod lock;
mod os_clock;
mod running;
mod settings;
mod shard;
pub(crate) mod shared;
mod slot;
mod status;
mod store;
pub(crate) mod ticks;
mod waiting;
mod watch;
mod weigh;

pub use crate::store::{Call, LeaseLost, NotForgotten, NotKept, NotSettled, Swept};
pub use begin::Begin;
pub use claim::Claim;
pub use clock::Clock;
pub use error::CompleteError;
pub use limits::Limits;
pub use os_clock::OsClock;
pub use running::Running;
pub use settings::{Settings, SettingsError};
pub use status::Status;
pub use weigh::Weigh;

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::budget::Budget;
use crate::quotas::Quotas;
use crate::sync::{AtomicU64, Ordering};
use crate::{Event, Fingerprint, Key, Reply};
use attempt::{Attempt, fits};
use inner::{Inner, Locked};
use lock::Mutex;
use shard::{Begun, Execution, Name, Shard};
use shared::Shared;
use ticks::Ticks;
use waiting::Seat;

/// Requests by key, each executed once, and its outcome kept for all copies of it.
///
/// A clone is another handle to the same table. `O` is the outcome, and `C` the checkpoint that an attempt may leave to the
/// next.
///
/// # What holds
/// A key has one live lease and one committed outcome; [`step`](crate::step()) says exactly what, and this adds nothing to it. The effect
/// itself happens at most once only behind the fence, or if it refuses to happen twice by a
/// [derived key](Running::derived_key): whoever executes may be paused between the effect and saying so.
/// The table is memory: it ends with its process.
///
/// # Memory
/// What is counted never exceeds the [`Limits`]. At a limit nothing that counts makes room: not what is under way, not an
/// outcome within its retention, and not what is [indeterminate](Begin::Indeterminate), which stays until it is settled.
/// What has expired is removed little by little by each [`begin`](Self::begin), by one that finds no room, and by [`sweep`](Self::sweep).
///
/// # Progress
/// Each call locks one shard of the records, for a look-up and a few steps of sweeping; a shard whose vectors grow takes as
/// long as copying them takes. Under the lock nothing of the caller's is called but `clone`, of the outcome that is replayed, or the
/// checkpoint that is handed on: make them cheap to clone, such as an `Arc`, and don't call the table from there, or it waits for itself.
/// If `clone` panics, nothing has changed. If a `drop`, the clock or a weight panics, no lock is held: what the call has done
/// is done. None of these leaves a lock or a budget behind.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::table::{Begin, Limits, Settings, Table};
/// use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};
///
/// let limits = Limits { records: 100_000, bytes: 64 << 20, records_per_scope: 10_000 };
/// let policy = Policy {
///     retention: Duration::from_secs(86_400),
///     attempts_max: 5,
///     unfinished: Unfinished::Hold,
///     strict_expiry: false,
///     skew: Duration::from_secs(60),
/// };
/// let table = Table::<String>::new(Settings::new(limits, policy, Secret::new([7; 16])))?;
///
/// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
/// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
/// let running = claim.effect_started()?;
/// // Pay here, with the key `running.derived_key("pay")`. A copy of the request comes meanwhile:
/// assert!(matches!(table.begin(&key, Fingerprint(7)), Begin::InProgress { .. }));
/// running.complete("paid".to_owned())?;
///
/// assert!(matches!(table.begin(&key, Fingerprint(7)), Begin::Replay(answer) if answer == "paid"));
/// assert!(matches!(table.begin(&key, Fingerprint(8)), Begin::Mismatch));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Table<O, C = (), K: Clock = OsClock>(Arc<Inner<O, C, K>>);

impl<O, C> Table<O, C> {
    /// By the operating system's clock.
    ///
    /// # Errors
    /// [`SettingsError`] if no table can be made of these settings.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Self::with_clock(settings, OsClock::new())
    }
}

impl<O, C, K: Clock> Table<O, C, K> {
    /// How many of its [bytes](Limits::bytes) each record takes, beside what is reserved for its outcome.
    pub const RECORD_BYTES: u64 = Shard::<O, C>::RECORD_BYTES;

    /// By a clock of the caller's.
    ///
    /// # Errors
    /// [`SettingsError`] if no table can be made of these settings.
    pub fn with_clock(settings: Settings, clock: K) -> Result<Self, SettingsError> {
        settings.check(Self::RECORD_BYTES)?;
        let Settings { limits, policy, secret, lease, reserve, shards, first_fence } = settings;
        let ticks = Ticks::new(policy.retention);
        let shared = Shared {
            policy,
            secret,
            keys: secret.key_hasher(),
            scopes: secret.scope_hasher(),
            ticks,
            records: Budget::new(limits.records as u64),
            bytes: Budget::new(limits.bytes),
            quotas: Quotas::new(limits.records_per_scope, shards),
            fences: AtomicU64::new(first_fence),
        };
        let now = clock.now();
        let shards = (0..shards).map(|_| Locked(Mutex::new(Shard::new(now, ticks)))).collect();
        let swept = AtomicU64::new(0);
        Ok(Self(Arc::new(Inner { shards, shared, clock, lease, reserve, swept })))
    }

    /// A copy of a request comes in.
    ///
    /// The claim that it may get refers to the table, so that it can be sent to another thread.
    pub fn begin(&self, key: &Key<'_>, fingerprint: Fingerprint) -> Begin<O, C, K>
    where
        O: Clone,
        C: Clone,
    {
        self.begin_with(key, Call { fingerprint, lease: self.0.lease, reserve: self.0.reserve })
    }

    /// A copy of a request comes in, whose execution takes more or less than others.
    pub fn begin_with(&self, key: &Key<'_>, call: Call) -> Begin<O, C, K>
    where
        O: Clone,
        C: Clone,
    {
        self.begin_by(self.name(key), call, None)
    }

    /// Somebody found out that the effect of an indeterminate request has happened, and what came of it.
    ///
    /// # Errors
    /// [`NotSettled`] if it isn't indeterminate, or the outcome has more bytes than were reserved. The outcome is dropped.
    pub fn settle(&self, key: &Key<'_>, outcome: O) -> Result<(), NotSettled>
    where
        O: Weigh,
    {
        let hash = self.name(key).hash;
        let weight = outcome.weight();
        let mut outcome = Some(outcome);
        self.0.with(hash, |shard, now, shared, after| {
            let reserved =
                shard.indeterminate(hash, now, shared, after).ok_or(NotSettled::NotIndeterminate)?;
            let bytes =
                fits(weight, reserved).ok_or(NotSettled::TooLarge { weight, room: reserved as usize })?;
            if let Some(outcome) = outcome.take() {
                shard.complete(hash, Event::Settle { outcome: () }, (outcome, bytes), now, shared, after);
            }
            Ok(())
        })
    }

    /// Somebody found out that the effect of an indeterminate request has not happened, or may happen again, and executes
    /// it. Whoever executed it before has lost it.
    ///
    /// # Errors
    /// [`NotSettled::NotIndeterminate`].
    pub fn reexecute(&self, key: &Key<'_>) -> Result<Claim<O, C, K>, NotSettled>
    where
        C: Clone,
    {
        let name = self.name(key);
        let lease = self.0.lease;
        self.0
            .with(name.hash, |shard, now, shared, after| shard.reexecute(name, lease, now, shared, after))
            .map(|execution| self.claim(name, lease, execution))
            .ok_or(NotSettled::NotIndeterminate)
    }

    /// Makes it as if the request had never come: the next copy is executed. Says whether there was a record.
    ///
    /// # Errors
    /// [`NotForgotten`] as long as the lease of an attempt hasn't run out.
    pub fn forget(&self, key: &Key<'_>) -> Result<bool, NotForgotten> {
        let hash = self.name(key).hash;
        self.0
            .with(hash, |shard, now, shared, after| shard.forget(hash, now, shared, after))
            .map_err(|retry_after| NotForgotten { retry_after })
    }

    /// What is known of the request; `None` if nothing.
    pub fn peek(&self, key: &Key<'_>) -> Option<Status> {
        let hash = self.name(key).hash;
        self.0.with(hash, |shard, now, shared, after| shard.peek(hash, now, shared, after))
    }

    /// Removes records that have expired, in so many steps at most: one for each that is removed or filed anew, and for each
    /// shard in which nothing more has expired. Goes on where the last sweep ended. With fewer steps than there are shards it
    /// can't see them all, and so always says that there may be more.
    ///
    /// Nobody has to call it: it frees memory sooner than the next requests would.
    pub fn sweep(&self, steps: u32) -> Swept {
        let mut swept = Swept { removed: 0, more: false };
        let mut left = steps;
        // Relaxed, here and below: it says where to look first, and nothing depends on that.
        let first = self.0.swept.load(Ordering::Relaxed);
        let mut done = 0;
        while done < self.0.shards.len() as u64 {
            if left == 0 {
                // The next sweep begins here, so that however few the steps are, all shards have their turn.
                swept.more = true;
                break;
            }
            let steps = left.min(SWEPT_AT_ONCE);
            let mut unused = steps;
            swept.removed += self.0.with_shard(first.wrapping_add(done), |shard, now, shared, after| {
                shard.sweep(&mut unused, now, shared, after)
            });
            left -= steps - unused;
            if unused > 0 {
                left -= 1;
                done += 1;
            }
        }
        self.0.swept.fetch_add(done, Ordering::Relaxed);
        swept
    }

    /// How many records there are. One that has expired counts until it is swept.
    pub fn len(&self) -> usize {
        usize::try_from(self.0.shared.records.used()).unwrap_or(usize::MAX)
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of its [bytes](Limits::bytes) are in use. A record that has expired counts until it is swept.
    pub fn bytes(&self) -> u64 {
        self.0.shared.bytes.used()
    }

    /// How many keys are waited for.
    #[cfg(test)]
    pub(crate) fn watched(&self) -> usize {
        self.0.watched()
    }

    fn begin_by(&self, name: Name<'_>, call: Call, seat: Option<&mut Seat<O, C, K>>) -> Begin<O, C, K>
    where
        O: Clone,
        C: Clone,
    {
        match self.find_room_and_begin(name, call, seat) {
            Begun::Execute(execution) => Begin::Execute(self.claim(name, call.lease, execution)),
            Begun::Saturated => Begin::Saturated { retry_after: call.lease },
            Begun::Answer(reply) => match reply {
                Reply::InProgress { retry_after } => Begin::InProgress { retry_after },
                Reply::Replay(outcome) => Begin::Replay(outcome),
                Reply::Mismatch => Begin::Mismatch,
                Reply::Indeterminate { attempts } => Begin::Indeterminate { attempts },
                Reply::Dead { attempts } => Begin::Dead { attempts },
                Reply::Expired => Begin::Expired,
                Reply::Execute { .. } | Reply::Done | Reply::LeaseLost | Reply::Refused => {
                    unreachable!("the rules answer a begin otherwise")
                }
            },
        }
    }

    /// Begins, and sweeps as often as is bounded if there is no room.
    fn find_room_and_begin(
        &self,
        name: Name<'_>,
        call: Call,
        mut seat: Option<&mut Seat<O, C, K>>,
    ) -> Begun<O, C>
    where
        O: Clone,
        C: Clone,
    {
        let mut begun = self.try_begin(name, call, seat.as_deref_mut());
        for _ in 0..RETRIES {
            // Another thread may take what was found, so once more. But nobody is kept for long.
            if !matches!(begun, Begun::Saturated) || self.sweep(SWEPT_UNDER_PRESSURE).removed == 0 {
                break;
            }
            begun = self.try_begin(name, call, seat.as_deref_mut());
        }
        begun
    }

    fn try_begin(&self, name: Name<'_>, call: Call, seat: Option<&mut Seat<O, C, K>>) -> Begun<O, C>
    where
        O: Clone,
        C: Clone,
    {
        self.0.with(name.hash, |shard, now, shared, after| {
            let mut steps = SWEPT_BY_EACH;
            shard.sweep(&mut steps, now, shared, after);
            let begun = shard.begin(name, call, now, shared, after);
            if let Some(seat) = seat {
                seat.has_begun(&begun, shard);
            }
            begun
        })
    }

    fn name<'a>(&self, key: &Key<'a>) -> Name<'a> {
        Name { hash: key.hash_by(self.0.shared.keys), key: *key }
    }

    fn claim(&self, name: Name<'_>, lease: Duration, execution: Execution<C>) -> Claim<O, C, K> {
        let Execution { token, checkpoint, started_before, reserved } = execution;
        let attempt = Attempt { table: Arc::clone(&self.0), hash: name.hash, token, lease, reserved };
        Claim::new(attempt, checkpoint, started_before)
    }
}

impl<O, C, K: Clock> Clone for Table<O, C, K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<O, C, K: Clock> fmt::Debug for Table<O, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

/// Steps that each begin takes: more than a record needs in all its life, so that what expires doesn't pile up.
const SWEPT_BY_EACH: u32 = 8;
/// Steps that a begin takes that finds no room.
const SWEPT_UNDER_PRESSURE: u32 = 128;
/// How often it tries again.
const RETRIES: u32 = 2;
/// Steps that are taken under one lock.
const SWEPT_AT_ONCE: u32 = 32;
