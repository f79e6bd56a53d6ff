//! The upper half of the normal distribution, by polynomials.
//!
//! The coefficients were made with Python's mpmath, in 60 digits, by interpolation at Chebyshev points of the second kind:
//!
//! ```text
//! import mpmath as mp
//! mp.mp.dps = 60
//! phi = lambda y: -mp.log10(mp.erfc(y / mp.sqrt(2)) / 2)
//! for octave in (2, 4, 8, 16):
//!     for eighth in range(8):
//!         h = mp.mpf(octave) / 16
//!         middle = octave + (2 * eighth + 1) * h - 2
//!         points = [h * mp.cos(mp.pi * k / 8) for k in range(9)]
//!         powers = mp.matrix([[d**n for n in range(9)] for d in points])
//!         values = mp.matrix([phi(middle + d) for d in points])
//!         print([float(c) for c in mp.lu_solve(powers, values)])
//! ```

#![allow(
    clippy::approx_constant,
    clippy::excessive_precision,
    clippy::unreadable_literal,
    reason = "digits as they were printed"
)]

use proptest::prelude::*;

use crate::kernel::{ln, upper_phi, upper_quantile};
use crate::tail::{normal_phi, normal_quantile};

/// Each segment, at its beginning and at thirteen sixteenths of it, where no interpolated point is near: `phi` of the script
/// above.
#[test]
fn each_segment_is_exact() {
    let references = [
        (0.0, 0.30102999566398119521),
        (0.203125, 0.37724871104667035651),
        (0.25, 0.39653768609432066963),
        (0.453125, 0.48781024591444926682),
        (0.5, 0.51069198926524077447),
        (0.703125, 0.61800291242962474374),
        (0.75, 0.64468767492515637776),
        (0.953125, 0.76887877396312295927),
        (1.0, 0.79954554149197050003),
        (1.203125, 0.94133117193537067415),
        (1.25, 0.97613142899823784261),
        (1.453125, 1.1361151488993051907),
        (1.5, 1.1751767216148164217),
        (1.703125, 1.3538675310799504363),
        (1.75, 1.3972981956626407271),
        (1.953125, 1.5951253753456999486),
        (2.0, 1.643016080140937048),
        (2.40625, 2.0937395637964709144),
        (2.5, 2.2069318057953010763),
        (2.90625, 2.7377992739076319961),
        (3.0, 2.8696990359293690772),
        (3.40625, 3.4823961417445726949),
        (3.5, 3.6333359986560665906),
        (3.90625, 4.3291072238280437097),
        (4.0, 4.4993349075564788648),
        (4.40625, 5.2791151266220540941),
        (4.5, 5.4688184050297948048),
        (4.90625, 6.3333220708912839092),
        (5.0, 6.5426456723906544963),
        (5.40625, 7.4924277864706920651),
        (5.5, 7.7214850416263146859),
        (5.90625, 8.7569833660573000293),
        (6.0, 9.0058643274767042092),
        (6.8125, 11.319134153976625408),
        (7.0, 11.892853637475489837),
        (7.8125, 14.552340926205277866),
        (8.0, 15.206142551017154558),
        (8.8125, 18.213300438130785131),
        (9.0, 18.947464415572386704),
        (9.8125, 22.303324611010350123),
        (10.0, 23.118053405486075894),
        (10.8125, 26.823372420009958348),
        (11.0, 27.718816685046940889),
        (11.8125, 31.774164501126683378),
        (12.0, 32.750439161191860631),
        (12.8125, 37.156255241554417641),
        (13.0, 38.213449847627435596),
        (13.8125, 42.970079787998332173),
        (14.0, 44.108265408505618599),
        (15.625, 54.609134095402628345),
        (16.0, 57.194583806897007873),
        (17.625, 69.101360690140741975),
        (18.0, 72.011398734067526908),
        (19.625, 85.325244094955099611),
        (20.0, 88.56009534307559192),
        (21.625, 103.28184130557218669),
        (22.0, 106.8416699499657041),
        (23.625, 122.97193318769581701),
        (24.0, 126.85686270269062928),
        (25.625, 144.39611271276723898),
        (26.0, 148.6062382541502366),
        (27.625, 167.5548406337705227),
        (28.0, 172.09023706324138791),
        (29.625, 192.44848200046826615),
        (30.0, 197.30920926166094939),
    ];
    for (y, phi) in references {
        let error = ((upper_phi(y) - phi) / phi).abs();
        assert!(error <= 1e-15, "phi({y}) is off by {error:e}");
    }
}

