use core::time::Duration;

/// What the wheel counts time by: nanoseconds in powers of two, so many that the retention is within its reach, which is
/// 2<sup>24</sup> ticks. A record is removed later than it expires by less than a millionth of the retention.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticks {
    bits: u32,
}

impl Ticks {
    /// No instant.
    pub(crate) const NEVER: u64 = u64::MAX;

    pub(crate) fn new(retention: Duration) -> Self {
        let needed = u128::BITS - retention.as_nanos().leading_zeros();
        Self { bits: needed.saturating_sub(REACH) }
    }

    /// How many have passed at `time`.
    pub(crate) fn passed(self, time: Duration) -> u64 {
        u64::try_from(time.as_nanos() >> self.bits).unwrap_or(Self::NEVER)
    }

    /// After how many `time` has come; `None` if they are too many to count.
    pub(crate) fn reach(self, time: Duration) -> Option<u64> {
        let ticks = time.as_nanos().div_ceil(1 << self.bits);
        u64::try_from(ticks).ok().filter(|&ticks| ticks != Self::NEVER)
    }
}

/// One bit less than the wheel has, for leases.
const REACH: u32 = 23;

/// No record is given back before it expires, and none much later.
#[cfg(all(test, not(loom)))]
#[test]
fn a_tick_is_never_early_and_hardly_late() {
    for retention in [0, 1, 1 << 23, 86_400_000_000_000, u64::MAX].map(Duration::from_nanos) {
        let ticks = Ticks::new(retention);
        for nanos in [0, 1, 999, 1 << 24, (1 << 24) + 1, 1_700_000_000_123_456_789] {
            let time = Duration::from_nanos(nanos);
            let tick = ticks.reach(time).unwrap();
            let late = retention / 1_000_000;
            assert!(ticks.passed(time + late + Duration::from_nanos(1)) >= tick, "{retention:?} {time:?}");
            if let Some(before) = time.checked_sub(Duration::from_nanos(1)) {
                assert!(ticks.passed(before) < tick, "{retention:?} {time:?}");
            }
        }
    }
    assert_eq!(Ticks::new(Duration::ZERO).reach(Duration::MAX), None);
    assert!(Ticks::new(Duration::MAX).reach(Duration::MAX).is_some());
}
