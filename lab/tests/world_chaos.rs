//! A machine that does anything, in a world in which anything goes wrong: what a driver promises is checked after each event.
#![cfg(feature = "world")]

use core::time::Duration;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use spacelike::hlc::Timestamp;
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
use spacelike_lab::world::{
    Bandwidth, Clock, Delivery, Disk, Fault, Halt, Happened, Latency, Link, Loss, Partition, Settings, What,
    World,
};

const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Steele, Lea and Flood's `SplitMix64` (2014).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }
}

/// Does what its dice say, and notes all of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Gambler {
    dice: Dice,
    persisted: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Note {
    Stepped(Duration, Timestamp),
    Set(u8, Duration, Duration),
    Cancelled(u8),
    Fired(u8),
    Persisting(u8, Option<u64>),
}

impl Gambler {
    fn act(&mut self, now: Now, out: &mut Outbox<Self>) {
        for _ in 0..self.dice.below(5) {
            match self.dice.below(8) {
                0..=2 => {
                    let slot = u8::try_from(self.dice.below(4)).unwrap();
                    self.persisted += 1;
                    let record = (self.dice.below(4) > 0).then_some(self.persisted);
                    out.note(Note::Persisting(slot, record));
                    match record {
                        Some(record) => out.persist(slot, record),
                        None => out.forget(slot),
                    }
                }
                // Fewer than one for each message, so that it ends.
                3 if self.dice.below(2) == 0 => {
                    let to = NODES[usize::try_from(self.dice.below(3)).unwrap()];
                    out.send(to, self.persisted);
                }
                4 | 5 => {
                    let timer = u8::try_from(self.dice.below(3)).unwrap();
                    let after = ms([0, 1, 20, 3_000][usize::try_from(self.dice.below(4)).unwrap()]);
                    let jitter = ms(self.dice.below(2) * 10);
                    out.note(Note::Set(timer, now.monotonic + after, jitter));
                    out.set_timer_jittered(timer, after, jitter);
                }
                6 => {
                    let timer = u8::try_from(self.dice.below(3)).unwrap();
                    out.note(Note::Cancelled(timer));
                    out.cancel_timer(timer);
                }
                _ => {}
            }
        }
    }
}

impl Machine for Gambler {
    type Message = u64;
    type Timer = u8;
    type Request = ();
    type Response = u64;
    type Slot = u8;
    type Record = u64;
    type Note = Note;

    fn start(&mut self, now: Now, _: Boot<'_, Self>, out: &mut Outbox<Self>) {
        out.note(Note::Stepped(now.monotonic, now.stamp));
        self.act(now, out);
    }

    fn step(&mut self, now: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        out.note(Note::Stepped(now.monotonic, now.stamp));
        if let Input::Timer(timer) = input {
            out.note(Note::Fired(timer));
            // Timers that set timers would go on for ever.
            return;
        }
        self.act(now, out);
        if let Input::Request { id, .. } = input {
            out.reply(id, self.persisted);
        }
    }
}

/// What must hold of a node, from what happened to it.
#[derive(Default)]
struct Witness {
    is_paused: bool,
    is_wiped: bool,
    incarnation: u64,
    stamp: Option<Timestamp>,
    monotonic: Duration,
    timers: BTreeMap<u8, (Duration, Duration)>,
    /// What the life began with, what it has emitted since, and how much of that somebody relies on.
    base: BTreeMap<u8, u64>,
    emitted: Vec<(u8, Option<u64>)>,
    relied: u64,
}

impl Witness {
    fn note(&mut self, note: &Note) {
        match *note {
            Note::Stepped(monotonic, stamp) => {
                assert!(self.stamp < Some(stamp), "stamps grow: {:?} and then {stamp:?}", self.stamp);
                assert!(self.monotonic <= monotonic, "time goes on");
                (self.stamp, self.monotonic) = (Some(stamp), monotonic);
            }
            Note::Set(timer, due, jitter) => drop(self.timers.insert(timer, (due, jitter))),
            Note::Cancelled(timer) => drop(self.timers.remove(&timer)),
            Note::Fired(timer) => {
                let (due, _) = self.timers.remove(&timer).expect("a timer fires once, when it was set");
                assert!(due <= self.monotonic, "not before its time");
            }
            Note::Persisting(slot, record) => self.emitted.push((slot, record)),
        }
    }

    /// What is durable is what the life has found and a prefix of what it has emitted, that holds all that somebody relies on.
    fn is_prefix(&self, durable: &BTreeMap<u8, u64>) -> bool {
        let mut state = self.base.clone();
        let mut is_one = self.relied == 0 && state == *durable;
        for (&(slot, record), count) in self.emitted.iter().zip(1..) {
            match record {
                Some(record) => drop(state.insert(slot, record)),
                None => drop(state.remove(&slot)),
            }
            is_one |= count >= self.relied && state == *durable;
        }
        is_one
    }
}

