use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{Setting, block_on};
use crate::store::Store;

/// Makes stores for the suite, and moves their time.
///
/// Time that can be moved has to stand still otherwise: cases look at the last instant of a lease and at the one before. Where it
/// runs by itself, leave [`advance`](Self::advance) as it is; the cases that need it are skipped, and the report says which.
pub trait Harness: Sync {
    /// The store under test. The suite's outcomes and checkpoints are bytes.
    type Store: Store<
            Outcome: From<Vec<u8>> + AsRef<[u8]>,
            Checkpoint: From<Vec<u8>> + AsRef<[u8]>,
            Error: fmt::Debug,
        > + Sync;

    /// A store without records. `None` if there can be none of this setting.
    fn store(&self, setting: &Setting) -> Option<Self::Store>;

    /// The store's time, since the Unix epoch. Not so early that a retention doesn't fit before it.
    fn now(&self, store: &Self::Store) -> Duration;

    /// Moves the store's time on. `false` if it can't be.
    fn advance(&self, store: &Self::Store, by: Duration) -> bool {
        let _ = (store, by);
        false
    }

    /// Moves the store's time back, as a clock that is set would. `false` if it can't be.
    fn rewind(&self, store: &Self::Store, by: Duration) -> bool {
        let _ = (store, by);
        false
    }

    /// The smallest difference between times that the store knows of.
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    /// Runs a future. Called by several threads.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        block_on(future)
    }
}
