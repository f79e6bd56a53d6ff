//! What the tests of the driver share: a machine that does what it is asked, a disk that misbehaves on demand, and a
//! peer that speaks the wire by hand.

#![allow(dead_code, reason = "each test file uses its part")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};

use serde::{Deserialize, Serialize};
use spacelike::hlc::Timestamp;
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox, RequestId};
use spacelike::monitor::Detection;
use spacelike_lab::clocks::{Clocks, OsClocks};
use spacelike_lab::net::{Config, Limits, Listener, Node, NoteAt, Stats};
use spacelike_lab::slots::Disk;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{sleep, timeout};

/// Long enough for anything on a busy machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const CLUSTER: u64 = 0x00C0_FFEE;

/// Runs a test on two threads, and ends it if it doesn't end.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { timeout(2 * PATIENCE, test).await.expect("the test ends in time") })
}

/// Does what it is asked, and notes what happens to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Probe {
    total: u64,
    pinged: BTreeMap<u64, RequestId>,
    received: Vec<(NodeId, u64)>,
    fired: Vec<u8>,
    suspicions: Vec<(NodeId, bool)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    Value(u64),
    Ping(u64),
    Pong(u64),
    Bulk(Vec<u8>),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Request {
    /// Answered with the number.
    Echo(u64),
    /// Adds, persists, and answers with the total.
    Add(u64),
    /// Answered when the peer's answer is back.
    Ping(NodeId, u64),
    /// Sends, and answers.
    Send(NodeId, Message),
    /// Sends so many long messages in one step, and answers.
    Burst(NodeId, u64),
    /// Persists, then sends: the peer may see it only once it is durable.
    AddAndSend(NodeId, u64),
    /// Answered with all values that came from the node.
    Received(NodeId),
    /// Sets a timer, after so many milliseconds.
    Arm(u8, u64),
    /// Cancels a timer.
    Disarm(u8),
    /// Sets a timer, waits in the middle of the step until it is due, and cancels it.
    ArmAndDisarmLate(u8),
    /// Answered with the timers that fired.
    Fired,
    /// Answered with the peers that it was told of, each with 1 for suspect and 0 for trusted.
    Suspicions,
    /// Not answered.
    Ignore,
    /// Panics.
    Panic,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Note {
    Started { incarnation: u64, total: u64 },
    Stepped,
}

impl Machine for Probe {
    type Message = Message;
    type Timer = u8;
    type Request = Request;
    type Response = Vec<u64>;
    type Slot = u8;
    type Record = u64;
    type Note = Note;

    fn start(&mut self, _: Now, boot: Boot<'_, Self>, out: &mut Outbox<Self>) {
        self.total = boot.durable.get(&0).copied().unwrap_or(0);
        out.note(Note::Started { incarnation: boot.incarnation, total: self.total });
    }

    fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        out.note(Note::Stepped);
        match input {
            Input::Message { from, message } => match message {
                Message::Value(value) => self.received.push((from, value)),
                Message::Ping(value) => out.send(from, Message::Pong(value)),
                Message::Pong(value) => {
                    if let Some(id) = self.pinged.remove(&value) {
                        out.reply(id, vec![value]);
                    }
                }
                Message::Bulk(bytes) => self.received.push((from, bytes.len() as u64)),
            },
            Input::Request { id, request } => self.request(id, request, out),
            Input::Timer(timer) => self.fired.push(timer),
            Input::Suspect(peer) => self.suspicions.push((peer, true)),
            Input::Trust(peer) => self.suspicions.push((peer, false)),
            Input::Pace(_) => {}
        }
    }
}

impl Probe {
    fn request(&mut self, id: RequestId, request: Request, out: &mut Outbox<Self>) {
        match request {
            Request::Echo(value) => out.reply(id, vec![value]),
            Request::Add(value) => {
                self.total += value;
                out.persist(0, self.total);
                out.reply(id, vec![self.total]);
            }
            Request::Ping(to, value) => {
                self.pinged.insert(value, id);
                out.send(to, Message::Ping(value));
            }
            Request::Send(to, message) => {
                out.send(to, message);
                out.reply(id, vec![]);
            }
            Request::Burst(to, count) => {
                for _ in 0..count {
                    out.send(to, Message::Bulk(vec![7; 10_000]));
                }
                out.reply(id, vec![]);
            }
            Request::AddAndSend(to, value) => {
                self.total += value;
                out.persist(0, self.total);
                out.send(to, Message::Value(self.total));
                out.reply(id, vec![self.total]);
            }
            Request::Received(from) => {
                let values = self.received.iter().filter(|(node, _)| *node == from);
                out.reply(id, values.map(|&(_, value)| value).collect());
            }
            Request::Arm(timer, millis) => {
                out.set_timer(timer, Duration::from_millis(millis));
                out.reply(id, vec![]);
            }
            Request::Disarm(timer) => {
                out.cancel_timer(timer);
                out.reply(id, vec![]);
            }
            Request::ArmAndDisarmLate(timer) => {
                out.set_timer(timer, Duration::ZERO);
                std::thread::sleep(Duration::from_millis(20));
                out.cancel_timer(timer);
                out.reply(id, vec![]);
            }
            Request::Fired => out.reply(id, self.fired.iter().map(|&timer| timer.into()).collect()),
            Request::Suspicions => {
                let told = self.suspicions.iter().flat_map(|&(peer, is)| [peer.0.into(), is.into()]);
                out.reply(id, told.collect());
            }
            Request::Ignore => {}
            Request::Panic => panic!("asked to"),
        }
    }
}

