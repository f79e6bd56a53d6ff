//! The tour through the library: real sockets, and the machine by itself.
#![cfg(all(feature = "net", feature = "trace"))]

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use spacelike::machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox, RequestId};
use spacelike::monitor::Level;
use spacelike::vclock::{VectorClock, shiviz};
use spacelike::{hlc, lamport};
use spacelike_lab::analysis::{self, Analysis};
use spacelike_lab::tour::gossip::{Gossip, Message, Note, Request, Stamps, Timer};
use spacelike_lab::tour::{Options, OptionsError, Pause, Progress, Report, Run, Tour, TourError, Verdict};
use spacelike_lab::trace::{Event, Kind, MessageId, Step, Trace};

/// Three nodes on real sockets: the clocks that were set wrong show, the logical ones are right, the trace reads back,
/// and it is in true order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tour_shows_wrong_wall_clocks_and_right_logical_ones() {
    // The third clock is set back by 400 ms after 0.6 s.
    let options = Options { rate: 50.0, ..Options::new(3, Duration::from_millis(1_200)) };
    let mut last = Progress::default();
    let run = Tour::bind(&options).unwrap().run(pending(), |progress| last = progress).await.unwrap();
    let analysis = Analysis::of(&run.trace);

    assert_eq!(analysis.verdict(), Ok(()), "{analysis:?}");
    assert!(analysis.edges >= 30, "{analysis:?}");
    assert!(analysis.wall.before > 0, "the offsets show: {analysis:?}");
    // A node that is stalled for as long as its clock is set back has no event in between, and its clock no step to see.
    let silence = silence(&run.trace, NodeId(3));
    let hidden = analysis.wall_steps_back == 0 && silence >= Duration::from_millis(390);
    assert!(analysis.wall_steps_back == 1 || hidden, "the step shows: {silence:?}, {analysis:?}");
    // Node 3 fell 550 ms behind node 1, whose stamps it hears of; a message may take a while on a busy machine.
    assert!((300..=550).contains(&analysis.lead_max.as_millis()), "{analysis:?}");
    assert_eq!((analysis.orphans, analysis.duplicates, analysis.resends), (0, 0, 0), "{analysis:?}");
    assert!(analysis.nodes.values().all(|node| node.sent > 0 && node.received > 0), "{analysis:?}");
    assert!(run.trace.events.is_sorted_by_key(|event| event.time));
    // Each event is in the trace, so that its vector clocks are a valid log as they are.
    assert_eq!(shiviz::validate(run.trace.events.iter().map(|event| (&event.node, &event.vector))), Ok(()));
    let pairs = analysis.pairs;
    assert!(pairs.concurrent > 0 && pairs.ordered > pairs.concurrent, "{pairs:?}");
    assert_eq!((pairs.vector, pairs.misordered), (pairs.concurrent, 0));
    assert!(pairs.lamport < pairs.concurrent && pairs.hlc < pairs.concurrent, "{pairs:?}");
    let sends: BTreeMap<_, _> =
        run.trace.events.iter().filter(|e| e.kind == Kind::Send).map(|e| (e.message, e.time)).collect();
    let receives = run.trace.events.iter().filter(|event| event.kind == Kind::Receive);
    assert!(receives.into_iter().all(|receive| sends[&receive.message] < receive.time), "true time is true");

    assert_eq!(
        (last.sent, last.received, last.inverted),
        (analysis.sent, analysis.received, analysis.wall.before)
    );
    assert!(!run.interrupted);
    let mut file = Vec::new();
    run.trace.write(&mut file).unwrap();
    assert_eq!(Trace::read(&file[..]), Ok(run.trace.clone()));
    let report = Report::new(&run, &analysis).to_string();
    assert!(report.contains("moved by -400 ms after 0.6 s"), "{report}");
    assert!(!report.contains("refused"), "{report}");
}

