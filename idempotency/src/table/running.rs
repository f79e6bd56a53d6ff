use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::time::Duration;

use crate::table::attempt::{Attempt, fits};
use crate::table::waiting;
use crate::table::{Clock, CompleteError, LeaseLost, NotKept, OsClock, Weigh};
use crate::{DerivedKey, Token};

/// An attempt whose effect has begun.
///
/// To drop it changes nothing, because nobody knows whether the effect has happened: the lease is held until it runs out,
/// and then the request is indeterminate, or executed again, as the [`Policy`](crate::Policy) says.
#[must_use = "dropping it leaves the request indeterminate"]
pub struct Running<O, C = (), K: Clock = OsClock> {
    attempt: Attempt<O, C, K>,
    checkpoint: Option<C>,
    started_before: bool,
}

impl<O, C, K: Clock> Running<O, C, K> {
    pub(crate) fn new(attempt: Attempt<O, C, K>, checkpoint: Option<C>, started_before: bool) -> Self {
        Self { attempt, checkpoint, started_before }
    }

    /// Whose attempt it is.
    pub fn token(&self) -> Token {
        self.attempt.token
    }

    /// Greater than that of every attempt before, at whatever request: for whatever the effect writes to, to refuse those
    /// that are lost and don't know it.
    pub fn fence(&self) -> u64 {
        self.attempt.token.fence
    }

    /// How far an attempt before came.
    pub fn left_behind(&self) -> Option<&C> {
        self.checkpoint.as_ref()
    }

    /// Whether the effect of an attempt before has begun. Then this one may be its repetition.
    pub fn started_before(&self) -> bool {
        self.started_before
    }

    /// For how long nobody else may take over, if it isn't renewed. Zero if that is over.
    pub fn remaining(&self) -> Duration {
        self.attempt.remaining()
    }

    /// The key of a downstream call: the same for all attempts at the request, also after a restart with the same secret.
    pub fn derived_key(&self, label: &str) -> DerivedKey {
        self.attempt.derived_key(label)
    }

    /// Makes the lease as long as it was at first, from now on. If nobody has decided anything since it ran out, the attempt
    /// goes on.
    ///
    /// # Errors
    /// [`LeaseLost`].
    pub fn renew(&self) -> Result<(), LeaseLost> {
        self.attempt.renew()
    }

    /// Whether everything that it could do is refused: somebody else has the request, or has decided it.
    pub fn is_lost(&self) -> bool {
        self.attempt.is_lost()
    }

    /// Is ready when everything that the attempt could do is refused: when [`is_lost`](Self::is_lost) says so, or when the
    /// attempt has ended in another way. It refers to the table, and can be kept for longer than the guard.
    ///
    /// It is somebody else's call that takes the attempt away, and so wakes it. Time alone takes it away with
    /// [`Policy::strict_expiry`](crate::Policy::strict_expiry), when the lease has run out, and otherwise only when the record
    /// expires; and wakes nobody: then look at [`remaining`](Self::remaining) as well.
    ///
    /// # Cancellation
    /// It may be dropped at any time, and leaves nothing behind.
    ///
    /// # Examples
    /// ```
    /// # use core::future::Future;
    /// # use core::task::{Context, Waker};
    /// # use core::time::Duration;
    /// # use spacelike_idempotency::table::{Begin, Limits, Settings, Table};
    /// # use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};
    /// # let limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
    /// # let policy = Policy { retention: Duration::from_secs(60), attempts_max: 3, unfinished: Unfinished::Retry, strict_expiry: false, skew: Duration::ZERO };
    /// # let settings = Settings::new(limits, policy, Secret::new([7; 16]));
    /// # let mut context = Context::from_waker(Waker::noop());
    /// # let now = std::sync::atomic::AtomicU64::new(0);
    /// # let clock = || Duration::from_secs(now.load(std::sync::atomic::Ordering::Relaxed));
    /// # let table = Table::<u64, (), _>::with_clock(settings, clock)?;
    /// # let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
    /// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
    /// let running = claim.effect_started()?;
    /// let mut lost = Box::pin(running.lost());
    /// assert!(lost.as_mut().poll(&mut context).is_pending());
    /// # now.store(60, std::sync::atomic::Ordering::Relaxed);
    ///
    /// // Nothing is heard of it for a minute, and a copy of the request comes in.
    /// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
    /// assert!(lost.as_mut().poll(&mut context).is_ready());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lost(&self) -> impl Future<Output = ()> + use<O, C, K> {
        waiting::lost(&self.attempt)
    }

    /// The attempt came so far that the next one may go on from there, where the policy allows for one.
    ///
    /// # Errors
    /// [`NotKept`]: the lease is lost, or the checkpoint has more bytes than were reserved. It is dropped.
    pub fn checkpoint(&self, checkpoint: C) -> Result<(), NotKept>
    where
        C: Weigh,
    {
        self.attempt.checkpoint(checkpoint)
    }

    /// The request was executed, and each copy of it is answered with `outcome` until the retention is over.
    ///
    /// # Errors
    /// [`CompleteError`]: the lease is lost, or the outcome is too large, which gives the guard back: complete it with less.
    pub fn complete(self, outcome: O) -> Result<(), CompleteError<Self, O>>
    where
        O: Weigh,
    {
        let (weight, reserved) = (outcome.weight(), self.attempt.reserved);
        let Some(bytes) = fits(weight, reserved) else {
            return Err(CompleteError::TooLarge { guard: Box::new(self), outcome, weight, reserved });
        };
        self.attempt.complete(outcome, bytes).map_err(CompleteError::LeaseLost)
    }

    /// There was no effect, as far as this attempt goes: the next copy is executed. The attempt counts as one that failed.
    ///
    /// # Errors
    /// [`LeaseLost`].
    pub fn abort(self) -> Result<(), LeaseLost> {
        self.attempt.abort(true)
    }
}

impl<O, C, K: Clock> fmt::Debug for Running<O, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("token", &self.attempt.token).finish_non_exhaustive()
    }
}
