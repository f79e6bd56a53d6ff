//! What goes wrong with the pinned peers as stores for once-only execution, whatever they are good for otherwise: each test
//! asserts the misbehaviour, so that what RESULTS.md says of them stays true.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use moka::Expiry;
use quick_cache::sync::GuardResult;

/// `moka` 0.12.16: at its capacity it drops records that are still asked for, and their effects run again.
#[test]
fn moka_evicts_records_and_runs_their_effects_again() {
    let (cache, effects) = (moka::sync::Cache::new(CAPACITY), AtomicUsize::new(0));
    for key in 0..KEYS {
        cache.get_with(key, || effects.fetch_add(1, Ordering::Relaxed));
    }
    cache.run_pending_tasks();
    assert!(cache.entry_count() <= CAPACITY);
    for key in 0..KEYS {
        cache.get_with(key, || effects.fetch_add(1, Ordering::Relaxed));
    }
    assert!(effects.into_inner() > KEYS);
}

/// `quick_cache` 0.7.0: the same.
#[test]
fn quick_cache_evicts_records_and_runs_their_effects_again() {
    let (cache, effects) = (quick_cache::sync::Cache::new(100), AtomicUsize::new(0));
    let effect = || Ok::<_, ()>(effects.fetch_add(1, Ordering::Relaxed));
    for key in 0..KEYS {
        cache.get_or_insert_with(&key, effect).expect("an outcome");
    }
    assert!(cache.len() < KEYS);
    for key in 0..KEYS {
        cache.get_or_insert_with(&key, effect).expect("an outcome");
    }
    assert!(effects.into_inner() > KEYS);
}

/// `moka` 0.12.16: an owner that panics after its effect leaves nothing behind, and the next copy runs the effect again.
#[test]
fn moka_runs_the_effect_of_a_panicking_owner_again() {
    let (cache, effects) = (moka::sync::Cache::new(CAPACITY), Cell::new(0));
    assert_eq!(retried(&effects, |effect| cache.get_with(KEY, effect)), 2);
}

/// `quick_cache` 0.7.0: the same; and also if the owner is only cancelled, which drops its guard.
#[test]
fn quick_cache_runs_the_effect_of_a_lost_owner_again() {
    let (cache, effects) = (quick_cache::sync::Cache::new(100), Cell::new(0));
    let begin = |effect: &mut dyn FnMut() -> u32| match cache.get_value_or_guard(&KEY, None) {
        GuardResult::Guard(guard) => guard.insert(effect()).expect("a placeholder"),
        _ => panic!("nobody has an outcome"),
    };
    assert_eq!(retried(&effects, |effect| begin(effect)), 2);

    let (cache, mut effects) = (quick_cache::sync::Cache::<_, u32>::new(100), 0);
    for _ in 0..2 {
        let GuardResult::Guard(guard) = cache.get_value_or_guard(&KEY, None) else { panic!("an outcome") };
        effects += 1;
        drop(guard);
    }
    assert_eq!(effects, 2);
}

/// `dashmap` 6.2.1: the same as with `moka`.
#[test]
fn dashmap_runs_the_effect_of_a_panicking_owner_again() {
    let (map, effects) = (DashMap::new(), Cell::new(0));
    assert_eq!(retried(&effects, |effect| drop(map.entry(KEY).or_insert_with(effect))), 2);
}

/// `scc` 3.8.8: the same.
#[test]
fn scc_runs_the_effect_of_a_panicking_owner_again() {
    let (map, effects) = (scc::HashMap::new(), Cell::new(0));
    assert_eq!(retried(&effects, |effect| drop(map.entry_sync(KEY).or_insert_with(effect))), 2);
}

/// A `Mutex<HashMap>` whose lock is held while the effect runs, so that it runs once: an owner that panics takes every other
/// key with it.
#[test]
fn a_locked_map_is_poisoned_by_a_panicking_owner() {
    let map = Mutex::new(HashMap::from([("another key", 1)]));
    let owner = catch_unwind(AssertUnwindSafe(|| {
        let mut map = map.lock().expect("no owner has panicked");
        map.entry(KEY).or_insert_with(|| panic!("after the effect"));
    }));
    assert!(owner.is_err() && map.lock().is_err());
}

/// `papaya` 0.2.5: two copies of a request at once run the effect twice, and one of the outcomes is thrown away.
#[test]
fn papaya_runs_the_effect_of_two_copies_twice() {
    let (map, effects) = (papaya::HashMap::new(), AtomicUsize::new(0));
    let effect = || effects.fetch_add(1, Ordering::Relaxed);
    let late = *map.pin().get_or_insert_with(KEY, || {
        let outcome = effect();
        // Another copy comes while this one is at it.
        let copy = thread::scope(|scope| {
            scope.spawn(|| *map.pin().get_or_insert_with(KEY, effect)).join().expect("an outcome")
        });
        assert_ne!(outcome, copy);
        outcome
    });
    assert_eq!((late, effects.load(Ordering::Relaxed)), (1, 2));
}

