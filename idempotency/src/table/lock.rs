//! The one door to locks of the table, `parking_lot`'s, and loom's in models; and to what is counted by its handles, where a model
//! has to know who had it last.

#[cfg(all(test, loom))]
pub(crate) use self::modelled::{Arc, Mutex};
#[cfg(not(all(test, loom)))]
pub(crate) use alloc::sync::Arc;
#[cfg(not(all(test, loom)))]
pub(crate) use parking_lot::Mutex;

/// Loom's lock, in the shape of `parking_lot`'s: who panics while he holds it leaves it to the others.
#[cfg(all(test, loom))]
mod modelled {
    pub(crate) use loom::sync::Arc;
    use loom::sync::{self, MutexGuard};
    use std::sync::PoisonError;

    #[derive(Debug)]
    pub(crate) struct Mutex<T>(sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
