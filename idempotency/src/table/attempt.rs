use alloc::sync::Arc;
use core::time::Duration;

use crate::table::inner::Inner;
use crate::table::{Clock, LeaseLost, NotKept, Weigh};
use crate::{DerivedKey, Event, KeyHash, Token};

/// What both guards of an attempt are.
pub(crate) struct Attempt<O, C, K: Clock> {
    pub(crate) table: Arc<Inner<O, C, K>>,
    pub(crate) hash: KeyHash,
    pub(crate) token: Token,
    pub(crate) lease: Duration,
    pub(crate) reserved: u32,
}

impl<O, C, K: Clock> Attempt<O, C, K> {
    pub(crate) fn hold(&self, event: Event<(), ()>) -> Result<(), LeaseLost> {
        #[cfg(all(test, loom))]
        self.table.break_order(self.hash);
        let held = self
            .table
            .with(self.hash, |shard, now, shared, after| shard.hold(self.hash, event, now, shared, after));
        if held { Ok(()) } else { Err(LeaseLost { token: self.token }) }
    }

    pub(crate) fn renew(&self) -> Result<(), LeaseLost> {
        self.hold(Event::Renew { token: self.token, lease: self.lease })
    }

    pub(crate) fn abort(&self, counts: bool) -> Result<(), LeaseLost> {
        self.hold(Event::Abort { token: self.token, counts })
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.table.with(self.hash, |shard, now, shared, _| shard.is_lost(self.hash, self.token, now, shared))
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.table.with(self.hash, |shard, now, _, _| shard.remaining(self.hash, self.token, now))
    }

    pub(crate) fn derived_key(&self, label: &str) -> DerivedKey {
        self.hash.derive(&self.table.shared.secret, label)
    }

    pub(crate) fn checkpoint(&self, checkpoint: C) -> Result<(), NotKept>
    where
        C: Weigh,
    {
        let weight = checkpoint.weight();
        let bytes =
            fits(weight, self.reserved).ok_or(NotKept::TooLarge { weight, room: self.reserved as usize })?;
        let kept = self.table.with(self.hash, |shard, now, shared, after| {
            shard.checkpoint(self.hash, self.token, (checkpoint, bytes), now, shared, after)
        });
        if kept { Ok(()) } else { Err(NotKept::LeaseLost(LeaseLost { token: self.token })) }
    }

    /// Keeps an outcome that fits: see [`fits`].
    pub(crate) fn complete(&self, outcome: O, bytes: u32) -> Result<(), LeaseLost> {
        let event = Event::Complete { token: self.token, outcome: () };
        #[cfg(all(test, loom))]
        self.table.break_order(self.hash);
        let kept = self.table.with(self.hash, |shard, now, shared, after| {
            shard.complete(self.hash, event, (outcome, bytes), now, shared, after)
        });
        if kept { Ok(()) } else { Err(LeaseLost { token: self.token }) }
    }
}

/// A weight, if so much was reserved.
pub(crate) fn fits(weight: usize, reserved: u32) -> Option<u32> {
    u32::try_from(weight).ok().filter(|&weight| weight <= reserved)
}
