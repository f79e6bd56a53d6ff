//! What runs on chips without floats: phi in integers against phi in floats, and detectors that the compiler makes.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use spacelike_phi_detector::{
    Beat, FailureDetector, FixedTimeout, IntegerPhi, Jacobson, LocalPhi, Normal, Resolution, Settings, State,
};

/// What people would write, and what nobody would.
fn settings() -> impl Strategy<Value = Settings> {
    let any_time = || prop_oneof![any::<u64>().prop_map(Duration::from_nanos), Just(Duration::MAX)];
    let periods = prop_oneof![
        4 => Just(Duration::from_secs(1)),
        2 => (3_u64..100_000).prop_map(Duration::from_millis),
        1 => Just(Duration::MAX),
    ];
    let pauses = prop_oneof![
        4 => Just(Duration::ZERO),
        2 => (0_u64..5_000).prop_map(Duration::from_millis),
        1 => any_time(),
    ];
    let floors = prop_oneof![
        4 => Just((Duration::from_millis(100), 100)),
        2 => Just((Duration::ZERO, 0)),
        1 => (any_time(), any::<u32>()),
    ];
    (periods, pauses, floors, prop_oneof![3 => Just(20_u32), 1 => 0_u32..=21]).prop_map(
        |(period, pause, (sd_min, sd_min_permille), shift)| Settings {
            period,
            pause,
            sd_min,
            sd_min_permille,
            resolution: Resolution::of_nanos_log2(shift),
        },
    )
}

/// The first is where intervals are clipped.
fn levels() -> impl Strategy<Value = [f64; 3]> {
    let level = || prop_oneof![1 => 1e-9..0.5_f64, 6 => 0.5..20.0_f64, 1 => 20.0..1e9_f64];
    (level(), level()).prop_map(|(one, other)| [8.0, one, other])
}

/// What happens so many microseconds later: a beat, with so many lost before it, or something else.
fn histories() -> impl Strategy<Value = Vec<(u64, u64, u8)>> {
    let micros = prop_oneof![
        20 => 800_000_u64..1_200_000,
        6 => 0_u64..30_000_000,
        3 => 0_u64..3_000,
        1 => any::<u64>().prop_map(|micros| micros / 100),
    ];
    vec((micros, prop_oneof![8 => Just(0_u64), 1 => 0_u64..4], 0_u8..50), 0..80)
}

/// The last instant that a detector can tell from the next.
const HORIZON: Duration = Duration::from_nanos(u64::MAX);

/// Up to this standard deviation, in ticks, both are exact.
const SD_MAX: u128 = 1 << 30;

/// How many steps both forms went together.
fn agree(settings: &Settings, levels: [f64; 3], history: &[(u64, u64, u8)]) -> Result<usize, TestCaseError> {
    let mut integers = IntegerPhi::<16, 3>::new(settings, levels);
    let mut floats = LocalPhi::<Normal, 16, 3>::new(settings, levels);
    let tick = settings.resolution.tick();
    let (mut now, mut number) = (Duration::from_secs(1), 0);
    for (index, &(micros, lost, what)) in history.iter().enumerate() {
        now += Duration::from_micros(micros);
        match what {
            0 => {
                integers.observe_local_gap(Duration::from_micros(micros));
                floats.observe_local_gap(Duration::from_micros(micros));
            }
            1 => {
                integers.witness(now);
                floats.witness(now);
            }
            _ => {
                number += 1 + lost;
                let beat = Beat { sequence: (what % 2 == 0).then_some(number), ..Beat::at(now) };
                prop_assert_eq!(integers.heartbeat(beat), floats.heartbeat(beat));
            }
        }
        if integers.moments().1.as_nanos() / tick.as_nanos() > SD_MAX {
            return Ok(index);
        }
        for (level, phi) in levels.into_iter().enumerate() {
            let (by_integers, by_floats) = (integers.deadline(level), floats.deadline(level));
            prop_assert_eq!(by_integers.is_some(), by_floats.is_some());
            if let (Some(by_integers), Some(by_floats)) = (by_integers, by_floats) {
                let ticks = by_integers.abs_diff(by_floats).as_nanos() / tick.as_nanos();
                prop_assert!(ticks <= 1, "{by_integers:?}, by floats {by_floats:?} at {phi}");
                let (one, other) = (integers.suspicion(by_integers), floats.suspicion(by_integers));
                prop_assert_eq!((one.state, one.elapsed), (other.state, other.elapsed));
                let error = (one.phi - other.phi).abs();
                // Beyond, ticks are no longer exact as floats.
                let inexact = one.elapsed.as_nanos() / tick.as_nanos() > 1 << 40;
                prop_assert!(inexact || error <= 1e-5 * other.phi.max(1e-3), "{}, {}", one.phi, other.phi);
                its_own_deadline(&integers, settings, level, phi)?;
            }
        }
        // A rounding apart, they clip the next interval a tick apart, and have learned different things from then on.
        if integers.deadline(0) != floats.deadline(0) {
            return Ok(index);
        }
    }
    Ok(history.len())
}