/// Notes of a node, as they come.
pub(crate) type Notes = Arc<Mutex<Vec<NoteAt<Note>>>>;

/// Starts a probe, and keeps its notes.
pub(crate) async fn start(listener: Listener, config: Config) -> (Node<Probe>, Notes) {
    start_with(listener, config, OsClocks::new()).await
}

pub(crate) async fn start_with(
    listener: Listener,
    config: Config,
    clocks: impl Clocks,
) -> (Node<Probe>, Notes) {
    let notes = Notes::default();
    let sink = Arc::clone(&notes);
    let push = move |note| sink.lock().unwrap().push(note);
    (Node::start(listener, config, Probe::default(), clocks, push).await.unwrap(), notes)
}

pub(crate) fn listener() -> Listener {
    Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

pub(crate) fn config(node: u32, peers: &[(u32, SocketAddr)]) -> Config {
    let peers = peers.iter().map(|&(peer, address)| (NodeId(peer), address)).collect();
    let mut config = Config::new(CLUSTER, NodeId(node), peers);
    config.limits = quick();
    config.detection = patient();
    config
}

/// Limits that let a test see a timeout without waiting long, and still leave an honest peer on a busy machine alone.
pub(crate) fn quick() -> Limits {
    Limits {
        keepalive: Duration::from_millis(100),
        hello_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(3),
        backoff_min: Duration::from_millis(10),
        backoff_max: Duration::from_millis(100),
        flush_timeout: Duration::from_secs(10),
        ..Limits::default()
    }
}

/// Heartbeats as usual, and nobody suspected: for tests that count a machine's steps.
pub(crate) fn patient() -> Detection {
    Detection { pause: 100 * PATIENCE, grace: 100 * PATIENCE, ..Detection::every(Duration::from_millis(100)) }
}

/// Beats so often that a peer is suspect after a silence of `pause` and little more.
pub(crate) fn watchful(pause: Duration) -> Detection {
    Detection { pause, grace: PATIENCE, ..Detection::every(Duration::from_millis(20)) }
}

/// Waits until what the machine was told of a peer, 1 for suspect and 0 for trusted, is as it should be.
pub(crate) async fn told(node: &Node<Probe>, peer: NodeId, holds: impl Fn(&[u64]) -> bool) -> Vec<u64> {
    let waited = timeout(PATIENCE, async {
        loop {
            let all = ask(node, Request::Suspicions).await;
            let of_peer = all.chunks(2).filter(|pair| pair[0] == u64::from(peer.0));
            let told: Vec<_> = of_peer.map(|pair| pair[1]).collect();
            if holds(&told) {
                return told;
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never told: {:?}", node.changes()))
}

/// Two nodes that know each other.
pub(crate) async fn pair() -> (Node<Probe>, Node<Probe>) {
    let (a, b) = (listener(), listener());
    let (at_a, at_b) = (a.local_addr(), b.local_addr());
    let (one, _) = start(a, config(1, &[(2, at_b)])).await;
    let (two, _) = start(b, config(2, &[(1, at_a)])).await;
    (one, two)
}

pub(crate) async fn ask(node: &Node<Probe>, request: Request) -> Vec<u64> {
    timeout(PATIENCE, node.request(request)).await.expect("an answer in time").expect("the node runs")
}

/// Waits until the stats are as they should be.
pub(crate) async fn eventually(node: &Node<Probe>, what: &str, holds: impl Fn(&Stats) -> bool) -> Stats {
    let waited = timeout(PATIENCE, async {
        loop {
            let stats = node.stats();
            if holds(&stats) {
                return stats;
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never saw: {what}: {:#?}", node.stats()))
}

/// A disk in memory whose syncs can be held and made to fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldDisk(Arc<(Mutex<Held>, Condvar)>);

#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    published: bool,
    holding: bool,
    failing: bool,
    syncs: u64,
    after_failure: u64,
}

impl HeldDisk {
    /// Syncs begin, and don't return until released.
    pub(crate) fn hold(&self) {
        self.0.0.lock().unwrap().holding = true;
    }

    pub(crate) fn release(&self) {
        self.0.0.lock().unwrap().holding = false;
        self.0.1.notify_all();
    }

    /// The next sync fails.
    pub(crate) fn fail(&self) {
        self.0.0.lock().unwrap().failing = true;
    }

    /// How often anything was asked after the failure.
    pub(crate) fn asked_after_failure(&self) -> u64 {
        self.0.0.lock().unwrap().after_failure
    }

    fn with<T>(&self, operate: impl FnOnce(&mut Held) -> T) -> T {
        let mut held = self.0.0.lock().unwrap();
        held.after_failure += u64::from(held.failing && held.syncs == u64::MAX);
        operate(&mut held)
    }
}

impl Disk for HeldDisk {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.with(|held| Ok(held.published.then(|| held.bytes.clone())))
    }

    fn create(&mut self) -> io::Result<()> {
        self.with(|held| held.bytes.clear());
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.with(|held| held.bytes.extend_from_slice(bytes));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.with(|_| ());
        let held = self.0.0.lock().unwrap();
        let mut held = self.0.1.wait_while(held, |held| held.holding).unwrap();
        if held.failing {
            held.syncs = u64::MAX;
            return Err(io::Error::other("planted"));
        }
        held.syncs += 1;
        Ok(())
    }

    fn publish(&mut self) -> io::Result<()> {
        self.with(|held| held.published = true);
        Ok(())
    }
}

/// A hello, field by field: mark, version, cluster, from, to, incarnation, attempt.
pub(crate) type Hello = ([u8; 4], u8, u64, u32, u32, u64, u64);

pub(crate) const HELLO: Hello = (*b"splk", VERSION, CLUSTER, 2, 1, 1, 1);

pub(crate) const VERSION: u8 = 2;

/// A connection that speaks the wire by hand.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Connects, and says hello as node 2 of that life and attempt. Returns whether it was welcomed.
    pub(crate) async fn greet(address: SocketAddr, hello: Hello) -> (Self, bool) {
        let mut raw = Self::connect(address).await;
        raw.send(&hello).await;
        let answer = raw.read().await.expect("an answer");
        let welcome = answer.starts_with(&[&b"kaps"[..], &[VERSION, 0]].concat());
        (raw, welcome)
    }

    pub(crate) async fn send(&mut self, value: &impl Serialize) {
        let bytes = postcard::to_stdvec(value).unwrap();
        self.bytes(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).await;
        self.bytes(&bytes).await;
    }

    /// Sends a heartbeat, as frames have it: the third variant, the number, the time of sending in nanoseconds.
    pub(crate) async fn beat(&mut self, sequence: u64, sent: u64) {
        self.send(&(2u8, sequence, sent)).await;
    }

    /// Sends a message with a stamp, as frames have it: the first variant, the stamp, the message.
    pub(crate) async fn message(&mut self, stamp: Timestamp, message: Message) {
        self.send(&(0u8, stamp, message)).await;
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        // The other end may have hung up already, which is what some tests are about.
        drop(self.0.write_all(bytes).await);
    }

    /// Reads a frame; `None` if the other end closed.
    pub(crate) async fn read(&mut self) -> Option<Vec<u8>> {
        timeout(PATIENCE, async {
            let len = self.0.read_u32().await.ok()?;
            let mut bytes = vec![0; len as usize];
            self.0.read_exact(&mut bytes).await.ok()?;
            Some(bytes)
        })
        .await
        .expect("a frame or an end in time")
    }

    /// Both directions.
    pub(crate) fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        self.0.split()
    }

    /// Hangs up with a reset: unsent data is lost, and the other end gets an error.
    pub(crate) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }

    /// Waits until the other end has closed.
    pub(crate) async fn closed(&mut self) {
        while self.read().await.is_some() {}
    }
}

/// A stamp of the present.
pub(crate) fn stamp() -> Timestamp {
    stamp_ahead(Duration::ZERO)
}

pub(crate) fn stamp_ahead(ahead: Duration) -> Timestamp {
    let wall = OsClocks::new().reading().unwrap().wall + ahead;
    Timestamp::new(u64::try_from(wall.as_millis()).unwrap(), 0).unwrap()
}
