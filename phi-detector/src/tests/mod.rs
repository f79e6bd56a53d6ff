//! What needs the inside of the crate: the numbers, and models of what threads share.
//!
//! A model's body runs under loom in every order of its threads' steps, within the preemptions that `ci/loom.sh` allows, and
//! under plain `cargo test` many times on the system's threads. Each claim of an ordering or of atomicity also has a mutant:
//! the same body over weaker atomics, which must fail.

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod ewma;
mod kernel;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod phi;
mod tail;

#[cfg(loom)]
pub(crate) use loom::{sync::Arc, thread};
#[cfg(not(loom))]
#[cfg_attr(
    not(target_has_atomic = "64"),
    allow(unused_imports, reason = "there may be nothing to share")
)]
pub(crate) use std::{sync::Arc, thread};

/// Runs a model's body; under loom a second time with loads that miss no interleaving, and prints how many executions that took.
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    #[cfg(loom)]
    {
        use std::sync::atomic::{AtomicU64, Ordering};

        let body = std::sync::Arc::new(body);
        let explore = |loads| {
            let count = std::sync::Arc::new(AtomicU64::new(0));
            let (body, counted) = (body.clone(), count.clone());
            loom::model(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                body();
            });
            std::println!("{} executions with {loads}", count.load(Ordering::Relaxed));
        };
        explore("loads");
        crate::sync::with_strong_loads(|| explore("strong loads"));
    }
    #[cfg(not(loom))]
    (0..300).for_each(|_| body());
}

/// A test that a model fails, by its own assertion, once the atomics are broken in the given way.
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
macro_rules! mutant {
    ($name:ident, $mutant:ident, $model:expr) => {
        #[cfg(loom)]
        #[test]
        #[should_panic(expected = "broken: ")]
        fn $name() {
            crate::sync::with_mutant(crate::sync::Mutant::$mutant, || $model);
        }
    };
}
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub(crate) use mutant;