/// All nodes are honest, so that a message that was refused or can't be joined is a fault of ours, though no edge shows
/// it: the tour is no success, and its table says what happened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_is_no_success() {
    type Plant = fn(&mut Run);
    let options = Options { rate: 100.0, ..Options::new(2, Duration::from_millis(400)) };
    let good = Tour::bind(&options).unwrap().run(pending(), |_| ()).await.unwrap();
    assert_eq!(Report::new(&good, &Analysis::of(&good.trace)).verdict(), Ok(()));

    let resend: Plant = |run| {
        let mut again = run.trace.events.iter().rfind(|event| event.kind == Kind::Send).unwrap().clone();
        let last = run.trace.events.iter().rfind(|event| event.node == again.node).unwrap();
        again.lamport = lamport::Timestamp::new(last.lamport.get() + 1);
        again.hlc = hlc::Timestamp::new(last.hlc.millis() + 1, 0).unwrap();
        again.vector = last.vector.clone();
        again.vector.tick(&again.node).unwrap();
        run.trace.events.push(again);
    };
    let orphan: Plant = |run| {
        let receive = |event: &&Event| event.kind == Kind::Receive;
        let message = run.trace.events.iter().find(receive).unwrap().message;
        run.trace.events.retain(|event| event.kind == Kind::Receive || event.message != message);
    };
    let cases: [(Plant, Verdict, &str); 4] = [
        (
            |run| run.progress.refused = 3,
            Verdict::Refused { messages: 3, stamps: 0 },
            "messages                        3   refused by machines",
        ),
        (
            |run| run.stats.get_mut(&NodeId(2)).unwrap().refused_stamps = 2,
            Verdict::Refused { messages: 0, stamps: 2 },
            "messages                        2   refused by drivers",
        ),
        (orphan, Verdict::Unjoined { orphans: 1, resends: 0 }, "1   received but never sent"),
        (resend, Verdict::Unjoined { orphans: 0, resends: 1 }, "1   sent twice under one name"),
    ];
    for (n, (plant, expected, row)) in cases.into_iter().enumerate() {
        let mut run = good.clone();
        plant(&mut run);
        let analysis = Analysis::of(&run.trace);
        assert_eq!(analysis.verdict(), Ok(()), "case {n}: no edge shows it");
        let report = Report::new(&run, &analysis);
        assert_eq!(report.verdict(), Err(expected), "case {n}");
        assert!(report.to_string().contains(row), "case {n}: {report}");
    }

    // A clock that is broken is the worst.
    let mut run = good.clone();
    run.progress.refused = 1;
    // A wrong vector entry: an event knows of another that is concurrent to it.
    let events = &run.trace.events;
    let concurrent =
        |(left, right): &(usize, usize)| events[*left].vector.is_concurrent(&events[*right].vector);
    let mut pairs = (0..events.len()).flat_map(|left| (0..left).map(move |right| (left, right)));
    let (prophet, unheard) = pairs.find(concurrent).unwrap();
    let foreseen = events[unheard].vector.clone();
    run.trace.events[prophet].vector.merge(&foreseen);
    let verdict = Report::new(&run, &Analysis::of(&run.trace)).verdict();
    assert!(matches!(verdict, Err(Verdict::Trace(_))), "{verdict:?}");

    // The two last of their nodes, so that nothing after them shows it.
    let mut run = good.clone();
    run.progress.refused = 1;
    run.trace.events = silent_end(run.trace.events);
    let [.., unheard, prophet] = &mut run.trace.events[..] else { panic!("a tour has events") };
    prophet.vector.merge(&unheard.vector);
    let verdict = Report::new(&run, &Analysis::of(&run.trace)).verdict();
    // More than one, if what was unheard of had itself heard of others.
    let ordered = |verdict| matches!(verdict, Verdict::Trace(analysis::Verdict::Ordered { pairs: 1.. }));
    assert!(verdict.is_err_and(ordered), "{verdict:?}");

    let mut run = good;
    run.progress.refused = 1;
    let first = run.trace.events[0].clone();
    run.trace.events.push(first);
    let verdict = Report::new(&run, &Analysis::of(&run.trace)).verdict();
    assert!(matches!(verdict, Err(Verdict::Trace(analysis::Verdict::Broken { .. }))), "{verdict:?}");
}

