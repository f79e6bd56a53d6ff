//! The driver over real sockets, with honest peers: what it promises a machine.

#![cfg(feature = "net")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use spacelike::hlc::{BeforeUnixEpoch, Stored};
use spacelike::machine::NodeId;
use spacelike::monitor::Reading;
use spacelike_lab::clocks::{Clocks, OsClocks, SkewedClocks};
use spacelike_lab::net::{Config, Halted, Limits, Listener, Node, RequestError, Slots, StartError, Stats};
use spacelike_lab::slots::{Identity, LoadError, OpenError, load};
use tokio::time::{sleep, timeout};

mod support;
use support::{
    CLUSTER, HELLO, HeldDisk, Message, Note, PATIENCE, Probe, Raw, Request, ask, config, eventually,
    listener, pair, run, start, start_with, told, watchful,
};

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);

/// A message crosses to the other node and its answer back, also under load, and none is lost on a healthy network.
#[test]
fn messages_cross_and_none_is_lost() {
    run(async {
        let (one, two) = pair().await;
        assert_eq!(ask(&one, Request::Ping(TWO, 7)).await, [7]);
        for value in 0..500 {
            ask(&one, Request::Send(TWO, Message::Value(value))).await;
        }
        eventually(&two, "all received", |stats| stats.received >= 501).await;
        assert_eq!(ask(&two, Request::Received(ONE)).await, (0..500).collect::<Vec<_>>());
        let (one, two) = (one.shutdown().await.unwrap(), two.shutdown().await.unwrap());
        assert_eq!((one.sent, one.received, two.sent, two.received), (501, 1, 1, 501));
        assert_eq!((one.dropped_full, one.refused_stamps, one.refused_hellos_total()), (0, 0, 0));
    });
}

/// What a clean shutdown was handed before still reaches the peer, and its port and folder are free afterwards.
#[test]
fn clean_shutdown_flushes_and_frees() {
    run(async {
        let home = tempfile::tempdir().unwrap();
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let mut of_one = config(1, &[(2, at_b)]);
        of_one.slots = Slots::Folder(home.path().into());
        let (one, _) = start(a, of_one).await;
        let (two, _) = start(b, config(2, &[(1, at_a)])).await;
        eventually(&one, "connected", |stats| stats.dialed.contains(&TWO)).await;
        ask(&one, Request::Add(42)).await;
        ask(&one, Request::Burst(TWO, 400)).await;
        let stats = one.shutdown().await.unwrap();
        assert_eq!((stats.sent, stats.dropped_full), (400, 0));
        eventually(&two, "all received", |stats| stats.received == 400).await;

        let again = Listener::bind(at_a).expect("the port is free");
        let mut of_one = config(1, &[(2, at_b)]);
        of_one.slots = Slots::Folder(home.path().into());
        let (one, _) = start(again, of_one).await;
        assert_eq!(ask(&one, Request::Add(0)).await, [42]);
    });
}

/// After a restart the machine finds its records, a greater incarnation, and stamps above all earlier ones, also if the
/// wall clock lost an hour in between. The peer reconnects by itself.
#[test]
fn restart_keeps_records_and_grows() {
    run(async {
        let home = tempfile::tempdir().unwrap();
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let (two, _) = start(b, config(2, &[(1, at_a)])).await;
        let mut a = Some(a);
        let (mut incarnation, mut stamp) = (0, None);
        for life in 0..3 {
            let mut of_one = config(1, &[(2, at_b)]);
            of_one.slots = Slots::Folder(home.path().into());
            of_one.reserve = Duration::from_millis(200); // the life without its hour waits for as long
            let listener = a.take().unwrap_or_else(|| Listener::bind(at_a).unwrap());
            let (one, notes) =
                start_with(listener, of_one, SkewedClocks::new(if life == 1 { -3_600_000 } else { 0 })).await;
            assert_eq!(ask(&one, Request::Add(5)).await, [5 * (life + 1)]);
            assert_eq!(ask(&two, Request::Ping(ONE, life)).await, [life], "the peer is back");
            one.shutdown().await.unwrap();
            let notes = notes.lock().unwrap();
            let Note::Started { incarnation: this, total } = notes[0].note else { panic!("{notes:?}") };
            assert_eq!(total, 5 * life);
            assert!(this > incarnation);
            incarnation = this;
            for note in notes.iter() {
                // A step leaves several notes; ours leaves one.
                assert!(Some(note.now.stamp) > stamp, "{stamp:?} {note:?}");
                stamp = Some(note.now.stamp);
            }
        }
        assert!(two.stats().connects >= 3);
    });
}