/// At the deadline of a level phi has reached it, and one tick before it has not.
fn its_own_deadline(peer: &IntegerPhi<16, 3>, settings: &Settings, level: usize, phi: f64) -> TestCaseResult {
    let tick = settings.resolution.tick();
    let Some(deadline) = peer.deadline(level).filter(|deadline| *deadline < HORIZON.saturating_sub(tick))
    else {
        return Ok(());
    };
    prop_assert!(peer.is_suspect(deadline, level) && !peer.is_suspect(deadline.saturating_sub(tick), level));
    let reached = peer.suspicion(deadline);
    prop_assert!(reached.phi >= phi * (1.0 - 1e-8), "{} at the deadline of {phi}", reached.phi);
    // The evidence itself is no silence, so where the model would be suspicious at once, it waits for a tick.
    if reached.elapsed > settings.pause.saturating_add(tick * 2) {
        let before = peer.suspicion(deadline.saturating_sub(tick)).phi;
        prop_assert!(before <= phi * (1.0 + 1e-8), "{before} one tick before the deadline of {phi}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Of the same intervals both forms make the same deadlines, to a tick.
    #[test]
    fn integers_are_as_good_as_floats(settings in settings(), levels in levels(), history in histories()) {
        agree(&settings, levels, &history)?;
    }
}

/// In practice both forms go together all the way: what the property above leaves out is rare.
#[test]
fn they_seldom_part() {
    let settings = Settings::new(Duration::from_secs(1));
    let mut together = 0;
    for seed in 0..100 {
        let micros = |n: u64| 800_000 + (n * 2_654_435_761 + seed * 40_503) % 400_000;
        let history: Vec<_> = (0..100).map(|n| (micros(n), 0, 2)).collect();
        together += agree(&settings, [8.0, 1.0, 3.0], &history).unwrap();
    }
    assert!(together >= 9_900, "{together} beats of 10,000");
}

/// A level, a timeout and a detector in a constant need no floats when the program runs.
#[test]
fn detectors_are_made_at_compile_time() {
    const SECOND: Duration = Duration::from_secs(1);
    const PHI: IntegerPhi<32, 2> = IntegerPhi::new(&Settings::new(SECOND), [0.1, 8.0]);
    const FIXED: FixedTimeout<2> = FixedTimeout::new(SECOND, [0.5, 2.0]);
    const LEARNED: Jacobson<2> = Jacobson::new(SECOND, SECOND, Duration::ZERO, [1.0, 3.0]);

    let settings = core::hint::black_box(Settings::new(SECOND));
    let second = settings.period;
    assert_eq!(PHI, IntegerPhi::new(&settings, [0.1, 8.0]));
    assert_eq!(FIXED, FixedTimeout::new(second, [0.5, 2.0]));
    assert_eq!(LEARNED, Jacobson::new(second, second, Duration::ZERO, [1.0, 3.0]));
}

/// It takes what every detector has to take.
#[test]
fn the_ends_of_time_are_no_panic() {
    for settings in [
        Settings { pause: Duration::MAX, ..Settings::new(Duration::MAX) },
        Settings { sd_min: Duration::MAX, sd_min_permille: u32::MAX, ..Settings::new(Duration::MAX) },
        Settings { resolution: Resolution::of_nanos_log2(0), ..Settings::new(Duration::MAX) },
    ] {
        let mut peer = IntegerPhi::<4, 4>::new(&settings, [f64::MIN_POSITIVE, 1.0, 1e18, f64::MAX]);
        assert!(peer.is_suspect(Duration::ZERO, 0) && peer.deadline(3).is_none());
        assert_eq!(peer.suspicion(Duration::MAX).state, State::Unknown);
        for at in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
            peer.heartbeat(Beat::at(at).with_sequence(u64::MAX));
            peer.heartbeat(Beat::at(at));
            for level in 0..4 {
                assert!(peer.deadline(level).is_some());
            }
            assert!(peer.suspicion(Duration::MAX).phi.is_finite());
            assert!(peer.moments().0 > Duration::ZERO);
        }
        peer.witness(Duration::MAX);
        peer.observe_local_gap(Duration::MAX);
    }
}

/// A level that is reached within a tick is reached at the end of it, and one that no clock reaches, never.
#[test]
fn parts_of_a_tick_are_a_tick() {
    let (second, tick) = (Duration::from_secs(1), Duration::from_nanos(1));
    let resolution = Resolution::of_nanos_log2(0);
    let mut peer = FixedTimeout::with_resolution(tick, [1e-9, 1.5, f64::MAX], resolution);
    peer.heartbeat(Beat::at(second));
    assert_eq!(peer.deadline(0), Some(second + tick));
    assert_eq!(peer.deadline(1), Some(second + tick * 2));
    assert_eq!(peer.deadline(2), Some(HORIZON));
}

/// A multiple of nothing is refused.
#[test]
#[should_panic(expected = "a level is above zero")]
fn a_multiple_of_nothing_is_refused() {
    let _ = FixedTimeout::new(Duration::from_secs(1), [0.0]);
}

/// A level that nothing reaches is refused.
#[test]
#[should_panic(expected = "a level of phi is above zero")]
fn a_level_of_nothing_is_refused() {
    let _ = IntegerPhi::<4, 1>::new(&Settings::new(Duration::from_secs(1)), [f64::NAN]);
}

/// A period that ticks can't tell from nothing is refused.
#[test]
#[should_panic(expected = "a period of less than a tick")]
fn a_period_of_less_than_a_tick_is_refused() {
    let _ = IntegerPhi::<4, 1>::new(&Settings::new(Duration::from_nanos(1)), [1.0]);
}