fn random_link(dice: &mut Dice) -> Link {
    let latency = match dice.below(6) {
        0 => Latency::Constant(Duration::ZERO),
        1 => Latency::Uniform { least: ms(9), most: ms(2) },
        2 => Latency::Normal { mean: ms(5), sd: ms(50) },
        3 => Latency::LogNormal { median: ms(5), sigma: f64::NAN },
        4 => Latency::Empirical([].into()),
        _ => Latency::LogNormal { median: ms(2), sigma: 2.0 },
    };
    let retry = ms(1 + dice.below(50));
    Link {
        latency,
        jitter: ms(dice.below(2) * 10),
        loss: [Loss::Never, Loss::Independent(0.3), Loss::Independent(f64::NAN)]
            [usize::try_from(dice.below(3)).unwrap()],
        duplication: [0.0, 0.5, -1.0, 2.0][usize::try_from(dice.below(4)).unwrap()],
        corruption: [0.0, 0.2][usize::try_from(dice.below(2)).unwrap()],
        in_order: dice.below(2) == 0,
        delivery: [Delivery::AtMostOnce, Delivery::AtLeastOnce { retry }, Delivery::Deduplicated { retry }]
            [usize::try_from(dice.below(3)).unwrap()],
        bandwidth: [None, Some(Bandwidth { bytes_per_second: 0, queue_bytes: 100 })]
            [usize::try_from(dice.below(8) / 7).unwrap()],
    }
}

fn random_fault(dice: &mut Dice) -> Fault {
    let node = NODES[usize::try_from(dice.below(3)).unwrap()];
    let to = NODES[usize::try_from(dice.below(3)).unwrap()];
    match dice.below(20) {
        0 => Fault::Crash(node),
        1 | 2 => Fault::CrashInStep(node),
        3..=6 => Fault::Restart(node),
        7 => Fault::Wipe(node),
        8 if dice.below(3) == 0 => Fault::Rot(node),
        9 | 10 => Fault::Pause(node),
        11 | 12 => Fault::Resume(node),
        13 => Fault::Slow(node, Duration::from_micros(dice.below(2) * 2_000)),
        14 => {
            let sync = Latency::Uniform { least: Duration::ZERO, most: ms(dice.below(2) * 400) };
            Fault::Disk(node, Disk { sync, ..Disk::default() })
        }
        15 => Fault::StepClock(node, i64::try_from(dice.below(8_000_000_000)).unwrap() - 4_000_000_000),
        16 => Fault::SetClock(node, 0),
        17 => {
            let drift = [0, 900_000_000, -900_000_000, 37][usize::try_from(dice.below(4)).unwrap()];
            Fault::Clock(node, Clock { drift, is_frozen: dice.below(4) == 0, ..Clock::default() })
        }
        18 => Fault::Link { from: node, to, link: random_link(dice) },
        _ => Fault::Partition(match dice.below(3) {
            0 => Partition::one_way(&[node], &[to]),
            1 => Partition::isolated(node, &NODES),
            _ => Partition::none(),
        }),
    }
}