/// A start after a crash waits until the wall clock has passed what the crashed life had reserved, so that peers take the
/// node's stamps; after a clean end the next life goes on where this one was, and waits for nothing.
#[test]
fn stamps_of_a_new_life_are_taken_by_peers() {
    run(async {
        let (home, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let mut of_two = config(2, &[(1, at_a)]);
        of_two.drift_max = Duration::from_millis(100);
        let (two, _) = start(b, of_two).await;
        let life = async |listener: Listener, folder: &std::path::Path, reserve: Duration| {
            let mut of_one = config(1, &[(2, at_b)]);
            of_one.slots = Slots::Folder(folder.into());
            of_one.reserve = reserve;
            let (one, notes) = start(listener, of_one).await;
            assert_eq!(ask(&one, Request::Ping(TWO, 1)).await, [1]);
            let first = notes.lock().unwrap()[0].now;
            let ahead = first.stamp.physical().saturating_sub(first.wall);
            assert!(ahead < Duration::from_millis(100), "{ahead:?}");
            (one, first.stamp)
        };
        let (long, short) = (Duration::from_secs(600), Duration::from_millis(1_500));
        let (one, first) = life(a, home.path(), long).await;
        one.shutdown().await.unwrap();
        let (one, second) = life(Listener::bind(at_a).unwrap(), home.path(), short).await;
        assert!(
            second > first && second.physical() < first.physical() + long,
            "after a clean end it waits for nothing"
        );
        // What a crash at this moment would leave.
        std::fs::copy(home.path().join("slots"), crashed.path().join("slots")).unwrap();
        one.shutdown().await.unwrap();
        let (one, third) = life(Listener::bind(at_a).unwrap(), crashed.path(), short).await;
        assert!(
            third.physical() >= second.physical() + short,
            "above all that the crashed life had reserved"
        );
        one.shutdown().await.unwrap();
        assert_eq!(two.shutdown().await.unwrap().refused_stamps, 0);
    });
}

/// While a sync is under way, no send and no reply leaves that came after its persist, and the machine goes on stepping.
#[test]
fn slow_sync_holds_sends_and_replies_but_not_steps() {
    run(async {
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let disk = HeldDisk::default();
        let mut of_one = config(1, &[(2, at_b)]);
        of_one.slots = Slots::Disk(Box::new(disk.clone()));
        of_one.reserve = Duration::from_secs(600); // no sync of the driver's own
        let (one, notes) = start(a, of_one).await;
        let (two, _) = start(b, config(2, &[(1, at_a)])).await;
        ask(&one, Request::Send(TWO, Message::Value(1))).await;
        eventually(&two, "the first", |stats| stats.received == 1).await;

        disk.hold();
        let one = Arc::new(one);
        let mut asked = Vec::new();
        for request in [Request::AddAndSend(TWO, 10), Request::Echo(3), Request::AddAndSend(TWO, 10)] {
            let one = Arc::clone(&one);
            let steps = one.stats().steps;
            asked.push(tokio::spawn({
                let one = Arc::clone(&one);
                async move { one.request(request).await }
            }));
            // Also shows that steps go on: the second and third are taken while the first is held.
            eventually(&one, "a step", |stats| stats.steps > steps).await;
        }
        ask(&two, Request::Send(ONE, Message::Value(9))).await;
        eventually(&one, "a message is taken", |stats| stats.received == 1).await;
        assert_eq!(notes.lock().unwrap().len(), 1 + 1 + 3 + 1);

        sleep(Duration::from_millis(150)).await;
        assert!(
            asked.iter().all(|asked| !asked.is_finished()),
            "a reply left before its persist was durable"
        );
        assert_eq!(two.stats().received, 1, "a send left before its persist was durable");
        assert_eq!(one.stats().fsyncs, 0);

        disk.release();
        let mut answers = Vec::new();
        for asked in asked {
            answers.push(asked.await.unwrap().unwrap());
        }
        assert_eq!(answers, [[10], [3], [20]]);
        eventually(&two, "all received", |stats| stats.received == 3).await;
        assert_eq!(ask(&two, Request::Received(ONE)).await, [1, 10, 20]);
        let stats = one.stats();
        assert_eq!(stats.persists, 2);
        assert!((1..=2).contains(&stats.fsyncs), "{}", stats.fsyncs);
    });
}

/// When too much waits for the disk the machine takes no more, and nothing is lost once the disk is back.
#[test]
fn stalled_disk_stops_input_at_its_bound() {
    run(async {
        let disk = HeldDisk::default();
        let mut of_one = config(1, &[]);
        of_one.slots = Slots::Disk(Box::new(disk.clone()));
        of_one.limits.held_max = 10;
        let (one, _) = start(listener(), of_one).await;
        disk.hold();
        let one = Arc::new(one);
        let asked: Vec<_> = (0..100)
            .map(|_| {
                let one = Arc::clone(&one);
                tokio::spawn(async move { one.request(Request::Add(1)).await })
            })
            .collect();
        // Each leaves a persist and a reply.
        eventually(&one, "as many as fit", |stats| stats.steps == 5).await;
        sleep(Duration::from_millis(100)).await;
        assert_eq!(one.stats().steps, 5);
        disk.release();
        let mut totals = Vec::new();
        for asked in asked {
            totals.extend(asked.await.unwrap().unwrap());
        }
        totals.sort_unstable();
        assert_eq!(totals, (1..=100).collect::<Vec<_>>());
        let stats = one.stats();
        assert!(stats.fsyncs < stats.persists, "persists share syncs: {stats:?}");
    });
}

/// A sync that fails halts the node for good: nothing that waited for it leaves, and the disk is not asked again.
#[test]
fn failed_sync_halts() {
    run(async {
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let disk = HeldDisk::default();
        let mut of_one = config(1, &[(2, at_b)]);
        of_one.slots = Slots::Disk(Box::new(disk.clone()));
        let (one, _) = start(a, of_one).await;
        let (two, _) = start(b, config(2, &[(1, at_a)])).await;
        assert_eq!(ask(&one, Request::Add(1)).await, [1]);

        disk.fail();
        let refused = timeout(PATIENCE, one.request(Request::AddAndSend(TWO, 1))).await.unwrap();
        assert_eq!(refused, Err(RequestError::Stopped));
        assert!(matches!(timeout(PATIENCE, one.halted()).await.unwrap(), Halted::Slots(_)));
        assert_eq!(one.request(Request::Echo(1)).await, Err(RequestError::Stopped));
        assert!(matches!(one.shutdown().await, Err(Halted::Slots(_))));
        assert_eq!(disk.asked_after_failure(), 0);
        eventually(&two, "the connection is gone", |stats| stats.accepted.is_empty()).await;
        assert_eq!(two.stats().received, 0);
    });
}

/// A timer fires once and not early, a moved one at its new time only, and a cancelled one never, though it was due.
#[test]
fn timers_fire_once_unless_cancelled() {
    run(async {
        let (one, _) = start(listener(), config(1, &[])).await;
        ask(&one, Request::ArmAndDisarmLate(1)).await;
        ask(&one, Request::Arm(2, 0)).await;
        eventually(&one, "the timer at once", |stats| stats.timers == 1).await;
        ask(&one, Request::Arm(3, 200)).await;
        ask(&one, Request::Arm(3, 3_600_000)).await; // later
        ask(&one, Request::Arm(4, 3_600_000)).await;
        ask(&one, Request::Arm(4, 1)).await; // earlier
        ask(&one, Request::Arm(5, 200)).await;
        ask(&one, Request::Disarm(5)).await;
        ask(&one, Request::Arm(6, 400)).await; // when it fires, 3 and 5 would have fired long ago
        eventually(&one, "the last", |stats| stats.timers == 3).await;
        assert_eq!(ask(&one, Request::Fired).await, [2, 4, 6]);
    });
}

/// A machine that is busy all the time still gets its timers: they aren't starved by inputs that are always ready.
#[test]
fn busy_machine_gets_its_timers() {
    run(async {
        let (one, _) = start(listener(), config(1, &[])).await;
        let one = Arc::new(one);
        let mut busy = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let one = Arc::clone(&one);
            busy.spawn(async move { while one.request(Request::Echo(0)).await.is_ok() {} });
        }
        // Starved ones would take half a second each.
        for fired in 1..=150 {
            ask(&one, Request::Arm(1, 5)).await;
            eventually(&one, "the timer", |stats| stats.timers == fired).await;
        }
        busy.shutdown().await;
    });
}

