//! Ours. It has a tenant's records counted, a fingerprint compared, a lease and a fence given, and all of it bounded.
//! How a fingerprint is computed is left to the caller, so none of that is timed.

use std::time::Duration;

use spacelike_idempotency::table::{Begin, Limits, Settings, Table};
use spacelike_idempotency::{Fingerprint, Key, Policy, Scope, Secret, Unfinished};

use super::names;
use super::peers::CAPACITY;
use super::stores::{Ask, Outcome, Store};

pub struct Ours(Table<Outcome>);

impl Ours {
    #[inline]
    fn asked(&self, ask: &Ask) -> Begin<Outcome> {
        let scope = Scope::Tenant(ask.tenant.as_bytes());
        let key = Key::new(scope, ask.operation, ask.key.as_bytes()).expect("a key");
        self.0.begin(&key, Fingerprint(ask.body.into()))
    }
}

impl Store for Ours {
    const NAME: &'static str = names::TABLE;

    fn new() -> Self {
        let records = usize::try_from(CAPACITY).expect("64 bits");
        let limits = Limits { records, bytes: u64::MAX, records_per_scope: records };
        let policy = Policy {
            retention: Duration::from_secs(86_400),
            attempts_max: 3,
            unfinished: Unfinished::Hold,
            strict_expiry: false,
            skew: Duration::from_secs(60),
        };
        let settings = Settings::new(limits, policy, Secret::new([7; 16])).lease(Duration::from_secs(3_600));
        Self(Table::new(settings).expect("settings"))
    }

    #[inline]
    fn execute(&self, ask: &Ask, _: &mut String, outcome: Outcome) -> bool {
        let Begin::Execute(claim) = self.asked(ask) else { return false };
        claim.complete(outcome).is_ok()
    }

    #[inline]
    fn replay(&self, ask: &Ask, _: &mut String) -> Option<Outcome> {
        match self.asked(ask) {
            Begin::Replay(outcome) => Some(outcome),
            _ => None,
        }
    }

    fn begin(&self, ask: &Ask, _: &mut String) {
        let Begin::Execute(claim) = self.asked(ask) else { panic!("a new key") };
        drop(claim.effect_started()); // holds the lease
    }

    #[inline]
    fn is_in_progress(&self, ask: &Ask, _: &mut String) -> bool {
        matches!(self.asked(ask), Begin::InProgress { .. })
    }
}
