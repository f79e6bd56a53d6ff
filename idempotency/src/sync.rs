//! The one door to atomics: `core`'s, `loom`'s in models, and a critical section's where the target has none of 64 bits.

#![allow(
    unused_imports,
    unused_macros,
    reason = "every crate has this file, and not every one uses everything"
)]

#[cfg(all(not(target_has_atomic = "64"), not(all(test, loom))))]
pub(crate) use self::guarded::{AtomicU32, AtomicU64};
#[cfg(all(test, loom))]
pub(crate) use self::mutable::{AtomicU32, AtomicU64, Mutant, fence, with_mutant, with_strong_loads};
pub(crate) use core::sync::atomic::Ordering;
// Where words are guarded, it is more than is needed.
#[cfg(not(all(test, loom)))]
pub(crate) use core::sync::atomic::fence;
#[cfg(all(target_has_atomic = "64", not(all(test, loom))))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64};

/// Declares a function `const`, except in models: loom's atomics can't be built in a constant.
macro_rules! const_unless_loom {
    ($(#[$attribute:meta])* $visibility:vis const fn $($rest:tt)*) => {
        #[cfg(not(all(test, loom)))]
        $(#[$attribute])* $visibility const fn $($rest)*
        #[cfg(all(test, loom))]
        $(#[$attribute])* $visibility fn $($rest)*
    };
}
pub(crate) use const_unless_loom;

/// The words on targets without 64-bit atomics: each access is one critical section, which the final binary provides. It
/// orders more than any `Ordering` asks for. The narrow word, too: some of these targets can only load and store one.
///
/// Not `portable-atomic`: on targets that have narrower atomics, its 64-bit ones are a global spin lock, feature or not,
/// and an interrupt that finds it taken spins for ever.
///
/// Tests build it on every target, so that it is not only compiled but also run.
#[cfg(all(any(test, not(target_has_atomic = "64")), not(loom)))]
mod guarded {
    use core::cell::Cell;
    use core::sync::atomic::Ordering;

    use critical_section::Mutex;

    #[derive(Debug)]
    pub(crate) struct AtomicU64(Mutex<Cell<u64>>);

    #[allow(dead_code, reason = "every crate has this file, and not every one uses every operation")]
    impl AtomicU64 {
        pub(crate) const fn new(value: u64) -> Self {
            Self(Mutex::new(Cell::new(value)))
        }

        pub(crate) fn load(&self, _: Ordering) -> u64 {
            critical_section::with(|section| self.0.borrow(section).get())
        }

        pub(crate) fn store(&self, value: u64, _: Ordering) {
            critical_section::with(|section| self.0.borrow(section).set(value));
        }

        pub(crate) fn fetch_add(&self, n: u64, _: Ordering) -> u64 {
            critical_section::with(|section| {
                let word = self.0.borrow(section);
                word.replace(word.get().wrapping_add(n))
            })
        }

        pub(crate) fn fetch_max(&self, value: u64, _: Ordering) -> u64 {
            critical_section::with(|section| {
                let word = self.0.borrow(section);
                word.replace(word.get().max(value))
            })
        }

        pub(crate) fn swap(&self, value: u64, _: Ordering) -> u64 {
            critical_section::with(|section| self.0.borrow(section).replace(value))
        }

        pub(crate) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            _: Ordering,
            _: Ordering,
        ) -> Result<u64, u64> {
            critical_section::with(|section| {
                let word = self.0.borrow(section);
                if word.get() == current { Ok(word.replace(new)) } else { Err(word.get()) }
            })
        }
    }

    #[derive(Debug)]
    pub(crate) struct AtomicU32(Mutex<Cell<u32>>);

    #[allow(dead_code, reason = "every crate has this file, and not every one uses every operation")]
    impl AtomicU32 {
        pub(crate) const fn new(value: u32) -> Self {
            Self(Mutex::new(Cell::new(value)))
        }

        pub(crate) fn load(&self, _: Ordering) -> u32 {
            critical_section::with(|section| self.0.borrow(section).get())
        }

        pub(crate) fn swap(&self, value: u32, _: Ordering) -> u32 {
            critical_section::with(|section| self.0.borrow(section).replace(value))
        }
    }
}

/// The guarded words lose no update of several threads, and answer as the atomic ones do.
#[cfg(all(test, not(loom)))]
#[test]
fn the_guarded_word_is_one() {
    let (guarded, atomic) = (guarded::AtomicU64::new(u64::MAX), core::sync::atomic::AtomicU64::new(u64::MAX));
    let order = Ordering::AcqRel;
    assert_eq!(guarded.fetch_add(3, order), atomic.fetch_add(3, order)); // wraps
    for (current, new) in [(2, 7), (9, 8), (7, 9)] {
        assert_eq!(
            guarded.compare_exchange_weak(current, new, order, Ordering::Relaxed),
            atomic.compare_exchange(current, new, order, Ordering::Relaxed)
        );
        assert_eq!(guarded.load(Ordering::Acquire), atomic.load(Ordering::Acquire));
    }
    for value in [3, 9, 4] {
        assert_eq!(guarded.fetch_max(value, order), atomic.fetch_max(value, order));
        assert_eq!(guarded.load(Ordering::Acquire), atomic.load(Ordering::Acquire));
    }
    for value in [6, 2] {
        assert_eq!(guarded.swap(value, order), atomic.swap(value, order));
        assert_eq!(guarded.load(Ordering::Acquire), atomic.load(Ordering::Acquire));
    }
    let (narrow, atomic) = (guarded::AtomicU32::new(u32::MAX), core::sync::atomic::AtomicU32::new(u32::MAX));
    for value in [6, 2] {
        assert_eq!(narrow.swap(value, order), atomic.swap(value, order));
        assert_eq!(narrow.load(Ordering::Acquire), atomic.load(Ordering::Acquire));
    }

    guarded.store(0, Ordering::Release);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..10_000 {
                    guarded.fetch_add(1, order);
                    guarded.fetch_max(n, order); // never the greater
                    let mut seen = guarded.load(Ordering::Relaxed);
                    while let Err(now) =
                        guarded.compare_exchange_weak(seen, seen + 1, order, Ordering::Relaxed)
                    {
                        seen = now;
                    }
                }
            });
        }
    });
    assert_eq!(guarded.load(Ordering::Acquire), 80_000);
}