/// What was sent just before a clean shutdown reaches a peer that can be reached, also if there was no connection yet.
#[test]
fn clean_shutdown_connects_first() {
    run(async {
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let mut of_one = config(1, &[(2, at_b)]);
        (of_one.limits.flush_timeout, of_one.limits.hello_timeout) = (PATIENCE, PATIENCE);
        let (one, _) = start(a, of_one).await;
        for value in 0..10 {
            ask(&one, Request::Send(TWO, Message::Value(value))).await;
        }
        let ending = tokio::spawn(one.shutdown());
        sleep(Duration::from_millis(100)).await; // it has dialed, and nobody has answered yet
        let (two, _) = start(b, config(2, &[(1, at_a)])).await;
        ending.await.unwrap().unwrap();
        eventually(&two, "all", |stats| stats.received == 10).await;
    });
}

/// After a clean end the next life begins at once, also where its stamps are far ahead: no farther than they were.
#[test]
fn clean_end_is_not_waited_for() {
    run(async {
        let home = tempfile::tempdir().unwrap();
        let mut stamp = None;
        for skew in [3_600_000, 0] {
            let mut of_one = config(1, &[]);
            of_one.slots = Slots::Folder(home.path().into());
            of_one.reserve = Duration::from_secs(3_600);
            let (one, notes) = start_with(listener(), of_one, SkewedClocks::new(skew)).await;
            ask(&one, Request::Echo(1)).await;
            let first = notes.lock().unwrap()[0].now.stamp;
            assert!(Some(first) > stamp);
            stamp = Some(first);
            one.shutdown().await.unwrap();
        }
    });
}

