//! The numbers, and the sums.

#![allow(
    clippy::approx_constant,
    clippy::excessive_precision,
    clippy::unreadable_literal,
    reason = "digits as they were printed"
)]

use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::tail::{logistic_phi, logistic_quantile, normal_phi, normal_quantile};
use crate::ticks::INTERVAL_MAX;
use crate::window::Window;

/// The exact tail against arithmetic of 60 digits: `-log10(erfc(y / sqrt(2)) / 2)` by Python's mpmath with `mp.dps = 60`, of
/// the very doubles in the left column. Below the mean, `-log1p(-erfc(-y / sqrt(2)) / 2) / ln(10)`.
#[test]
fn the_normal_tail_is_exact() {
    let references = [
        (-8.0, 2.701728849543921287690457e-16),
        (-7.9, 6.056311017135866471830271e-16),
        (-7.0, 5.55815525680537125637066e-13),
        (-6.0, 4.284695703651578252018629e-10),
        (-5.5, 8.247062270996196623092362e-9),
        (-5.2, 4.327495580380807724473042e-8),
        (-5.0, 1.244912137388291749043218e-7),
        (-4.1, 8.971533927078440800336196e-6),
        (-3.5, 0.0001010412783808490433408911),
        (-3.0, 0.0005866493137900666910232816),
        (-2.0, 0.009994379534108708901958646),
        (-1.5, 0.03002862123211564754637939),
        (-1.0, 0.07502601295781802323798172),
        (-0.5, 0.1602313922778490173285748),
        (-0.25, 0.2227861532545572556961936),
        (-0.125, 0.2598440642792662201615239),
        (-0.001, 0.300683617026473387609028),
        (-1e-9, 0.3010299953174643333994951),
        (0.0, 0.3010299956639811952137389),
        (0.25, 0.3965376860943206696283402),
        (1.0, 0.7995455414919705000308679),
        (2.0, 1.643016080140937047984366),
        (3.0, 2.869699035929369077223182),
        (4.5, 5.46881840502979480482495),
        (5.0, 6.542645672390654496335454),
        (6.5, 10.39620623272389996803025),
        (8.0, 15.20614255101715455825734),
        (10.0, 23.11805340548607589426978),
        (13.0, 38.21344984762743559607209),
        (17.0, 64.38658145667225855135182),
        (20.0, 88.56009534307559192031733),
        (21.6, 103.0466863316613334503138),
        (25.999, 148.5949301598731001362659),
        (26.0, 148.606238254150236604864),
        (26.001, 148.6175467820850404800326),
        (30.0, 197.3092092616609493899212),
        (37.5, 307.3367370746446377308911),
        (40.0, 349.4370064593458420860509),
        (100.0, 2173.871542869034376527531),
        (1000.0, 217150.6400419943862792616),
        (100000.0, 2171472414.915349072478132),
    ];
    for (y, phi) in references {
        let error = ((normal_phi(y) - phi) / phi).abs();
        assert!(error <= 1e-13, "phi({y}) is off by {error:e}");
    }
}

/// Farther before the mean than anyone can tell from never: as near as the logarithm is known, then nothing.
#[test]
fn long_before_the_mean_phi_vanishes() {
    let references = [
        (-10.0, 3.309260121306722299014854e-24),
        (-12.0, 7.7151637847517014651276e-34),
        (-20.0, 1.195883759946392723762889e-89),
        (-23.87500000000001, 1.209684574072012718504789e-126),
        (-24.5, 3.207571734899834466150242e-133),
        (-30.0, 2.130958782838292031569e-198),
        (-37.0, 2.486583987686479272043859e-300),
    ];
    for (y, phi) in references {
        let error = ((normal_phi(y) - phi) / phi).abs();
        assert!(error <= 2e-13, "phi({y}) is off by {error:e}");
    }
    assert!(normal_phi(-38.4) > 0.0);
    assert!([-39.0, -1e5, -1e19].iter().all(|y| normal_phi(*y).to_bits() == 0));
}

