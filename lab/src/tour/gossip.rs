//! The machine that the tour runs. Small enough to be read in one sitting, and a model for your own.

use core::cmp::Ordering;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
use spacelike::vclock::VectorClock;
use spacelike::{hlc, lamport};

use crate::trace::MessageId;

/// The tour's protocol: every so often, tell a random peer what time it is here.
///
/// It is a [`Machine`], so it is plain data: its clocks are a [`lamport::LocalClock`] and a [`VectorClock`], its randomness
/// a seed that it carries along, and whatever else it knows of time it was handed as [`Now`]. The hybrid logical clock needs
/// no line here: the driver sends a stamp along with every message, and [`Now::stamp`] is greater.
///
/// # Examples
/// Two of them, and a message carried by hand:
/// ```
/// # use std::collections::BTreeMap;
/// # use std::time::Duration;
/// # use spacelike::{hlc, machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox}};
/// # use spacelike_lab::tour::gossip::{Gossip, Note, Timer};
/// # let mut clock = hlc::LocalClock::new(Duration::ZERO);
/// # let mut now = |millis| {
/// #     let wall = Duration::from_millis(1_700_000_000_000 + millis);
/// #     Now { monotonic: Duration::from_millis(millis), wall, error: None, stamp: clock.tick(wall).unwrap() }
/// # };
/// # let durable = BTreeMap::new();
/// let every = Duration::from_millis(25);
/// let mut alice = Gossip::new(NodeId(1), [NodeId(2)], every, 7);
/// let mut bob = Gossip::new(NodeId(2), [NodeId(1)], every, 7);
/// let mut out = Outbox::new();
/// alice.start(now(0), Boot { incarnation: 1, durable: &durable }, &mut out);
/// out.drain();
///
/// alice.step(now(25), Input::Timer(Timer::Speak), &mut out);
/// let sent = out.drain().find_map(|effect| match effect {
///     Effect::Send { to: NodeId(2), message } => Some(message),
///     _ => None,
/// });
/// let message = sent.expect("bob is the only peer");
///
/// bob.step(now(26), Input::Message { from: NodeId(1), message }, &mut out);
/// let [Effect::Note(Note::Received { sent, at, .. })] = out.effects() else { panic!() };
/// assert!(sent.lamport < at.lamport && sent.vector < at.vector);
/// assert_eq!(at.vector, [(NodeId(1), 1), (NodeId(2), 1)].into());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Gossip {
    node: NodeId,
    peers: Vec<NodeId>,
    /// The mean time between two messages.
    every: Duration,
    /// When the next one is due, on the monotonic clock.
    due: Duration,
    clock: lamport::LocalClock,
    vector: VectorClock<NodeId>,
    random: SplitMix,
    /// How many were sent.
    sent: u64,
}

/// What nodes tell each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its name, unique in the run.
    pub id: MessageId,
    /// The sender's clocks when it was sent.
    pub sent: Stamps,
}

/// One event's time, by each clock. It sorts by the first that differs; vector clocks, whose own order is partial, by their
/// entries.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Stamps {
    /// The wall clock, since the Unix epoch.
    pub wall: Duration,
    /// The Lamport clock.
    pub lamport: lamport::Timestamp,
    /// The hybrid logical clock.
    pub hlc: hlc::Timestamp,
    /// The vector clock.
    pub vector: VectorClock<NodeId>,
}

impl Ord for Stamps {
    fn cmp(&self, other: &Self) -> Ordering {
        let scalars = |stamps: &Self| (stamps.wall, stamps.lamport, stamps.hlc);
        scalars(self).cmp(&scalars(other)).then_with(|| self.vector.as_slice().cmp(other.vector.as_slice()))
    }
}

impl PartialOrd for Stamps {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The one timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// It is time to send.
    Speak,
}

/// What can be asked of a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Request {
    /// Send nothing more. It is answered with the number of messages sent.
    Hush,
}

/// What the trace is made of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Note {
    /// A message was handed to the network.
    Sent {
        /// Which.
        id: MessageId,
        /// The addressee.
        to: NodeId,
        /// When.
        at: Stamps,
    },
    /// A message arrived.
    Received {
        /// Which.
        id: MessageId,
        /// When it was sent, by the sender's clocks.
        sent: Stamps,
        /// When it arrived, by ours.
        at: Stamps,
    },
    /// A message arrived that no honest peer sends, and was ignored.
    Refused {
        /// Who sent it.
        from: NodeId,
    },
}