/// A clean end is the last thing on the disk, no step comes after it, and what it stores covers every stamp: also where an
/// input was waiting for a reservation that the disk had yet to take.
#[test]
fn clean_end_covers_every_stamp() {
    run(async {
        let disk = HeldDisk::default();
        let mut of_one = config(1, &[]);
        of_one.slots = Slots::Disk(Box::new(disk.clone()));
        let offset = Arc::new(Mutex::new(0));
        let clocks = Jumpy(OsClocks::new(), Arc::clone(&offset));
        let (one, notes) = start_with(listener(), of_one, clocks).await;
        disk.hold();
        // One is stepped, and its answer waits for the disk; the next waits for a reservation, an hour ahead. Whoever asked
        // gives up.
        for seconds in [0, 3_600] {
            *offset.lock().unwrap() = seconds;
            assert!(timeout(Duration::from_millis(200), one.request(Request::Add(1))).await.is_err());
        }
        let steps = one.stats().steps;
        assert_eq!(steps, 1);
        let ending = tokio::spawn(one.shutdown());
        sleep(Duration::from_millis(50)).await;
        disk.release();
        assert_eq!(ending.await.unwrap().unwrap().steps, steps, "a step after the end");

        let found = load(&mut disk.clone(), Identity { cluster: CLUSTER, node: ONE }).unwrap();
        let last = notes.lock().unwrap().last().unwrap().now.stamp;
        assert!(found.ended);
        assert_eq!(found.bound, Stored::Bound(last));
    });
}

/// A queue to a peer that isn't there keeps the newest messages, counts the others, and empties when the peer comes.
#[test]
fn full_queue_keeps_the_newest() {
    run(async {
        let reserved = listener();
        let at_two = reserved.local_addr();
        drop(reserved); // nobody listens there for now
        let a = listener();
        let at_one = a.local_addr();
        let mut of_one = config(1, &[(2, at_two)]);
        of_one.limits.queue_max = 8;
        let (one, _) = start(a, of_one).await;
        for value in 0..20 {
            ask(&one, Request::Send(TWO, Message::Value(value))).await;
        }
        assert_eq!(one.stats().dropped_full, 12);
        eventually(&one, "it tries again", |stats| stats.reconnects > 3).await;
        let b = Listener::bind(at_two).unwrap();
        let (two, _) = start(b, config(2, &[(1, at_one)])).await;
        eventually(&two, "what was kept", |stats| stats.received == 8).await;
        assert_eq!(ask(&two, Request::Received(ONE)).await, (12..20).collect::<Vec<_>>());
    });
}

