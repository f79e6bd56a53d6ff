//! The page shows what was planted, and lets nothing out of its place.
#![cfg(feature = "trace")]

mod planted;

use std::time::Duration;

use planted::{At, at, receive, send, set_vectors, trace};
use serde_json::Value;
use spacelike::machine::NodeId;
use spacelike_lab::analysis::Analysis;
use spacelike_lab::diagram::Diagram;
use spacelike_lab::trace::{Event, Step, Trace};

/// The page says how many messages each clock gets wrong, in words, in its table and in what the script draws.
#[test]
fn a_wrong_edge_is_shown_as_wrong() {
    let page = page(&planted([
        send(1, 0, 2, at(10)),
        receive(2, (1, 0), At { wall: -140_000, ..at(11) }),
        send(2, 0, 1, At { wall: -130_000, lamport: 12, hlc: (11, 1), ..at(20) }),
        receive(1, (2, 0), at(21)),
    ]));
    assert!(page.contains("1 of 2 messages were received <em>before they were sent</em>"));
    assert!(page.contains("<title>Which came first? 1 of 2 messages"));
    assert!(page.contains("2 of 2 messages, between 2 nodes, from 0.010 s to 0.021 s after the run began."));
    assert!(page.contains("The wall clocks get 1 of them the wrong way round."));
    assert!(page.contains("<tr class=\"wrong\"><th scope=\"row\">1.0</th><td>1 → 2</td>"));
    assert!(page.contains("<td>before, 150.000 ms</td><td>10 → 11</td>"));
    assert!(page.contains("<tr><th scope=\"row\">2.0</th><td>2 → 1</td>"));
    assert!(
        page.contains(
            "<td>after, 151.000 ms</td><td>12 → 21</td><td>22:13:20.011 + 1 → 22:13:20.021 + 0</td><td>{1:1, 2:2} → {1:2, 2:2}</td>"
        )
    );

    let data = data(&page);
    assert_eq!(data["nodes"].as_array().unwrap().len(), 3);
    let wrong: Vec<_> =
        data["edges"].as_array().unwrap().iter().map(|edge| edge["wrong"].as_bool()).collect();
    assert_eq!(wrong, [Some(true), Some(false)]);
    assert_eq!(data["edges"][0]["wall"], "150.000 ms before it was sent");
    assert_eq!(data["events"][0]["wall"], "22:13:20.010000");
    assert_eq!(data["events"][1]["wall"], "22:13:19.860000");
}

/// Where no wall clock was caught, the page doesn't say that none was wrong: an offset below the latency doesn't show.
#[test]
fn a_small_offset_is_not_called_right() {
    let late = at(11);
    let mut small =
        planted([send(1, 0, 2, at(10)), receive(2, (1, 0), At { wall: late.wall - 500, ..late })]);
    small.header.nodes[1].offset_ms = -1;
    let page = page(&small);
    assert!(page.contains("every clock says so: no wall clock was wrong by more than a message takes."));
    assert!(!page.contains("nobody set one wrong"));
}

/// On each axis, even and to scale, a receive lies after its send exactly if that clock says so.
#[test]
fn arrows_run_forward_exactly_where_the_clock_is_right() {
    let sent = at(10);
    let wrong = [At { wall: 9_000, ..at(12) }, At { lamport: 9, ..at(12) }, At { hlc: (9, 0), ..at(12) }];
    for (n, received) in wrong.into_iter().enumerate() {
        let data = data(&page(&planted([send(1, 0, 2, sent), receive(2, (1, 0), received)])));
        for places in ["even", "scale"] {
            let forward = |axis: usize| {
                let place = |event: usize| data["events"][event][places][axis].as_f64().unwrap();
                place(0) < place(1)
            };
            let expected: Vec<bool> = (0..4).map(|axis| axis != n + 1).collect();
            assert_eq!((0..4).map(forward).collect::<Vec<_>>(), expected, "case {n}, {places}");
        }
        let flags = ["lamport", "hlc"].map(|clock| data["edges"][0][clock].as_bool().unwrap());
        assert_eq!(flags, [n != 1, n != 2], "case {n}");
    }
}

