use core::time::Duration;

/// When silence reaches each level. No ticks, so that whoever asks converts nothing; 12 bytes a level, where a `Duration` takes 16.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Deadlines<const L: usize> {
    secs: [u64; L],
    nanos: [u32; L],
}

impl<const L: usize> Deadlines<L> {
    /// Of an unknown peer: all are reached.
    pub(crate) const UNKNOWN: Self = Self { secs: [0; L], nanos: [0; L] };

    /// # Panics
    /// If there is no such level.
    #[inline]
    pub(crate) const fn set(&mut self, level: usize, deadline: Duration) {
        (self.secs[level], self.nanos[level]) = (deadline.as_secs(), deadline.subsec_nanos());
    }

    /// `None` if the peer is unknown.
    ///
    /// # Panics
    /// If there is no such level.
    pub(crate) const fn get(&self, level: usize) -> Option<Duration> {
        let deadline = Duration::new(self.secs[level], self.nanos[level]);
        if deadline.is_zero() { None } else { Some(deadline) }
    }

    /// # Panics
    /// If there is no such level.
    #[inline]
    pub(crate) const fn is_reached(&self, now: Duration, level: usize) -> bool {
        number(now.as_secs(), now.subsec_nanos()) >= number(self.secs[level], self.nanos[level])
    }
}

/// One number of both, since processors compare that without a branch.
#[inline]
const fn number(secs: u64, nanos: u32) -> u128 {
    (secs as u128) << 64 | nanos as u128
}
