use core::time::Duration;

use crate::{Policy, Unfinished};

/// What store a case asks for. What it says is to be followed exactly, or the harness makes none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// How it treats records.
    pub policy: Policy,
    /// How many records it may have in all, exactly, if the case is about that. Otherwise it has to have room for a
    /// thousand.
    pub records: Option<usize>,
    /// How many records it may have of one scope, exactly, if the case is about that.
    pub records_per_scope: Option<usize>,
}

impl Setting {
    /// What most cases ask for, in units of the store's time.
    pub(super) fn of(unit: Duration) -> Self {
        let policy = Policy {
            retention: unit * RETENTION,
            attempts_max: 3,
            unfinished: Unfinished::Hold,
            strict_expiry: false,
            skew: unit * SKEW,
        };
        Self { policy, records: None, records_per_scope: None }
    }

    pub(super) fn retry(self) -> Self {
        Self { policy: Policy { unfinished: Unfinished::Retry, ..self.policy }, ..self }
    }

    pub(super) fn strict(self) -> Self {
        Self { policy: Policy { strict_expiry: true, ..self.policy }, ..self }
    }
}

/// In units of the store's time: longer than a case takes where time can't be moved.
pub(super) const LEASE: u32 = 10_000;
pub(super) const RETENTION: u32 = 1_000_000;
pub(super) const SKEW: u32 = 1_000;
