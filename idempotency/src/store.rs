//! What every store of records can do, wherever it keeps them.

mod begun;
mod call;
mod error;
mod swept;
mod tx_store;

use core::time::Duration;

pub use self::begun::{Begun, Execution};
pub use self::call::Call;
pub use self::error::{LeaseLost, NotForgotten, NotKept, NotSettled};
pub use self::swept::Swept;
pub use self::tx_store::TxStore;
use crate::{Key, Token};

/// Keeps records under keys, so that each request is executed by one attempt at a time and its outcome is the answer
/// to all copies. What becomes of a record, and what is answered, is what [`step`](crate::step) says.
///
/// # Errors
/// There are two kinds, one within the other. The inner is an answer: what was asked for was refused, and nothing has
/// changed. The outer is the store's own, [`Error`](Self::Error): whether anything has changed is not known. After
/// it, begin again with the same key; never take it for "there is no record".
///
/// # The contract
/// The names are those of the cases of the suite that check it (feature `conformance`).
///
/// **One at a time.** Each method is one atomic step: what others do with the same key happens wholly before or after.
/// - `of_many_one_executes`, `of_many_one_takes_over`, `of_many_one_begins_anew`: of many that begin at once, one
///   executes: where there is no record, where a lease has just run out, where an outcome has just expired.
/// - `of_holder_and_taker_one_wins`: if a lease has run out, and its holder completes, renews or aborts while a copy takes
///   over, one of them finds what the other has done.
/// - `all_copies_get_the_outcome`: every copy after the completion gets that outcome, byte for byte.
/// - `another_request_is_a_mismatch`: a key that is in use refuses a request with another fingerprint; one that was
///   released without an effect doesn't.
///
/// **Tokens.** Whatever one that isn't good any more is used for, the answer is [`LeaseLost`], also
/// where what comes with it is too large: who is told that it is too large still holds the lease.
/// - `fences_grow`: each fence is greater than all before, whatever the key, also after records were removed.
/// - `an_old_token_is_not_good_for_a_new_record`: so a record that was removed and made anew is not mistaken for the
///   old one.
/// - `a_zombie_changes_nothing`: whoever was taken over from can't start, complete, abort, renew or leave a checkpoint.
/// - `nothing_is_held_without_a_record`: nor can a token that the store knows nothing of.
/// - `completing_twice_changes_nothing`: a completion by the token that has completed it is `Ok`, and the outcome
///   stays the first; by any other it is `LeaseLost`.
/// - `a_lease_is_lost_only_to_another`, `a_strict_lease_is_lost_when_it_runs_out`: by
///   [`strict_expiry`](crate::Policy::strict_expiry).
///
/// **Times** are read from one clock, the store's own, once in each step; if the step waits for somebody else's
/// transaction, after that. All that is told are durations that remain.
/// - `a_lease_ends_at_its_instant`, `an_outcome_is_kept_for_its_retention`: both are over from their last instant on,
///   whether or not something was swept. The retention counts from the completion.
/// - `a_renewal_lasts_from_its_own_instant`, and never shortens a lease.
/// - `an_old_key_is_refused`, as is one from too far ahead, if its record may have expired. See
///   [`Policy::skew`](crate::Policy::skew).
/// - `time_that_goes_back_gives_nothing_away`: no lease ends by it, no outcome is forgotten, and a key that was refused
///   for its age is not new again. So a store goes by the latest time that it has seen, at least of those at which it
///   removed something.
///
/// **Keys and outcomes** are bytes.
/// - `any_bytes_are_a_key`: up to the greatest length, with NULs, whatever their beginnings have in common.
/// - `scopes_are_apart`: nor are tenants, operations and keys run together.
/// - `any_bytes_are_an_outcome`: none at all, too.
/// - `an_outcome_too_large_is_not_lost`: either it is kept in full, or refused, and then the attempt goes on as before.
///
/// **Attempts.**
/// - `an_abort_lets_the_next_execute`, at once, and counts if it says so; `failed_attempts_end_in_death`.
/// - `a_checkpoint_reaches_the_next_attempt`, but not another request's.
/// - `what_may_have_happened_is_held`, `what_may_happen_again_is_retried`: by [`Unfinished`](crate::Unfinished). An abort
///   is about the effect of one attempt: that of one before it may have happened all the same.
/// - `who_finds_out_settles`, `who_finds_out_executes_again`: only what is indeterminate, whether or not a copy or a sweep
///   has come upon it.
/// - `what_is_forgotten_never_was`: but nothing that somebody executes is forgotten.
///
/// **Room.** At a limit the answer is [`Begun::Saturated`].
/// - `a_full_store_says_so`: and removes nothing that is live to make room. What has expired makes room, at the
///   latest after another retention.
/// - `a_scope_has_its_own_share`.
/// - `sweeping_removes_what_has_expired`, and nothing else, in as many steps as it is given at most.
///
/// # Examples
/// A server on any store. To an answer that says so, the client comes again; to the outer error too.
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::store::{Begun, Call, Store};
/// use spacelike_idempotency::{Fingerprint, Key};
///
/// async fn pay<S: Store<Outcome = Vec<u8>>>(store: &S, key: &Key<'_>, amount: u64) -> Result<Option<Vec<u8>>, S::Error> {
///     let call = Call { fingerprint: Fingerprint(amount.into()), lease: Duration::from_secs(30), reserve: 64 };
///     Ok(match store.begin(key, call).await? {
///         Begun::Execute(execution) => {
///             if store.effect_started(key, execution.token).await?.is_err() {
///                 return Ok(None); // somebody else took over: nothing was paid by us
///             }
///             let receipt = b"paid".to_vec(); // the effect
///             store.complete(key, execution.token, receipt.clone()).await?.ok().map(|()| receipt)
///         }
///         Begun::Replay(receipt) => Some(receipt),
///         _ => None, // say what it is
///     })
/// }
/// ```
pub trait Store {
    /// What is answered to each copy. Cheap to clone.
    type Outcome: Clone;
    /// What an attempt leaves behind for the next one.
    type Checkpoint: Clone;
    /// What goes wrong with the store itself.
    type Error;