/// A message that is too long for a frame, or for nobody, is dropped and counted, and the next one goes through.
#[test]
fn unsendable_messages_are_counted() {
    run(async {
        let (one, two) = pair().await;
        ask(&one, Request::Send(TWO, Message::Bulk(vec![0; 2 << 20]))).await;
        ask(&one, Request::Send(NodeId(99), Message::Value(1))).await;
        ask(&one, Request::Send(ONE, Message::Value(1))).await;
        assert_eq!(ask(&one, Request::Ping(TWO, 1)).await, [1]);
        assert_eq!(one.stats().dropped_unsendable, 3);
        drop(two);
    });
}

/// The wall clock may jump an hour ahead, which needs a new reservation on the disk first, and back again: stamps grow,
/// and the lead is reported.
#[test]
fn wall_clock_may_jump() {
    run(async {
        let home = tempfile::tempdir().unwrap();
        let mut of_one = config(1, &[]);
        of_one.slots = Slots::Folder(home.path().into());
        let offset = Arc::new(Mutex::new(0));
        let (one, notes) = start_with(listener(), of_one, Jumpy(OsClocks::new(), Arc::clone(&offset))).await;
        for (value, hours) in [(1, 0), (2, 1), (3, 0), (4, 5), (5, 2)] {
            *offset.lock().unwrap() = hours * 3_600;
            assert_eq!(ask(&one, Request::Echo(value)).await, [value]);
        }
        let stats = one.shutdown().await.unwrap();
        assert!(stats.hlc_lead_max > Duration::from_secs(3 * 3_600 - 100), "{:?}", stats.hlc_lead_max);
        let stamps: Vec<_> = notes.lock().unwrap().iter().map(|note| note.now.stamp).collect();
        assert!(stamps.is_sorted_by(|a, b| a < b), "{stamps:?}");
        assert!(stats.fsyncs >= 2, "the jumps had to be reserved");
    });
}

struct Jumpy(OsClocks, Arc<Mutex<u64>>);

impl Clocks for Jumpy {
    fn reading(&mut self) -> Result<Reading, BeforeUnixEpoch> {
        let seconds = *self.1.lock().unwrap();
        if seconds == u64::MAX {
            return Err(BeforeUnixEpoch { before: Duration::from_secs(1) });
        }
        let reading = self.0.reading()?;
        Ok(Reading { wall: reading.wall + Duration::from_secs(seconds), ..reading })
    }
}

/// A wall clock that can't be read refuses a start, and halts a node that runs.
#[test]
fn node_without_a_clock_does_not_run() {
    run(async {
        let offset = Arc::new(Mutex::new(u64::MAX));
        let clocks = || Jumpy(OsClocks::new(), Arc::clone(&offset));
        let refused = Node::start(listener(), config(1, &[]), Probe::default(), clocks(), |_| {}).await;
        assert!(matches!(refused, Err(StartError::Clock(_))));
        *offset.lock().unwrap() = 0;
        let (one, _) = start_with(listener(), config(1, &[]), clocks()).await;
        assert_eq!(ask(&one, Request::Echo(1)).await, [1]);
        *offset.lock().unwrap() = u64::MAX;
        assert_eq!(one.request(Request::Echo(2)).await, Err(RequestError::Stopped));
        assert!(matches!(one.halted().await, Halted::Clock(_)));
    });
}

