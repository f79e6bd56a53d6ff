use alloc::vec::Vec;
use core::mem;

/// What is left to do when the lock is released: outcomes and checkpoints are the caller's, and so is their `drop`.
#[derive(Debug)]
pub(crate) struct After<O, C> {
    garbage: Vec<(Option<O>, Option<C>)>,
}

impl<O, C> After<O, C> {
    pub(crate) const fn new() -> Self {
        Self { garbage: Vec::new() }
    }

    /// Keeps them until it is dropped itself.
    pub(crate) fn discard(&mut self, outcome: Option<O>, checkpoint: Option<C>) {
        if mem::needs_drop::<(O, C)>() && (outcome.is_some() || checkpoint.is_some()) {
            self.garbage.push((outcome, checkpoint));
        }
    }
}
