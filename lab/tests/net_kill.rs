//! Kill -9 at any moment, a clean end included, and restart: nothing that was acknowledged is lost, and neither
//! incarnation nor stamps ever come back.
//!
//! The test starts its own binary as a child, which runs a node and tells on its standard output what it does.

#![cfg(all(feature = "net", unix))]

use core::time::Duration;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::{env, fs, thread};

use spacelike::hlc::{Stored, Timestamp};
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
use spacelike_lab::clocks::SkewedClocks;
use spacelike_lab::net::{Config, Listener, Node, NoteAt, Slots};
use spacelike_lab::slots::{Folder, Identity, load};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Hands out numbers, each once, and keeps the latest ones in a few slots that are large enough for compactions.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Tickets {
    next: u64,
}

impl Machine for Tickets {
    type Message = ();
    type Timer = ();
    type Request = ();
    type Response = u64;
    type Slot = u64;
    type Record = (u64, Vec<u8>);
    type Note = (u64, u64);

    fn start(&mut self, _: Now, boot: Boot<'_, Self>, out: &mut Outbox<Self>) {
        for (&slot, (ticket, padding)) in boot.durable {
            assert_eq!(ticket % SLOTS, slot);
            assert_eq!(*padding, padding_of(*ticket));
        }
        self.next = boot.durable.values().map(|&(ticket, _)| ticket + 1).max().unwrap_or(0);
        // A prefix of the persists: the latest few, without a gap.
        let count = boot.durable.len() as u64;
        let kept: Vec<_> = boot.durable.values().map(|&(ticket, _)| ticket).collect();
        assert!((self.next - count..self.next).all(|ticket| kept.contains(&ticket)), "{kept:?}");
        out.note((boot.incarnation, self.next));
    }

    fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        if let Input::Request { id, .. } = input {
            let ticket = self.next;
            self.next += 1;
            out.persist(ticket % SLOTS, (ticket, padding_of(ticket)));
            out.reply(id, ticket);
            out.note((0, ticket));
        }
    }
}

fn padding_of(ticket: u64) -> Vec<u8> {
    vec![ticket.to_be_bytes()[7]; 3_000]
}

/// Not a test: what the children of the next one run. Without its variable it does nothing.
#[test]
fn child() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let skew = env::var(SKEW).unwrap().parse().unwrap();
    println!();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut config = Config::new(CLUSTER, NODE, BTreeMap::new());
        config.slots = Slots::Folder(folder.into());
        // Little, since a start after a crash waits for it.
        config.drift_max = Duration::ZERO;
        config.reserve = Duration::from_millis(100);
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let tell = |NoteAt { now, note, .. }: NoteAt<(u64, u64)>| match note {
            (0, _) => say(&format!("step {}", now.stamp)),
            (incarnation, next) => say(&format!("life {incarnation} {next} {}", now.stamp)),
        };
        let node = Node::start(listener, config, Tickets::default(), SkewedClocks::new(skew), tell).await;
        let node = Arc::new(node.unwrap());
        let mut asking = JoinSet::new();
        for _ in 0..ASKING {
            let node = Arc::clone(&node);
            asking.spawn(async move {
                while let Ok(ticket) = node.request(()).await {
                    say(&format!("ack {ticket}"));
                }
            });
        }
        let Ok(end_after) = env::var(END_AFTER) else {
            asking.join_next().await.unwrap().unwrap();
            panic!("the node stopped: {}", node.halted().await);
        };
        sleep(Duration::from_millis(end_after.parse().unwrap())).await;
        asking.shutdown().await;
        say("end");
        Arc::into_inner(node).expect("nobody asks any more").shutdown().await.unwrap();
        say("ended");
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[derive(Debug, Default)]
struct Seen {
    lives: u64,
    /// Clean ends that began, and that were done.
    ends: u64,
    ended: u64,
    incarnation: u64,
    acknowledged: Option<u64>,
    next: u64,
    acknowledgements: u64,
    stamp: Option<Timestamp>,
}

impl Seen {
    fn line(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["life", incarnation, next, stamp] => {
                let (incarnation, next) = (incarnation.parse::<u64>().unwrap(), next.parse::<u64>().unwrap());
                assert!(incarnation > self.incarnation, "{line} after {self:?}");
                let kept_min = self.acknowledged.map_or(0, |ticket| ticket + 1);
                assert!(next >= kept_min, "acknowledged tickets are lost: {line} after {self:?}");
                assert!(
                    next <= kept_min.max(self.next) + ASKING,
                    "tickets that were never asked for: {line} after {self:?}"
                );
                self.incarnation = incarnation;
                self.next = next;
                self.lives += 1;
                self.stamped(stamp);
            }
            ["step", stamp] => self.stamped(stamp),
            ["ack", ticket] => {
                self.acknowledgements += 1;
                self.acknowledged = self.acknowledged.max(Some(ticket.parse().unwrap()));
            }
            ["end"] => self.ends += 1,
            ["ended"] => self.ended += 1,
            _ => {} // the test harness's own
        }
    }

    fn stamped(&mut self, stamp: &str) {
        let stamp = stamp.parse().unwrap();
        assert!(Some(stamp) > self.stamp, "{stamp} after {self:?}");
        self.stamp = Some(stamp);
    }
}

