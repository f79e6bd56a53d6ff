//! The analysis finds what was planted, and nothing else.
#![cfg(feature = "trace")]

mod planted;

use std::time::Duration;

use planted::{At, at, receive, send, trace};
use spacelike_lab::analysis::{Analysis, Tally, Verdict};
use spacelike_lab::trace::Event;

/// A trace without fault has no findings.
#[test]
fn a_right_trace_is_right() {
    let analysis = of([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))]);
    assert_eq!((analysis.sent, analysis.received, analysis.edges), (1, 1, 1));
    assert_eq!([analysis.wall, analysis.lamport, analysis.hlc], [Tally::default(); 3]);
    assert_eq!((analysis.duplicates, analysis.orphans, analysis.resends), (0, 0, 0));
    assert_eq!(analysis.span, Duration::from_millis(1));
    assert!((analysis.rate() - 1_000.0).abs() < 1e-6, "{}", analysis.rate());
    assert_eq!(analysis.verdict(), Ok(()));
}

/// Each clock's inversion is counted for that clock alone, and tells "before" from "equal".
#[test]
fn an_inversion_is_counted_for_its_clock() {
    let sent = at(10);
    let later = At { time: 11_000, wall: 11_000, lamport: 11, hlc: (10, 1) };
    let cases: [(At, [(u64, u64); 3]); 6] = [
        (At { wall: 9_999, ..later }, [(1, 0), (0, 0), (0, 0)]),
        (At { wall: 10_000, ..later }, [(0, 1), (0, 0), (0, 0)]),
        (At { lamport: 9, ..later }, [(0, 0), (1, 0), (0, 0)]),
        (At { lamport: 10, ..later }, [(0, 0), (0, 1), (0, 0)]),
        (At { hlc: (9, 65_535), ..later }, [(0, 0), (0, 0), (1, 0)]),
        (At { hlc: (10, 0), ..later }, [(0, 0), (0, 0), (0, 1)]),
    ];
    for (n, (received, expected)) in cases.into_iter().enumerate() {
        let analysis = of([send(1, 0, 2, sent), receive(2, (1, 0), received)]);
        let found = [analysis.wall, analysis.lamport, analysis.hlc].map(|tally| (tally.before, tally.equal));
        assert_eq!(found, expected, "case {n}");
        let clock = match n {
            0 | 1 => None,
            2 | 3 => Some("Lamport clock"),
            _ => Some("hybrid logical clock"),
        };
        let verdict = clock.map_or(Ok(()), |clock| Err(Verdict::Broken { clock, edges: 1, stalls: 0 }));
        assert_eq!(analysis.verdict(), verdict, "case {n}");
    }
}

/// A logical clock that stands still or goes back between two events of one node is found, though no edge shows it.
#[test]
fn a_logical_clock_that_stalls_is_found() {
    let edge = || [send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))];
    let stalls = |first: At, second: At| {
        let analysis = of(edge().into_iter().chain([send(1, 1, 2, first), send(1, 2, 2, second)]));
        (analysis.lamport_stalls, analysis.hlc_stalls, analysis.verdict().is_err())
    };
    assert_eq!(stalls(at(3), at(4)), (0, 0, false));
    assert_eq!(stalls(at(3), At { lamport: 3, ..at(4) }), (1, 0, true));
    assert_eq!(stalls(at(3), At { hlc: (3, 0), ..at(4) }), (0, 1, true));
}

/// Another node's events don't count as the events before.
#[test]
fn only_events_of_one_node_are_in_order() {
    let analysis = of([send(1, 0, 2, at(9)), send(2, 0, 1, at(3)), receive(1, (2, 0), at(10))]);
    assert_eq!((analysis.wall_steps_back, analysis.lamport_stalls, analysis.hlc_stalls), (0, 0, 0));
}

/// A wall clock that steps back is counted, and is no fault of the logical clocks.
#[test]
fn a_wall_clock_that_steps_back_is_counted() {
    let stepped = At { wall: -399_000, ..at(2) };
    let analysis = of([
        send(1, 0, 2, at(1)),
        send(1, 1, 2, stepped),
        receive(2, (1, 0), at(3)),
        receive(2, (1, 1), at(4)),
    ]);
    assert_eq!(analysis.wall_steps_back, 1);
    assert_eq!(analysis.lead_max, Duration::from_millis(401));
    assert_eq!(analysis.verdict(), Ok(()));
}

/// A message that is delivered twice makes two edges, and is reported.
#[test]
fn a_duplicate_is_an_edge_and_reported() {
    let analysis = of([
        send(1, 0, 2, at(1)),
        receive(2, (1, 0), at(2)),
        receive(2, (1, 0), At { lamport: 3, hlc: (3, 0), ..at(0) }),
    ]);
    assert_eq!((analysis.received, analysis.edges, analysis.duplicates), (2, 2, 1));
    assert_eq!(analysis.wall.before, 1, "the second delivery is checked as well");
}

/// A receive without a send is counted and checked against nothing, and the first of two sends counts.
#[test]
fn what_cannot_be_joined_is_counted() {
    let orphan = of([receive(2, (1, 7), at(2))]);
    assert_eq!((orphan.received, orphan.edges, orphan.orphans), (1, 0, 1));
    assert_eq!(orphan.verdict(), Err(Verdict::NothingExchanged { sent: 0 }));

    let resent = of([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2)), send(1, 0, 2, at(3))]);
    assert_eq!((resent.sent, resent.resends, resent.edges), (2, 1, 1));
    assert_eq!(resent.lamport, Tally::default(), "the second send, which is later, makes no edge");
}

/// The order of lines across nodes doesn't matter: a receive may stand above its send.
#[test]
fn a_receive_may_stand_above_its_send() {
    let analysis = of([receive(2, (1, 0), at(2)), send(1, 0, 2, at(1))]);
    assert_eq!((analysis.edges, analysis.orphans), (1, 0));
}

/// No messages, no evidence.
#[test]
fn nothing_exchanged_is_no_success() {
    assert_eq!(of([]).verdict(), Err(Verdict::NothingExchanged { sent: 0 }));
    assert_eq!(of([send(1, 0, 2, at(1))]).verdict(), Err(Verdict::NothingExchanged { sent: 1 }));
    assert!(of([]).rate().abs() < 1e-9);
}

/// A node that did nothing is listed as well.
#[test]
fn silent_nodes_are_listed() {
    let analysis = of([send(1, 0, 2, at(1))]);
    assert_eq!(analysis.nodes.len(), 3);
}

fn of(events: impl IntoIterator<Item = Event>) -> Analysis {
    let mut trace = trace(3);
    trace.events.extend(events);
    Analysis::of(&trace)
}
