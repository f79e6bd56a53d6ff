//! What attempts at different keys rely on, whose shards have different locks.

use core::time::Duration;

use super::{Arc, model, thread};
use crate::budget::Budget;
use crate::quotas::Quotas;
use crate::sync::AtomicU64;
use crate::table::shared::Shared;
use crate::table::ticks::Ticks;
use crate::{Policy, Secret, Unfinished};

/// No two attempts have the same fence, and each thread's grow.
#[test]
fn fences_are_distinct_and_grow() {
    fences_differ();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: two attempts have one fence")]
fn a_fence_must_be_taken_in_one_step() {
    crate::sync::with_mutant(crate::sync::Mutant::Torn, fences_differ);
}

fn fences_differ() {
    model(|| {
        let shared = Arc::new(shared());
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || [theirs.fence(), theirs.fence()]);
        let ours = [shared.fence(), shared.fence()];
        let theirs = other.join().unwrap();
        assert!(!ours.iter().any(|fence| theirs.contains(fence)), "broken: two attempts have one fence");
        assert!(ours[0] < ours[1] && theirs[0] < theirs[1], "broken: a fence is not greater than one before");
    });
}

fn shared() -> Shared {
    let retention = Duration::from_secs(60);
    let secret = Secret::new([7; 16]);
    Shared {
        policy: Policy {
            retention,
            attempts_max: 3,
            unfinished: Unfinished::Hold,
            strict_expiry: false,
            skew: Duration::ZERO,
        },
        secret,
        keys: secret.key_hasher(),
        scopes: secret.scope_hasher(),
        ticks: Ticks::new(retention),
        records: Budget::new(9),
        bytes: Budget::new(9),
        quotas: Quotas::new(9, 1),
        fences: AtomicU64::new(1),
    }
}
