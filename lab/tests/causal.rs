//! Causal consistency, beside an oracle that orders the past of each read in every way.
#![cfg(feature = "check")]

mod histories;

use histories::{MapCall, MapHistory, any_history, choices, in_program, right};
use proptest::prelude::*;
use spacelike_lab::check::map::{Map, Operation};
use spacelike_lab::check::register::{self, Answer};
use spacelike_lab::check::{BUDGET, BadPattern, Event, History, Outcome, What, causal, timeline};

proptest! {
    /// Causal is what gives each read an order of its causes, which keeps to what causes what, and after which the value is right.
    #[test]
    fn causal_is_what_orders_the_past_of_each_read(choices in choices(7)) {
        let history = any_history(&choices, 3, 2, false);
        if history.calls().len() > 7 {
            return Ok(());
        }
        let wrong = causal(&history).unwrap();
        prop_assert_eq!(wrong.is_none(), every_past_has_an_order(&history), "{}", history.timeline());
    }

    /// An atomic map is causal.
    #[test]
    fn an_atomic_map_is_causal(choices in choices(60), clients in 1u8..6, keys in 1u8..4) {
        let history = right(&choices, clients, keys, false);
        prop_assert_eq!(causal(&history), Ok(None), "{}", history.timeline());
    }

    /// On one key, a timeline is an order that each client's reads agree on, so it is causal.
    #[test]
    fn a_timeline_of_one_key_is_causal(choices in choices(20)) {
        let history = any_history(&choices, 4, 1, false);
        if timeline(&Map::new(), &history, BUDGET).verdict.holds() {
            prop_assert_eq!(causal(&history), Ok(None), "{}", history.timeline());
        }
    }

    /// A pattern's calls are what it says of them: writes and a read of one key, and of that value.
    #[test]
    fn a_pattern_names_calls_of_one_key(choices in choices(30)) {
        let history = any_history(&choices, 4, 3, false);
        let Some(wrong) = causal(&history).unwrap() else { return Ok(()) };
        let op = |call: usize| &history.calls()[call].operation;
        match wrong.pattern {
            BadPattern::WriteCoInitRead { write, read } => {
                prop_assert_eq!(op(write).key, op(read).key);
                prop_assert_eq!(&history.calls()[read].outcome, &Outcome::Ok(Answer::Value(None)));
            }
            BadPattern::WriteCoRead { write, overwritten, read } => {
                prop_assert!(op(write).key == op(read).key && op(overwritten).key == op(read).key);
                prop_assert!(write != overwritten);
                let register::Operation::Write(value) = op(write).op else { panic!("no write") };
                prop_assert_eq!(&history.calls()[read].outcome, &Outcome::Ok(Answer::Value(Some(value))));
            }
            BadPattern::CyclicCo { calls } => prop_assert!(calls.len() >= 2),
            _ => {}
        }
    }
}

/// Each pattern is told by its name.
#[test]
fn each_bad_pattern_is_found() {
    let (x, y) = (1, 2);
    let forgets = [(1, x, Some(7), None), (2, x, None, Some(7)), (2, x, None, None)];
    assert_eq!(pattern(&forgets), Some(BadPattern::WriteCoInitRead { write: 0, read: 2 }));
    let steps_back =
        [(1, x, Some(7), None), (1, x, Some(8), None), (2, x, None, Some(8)), (2, x, None, Some(7))];
    assert_eq!(pattern(&steps_back), Some(BadPattern::WriteCoRead { write: 0, overwritten: 1, read: 3 }));
    assert_eq!(pattern(&[(1, x, None, Some(7))]), Some(BadPattern::ThinAirRead { read: 0 }));
    let circle = [(1, x, None, Some(7)), (1, y, Some(8), None), (2, y, None, Some(8)), (2, x, Some(7), None)];
    let Some(BadPattern::CyclicCo { mut calls }) = pattern(&circle) else { panic!("a circle") };
    calls.sort_unstable();
    assert_eq!(calls, [0, 1, 2, 3]);
    // Writes that don't cause each other may be seen in different orders.
    let diverges = [
        (1, x, Some(7), None),
        (2, x, Some(8), None),
        (3, x, None, Some(7)),
        (3, x, None, Some(8)),
        (4, x, None, Some(8)),
        (4, x, None, Some(7)),
    ];
    assert_eq!(pattern(&diverges), None);
}