    /// A copy of a request comes in.
    ///
    /// If the future is dropped before it is ready, there may be a claim that nobody holds: it ends with its lease.
    fn begin(
        &self,
        key: &Key<'_>,
        call: Call,
    ) -> impl Future<Output = Result<Begun<Self::Outcome, Self::Checkpoint>, Self::Error>> + Send;

    /// The effect is about to begin. Once it is `Ok`, a crash of the store doesn't undo it.
    fn effect_started(
        &self,
        key: &Key<'_>,
        token: Token,
    ) -> impl Future<Output = Result<Result<(), LeaseLost>, Self::Error>> + Send;

    /// The attempt came so far that the next one may go on from there.
    fn checkpoint(
        &self,
        key: &Key<'_>,
        token: Token,
        checkpoint: Self::Checkpoint,
    ) -> impl Future<Output = Result<Result<(), NotKept>, Self::Error>> + Send;

    /// The attempt goes on, and may be silent for `lease` from now on.
    fn renew(
        &self,
        key: &Key<'_>,
        token: Token,
        lease: Duration,
    ) -> impl Future<Output = Result<Result<(), LeaseLost>, Self::Error>> + Send;

    /// The request was executed. Once it is `Ok`, a crash of the store doesn't undo it.
    fn complete(
        &self,
        key: &Key<'_>,
        token: Token,
        outcome: Self::Outcome,
    ) -> impl Future<Output = Result<Result<(), NotKept>, Self::Error>> + Send;

    /// The request was not executed, and this attempt had no effect. It counts towards the attempts that a request
    /// has if it `counts`.
    fn abort(
        &self,
        key: &Key<'_>,
        token: Token,
        counts: bool,
    ) -> impl Future<Output = Result<Result<(), LeaseLost>, Self::Error>> + Send;

    /// Somebody found out that the effect of an indeterminate request has happened, and what came of it.
    fn settle(
        &self,
        key: &Key<'_>,
        outcome: Self::Outcome,
    ) -> impl Future<Output = Result<Result<(), NotSettled>, Self::Error>> + Send;

    /// Somebody found out that the effect of an indeterminate request has not happened, or may happen again, and
    /// executes it.
    fn reexecute(
        &self,
        key: &Key<'_>,
        lease: Duration,
    ) -> impl Future<Output = Result<Result<Execution<Self::Checkpoint>, NotSettled>, Self::Error>> + Send;

    /// It should be as if the request had never come.
    fn forget(
        &self,
        key: &Key<'_>,
    ) -> impl Future<Output = Result<Result<(), NotForgotten>, Self::Error>> + Send;

    /// Removes records that have expired, in at most about `steps` steps: a bounded number of records each. A store
    /// that does so by itself answers that there is nothing more.
    fn sweep(&self, steps: u32) -> impl Future<Output = Result<Swept, Self::Error>> + Send;
}