/// A node that is paused is suspected by the others, and trusted again when it goes on, over the very connections that it had.
/// Its machine and theirs are told. It notices that it was away, and accuses nobody.
#[test]
fn paused_node_is_suspected_and_trusted_again() {
    run(async {
        let listeners = [listener(), listener(), listener()];
        let at = listeners.each_ref().map(Listener::local_addr);
        let silent = listener();
        let mut nodes = Vec::new();
        for (node, listener) in (1..).zip(listeners) {
            let mut peers: Vec<_> = (1..).zip(at).filter(|&(peer, _)| peer != node).collect();
            if node == 3 {
                peers.push((4, silent.local_addr())); // the test plays it
            }
            let mut config = config(node, &peers);
            config.limits.idle_timeout = PATIENCE; // longer than the pause
            // The one that will be paused would suspect nobody on a slow machine, and everybody after the pause.
            let millis = if node == 3 { 2_000 } else { 200 };
            config.detection = watchful(Duration::from_millis(millis));
            nodes.push(start(listener, config).await.0);
        }
        let [one, two, three] = &nodes[..] else { unreachable!() };
        for node in &nodes {
            eventually(node, "beats of both", |_| {
                let peers = node.peers();
                peers.values().filter(|health| health.peer.beats >= 10).count() == 2
            })
            .await;
        }
        let (steps, connects) = (three.stats().steps, [one, two].map(|node| node.stats().connects));

        let hello = (HELLO.0, HELLO.1, CLUSTER, 4, 3, 1, 1);
        let (mut four, welcome) = Raw::greet(at[2], hello).await;
        assert!(welcome);

        let pause = async {
            tokio::join!(told(one, NodeId(3), is_suspect), told(two, NodeId(3), is_suspect));
            four.send(&1u8).await; // a keepalive
            let reconnects = three.stats().reconnects;
            assert!(timeout(Duration::from_secs(3), four.read()).await.is_err(), "an answer in the pause");
            assert_eq!(three.stats().reconnects, reconnects, "a dial in the pause");
            assert_eq!(three.stats().steps, steps, "a step in the pause");
            assert_eq!((three.changes(), three.stats().absences), (vec![], 0));
        };
        tokio::select! {
            () = three.pause(Duration::MAX) => unreachable!("it has no end"),
            () = pause => {}
        }
        tokio::join!(
            told(one, NodeId(3), |told| !is_suspect(told)),
            told(two, NodeId(3), |told| !is_suspect(told))
        );
        eventually(three, "it notices", |stats| stats.absences >= 1).await;
        assert_eq!(ask(one, Request::Ping(NodeId(3), 1)).await, [1]);
        assert_eq!(three.changes(), [], "it accuses nobody");
        assert_eq!([one, two].map(|node| node.stats().connects), connects, "the connections stayed up");

        let change = one.changes().into_iter().find(|change| change.peer == NodeId(3)).unwrap();
        assert_eq!((change.from, change.to.is_some()), (None, true));
        assert!(change.suspicion.elapsed >= Duration::from_millis(200), "{change:?}");
        assert!(one.peers()[&NodeId(3)].suspicion.phi.is_finite());
    });
}

fn is_suspect(told: &[u64]) -> bool {
    told.last() == Some(&1)
}

/// A machine that waits for its disk, and takes no input, still says that it is alive. It isn't told of a suspicion that has
/// come and gone meanwhile.
#[test]
fn heartbeats_wait_for_no_disk() {
    run(async {
        let (a, b) = (listener(), listener());
        let (at_a, at_b) = (a.local_addr(), b.local_addr());
        let disk = HeldDisk::default();
        let mut of_one = config(1, &[(2, at_b)]);
        of_one.slots = Slots::Disk(Box::new(disk.clone()));
        of_one.detection = watchful(Duration::from_millis(300));
        of_one.limits.held_max = 2;
        let (one, _) = start(a, of_one).await;
        let mut of_two = config(2, &[(1, at_a)]);
        of_two.detection = watchful(PATIENCE);
        let (two, _) = start(b, of_two).await;
        let beats = |node: &Node<Probe>, peer| node.peers().get(&peer).map_or(0, |health| health.peer.beats);
        eventually(&two, "beats", |_| beats(&two, ONE) >= 5).await;
        eventually(&one, "beats", |_| beats(&one, TWO) >= 5).await;

        disk.hold();
        let one = Arc::new(one);
        let asked = tokio::spawn({
            let one = Arc::clone(&one);
            async move { one.request(Request::Add(1)).await }
        });
        eventually(&one, "it waits for the disk", |stats| stats.persists == 1).await;
        let told = |stats: &Stats| stats.suspected + stats.trusted;
        let (before, heard) = (one.stats(), beats(&two, ONE));
        tokio::select! {
            () = two.pause(Duration::MAX) => unreachable!("it has no end"),
            _ = eventually(&one, "a suspicion", |_| one.changes().iter().any(|change| change.to.is_some())) => {}
        }
        eventually(&one, "trust", |_| one.changes().last().is_some_and(|change| change.to.is_none())).await;
        eventually(&two, "more beats", |_| beats(&two, ONE) >= heard + 10).await;
        assert_eq!(one.stats().steps, before.steps);
        let changes = one.changes().len();
        disk.release();
        assert_eq!(asked.await.unwrap(), Ok(vec![1]));
        assert_eq!(ask(&one, Request::Echo(1)).await, [1]); // whatever it was to be told comes first
        // Of what came and went while it was held up, nothing; of what a slow machine does since, maybe.
        let after = told(&one.stats());
        let since = u64::try_from(one.changes().len() - changes).unwrap();
        assert!(after <= told(&before) + since);
    });
}

