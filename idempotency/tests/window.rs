//! The three windows, against published vectors, a model, and each other.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_idempotency::{DedupWindow, Freshness, LocalWindow, StrictWindow};

/// A strict window of this size is WireGuard's: a number may be so far below the highest.
const SPAN: u64 = StrictWindow::<65>::SPAN;
const LIMIT: u64 = StrictWindow::<65>::LIMIT;

/// What WireGuard's self-test asks (Linux, drivers/net/wireguard/selftest/counter.c), in five runs from nothing: a
/// number, and whether it is good. Its numbers end 2^13 below 2^64, ours at the limit.
fn wireguard() -> [Vec<(u64, bool)>; 6] {
    let next = SPAN + 1;
    let singles = [
        (0, true),
        (1, true),
        (1, false),
        (9, true),
        (8, true),
        (7, true),
        (7, false),
        (next, true),
        (next - 1, true),
        (next - 1, false),
        (next - 2, true),
        (2, true),
        (2, false),
        (next + 16, true),
        (3, false),
        (next + 16, false),
        (next * 4, true),
        (next * 4 - (next - 1), true),
        (10, false),
        (next * 4 - next, false),
        (next * 4 - (next + 1), false),
        (next * 4 - (next - 2), true),
        (next * 4 + 1 - next, false),
        (0, false),
        (LIMIT, false),
        (LIMIT - 1, true),
        (LIMIT, false),
        (LIMIT - 1, false),
        (LIMIT - 2, true),
        (LIMIT + 1, false),
        (LIMIT + 2, false),
        (LIMIT - 2, false),
        (LIMIT - 3, true),
        (0, false),
    ];
    let run = |numbers: &mut dyn Iterator<Item = u64>, last: &[(u64, bool)]| {
        numbers.map(|n| (n, true)).chain(last.iter().copied()).collect::<Vec<_>>()
    };
    [
        singles.to_vec(),
        run(&mut (1..=SPAN), &[(0, true), (0, false)]),
        run(&mut (2..=SPAN + 1), &[(1, true), (0, false)]),
        run(&mut (0..=SPAN).rev(), &[]),
        run(&mut (1..=SPAN + 1).rev(), &[(0, false)]),
        run(&mut (1..=SPAN).rev(), &[(SPAN + 1, true), (0, false)]),
    ]
}

/// The strict window answers all of them.
#[test]
fn a_strict_window_passes_wireguards_vectors() {
    for vectors in wireguard() {
        let window = StrictWindow::<65>::new();
        for (index, (sequence, good)) in vectors.into_iter().enumerate() {
            assert_eq!(window.claim(sequence).is_fresh(), good, "vector {index}: {sequence}");
        }
    }
}

/// The others answer those that don't ask for a high-water mark: whatever is good, and whatever was good before.
#[test]
fn windows_pass_what_holds_without_a_high_water_mark() {
    for vectors in wireguard() {
        let (shared, mut local) = (DedupWindow::<65>::new(), LocalWindow::<65>::new());
        let mut before = BTreeSet::new();
        for (index, (sequence, good)) in vectors.into_iter().enumerate() {
            let answers = [shared.claim(sequence), local.claim(sequence)];
            if good || before.contains(&sequence) || sequence >= LIMIT {
                assert_eq!(answers.map(Freshness::is_fresh), [good; 2], "vector {index}: {sequence}");
            }
            before.insert(sequence);
        }
    }
}

/// The limit is where the tag of a block would need a 33rd bit, and nothing below it is refused for it.
#[test]
fn numbers_end_where_tags_do() {
    assert_eq!(LIMIT, (1 << 37) - 32);
    assert_eq!((LIMIT - 1) / 32 + 1, u64::from(u32::MAX));
    let (shared, strict, mut local) =
        (DedupWindow::<2>::new(), StrictWindow::<2>::new(), LocalWindow::<2>::new());
    for (sequence, answer) in [
        (LIMIT, Freshness::OutOfRange),
        (u64::MAX, Freshness::OutOfRange),
        (LIMIT - 1, Freshness::Fresh),
        (LIMIT - 1, Freshness::Duplicate),
        (32, Freshness::Fresh), // of the other word, and never seen
    ] {
        assert_eq!((shared.claim(sequence), local.claim(sequence)), (answer, answer), "{sequence}");
        let strictly = if sequence == 32 { Freshness::TooOld } else { answer };
        assert_eq!(strict.claim(sequence), strictly, "{sequence}");
    }
    assert_eq!(shared.snapshot(), local);
}

/// What a window is sold for.
#[test]
fn sixty_four_words_are_512_bytes_and_2016_numbers() {
    assert_eq!(size_of::<DedupWindow<64>>(), 512);
    assert_eq!(size_of::<StrictWindow<64>>(), 520);
    assert_eq!((DedupWindow::<64>::SPAN, LocalWindow::<64>::SPAN), (2_016, 2_016));
    let window = DedupWindow::<64>::new();
    for highest in (2_020..12_000).step_by(5) {
        assert_eq!(window.claim(highest), Freshness::Fresh);
        assert_eq!(window.peek(highest - 2_016), Freshness::Fresh);
    }
}