/// A node that is stopped for a while is suspected by all others, level after level, and trusted again when it goes on; in the
/// meantime no event happens on it. The table says when, and a tour in which somebody didn't notice is no success. A mistaken
/// suspicion is none of that: it is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_node_is_noticed() {
    type Plant = fn(&mut Run);
    let (two, millis) = (NodeId(2), Duration::from_millis);
    let pause = Some(Pause { node: two, after: millis(300), time: millis(500) });
    let options = Options { pause, ..Options::new(3, millis(1_000)) };
    let good = Tour::bind(&options).unwrap().run(pending(), |_| ()).await.unwrap();
    let analysis = Analysis::of(&good.trace);
    let report = Report::new(&good, &analysis);
    assert_eq!(report.verdict(), Ok(()), "{report}\n{good:?}");
    let paused = good.paused.as_ref().unwrap();
    let took = paused.until.checked_sub(paused.from).unwrap();
    assert!(paused.node == two && took >= millis(500) && took < Duration::from_secs(10), "{took:?}");
    let text = report.to_string();
    assert!(text.contains(&format!("node 2 was stopped for {} ms", took.as_millis())), "{text}");
    assert!(!text.contains("never"), "{text}");
    // A step that had begun is taken to its end, and one is noted a little later than it is.
    let in_it = |event: &&Event| event.time > paused.from + millis(200) && event.time < paused.until;
    assert_eq!(good.trace.events.iter().filter(in_it).filter(|event| event.node == two).count(), 0);
    assert!(paused.is_over && paused.phi_max.values().all(|phi| *phi >= 8.0), "{paused:?}");
    for by in [1, 3].map(NodeId) {
        let mut levels = good.changes[&by].iter().filter(|change| change.peer == two);
        assert!(levels.by_ref().any(|change| change.to == Some(Level::Convict)));
        assert!(levels.any(|change| change.to.is_none() && change.at >= paused.until));
    }

    let cases: [(Plant, Result<(), Verdict>, &str); 3] = [
        (
            |run| run.changes.get_mut(&NodeId(3)).unwrap().clear(),
            Err(Verdict::Unsuspected { node: NodeId(2), by: NodeId(3) }),
            "        3          never          never          never",
        ),
        (
            |run| {
                let until = run.paused.as_ref().unwrap().until;
                run.changes.get_mut(&NodeId(1)).unwrap().retain(|change| change.at < until);
            },
            Err(Verdict::Untrusted { node: NodeId(2), by: NodeId(1) }),
            "never\n        3 ",
        ),
        (|run| run.paused = None, Ok(()), "messages sent"),
    ];
    for (n, (plant, expected, row)) in cases.into_iter().enumerate() {
        let mut run = good.clone();
        plant(&mut run);
        let report = Report::new(&run, &analysis);
        assert_eq!(report.verdict(), expected, "case {n}");
        assert!(report.to_string().contains(row), "case {n}: {report}");
    }

    // Of nodes that ran: one was suspected by all that suspected another, and of the paused one, long before.
    let before = mistakes(&text);
    let mut run = good.clone();
    let of_one = run.changes.get_mut(&NodeId(1)).unwrap();
    let mut mistaken = *of_one.iter().find(|change| change.to == Some(Level::Convict)).unwrap();
    (mistaken.peer, mistaken.from) = (NodeId(3), None);
    of_one.push(mistaken);
    let report = Report::new(&run, &analysis);
    assert_eq!(mistakes(&report.to_string()), [before[0] + 1, before[1] + 1]);
    assert_eq!(report.verdict(), Ok(()));
}

/// How many suspicions the table calls mistaken, and how many of them at phi 8.
fn mistakes(table: &str) -> [u64; 2] {
    let line = table.lines().find(|line| line.contains("mistaken suspicions")).unwrap();
    let numbers: Vec<_> = line.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    let [suspected, convicted, 8] = numbers[..] else { panic!("{line}") };
    [suspected, convicted]
}

