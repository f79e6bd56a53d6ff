use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{Setting, block_on};
use crate::store::Store;

/// Makes stores for the suite, and moves their time.
///
/// Time that can be moved has to stand still otherwise: cases look at the last instant of a lease and at the one
/// before. Where it runs by itself, leave [`advance`](Self::advance) as it is; the cases that need it are skipped,
/// and the report says which.
///
/// # Examples
/// The table in memory is a store.
/// ```
/// # #[cfg(feature = "table")] {
/// use core::time::Duration;
/// use std::sync::{Arc, Mutex};
///
/// use spacelike_idempotency::Secret;
/// use spacelike_idempotency::conformance::{Harness, Setting, run};
/// use spacelike_idempotency::table::{Clock, Limits, Settings, Table};
///
/// #[derive(Clone)]
/// struct Stopped(Arc<Mutex<Duration>>);
///
/// impl Clock for Stopped {
///     fn now(&self) -> Duration {
///         *self.0.lock().unwrap()
///     }
/// }
///
/// impl Harness for Stopped {
///     type Store = Table<Vec<u8>, Vec<u8>, Stopped>;
///
///     fn store(&self, setting: &Setting) -> Option<Self::Store> {
///         let limits = Limits {
///             records: setting.records.unwrap_or(1_000),
///             bytes: 64 << 20,
///             records_per_scope: setting.records_per_scope.unwrap_or(1_000),
///         };
///         Table::with_clock(Settings::new(limits, setting.policy, Secret::new([7; 16])), self.clone()).ok()
///     }
///
///     fn now(&self, _: &Self::Store) -> Duration {
///         Clock::now(self)
///     }
///
///     fn advance(&self, _: &Self::Store, by: Duration) -> bool {
///         *self.0.lock().unwrap() += by;
///         true
///     }
/// }
///
/// // This clock can't go back, so what needs that is skipped.
/// let report = run(&Stopped(Arc::new(Mutex::new(Duration::from_secs(1_700_000_000)))));
/// assert_eq!(report.skipped.len(), 1);
/// # }
/// ```
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
