//! Our own health, from its ends to any sequence.

use core::time::Duration;

use proptest::prelude::*;
use spacelike_phi_detector::LocalHealth;

proptest! {
    /// The score is the sum of what happened, kept within its bounds after each step, and timeouts follow it.
    #[test]
    fn the_score_is_a_bounded_sum(max in any::<u8>(), calls in prop::collection::vec(any::<bool>(), 0..600)) {
        let mut health = LocalHealth::new(max);
        let mut score = 0_i32;
        for worse in calls {
            if worse { health.worse() } else { health.better() }
            score = (score + if worse { 1 } else { -1 }).clamp(0, i32::from(max));
            prop_assert_eq!(i32::from(health.score()), score);
            prop_assert_eq!(health.scale(Duration::from_nanos(1)).as_nanos(), u128::from(score.unsigned_abs()) + 1);
        }
        prop_assert_eq!(health.score_max(), max);
    }
}

/// A node that is as ill as can be waits 256 times as long, and no timeout wraps to a short one.
#[test]
fn the_longest_timeout_is_a_bound() {
    let mut health = LocalHealth::new(u8::MAX);
    for _ in 0..1_000 {
        health.worse();
    }
    assert_eq!(health.scale(Duration::from_secs(1)), Duration::from_secs(256));
    assert_eq!(health.scale(Duration::MAX), Duration::MAX);
}

/// A greatest score of zero switches it off.
#[test]
fn a_greatest_score_of_zero_has_no_effect() {
    let mut health = LocalHealth::new(0);
    health.worse();
    assert_eq!(health.scale(Duration::from_secs(1)), Duration::from_secs(1));
}

/// As in the paper: from one timeout to nine.
#[test]
fn the_papers_score_goes_to_eight() {
    let mut health = LocalHealth::default();
    assert_eq!((health.score(), health.score_max()), (0, 8));
    for _ in 0..20 {
        health.worse();
    }
    assert_eq!(health.scale(Duration::from_millis(500)), Duration::from_millis(4_500));
}