/// A vector clock is on no axis, but each event shows it, and whether it is right.
#[test]
fn vector_clocks_are_shown() {
    let mut planted = planted([send(1, 0, 2, at(10)), receive(2, (1, 0), at(11))]);
    let right = data(&page(&planted));
    assert_eq!(
        (&right["events"][0]["vector"], &right["events"][1]["vector"]),
        (&"{1:1}".into(), &"{1:1, 2:1}".into())
    );
    assert_eq!(right["edges"][0]["vector"], true);
    planted.events[1].vector = [(NodeId(2), 1)].into();
    let page = page(&planted);
    assert_eq!(data(&page)["edges"][0]["vector"], false);
    assert!(page.contains("<dt>by vector clock</dt><dd>1</dd>"));
    assert!(page.contains("A logical clock is broken: 1 times"));
}

/// The page says how many pairs of events are concurrent, and how many of them vector clocks find.
#[test]
fn concurrent_pairs_are_said() {
    let mut planted = planted([send(1, 0, 2, at(10)), send(2, 0, 1, at(11)), send(3, 0, 1, at(12))]);
    let said = |trace: &Trace, concurrent, found| {
        let text = format!("the run’s {concurrent} pairs of events that are spacelike, they find {found}.");
        assert!(page(trace).contains(&text), "{text}");
    };
    said(&planted, 3, 3);
    planted.events[1].vector = [(NodeId(1), 1), (NodeId(2), 1)].into();
    said(&planted, 3, 2);
}

/// All places lie between 0 and 1, and events of one reading share one.
#[test]
fn places_are_between_0_and_1() {
    let page = page(&planted([send(1, 0, 2, at(10)), send(2, 0, 1, at(10)), receive(2, (1, 0), at(12))]));
    let data = data(&page);
    let places = |event: usize, key| {
        let axes = data["events"][event][key].as_array().unwrap();
        axes.iter().map(|place| place.as_f64().unwrap()).collect::<Vec<_>>()
    };
    for key in ["even", "scale"] {
        assert_eq!(places(0, key), [0.0; 4]);
        assert_eq!(places(1, key), [0.0; 4]);
        assert_eq!(places(2, key), [1.0; 4]);
    }
}

/// The excerpt is around the step of a wall clock, however far from the middle of the run it is, and mixes right edges
/// with wrong ones.
#[test]
fn the_excerpt_is_around_the_step() {
    let mut long = trace(3);
    long.header.nodes[2].step = Some(Step { after_ms: 1_700, by_ms: -400 });
    for n in 0..200u64 {
        let (time, from, to) =
            (n * 10, u32::try_from(n % 3).unwrap() + 1, u32::try_from((n + 1) % 3).unwrap() + 1);
        let reading = |node, millis: u64| {
            let back = if node == 3 && millis >= 1_700 { 400_000 } else { 0 };
            At { wall: at(millis).wall - back, ..at(millis) }
        };
        long.events.push(send(from, n, to, reading(from, time)));
        long.events.push(receive(to, (from, n), reading(to, time + 1)));
    }
    let page = page(&long);
    assert!(page.contains("The wall clock of node 3 is set back by 400 ms in between."));
    assert!(page.contains("<li>node 3: right, then 400\u{a0}ms\u{a0}back</li>"));
    let data = data(&page);
    let (events, edges) = (data["events"].as_array().unwrap(), data["edges"].as_array().unwrap());
    assert_eq!((events.len(), edges.len()), (2 * Diagram::MESSAGES, Diagram::MESSAGES));
    let step = &data["steps"].as_array().unwrap()[..];
    assert_eq!((step.len(), step[0]["by"].as_str()), (1, Some("400 ms")));
    let at = step[0]["from"].as_u64().unwrap();
    assert!((16..56).contains(&at), "well inside: {at}");
    let wrong = edges.iter().filter(|edge| edge["wrong"] == true).count();
    assert!((1..Diagram::MESSAGES).contains(&wrong), "{wrong}");
}

