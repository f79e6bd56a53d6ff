/// Levels that are multiples of a timeout which changes: in fixed point, so that a heartbeat needs no floats.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Multiples<const L: usize>([u64; L]);

impl<const L: usize> Multiples<L> {
    /// # Panics
    /// If a level isn't greater than zero and finite.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, as is wanted")]
    pub(crate) fn new(levels: [f64; L]) -> Self {
        assert!(levels.iter().all(|level| *level > 0.0 && level.is_finite()), "a level is above zero");
        Self(levels.map(|level| libm::ceil(level * ONE) as u64))
    }

    /// Each level's multiple of so many ticks, rounded up; saturates.
    pub(crate) fn of(&self, ticks: u64) -> [u64; L] {
        self.0.map(|level| {
            let product = u128::from(level) * u128::from(ticks);
            u64::try_from((product + u128::from(u32::MAX)) >> 32).unwrap_or(u64::MAX)
        })
    }
}

/// The level 1.
const ONE: f64 = 4_294_967_296.0;
