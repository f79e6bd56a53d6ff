//! Lossy pruning: what it drops is what Riak drops, and how it fails is what the documentation says.
#![cfg(feature = "alloc")]

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_vclock::{Causality, Dot, PruneLimits, PrunedVector, VersionVector};

/// Riak's `vclock:prune`, entry by entry from the oldest on. Ties go by actor.
fn riak(entries: &[(u8, u64)], ages: &[u64], limits: &PruneLimits) -> [Vec<(u8, u64)>; 2] {
    let age = |entry: &(u8, u64)| Duration::from_secs(ages[usize::from(entry.0)]);
    let (mut kept, mut dropped) = (entries.to_vec(), Vec::new());
    while kept.len() > limits.len_min {
        let oldest = *kept.iter().min_by_key(|entry| (std::cmp::Reverse(age(entry)), entry.0)).unwrap();
        if age(&oldest) < limits.age_min || (kept.len() <= limits.len_max && age(&oldest) <= limits.age_max) {
            break;
        }
        kept.retain(|entry| *entry != oldest);
        dropped.push(oldest);
    }
    dropped.sort_unstable();
    [kept, dropped]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// What is kept and what is dropped are Riak's, and together they are the whole.
    #[test]
    fn pruning_is_riaks(
        vector in vec((0..16_u8, 1..4_u64), 0..16).prop_map(VersionVector::from_iter),
        ages in vec(0..8_u64, 16),
        (len_min, len_max) in (0..10_usize, 0..12_usize),
        (age_min, age_max) in (0..6_u64, 0..9_u64),
    ) {
        let limits = PruneLimits {
            len_min,
            len_max,
            age_min: Duration::from_secs(age_min),
            age_max: Duration::from_secs(age_max),
        };
        let [kept, dropped] = riak(vector.as_slice(), &ages, &limits);
        let age = |actor: &u8| Duration::from_secs(ages[usize::from(*actor)]);
        let (pruned, dots) = vector.clone().prune_lossy(&limits, age);
        prop_assert_eq!(pruned.as_slice(), &kept[..]);
        prop_assert!(pruned.iter().eq(kept.iter().map(|(actor, counter)| (actor, *counter))));
        prop_assert_eq!((pruned.len(), pruned.is_empty()), (kept.len(), kept.is_empty()));
        for actor in 0..16 {
            let left = kept.iter().find(|entry| entry.0 == actor).map_or(0, |entry| entry.1);
            prop_assert_eq!(pruned.get(&actor), left);
        }
        prop_assert_eq!(&dots, &dropped.into_iter().map(|(actor, n)| Dot::new(actor, n).unwrap()).collect::<Vec<_>>());

        let mut whole = pruned.assume_exact();
        for dot in dots {
            whole.raise(dot);
        }
        prop_assert_eq!(whole, vector);
    }
}

/// The newer of two versions loses an entry, and seems concurrent with the older.
#[test]
fn pruning_makes_false_conflicts() {
    let (old, new) = (VersionVector::from([(1, 1), (2, 1)]), VersionVector::from([(1, 2), (2, 1)]));
    assert_eq!(new.compare(&old), Causality::After);
    assert_eq!(dropping(&new, 2).guess(&old), Causality::Concurrent);
}

/// One of two concurrent versions loses what made it concurrent, and seems to be superseded by the other: a lost update.
#[test]
fn pruning_misses_conflicts() {
    let (here, there) = (VersionVector::from([(1, 1), (2, 1)]), VersionVector::from([(1, 1), (3, 1)]));
    assert_eq!(here.compare(&there), Causality::Concurrent);
    assert_eq!(dropping(&here, 2).guess(&there), Causality::Before);
}

/// Text and `Debug` say that something may be missing.
#[test]
fn a_pruned_vector_says_so() {
    let pruned = PrunedVector::from_kept(VersionVector::from([(1, 2)]));
    assert_eq!(
        (pruned.to_string(), format!("{pruned:?}")),
        ("{1:2, ...}".into(), "PrunedVector {1: 2}".into())
    );
    assert_eq!(PrunedVector::from_kept(VersionVector::<u8>::new()).to_string(), "{...}");
}

/// Without the entry of `actor`.
fn dropping(vector: &VersionVector<i32>, actor: i32) -> PrunedVector<i32> {
    let limits = PruneLimits { len_min: 1, ..PruneLimits::RIAK };
    let age = |other: &i32| if *other == actor { Duration::MAX } else { Duration::ZERO };
    let (pruned, dropped) = vector.clone().prune_lossy(&limits, age);
    assert_eq!(dropped.len(), 1);
    pruned
}
