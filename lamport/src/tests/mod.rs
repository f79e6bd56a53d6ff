//! Models of the shared clock, small enough for loom to try all of their interleavings.
//!
//! A model's body runs under loom (`RUSTFLAGS="--cfg loom"`), and under plain `cargo test` a few hundred times on the
//! system's threads. Each claim of an ordering or of atomicity also has a mutant: the same body over weaker atomics, which
//! must fail.

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod clock;

#[cfg(loom)]
pub(crate) use loom::{sync::Arc, sync::atomic::AtomicU64 as Data, thread};
#[cfg(not(loom))]
pub(crate) use {crate::sync::AtomicU64 as Data, std::sync::Arc, std::thread};

/// Runs a model's body; under loom a second time with loads that see no old values but miss no interleaving.
pub(crate) fn model(body: impl Fn() + Send + Sync + Clone + 'static) {
    #[cfg(loom)]
    {
        loom::model(body.clone());
        crate::sync::with_strong_loads(|| loom::model(body));
    }
    #[cfg(not(loom))]
    (0..200).for_each(|_| body());
}
