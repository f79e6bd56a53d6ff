//! What threads that share a budget rely on.

use super::{Arc, model, thread};
use crate::budget::Budget;

/// Two threads that take at once have no more than there is, and what is given back can be taken.
#[test]
fn never_more_is_in_use_than_may_be() {
    takes_are_bounded();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: more is in use than may be")]
fn a_take_must_be_one_step() {
    crate::sync::with_mutant(crate::sync::Mutant::Torn, takes_are_bounded);
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: more is in use than may be")]
fn a_take_must_look() {
    crate::sync::with_mutant(crate::sync::Mutant::Stores, takes_are_bounded);
}

fn takes_are_bounded() {
    model(|| {
        let budget = Arc::new(Budget::new(3));
        let theirs = Arc::clone(&budget);
        let other = thread::spawn(move || theirs.try_take(2));
        let one = budget.try_take(2);
        let two = other.join().unwrap();
        assert!(!(one && two), "broken: more is in use than may be");
        assert!(one || two, "broken: nobody got what was free");
        assert_eq!(budget.used(), 2, "broken: what is in use is another number");
    });
}

/// Nothing that was given back is lost, and what is given back makes room.
#[test]
fn what_is_given_back_is_there() {
    gives_are_kept();
}

#[cfg(loom)]
#[test]
#[should_panic(expected = "broken: ")]
fn a_give_must_be_one_step() {
    crate::sync::with_mutant(crate::sync::Mutant::Torn, gives_are_kept);
}

fn gives_are_kept() {
    model(|| {
        let budget = Arc::new(Budget::new(3));
        assert!(budget.try_take(3));
        let theirs = Arc::clone(&budget);
        let other = thread::spawn(move || {
            theirs.give(1);
            theirs.try_take(1)
        });
        budget.give(2);
        assert!(other.join().unwrap(), "broken: what was given back is not there");
        assert_eq!(budget.used(), 1, "broken: what was given back is lost");
    });
}

/// A take is all or nothing, at the limit itself and at the end of the numbers.
#[cfg(not(loom))]
#[test]
fn the_limit_itself_may_be_taken() {
    let budget = Budget::new(5);
    assert!(!budget.try_take(6) && !budget.try_take(u64::MAX));
    assert_eq!(budget.used(), 0);
    assert!(budget.try_take(5));
    assert!(!budget.try_take(1) && !budget.try_take(u64::MAX));
    assert!(budget.try_take(0));
    budget.give(5);
    let endless = Budget::new(u64::MAX);
    assert!(endless.try_take(u64::MAX));
    assert!(!endless.try_take(1));
    assert_eq!(endless.used(), u64::MAX);
}

/// What was never taken can't be given back: that would be our bug.
#[cfg(not(loom))]
#[test]
#[should_panic(expected = "2 were given back, where 1 were taken")]
fn more_than_was_taken_is_not_given_back() {
    let budget = Budget::new(5);
    assert!(budget.try_take(1));
    budget.give(2);
}
