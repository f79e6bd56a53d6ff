use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use crate::table::attempt::{Attempt, fits};
use crate::table::{Clock, CompleteError, LeaseLost, OsClock, Running, Weigh};
use crate::{DerivedKey, Event, Token};

/// The right to execute a request, before its effect.
///
/// Nothing has happened yet, so to drop it releases the request, as if it hadn't come: the next copy is executed. Call
/// [`effect_started`](Self::effect_started) before anything happens that somebody else could see.
///
/// # Examples
/// ```
/// # use core::time::Duration;
/// # use spacelike_idempotency::table::{Begin, Limits, Settings, Table};
/// # use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};
/// # let limits = Limits { records: 9, bytes: 1 << 20, records_per_scope: 9 };
/// # let policy = Policy { retention: Duration::from_secs(60), attempts_max: 3, unfinished: Unfinished::Hold, strict_expiry: false, skew: Duration::ZERO };
/// # let table = Table::<u64>::new(Settings::new(limits, policy, Secret::new([7; 16])))?;
/// let key = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17")?;
/// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
/// drop(claim); // the card was declined before anything was sent
///
/// let Begin::Execute(claim) = table.begin(&key, Fingerprint(7)) else { panic!() };
/// let running = claim.effect_started()?;
/// running.complete(200)?;
/// assert!(matches!(table.begin(&key, Fingerprint(7)), Begin::Replay(200)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping it releases the request"]
pub struct Claim<O, C = (), K: Clock = OsClock> {
    /// `None` if another guard has it.
    attempt: Option<Attempt<O, C, K>>,
    checkpoint: Option<C>,
    started_before: bool,
}

impl<O, C, K: Clock> Claim<O, C, K> {
    pub(crate) fn new(attempt: Attempt<O, C, K>, checkpoint: Option<C>, started_before: bool) -> Self {
        Self { attempt: Some(attempt), checkpoint, started_before }
    }

    /// Whose attempt it is.
    pub fn token(&self) -> Token {
        self.attempt().token
    }

    /// Greater than that of every attempt before, at whatever request: for whatever the effect writes to, to refuse those
    /// that are lost and don't know it.
    pub fn fence(&self) -> u64 {
        self.token().fence
    }

    /// How far an attempt before came.
    pub fn checkpoint(&self) -> Option<&C> {
        self.checkpoint.as_ref()
    }

    /// Whether the effect of an attempt before has begun. Then this one may be its repetition.
    pub fn started_before(&self) -> bool {
        self.started_before
    }

    /// For how long nobody else may take over, if it isn't renewed. Zero if that is over.
    pub fn remaining(&self) -> Duration {
        self.attempt().remaining()
    }

    /// The key of a downstream call: the same for all attempts at the request, also after a restart with the same secret.
    pub fn derived_key(&self, label: &str) -> DerivedKey {
        self.attempt().derived_key(label)
    }

    /// Makes the lease as long as it was at first, from now on.
    ///
    /// # Errors
    /// [`LeaseLost`].
    pub fn renew(&self) -> Result<(), LeaseLost> {
        self.attempt().renew()
    }

    /// Releases the request. The attempt doesn't count.
    ///
    /// # Errors
    /// [`LeaseLost`] if there was nothing to release.
    pub fn abort(mut self) -> Result<(), LeaseLost> {
        self.take().abort(false)
    }

    /// The effect is about to begin: from now on, nobody but the holder knows whether it has happened.
    ///
    /// # Errors
    /// [`LeaseLost`]: somebody else has the request. Don't begin.
    pub fn effect_started(mut self) -> Result<Running<O, C, K>, LeaseLost> {
        let attempt = self.take();
        attempt.hold(Event::EffectStarted { token: attempt.token })?;
        Ok(Running::new(attempt, self.checkpoint.take(), self.started_before))
    }

    /// The request was executed, by a computation whose only effect is its outcome.
    ///
    /// # Errors
    /// [`CompleteError`]: the lease is lost, or the outcome is too large, which gives the claim back.
    pub fn complete(mut self, outcome: O) -> Result<(), CompleteError<Self, O>>
    where
        O: Weigh,
    {
        let (weight, reserved) = (outcome.weight(), self.attempt().reserved);
        let Some(bytes) = fits(weight, reserved) else {
            return Err(CompleteError::TooLarge { guard: Box::new(self), outcome, weight, reserved });
        };
        self.take().complete(outcome, bytes).map_err(CompleteError::LeaseLost)
    }

    fn attempt(&self) -> &Attempt<O, C, K> {
        self.attempt.as_ref().expect("it is taken only by what consumes the claim")
    }

    fn take(&mut self) -> Attempt<O, C, K> {
        self.attempt.take().expect("it is taken only by what consumes the claim")
    }
}

impl<O, C, K: Clock> Drop for Claim<O, C, K> {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            // Who has lost the lease has nothing to release.
            let _ = attempt.abort(false);
        }
    }
}

impl<O, C, K: Clock> fmt::Debug for Claim<O, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.attempt.as_ref().map(|attempt| attempt.token);
        f.debug_struct("Claim").field("token", &token).finish_non_exhaustive()
    }
}