/// What it can't be told of is refused, by its index.
#[test]
fn what_is_unsuited_is_refused() {
    let swap = register::Operation::Swap { from: 1, to: 2 };
    for (op, answer) in [
        (swap, Answer::Swapped(true)),
        (register::Operation::Write(7), Answer::Done),
        (register::Operation::Write(8), Answer::Value(None)),
        (register::Operation::Read, Answer::Done),
    ] {
        let mut history = history(&[(1, 1, Some(7), None)]);
        history.push(Event { time_ns: 9, client: 1, what: What::Invoke(Operation { key: 1, op }) }).unwrap();
        history.push(Event { time_ns: 9, client: 1, what: What::Ok(answer) }).unwrap();
        assert_eq!(causal(&history).unwrap_err().call, 1);
    }
}

fn pattern(calls: &[(u64, u8, Option<u32>, Option<u32>)]) -> Option<BadPattern> {
    causal(&history(calls)).unwrap().map(|wrong| wrong.pattern)
}

/// Calls one after the other: of a client, on a key, a write of a value, or else a read of one.
fn history(calls: &[(u64, u8, Option<u32>, Option<u32>)]) -> MapHistory {
    let mut history = History::new();
    for &(client, key, written, read) in calls {
        let (op, answer) = match written {
            Some(value) => (register::Operation::Write(value), Answer::Done),
            None => (register::Operation::Read, Answer::Value(read)),
        };
        history.push(Event { time_ns: 0, client, what: What::Invoke(Operation { key, op }) }).unwrap();
        history.push(Event { time_ns: 0, client, what: What::Ok(answer) }).unwrap();
    }
    history
}

/// By a matrix of what causes what, and all orders of what causes a read.
fn every_past_has_an_order(history: &MapHistory) -> bool {
    let reads = |call: &MapCall| call.operation.op == register::Operation::Read;
    let calls: Vec<_> = history
        .calls()
        .iter()
        .filter(|call| {
            matches!(call.outcome, Outcome::Ok(_)) || (call.outcome == Outcome::Unknown && !reads(call))
        })
        .collect();
    let count = calls.len();
    let wrote = |call: &MapCall| match call.operation.op {
        register::Operation::Write(value) => Some(value),
        _ => None,
    };
    let mut causes = vec![vec![false; count]; count];
    for (one, row) in causes.iter_mut().enumerate() {
        for (other, cause) in row.iter_mut().enumerate() {
            let Outcome::Ok(answer) = &calls[other].outcome else {
                *cause = in_program(calls[one], calls[other]);
                continue;
            };
            let same_key = calls[one].operation.key == calls[other].operation.key;
            let found = matches!(answer, Answer::Value(Some(value)) if wrote(calls[one]) == Some(*value));
            *cause = in_program(calls[one], calls[other]) || (same_key && found);
        }
    }
    for middle in 0..count {
        for one in 0..count {
            for other in 0..count {
                causes[one][other] |= causes[one][middle] && causes[middle][other];
            }
        }
    }
    if (0..count).any(|call| causes[call][call]) {
        return false;
    }
    (0..count).filter(|&read| reads(calls[read])).all(|read| {
        let past: Vec<_> = (0..count).filter(|&call| causes[call][read] && !reads(calls[call])).collect();
        let Outcome::Ok(Answer::Value(value)) = &calls[read].outcome else { panic!("a read has a value") };
        let key = calls[read].operation.key;
        orders(&past, &causes, &mut Vec::new(), &|order| {
            let last = order.iter().rev().find(|&&call| calls[call].operation.key == key);
            last.and_then(|&call| wrote(calls[call])) == *value
        })
    })
}

fn orders(
    rest: &[usize],
    causes: &[Vec<bool>],
    order: &mut Vec<usize>,
    fits: &impl Fn(&[usize]) -> bool,
) -> bool {
    if rest.is_empty() {
        return fits(order);
    }
    rest.iter().any(|&call| {
        if rest.iter().any(|&other| causes[other][call]) {
            return false;
        }
        let others: Vec<_> = rest.iter().copied().filter(|&other| other != call).collect();
        order.push(call);
        let found = orders(&others, causes, order, fits);
        order.pop();
        found
    })
}