/// However short it is, a pause lasts until all have noticed, and the greatest phi is no less than what made them notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_pause_lasts_until_it_is_noticed() {
    let pause = Some(Pause { node: NodeId(1), after: Duration::from_millis(300), time: Duration::ZERO });
    let options = Options { pause, ..Options::new(3, Duration::from_millis(600)) };
    let run = Tour::bind(&options).unwrap().run(pending(), |_| ()).await.unwrap();
    assert_eq!(Report::new(&run, &Analysis::of(&run.trace)).verdict(), Ok(()));
    let phi_max = &run.paused.as_ref().unwrap().phi_max;
    assert!(phi_max.len() == 2 && phi_max.values().all(|phi| *phi >= 8.0), "{phi_max:?}");
}

/// A tour that is stopped while a node is says so: to suspect that node was no mistake, and that nobody trusts it again no
/// fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tour_can_be_stopped_in_a_pause() {
    let two = NodeId(2);
    let pause = Some(Pause { node: two, after: Duration::from_millis(300), time: Duration::from_secs(500) });
    let options = Options { pause, ..Options::new(3, Duration::from_secs(600)) };
    let (suspected, stop) = tokio::sync::oneshot::channel();
    let mut suspected = Some(suspected);
    let watch = |progress: Progress| {
        if progress.phi.get(&two).is_some_and(|phi| *phi >= 8.0) {
            suspected.take().map(|suspected| suspected.send(()));
        }
    };
    let stop = async { stop.await.unwrap() };
    let run = Tour::bind(&options).unwrap().run(stop, watch).await.unwrap();
    let paused = run.paused.as_ref().unwrap();
    assert!(run.interrupted && !paused.is_over && paused.node == two && paused.from < paused.until);
    assert!(paused.until < paused.from + Duration::from_secs(100), "{paused:?}");
    let analysis = Analysis::of(&run.trace);
    let report = Report::new(&run, &analysis);
    assert_eq!(report.verdict(), Ok(()));
    let text = report.to_string();
    assert!(text.contains("node 2 was stopped") && !text.contains("went on"), "{text}");

    let mut others = run.clone();
    for changes in others.changes.values_mut() {
        changes.retain(|change| change.peer != two || change.at < paused.from);
    }
    assert_ne!(run.changes, others.changes);
    assert_eq!(mistakes(&text), mistakes(&Report::new(&others, &analysis).to_string()));
}

/// The default stops a node that isn't the one whose clock is set back, unless there is no time for it.
#[test]
fn a_short_tour_stops_nobody() {
    let pause = |nodes, millis| Options::new(nodes, Duration::from_millis(millis)).pause;
    let stopped = |node, after, time| {
        let [after, time] = [after, time].map(Duration::from_millis);
        Some(Pause { node: NodeId(node), after, time })
    };
    assert_eq!(Options::default().pause, stopped(4, 2_000, 1_250));
    assert_eq!((pause(2, 2_000), pause(3, 1_600)), (stopped(1, 800, 500), stopped(2, 640, 400)));
    assert_eq!((pause(5, 1_599), pause(0, 100)), (None, None));
}

/// With right clocks the wall clock is right as well: nothing but the offsets makes it wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_clocks_are_never_wrong() {
    let options =
        Options { offsets_ms: vec![], steps: BTreeMap::new(), ..Options::new(2, Duration::from_millis(400)) };
    let run = Tour::bind(&options).unwrap().run(pending(), |_| ()).await.unwrap();
    let analysis = Analysis::of(&run.trace);
    assert_eq!((analysis.wall.before, analysis.verdict()), (0, Ok(())), "{analysis:?}");
}

/// At the end the nodes are hushed before they are stopped, so that no message is lost on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_at_the_end() {
    let options = Options { rate: 500.0, ..Options::new(5, Duration::from_millis(300)) };
    for _ in 0..3 {
        let run = Tour::bind(&options).unwrap().run(pending(), |_| ()).await.unwrap();
        let analysis = Analysis::of(&run.trace);
        assert_eq!((analysis.sent, analysis.orphans), (analysis.received, 0), "{:?}", run.stats);
        assert!(analysis.sent >= 100, "of about 750: {analysis:?}");
    }
}

