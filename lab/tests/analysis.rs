//! The analysis finds what was planted, and nothing else.
#![cfg(feature = "trace")]

mod planted;

use std::time::Duration;

use planted::{At, at, cause, receive, send, set_vectors, trace};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use spacelike::machine::NodeId;
use spacelike::vclock::{Causality, VectorClock};
use spacelike_lab::analysis::{Analysis, Pairs, Tally, Verdict};
use spacelike_lab::trace::{Event, Kind};

/// A trace without fault has no findings.
#[test]
fn a_right_trace_is_right() {
    let analysis = of([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))]);
    assert_eq!((analysis.sent, analysis.received, analysis.edges), (1, 1, 1));
    let Analysis { wall, lamport, hlc, vector, .. } = analysis;
    assert_eq!([wall, lamport, hlc, vector], [Tally::default(); 4]);
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
    assert_eq!(
        (resent.pairs.ordered, resent.pairs.concurrent),
        (1, 1),
        "the second is no cause of the receive"
    );
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

/// Of a message, a vector clock has to say "before": "after", "concurrent" and "equal" are all wrong.
#[test]
fn an_inversion_of_a_vector_clock_is_counted() {
    type Entries = &'static [(u32, u64)];
    let cases: [(Entries, (u64, u64)); 4] =
        [(&[(1, 1), (2, 1)], (0, 0)), (&[(2, 1)], (1, 0)), (&[(1, 1)], (0, 1)), (&[], (1, 0))];
    for (n, (received, (before, equal))) in cases.into_iter().enumerate() {
        let mut events = right([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))]);
        events[1].vector = vector(received);
        let analysis = analyse(events);
        assert_eq!(analysis.vector, Tally { before, equal }, "case {n}");
        let broken = Verdict::Broken { clock: "vector clock", edges: 1, stalls: 0 };
        assert_eq!(analysis.verdict(), if n == 0 { Ok(()) } else { Err(broken) }, "case {n}");
    }
}

/// A vector clock that stands still, goes back or sideways between two events of one node is found.
#[test]
fn a_vector_clock_that_stalls_is_found() {
    for (n, later) in [vector(&[(1, 2)]), vector(&[(1, 1)]), vector(&[(1, 3)])].into_iter().enumerate() {
        let mut events = right([
            send(1, 0, 2, at(1)),
            receive(2, (1, 0), at(2)),
            send(1, 1, 2, at(3)),
            send(1, 2, 2, at(4)),
        ]);
        events[2].vector = vector(&[(1, 2), (2, 0)]);
        events[3].vector = later;
        let analysis = analyse(events);
        assert_eq!(analysis.vector_stalls, u64::from(n < 2), "case {n}");
        let broken = Verdict::Broken { clock: "vector clock", edges: 0, stalls: 1 };
        assert_eq!(analysis.verdict(), if n < 2 { Err(broken) } else { Ok(()) }, "case {n}");
    }
}

/// One wrong entry of one event is enough, though every message is in order: what it claims to know of, no message told.
#[test]
fn a_wrong_vector_entry_is_found() {
    let relay = || {
        right([
            send(1, 0, 2, at(1)),
            receive(2, (1, 0), at(2)),
            send(2, 0, 3, at(3)),
            receive(3, (2, 0), at(4)),
            send(3, 0, 2, at(5)),
            send(1, 1, 2, at(6)),
        ])
    };
    let good = analyse(relay());
    // Node 1's second event is concurrent to all four of the others.
    let Pairs { ordered, concurrent, vector: found, misordered, .. } = good.pairs;
    assert_eq!((ordered, concurrent, found, misordered), (8, 4, 4, 0));
    assert_eq!(good.verdict(), Ok(()));

    // The first event of node 3 has forgotten node 1. That shows on the message to it, and on nothing else.
    let mut forgotten = relay();
    forgotten[3].vector = vector(&[(2, 2), (3, 1)]);
    let analysis = analyse(forgotten);
    assert_eq!((analysis.pairs.vector, analysis.pairs.misordered), (4, 3));
    assert_eq!(analysis.verdict(), Err(Verdict::Broken { clock: "vector clock", edges: 1, stalls: 0 }));

    // Its second knows of an event of which nobody told it.
    let mut prophet = relay();
    prophet[4].vector = vector(&[(1, 2), (2, 2), (3, 2)]);
    let analysis = analyse(prophet);
    assert_eq!((analysis.vector, analysis.vector_stalls), (Tally::default(), 0));
    assert_eq!(analysis.verdict(), Err(Verdict::Ordered { pairs: 1 }));
    let text = analysis.verdict().unwrap_err().to_string();
    assert!(text.contains("it puts 1 pairs of events in an order that are concurrent"), "{text}");
}

