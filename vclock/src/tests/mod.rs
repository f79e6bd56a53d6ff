//! Models of the shared clocks, small enough to try all of their interleavings.
//!
//! A model is a program: a few operations for each of two or three threads, on a clock of two counters. It runs on the
//! code itself, under loom in every order of the threads' steps, within the preemptions that `ci/loom.sh` allows, and
//! under plain `cargo test` some hundred times on the system's threads. It also runs on a description of the code's steps,
//! in every order of them, without exception; see [`steps`]. What came of it is judged by [`race::judge`], which knows only
//! what is promised. Each claim of an ordering or of atomicity also has a mutant: the same program over weaker atomics,
//! which must fail.

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod atomic_clock;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod atomic_packed;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod race;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod steps;

/// A test that a model fails, by the promise that is named, once the atomics are broken in the given way.
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
macro_rules! mutant {
    ($name:ident, $mutant:ident, $broken:literal, $model:expr) => {
        #[cfg(loom)]
        #[test]
        #[should_panic(expected = $broken)]
        fn $name() {
            crate::sync::with_mutant(crate::sync::Mutant::$mutant, || {
                $model;
            });
        }
    };
}
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub(crate) use mutant;
