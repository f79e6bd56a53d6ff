//! What needs the inside of the crate: models of the shared types, and the paper's case table from any state.
//!
//! A model's body runs under loom in every order of its threads' steps, within the preemptions that `ci/loom.sh` allows,
//! and under plain `cargo test` many times on the system's threads. Each claim of an ordering also has a mutant: the same body over weaker atomics, which must fail.

use std::boxed::Box;

mod cached_wall;
mod clock;
#[cfg(not(loom))]
mod figure_5;
mod reserved_clock;

#[cfg(loom)]
pub(crate) use loom::{sync::Arc, sync::atomic::AtomicU64 as Data, thread};
#[cfg(not(loom))]
pub(crate) use std::{sync::Arc, sync::atomic::AtomicU64 as Data, thread};

/// Runs a model's body; under loom a second time with loads that miss no interleaving.
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    #[cfg(loom)]
    {
        let body = std::sync::Arc::new(body);
        let strong = body.clone();
        model_of_stores(move || body());
        crate::sync::with_strong_loads(|| model_of_stores(move || strong()));
    }
    #[cfg(not(loom))]
    model_of_stores(body);
}

/// Runs the body of a model whose threads only load and store: there strong loads, being writes, would be wrong.
pub(crate) fn model_of_stores(body: impl Fn() + Send + Sync + 'static) {
    #[cfg(loom)]
    {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let executions = std::sync::Arc::new(AtomicUsize::new(0));
        let count = executions.clone();
        loom::model(move || {
            count.fetch_add(1, Ordering::Relaxed);
            body();
        });
        std::println!("{} executions", executions.load(Ordering::Relaxed));
    }
    #[cfg(not(loom))]
    (0..500).for_each(|_| body());
}

/// Starts a thread.
pub(crate) fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    let body: Box<dyn FnOnce() -> T + Send> = Box::new(body);
    thread::spawn(body)
}

/// A test that a model fails, by an assertion of its own, once the atomics are broken in the given way.
macro_rules! mutant {
    ($name:ident, $mutant:ident, $body:expr) => {
        mutant!($name, $mutant, $body, model);
    };
    ($name:ident, $mutant:ident, $body:expr, $model:ident) => {
        #[cfg(loom)]
        #[test]
        #[should_panic(expected = "broken: ")]
        fn $name() {
            crate::sync::with_mutant(crate::sync::Mutant::$mutant, || super::$model($body));
        }
    };
}
pub(crate) use mutant;
