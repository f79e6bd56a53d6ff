//! What a model may break in the order of looking, listening and telling, to see that it would notice.

/// What to break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Who waits is told before anything has changed.
    NotifyFirst,
    /// One is told where all have an answer.
    NotifyOne,
    /// Who was told, and goes, tells nobody else.
    KeepWakeUp,
    /// Who waits looks first, and listens then.
    ListenLate,
}

#[cfg(not(all(test, loom)))]
pub(crate) const fn is_broken(_: Fault) -> bool {
    false
}

#[cfg(all(test, loom))]
pub(crate) use self::switch::{is_broken, with_fault};

#[cfg(all(test, loom))]
mod switch {
    use core::cell::Cell;

    use super::Fault;

    std::thread_local! {
        // Loom runs all threads of a model on the thread that called it.
        static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
    }

    pub(crate) fn is_broken(fault: Fault) -> bool {
        FAULT.get() == Some(fault)
    }

    /// Runs `model` with that fault. Each test has a thread of its own, so it need not be taken back.
    pub(crate) fn with_fault(fault: Fault, model: impl FnOnce()) {
        FAULT.set(Some(fault));
        model();
    }
}