/// The quantile against the root that mpmath finds of the same function.
#[test]
fn the_normal_quantile_is_exact() {
    let references = [
        (1e-12, -6.91724323459357830917103),
        (1e-06, -4.582015165435149394073846),
        (0.01, -1.999765810183584509505125),
        (0.1, -0.8215316028830921367472083),
        (0.3, -0.002975957771382326948102608),
        (0.4, 0.2582495215075139297454619),
        (0.5, 0.4782735323761626706432697),
        (1.0, 1.281551565544600466965103),
        (2.0, 2.326347874040841100885606),
        (3.0, 3.0902323061678135415404),
        (5.0, 4.264890793922824628498525),
        (8.0, 5.612001244174788731549725),
        (12.0, 7.034483825301131929809515),
        (16.0, 8.222082216130435612675859),
        (100.0, 21.27345356096532429511721),
        (10000.0, 214.567301079361457080788),
        (1000000000.0, 67861.40406666936068124924),
    ];
    for (phi, y) in references {
        let error = ((normal_quantile(phi) - y) / y).abs();
        assert!(error <= 1e-13, "y({phi}) is off by {error:e}");
    }
}

/// Akka's formula, where it can still be computed: phi(y) = -log10(e / (1 + e)), with e = exp(-y (1.5976 + 0.070566 y^2)) for
/// y > 0, else -log10(1 - 1 / (1 + e)). Above 20 it loses digits, beyond 21.6 it is infinite, and ours isn't.
#[test]
fn the_logistic_form_has_akkas_numbers() {
    for step in -80..=200 {
        let y = f64::from(step) / 10.0;
        let e = (-y * (1.5976 + 0.070_566 * y * y)).exp();
        let akka = if y > 0.0 { -(e / (1.0 + e)).log10() } else { -(1.0 - 1.0 / (1.0 + e)).log10() };
        let error = (logistic_phi(y) - akka).abs() / akka.abs().max(1e-15);
        // Akka's form cancels below the mean, down to nothing, and loses digits where e is denormal.
        assert!(
            error <= if y < -1.0 { 1.0 } else { 1e-10 },
            "phi({y}) is {} and not {akka}",
            logistic_phi(y)
        );
    }
    assert!((logistic_phi(10.0) - 37.6).abs() < 0.05);
    assert!(logistic_phi(21.7).is_finite() && logistic_phi(1e5).is_finite());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Finite, and never falling, wherever it is asked.
    #[test]
    fn tails_are_finite_and_monotone(y in -8.0..1e5_f64, step in 0.0..10.0_f64) {
        // The logistic one falls by two roundings at most, where the step is lost in them.
        for (phi, slack) in [(normal_phi as fn(f64) -> f64, 0.0), (logistic_phi, 4.0 * f64::EPSILON)] {
            prop_assert!(phi(y).is_finite() && phi(y) >= 0.0);
            prop_assert!(phi(y + step) >= phi(y) * (1.0 - slack));
        }
    }

    /// The quantile is where phi has that value.
    #[test]
    fn quantiles_are_inverse(level in prop_oneof![0.001..1.0_f64, 1.0..20.0_f64, 20.0..1e6_f64]) {
        for (phi, quantile) in
            [(normal_phi as fn(f64) -> f64, normal_quantile as fn(f64) -> f64), (logistic_phi, logistic_quantile)]
        {
            let back = phi(quantile(level));
            prop_assert!(((back - level) / level).abs() < 1e-12, "{back} and not {level}");
        }
    }

    /// The sums are those of the intervals that are in the window, whatever was in it before.
    #[test]
    fn sums_are_those_of_the_window(intervals in vec(prop_oneof![0..50_u64, Just(u64::MAX), Just(1 << 26)], 0..40)) {
        let mut window = Window::<8>::new();
        for &interval in &intervals {
            window.push(interval);
        }
        let kept: Vec<u64> =
            intervals.iter().rev().take(8).map(|&i| i.clamp(1, u64::from(INTERVAL_MAX))).collect();
        let sums = window.sums();
        prop_assert_eq!(sums.count as usize, kept.len());
        prop_assert_eq!(sums.sum, kept.iter().sum::<u64>());
        prop_assert_eq!(sums.squares, kept.iter().map(|i| i * i).sum::<u64>());
        let (mean, sd) = sums.moments();
        prop_assert!(mean.is_finite() && sd.is_finite() && sd >= 0.0);
    }
}

/// The longest window of the longest intervals fits.
#[test]
fn sums_of_the_longest_window_fit() {
    let mut window = Window::<1024>::new();
    for _ in 0..3_000 {
        window.push(u64::MAX);
    }
    let (mean, sd) = window.sums().moments();
    assert_eq!((mean, sd), (f64::from(INTERVAL_MAX), 0.0));
}
