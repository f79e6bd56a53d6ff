use super::{NotKept, Store};
use crate::{Key, Token};

/// A store within a database, which commits an outcome together with the caller's own data: both, or neither. Here
/// alone the effect happens at most once by itself, as it is in the transaction.
///
/// # The contract
/// The names are those of the cases of the suite.
/// - `a_commit_completes`: the outcome is the answer to all copies when the transaction has been committed, and the
///   data is there.
/// - `a_rollback_completes_nothing`: before, and if it is rolled back, the request is as it was.
/// - `a_lost_lease_is_told_in_the_transaction`.
/// - `a_takeover_before_the_commit_wins`: a transaction doesn't commit both its data and its outcome if somebody took
///   over after `complete_in`: either the commit fails, or whoever begins has to wait for it.
///
/// # What the caller does
/// ```text
/// begin -> Execute(execution)
/// open a transaction; write; complete_in(&mut tx, ..)
///   Ok           commit. If the commit fails, or it isn't known whether it did: begin again, and do what the answer says.
///   LeaseLost    roll back. To commit would be the effect of an attempt that somebody else has taken over from.
///   TooLarge     roll back, or complete with a smaller outcome in the same transaction.
/// ```
/// [`Store::effect_started`] is not for effects that are all in the transaction: if the caller dies, it is rolled
/// back, and whoever comes next may execute.
pub trait TxStore: Store {
    /// A transaction of the database. In an implementation, write `Self::Tx<'_>` where it is taken: its own name has
    /// other lifetimes.
    type Tx<'t>: Send;

    /// Completes the request as [`Store::complete`] does, when `tx` is committed.
    fn complete_in(
        &self,
        tx: &mut Self::Tx<'_>,
        key: &Key<'_>,
        token: Token,
        outcome: Self::Outcome,
    ) -> impl Future<Output = Result<Result<(), NotKept>, Self::Error>> + Send;
}
