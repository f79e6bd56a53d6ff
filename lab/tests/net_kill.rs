//! Kill -9 at any moment, and restart: nothing that was acknowledged is lost, and neither incarnation nor stamps ever
//! come back.
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
use std::sync::Arc;
use std::{env, fs, thread};

use spacelike::hlc::Timestamp;
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
use spacelike_lab::clocks::SkewedClocks;
use spacelike_lab::net::{Config, Listener, Node, NoteAt, Slots};
use tokio::task::JoinSet;

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
        let mut config = Config::new(7, NodeId(1), BTreeMap::new());
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
        asking.join_next().await.unwrap().unwrap();
        panic!("the node stopped: {}", node.halted().await);
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
            _ => {} // the test harness's own
        }
    }

    fn stamped(&mut self, stamp: &str) {
        let stamp = stamp.parse().unwrap();
        assert!(Some(stamp) > self.stamp, "{stamp} after {self:?}");
        self.stamp = Some(stamp);
    }
}

/// Runs a child for a while, kills it, and reads what it said until then.
fn live_and_die(folder: &Path, skew: i64, lifetime: Duration, seen: &mut Seen) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(SKEW, skew.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = thread::spawn(move || output.split(b'\n').map(Result::unwrap).collect::<Vec<_>>());
    let errors = BufReader::new(child.stderr.take().unwrap());
    let errors = thread::spawn(move || errors.lines().map(Result::unwrap).collect::<Vec<_>>().join("\n"));
    thread::sleep(lifetime);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let (lines, errors) = (reader.join().unwrap(), errors.join().unwrap());
    assert_eq!(status.signal(), Some(9), "the child ended by itself: {status}\n{errors}");
    for line in lines {
        seen.line(&String::from_utf8_lossy(&line));
    }
}

/// Nodes that are killed at random moments, starting included, under wall clocks that differ from life to life.
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
    while lives < 25 || seen.acknowledgements < 300 || seen.lives < 10 {
        // On a busy machine a life needs longer until it says anything.
        let lifetime = Duration::from_millis(random(60 + 10 * lives.min(60)));
        let skew = i64::try_from(random(7_200_000)).unwrap() - 3_600_000;
        live_and_die(home.path(), skew, lifetime, &mut seen);
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
const SLOTS: u64 = 12;
/// How many ask at once: so many tickets may be durable that nobody was told of.
const ASKING: u64 = 8;