/// A tour that is stopped ends soon, and keeps what was seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tour_that_is_stopped_keeps_what_was_seen() {
    let options = Options::new(2, Duration::from_secs(3_000));
    let stop = tokio::time::sleep(Duration::from_millis(500));
    let run = Tour::bind(&options).unwrap().run(stop, |_| ()).await.unwrap();
    assert!(run.interrupted);
    assert_eq!(Analysis::of(&run.trace).verdict(), Ok(()));
}

/// A port that is taken is an error that names the node and the address.
#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = Options { port, ..Options::new(2, Duration::from_secs(1)) };
    match Tour::bind(&options).map(|_| ()) {
        Err(error @ TourError::Bind { node: NodeId(1), .. }) => {
            assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
            assert!(error.is_setup());
        }
        Err(TourError::Options(OptionsError::Port { .. })) => {} // the system chose the very last port
        other => panic!("{other:?}"),
    }
}

/// Options that can't be run are refused, each for its reason.
#[test]
fn options_are_checked() {
    type Change = fn(&mut Options);
    let good = Options::default();
    assert_eq!(good.check(), Ok(()));
    let with = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
            .check()
            .map_err(|error| format!("{error:?}").split([' ', '{']).next().unwrap_or("").to_owned())
    };
    let cases: [(Change, &str); 24] = [
        (|o| o.nodes = 0, "Nodes"),
        (|o| o.nodes = 1, "Nodes"),
        (|o| o.nodes = 17, "Nodes"),
        (|o| o.duration = Duration::ZERO, "Duration"),
        (|o| o.duration = Duration::MAX, "Duration"),
        (|o| o.rate = f64::NAN, "Rate"),
        (|o| o.rate = f64::INFINITY, "Rate"),
        (|o| o.rate = -1.0, "Rate"),
        (|o| o.rate = 0.0, "Rate"),
        (|o| (o.duration, o.rate) = (Duration::from_secs(3_600), 1_000.0), "TooMuch"),
        (|o| o.offsets_ms = vec![0; 6], "OffsetsWithoutNode"),
        (|o| o.steps = [(NodeId(6), Step { after_ms: 1, by_ms: 1 })].into(), "StepWithoutNode"),
        (|o| o.steps = [(NodeId(0), Step { after_ms: 1, by_ms: 1 })].into(), "StepWithoutNode"),
        (|o| o.steps = [(NodeId(1), Step { after_ms: 5_000, by_ms: 1 })].into(), "StepTooLate"),
        (|o| o.offsets_ms = vec![i64::MIN], "Skew"),
        (|o| o.steps = [(NodeId(1), Step { after_ms: 1, by_ms: i64::MAX })].into(), "Skew"),
        (|o| o.drift_max = Duration::MAX, "DriftMax"),
        (|o| o.offsets_ms = vec![601, -400], "DriftTooLarge"),
        (|o| o.drift_max = Duration::from_millis(549), "DriftTooLarge"),
        (|o| o.port = 65_532, "Port"),
        (|o| o.pause.as_mut().unwrap().node = NodeId(6), "PauseWithoutNode"),
        (|o| o.pause.as_mut().unwrap().node = NodeId(0), "PauseWithoutNode"),
        (|o| o.pause.as_mut().unwrap().time = Duration::from_secs(3), "PauseTooLate"),
        (|o| o.pause.as_mut().unwrap().after = Duration::MAX, "PauseTooLate"),
    ];
    for (n, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(with(change), Err(expected.to_owned()), "case {n}");
    }
    assert_eq!(with(|o| o.drift_max = Duration::from_millis(550)), Ok(()), "150 to -400");
    assert_eq!(with(|o| o.port = 65_531), Ok(()));
}

