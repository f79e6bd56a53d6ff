//! Phi of the normal distribution on both sides of its mean, and the way back, without error functions: for speed, and for
//! `const`. Additions, multiplications and divisions in a fixed order, so that all processors agree.

use core::f64::consts::{FRAC_1_SQRT_2, LN_2, LN_10, LOG2_10, LOG10_2};

use crate::tables::{LOWER, POWERS, Row, SEGMENTS, UPPER};

/// Phi of `y` standard deviations after the mean, for `y` between -1e150 and 1e150, which no silence in ticks comes near.
/// Finite, relative error at most 1e-13 from -8 on, and it never falls as `y` grows, not even by a rounding.
#[inline]
pub(crate) fn normal_phi(y: f64) -> f64 {
    // Two bits less than there are: so neighbours are the same, or differ by more than all that is rounded below.
    let shifted = f64::from_bits(((y.abs() + SHIFT).to_bits() + 2) & !3);
    let is_late = y >= 0.0;
    let (index, begin) = segment(shifted);
    if index >= SEGMENTS {
        return far_phi(shifted - SHIFT, is_late);
    }
    let d = shifted - begin;
    if is_late { value(&UPPER[index], d) } else { exp2(value(&LOWER[index], d)) }
}

/// [`normal_phi`] so far from the mean, beyond all segments.
#[cold]
#[inline(never)]
fn far_phi(distance: f64, is_late: bool) -> f64 {
    let phi = series_phi(distance, series(distance));
    if is_late {
        return phi;
    }
    // P_later is nearly one. What it lacks is as far as the other tail, and phi is that over ln 10: down to where it is no
    // normal number, which is in the last factor.
    exp2((LOG2_SCALE - LOG2_LN_10 - phi * LOG2_10).max(EXPONENT_MIN)) * SCALE
}

/// Where [`normal_phi`] is `phi`, from log10(2) to 1e300, and how many steps of Newton's method it took: at most five. Relative
/// error at most 2e-14 from 0.4 on; below, where that is near the mean, an absolute one.
pub(crate) const fn upper_quantile(phi: f64) -> (f64, u32) {
    // Half the exponent is the square root, to 7 percent. The tail is below exp(-y^2/2)/2, so y is less than the exact root.
    let square = 2.0 * LN_10 * (phi - LOG10_2).max(0.0);
    let mut y = f64::from_bits((square.to_bits() >> 1) + (1.0_f64.to_bits() >> 1));
    let mut steps = 0;
    while steps < STEPS_MAX {
        steps += 1;
        let (value, slope) = upper_phi_and_slope(y);
        let step = (value - phi) / slope;
        y = (y - step).max(0.0);
        // The digits double with each step: the next would change nothing.
        if step.abs() <= 1e-8 * y.max(1e-7) {
            break;
        }
    }
    (y, steps)
}

/// The natural logarithm of a normal number above zero. The error is at most 1e-15, absolute below e and relative above.
pub(crate) const fn ln(x: f64) -> f64 {
    // x = m 2^exponent, with m between sqrt(1/2) and sqrt(2).
    let shifted = x.to_bits() + (1.0_f64.to_bits() - FRAC_1_SQRT_2.to_bits());
    let exponent = (shifted >> MANTISSA_BITS) as u32 as f64 - 1_023.0;
    let m = f64::from_bits(shifted % (1 << MANTISSA_BITS) + FRAC_1_SQRT_2.to_bits());
    // ln m = 2 artanh((m - 1) / (m + 1)). Each term is at most 0.03 of the one before.
    let z = (m - 1.0) / (m + 1.0);
    let w = z * z;
    let low = 1.0 / 11.0 + w * (1.0 / 13.0 + w * (1.0 / 15.0 + w * (1.0 / 17.0)));
    let sum = 1.0 + w * (1.0 / 3.0 + w * (1.0 / 5.0 + w * (1.0 / 7.0 + w * (1.0 / 9.0 + w * low))));
    exponent * LN_2 + 2.0 * z * sum
}

