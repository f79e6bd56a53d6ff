//! The small values: causality, dots, actors.

use std::cmp::Ordering;

use spacelike_vclock::Causality::{After, Before, Concurrent, Equal};
use spacelike_vclock::{Actor, Causality, Dot, ParseActorError, ParseDotError};

const ALL: [Causality; 4] = [Equal, Before, After, Concurrent];

/// Each answer to each question about a relation, written out.
#[test]
fn the_four_answers() {
    let table = [
        // le, ge, lt, gt, concurrent, reverse, ordering, text
        (Equal, [true, true, false, false, false], Equal, Some(Ordering::Equal), "equal"),
        (Before, [true, false, true, false, false], After, Some(Ordering::Less), "before"),
        (After, [false, true, false, true, false], Before, Some(Ordering::Greater), "after"),
        (Concurrent, [false, false, false, false, true], Concurrent, None, "concurrent"),
    ];
    for (c, answers, reverse, ordering, text) in table {
        assert_eq!([c.is_le(), c.is_ge(), c.is_lt(), c.is_gt(), c.is_concurrent()], answers, "{c}");
        assert_eq!((c.reverse(), c.to_ordering(), c.to_string()), (reverse, ordering, text.into()));
        if let Some(ordering) = ordering {
            assert_eq!(Causality::from(ordering), c);
        }
    }
    assert_eq!(format!("[{Equal:>8}]"), "[   equal]");
}

/// Two bits: `and` is a union of what contradicts an order.
#[test]
fn relations_of_parts_combine() {
    for a in ALL {
        assert_eq!(
            (a.and(a), a.and(Equal), a.and(Concurrent), a.and(a.reverse()).reverse()),
            (a, a, Concurrent, a.and(a.reverse()))
        );
        for b in ALL {
            assert_eq!(a.and(b), b.and(a));
            assert_eq!(a.and(b) as u8, a as u8 | b as u8);
        }
    }
    let grid = [0, 1, 2];
    for (a, b) in grid.iter().flat_map(|a| grid.iter().map(move |b| (a, b))) {
        assert_eq!(Causality::of(a, b), a.cmp(b).into());
    }
}

/// A dot is an actor and a number from one, and reads as it is written, colons in the actor included.
#[test]
fn dots_read_as_they_are_written() {
    for text in ["a:1", "::7", "x:y:18446744073709551615", ":1"] {
        assert_eq!(text.parse::<Dot<String>>().map(|dot| dot.to_string()), Ok(text.into()));
    }
    for (text, error) in [
        ("a", ParseDotError::Form),
        ("a:", ParseDotError::Counter),
        ("a:0", ParseDotError::Counter),
        ("a:01", ParseDotError::Counter),
        ("a:+1", ParseDotError::Counter),
        ("a:1 ", ParseDotError::Counter),
        ("a:18446744073709551616", ParseDotError::Counter),
    ] {
        assert_eq!(text.parse::<Dot<String>>(), Err(error), "{text}");
    }
    assert!(matches!("300:1".parse::<Dot<u8>>(), Err(ParseDotError::Actor(_))));
    assert!(Dot::new(1, 9) < Dot::new(2, 1));
}

/// An actor is an id and an epoch, and reads as it is written, epochs of an id side by side.
#[test]
fn actors_read_as_they_are_written() {
    for text in ["a#0", "a#b#4294967295", "#10"] {
        assert_eq!(text.parse::<Actor<String>>().map(|actor| actor.to_string()), Ok(text.into()));
    }
    for (text, error) in [
        ("a", ParseActorError::Form),
        ("a#", ParseActorError::Epoch),
        ("a#00", ParseActorError::Epoch),
        ("a#+1", ParseActorError::Epoch),
        ("a#4294967296", ParseActorError::Epoch),
    ] {
        assert_eq!(text.parse::<Actor<String>>(), Err(error), "{text}");
    }
    assert!(matches!("x#1".parse::<Actor<u8>>(), Err(ParseActorError::Id(_))));
    assert_eq!("7#2:9".parse(), Ok(Dot::new(Actor { id: 7_u8, epoch: 2 }, 9).unwrap()));
    assert!(Actor { id: 1, epoch: 9 } < Actor { id: 2, epoch: 0 });
}

/// The next epoch is another actor, until there are no more.
#[test]
fn epochs_come_to_an_end() {
    let last = Actor { id: 'x', epoch: u32::MAX };
    assert_eq!(Actor::new('x').next_epoch(), Some(Actor { id: 'x', epoch: 1 }));
    assert_eq!(last.next_epoch(), None);
}
