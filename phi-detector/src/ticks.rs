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
        let nanos = time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos() as u64);
        nanos >> self.shift
    }

    /// So many ticks later, or the last tick there is: in which what is later than all ticks is, too.
    #[inline]
    pub(crate) const fn after(self, tick: u64, ticks: u64) -> u64 {
        let (after, last) = (tick.saturating_add(ticks), u64::MAX >> self.shift);
        if after < last { after } else { last }
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
        if ticks <= u64::MAX >> self.shift {
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
}

impl Default for Resolution {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The greatest interval that is kept, in ticks.
pub(crate) const INTERVAL_MAX: u32 = (1 << 26) - 1;