/// When a child is killed.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// So long after it was started.
    Running(Duration),
    /// It begins its clean end so many milliseconds after its node has started, and is killed so long after that.
    Ending(u64, Duration),
}

/// Runs a child for a while, kills it, and reads what it said until then.
fn live_and_die(folder: &Path, skew: i64, death: Death, seen: &mut Seen) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(SKEW, skew.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Death::Ending(after, _) = death {
        command.env(END_AFTER, after.to_string());
    }
    let mut child = command.spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (end_in, end) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut lines = Vec::new();
        for line in output.split(b'\n').map(Result::unwrap) {
            if line == b"end" {
                let _ = end_in.send(());
            }
            lines.push(line);
        }
        lines
    });
    let errors = BufReader::new(child.stderr.take().unwrap());
    let errors = thread::spawn(move || errors.lines().map(Result::unwrap).collect::<Vec<_>>().join("\n"));
    match death {
        Death::Running(lifetime) => thread::sleep(lifetime),
        Death::Ending(_, lifetime) => {
            // If it never comes, what the child said tells why.
            let _ = end.recv_timeout(PATIENCE);
            thread::sleep(lifetime);
        }
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let (lines, errors) = (reader.join().unwrap(), errors.join().unwrap());
    let ended = seen.ended;
    for line in lines {
        seen.line(&String::from_utf8_lossy(&line));
    }
    // A clean end may be over before the kill.
    let by_itself = seen.ended > ended && status.success();
    assert!(by_itself || status.signal() == Some(9), "the child ended by itself: {status}\n{errors}");

    // What the next life will find. A stamp is said only under a durable bound, and a clean end leaves the latest.
    let identity = Identity { cluster: CLUSTER, node: NODE };
    let found = load(&mut Folder::open(folder).unwrap(), identity).unwrap();
    let is_clean = found.ended || seen.ended > ended;
    match (found.bound, seen.stamp) {
        (Stored::Bound(bound), Some(stamp)) if is_clean => assert_eq!(bound, stamp, "{seen:?}"),
        (Stored::Bound(bound), stamp) => assert!(Some(bound) >= stamp, "{bound} after {seen:?}"),
        (Stored::Never, stamp) => assert_eq!(stamp, None),
    }
}

/// Nodes that are killed at random moments, starting and ending included, under wall clocks that differ from life to
/// life.
#[test]
fn killed_node_keeps_what_it_acknowledged() {
    let random_seed = RandomState::new().hash_one("seed");
    println!("seed {random_seed}");
    let mut state = random_seed | 1;
    let mut random = |end: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % end
    };
    let home = tempfile::tempdir().unwrap();
    let mut seen = Seen::default();
    let mut lives = 0;
    while lives < 25
        || seen.acknowledgements < 300
        || seen.lives < 10
        || seen.ended < 2
        || seen.ends - seen.ended < 2
    {
        // On a busy machine a life needs longer until it says anything.
        let death = match random(3) {
            0 => Death::Ending(random(60), Duration::from_micros(random(200 << (lives % 10)))),
            _ => Death::Running(Duration::from_millis(random(60 + 10 * lives.min(60)))),
        };
        let skew = i64::try_from(random(7_200_000)).unwrap() - 3_600_000;
        live_and_die(home.path(), skew, death, &mut seen);
        lives += 1;
        assert!(lives < 200, "too slow to tell: {seen:?}");
    }
    println!("{lives} lives, {seen:?}");
    let files: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(files.len() <= 3, "{files:?}");
    let len = fs::metadata(home.path().join("slots")).unwrap().len();
    assert!(len < 300_000, "the file is compacted: {len}");
}

const FOLDER: &str = "SPACELIKE_TEST_FOLDER";
const SKEW: &str = "SPACELIKE_TEST_SKEW";
/// Milliseconds until the clean end. Without it there is none.
const END_AFTER: &str = "SPACELIKE_TEST_END_AFTER";
const CLUSTER: u64 = 7;
const NODE: NodeId = NodeId(1);
/// Long enough for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const SLOTS: u64 = 12;
/// How many ask at once: so many tickets may be durable that nobody was told of.
const ASKING: u64 = 8;