/// Equal vector clocks of two events call neither concurrent nor ordered what is concurrent: such a pair is not found, and
/// missed once.
#[test]
fn equal_vector_clocks_find_nothing() {
    let mut events = right([send(1, 0, 3, at(1)), send(2, 0, 3, at(2)), send(3, 0, 1, at(3))]);
    events[0].vector = vector(&[(1, 1), (2, 1)]);
    events[1].vector = events[0].vector.clone();
    let Pairs { ordered, concurrent, vector: found, misordered, .. } = analyse(events.clone()).pairs;
    assert_eq!((ordered, concurrent, found, misordered), (0, 3, 2, 0));
    // Where one is to be before the other, equal is wrong as well.
    events = right([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))]);
    events[0].vector = events[1].vector.clone();
    assert_eq!(analyse(events).pairs.misordered, 1);
}

/// Equal stamps of events that are in an order, by a message or on one node, are a fault of the clock: no pair is found by
/// them.
#[test]
fn equal_stamps_of_what_is_in_an_order_find_nothing() {
    let still = |time| At { lamport: 7, hlc: (7, 0), ..at(time) };
    let events = [
        send(1, 0, 2, still(1)),
        receive(2, (1, 0), still(2)),
        send(2, 0, 1, still(3)),
        send(3, 0, 1, still(4)),
    ];
    // Those of nodes 1 and 2 are a chain; that of node 3 is concurrent to each of the three.
    let Pairs { ordered, concurrent, lamport, hlc, vector, .. } = of(events).pairs;
    assert_eq!((ordered, concurrent, lamport, hlc, vector), (2, 3, 3, 3, 3));
}

/// Where a send is missing, events look concurrent that its message had put in an order: that the vector clocks know better
/// is no fault. What they don't put in order still is.
#[test]
fn a_missing_send_is_not_held_against_vector_clocks() {
    let mut events = right([
        send(1, 0, 3, at(1)),
        send(1, 1, 2, at(2)),
        receive(2, (1, 1), at(3)),
        receive(3, (1, 0), at(4)),
    ]);
    events.remove(1);
    let analysis = analyse(events.clone());
    let Pairs { concurrent, vector: found, .. } = analysis.pairs;
    assert_eq!((analysis.orphans, concurrent, found, analysis.verdict()), (1, 2, 1, Ok(())));

    events[2].vector = vector(&[(3, 1)]);
    let forgotten = Verdict::Broken { clock: "vector clock", edges: 1, stalls: 0 };
    assert_eq!(analyse(events).verdict(), Err(forgotten));
}

/// Messages in a circle, each received before the other is sent, can't be; they are counted all the same, and are no success.
#[test]
fn a_circle_of_messages_is_no_success() {
    let analysis = of([
        receive(1, (2, 0), at(1)),
        send(1, 0, 2, at(2)),
        receive(2, (1, 0), at(3)),
        send(2, 0, 1, at(4)),
    ]);
    assert_eq!(analysis.edges, 2);
    assert!(analysis.verdict().is_err());
}