/// Loom's atomics with a switch: a model runs a second time with the memory accesses of the very code under test made
/// weaker, and has to fail.
#[cfg(all(test, loom))]
mod mutable {
    use core::cell::Cell;
    use core::sync::atomic::Ordering;
    use std::thread::LocalKey;

    use loom::sync::atomic as inner;

    /// What to break.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[allow(dead_code, reason = "every crate has this file, and not every one breaks everything")]
    pub(crate) enum Mutant {
        /// Nothing.
        None,
        /// Read-modify-writes and stores no longer release.
        NoRelease,
        /// Read-modify-writes and loads no longer acquire.
        NoAcquire,
        /// Every access is relaxed. What needs no ordering holds all the same.
        Relaxed,
        /// Fences do nothing.
        NoFence,
        /// A read-modify-write becomes a load and a store.
        Torn,
        /// A compare-exchange becomes a store, whatever is there.
        Stores,
    }

    std::thread_local! {
        // Loom runs all threads of a model on the thread that called it.
        static MUTANT: Cell<Mutant> = const { Cell::new(Mutant::None) };
        static STRONG_LOADS: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `model` with the accesses broken.
    pub(crate) fn with_mutant(mutant: Mutant, model: impl FnOnce()) {
        with(&MUTANT, mutant, model);
    }

    /// Runs `model` with loads that are read-modify-writes. They see no old values, but loom 0.7 misses interleavings
    /// with a thread that loads and then writes one atomic (its issues 166 and 392), and so it doesn't miss them.
    pub(crate) fn with_strong_loads(model: impl FnOnce()) {
        with(&STRONG_LOADS, true, model);
    }

    /// Runs `model` with the switch at `value`, and puts it back, also if that panics, as it should.
    fn with<T: Copy>(switch: &'static LocalKey<Cell<T>>, value: T, model: impl FnOnce()) {
        struct Restore<T: Copy + 'static>(&'static LocalKey<Cell<T>>, T);

        impl<T: Copy> Drop for Restore<T> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }

        let _restore = Restore(switch, switch.replace(value));
        model();
    }

    fn weaken(ordering: Ordering) -> Ordering {
        match (MUTANT.get(), ordering) {
            (Mutant::Relaxed, _) => Ordering::Relaxed,
            (Mutant::NoRelease, Ordering::AcqRel) => Ordering::Acquire,
            (Mutant::NoAcquire, Ordering::AcqRel) => Ordering::Release,
            (Mutant::NoRelease, Ordering::Release) | (Mutant::NoAcquire, Ordering::Acquire) => {
                Ordering::Relaxed
            }
            _ => ordering,
        }
    }

    /// A relaxed fence is none.
    #[allow(dead_code, reason = "every crate has this file, and not every one has fences")]
    pub(crate) fn fence(ordering: Ordering) {
        let ordering = weaken(ordering);
        if MUTANT.get() != Mutant::NoFence && ordering != Ordering::Relaxed {
            inner::fence(ordering);
        }
    }

    #[derive(Debug)]
    pub(crate) struct AtomicU64(inner::AtomicU64);

    #[allow(dead_code, reason = "every crate has this file, and not every one uses every operation")]
    impl AtomicU64 {
        pub(crate) fn new(value: u64) -> Self {
            Self(inner::AtomicU64::new(value))
        }

        pub(crate) fn load(&self, ordering: Ordering) -> u64 {
            if STRONG_LOADS.get() {
                self.0.fetch_add(0, weaken(ordering))
            } else {
                self.0.load(weaken(ordering))
            }
        }

        pub(crate) fn store(&self, value: u64, ordering: Ordering) {
            self.0.store(value, weaken(ordering));
        }

        pub(crate) fn fetch_add(&self, n: u64, ordering: Ordering) -> u64 {
            if MUTANT.get() == Mutant::Torn {
                let before = self.0.load(Ordering::Acquire);
                self.0.store(before.wrapping_add(n), Ordering::Release);
                return before;
            }
            self.0.fetch_add(n, weaken(ordering))
        }

        pub(crate) fn fetch_max(&self, value: u64, ordering: Ordering) -> u64 {
            if MUTANT.get() == Mutant::Torn {
                let before = self.0.load(Ordering::Acquire);
                self.0.store(before.max(value), Ordering::Release);
                return before;
            }
            self.0.fetch_max(value, weaken(ordering))
        }

        pub(crate) fn swap(&self, value: u64, ordering: Ordering) -> u64 {
            if MUTANT.get() == Mutant::Torn {
                let before = self.0.load(Ordering::Acquire);
                self.0.store(value, Ordering::Release);
                return before;
            }
            self.0.swap(value, weaken(ordering))
        }

        pub(crate) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            success: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            if MUTANT.get() == Mutant::Torn {
                let before = self.0.load(Ordering::Acquire);
                if before != current {
                    return Err(before);
                }
                self.0.store(new, Ordering::Release);
                return Ok(before);
            }
            if MUTANT.get() == Mutant::Stores {
                self.0.store(new, Ordering::Release);
                return Ok(current);
            }
            self.0.compare_exchange_weak(current, new, weaken(success), weaken(failure))
        }
    }

    #[derive(Debug)]
    pub(crate) struct AtomicU32(inner::AtomicU32);

    #[allow(dead_code, reason = "every crate has this file, and not every one uses every operation")]
    impl AtomicU32 {
        pub(crate) fn new(value: u32) -> Self {
            Self(inner::AtomicU32::new(value))
        }

        pub(crate) fn load(&self, ordering: Ordering) -> u32 {
            if STRONG_LOADS.get() {
                self.0.fetch_add(0, weaken(ordering))
            } else {
                self.0.load(weaken(ordering))
            }
        }

        pub(crate) fn swap(&self, value: u32, ordering: Ordering) -> u32 {
            if MUTANT.get() == Mutant::Torn {
                let before = self.0.load(Ordering::Acquire);
                self.0.store(value, Ordering::Release);
                return before;
            }
            self.0.swap(value, weaken(ordering))
        }
    }
}
