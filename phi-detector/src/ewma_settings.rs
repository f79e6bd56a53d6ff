use crate::moments::{COUNT_MAX, Moments};
use crate::parameters::{Fit, PRIOR, Parameters};
use crate::ticks::INTERVAL_MAX;
use crate::{Model, Normal, Settings};

/// What the [`EwmaPhi`](crate::EwmaPhi) of all peers have in common: what is assumed, the levels, and how fast to forget. Made
/// once.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{EwmaSettings, Normal, Settings};
///
/// // Warn at phi 1, convict at phi 8; remember as much as a window of 31 intervals does.
/// let settings = Settings::new(Duration::from_secs(1));
/// let settings: EwmaSettings<Normal, 2> = EwmaSettings::new(&settings, [1.0, 8.0]).with_window(31);
/// assert_eq!(settings.levels(), &[1.0, 8.0]);
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct EwmaSettings<M = Normal, const L: usize = 1> {
    parameters: Parameters<M, L>,
    /// Of a new interval, once `known_max` intervals are known.
    weight: f32,
    known_max: u32,
}

impl<M: Model, const L: usize> EwmaSettings<M, L> {
    /// With levels that are asked for by index, and a weight that remembers as much as a window of 127 intervals.
    ///
    /// # Panics
    /// If a level isn't greater than zero and finite, or the period is less than a tick.
    pub fn new(settings: &Settings, levels: [f64; L]) -> Self {
        Self { parameters: Parameters::new(settings, levels), weight: 0.0, known_max: 0 }.with_window(WINDOW)
    }

    /// The same, but as much is remembered as by a window of so many intervals: a new interval weighs `2 / (intervals + 1)`.
    ///
    /// # Panics
    /// If that are less than 15 intervals or more than 511.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "there are at most 512")]
    pub fn with_window(self, intervals: u32) -> Self {
        assert!((15..=INTERVALS_MAX).contains(&intervals), "a window of 15 to 511 intervals");
        // With more of them known, each would weigh less than it is to.
        let known_max = (intervals.div_ceil(2) - ASSUMED).max(PRIOR);
        Self { weight: 2.0 / (intervals + 1) as f32, known_max, ..self }
    }

    /// The levels, in the order in which they were given.
    pub const fn levels(&self) -> &[f64; L] {
        self.parameters.levels()
    }

    pub(crate) const fn parameters(&self) -> &Parameters<M, L> {
        &self.parameters
    }

    /// What is known after an interval of so many ticks, at least one.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "intervals are kept to 19 bits")]
    pub(crate) fn learn(&self, learned: u64, interval: u64) -> u64 {
        let moments = Moments::from_word(learned);
        // Nearly always, and then nothing else is to be computed.
        if learned > 0
            && moments.count >= self.known_max
            && moments.recovering == 0
            && interval <= INTERVAL_MAX.into()
            && self.parameters.is_short(moments.mean.into(), interval)
        {
            return moments.push(interval as f32, self.weight).to_word();
        }
        self.learn_any(learned, interval)
    }

    /// The same of any interval.
    #[inline(never)]
    fn learn_any(&self, learned: u64, interval: u64) -> u64 {
        let moments = self.or_assumed(learned);
        let clip = self.parameters.clip(self.fit_of(moments));
        if interval > clip {
            return self.push(Moments { recovering: PRIOR, ..moments }, clip);
        }
        let recovering = moments.recovering.saturating_sub(1);
        self.push(Moments { recovering, ..moments }, interval)
    }

    /// What is used of it.
    #[inline]
    pub(crate) fn fit(&self, learned: u64) -> Fit {
        self.fit_of(self.or_assumed(learned))
    }

    /// Whether a silence is surely too short for the level with this index: nearly always, if it is.
    ///
    /// # Panics
    /// If there is no such level.
    #[inline]
    pub(crate) fn is_quiet(&self, learned: u64, level: usize, silence: u64) -> bool {
        learned > 0 && self.parameters.is_quiet(Moments::from_word(learned).mean.into(), level, silence)
    }

    #[inline]
    fn fit_of(&self, moments: Moments) -> Fit {
        self.parameters.with_floors(moments.mean.into(), moments.sd())
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are small, and intervals are kept to 19 bits")]
    fn push(&self, moments: Moments, interval: u64) -> u64 {
        // At first all weigh the same, those that are assumed as well.
        let equal = 1.0 / (moments.count + 1 + ASSUMED) as f32;
        let weight = if equal > self.weight { equal } else { self.weight };
        let count = moments.count.max((moments.count + 1).min(self.known_max));
        Moments { count, ..moments }.push(interval.min(INTERVAL_MAX.into()) as f32, weight).to_word()
    }

    /// What is known, or what is assumed if that is nothing.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "close enough for what is assumed")]
    fn or_assumed(&self, learned: u64) -> Moments {
        let moments = Moments::from_word(learned);
        if learned > 0 {
            return moments;
        }
        let mean = self.parameters.period() as f32;
        Moments { mean, variance: mean * mean / 16.0, ..moments }
    }
}

/// How much is remembered, if nothing else is said.
const WINDOW: u32 = 127;
const INTERVALS_MAX: u32 = 511;
/// What is assumed counts as so many intervals.
const ASSUMED: u32 = 4;

const _: () = assert!(INTERVALS_MAX.div_ceil(2) - ASSUMED <= COUNT_MAX);