/// Ten seconds in which all goes wrong; then all is mended, and everybody answers.
fn chaos(seed: u64) -> (u128, BTreeMap<&'static str, u64>) {
    let dice = &mut Dice(seed);
    let settings = Settings { has_heartbeats: dice.below(2) == 0, ..Settings::default() };
    let gamblers = NODES.map(|node| (node, Gambler { dice: Dice(seed ^ u64::from(node.0)), persisted: 0 }));
    let sent = Rc::new(RefCell::new(VecDeque::new()));
    let leaves = Rc::clone(&sent);
    let mut world = World::new(seed, gamblers, &settings).measure_with(move |message| {
        leaves.borrow_mut().push_back(*message);
        10
    });
    for _ in 0..400 {
        world.ask_at(ms(dice.below(10_000)), NODES[usize::try_from(dice.below(3)).unwrap()], ());
    }
    for _ in 0..dice.below(60) {
        let at = ms(dice.below(10_000));
        world.at(at, random_fault(dice));
    }
    let mut marks = BTreeMap::new();
    let mut witnesses: BTreeMap<_, _> = NODES.map(|node| (node, Witness::default())).into();
    let mut check = |world: &World<Gambler>, happened: &[Happened<Gambler>]| {
        for Happened { at, what } in happened {
            *marks.entry(name(what)).or_insert(0) += 1;
            if let What::Fault(fault) = what {
                match &**fault {
                    Fault::Pause(node) => witnesses.get_mut(node).unwrap().is_paused = true,
                    Fault::Resume(node) | Fault::Crash(node) => {
                        witnesses.get_mut(node).unwrap().is_paused = false;
                    }
                    Fault::Restart(node) => {
                        let witness = witnesses.get_mut(node).unwrap();
                        witness.is_paused &= world.monitor(*node).is_some();
                    }
                    Fault::Wipe(node) if world.monitor(*node).is_none() => {
                        let witness = witnesses.get_mut(node).unwrap();
                        (witness.is_wiped, witness.stamp) = (true, None);
                    }
                    _ => {}
                }
                continue;
            }
            let Some(node) = actor(what) else { continue };
            let witness = witnesses.get_mut(&node).unwrap();
            // A pause of who was down is none.
            witness.is_paused &= !matches!(what, What::Halted { .. });
            assert!(!witness.is_paused, "who is paused does nothing: {at:?} {what:?}");
            match what {
                What::Started { incarnation, .. } => {
                    assert!(*incarnation > witness.incarnation);
                    if witness.is_wiped {
                        witness.base.clear();
                    }
                    *witness = Witness {
                        incarnation: *incarnation,
                        stamp: witness.stamp,
                        base: world.durable(node).unwrap().clone(),
                        ..Witness::default()
                    };
                }
                What::Noted { note, .. } => witness.note(note),
                What::Replied { response, .. } => witness.relied = witness.relied.max(*response),
                What::Sent { .. } => {
                    witness.relied = witness.relied.max(sent.borrow_mut().pop_front().unwrap());
                }
                _ => {}
            }
        }
        for (&node, witness) in &mut witnesses {
            if world.monitor(node).is_none() {
                witness.is_paused = false;
            }
            let durable = world.durable(node).unwrap();
            if !witness.is_wiped {
                assert!(witness.is_prefix(durable), "{node}: {durable:?} of {:?}", witness.emitted);
            }
        }
        Ok::<(), ()>(())
    };
    world.run_until_with(ms(10_000), &mut check).unwrap();
    mend(&mut world);
    world.run_until_with(ms(60_000), &mut check).unwrap();
    let asked = NODES.map(|node| world.ask(node, ()));
    let mut replied = Vec::new();
    world
        .run_until_with(ms(70_000), |world, happened| {
            replied.extend(happened.iter().filter_map(|happened| match happened.what {
                What::Replied { id, .. } => Some(id),
                _ => None,
            }));
            check(world, happened)
        })
        .unwrap();
    for (node, id) in NODES.into_iter().zip(asked) {
        assert!(replied.contains(&id), "{node} doesn't answer any more");
        let now = world.reading(node).unwrap().monotonic;
        let late = witnesses[&node].timers.values().filter(|(due, jitter)| *due + *jitter < now).count();
        assert_eq!(late, 0, "{node} has timers that were due and didn't fire");
    }
    if !settings.has_heartbeats {
        // Some of it is on a link of a byte a second.
        world.run_until(ms(1_000_000));
        assert_eq!(world.backlog(), 0, "something waits for ever");
    }
    (world.hash(), marks)
}

/// From ten seconds on nothing goes wrong any more.
fn mend(world: &mut World<Gambler>) {
    for node in NODES {
        world.at(ms(10_000), Fault::Resume(node));
        world.at(ms(10_000), Fault::Slow(node, Duration::ZERO));
        world.at(ms(10_000), Fault::Disk(node, Disk::default()));
        world.at(ms(10_000), Fault::Clock(node, Clock::default()));
        world.at(ms(10_000), Fault::SetClock(node, 0));
        for to in NODES {
            world.at(ms(10_000), Fault::Link { from: node, to, link: Link::default() });
        }
    }
    world.at(ms(10_000), Fault::Partition(Partition::none()));
    // The first may still crash in a step that it was told to; the disks may be damaged.
    for at in [20_000, 30_000] {
        for node in NODES {
            world.ask_at(ms(at), node, ());
            world.at(ms(at + 1_000), Fault::Wipe(node));
            world.at(ms(at + 1_000), Fault::Restart(node));
        }
    }
}

fn actor(what: &What<Gambler>) -> Option<NodeId> {
    match what {
        What::Started { node, .. }
        | What::Replied { node, .. }
        | What::Fired { node, .. }
        | What::Suspicion { node, .. }
        | What::Noted { node, .. }
        | What::Halted { node, .. } => Some(*node),
        What::Sent { from, .. } => Some(*from),
        What::Received { by, .. } => Some(*by),
        _ => None,
    }
}

const fn name(what: &What<Gambler>) -> &'static str {
    match what {
        What::Started { .. } => "started",
        What::Received { .. } => "received",
        What::Dropped { .. } => "dropped",
        What::Replied { .. } => "replied",
        What::Fired { .. } => "fired",
        What::Suspicion { .. } => "suspicion",
        What::Halted { why: Halt::DiskRotten, .. } => "rotten",
        What::Halted { .. } => "halted",
        _ => "other",
    }
}

/// Whatever goes wrong: promises are kept at each event, and who is mended answers, with no timer forgotten.
#[test]
fn a_driver_keeps_its_promises_in_chaos() {
    let mut marks = BTreeMap::new();
    for seed in 0..60 {
        println!("seed {seed}");
        let (hash, reached) = chaos(seed);
        if seed % 20 == 0 {
            assert_eq!(chaos(seed).0, hash);
        }
        for (mark, count) in reached {
            *marks.entry(mark).or_insert(0) += count;
        }
    }
    println!("{marks:?}");
    for mark in ["started", "received", "dropped", "replied", "fired", "suspicion", "rotten"] {
        assert!(marks.contains_key(mark), "never {mark}: {marks:?}");
    }
}
