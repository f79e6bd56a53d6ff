//! The quantile tail against quantiles of sorted intervals, and in the cases that break others.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_phi_detector::{Beat, FailureDetector, Heard, QuantileTail, Resolution, Settings, State};

const SECOND: Duration = Duration::from_secs(1);

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn tail<const N: usize, const L: usize>(levels: [f64; L]) -> QuantileTail<N, L> {
    QuantileTail::new(&Settings::new(SECOND), levels)
}

/// A peer whose beats, one a second, were heard until `last`.
fn steady<const N: usize>(last: u64) -> QuantileTail<N> {
    let mut peer = tail([8.0]);
    for number in 1..=last {
        peer.heartbeat(Beat::at(seconds(number)).with_sequence(number));
    }
    peer
}

/// How long a silence may be after `last` until the level is reached, in seconds.
fn timeout(detector: &impl FailureDetector, last: Duration, level: usize) -> f64 {
    detector.deadline(level).unwrap().saturating_sub(last).as_secs_f64()
}

/// Intervals in ticks, and how many beats were lost in each: mostly near the period, now and then anything.
fn intervals(period: u64) -> impl Strategy<Value = Vec<(u64, u64)>> {
    let ticks = prop_oneof![
        4 => period - period / 3..=period + period / 2,
        2 => 1..=4 * period,
        1 => 1..=1_000 * period,
        1 => 1u64..=4,
    ];
    vec((ticks, prop_oneof![8 => Just(0u64), 1 => 0u64..5]), 0..80)
}

/// Periods from one tick to nearly what can be kept.
fn periods() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 900u64..1_000, 2 => 1u64..600, 1 => 1u64..60_000_000]
}

/// The least value that so many parts of the whole are not above, of what is sorted with the greatest first.
fn rank(sorted: &[(u64, u64)], parts: u64, whole: u64) -> u64 {
    let mut later = 0;
    for (value, weight) in sorted {
        later += weight * whole;
        if later >= parts {
            return *value;
        }
    }
    unreachable!("there is as much as is asked for")
}

/// `q90` and `q99` are those of the last intervals, sorted, to the width of a bucket: with what is assumed while there are
/// fewer than eight, each no longer than phi 8 allowed when it came, and the longest alone never `q99`.
fn recomputes<const N: usize>(period: u64, history: &[(u64, u64)]) -> Result<(), TestCaseError> {
    let tick = Resolution::DEFAULT.tick();
    let ticks = |time: Duration| u64::try_from(time.as_nanos() / tick.as_nanos()).unwrap();
    let settings = Settings { sd_min: Duration::ZERO, sd_min_permille: 0, ..Settings::new(duration(period)) };
    let mut peer = QuantileTail::<N>::new(&settings, [1.0]);
    let (mut now, mut number) = (0, 0);
    peer.heartbeat(Beat::at(Duration::ZERO).with_sequence(0));
    let mut learned: Vec<u64> = Vec::new();
    for (interval, lost) in history {
        let clip = ticks(peer.suspicion(peer.deadline_at(8.0).unwrap()).elapsed);
        now += interval;
        number += 1 + lost;
        let heard = peer.heartbeat(Beat::at(duration(now)).with_sequence(number));
        prop_assert_eq!(heard, Heard::Interval { interval: duration(*interval), lost: *lost });
        learned.push((interval / (lost + 1)).min(clip).min((1 << 26) - 1));

        let window = &learned[learned.len().saturating_sub(N)..];
        let assumed = 8 - window.len().min(8) as u64;
        let mut halves: Vec<(u64, u64)> = window.iter().map(|interval| (*interval, 2)).collect();
        halves.extend([(period - period / 4, assumed), ((period + period / 4).min((1 << 26) - 1), assumed)]);
        halves.sort_unstable();
        halves.reverse();
        let total: u64 = halves.iter().map(|(_, weight)| weight).sum();
        let expected = [rank(&halves, total, 10), rank(&halves, (total * 10).min(total.max(300)), 100)];
        let (q90, q99) = peer.quantiles();
        prop_assert!(q99 > q90);
        for (found, expected) in [(q90, expected[0]), (q99, expected[1])] {
            let width = (expected / 16).max(period / 256).max(1);
            // At most a tick by rounding, and one because two quantiles are never less than two ticks apart.
            prop_assert!(
                ticks(found).abs_diff(expected) <= width + 2,
                "{} and not {expected}, of {halves:?}",
                ticks(found)
            );
        }
    }
    Ok(())
}

