//! The table in memory, by a clock that stands still.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use spacelike_idempotency::Secret;
use spacelike_idempotency::conformance::{Harness, Setting};
use spacelike_idempotency::table::{Clock, Limits, Settings, Table};

/// Makes tables that share a clock.
pub(crate) struct Tables {
    shards: usize,
    clock: Stopped,
}

impl Tables {
    pub(crate) fn of(shards: usize) -> Self {
        Self { shards, clock: Stopped(Arc::new(Mutex::new(Duration::from_secs(1_700_000_000)))) }
    }
}

#[derive(Clone)]
pub(crate) struct Stopped(Arc<Mutex<Duration>>);

impl Clock for Stopped {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

impl Harness for Tables {
    type Store = Table<Arc<[u8]>, Vec<u8>, Stopped>;

    fn store(&self, setting: &Setting) -> Option<Self::Store> {
        let limits = Limits {
            records: setting.records.unwrap_or(1_000),
            bytes: 64 << 20,
            records_per_scope: setting.records_per_scope.unwrap_or(1_000),
        };
        let settings = Settings::new(limits, setting.policy, Secret::new([7; 16])).shards(self.shards);
        Some(Table::with_clock(settings, self.clock.clone()).unwrap())
    }

    fn now(&self, _: &Self::Store) -> Duration {
        self.clock.now()
    }

    fn advance(&self, _: &Self::Store, by: Duration) -> bool {
        *self.clock.0.lock().unwrap() += by;
        true
    }

    fn rewind(&self, _: &Self::Store, by: Duration) -> bool {
        *self.clock.0.lock().unwrap() -= by;
        true
    }
}