/// A machine that panics halts its node with the panic's words, and no other.
#[test]
fn panicking_machine_halts_its_node() {
    run(async {
        let (one, two) = pair().await;
        assert_eq!(one.request(Request::Panic).await, Err(RequestError::Stopped));
        let Halted::Panicked(text) = one.halted().await else { panic!("another reason") };
        assert!(text.contains("asked to"), "{text}");
        assert_eq!(ask(&two, Request::Echo(1)).await, [1]);
    });
}

/// Requests that nobody answers and nobody waits for any more make room for others.
#[test]
fn abandoned_requests_make_room() {
    run(async {
        let mut of_one = config(1, &[]);
        of_one.limits.requests_max = 4;
        let (one, _) = start(listener(), of_one).await;
        // Some are given up before the machine takes them.
        while one.stats().requests < 50 {
            let given_up = timeout(Duration::from_millis(1), one.request(Request::Ignore)).await;
            assert!(given_up.is_err());
        }
        let stats = one.stats();
        assert!(stats.unanswered <= 8, "{}", stats.unanswered);
        assert_eq!(ask(&one, Request::Echo(1)).await, [1]);
    });
}

/// A configuration that contradicts itself, and a folder that isn't this node's to use, refuse the start.
#[test]
fn impossible_starts_are_refused() {
    async fn refusal(config: Config) -> StartError {
        Node::start(listener(), config, Probe::default(), OsClocks::new(), |_| {})
            .await
            .expect_err("a refusal")
    }
    run(async {
        let address = "127.0.0.1:9".parse().unwrap();
        assert!(matches!(refusal(config(1, &[(1, address)])).await, StartError::OwnId(ONE)));
        let twice = config(1, &[(2, address), (3, address)]);
        assert!(matches!(refusal(twice).await, StartError::SameAddress { peers: [TWO, NodeId(3)], .. }));
        let away = config(1, &[(2, "192.0.2.1:9".parse().unwrap())]);
        assert!(matches!(refusal(away).await, StartError::NotLoopback { peer: TWO, .. }));
        let limits: [fn(&mut Limits); 5] = [
            |limits| limits.frame_max = 0,
            |limits| limits.inbox_bytes_max = limits.frame_max - 1,
            |limits| limits.requests_max = 0,
            |limits| limits.idle_timeout = limits.keepalive,
            |limits| limits.backoff_max = Duration::ZERO,
        ];
        for change in limits {
            let mut config = config(1, &[]);
            change(&mut config.limits);
            assert!(matches!(refusal(config).await, StartError::Limit { .. }));
        }

        let home = tempfile::tempdir().unwrap();
        let in_folder = |cluster, node| {
            let mut config = Config::new(cluster, NodeId(node), BTreeMap::new());
            config.slots = Slots::Folder(home.path().into());
            config
        };
        let (one, _) = start(listener(), in_folder(CLUSTER, 1)).await;
        ask(&one, Request::Add(1)).await;
        assert!(matches!(refusal(in_folder(CLUSTER, 1)).await, StartError::Open(OpenError::Locked { .. })));
        let _: Stats = one.shutdown().await.unwrap();
        assert!(matches!(refusal(in_folder(1, 1)).await, StartError::Load(LoadError::Cluster { .. })));
        assert!(matches!(refusal(in_folder(CLUSTER, 2)).await, StartError::Load(LoadError::Node { .. })));

        let file = home.path().join("slots");
        let intact = std::fs::read(&file).unwrap();
        let mut damaged = intact.clone();
        damaged[60] ^= 4;
        std::fs::write(&file, &damaged).unwrap();
        let error = refusal(in_folder(CLUSTER, 1)).await;
        assert!(matches!(error, StartError::Load(LoadError::Damaged { .. })), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), damaged, "evidence is left alone");
        std::fs::write(&file, intact).unwrap();
        let (one, _) = start(listener(), in_folder(CLUSTER, 1)).await;
        assert_eq!(ask(&one, Request::Add(0)).await, [1]);
    });
}
