//! How surprising a silence is: phi of a standardised waiting time, for each distribution, and the way back.
//!
//! With `P_later(y)` the probability that a beat is still to come after `y`, phi is `-log10 P_later(y)` (Hayashibara et
//! al. 2004, section 4.2). Everything is computed as a logarithm from the start: a probability itself would be zero at 38
//! standard deviations, and phi infinite.

use core::f64::consts::{LN_10, LOG10_2};

pub(crate) use crate::kernel::normal_phi;
use crate::kernel::{ln, upper_quantile};

/// Where [`normal_phi`] is `phi`, which must be greater than zero: the standard deviations after the mean. What is beyond 1e-300
/// or 1e300 counts as that.
pub(crate) const fn normal_quantile(phi: f64) -> f64 {
    let phi = phi.clamp(1e-300, 1e300);
    if phi >= LOG10_2 { upper_quantile(phi).0 } else { -upper_quantile(-ln(sooner(phi)) / LN_10).0 }
}

/// `1 - 10^-phi`, for phi up to log10(2), without cancellation.
const fn sooner(phi: f64) -> f64 {
    let t = phi * LN_10;
    // t (1 - t/2 (1 - t/3 (1 - ...))), to the term that is below 1e-17.
    let mut sum = 1.0;
    let mut n = 18.0;
    while n > 1.0 {
        sum = 1.0 - t / n * sum;
        n -= 1.0;
    }
    t * sum
}

/// Phi by the logistic approximation of the normal distribution that Akka uses: an error of the tail that grows with `y`,
/// but Akka's numbers. Akka's own become infinite at 21.6.
pub(crate) fn logistic_phi(y: f64) -> f64 {
    let x = y * (LOGISTIC_1 + LOGISTIC_3 * y * y);
    // log10(1 + e^x), without e^x where that is large.
    (x.max(0.0) + libm::log1p(libm::exp(-x.abs()))) / LN_10
}

/// Where [`logistic_phi`] is `phi`, which must be greater than zero.
pub(crate) fn logistic_quantile(phi: f64) -> f64 {
    let t = phi * LN_10;
    // e^x = e^t - 1
    let x = if t > 1.0 { t + libm::log1p(-libm::exp(-t)) } else { libm::log(libm::expm1(t)) };
    // The only real root of LOGISTIC_3 y^3 + LOGISTIC_1 y = x, by the hyperbolic form, which cancels nothing.
    let p = LOGISTIC_1 / LOGISTIC_3;
    let scale = 2.0 * libm::sqrt(p / 3.0);
    scale * libm::sinh(libm::asinh(1.5 * x / LOGISTIC_3 / p * libm::sqrt(3.0 / p)) / 3.0)
}

/// The coefficients of Akka's `PhiAccrualFailureDetector`.
const LOGISTIC_1: f64 = 1.5976;
const LOGISTIC_3: f64 = 0.070_566;