fn duration(ticks: u64) -> Duration {
    let nanos = u128::from(ticks) << 20;
    Duration::new(u64::try_from(nanos / 1_000_000_000).unwrap(), (nanos % 1_000_000_000) as u32)
}

/// Any settings: mostly what people would write, now and then what nobody would.
fn settings() -> impl Strategy<Value = (u64, Settings)> {
    let times = || {
        prop_oneof![
            4 => Just(Duration::ZERO),
            2 => (0u64..5_000).prop_map(ms),
            1 => any::<u64>().prop_map(Duration::from_nanos),
            1 => Just(Duration::MAX),
        ]
    };
    let permille = prop_oneof![3 => Just(100), 2 => Just(0), 1 => any::<u32>()];
    (periods(), times(), times(), permille).prop_map(|(period, pause, sd_min, sd_min_permille)| {
        let settings = Settings::new(duration(period));
        (period, Settings { pause, sd_min, sd_min_permille, ..settings })
    })
}

/// Levels in growing order, on both sides of 1 and far beyond.
fn levels() -> impl Strategy<Value = [f64; 4]> {
    let level = || prop_oneof![3 => 0.001..1.0_f64, 6 => 1.0..20.0_f64, 1 => 20.0..1e9_f64, 1 => Just(1.0)];
    [level(), level(), level(), level()].prop_map(|mut levels| {
        levels.sort_by(f64::total_cmp);
        levels
    })
}