/// Where one polynomial takes over from the other, and the series from the last, phi never falls: on both sides of the mean,
/// and across it, from float to float and in longer steps.
#[test]
fn no_seam_is_a_step_down() {
    let ends = [2.0, 4.0, 8.0, 16.0]
        .map(|octave| [0, 1, 2, 3, 4, 5, 6, 7].map(|n| octave + octave / 8.0 * f64::from(n) - 2.0));
    for end in ends.into_iter().flatten().chain([30.0]).flat_map(|end| [-end, end]) {
        for exponent in [-53, -51, -49, -47, -45] {
            let step = 2.0_f64.powi(exponent);
            let mut least = 0.0;
            for count in -600..=600 {
                let y = end + f64::from(count) * step;
                let phi = normal_phi(y);
                assert!(phi >= least, "phi({y:?}) is {phi:?}, after {least:?}");
                least = phi;
            }
        }
    }
}

/// Where the polynomials alone would fall by a rounding.
#[test]
fn no_float_is_a_step_down() {
    for y in [0.011813567618360185, 0.01779216162625143, 0.008711642782732362, 0.03233880408736607_f64] {
        let next = f64::from_bits(y.to_bits() + 1);
        assert!(upper_phi(next) < upper_phi(y), "no point in asking at {y:?}");
        assert!(normal_phi(next) >= normal_phi(y), "phi falls after {y:?}");
    }
}

/// The way back takes five steps at most, and gives what was asked for.
#[test]
fn the_quantile_takes_five_steps() {
    let middle = [core::f64::consts::LOG10_2, core::f64::consts::LOG10_2 + 1e-16, 0.301_03];
    let levels = (0..4_000)
        .map(|n| 0.302 * 1.005_f64.powi(n))
        .chain((0..4_000).map(|n| 0.30103 + f64::from(n) / 200.0));
    for phi in levels.chain(middle) {
        let (y, steps) = upper_quantile(phi);
        assert!(steps <= 5, "{steps} steps for y({phi})");
        let error = ((upper_phi(y) - phi) / phi).abs();
        assert!(error <= 1e-15, "phi(y({phi})) is off by {error:e}");
    }
}

/// Whoever has no floats has the compiler compute a level.
#[test]
fn a_quantile_is_known_at_compile_time() {
    const QUANTILES: [f64; 4] =
        [normal_quantile(0.1), normal_quantile(1.0), normal_quantile(8.0), normal_quantile(1e3)];
    let levels = core::hint::black_box([0.1, 1.0, 8.0, 1e3]);
    assert_eq!(QUANTILES.map(f64::to_bits), levels.map(normal_quantile).map(f64::to_bits));
}

/// What nobody asks for is a number, too.
#[test]
fn the_ends_of_floats_are_finite() {
    for y in [1e19, 1e150, f64::MIN_POSITIVE, 5e-324, 0.0] {
        assert!(normal_phi(y).is_finite() && normal_phi(y) > 0.0, "phi({y:e})");
        assert!(normal_phi(-y).is_finite() && normal_phi(-y).is_sign_positive(), "phi(-{y:e})");
    }
    for phi in [5e-324, 1e-300, 0.301_029_995_663_981_2, 0.301_029_995_663_981_15, 1e300, f64::MAX] {
        assert!(normal_quantile(phi).is_finite(), "y({phi:e})");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Phi never falls, not by a rounding either: from a float to one of its next, or to any other.
    #[test]
    fn the_normal_tail_never_falls(
        y in prop_oneof![-40.0..0.0_f64, 0.0..31.0_f64, -1e-12..1e-12_f64, 30.0..1e5_f64],
        step in prop_oneof![0.0..1e-14_f64, 0.0..1e-12_f64, 0.0..1.0_f64],
    ) {
        let (low, high) = (normal_phi(y), normal_phi(y + step));
        prop_assert!(low <= high, "{low:?} at {y:?}, and {high:?} at {:?}", y + step);
    }

    /// The logarithm is that of libm.
    #[test]
    fn the_logarithm_is_exact(x in prop_oneof![0.4..2.0_f64, 1e-300..1.0_f64, 1.0..1e300_f64, (-600.0..600.0_f64).prop_map(f64::exp)]) {
        let exact = libm::log(x);
        prop_assert!((ln(x) - exact).abs() <= 1e-15 * exact.abs().max(1.0), "ln({x:?}) is {:?} and not {exact:?}", ln(x));
    }
}