proptest! {
    /// What is counted is what walking the graph of the events finds, pair by pair, whatever the clocks say, if only they
    /// grow on each node.
    #[test]
    fn pairs_are_counted_as_the_graph_has_them(
        steps in vec((1..5u32, any::<Option<Index>>(), 1..12u64, 1..12u64), 0..40),
        damages in vec((any::<Index>(), 1..6u32, 0..4u64), 0..3),
        lost in vec(any::<Index>(), 0..3),
        order in any::<u64>(),
    ) {
        let mut events: Vec<Event> = Vec::new();
        for (n, (node, from, lamport, hlc)) in (0..).zip(steps) {
            let at = At { lamport, hlc: (hlc, 0), ..at(n) };
            let sends: Vec<_> = events.iter().filter(|e| e.kind == Kind::Send && e.node.0 != node).collect();
            events.push(match from.filter(|_| !sends.is_empty()) {
                Some(from) => {
                    let message = sends[from.index(sends.len())].message;
                    receive(node, (message.sender.0, message.sequence), at)
                }
                None => send(node, n, node % 4 + 1, at),
            });
        }
        set_vectors(&mut events);
        for index in lost.into_iter().filter(|_| !events.is_empty()).collect::<Vec<_>>() {
            if !events.is_empty() {
                events.remove(index.index(events.len()));
            }
        }
        for (index, node, by) in damages {
            // All that follow on the node keep it, so that the clock still grows.
            let Some(from) = (!events.is_empty()).then(|| index.index(events.len())) else { continue };
            let own = events[from].node;
            for event in events[from..].iter_mut().filter(|event| event.node == own) {
                let more = event.vector.get(&NodeId(node)) + by;
                event.vector.merge(&[(NodeId(node), more)].into());
            }
        }
        // Across nodes, the order of the lines is of no matter.
        events.sort_by_key(|event| u64::from(event.node.0).wrapping_mul(order | 1));

        let analysis = analyse(events.clone());
        prop_assert_eq!(analysis.vector_stalls, 0);
        let leads = reachable(&events);
        let mut expected = [0; 4];
        for (i, left) in events.iter().enumerate() {
            for (j, right) in events.iter().enumerate().skip(i + 1).filter(|(_, right)| right.node != left.node) {
                let said = left.vector.compare(&right.vector);
                let truth = match (leads[i][j], leads[j][i]) {
                    (true, _) => Causality::Before,
                    (_, true) => Causality::After,
                    _ => Causality::Concurrent,
                };
                let concurrent = truth == Causality::Concurrent;
                expected[0] += u64::from(!concurrent);
                expected[1] += u64::from(concurrent);
                expected[2] += u64::from(concurrent && said == truth);
                expected[3] += u64::from(!concurrent && said != truth);
            }
        }
        let Pairs { ordered, concurrent, vector, misordered, .. } = analysis.pairs;
        prop_assert_eq!([ordered, concurrent, vector, misordered], expected);
        let equal = |same: &dyn Fn(&Event, &Event) -> bool| {
            let pairs = (0..events.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
            let found = pairs.filter(|&(i, j)| !leads[i][j] && !leads[j][i] && same(&events[i], &events[j]));
            found.count() as u64
        };
        prop_assert_eq!(analysis.pairs.lamport, equal(&|left, right| left.lamport == right.lamport));
        prop_assert_eq!(analysis.pairs.hlc, equal(&|left, right| left.hlc == right.hlc));
    }
}

/// Whether a way leads from one event to another, along its node or a message.
fn reachable(events: &[Event]) -> Vec<Vec<bool>> {
    let mut leads = vec![vec![false; events.len()]; events.len()];
    for (index, event) in events.iter().enumerate() {
        for (later, other) in events.iter().enumerate() {
            let on_node = later > index && other.node == event.node;
            let by_message = cause(events, later).is_some_and(|cause| std::ptr::eq(cause, event));
            leads[index][later] = on_node || by_message;
        }
    }
    for over in 0..events.len() {
        for from in 0..events.len() {
            for to in 0..events.len() {
                leads[from][to] |= leads[from][over] && leads[over][to];
            }
        }
    }
    leads
}

fn of(events: impl IntoIterator<Item = Event>) -> Analysis {
    analyse(right(events))
}

/// The events with right vector clocks.
fn right(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let mut events: Vec<_> = events.into_iter().collect();
    set_vectors(&mut events);
    events
}

fn analyse(events: Vec<Event>) -> Analysis {
    let mut trace = trace(3);
    trace.events = events;
    Analysis::of(&trace)
}

fn vector(entries: &[(u32, u64)]) -> VectorClock<NodeId> {
    entries.iter().map(|&(node, counter)| (NodeId(node), counter)).collect()
}
