use core::time::Duration;

use crate::table::Status;
use crate::{Fingerprint, KeyHash, Lease, Record, Token};

/// A record and what belongs to it. The record is without outcome and checkpoint, so that nothing of the caller's is cloned
/// or dropped by the rules, which are applied under a lock.
#[derive(Debug)]
pub(crate) struct Slot<O, C> {
    pub(crate) hash: KeyHash,
    /// The hash of the key's scope.
    pub(crate) scope: u64,
    pub(crate) record: Kept,
    /// There is one exactly if the record is completed.
    pub(crate) outcome: Option<O>,
    /// There is one exactly if the record says so.
    pub(crate) checkpoint: Option<C>,
    /// Bytes on the heap that are taken for it.
    pub(crate) held: u32,
    /// How many of them the checkpoint has.
    pub(crate) checkpoint_bytes: u32,
    /// The tick at which the wheel gives it back, which may be before it expires; `Ticks::NEVER` if it doesn't.
    pub(crate) filed: u64,
}

/// A record, as the rules see it.
pub(crate) type Kept = Record<(), ()>;

impl<O, C> Slot<O, C> {
    /// What is answered to a copy, if the rules say that it is an outcome.
    #[inline]
    pub(crate) fn replay(&self, fingerprint: Fingerprint, now: Duration) -> Option<&O> {
        self.outcome.as_ref().filter(|_| self.record.is_replayed(fingerprint, now))
    }

    pub(crate) fn status(&self, now: Duration) -> Status {
        let remaining = |lease: &Lease<()>| lease.until.saturating_sub(now);
        match &self.record {
            Record::Claimed(lease) if !lease.started_before => {
                Status::Claimed { attempts: lease.token.attempt, remaining: remaining(lease) }
            }
            Record::Claimed(lease) | Record::Started(lease) => {
                Status::Started { attempts: lease.token.attempt, remaining: remaining(lease) }
            }
            Record::Released { attempts, .. } => Status::Released { attempts: *attempts },
            Record::Completed { .. } => Status::Completed,
            Record::Indeterminate { attempts, .. } => Status::Indeterminate { attempts: *attempts },
            Record::Dead { attempts, .. } => Status::Dead { attempts: *attempts },
        }
    }

    /// For how long `token` has the lease, if it isn't renewed.
    pub(crate) fn remaining(&self, token: Token, now: Duration) -> Duration {
        match &self.record {
            Record::Claimed(lease) | Record::Started(lease) if lease.token == token => {
                lease.until.saturating_sub(now)
            }
            _ => Duration::ZERO,
        }
    }
}

/// Whether it has a checkpoint.
pub(crate) fn has_checkpoint(record: &Kept) -> bool {
    match record {
        Record::Claimed(lease) | Record::Started(lease) => lease.checkpoint.is_some(),
        Record::Released { checkpoint, .. } | Record::Indeterminate { checkpoint, .. } => {
            checkpoint.is_some()
        }
        Record::Completed { .. } | Record::Dead { .. } => false,
    }
}
