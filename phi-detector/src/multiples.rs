/// Levels that are multiples of a timeout: in fixed point, so that a heartbeat needs no floats.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Multiples<const L: usize>([u64; L]);

impl<const L: usize> Multiples<L> {
    /// # Panics
    /// If a level isn't greater than zero and finite.
    pub(crate) const fn new(levels: [f64; L]) -> Self {
        let mut fixed = [0; L];
        let mut index = 0;
        while index < L {
            assert!(levels[index] > 0.0 && levels[index].is_finite(), "a level is above zero");
            fixed[index] = ceil(levels[index] * ONE);
            index += 1;
        }
        Self(fixed)
    }

    /// Each level's multiple of so many ticks, rounded up; saturates.
    pub(crate) fn of(&self, ticks: u64) -> [u64; L] {
        self.0.map(|level| multiple(level, ticks))
    }
}

/// So many times, in units of 1 over [`ONE`], so many ticks, rounded up; saturates.
pub(crate) fn multiple(times: u64, ticks: u64) -> u64 {
    let product = u128::from(times) * u128::from(ticks);
    u64::try_from((product + u128::from(u32::MAX)) >> 32).unwrap_or(u64::MAX)
}

/// Rounded up, in `const`; saturates at both ends.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "it saturates, as is wanted, and what has no fraction is exact"
)]
pub(crate) const fn ceil(x: f64) -> u64 {
    let whole = x as u64;
    if (whole as f64) < x { whole.saturating_add(1) } else { whole }
}

/// The level 1.
pub(crate) const ONE: f64 = 4_294_967_296.0;