/// Two to a power between -1,022 and 1,023. Relative error at most 5e-15, and as much as its argument's absolute one.
#[inline]
fn exp2(power: f64) -> f64 {
    // Of a sum of this size, the last bits count in steps of 1/64.
    let sum = power + ROUNDING;
    let rest = power - (sum - ROUNDING);
    let bits = sum.to_bits();
    let whole = f64::from_bits(POWERS[(bits % 64) as usize].wrapping_add(bits << (MANTISSA_BITS - 6)));
    whole + whole * rest * (EXP2[0] + rest * (EXP2[1] + rest * (EXP2[2] + rest * EXP2[3])))
}

/// The polynomial of a segment, so far behind its beginning.
#[inline]
const fn value(Row(c): &Row, d: f64) -> f64 {
    let square = d * d;
    let fourth = square * square;
    // Two side by side, in the order in which they are kept: one instruction for both.
    let even = (c[0] + c[2] * d) + (c[4] + c[6] * d) * fourth;
    let odd = (c[1] + c[3] * d) + (c[5] + c[7] * d) * fourth;
    even + odd * square
}

/// [`normal_phi`] for `y` from 0 on, without a rounding of `y`, and how fast it grows.
const fn upper_phi_and_slope(y: f64) -> (f64, f64) {
    let (index, begin) = segment(y + SHIFT);
    if index >= SEGMENTS {
        let series = series(y);
        // The slope is the hazard over ln 10, and the hazard is the density over the tail.
        return (series_phi(y, series), y / series / LN_10);
    }
    let Row(c) = &UPPER[index];
    let d = y - (begin - SHIFT);
    let (mut value, mut slope) = (0.0, 0.0);
    let mut power = c.len();
    while power > 0 {
        power -= 1;
        slope = slope * d + value;
        value = value * d + c[PLACES[power]];
    }
    (value, slope)
}

/// Which segment this distance from the mean plus [`SHIFT`] is in, and where that begins.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "fifteen bits")]
const fn segment(shifted: f64) -> (usize, f64) {
    // Five bits of the mantissa and one of the exponent: 32 segments of a quarter up to 8, and 32 of a half up to 24.
    let bits = shifted.to_bits() >> (MANTISSA_BITS - 5);
    let index = bits - (SHIFT.to_bits() >> (MANTISSA_BITS - 5));
    (index as usize, f64::from_bits(bits << (MANTISSA_BITS - 5)))
}

/// The tail is `exp(-y^2/2) / (y sqrt(2 pi))` times this asymptotic series (Abramowitz and Stegun 26.2.12): after the last
/// segment, what comes after the last term is below 1e-14, and y^2/2 above 288.
const fn series(y: f64) -> f64 {
    let z = 1.0 / (y * y);
    1.0 - z * (1.0 - 3.0 * z * (1.0 - 5.0 * z * (1.0 - 7.0 * z * (1.0 - 9.0 * z * (1.0 - 11.0 * z)))))
}

const fn series_phi(y: f64, series: f64) -> f64 {
    y * y * (0.5 / LN_10) + (ln(y / series) + LN_SQRT_2_PI) / LN_10
}

/// Five are enough: `tests::kernel::the_quantile_takes_five_steps`.
const STEPS_MAX: u32 = 8;
/// ln sqrt(2 pi).
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
/// log2(ln 10).
const LOG2_LN_10: f64 = 1.203_254_472_699_721_7;
/// Where segments begin. Added to a distance, so that its bits tell the segment near zero, too.
const SHIFT: f64 = 8.0;
/// 2^-128.
const SCALE: f64 = 2.938_735_877_055_719e-39;
const LOG2_SCALE: f64 = 128.0;
/// Far below what is a number after [`SCALE`], and no denormal before.
const EXPONENT_MIN: f64 = -1_000.0;
/// 1.5 * 2^46, for 52 bits of mantissa and 6 of fraction.
const ROUNDING: f64 = 105_553_116_266_496.0;
/// Interpolates (2^r - 1) / r, for r up to 1/128 on both sides.
const EXP2: [f64; 4] =
    [0.693_147_180_557_461_7, 0.240_226_506_958_813_8, 0.055_504_230_737_291_74, 0.009_618_143_209_990_358];
/// Where the coefficient of each power is in a row.
const PLACES: [usize; 8] = [0, 2, 1, 3, 4, 6, 5, 7];
const MANTISSA_BITS: u32 = 52;