/// The spread counts what a clock was before its step and what it is after it.
#[test]
fn the_spread_is_over_the_whole_run() {
    let spread = |offsets_ms: &[i64], by_ms| {
        let step = Step { after_ms: 1, by_ms };
        let options = Options {
            offsets_ms: offsets_ms.to_vec(),
            steps: [(NodeId(1), step)].into(),
            ..Options::default()
        };
        options.spread().as_millis()
    };
    assert_eq!(spread(&[100], -300), 300, "100 before, -200 after");
    assert_eq!(spread(&[-100], 50), 100);
    assert_eq!(spread(&[], 250), 250);
}

/// The machine is deterministic: the same seed and the same inputs leave the same effects, and another seed others.
#[test]
fn gossip_is_deterministic() {
    assert_eq!(addressees(7, 40), addressees(7, 40));
    assert_ne!(addressees(7, 40), addressees(8, 40));
}

/// Every peer is told, and the node itself never is, not even if it is listed as its own peer.
#[test]
fn gossip_reaches_every_peer_and_never_itself() {
    let told: BTreeSet<NodeId> = addressees(1, 200).into_iter().collect();
    assert_eq!(told, [2, 3, 4, 5].map(NodeId).into());

    let mut alone = Gossip::new(NodeId(1), [NodeId(1)], EVERY, 1);
    let mut out = Outbox::new();
    alone.step(now(1), Input::Timer(Timer::Speak), &mut out);
    assert!(matches!(out.effects(), [Effect::SetTimer { .. }]), "{out:?}");
}

/// A node that answers hushes: it says how much it sent, and its timer is cancelled.
#[test]
fn gossip_hushes() {
    let mut node = Gossip::new(NodeId(1), [NodeId(2)], EVERY, 1);
    let mut out = Outbox::new();
    node.step(now(1), Input::Timer(Timer::Speak), &mut out);
    out.drain();
    node.step(now(2), Input::Request { id: RequestId(3), request: Request::Hush }, &mut out);
    let expected = [Effect::CancelTimer(Timer::Speak), Effect::Reply { id: RequestId(3), response: 1 }];
    assert_eq!(out.effects(), expected);
}

/// Late timers don't slow a node down: the next wait is shorter by as much. After a long stop it doesn't catch up.
#[test]
#[expect(clippy::zero_sized_map_values, reason = "gossip keeps nothing durable, and a boot has a map of it")]
fn gossip_keeps_its_pace() {
    let waits = |times: &[u64]| {
        let (mut node, durable) = (Gossip::new(NodeId(1), [NodeId(2)], EVERY, 1), BTreeMap::default());
        let mut out = Outbox::new();
        node.start(now(0), Boot { incarnation: 1, durable: &durable }, &mut out);
        for &time in times {
            node.step(now(time), Input::Timer(Timer::Speak), &mut out);
        }
        let wait = |effect| match effect {
            Effect::SetTimer { after, .. } => Some(after.as_millis()),
            _ => None,
        };
        out.drain().filter_map(wait).collect::<Vec<_>>()
    };
    assert_eq!(waits(&[25, 50]), [25, 25, 25]);
    assert_eq!(waits(&[35, 50]), [25, 15, 25], "10 ms late, 10 ms less to wait");
    assert_eq!(waits(&[10_025, 10_025, 10_025, 10_025, 10_025, 10_025]).last(), Some(&25), "not 400 at once");
}

