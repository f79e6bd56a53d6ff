use core::time::Duration;

use crate::Fingerprint;

/// What a store is told of a copy of a request, besides its key.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_idempotency::{Fingerprint, store::Call};
///
/// let call = Call { fingerprint: Fingerprint(7), lease: Duration::from_secs(30), reserve: 4_096 };
/// assert_eq!(Call { reserve: 0, ..call }.lease, call.lease);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Call {
    /// Of the request.
    pub fingerprint: Fingerprint,
    /// For how long its execution may be silent.
    pub lease: Duration,
    /// So many bytes of an outcome there must be room for, before anything is executed.
    pub reserve: u32,
}
