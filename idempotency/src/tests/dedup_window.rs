//! What threads that share a window rely on.

use super::{claims, model};
use crate::{DedupWindow, StrictWindow};

/// No number is fresh twice, whatever else is claimed: of its own word, of the word after, and of what pushes it out.
fn every_number_is_fresh_once(one: &'static [u64], two: &'static [u64]) {
    model(move || {
        let window = DedupWindow::<2>::new();
        let mut fresh = claims(move |n| window.claim(n).is_fresh(), one, two);
        fresh.sort_unstable();
        assert!(
            fresh.windows(2).all(|pair| pair[0] < pair[1]),
            "broken: a number was fresh twice: {fresh:?}"
        );
        // What nothing can have pushed out was fresh for somebody.
        let highest = one.iter().chain(two).max().unwrap();
        for n in one.iter().chain(two).filter(|&n| n + DedupWindow::<2>::SPAN >= *highest) {
            assert!(fresh.contains(n), "broken: nobody may act on {n}");
        }
    });
}

#[test]
fn a_number_is_fresh_for_one_thread() {
    every_number_is_fresh_once(&[3], &[3]);
}

#[test]
fn numbers_of_one_word_are_fresh_once() {
    every_number_is_fresh_once(&[2, 3], &[3, 2]);
}

/// Blocks 0 and 2 share a word of two.
#[test]
fn numbers_that_push_others_out_are_fresh_once() {
    every_number_is_fresh_once(&[2, 66, 2], &[66, 2]);
}

#[test]
fn a_window_that_goes_round_twice_says_fresh_once() {
    every_number_is_fresh_once(&[2, 130], &[66, 130, 2]);
}

/// Without the compare-exchange, two threads set their bits in the same old word.
#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: a number was fresh twice")]
fn a_claim_must_be_one_step() {
    crate::sync::with_mutant(crate::sync::Mutant::Torn, || every_number_is_fresh_once(&[3], &[3]));
}

/// No number is fresh twice in a strict window, and what is within its span is fresh for one.
#[test]
fn a_strict_window_is_fresh_once() {
    model(|| {
        let window = StrictWindow::<2>::new();
        let mut fresh = claims(move |n| window.claim(n).is_fresh(), &[2, 35], &[35, 2]);
        fresh.sort_unstable();
        // 2 is just too old when 35 was claimed before.
        assert!(fresh == [2, 35] || fresh == [35], "broken: {fresh:?} were fresh");
    });
}

/// The highest number may not fall, or what was too old would be fresh again.
#[test]
fn what_is_too_old_stays_so() {
    highest_only_grows();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: what is too old was fresh")]
fn the_highest_must_be_raised_in_one_step() {
    crate::sync::with_mutant(crate::sync::Mutant::Torn, highest_only_grows);
}

fn highest_only_grows() {
    model(|| {
        let window = super::Arc::new(StrictWindow::<2>::new());
        let other = super::Arc::clone(&window);
        let thread = super::thread::spawn(move || {
            let _ = other.claim(40);
        });
        let _ = window.claim(100);
        thread.join().unwrap();
        assert!(!window.claim(60).is_fresh(), "broken: what is too old was fresh");
    });
}
