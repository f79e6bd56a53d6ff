//! Models of [`CachedWall`].

use core::time::Duration;

use super::{Arc, model_of_stores, mutant, spawn};
use crate::CachedWall;

/// A reader never sees a wall clock older than its age says.
fn age_covers() {
    let cached = Arc::new(CachedWall::new());
    let refresher = {
        let cached = cached.clone();
        spawn(move || {
            for at in [1, 2] {
                cached.refresh(Duration::from_secs(100 + at), Duration::from_millis(at));
            }
        })
    };
    if let Some(reading) = cached.read() {
        // The seconds say at which refresh the wall clock was stored; the mutants also pair it with none at all.
        let stored_at = reading.wall.saturating_sub(Duration::from_secs(100)).as_secs();
        assert!(Duration::from_millis(stored_at) >= reading.refreshed, "broken: {reading:?}");
    }
    refresher.join().unwrap();
    let reading = cached.read().unwrap();
    assert_eq!((reading.wall, reading.refreshed), (Duration::from_secs(102), Duration::from_millis(2)));
}

#[test]
fn age_is_never_understated() {
    model_of_stores(age_covers);
}

mutant!(age_needs_release, NoRelease, age_covers, model_of_stores);
mutant!(age_needs_acquire, NoAcquire, age_covers, model_of_stores);
