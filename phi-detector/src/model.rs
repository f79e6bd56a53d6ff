use core::f64::consts::LN_10;

use crate::tail;

/// How the intervals between heartbeats are taken to be distributed. Sealed.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, Exponential, FailureDetector, LocalPhi, Logistic, Model, Normal, Settings};
///
/// /// Phi of two seconds of silence after a hundred beats, one a second.
/// fn phi<M: Model>() -> f64 {
///     let mut peer: LocalPhi<M, 100> = LocalPhi::new(&Settings::new(Duration::from_secs(1)), [8.0]);
///     (1..=100).for_each(|second| drop(peer.heartbeat(Beat::at(Duration::from_secs(second)))));
///     peer.suspicion(Duration::from_secs(102)).phi
/// }
///
/// // Ten standard deviations late, since a tenth of the mean is the least there is.
/// assert!((phi::<Normal>() - 23.1).abs() < 0.3);
/// assert!((phi::<Logistic>() - 37.6).abs() < 0.6);
/// assert!((phi::<Exponential>() - 0.87).abs() < 0.01);
/// ```
pub trait Model: sealed::Sealed + 'static {
    /// Phi of a silence, in ticks. Never below zero.
    #[doc(hidden)]
    fn phi(mean: f64, sd: f64, silence: f64) -> f64;

    /// Where phi is the level, in whatever the model counts in: computed once for each level.
    #[doc(hidden)]
    fn quantile(level: f64) -> f64;

    /// The silence at a quantile, in ticks.
    #[doc(hidden)]
    fn silence(mean: f64, sd: f64, quantile: f64) -> f64;
}

/// A normal distribution, as in the paper (Hayashibara et al. 2004), with its exact tail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Normal {}

/// The logistic approximation of the normal distribution that Akka, Pekko and others use, by its logarithm: their numbers
/// where theirs are finite. In the tail it is wrong by far: 37.6 instead of 23.1 at ten standard deviations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Logistic {}

/// An exponential distribution, as in Cassandra: nothing but the mean counts, and phi is proportional to the silence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exponential {}

impl Model for Normal {
    #[inline]
    fn phi(mean: f64, sd: f64, silence: f64) -> f64 {
        tail::normal_phi((silence - mean) / sd)
    }

    fn quantile(level: f64) -> f64 {
        tail::normal_quantile(level)
    }

    #[inline]
    fn silence(mean: f64, sd: f64, quantile: f64) -> f64 {
        mean + quantile * sd
    }
}

impl Model for Logistic {
    #[inline]
    fn phi(mean: f64, sd: f64, silence: f64) -> f64 {
        tail::logistic_phi((silence - mean) / sd)
    }

    fn quantile(level: f64) -> f64 {
        tail::logistic_quantile(level)
    }

    #[inline]
    fn silence(mean: f64, sd: f64, quantile: f64) -> f64 {
        mean + quantile * sd
    }
}

impl Model for Exponential {
    #[inline]
    fn phi(mean: f64, _: f64, silence: f64) -> f64 {
        silence.max(0.0) / (mean * LN_10)
    }

    fn quantile(level: f64) -> f64 {
        level * LN_10
    }

    #[inline]
    fn silence(mean: f64, _: f64, quantile: f64) -> f64 {
        mean * quantile
    }
}

impl sealed::Sealed for Normal {}
impl sealed::Sealed for Logistic {}
impl sealed::Sealed for Exponential {}

mod sealed {
    pub trait Sealed {}
}