/// `dashmap` 6.2.1 and `scc` 3.8.8 hold a lock while the effect runs, and other keys that happen to live under it wait.
#[test]
fn dashmap_and_scc_stop_other_keys_while_an_effect_runs() {
    let others = 1..10_000;
    let map: DashMap<usize, u32> = others.clone().map(|key| (key, 1)).collect();
    drop(map.entry(0).or_insert_with(|| {
        assert!(others.clone().any(|other| map.try_get(&other).is_locked()));
        1
    }));

    let map = scc::HashMap::new();
    for other in others.clone() {
        map.insert_sync(other, 1).expect("a new key");
    }
    drop(map.entry_sync(0).or_insert_with(|| {
        assert!(others.clone().any(|other| map.try_entry(other).is_none()));
        1
    }));
}

/// `moka` 0.12.16, with an expiry for requests that are in progress: when one has expired, a second owner executes it; then the
/// first one, who is late, replaces what the second one's copies were answered. Neither is told.
#[test]
fn moka_lets_a_late_owner_replace_the_outcome() {
    let cache = moka::sync::Cache::builder().expire_after(Leases).build();
    cache.insert(KEY, IN_PROGRESS);
    while cache.get(&KEY).is_some() {}
    cache.insert(KEY, IN_PROGRESS);
    cache.insert(KEY, "outcome of the second");
    assert_eq!(cache.get(&KEY), Some("outcome of the second"));
    cache.insert(KEY, "outcome of the first");
    assert_eq!(cache.get(&KEY), Some("outcome of the first"));
}

/// Outcomes stay.
struct Leases;

impl Expiry<&str, &str> for Leases {
    fn expire_after_create(&self, _: &&str, outcome: &&str, _: Instant) -> Option<Duration> {
        (*outcome == IN_PROGRESS).then_some(Duration::from_nanos(1))
    }

    fn expire_after_update(
        &self,
        key: &&str,
        outcome: &&str,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, outcome, now)
    }
}

/// All maps: nothing is ever forgotten, so that they grow with whatever clients send.
#[test]
fn maps_grow_without_bound() {
    let locked = Mutex::new(HashMap::new());
    let (dashmap, papaya, scc) = (DashMap::new(), papaya::HashMap::new(), scc::HashMap::new());
    for key in 0..KEYS {
        locked.lock().expect("not poisoned").insert(key, OUTCOME);
        dashmap.insert(key, OUTCOME);
        papaya.pin().insert(key, OUTCOME);
        scc.insert_sync(key, OUTCOME).expect("a new key");
    }
    let locked = locked.into_inner().expect("not poisoned");
    assert_eq!([locked.len(), dashmap.len(), papaya.len(), scc.len()], [KEYS; 4]);
}

/// All of them: a client that uses a key again, for another request, gets the answer to the first one.
#[test]
fn another_request_under_the_same_key_gets_the_first_ones_answer() {
    let (paid, other) = ("ten have been paid", "a thousand have been paid");
    let moka = moka::sync::Cache::new(CAPACITY);
    let quick = quick_cache::sync::Cache::new(100);
    let (dashmap, papaya, scc) = (DashMap::new(), papaya::HashMap::new(), scc::HashMap::new());
    for outcome in [paid, other] {
        assert_eq!(moka.get_with(KEY, || outcome), paid);
        assert_eq!(quick.get_or_insert_with(&KEY, || Ok::<_, ()>(outcome)), Ok(paid));
        assert_eq!(*dashmap.entry(KEY).or_insert(outcome), paid);
        assert_eq!(*papaya.pin().get_or_insert(KEY, outcome), paid);
        assert_eq!(*scc.entry_sync(KEY).or_insert(outcome).get(), paid);
    }
}

/// How often the effect ran, if the one who was first at it panicked then, and a copy came.
fn retried<T>(effects: &Cell<u32>, mut execute: impl FnMut(&mut dyn FnMut() -> u32) -> T) -> u32 {
    let first = catch_unwind(AssertUnwindSafe(|| {
        execute(&mut || {
            effects.set(effects.get() + 1);
            panic!("after the effect")
        });
    }));
    assert!(first.is_err());
    execute(&mut || {
        effects.set(effects.get() + 1);
        effects.get()
    });
    effects.get()
}

const KEY: &str = "0189b5c2-7e4d-7d5e-9f00-0123456789ab";
const IN_PROGRESS: &str = "in progress";
const OUTCOME: u32 = 42;
const CAPACITY: u64 = 100;
const KEYS: usize = 10_000;
