use core::time::Duration;

use crate::table::Limits;
use crate::{Policy, Secret};

/// What a [`Table`](crate::table::Table) is made of.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::table::{Limits, Settings, Table};
/// use spacelike_idempotency::{Policy, Secret, Unfinished};
///
/// let limits = Limits { records: 100_000, bytes: 64 << 20, records_per_scope: 10_000 };
/// let policy = Policy {
///     retention: Duration::from_secs(86_400),
///     attempts_max: 5,
///     unfinished: Unfinished::Hold,
///     strict_expiry: false,
///     skew: Duration::from_secs(60),
/// };
/// let settings = Settings::new(limits, policy, Secret::new([7; 16])).lease(Duration::from_secs(10));
/// let table = Table::<u64>::new(settings)?;
/// assert!(table.is_empty());
/// # Ok::<(), spacelike_idempotency::table::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Settings {
    pub(crate) limits: Limits,
    pub(crate) policy: Policy,
    pub(crate) secret: Secret,
    pub(crate) lease: Duration,
    pub(crate) reserve: u32,
    pub(crate) shards: usize,
    pub(crate) first_fence: u64,
}

impl Settings {
    /// With a lease of 30 seconds, a reserve of 4 KiB, 64 shards, and one as the first fence.
    ///
    /// The secret is for hashes of keys, so that nobody can make many that collide, and for
    /// [derived keys](crate::DerivedKey), which are the same after a restart if the secret is.
    pub const fn new(limits: Limits, policy: Policy, secret: Secret) -> Self {
        Self {
            limits,
            policy,
            secret,
            lease: Duration::from_secs(30),
            reserve: 4 << 10,
            shards: 64,
            first_fence: 1,
        }
    }

    /// For how long an attempt may be silent, unless its call says otherwise.
    pub const fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How many bytes on the heap an outcome, or a checkpoint, may have, unless its call says otherwise.
    pub const fn reserve(self, bytes: u32) -> Self {
        Self { reserve: bytes, ..self }
    }

    /// Into how many parts, each with a lock, the records are divided: a power of two, at most 65,536.
    pub const fn shards(self, shards: usize) -> Self {
        Self { shards, ..self }
    }

    /// The first fence. A table forgets everything with its process: give it one that is above all of the process before,
    /// such as the microseconds since 1970, if fences are compared further down. At most 2<sup>63</sup> - 1, so that they never run out.
    pub const fn first_fence(self, fence: u64) -> Self {
        Self { first_fence: fence, ..self }
    }

    pub(crate) fn check(&self, record_bytes: u64) -> Result<(), SettingsError> {
        let needed = record_bytes.saturating_add(self.reserve.into());
        let Limits { records, bytes, records_per_scope } = self.limits;
        if records == 0 || u32::try_from(records).map_or(true, |records| records == u32::MAX) {
            Err(SettingsError::Records { records })
        } else if bytes < needed {
            Err(SettingsError::Bytes { bytes, needed })
        } else if records_per_scope == 0 {
            Err(SettingsError::RecordsPerScope)
        } else if !self.shards.is_power_of_two() || self.shards > SHARDS_MAX {
            Err(SettingsError::Shards { shards: self.shards })
        } else if self.policy.retention.is_zero() {
            Err(SettingsError::Retention)
        } else if self.policy.skew >= self.policy.retention {
            let Policy { skew, retention, .. } = self.policy;
            Err(SettingsError::Skew { skew, retention })
        } else if self.first_fence > FIRST_FENCE_MAX {
            Err(SettingsError::FirstFence { first_fence: self.first_fence })
        } else if self.lease.is_zero() {
            Err(SettingsError::Lease)
        } else {
            Ok(())
        }
    }
}

/// No table can be made of these settings. Nothing was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// There may be no record, or too many to count.
    #[error("a table of {records} records: it takes one at least, and fewer than 2^32 - 1")]
    Records {
        /// How many.
        records: usize,
    },
    /// Not one record has room.
    #[error("{bytes} bytes have no room for one record, which takes {needed}")]
    Bytes {
        /// How many there may be.
        bytes: u64,
        /// How many one takes, with the reserve.
        needed: u64,
    },
    /// No scope may have a record.
    #[error("no scope may have a record")]
    RecordsPerScope,
    /// Not a power of two, or too many.
    #[error("{shards} shards: it takes a power of two, at most 65536")]
    Shards {
        /// How many.
        shards: usize,
    },
    /// No outcome would be kept.
    #[error("a retention of zero keeps no outcome: it takes longer than clients go on retrying")]
    Retention,
    /// No key that tells when it was made would be accepted.
    #[error(
        "a skew of {skew:?} refuses every key that tells its time, if they are kept for {retention:?}: it must be less"
    )]
    Skew {
        /// How far ahead clocks may be.
        skew: Duration,
        /// How long outcomes are kept.
        retention: Duration,
    },
    /// Fences might run out, and begin again.
    #[error("a first fence of {first_fence}, after which they may run out: it takes one below 2^63")]
    FirstFence {
        /// What it was to be.
        first_fence: u64,
    },
    /// Every attempt would be lost at once.
    #[error("a lease of zero is lost at once")]
    Lease,
}

const SHARDS_MAX: usize = 1 << 16;
const FIRST_FENCE_MAX: u64 = i64::MAX as u64;
