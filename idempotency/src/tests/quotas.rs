//! Records by scope, against a map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::quotas::Quotas;

/// Each scope has at most what it may have, whatever the others have, and gets again what it gave back.
#[test]
fn each_scope_has_its_own_share() {
    // Scopes of one bucket, of one shard, and of several.
    let scope = (0..4_u64, 0..4_u64).prop_map(|(high, low)| high << 32 | low << 60 | low);
    let actions = prop::collection::vec((scope, prop::bool::weighted(0.6)), 0..200);
    proptest!(|(actions in actions, max in 0..5_usize, shards in 1..6_usize)| {
        let quotas = Quotas::new(max, shards);
        let mut counts = BTreeMap::new();
        for (scope, takes) in actions {
            let count = counts.entry(scope).or_insert(0);
            if takes {
                prop_assert_eq!(quotas.take(scope), *count < max);
                *count = (*count + 1).min(max);
            } else if *count > 0 {
                quotas.give(scope);
                *count -= 1;
            }
        }
        let kept = counts.values().filter(|&&count| count > 0).count();
        prop_assert_eq!(quotas.len(), kept, "an entry is for a scope that has records");
    });
}

/// What was never taken can't be given back: that would be our bug.
#[test]
#[should_panic(expected = "it was taken before")]
fn what_was_not_taken_is_not_given_back() {
    let quotas = Quotas::new(1, 1);
    assert!(quotas.take(7));
    quotas.give(8);
}

/// Threads of one scope share what it may have.
#[test]
fn threads_of_one_scope_share_it() {
    let quotas = Quotas::new(100, 4);
    let taken: usize = std::thread::scope(|threads| {
        let takes: std::vec::Vec<_> =
            (0..4).map(|_| threads.spawn(|| (0..50).filter(|_| quotas.take(3)).count())).collect();
        takes.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 100);
}
