use core::time::Duration;

use crate::Fingerprint;

/// A copy of a request, and what its execution may take.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Call {
    /// Of what is asked.
    pub fingerprint: Fingerprint,
    /// For how long its execution may be silent.
    pub lease: Duration,
    /// How many bytes on the heap its outcome, or a checkpoint, may have. So many are reserved until it is completed.
    pub reserve: u32,
}
