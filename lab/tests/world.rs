//! The world in virtual time: that it keeps what a driver promises, that it goes wrong as it is told and as often, and that one
//! seed means one run.
#![cfg(feature = "world")]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::process::Command;
use std::sync::Arc;

use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox, RequestId};
use spacelike_lab::world::{
    Bandwidth, Clock, Delivery, Disk, Fault, Halt, Happened, Latency, Link, Loss, Partition, Settings, What,
    Why, World,
};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);
const C: NodeId = NodeId(3);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Does what it is asked, and writes down what happens to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Probe {
    seen: Vec<(Duration, Seen)>,
    stamps: Vec<spacelike::hlc::Timestamp>,
    readings: Vec<(Duration, Option<Duration>)>,
    found: BTreeMap<u8, u32>,
    incarnation: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Seen {
    Message(NodeId, u32),
    Timer(u8),
    Asked,
    Suspect(NodeId),
    Trust(NodeId),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Act {
    Send(NodeId, u32),
    Timer(u8, Duration, Duration),
    Cancel(u8),
    Persist(u8, u32),
    Forget(u8),
    Reply(u32),
    Note(u32),
}

impl Machine for Probe {
    type Message = u32;
    type Timer = u8;
    type Request = Vec<Act>;
    type Response = u32;
    type Slot = u8;
    type Record = u32;
    type Note = u32;

    fn start(&mut self, now: Now, boot: Boot<'_, Self>, _: &mut Outbox<Self>) {
        self.stamps.push(now.stamp);
        self.found.clone_from(boot.durable);
        self.incarnation = boot.incarnation;
    }

    fn step(&mut self, now: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        self.stamps.push(now.stamp);
        self.readings.push((now.wall, now.error));
        let seen = match input {
            Input::Message { from, message } => Seen::Message(from, message),
            Input::Timer(timer) => Seen::Timer(timer),
            Input::Suspect(peer) => Seen::Suspect(peer),
            Input::Trust(peer) => Seen::Trust(peer),
            Input::Request { id, request } => {
                for act in request {
                    match act {
                        Act::Send(to, message) => out.send(to, message),
                        Act::Timer(timer, after, jitter) => out.set_timer_jittered(timer, after, jitter),
                        Act::Cancel(timer) => out.cancel_timer(timer),
                        Act::Persist(slot, record) => out.persist(slot, record),
                        Act::Forget(slot) => out.forget(slot),
                        Act::Reply(response) => out.reply(id, response),
                        Act::Note(note) => out.note(note),
                    }
                }
                Seen::Asked
            }
            Input::Pace(_) => return,
        };
        self.seen.push((now.monotonic, seen));
    }
}

fn quiet() -> Settings {
    Settings { has_heartbeats: false, ..Settings::default() }
}

fn world(seed: u64, settings: &Settings) -> World<Probe> {
    World::new(seed, [A, B, C].map(|node| (node, Probe::default())), settings)
}

/// All that happens until then.
fn happened(world: &mut World<Probe>, until: Duration) -> Vec<Happened<Probe>> {
    let mut all = Vec::new();
    world
        .run_until_with(until, |_, happened| {
            all.extend_from_slice(happened);
            Ok::<(), ()>(())
        })
        .unwrap();
    all
}

fn messages(world: &World<Probe>, node: NodeId) -> Vec<u32> {
    let seen = world.node(node).map_or(&[][..], |probe| &probe.seen);
    seen.iter()
        .filter_map(|(_, seen)| if let Seen::Message(_, message) = seen { Some(*message) } else { None })
        .collect()
}

fn dropped(happened: &[Happened<Probe>]) -> Vec<Why> {
    let why = |happened: &Happened<Probe>| {
        if let What::Dropped { why, .. } = happened.what { Some(why) } else { None }
    };
    happened.iter().filter_map(why).collect()
}

/// Everybody sends to everybody, restarts, and is cut off: a run in which much is drawn.
fn busy(seed: u64) -> World<Probe> {
    let link = Link {
        latency: Latency::LogNormal { median: ms(5), sigma: 0.5 },
        jitter: ms(3),
        loss: Loss::Bursts { worsens: 0.05, recovers: 0.3, good: 0.01, bad: 0.6 },
        duplication: 0.05,
        corruption: 0.01,
        ..Link::default()
    };
    let mut world = world(seed, &Settings { link, ..Settings::default() }).hash_contents();
    for round in 0..200_u32 {
        for node in [A, B, C] {
            let to = if node == A { B } else { A };
            let acts = vec![
                Act::Persist(1, round),
                Act::Send(to, round),
                Act::Timer(7, ms(3), ms(9)),
                Act::Reply(round),
                Act::Note(round),
            ];
            world.ask_at(ms(10 * u64::from(round)), node, acts);
        }
    }
    world.at(ms(500), Fault::Partition(Partition::groups(&[&[A], &[B, C]])));
    world.at(ms(900), Fault::Partition(Partition::none()));
    world.at(ms(1_000), Fault::CrashInStep(B));
    world.at(ms(1_300), Fault::Restart(B));
    world
}

/// One seed is one run, and another seed is another one.
#[test]
fn a_seed_is_a_run() {
    let hash = |seed| {
        let mut world = busy(seed);
        world.run_until(ms(6_000));
        world.hash()
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

/// The hash of a run in this process is the same in another one.
#[test]
fn a_run_is_the_same_in_another_process() {
    const MARK: &str = "hash of the run: ";
    let mut world = busy(3);
    world.run_until(ms(6_000));
    let hash = format!("{MARK}{:032x}", world.hash());
    println!("{hash}");
    if std::env::var_os("SPACELIKE_WORLD_CHILD").is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_run_is_the_same_in_another_process", "--nocapture"])
            .env("SPACELIKE_WORLD_CHILD", "1")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains(&hash), "{printed}");
    }
}

/// The hash is over pinned bytes: other platforms, and later versions, find the same.
#[test]
fn a_run_has_this_hash() {
    let mut world = busy(42);
    world.run_until(ms(6_000));
    assert_eq!(format!("{:032x}", world.hash()), GOLDEN);
}

/// A link, a crash or a loss more doesn't change what is drawn for other purposes.
#[test]
fn a_fault_more_reshuffles_nothing_else() {
    let arrivals = |more: bool| {
        let link = Link { latency: Latency::Uniform { least: ms(1), most: ms(50) }, ..Link::default() };
        let mut world = world(9, &Settings { link: link.clone(), ..quiet() });
        if more {
            let lossy = Link { loss: Loss::Independent(0.5), duplication: 0.5, ..link };
            world.at(ms(0), Fault::Link { from: A, to: C, link: lossy });
            world.at(ms(50), Fault::Crash(C));
        }
        for round in 0..100 {
            let acts = vec![Act::Send(B, round), Act::Send(C, round)];
            world.ask_at(ms(u64::from(round)), A, acts);
        }
        world.run_until(ms(1_000));
        world.node(B).unwrap().seen.clone()
    };
    assert_eq!(arrivals(false), arrivals(true));
}

/// Promise 2: stamps grow from call to call, over crashes too, and exceed those of the messages that came.
#[test]
fn stamps_grow_over_lives() {
    let mut world = busy(5);
    let mut latest = BTreeMap::new();
    world
        .run_until_with(ms(6_000), |world, _| {
            for (node, probe) in world.nodes() {
                assert!(probe.stamps.is_sorted_by(|earlier, later| earlier < later));
                let first = probe.stamps[0];
                let (incarnation, last) = latest.entry(node).or_insert((probe.incarnation, first));
                assert!(probe.incarnation >= *incarnation);
                if probe.incarnation > *incarnation {
                    assert!(first > *last, "a new life begins below what an old one issued");
                }
                (*incarnation, *last) = (probe.incarnation, *probe.stamps.last().unwrap());
            }
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(latest[&B].0, 2);
}

/// Promise 3: what comes after a persist waits until it is durable, what comes before doesn't, and nothing overtakes.
#[test]
fn what_is_persisted_first_is_durable_first() {
    let disk = Disk { sync: Latency::Constant(ms(10)), ..Disk::default() };
    let mut world = world(1, &Settings { disk, ..quiet() });
    let acts = [Act::Reply(1), Act::Persist(1, 11), Act::Reply(2), Act::Persist(2, 22), Act::Reply(3)];
    world.ask_at(ms(100), A, acts.to_vec());
    world.ask_at(ms(105), A, vec![Act::Reply(4)]);
    world.ask_at(ms(106), A, vec![Act::Persist(3, 33), Act::Reply(5)]);
    let replies: Vec<_> = happened(&mut world, ms(200))
        .into_iter()
        .filter_map(|happened| match happened.what {
            What::Replied { response, .. } => Some((happened.at, response)),
            _ => None,
        })
        .collect();
    let at = |millis, response| (ms(millis), response);
    assert_eq!(replies, [at(100, 1), at(110, 2), at(110, 3), at(110, 4), at(120, 5)]);
    assert_eq!(world.durable(A).unwrap(), &BTreeMap::from([(1, 11), (2, 22), (3, 33)]));
}

/// Promise 3: a crash keeps a prefix of what was persisted, of each length, and what was acknowledged is in it.
#[test]
fn a_crash_keeps_a_prefix() {
    let mut lengths = BTreeSet::new();
    for seed in 0..100 {
        let disk = Disk { sync: Latency::Constant(ms(10)), ..Disk::default() };
        let mut world = world(seed, &Settings { disk, ..quiet() });
        world.ask_at(ms(100), A, vec![Act::Persist(0, 0), Act::Reply(0)]);
        world.ask_at(ms(200), A, (1..=4).map(|slot| Act::Persist(slot, 1)).collect());
        // Written while the others are being synced: the disk hasn't begun with it.
        world.ask_at(ms(202), A, vec![Act::Persist(9, 9)]);
        world.at(ms(205), Fault::Crash(A));
        world.at(ms(300), Fault::Restart(A));
        world.run_until(ms(10_000));
        let found = &world.node(A).unwrap().found;
        let kept = found.len();
        assert!((1..=5).contains(&kept), "{found:?}");
        assert!((0..).zip(found).all(|(slot, (&found, _))| slot == found), "{found:?}");
        lengths.insert(kept);
    }
    assert_eq!(lengths.len(), 5, "{lengths:?}");
}

/// Promise 3: a crash may fall between two effects of one step, at each place.
#[test]
fn a_crash_falls_between_effects() {
    let mut sent = BTreeSet::new();
    for seed in 0..100 {
        let mut world = world(seed, &quiet());
        world.at(ms(50), Fault::CrashInStep(A));
        world.ask_at(ms(100), A, (0..3).map(|message| Act::Send(B, message)).collect());
        world.run_until(ms(200));
        assert_eq!(world.node(A), None);
        let got = messages(&world, B);
        assert!(got.is_sorted());
        sent.insert(got.len());
    }
    assert_eq!(sent, BTreeSet::from([0, 1, 2, 3]));
}

/// Promise 4: a timer fires once, not before its time and not later than its jitter; moved, at its new time; cancelled, never; and
/// none survives a restart.
#[test]
fn timers_keep_their_time() {
    let mut delays = BTreeSet::new();
    for seed in 0..50 {
        let mut world = world(seed, &quiet());
        world.ask_at(
            ms(100),
            A,
            vec![
                Act::Timer(1, ms(10), ms(5)),
                Act::Timer(2, ms(10), ms(0)),
                Act::Timer(3, ms(10), ms(0)),
                Act::Timer(4, ms(500), ms(0)),
            ],
        );
        world.ask_at(ms(105), A, vec![Act::Timer(2, ms(100), ms(0)), Act::Cancel(3)]);
        world.at(ms(300), Fault::Crash(A));
        let fired: Vec<_> = happened(&mut world, ms(299))
            .into_iter()
            .filter_map(|happened| match happened.what {
                What::Fired { timer, .. } => Some((happened.at, timer)),
                _ => None,
            })
            .collect();
        assert_eq!(fired.len(), 2, "{fired:?}");
        assert_eq!(fired[1], (ms(205), 2));
        let (at, timer) = fired[0];
        assert!(timer == 1 && at >= ms(110) && at <= ms(115), "{at:?}");
        delays.insert(at);
        world.at(ms(310), Fault::Restart(A));
        world.run_until(ms(20_000));
        assert_eq!(world.node(A).unwrap().seen, []);
    }
    assert!(delays.len() > 40, "jitter is drawn anew");
}

/// Promise 5: an incarnation grows with each start, also on an empty disk; and what was on the disk is there, unless it was lost.
#[test]
fn incarnations_grow_and_a_lost_disk_is_empty() {
    let mut world = world(1, &quiet());
    world.ask_at(ms(1), A, vec![Act::Persist(1, 5), Act::Persist(2, 6), Act::Forget(1)]);
    world.at(ms(100), Fault::Crash(A));
    world.at(ms(200), Fault::Restart(A));
    world.run_until(ms(9_000));
    let probe = world.node(A).unwrap();
    assert_eq!((probe.incarnation, &probe.found), (2, &BTreeMap::from([(2, 6)])));
    world.at(ms(9_100), Fault::Crash(A));
    world.at(ms(9_200), Fault::Wipe(A));
    world.at(ms(9_300), Fault::Restart(A));
    world.run_until(ms(20_000));
    let probe = world.node(A).unwrap();
    assert_eq!((probe.incarnation, probe.found.len()), (3, 0));
}

/// A dead node takes nothing and says nothing; one that was killed stays so.
#[test]
fn who_was_killed_never_comes_back() {
    let mut world = world(1, &quiet());
    world.at(ms(10), Fault::Kill(B));
    world.at(ms(20), Fault::Restart(B));
    world.ask_at(ms(30), A, vec![Act::Send(B, 1), Act::Send(C, 2), Act::Send(A, 3), Act::Send(NodeId(9), 4)]);
    world.ask_at(ms(30), B, vec![Act::Reply(1)]);
    let happened = happened(&mut world, ms(20_000));
    assert_eq!(dropped(&happened), [Why::Unsendable, Why::Unsendable, Why::Down]);
    assert!(!happened.iter().any(|happened| matches!(happened.what, What::Replied { .. })));
    assert_eq!(world.node(B), None);
    assert_eq!(messages(&world, C), [2]);
}

/// Who is paused does nothing, and finds all that came when it goes on, in its order.
#[test]
fn a_pause_delays_and_loses_nothing() {
    let mut world = world(1, &quiet());
    world.ask_at(ms(5), B, vec![Act::Timer(1, ms(50), ms(0))]);
    world.at(ms(20), Fault::Pause(B));
    for message in 0..5 {
        world.ask_at(ms(30 + u64::from(message)), A, vec![Act::Send(B, message)]);
    }
    world.run_until(ms(150));
    assert_eq!(world.node(B).unwrap().seen.len(), 1);
    world.at(ms(200), Fault::Resume(B));
    world.run_until(ms(300));
    let seen = &world.node(B).unwrap().seen[1..];
    assert_eq!(messages(&world, B), [0, 1, 2, 3, 4]);
    assert!(seen.contains(&(ms(200), Seen::Timer(1))) && seen.len() == 6, "{seen:?}");
    assert!(seen.iter().all(|(at, _)| *at == ms(200)));
}

/// A slow node takes one input after the other, each in its time.
#[test]
fn a_slow_node_takes_its_time() {
    let mut world = world(1, &quiet());
    world.at(ms(10), Fault::Slow(B, ms(7)));
    world.ask_at(ms(20), A, (0..4).map(|message| Act::Send(B, message)).collect());
    world.run_until(ms(100));
    let times: Vec<_> = world.node(B).unwrap().seen.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [21, 28, 35, 42].map(ms));
}

/// A node that is asked more than it can do takes its timers all the same, and one that is always due takes its messages.
#[test]
fn neither_timers_nor_messages_starve() {
    let mut world = world(1, &quiet());
    world.at(ms(10), Fault::Slow(B, ms(2)));
    world.ask_at(ms(20), B, vec![Act::Timer(1, ms(10), ms(0))]);
    for message in 0..1_000 {
        world.ask_at(ms(20 + u64::from(message)), A, vec![Act::Send(B, message)]);
    }
    world.run_until(ms(100));
    assert!(world.node(B).unwrap().seen.iter().any(|(at, seen)| *seen == Seen::Timer(1) && *at <= ms(34)));
}

/// Partitions of each shape: what is blocked is lost, when it leaves and when it would arrive; healed, all gets through.
#[test]
fn partitions_block_what_they_say() {
    let all = [A, B, C];
    for (partition, blocked) in [
        (Partition::none(), vec![]),
        (Partition::groups(&[&[A], &[B, C]]), vec![(A, B), (A, C), (B, A), (C, A)]),
        (Partition::one_way(&[A], &[B]), vec![(A, B)]),
        (Partition::bridge(&[A, B], B, &[B, C]), vec![(A, C), (C, A)]),
        (Partition::ring(&all), vec![]),
        (Partition::isolated(B, &all), vec![(A, B), (B, A), (B, C), (C, B)]),
        (Partition::one_way(&[A], &[B]).and(&Partition::one_way(&[C], &[B])), vec![(A, B), (C, B)]),
    ] {
        let mut world = world(1, &quiet());
        let everybody = |world: &mut World<Probe>, at| {
            for from in all {
                let acts = all.into_iter().filter(|to| *to != from).map(|to| Act::Send(to, from.0));
                world.ask_at(at, from, acts.collect());
            }
        };
        everybody(&mut world, Duration::from_micros(9_500)); // would arrive after the beginning
        world.at(ms(10), Fault::Partition(partition.clone()));
        everybody(&mut world, ms(20));
        world.at(ms(30), Fault::Partition(Partition::none()));
        everybody(&mut world, ms(40));
        let dropped = dropped(&happened(&mut world, ms(100)));
        assert_eq!(dropped, vec![Why::Partition; blocked.len() * 2], "{partition:?}");
        for to in all {
            for from in all.into_iter().filter(|from| *from != to) {
                let got = messages(&world, to).into_iter().filter(|message| *message == from.0).count();
                assert_eq!(got, if blocked.contains(&(from, to)) { 1 } else { 3 }, "{partition:?}");
                assert_eq!(partition.blocks(from, to), blocked.contains(&(from, to)));
            }
        }
    }
    let ring = Partition::ring(&[1, 2, 3, 4, 5].map(NodeId));
    let reached: Vec<_> = (1..=5).filter(|&to| !ring.blocks(NodeId(1), NodeId(to))).collect();
    assert_eq!(reached, [1, 2, 5]);
}

/// How many of 20,000 messages come, are lost, doubled or damaged.
fn rates(link: Link) -> (usize, usize, usize) {
    const COUNT: u32 = 20_000;
    let mut world = world(77, &Settings { link, ..quiet() });
    for message in 0..COUNT {
        world.ask_at(ms(u64::from(message)), A, vec![Act::Send(B, message)]);
    }
    let dropped = dropped(&happened(&mut world, ms(60_000)));
    let [lost, damaged] =
        [Why::Loss, Why::Damaged].map(|why| dropped.iter().filter(|other| **other == why).count());
    (messages(&world, B).len(), lost, damaged)
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// Within five standard deviations of a binomial of 20,000.
fn is_about(count: usize, probability: f64) {
    let (count, expected) = (float(count), 20_000.0 * probability);
    let sd = (expected * (1.0 - probability)).sqrt();
    assert!((count - expected).abs() <= 5.0 * sd, "{count} is not about {expected}");
}

/// What is configured happens as often as it should.
#[test]
fn rates_are_met() {
    let (_, lost, damaged) = rates(Link { loss: Loss::Independent(0.1), ..Link::default() });
    is_about(lost, 0.1);
    assert_eq!(damaged, 0);
    let (came, lost, _) = rates(Link { duplication: 0.25, ..Link::default() });
    is_about(came - 20_000, 0.25);
    assert_eq!(lost, 0);
    let (came, lost, damaged) = rates(Link { corruption: 0.02, ..Link::default() });
    is_about(damaged, 0.02);
    assert_eq!((came, lost), (20_000 - damaged, 0));
    assert_eq!(rates(Link { loss: Loss::Independent(1.0), ..Link::default() }), (0, 20_000, 0));
    assert_eq!(rates(Link::default()), (20_000, 0, 0));
}

/// Losses in bursts: as many as the chain of two states has in the long run, and in runs.
#[test]
fn losses_come_in_bursts() {
    let loss = Loss::Bursts { worsens: 0.02, recovers: 0.2, good: 0.0, bad: 1.0 };
    let mut world = world(5, &Settings { link: Link { loss, ..Link::default() }, ..quiet() });
    for message in 0..20_000 {
        world.ask_at(ms(message.into()), A, vec![Act::Send(B, message)]);
    }
    world.run_until(ms(30_000));
    let came = messages(&world, B);
    let bursts = came.windows(2).filter(|pair| pair[1] - pair[0] > 1).count();
    let missing = 20_000 - came.len();
    let mean = float(missing) / float(bursts);
    assert!((1_400..2_300).contains(&missing), "{missing} of 20,000, and 1,818 expected");
    assert!((4.0..6.0).contains(&mean), "bursts of {mean}, and 5 expected");
}

/// Each distribution has its mean and spread, and no message arrives before it left.
#[test]
fn latencies_are_distributed_as_they_say() {
    let measured: Arc<[Duration]> = [ms(1), ms(2), ms(9)].into();
    for (latency, mean, sd) in [
        (Latency::Constant(ms(5)), 5.0, 0.0),
        (Latency::Uniform { least: ms(2), most: ms(8) }, 5.0, 3.0_f64.sqrt()),
        (Latency::Normal { mean: ms(50), sd: ms(5) }, 50.0, 5.0),
        (Latency::LogNormal { median: ms(10), sigma: 0.5 }, 11.331, 6.039),
        (Latency::Empirical(measured), 4.0, 12.667_f64.sqrt()),
    ] {
        let mut world =
            world(3, &Settings { link: Link { latency: latency.clone(), ..Link::default() }, ..quiet() });
        for message in 0..5_000 {
            world.ask_at(ms(1_000 * u64::from(message)), A, vec![Act::Send(B, message)]);
        }
        world.run_until(ms(6_000_000));
        let took: Vec<f64> = (world.node(B).unwrap().seen.iter())
            .map(|(at, seen)| match seen {
                Seen::Message(_, message) => at.as_secs_f64() * 1e3 - 1e3 * f64::from(*message),
                _ => unreachable!(),
            })
            .collect();
        assert_eq!(took.len(), 5_000);
        let found = took.iter().sum::<f64>() / 5_000.0;
        let spread = (took.iter().map(|took| (took - found).powi(2)).sum::<f64>() / 5_000.0).sqrt();
        assert!((found - mean).abs() <= 0.08 * mean.max(1.0), "{latency:?}: mean {found}");
        assert!((spread - sd).abs() <= 0.08 * sd.max(0.01), "{latency:?}: deviation {spread}");
        assert!(took.iter().all(|took| *took >= 0.0));
    }
}

/// Jitter makes messages overtake each other; a link that keeps them in order doesn't let them.
#[test]
fn order_is_kept_where_it_is_asked_for() {
    for in_order in [false, true] {
        let link = Link { jitter: ms(20), in_order, ..Link::default() };
        let mut world = world(3, &Settings { link, ..quiet() });
        for message in 0..500 {
            world.ask_at(ms(message.into()), A, vec![Act::Send(B, message)]);
        }
        world.run_until(ms(1_000));
        let came = messages(&world, B);
        assert_eq!((came.len(), came.is_sorted()), (500, in_order));
    }
}

/// What is sent faster than the link is waits, and is dropped where there is no room to wait.
#[test]
fn bandwidth_is_a_bound() {
    let bandwidth = Some(Bandwidth { bytes_per_second: 1_000, queue_bytes: 50 });
    let link = Link { bandwidth, ..Link::default() };
    let mut world = world(1, &Settings { link, ..quiet() }).measure_with(|_| 10);
    world.ask_at(ms(100), A, (0..8).map(|message| Act::Send(B, message)).collect());
    let dropped = dropped(&happened(&mut world, ms(1_000)));
    assert_eq!(dropped, [Why::QueueFull; 3]);
    let times: Vec<_> = world.node(B).unwrap().seen.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [111, 121, 131, 141, 151].map(ms));
}

/// Damage that no checksum finds is what the test says it is.
#[test]
fn damage_can_be_delivered() {
    let link = Link { corruption: 1.0, ..Link::default() };
    let mut world = world(1, &Settings { link, ..quiet() }).corrupt_with(|message| *message ^= 1);
    world.ask_at(ms(1), A, vec![Act::Send(B, 6)]);
    world.run_until(ms(10));
    assert_eq!(messages(&world, B), [7]);
}

/// How often each of 500 messages is taken where a third of all is lost, by what the link does about that; and at the end nothing
/// waits any more.
#[test]
fn delivery_is_as_it_is_chosen() {
    let retry = ms(10);
    for (delivery, all, again) in [
        (Delivery::AtMostOnce, false, false),
        (Delivery::AtLeastOnce { retry }, true, true),
        (Delivery::Deduplicated { retry }, true, false),
    ] {
        let link = Link { loss: Loss::Independent(0.33), jitter: ms(30), delivery, ..Link::default() };
        let mut world = world(4, &Settings { link, ..quiet() });
        for message in 0..500 {
            world.ask_at(ms(message.into()), A, vec![Act::Send(B, message)]);
        }
        let happened = happened(&mut world, ms(20_000));
        let came = messages(&world, B);
        let different: BTreeSet<_> = came.iter().collect();
        assert_eq!((different.len() == 500, came.len() > different.len()), (all, again), "{delivery:?}");
        let doubles = dropped(&happened).into_iter().filter(|why| *why == Why::Duplicate).count();
        assert_eq!(doubles > 0, delivery == Delivery::Deduplicated { retry });
        assert_eq!(world.backlog(), 0, "{delivery:?}");
    }
}

/// What is sent again comes through a partition and a crash of the receiver, who then takes it once more; a crash of the sender
/// ends it.
#[test]
fn what_is_sent_again_outlives_the_receiver_and_not_the_sender() {
    let link = Link { delivery: Delivery::Deduplicated { retry: ms(20) }, ..Link::default() };
    let mut world = world(4, &Settings { link, ..quiet() });
    world.ask_at(ms(10), A, vec![Act::Send(B, 1)]);
    // Its confirmation doesn't get through, so it comes again in the next life.
    world.at(ms(9), Fault::Partition(Partition::one_way(&[B], &[A])));
    world.at(ms(50), Fault::Crash(B));
    world.at(ms(60), Fault::Restart(B));
    world.run_until(ms(49));
    assert_eq!(messages(&world, B), [1]);
    world.run_until(ms(10_000));
    assert_eq!(messages(&world, B), [1]);
    assert!(world.backlog() > 0);
    world.at(ms(10_000), Fault::Partition(Partition::none()));
    world.run_until(ms(10_100));
    assert_eq!((messages(&world, B).len(), world.backlog()), (1, 0));

    world.at(ms(10_200), Fault::Partition(Partition::groups(&[&[A], &[B]])));
    world.ask_at(ms(10_300), A, vec![Act::Send(B, 2)]);
    world.at(ms(10_400), Fault::Crash(A));
    world.at(ms(10_500), Fault::Partition(Partition::none()));
    world.at(ms(10_600), Fault::Restart(A));
    world.run_until(ms(30_000));
    assert_eq!((messages(&world, B), world.backlog()), (vec![1], 0));
    // The next life's numbers begin anew, and are news.
    world.ask_at(ms(30_000), A, vec![Act::Send(B, 3)]);
    world.run_until(ms(30_100));
    assert_eq!(messages(&world, B), [1, 3]);
}

/// A wall clock is off, drifts, steps, is corrected and stands still; time between two events is never negative.
#[test]
fn clocks_are_as_wrong_as_they_are_told() {
    let wall = |world: &World<Probe>, node| world.reading(node).unwrap().wall;
    let clock = Clock { offset: -2_000_000_000, drift: 100_000, error: Some(ms(5)), ..Clock::default() };
    let mut world = world(1, &quiet()).with_clock(B, clock);
    let apart = |world: &World<Probe>| {
        i128::try_from(wall(world, B).as_nanos()).unwrap()
            - i128::try_from(wall(world, A).as_nanos()).unwrap()
    };
    world.run_until(ms(10_000));
    assert_eq!(apart(&world), -2_000_000_000 + 1_000_000); // 100 ppm of ten seconds
    assert_eq!(world.reading(B).unwrap().monotonic, ms(10_001));
    world.at(ms(10_000), Fault::StepClock(B, -500_000_000));
    world.run_until(ms(10_000));
    assert_eq!(apart(&world), -2_499_000_000);
    assert_eq!(world.reading(B).unwrap().monotonic, ms(10_001));
    world.at(ms(11_000), Fault::SetClock(B, 3));
    world.run_until(ms(11_000));
    assert_eq!(apart(&world), 3);
    world.at(ms(12_000), Fault::Clock(B, Clock { is_frozen: true, ..Clock::default() }));
    world.run_until(ms(12_000));
    let (frozen, monotonic) = (wall(&world, B), world.reading(B).unwrap().monotonic);
    world.run_until(ms(13_000));
    assert_eq!((wall(&world, B), world.reading(B).unwrap().monotonic), (frozen, monotonic + ms(1_000)));
    world.ask(B, vec![]);
    world.run_until(ms(13_001)); // its stamps are reserved first
    assert_eq!(world.node(B).unwrap().readings, [(frozen, None)]);
}

/// A timer is the node's own: on a clock that is too slow, it fires too late.
#[test]
fn timers_run_by_the_nodes_clock() {
    let slow = Clock { drift: -500_000_000, ..Clock::default() };
    let mut world = world(1, &quiet()).with_clock(B, slow);
    world.ask_at(ms(1_000), B, vec![Act::Timer(1, ms(100), ms(0)), Act::Timer(2, ms(300), ms(0))]);
    world.at(ms(1_400), Fault::Clock(B, Clock::default()));
    let fired: Vec<_> = happened(&mut world, ms(5_000))
        .into_iter()
        .filter_map(|happened| matches!(happened.what, What::Fired { .. }).then_some(happened.at))
        .collect();
    // Half as fast until 1.4 s, when 200 of the 300 ms have passed for it.
    assert_eq!(fired, [ms(1_200), ms(1_500)]);
}

/// A full disk halts a node before what waits for the write leaves; a damaged one keeps it from starting.
#[test]
fn disks_fail() {
    let halted = |happened: &[Happened<Probe>]| {
        let why = |happened: &Happened<Probe>| {
            if let What::Halted { node, why } = happened.what { Some((node, why)) } else { None }
        };
        happened.iter().find_map(why)
    };
    let mut full = world(1, &quiet()).with_disk(A, Disk { writes_max: 1, ..Disk::default() });
    full.ask_at(ms(1), A, vec![Act::Persist(1, 1), Act::Reply(1)]);
    full.ask_at(ms(10), A, vec![Act::Persist(1, 2), Act::Reply(2)]);
    let all = happened(&mut full, ms(20));
    assert_eq!(halted(&all), Some((A, Halt::DiskFull)));
    let replies = all.iter().filter(|happened| matches!(happened.what, What::Replied { .. })).count();
    assert_eq!((replies, full.node(A)), (1, None));

    let mut rotten = world(1, &quiet());
    rotten.at(ms(1), Fault::Rot(A));
    rotten.at(ms(2), Fault::Crash(A));
    rotten.at(ms(3), Fault::Restart(A));
    assert_eq!(halted(&happened(&mut rotten, ms(10))), Some((A, Halt::DiskRotten)));
    rotten.at(ms(11), Fault::Wipe(A));
    rotten.at(ms(12), Fault::Restart(A));
    rotten.run_until(ms(10_000));
    assert_eq!(rotten.node(A).unwrap().incarnation, 2);
}

/// Heartbeats: who crashes is suspected by all and trusted again when it is back, and who was paused accuses nobody.
#[test]
fn heartbeats_find_who_is_dead() {
    let mut world = world(11, &Settings::default());
    world.at(ms(20_000), Fault::Crash(B));
    world.at(ms(40_000), Fault::Restart(B));
    world.at(ms(60_000), Fault::Pause(C));
    world.at(ms(80_000), Fault::Resume(C));
    world.run_until(ms(100_000));
    let opinions = |node| {
        let seen = world.node(node).unwrap().seen.iter();
        seen.map(|(at, seen)| (at.as_secs() / 20, seen.clone())).collect::<Vec<_>>()
    };
    assert_eq!(opinions(C), [(1, Seen::Suspect(B)), (2, Seen::Trust(B))]);
    let of_c = [(3, Seen::Suspect(C)), (4, Seen::Trust(C))];
    assert_eq!(
        opinions(A),
        [(1, Seen::Suspect(B)), (2, Seen::Trust(B))].into_iter().chain(of_c.clone()).collect::<Vec<_>>()
    );
    assert_eq!(opinions(B), of_c);
}

/// Replies carry the number that the question got, and numbers are not used twice.
#[test]
fn questions_are_numbered() {
    let mut world = world(1, &quiet());
    let ids: Vec<RequestId> = (0..3).map(|response| world.ask(A, vec![Act::Reply(response)])).collect();
    let mut replies = BTreeMap::new();
    for happened in happened(&mut world, ms(1)) {
        if let What::Replied { id, response, .. } = happened.what {
            assert_eq!(replies.insert(id, response), None);
        }
    }
    assert_eq!(replies, ids.into_iter().zip(0..3).collect());
}

/// However long a run is, what it keeps stays the same.
#[test]
fn memory_is_flat() {
    let mut world = world(1, &Settings::default());
    world.run_until(ms(100_000));
    let backlog = world.backlog();
    world.run_until(ms(3_600_000));
    assert!(world.backlog() <= 2 * backlog, "{} and then {}", backlog, world.backlog());
}

/// A broken promise is found at the event that breaks it.
#[test]
fn a_check_ends_a_run() {
    let mut world = world(1, &quiet());
    for message in 0..10 {
        world.ask_at(ms(10 * u64::from(message)), A, vec![Act::Send(B, message)]);
    }
    let broken =
        world.run_until_with(
            ms(1_000),
            |world, _| {
                if messages(world, B).contains(&4) { Err("four") } else { Ok(()) }
            },
        );
    assert_eq!((broken, world.now()), (Err("four"), ms(41)));
}

/// Nobody can be told of what isn't there.
#[test]
#[should_panic(expected = "there is no node 9 in this world")]
fn a_fault_is_of_somebody() {
    world(1, &quiet()).at(ms(1), Fault::Crash(NodeId(9)));
}

/// Also not of a link to nowhere.
#[test]
#[should_panic(expected = "there is no node 9 in this world")]
fn a_partition_is_of_somebody() {
    world(1, &quiet()).at(ms(1), Fault::Partition(Partition::groups(&[&[A], &[NodeId(9)]])));
}

/// Who is paused says nothing either: what waits for the disk is let go when it goes on.
#[test]
fn a_pause_holds_back_what_the_disk_lets_go() {
    let disk = Disk { sync: Latency::Constant(ms(10)), ..Disk::default() };
    let mut world = world(1, &Settings { disk, ..quiet() });
    world.ask_at(ms(100), A, vec![Act::Persist(1, 1), Act::Reply(1), Act::Send(B, 1)]);
    world.at(ms(105), Fault::Pause(A));
    world.at(ms(200), Fault::Resume(A));
    let said: Vec<_> = happened(&mut world, ms(300))
        .into_iter()
        .filter(|happened| matches!(happened.what, What::Replied { .. } | What::Sent { .. }))
        .map(|happened| happened.at)
        .collect();
    assert_eq!(said, [ms(200), ms(200)]);
}

/// Between a restart and the first step a node can be paused, its disk can be damaged, and its clock can change.
#[test]
fn a_life_begins_when_it_can() {
    let begun = |fault: fn(&mut World<Probe>)| {
        let mut world = world(1, &quiet());
        world.at(ms(1_000), Fault::Crash(A));
        world.at(ms(1_100), Fault::Restart(A)); // begins at 3.5 s
        fault(&mut world);
        let begun = |happened: &Happened<Probe>| matches!(happened.what, What::Started { node: A, incarnation } if incarnation > 1);
        let begun: Vec<_> = happened(&mut world, ms(60_000)).into_iter().filter(begun).collect();
        begun.into_iter().map(|happened| happened.at).collect::<Vec<_>>()
    };
    assert_eq!(begun(|_| {}), [ms(3_500)]);
    let paused = begun(|world| {
        world.at(ms(2_000), Fault::Pause(A));
        world.at(ms(9_000), Fault::Resume(A));
        world.at(ms(9_100), Fault::Pause(A));
        world.at(ms(9_200), Fault::Resume(A));
    });
    assert_eq!(paused, [ms(9_000)]);
    let rotten = begun(|world| {
        world.at(ms(2_000), Fault::Rot(A));
        world.at(ms(9_000), Fault::Wipe(A));
        world.at(ms(9_100), Fault::Restart(A));
    });
    assert_eq!(rotten, [ms(9_100)]);
    let slow = begun(|world| {
        world.at(ms(1_050), Fault::Clock(A, Clock { drift: -900_000_000, ..Clock::default() }));
        world.at(ms(2_000), Fault::Clock(A, Clock::default()));
    });
    assert!(slow[0] < ms(4_500), "{slow:?}");
}

/// What is later than time can be never comes, and nobody waits for it in vain: a run in which nothing else is to come ends.
#[test]
fn the_end_of_time_is_an_end() {
    let retry = Duration::MAX;
    let link =
        Link { loss: Loss::Independent(1.0), delivery: Delivery::AtLeastOnce { retry }, ..Link::default() };
    let mut world = world(1, &Settings { link, ..quiet() });
    world.ask(A, vec![Act::Timer(1, Duration::MAX, ms(0)), Act::Send(B, 1)]);
    world.at(ms(1), Fault::Clock(A, Clock { drift: i64::MAX, ..Clock::default() }));
    let mut events = 0;
    while world.step().is_some() {
        events += 1;
        assert!(events < 1_000);
    }
    world.run_until(Duration::MAX);
}

/// Timers that are set and cancelled leave nothing behind, however late they would have been.
#[test]
fn memory_is_flat_where_timers_are_moved() {
    let mut world = world(1, &quiet());
    world.ask(A, vec![Act::Timer(1, ms(1_000_000_000), ms(0))]);
    for round in 1..1_000 {
        world.ask(A, vec![Act::Timer(2, ms(1), ms(0))]);
        world.run_until(ms(10 * round));
    }
    assert!(world.backlog() < 10, "{}", world.backlog());
}

/// A link that was narrow is wide at once when it is mended.
#[test]
fn what_waits_takes_the_time_of_the_new_bandwidth() {
    let link = |bytes_per_second| Link {
        bandwidth: Some(Bandwidth { bytes_per_second, queue_bytes: 1_000 }),
        ..Link::default()
    };
    let mut world = world(1, &Settings { link: link(1), ..quiet() }).measure_with(|_| 10);
    world.ask_at(ms(0), A, (0..50).map(|message| Act::Send(B, message)).collect());
    world.at(ms(0), Fault::Link { from: A, to: B, link: link(1_000) });
    world.ask_at(ms(1), A, vec![Act::Send(B, 99)]);
    world.run_until(ms(10_000));
    let seen = &world.node(B).unwrap().seen;
    // The 500 bytes before it take half a second, and its own 10 ms; then a millisecond of latency.
    assert_eq!(seen[0], (ms(511), Seen::Message(A, 99)));
}

/// A node whose disk is so slow that it has no stamps left still sends heartbeats, and hears those of others.
#[test]
fn a_slow_disk_silences_nobody() {
    let mut world = world(1, &Settings::default());
    world.at(ms(5_000), Fault::Disk(A, Disk { sync: Latency::Constant(ms(30_000)), ..Disk::default() }));
    world.ask_at(ms(10_000), A, vec![]);
    let suspicions: Vec<_> = happened(&mut world, ms(60_000))
        .into_iter()
        .filter(|happened| matches!(happened.what, What::Suspicion { .. }))
        .collect();
    assert_eq!(suspicions, []);
}

/// A loss, a copy or a partition doesn't change what the messages after it draw, on the same link.
#[test]
fn a_fault_of_a_link_reshuffles_nothing_else_of_it() {
    let arrivals = |loss, duplication, is_cut: bool| {
        let latency = Latency::Uniform { least: ms(1), most: ms(50) };
        let mut world =
            world(9, &Settings { link: Link { latency, loss, duplication, ..Link::default() }, ..quiet() });
        if is_cut {
            world.at(ms(30), Fault::Partition(Partition::one_way(&[A], &[B])));
            world.at(ms(60), Fault::Partition(Partition::none()));
        }
        for message in 0..100 {
            world.ask_at(ms(message.into()), A, vec![Act::Send(B, message)]);
        }
        world.run_until(ms(1_000));
        let seen = world.node(B).unwrap().seen.clone();
        seen.into_iter().collect::<HashSet<_>>()
    };
    let all = arrivals(Loss::Never, 0.0, false);
    for (loss, is_cut) in [(Loss::Independent(0.5), false), (Loss::Never, true)] {
        let some = arrivals(loss, 0.0, is_cut);
        assert!(some.len() < 100 && some.is_subset(&all));
    }
    assert!(arrivals(Loss::Never, 0.5, false).is_superset(&all));
}

const GOLDEN: &str = "604e5162dfa0273a020c0cb73d208eb2";