impl Gossip {
    /// A node that tells one of `peers` about every `every`. Nodes of one run may share a `seed`: their choices differ.
    pub fn new(node: NodeId, peers: impl IntoIterator<Item = NodeId>, every: Duration, seed: u64) -> Self {
        Self {
            node,
            peers: peers.into_iter().filter(|&peer| peer != node).collect(),
            every,
            due: Duration::ZERO,
            clock: lamport::LocalClock::new(JUMP_MAX),
            vector: VectorClock::new(),
            random: SplitMix(seed ^ u64::from(node.0) << 32),
            sent: 0,
        }
    }

    fn speak(&mut self, now: Now, out: &mut Outbox<Self>) {
        let Some(to) = self.random.pick(&self.peers) else { return };
        let id = MessageId { sender: self.node, sequence: self.sent };
        self.vector.tick(&self.node).expect("nobody lives to count 2^64 events");
        let lamport = self.clock.tick();
        let at = self.stamps(now, lamport);
        self.sent += 1;
        out.send(to, Message { id, sent: at.clone() });
        out.note(Note::Sent { id, to, at });
    }

    fn listen(&mut self, now: Now, from: NodeId, message: Message, out: &mut Outbox<Self>) {
        out.note(match self.receive(from, &message) {
            Some(lamport) => {
                Note::Received { id: message.id, sent: message.sent, at: self.stamps(now, lamport) }
            }
            None => Note::Refused { from },
        });
    }

    /// Takes over both clocks, or neither. A peer that lies about its name or a clock changes nothing here.
    fn receive(&mut self, from: NodeId, message: &Message) -> Option<lamport::Timestamp> {
        let Stamps { lamport, vector, .. } = &message.sent;
        let is_known = |node: &NodeId| *node == self.node || self.peers.contains(node);
        let honest = message.id.sender == from
            && vector.get(&from) > 0
            // Our own vector has an entry for each node that a peer names.
            && vector.iter().all(|(node, _)| is_known(node));
        if !honest {
            return None;
        }
        let mut clock = self.clock.clone();
        let lamport = clock.receive(*lamport).ok()?;
        self.vector.receive(&self.node, vector).ok()?;
        self.clock = clock;
        Some(lamport)
    }

    /// Of an event that the vector clock counts already.
    fn stamps(&self, now: Now, lamport: lamport::Timestamp) -> Stamps {
        Stamps { wall: now.wall, lamport, hlc: now.stamp, vector: self.vector.clone() }
    }

    /// Sets the timer for the next message: `every` after the last one was due, so that late timers don't slow the
    /// node down, but a node that was stopped for a while doesn't catch up all at once.
    fn wait(&mut self, now: Now, out: &mut Outbox<Self>) {
        self.due = self.due.saturating_add(self.every).max(now.monotonic.saturating_sub(CATCH_UP_MAX));
        out.set_timer_jittered(Timer::Speak, self.due.saturating_sub(now.monotonic), self.every);
    }
}

impl Machine for Gossip {
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Response = u64;
    type Slot = ();
    type Record = ();
    type Note = Note;

    fn start(&mut self, now: Now, _: Boot<'_, Self>, out: &mut Outbox<Self>) {
        self.due = now.monotonic;
        self.wait(now, out);
    }

    fn step(&mut self, now: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        match input {
            Input::Timer(Timer::Speak) => {
                self.speak(now, out);
                self.wait(now, out);
            }
            Input::Message { from, message } => self.listen(now, from, message, out),
            Input::Request { id, request: Request::Hush } => {
                out.cancel_timer(Timer::Speak);
                out.reply(id, self.sent);
            }
            Input::Suspect(_) | Input::Trust(_) | Input::Pace(_) => {}
        }
    }
}

/// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators": one word of state, which is all that a
/// machine needs to be random and deterministic at once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let count = u64::try_from(from.len()).ok().filter(|&count| count > 0)?;
        let index = usize::try_from(self.draw() % count).ok()?;
        from.get(index).copied()
    }
}

/// How far one message may move the Lamport clock: a million events, and a peer that was away for hours is still heard.
const JUMP_MAX: u64 = 1 << 20;

const CATCH_UP_MAX: Duration = Duration::from_millis(100);
