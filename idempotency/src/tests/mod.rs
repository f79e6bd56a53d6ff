//! Models of what threads share, small enough for loom to try all of their interleavings.
//!
//! A model's body runs under loom (`RUSTFLAGS="--cfg loom"`), and under plain `cargo test` a few hundred times on the
//! system's threads. Each claim of atomicity also has a mutant: the same body over weaker atomics, which must fail.

#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
mod budget;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod dedup_window;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
mod fences;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section"), not(loom)))]
mod quotas;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod rfc6479;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
mod waiting;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section"), not(loom)))]
mod wheel;

#[cfg(loom)]
use loom::{sync::Arc, thread};
use std::vec::Vec;
#[cfg(not(loom))]
use std::{sync::Arc, thread};

/// Two threads claim their numbers, each in its order. Gives what was fresh, in the order of the threads.
fn claims(
    claim: impl Fn(u64) -> bool + Send + Sync + 'static,
    one: &'static [u64],
    two: &'static [u64],
) -> Vec<u64> {
    let claim = Arc::new(claim);
    let theirs = Arc::clone(&claim);
    let other = thread::spawn(move || two.iter().copied().filter(|&n| theirs(n)).collect::<Vec<_>>());
    let mut fresh: Vec<_> = one.iter().copied().filter(|&n| claim(n)).collect();
    fresh.extend(other.join().unwrap());
    fresh
}

/// Runs a model's body; under loom a second time with loads that see no old values but miss no interleaving.
fn model(body: impl Fn() + Send + Sync + Clone + 'static) {
    #[cfg(loom)]
    {
        loom::model(body.clone());
        crate::sync::with_strong_loads(|| loom::model(body));
    }
    #[cfg(not(loom))]
    (0..200).for_each(|_| body());
}