/// Without a step the excerpt has as many wrong edges as right ones, if it can be had.
#[test]
fn the_excerpt_mixes_wrong_and_right() {
    let mut long = trace(2);
    for n in 0..200 {
        let slow = if n < 120 { 0 } else { 50_000 };
        long.events.push(send(1, n, 2, at(n * 10)));
        long.events.push(receive(2, (1, n), At { wall: at(n * 10 + 1).wall - slow, ..at(n * 10 + 1) }));
    }
    let data = data(&page(&long));
    let wrong = data["edges"].as_array().unwrap().iter().filter(|edge| edge["wrong"] == true).count();
    assert_eq!(wrong, Diagram::MESSAGES / 2);
}

/// Whatever a trace says of itself stays text: in the page, and in the JSON inside its script element.
#[test]
fn what_a_trace_says_stays_text() {
    let mut hostile = planted([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))]);
    hostile.header.program = "</script><script>alert('1 & \"2\"')</script>".into();
    let page = page(&hostile);
    assert!(!page.contains("alert('"));
    assert!(
        page.contains("&lt;/script&gt;&lt;script&gt;alert(&#39;1 &amp; &quot;2&quot;&#39;)&lt;/script&gt;")
    );
    assert_eq!(page.matches("</script>").count(), 2, "the page's own two");
    let json = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    assert!(!json.contains(['<', '>', '&', '\u{2028}']));
}

/// The page needs nothing beside it: no address but the names of its own parts, and a policy that forbids the rest.
#[test]
fn the_page_stands_alone() {
    let page = page(&planted([send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))]));
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"));
    let namespace = "http://www.w3.org/2000/svg";
    assert_eq!(page.matches("://").count(), page.matches(namespace).count(), "no address");
    for reference in ["src=", "url(", "@import", "fetch(", "<link", "innerHTML", "eval("] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(!page.contains("{{") && !page.contains("}}</"), "no mark is left");
    for needed in [
        "lang=\"en\"",
        "viewport",
        "prefers-reduced-motion",
        "light-dark(",
        "<noscript>",
        "aria-live",
        "<figcaption",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
}

/// Traces that no run leaves make a page as well: empty, lost, doubled, orphaned, of unlisted nodes, at the end of time.
#[test]
fn odd_traces_make_a_page() {
    let last = Event { time: Duration::MAX, wall: Duration::MAX, ..send(1, 0, 2, at(1)) };
    let first = Event { wall: Duration::ZERO, time: Duration::ZERO, ..receive(2, (1, 0), at(2)) };
    let cases: Vec<(Vec<Event>, &str)> = vec![
        (vec![], "Nothing was sent, so nothing is drawn."),
        (vec![receive(2, (1, 0), at(2))], "Nothing was sent, so nothing is drawn."),
        (vec![send(1, 0, 2, at(1))], "not received"),
        (vec![send(1, 0, 2, at(1)), receive(2, (1, 0), at(2)), receive(2, (1, 0), at(3))], "1 of 1 messages"),
        (vec![send(1, 0, 2, at(1)), send(1, 0, 2, at(1))], "not received"),
        (vec![send(8, 0, 9, at(1)), receive(9, (8, 0), at(2))], "8 → 9"),
        (vec![last.clone(), first.clone()], "1 → 2"),
        (vec![first, last], "1 → 2"),
    ];
    for (n, (events, expected)) in cases.into_iter().enumerate() {
        let page = page(&planted(events));
        assert!(page.contains(expected), "case {n}");
        assert!(page.ends_with("</html>\n"), "case {n}");
        data(&page);
    }
}

/// A page is bounded, whatever a trace repeats.
#[test]
fn a_page_is_bounded() {
    let mut doubled = planted([send(1, 0, 2, at(1))]);
    doubled.events.extend((2..5_000).map(|millis| receive(2, (1, 0), at(millis))));
    assert!(data(&page(&doubled))["events"].as_array().unwrap().len() <= 4 * Diagram::MESSAGES);
}

fn planted(events: impl IntoIterator<Item = Event>) -> Trace {
    let mut trace = trace(3);
    trace.events.extend(events);
    set_vectors(&mut trace.events);
    trace
}

fn page(trace: &Trace) -> String {
    Diagram::new(trace, &Analysis::of(trace)).to_string()
}

/// What the script is given.
fn data(page: &str) -> Value {
    let json = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(json).unwrap()
}
