use core::time::Duration;

/// How long a tick is, in which a detector keeps time: 2^`shift` nanoseconds.
///
/// Intervals are kept in 26 bits of ticks: with the default of 2^20 ns, about a millisecond, up to 19 hours. Longer ones count
/// as that. A shorter tick is for beats that come every few milliseconds.
///
/// Time ends with the tick in which nanoseconds no longer fit 64 bits, 584 years after its origin: no deadline is later, and
/// whatever is later counts as that. So every silence ends there at the latest.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FailureDetector, FixedTimeout, Resolution};
///
/// let micro = Resolution::of_nanos_log2(10);
/// assert_eq!(micro.tick(), Duration::from_nanos(1_024));
///
/// let mut peer = FixedTimeout::with_resolution(Duration::from_millis(2), [1.0], micro);
/// peer.heartbeat(Beat::at(Duration::ZERO));
/// assert_eq!(peer.deadline(0), Some(micro.tick() * 1_954)); // 2 ms, in whole ticks
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Resolution {
    shift: u32,
}

impl Resolution {
    /// A tick of 2^20 ns.
    pub const DEFAULT: Self = Self::of_nanos_log2(20);

    /// A tick of 2^`shift` ns.
    ///
    /// # Panics
    /// If `shift` is above 40, where a tick takes 18 minutes.
    pub const fn of_nanos_log2(shift: u32) -> Self {
        assert!(shift <= 40, "a tick of more than 2^40 ns");
        Self { shift }
    }

    /// How long a tick is.
    pub const fn tick(self) -> Duration {
        Duration::from_nanos(1 << self.shift)
    }

    /// In which tick this is. Saturates after 584 years.
    #[inline]
    pub(crate) const fn ticks(self, time: Duration) -> u64 {
        let (secs, nanos) = (time.as_secs(), time.subsec_nanos() as u64);
        if secs > SECONDS_NEAR {
            return self.ticks_far(secs, nanos);
        }
        (secs * 1_000_000_000 + nanos) >> self.shift
    }

    /// The same of any time.
    #[cold]
    #[inline(never)]
    const fn ticks_far(self, secs: u64, nanos: u64) -> u64 {
        secs.saturating_mul(1_000_000_000).saturating_add(nanos) >> self.shift
    }

    /// The last tick that there is.
    #[inline]
    pub(crate) const fn last(self) -> u64 {
        u64::MAX >> self.shift
    }

    /// So many ticks later, or the last tick there is: in which what is later than all ticks is, too.
    #[inline]
    pub(crate) const fn after(self, tick: u64, ticks: u64) -> u64 {
        after(tick, ticks, self.last())
    }

    /// When a tick begins that isn't after the last there is.
    #[inline]
    pub(crate) const fn nanos(self, tick: u64) -> u64 {
        tick << self.shift
    }

    /// So many ticks, at least one if it is any time at all.
    pub(crate) const fn ticks_up(self, time: Duration) -> u64 {
        let ticks = self.ticks(time);
        if self.duration(ticks).as_nanos() < time.as_nanos() { ticks.saturating_add(1) } else { ticks }
    }

    /// When this tick begins. Saturates.
    #[inline]
    pub(crate) const fn duration(self, ticks: u64) -> Duration {
        // Nearly always it fits the narrower word, in which a quotient takes a multiplication.
        if ticks <= self.last() {
            return Duration::from_nanos(ticks << self.shift);
        }
        let nanos = (ticks as u128) << self.shift;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the quotient fits: 2^104 / 10^9 < 2^75 is checked first"
        )]
        if nanos / 1_000_000_000 > u64::MAX as u128 {
            Duration::MAX
        } else {
            Duration::new((nanos / 1_000_000_000) as u64, (nanos % 1_000_000_000) as u32)
        }
    }

    /// The same of a tick that isn't after the [last](Self::last), and of at most [`SHORT`] ticks.
    #[inline]
    pub(crate) const fn duration_near(self, ticks: u64) -> Duration {
        Duration::from_nanos(ticks << self.shift)
    }
}

impl Default for Resolution {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// So many ticks later, or the last tick. A branch, since that is centuries away.
#[inline]
pub(crate) const fn after(tick: u64, ticks: u64, last: u64) -> u64 {
    let (after, overflows) = tick.overflowing_add(ticks);
    if overflows || after > last { end(last) } else { after }
}

#[cold]
const fn end(last: u64) -> u64 {
    last
}

/// The greatest interval that is kept, in ticks.
pub(crate) const INTERVAL_MAX: u32 = (1 << 26) - 1;

/// So many ticks of any length are nanoseconds in 64 bits.
pub(crate) const SHORT: u32 = (1 << 24) - 1;

/// For 68 years, nanoseconds take a product that isn't looked at.
const SECONDS_NEAR: u64 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::{Resolution, SHORT};

    /// A time is in the tick that its nanoseconds say, or the last one if they don't fit 64 bits: within 68 years, and after.
    #[test]
    fn times_are_in_their_ticks() {
        for shift in [0, 20, 40] {
            let resolution = Resolution::of_nanos_log2(shift);
            for secs in [0, 1, (1 << 31) - 1, 1 << 31, 1 << 32, 18_446_744_073, 18_446_744_074, u64::MAX] {
                for nanos in [0, 1, 709_551_615, 709_551_616, 999_999_999] {
                    let time = Duration::new(secs, nanos);
                    let ticks = time.as_nanos().min(u64::MAX.into()) >> shift;
                    assert_eq!(u128::from(resolution.ticks(time)), ticks, "{time:?} and 2^{shift} ns");
                }
            }
        }
    }

    /// What is known to be near is as long as it would be found to be.
    #[test]
    fn near_ticks_begin_when_they_do() {
        for shift in [0, 20, 40] {
            let resolution = Resolution::of_nanos_log2(shift);
            for ticks in [0, 1, 999, u64::from(SHORT), resolution.last()] {
                assert_eq!(resolution.duration_near(ticks), resolution.duration(ticks));
                assert_eq!(resolution.duration(ticks).as_nanos(), u128::from(ticks) << shift);
            }
        }
    }
}