/// Four threads claim each of ten million numbers, and each is fresh for one of them: also while others are a whole window
/// ahead.
#[test]
fn every_number_of_ten_million_is_fresh_for_one_of_four_threads() {
    const NUMBERS: usize = if cfg!(debug_assertions) { 1_000_000 } else { 10_000_000 };
    let window = DedupWindow::<64>::new();
    let fresh: Vec<AtomicU8> = (0..NUMBERS).map(|_| AtomicU8::new(0)).collect();
    let counts = std::thread::scope(|scope| {
        let claim = || {
            let mut too_old = 0_u64;
            for (sequence, fresh) in fresh.iter().enumerate() {
                match window.claim(sequence as u64) {
                    Freshness::Fresh => drop(fresh.fetch_add(1, Ordering::Relaxed)),
                    Freshness::Duplicate => {}
                    Freshness::TooOld => too_old += 1,
                    Freshness::OutOfRange => unreachable!(),
                }
            }
            too_old
        };
        let threads = [(); 4].map(|()| scope.spawn(claim));
        threads.map(|thread| thread.join().unwrap())
    });
    // The first thread to come to a number finds it fresh, since nobody can be ahead of it who has not claimed it.
    let once = fresh.iter().filter(|fresh| fresh.load(Ordering::Relaxed) == 1).count();
    assert_eq!(once, NUMBERS, "too old: {counts:?}");
}

/// What the windows promise, of numbers in a set.
#[derive(Default)]
struct Model {
    claimed: BTreeSet<u64>,
}

impl Model {
    fn judge(
        &mut self,
        sequence: u64,
        span: u64,
        strict: bool,
        answer: Freshness,
    ) -> Result<(), TestCaseError> {
        let highest = self.claimed.last().copied().unwrap_or(0);
        let is_old = sequence < highest && highest - sequence > span;
        let allowed: &[Freshness] = match (self.claimed.contains(&sequence), is_old) {
            _ if sequence >= LIMIT => &[Freshness::OutOfRange],
            (_, true) if strict => &[Freshness::TooOld],
            (true, false) => &[Freshness::Duplicate],
            (true, true) => &[Freshness::Duplicate, Freshness::TooOld],
            (false, false) => &[Freshness::Fresh],
            (false, true) => &[Freshness::Fresh, Freshness::TooOld],
        };
        prop_assert!(allowed.contains(&answer), "{sequence}: {answer:?}, allowed {allowed:?}");
        if answer.is_fresh() {
            self.claimed.insert(sequence);
        }
        Ok(())
    }
}

fn numbers() -> impl Strategy<Value = Vec<u64>> {
    let number = prop_oneof![8 => 0..400_u64, 1 => LIMIT - 200..LIMIT + 3, 1 => any::<u64>()];
    let walk = vec((0..40_u64, 0..120_u64), 0..200).prop_map(|steps| {
        let mut at = 0;
        steps
            .into_iter()
            .map(|(ahead, back)| {
                at += ahead;
                u64::saturating_sub(at, back)
            })
            .collect()
    });
    prop_oneof![vec(number, 0..200), walk]
}

proptest! {
    /// Any order of any numbers is answered as promised; the windows agree, and a saved one goes on where it was.
    #[test]
    fn windows_keep_their_promises(numbers in numbers(), saved in any::<prop::sample::Index>()) {
        let (mut shared, strict, mut local) =
            (DedupWindow::<3>::new(), StrictWindow::<3>::new(), LocalWindow::<3>::new());
        let (mut model, mut strict_model) = (Model::default(), Model::default());
        let span = DedupWindow::<3>::SPAN;
        for (index, &sequence) in numbers.iter().enumerate() {
            if index == saved.index(numbers.len()) {
                shared = LocalWindow::from_words(*shared.snapshot().as_words()).unwrap().into();
            }
            let (peeked, answer) = (shared.peek(sequence), shared.claim(sequence));
            prop_assert_eq!(peeked, answer);
            prop_assert_eq!((local.peek(sequence), local.claim(sequence)), (answer, answer));
            model.judge(sequence, span, false, answer)?;
            strict_model.judge(sequence, span, true, strict.claim(sequence))?;
        }
        prop_assert_eq!(shared.snapshot(), local);
    }

    /// Words that no window has are refused: those that are accepted are given back, and never grow smaller.
    #[test]
    fn foreign_words_are_refused(words in [any::<u64>(), any::<u64>()], small in [0..5_u64, 0..5_u64], bits in [0..3_u64, 0..3_u64]) {
        for words in [words, [small[0] << 32 | bits[0], small[1] << 32 | bits[1]]] {
            let good = words.iter().zip(0..).all(|(&word, slot)| match (word >> 32, word & 0xFFFF_FFFF) {
                (0, bits) => bits == 0,
                (_, 0) => false,
                (tag, _) => tag % 2 == slot,
            });
            match LocalWindow::from_words(words) {
                Ok(window) => prop_assert!(good && *window.as_words() == words),
                Err(bad) => prop_assert!(!good && words[bad.index] == bad.word),
            }
        }
    }
}
