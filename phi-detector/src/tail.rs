//! How surprising a silence is: phi of a standardised waiting time, for each distribution, and the way back.
//!
//! With `P_later(y)` the probability that a beat is still to come after `y`, phi is `-log10 P_later(y)` (Hayashibara et
//! al. 2004, section 4.2). Everything is computed as a logarithm from the start: a probability itself would be zero at 38
//! standard deviations, and phi infinite.

use core::f64::consts::{FRAC_1_SQRT_2, LN_10};

/// Phi of `y` standard deviations after the mean of a normal distribution. Finite for all finite `y`, relative error at
/// most 1e-13.
pub(crate) fn normal_phi(y: f64) -> f64 {
    if y < 0.0 {
        // P_later is nearly one: its distance from one is what counts.
        return -libm::log1p(-0.5 * libm::erfc(-y * FRAC_1_SQRT_2)) / LN_10;
    }
    if y <= SEAM {
        return -libm::log10(0.5 * libm::erfc(y * FRAC_1_SQRT_2));
    }
    // The asymptotic series of the tail (Abramowitz and Stegun 26.2.12), to the term whose successor is below 1e-15.
    let z = 1.0 / (y * y);
    let series = 1.0 - z * (1.0 - 3.0 * z * (1.0 - 5.0 * z * (1.0 - 7.0 * z * (1.0 - 9.0 * z))));
    (0.5 * y * y + libm::log(y) + LN_SQRT_2_PI - libm::log(series)) / LN_10
}

/// Where [`normal_phi`] is `phi`, which must be greater than zero: the standard deviations after the mean.
pub(crate) fn normal_quantile(phi: f64) -> f64 {
    let t = phi * LN_10;
    // Where the tail begins to look like exp(-y^2/2)/(y sqrt(2 pi)); below, where the other side does.
    let mut y = if phi >= 0.4 {
        let u = 2.0 * t;
        libm::sqrt((u - libm::log(2.0 * core::f64::consts::PI * u / 2.0)).max(0.0))
    } else {
        -libm::sqrt(-2.0 * libm::log(t.min(0.9)))
    };
    for _ in 0..NEWTON_STEPS {
        // The slope of phi is the hazard over ln 10, and the hazard the density over P_later.
        let value = normal_phi(y);
        let hazard = libm::exp(-0.5 * y * y - LN_SQRT_2_PI + value * LN_10);
        let step = (value - phi) * LN_10 / hazard;
        y -= step;
        if step.abs() <= 1e-15 * y.abs() {
            break;
        }
    }
    y
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

/// From here on the series is as exact as `erfc`, which becomes zero at 37.5.
const SEAM: f64 = 26.0;
/// ln sqrt(2 pi).
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
/// Enough from 0.4 on; below it a few more are needed.
const NEWTON_STEPS: u32 = 40;
/// The coefficients of Akka's `PhiAccrualFailureDetector`.
const LOGISTIC_1: f64 = 1.5976;
const LOGISTIC_3: f64 = 0.070_566;