/// Suspicion never falls, a level is reached exactly at its deadline, and phi agrees within a tick.
fn agrees(
    period: u64,
    settings: &Settings,
    levels: [f64; 4],
    history: &[(u64, u64)],
    silences: &[u64],
) -> Result<(), TestCaseError> {
    let tick = settings.resolution.tick();
    let mut peer = QuantileTail::<16, 4>::new(settings, levels);
    let (mut now, mut number) = (1, 0);
    peer.heartbeat(Beat::at(duration(now)).with_sequence(number));
    for (interval, lost) in history {
        now += interval;
        number += 1 + lost;
        peer.heartbeat(Beat::at(duration(now)).with_sequence(number));
        let deadlines = core::array::from_fn::<_, 4, _>(|level| peer.deadline(level).unwrap());
        prop_assert!(deadlines.is_sorted(), "a higher level is reached earlier: {deadlines:?}");

        let mut moments: Vec<_> = deadlines.iter().flat_map(|at| [*at, at.saturating_sub(tick)]).collect();
        moments.extend(silences.iter().map(|silence| duration(now + silence % (8 * period))));
        moments.extend([Duration::ZERO, Duration::MAX]);
        moments.sort();
        let mut least = 0.0;
        for moment in moments {
            let phi = peer.suspicion(moment).phi;
            // Two roundings apart at most.
            prop_assert!(
                phi.is_finite() && phi >= least * (1.0 - 1e-15),
                "{phi} at {moment:?} after {least}"
            );
            least = phi;
        }
        for (index, level) in levels.into_iter().enumerate() {
            let deadline = deadlines[index];
            prop_assert_eq!(peer.deadline_at(level), Some(deadline));
            let silence = peer.suspicion(deadline).elapsed;
            // Beyond, ticks are no longer exact as floats.
            if silence.as_nanos() / tick.as_nanos() > 1 << 40 {
                continue;
            }
            prop_assert!(
                peer.is_suspect(deadline, index) && !peer.is_suspect(deadline.saturating_sub(tick), index)
            );
            let phi = peer.suspicion(deadline).phi;
            prop_assert!(phi >= level * (1.0 - 1e-9), "{phi} at the deadline of {level}");
            // The evidence itself is no silence: where phi would be reached at once, it waits for a tick.
            if silence.as_nanos() > settings.pause.as_nanos() + 2 * tick.as_nanos() {
                let phi = peer.suspicion(deadline.saturating_sub(tick)).phi;
                prop_assert!(phi < level * (1.0 + 1e-9), "{phi} one tick before the deadline of {level}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The histogram forgets what the window forgets, and its quantiles are those of the intervals themselves.
    #[test]
    fn quantiles_are_those_of_the_last_intervals(
        (period, history) in periods().prop_flat_map(|period| (Just(period), intervals(period))),
    ) {
        recomputes::<5>(period, &history)?;
        recomputes::<12>(period, &history)?;
        recomputes::<64>(period, &history)?;
    }

    /// Phi is finite and never falls, and is the inverse of the deadline to within a tick, on both sides of phi 1.
    #[test]
    fn phi_and_deadline_agree(
        ((period, settings), history) in settings()
            .prop_flat_map(|settings| (Just(settings), intervals(settings.0))),
        levels in levels(),
        silences in vec(any::<u64>(), 0..8),
    ) {
        agrees(period, &settings, levels, &history, &silences)?;
    }

    /// After one pause, however long, `q99` is not beyond the longest of the other intervals, to the width of a bucket.
    #[test]
    fn one_pause_is_no_tail(
        history in vec(500u64..2_000, 15..150),
        pause in 3_000u64..1_000_000_000,
    ) {
        let mut peer = QuantileTail::<100>::new(&Settings { sd_min_permille: 0, ..Settings::new(SECOND) }, [8.0]);
        let mut now = 0;
        peer.heartbeat(Beat::at(Duration::ZERO));
        for interval in history.iter().chain([&pause]) {
            now += interval;
            peer.heartbeat(Beat::at(duration(now)));
        }
        let window = &history[history.len().saturating_sub(99)..];
        let longest = window.iter().max().unwrap() * 17 / 16 + 1;
        let (q90, q99) = peer.quantiles();
        // The least distance of the two is that of a tenth of a second.
        prop_assert!(q99 <= duration(longest).max(q90 + ms(107)), "{q99:?} is beyond {longest} ticks");
    }
}

/// A peer that becomes ten times slower is suspected first, and is not any more after one window of its beats, at phi 1 or
/// more.
#[test]
fn a_peer_that_becomes_slower_is_learned_again() {
    fn relearns<const N: usize>(numbered: bool) {
        let levels = [1.0, 3.0, 5.0, 8.0];
        let mut peer = tail::<N, 4>(levels);
        let (mut now, mut number) = (SECOND, 0);
        let mut beat = |peer: &mut QuantileTail<N, 4>, now| {
            number += 1;
            peer.heartbeat(if numbered { Beat::at(now).with_sequence(number) } else { Beat::at(now) });
        };
        for _ in 0..2 * N {
            beat(&mut peer, now);
            now += SECOND;
        }
        assert!(peer.is_suspect(now + seconds(9), 3), "the change is noticed");
        for _ in 0..N {
            now += seconds(10);
            beat(&mut peer, now);
        }
        for (index, level) in levels.iter().enumerate() {
            let timeout = timeout(&peer, now, index);
            assert!(timeout > 10.0, "{timeout} s at level {level} after {N} beats, numbered: {numbered}");
        }
    }
    for numbered in [false, true] {
        relearns::<32>(numbered);
        relearns::<100>(numbered);
        relearns::<1000>(numbered);
    }
}

/// A peer that is twenty times faster than was assumed is learned as exactly, and one that is thousands of times slower counts as
/// a thousand.
#[test]
fn the_period_needs_to_be_right_only_to_a_factor_of_a_thousand() {
    let mut peer = tail::<100, 1>([1.0]);
    for number in 0..200 {
        peer.heartbeat(Beat::at(ms(50 * number)));
    }
    let (q90, _) = peer.quantiles();
    assert!(q90 > ms(50) && q90 < ms(54), "{q90:?}");

    let settings = Settings { pause: seconds(1_000_000), ..Settings::new(SECOND) };
    let mut peer = QuantileTail::<100>::new(&settings, [1.0]);
    for number in 0..200 {
        peer.heartbeat(Beat::at(seconds(5_000 * number)));
    }
    let (q90, _) = peer.quantiles();
    assert!(q90 > seconds(1_000) && q90 < seconds(1_200), "{q90:?}");
}

/// Intervals of less than a tick, and a level of next to nothing: still no suspicion at the moment of the evidence itself.
#[test]
fn a_silence_is_at_least_a_tick() {
    let mut peer = QuantileTail::<8, 2>::new(&Settings::new(ms(2)), [1e-300, 1.0]);
    for number in 1..=20 {
        peer.heartbeat(Beat::at(ms(2 * number)).with_sequence(10 * number));
        assert!(!peer.is_suspect(ms(2 * number), 0) && !peer.is_suspect(ms(2 * number), 1));
    }
}

/// One pause of five minutes moves the deadline of regular beats only as far as the mean makes the least deviation greater.
#[test]
fn one_long_pause_moves_the_deadline_little() {
    fn moves<const N: usize>(beats: u64) -> f64 {
        let mut peer = steady::<N>(beats + 1);
        let before = timeout(&peer, seconds(beats + 1), 0);
        let now = seconds(beats + 301);
        peer.heartbeat(Beat::at(now));
        assert_eq!(peer.suspicion(now).state, State::Recovering);
        let after = timeout(&peer, now, 0);
        for second in 1..=8 {
            peer.heartbeat(Beat::at(now + seconds(second)));
        }
        assert_eq!(peer.suspicion(now + seconds(8)).state, State::Steady);
        assert!(before < 1.85, "{before} s");
        after - before
    }
    assert!(moves::<1000>(15) < 0.1);
    assert!(moves::<1000>(100) < 0.05);
    assert!(moves::<100>(300) < 0.05);
    assert!(moves::<1000>(1000) < 0.02);
}

/// What comes once in fifty times is learned, however long: then it isn't suspicious at phi 2 any more.
#[test]
fn pauses_that_keep_coming_are_learned() {
    let mut peer = tail::<1000, 2>([1.0, 2.0]);
    let mut now = SECOND;
    for number in 0..4_000 {
        now += if number % 50 == 0 { seconds(20) } else { SECOND };
        peer.heartbeat(Beat::at(now));
    }
    assert!(timeout(&peer, now, 0) < 1.2 && timeout(&peer, now, 1) > 19.0);
}

/// Twenty beats that come out of a backlog, each 15 s late, don't make a dead peer live longer.
#[test]
fn a_delayed_backlog_does_not_extend_life() {
    let mut peer = steady::<100>(100);
    for number in 101..=120 {
        let at = seconds(number + 15);
        assert!(peer.is_suspect(at, 0), "before beat {number}");
        assert!(matches!(
            peer.heartbeat(Beat::at(at).with_sequence(number)),
            Heard::Interval { lost: 0, .. }
        ));
        assert!(peer.is_suspect(at, 0), "after beat {number}");
    }
}

/// A peer with perfectly regular beats isn't suspected for a hair's breadth, and one that dies is.
#[test]
fn regular_beats_leave_a_margin() {
    let peer = steady::<1000>(1_100);
    assert!(!peer.is_suspect(ms(1_101_700), 0) && peer.is_suspect(ms(1_101_900), 0));
    let (q90, q99) = peer.quantiles();
    assert!(q90 > SECOND && q90 < ms(1_070), "{q90:?}");
    assert!(
        (q99.saturating_sub(q90)).abs_diff(ms(104)) < ms(5),
        "1.0448 tenths of the mean: {q90:?} and {q99:?}"
    );
}

/// The margin is the greatest of what the settings say, and never nothing.
#[test]
fn the_margin_is_that_of_the_settings() {
    let margin = |sd_min, sd_min_permille| {
        let settings = Settings { sd_min, sd_min_permille, ..Settings::new(SECOND) };
        let mut peer = QuantileTail::<16>::new(&settings, [2.0]);
        for second in 0..50 {
            peer.heartbeat(Beat::at(seconds(second)));
        }
        let (q90, q99) = peer.quantiles();
        q99.saturating_sub(q90)
    };
    assert!(margin(ms(500), 100).abs_diff(Duration::from_micros(522_400)) < ms(2));
    assert!(margin(ms(10), 300).abs_diff(ms(313)) < ms(5), "of a mean that is right to within half a bucket");
    assert!(margin(Duration::ZERO, 0) <= ms(3));
    assert!(margin(Duration::MAX, u32::MAX) > seconds(1_000_000));
}

/// What a peer may pause is added to every level.
#[test]
fn an_acceptable_pause_is_added() {
    let settings = Settings::new(SECOND);
    let [mut without, mut with] = [Duration::ZERO, seconds(3)]
        .map(|pause| QuantileTail::<100, 3>::new(&Settings { pause, ..settings }, [0.5, 1.0, 8.0]));
    for second in 1..=50 {
        without.heartbeat(Beat::at(seconds(second)));
        with.heartbeat(Beat::at(seconds(second)));
    }
    for level in 0..3 {
        let more = with.deadline(level).unwrap().saturating_sub(without.deadline(level).unwrap());
        assert!(more.abs_diff(seconds(3)) < ms(2), "{more:?} at level {level}");
    }
    assert_eq!(with.quantiles(), without.quantiles());
    assert!(with.suspicion(seconds(53)).phi <= 0.0 && without.suspicion(seconds(53)).phi > 8.0);
}

/// Below phi 1 it is the share of intervals that were longer.
#[test]
fn below_1_phi_is_the_share_of_longer_intervals() {
    let mut peer = tail::<1000, 1>([0.5]);
    let mut now = Duration::ZERO;
    peer.heartbeat(Beat::at(now));
    // The first ones are clipped.
    for number in 0..1_200 {
        // Of four intervals one of 0.5 s, two of 1 s, one of 3 s.
        now += [ms(500), SECOND, seconds(3), SECOND][number % 4];
        peer.heartbeat(Beat::at(now));
    }
    let phi = |silence| peer.suspicion(now + silence).phi;
    assert!(phi(ms(450)) < 1e-9);
    assert!((phi(ms(750)) - (4.0_f64 / 3.0).log10()).abs() < 1e-9);
    assert!((phi(seconds(2)) - 4.0_f64.log10()).abs() < 1e-9);
    assert!(peer.levels().iter().eq(&[0.5]));
    // One in 10^0.5 is more than the quarter that is longer than a second.
    assert!(peer.deadline(0).unwrap().abs_diff(now + SECOND) < ms(70));
}

/// A restart, a stale beat, hearsay and one's own pause teach nothing; hearsay and one's own pause are evidence.
#[test]
fn what_is_no_interval_teaches_nothing() {
    let mut peer = steady::<100>(50);
    let learned = peer.quantiles();
    let known = peer.clone();
    assert_eq!(peer.heartbeat(Beat::at(seconds(50))), Heard::Stale);
    assert_eq!(peer.heartbeat(Beat::at(seconds(51)).with_sequence(50)), Heard::Stale);
    assert_eq!(peer, known);
    peer.witness(seconds(53));
    assert!(!peer.is_suspect(seconds(54), 0) && peer.is_suspect(seconds(55), 0));
    peer.observe_local_gap(seconds(100));
    assert!(!peer.is_suspect(seconds(154), 0) && peer.is_suspect(seconds(155), 0));
    peer.heartbeat(Beat::at(seconds(151)).with_sequence(51).with_epoch(1));
    assert!(peer.quantiles().0.abs_diff(learned.0) < ms(3));
    let learned = peer.quantiles();
    assert_eq!(peer.heartbeat(Beat::at(seconds(900)).with_sequence(1).with_epoch(2)), Heard::Restarted);
    assert_eq!(peer.quantiles(), learned);
    assert!(!peer.is_suspect(seconds(901), 0) && peer.is_suspect(seconds(902), 0));
}

/// The first beats are judged by what was assumed, and it says so; the eighth interval ends that.
#[test]
fn the_first_beats_are_judged_by_assumption() {
    let mut peer = tail::<100, 1>([8.0]);
    assert_eq!((peer.suspicion(SECOND).state, peer.deadline(0)), (State::Unknown, None));
    assert_eq!((peer.deadline_at(3.0), peer.is_suspect(Duration::ZERO, 0)), (None, true));
    // Assumed are intervals of 0.75 s and 1.25 s.
    let (q90, _) = peer.quantiles();
    assert!(q90 > ms(1_200) && q90 < ms(1_320), "{q90:?}");
    peer.heartbeat(Beat::at(SECOND));
    for (number, samples) in (2..=9).zip(0..) {
        assert_eq!(peer.suspicion(seconds(number)).state, State::Cold { samples });
        peer.heartbeat(Beat::at(seconds(number)));
    }
    assert_eq!(peer.suspicion(seconds(9)).state, State::Steady);
    assert!(peer.quantiles().0 < ms(1_080));
}

/// The ends of time are no panic.
#[test]
fn the_ends_of_time_are_bounds() {
    let mut peer = tail::<8, 3>([1e-300, 1.0, f64::MAX]);
    peer.heartbeat(Beat::at(Duration::ZERO));
    assert!(!peer.is_suspect(Duration::ZERO, 0));
    peer.heartbeat(Beat::at(Duration::MAX).with_sequence(u64::MAX).with_sent(Duration::MAX));
    peer.observe_local_gap(Duration::MAX);
    peer.witness(Duration::MAX);
    assert!(peer.suspicion(Duration::MAX).phi.is_finite());
    assert_eq!(peer.heartbeat(Beat::at(Duration::MAX)), Heard::Stale);

    let endless = Settings { pause: Duration::MAX, sd_min: Duration::MAX, ..Settings::new(Duration::MAX) };
    let mut peer = QuantileTail::<1>::new(&Settings { sd_min_permille: u32::MAX, ..endless }, [f64::MAX]);
    peer.heartbeat(Beat::at(SECOND));
    peer.heartbeat(Beat::at(Duration::MAX));
    assert!(peer.suspicion(Duration::MAX).phi.is_finite());
}

/// A level has to be above zero, also one that is asked for later.
#[test]
#[should_panic(expected = "a level of phi is above zero")]
fn a_level_of_zero_is_refused() {
    let _ = tail::<8, 1>([1.0]).deadline_at(0.0);
}

/// A period of nothing can't be told from a tick.
#[test]
#[should_panic(expected = "a period of less than a tick")]
fn a_period_of_less_than_a_tick_is_refused() {
    let _ = QuantileTail::<8>::new(&Settings::new(ms(1)), [1.0]);
}

/// A byte an interval, and the rest known: a third of a window of four bytes an interval.
#[test]
fn a_thousand_intervals_take_less_than_two_thousand_bytes() {
    assert!(size_of::<QuantileTail<1000, 1>>() <= 1_000 + 512 + 288);
    assert!(size_of::<QuantileTail<1000, 8>>() <= size_of::<QuantileTail<1000, 1>>() + 8 * 32);
}