/// A peer that lies about its name, or sends a clock that no honest one shows, is ignored: no state changes.
#[test]
fn gossip_ignores_liars() {
    let message = |sender, lamport, vector: &[(u32, u64)]| {
        let vector: VectorClock<NodeId> =
            vector.iter().map(|&(node, counter)| (NodeId(node), counter)).collect();
        let lamport = lamport::Timestamp::new(lamport);
        let sent = Stamps { wall: Duration::ZERO, lamport, hlc: hlc::Timestamp::MIN, vector };
        Message { id: MessageId { sender: NodeId(sender), sequence: 0 }, sent }
    };
    let mut node = Gossip::new(NodeId(1), [NodeId(2), NodeId(3)], EVERY, 1);
    let mut out = Outbox::new();
    node.step(now(1), Input::Timer(Timer::Speak), &mut out);
    let before = node.clone();
    let lies = [
        message(3, 1, &[(2, 1)]),
        message(2, u64::MAX, &[(2, 1)]),
        message(2, 1 << 40, &[(2, 1)]),
        message(2, 1, &[]),
        message(2, 1, &[(3, 1)]),
        message(2, 1, &[(2, 1), (4, 1)]),
        message(2, 1, &[(1, 2), (2, 1)]),
    ];
    for lie in lies {
        let mut out = Outbox::new();
        node.step(now(2), Input::Message { from: NodeId(2), message: lie }, &mut out);
        assert_eq!(out.effects(), [Effect::Note(Note::Refused { from: NodeId(2) })]);
        assert_eq!(node, before);
    }
    let mut out = Outbox::new();
    let honest = message(2, 41, &[(1, 1), (2, 7), (3, 9)]);
    node.step(now(2), Input::Message { from: NodeId(2), message: honest }, &mut out);
    let [Effect::Note(Note::Received { at, .. })] = out.effects() else { panic!("{out:?}") };
    assert_eq!(at.lamport.get(), 42);
    assert_eq!(at.vector, [(NodeId(1), 2), (NodeId(2), 7), (NodeId(3), 9)].into());
}

/// Stamps sort by the first clock that differs, and equal is only what is the same: vector clocks that are concurrent, too.
#[test]
fn stamps_are_in_one_order() {
    let stamps = |wall, lamport, vector: (u32, u64)| Stamps {
        wall: Duration::from_secs(wall),
        lamport: lamport::Timestamp::new(lamport),
        hlc: hlc::Timestamp::MIN,
        vector: [(NodeId(vector.0), vector.1)].into(),
    };
    let sorted = [
        stamps(1, 2, (1, 1)),
        stamps(1, 2, (1, 2)),
        stamps(1, 2, (2, 1)),
        stamps(1, 3, (1, 1)),
        stamps(2, 1, (1, 1)),
    ];
    for (i, left) in sorted.iter().enumerate() {
        for (j, right) in sorted.iter().enumerate() {
            assert_eq!((left.cmp(right), left.partial_cmp(right)), (i.cmp(&j), Some(i.cmp(&j))), "{i}, {j}");
        }
    }
}

/// The events, and one more send of each of the two nodes, which nobody hears of.
fn silent_end(mut events: Vec<Event>) -> Vec<Event> {
    for node in [1, 2].map(NodeId) {
        let mut last = events.iter().rfind(|event| event.node == node).unwrap().clone();
        last.kind = Kind::Send;
        last.message = MessageId { sender: node, sequence: u64::MAX };
        last.lamport = lamport::Timestamp::new(last.lamport.get() + 1);
        last.hlc = hlc::Timestamp::new(last.hlc.millis() + 1, 0).unwrap();
        last.vector.tick(&node).unwrap();
        events.push(last);
    }
    events
}

/// The longest time between two events of a node.
fn silence(trace: &Trace, node: NodeId) -> Duration {
    let times: Vec<_> = trace.events.iter().filter(|event| event.node == node).map(|e| e.time).collect();
    times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or_default()
}

/// Whom node 1 of 5 tells, one after the other.
fn addressees(seed: u64, count: u64) -> Vec<NodeId> {
    let mut node = Gossip::new(NodeId(1), (1..=5).map(NodeId), EVERY, seed);
    let mut out = Outbox::new();
    for time in 1..=count {
        node.step(now(time), Input::Timer(Timer::Speak), &mut out);
    }
    let to = |effect| match effect {
        Effect::Send { to, .. } => Some(to),
        _ => None,
    };
    out.drain().filter_map(to).collect()
}

fn now(millis: u64) -> Now {
    let stamp = hlc::Timestamp::new(1_700_000_000_000 + millis, 0).unwrap();
    Now { monotonic: Duration::from_millis(millis), wall: stamp.physical(), error: None, stamp }
}

const EVERY: Duration = Duration::from_millis(25);
