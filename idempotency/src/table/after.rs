use alloc::vec::Vec;
use core::mem;

use crate::table::watch::WakeUp;

/// What is left to do when the lock is released: outcomes and checkpoints are the caller's, and so is their `drop`, and so are
/// the wakers of those who wait.
#[derive(Debug)]
pub(crate) struct After<O, C> {
    wake_ups: Vec<WakeUp>,
    garbage: Vec<(Option<O>, Option<C>)>,
}

impl<O, C> After<O, C> {
    pub(crate) const fn new() -> Self {
        Self { wake_ups: Vec::new(), garbage: Vec::new() }
    }

    /// Tells those who wait, when it is dropped itself.
    pub(crate) fn wake(&mut self, wake_up: Option<WakeUp>) {
        self.wake_ups.extend(wake_up);
    }

    /// Keeps them until it is dropped itself.
    pub(crate) fn discard(&mut self, outcome: Option<O>, checkpoint: Option<C>) {
        if mem::needs_drop::<(O, C)>() && (outcome.is_some() || checkpoint.is_some()) {
            self.garbage.push((outcome, checkpoint));
        }
    }
}
