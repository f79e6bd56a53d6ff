//! What both clocks, shared and local, agree on.

use crate::{JumpExceeded, OutOfRange, ReceiveError, Timestamp};

/// Whether a clock at `latest` takes over `remote`.
#[inline]
pub(crate) fn check(latest: u64, remote: Timestamp, jump_max: u64) -> Result<(), ReceiveError> {
    check_limit(remote)?;
    let jump = remote.get().saturating_sub(latest);
    if jump > jump_max {
        return Err(JumpExceeded { jump, jump_max }.into());
    }
    Ok(())
}

/// Whether any clock may be at `remote`.
#[inline]
pub(crate) fn check_limit(remote: Timestamp) -> Result<(), OutOfRange> {
    if remote > Timestamp::LIMIT { Err(OutOfRange { remote }) } else { Ok(()) }
}
