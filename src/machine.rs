//! The spine: a protocol is a [`Machine`], plain data that takes inputs and leaves effects.
//!
//! This is the one thing to read before the protocols. A machine never reads a clock, draws a random number, opens a
//! socket or writes a file. It is handed [`Now`] and an [`Input`], changes itself, and leaves [`Effect`]s in an
//! [`Outbox`]. Whoever runs it, the *driver*, carries them out. So the very same code runs in a model checker (which
//! tries every order of inputs), in a seeded simulator (which makes the inputs go wrong) and on real sockets.
//!
//! # What a driver promises
//!
//! 1. **Start.** [`Machine::start`] comes first, once, on a pristine clone, with what earlier lives made durable.
//! 2. **One at a time.** `start` and `step` never overlap; [`Now::monotonic`] never decreases within one life, and
//!    [`Now::stamp`] is greater than every stamp of an earlier call, also in earlier lives, as long as the
//!    node has its disk.
//! 3. **Durability.** No [`Send`](Effect::Send) or [`Reply`](Effect::Reply) leaves the node until every
//!    [`Persist`](Effect::Persist) emitted before it, in this step or any earlier one, is durable. Stepping goes on
//!    meanwhile. A crash keeps a prefix of the persists, in the order of emission; it may fall between two effects
//!    of one step. A failed write or sync halts the node.
//! 4. **Timers.** A timer fires once, at `after` or later, with a random addition of at most `jitter` drawn by the
//!    driver. Setting a timer that is set moves it. A cancelled timer never fires, and a restart cancels all.
//! 5. **Incarnation.** [`Boot::incarnation`] grows with every start and is never reused, not even after a lost disk.
//!
//! # What a driver does not promise
//!
//! The network may lose, duplicate, delay and reorder. `from` is the peer that the transport authenticated, and what
//! it says may be a lie. [`Suspect`](Input::Suspect) may be wrong: it may steer effort, never safety. `Now::wall` may
//! jump in either direction.
//!
//! # What a machine promises
//!
//! It is deterministic: the same inputs leave the same effects. Its state has no hash maps (their order differs
//! between runs), no floats, no atomics and no keys. It doesn't send to itself: its own vote is counted inside.
//!
//! # Examples
//!
//! A counter that answers every request and remembers across crashes:
//!
//! ```
//! use std::collections::BTreeMap;
//! use core::time::Duration;
//! use spacelike::hlc;
//! use spacelike::machine::{Boot, Effect, Input, Machine, Now, Outbox, RequestId};
//!
//! /// Hands out each number once, whatever crashes.
//! #[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
//! struct Tickets {
//!     next: u64,
//! }
//!
//! impl Machine for Tickets {
//!     type Message = ();
//!     type Timer = ();
//!     type Request = ();
//!     type Response = u64;
//!     type Slot = ();
//!     type Record = u64;
//!     type Note = ();
//!
//!     fn start(&mut self, _: Now, boot: Boot<'_, Self>, _: &mut Outbox<Self>) {
//!         self.next = boot.durable.get(&()).copied().unwrap_or(0);
//!     }
//!
//!     fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
//!         if let Input::Request { id, .. } = input {
//!             let ticket = self.next;
//!             self.next += 1;
//!             out.persist((), self.next); // the reply below waits until this is on disk
//!             out.reply(id, ticket);
//!         }
//!     }
//! }
//!
//! // A driver in miniature: it runs the machine, crashes, and starts a pristine clone on what was durable.
//! let mut clock = hlc::LocalClock::new(Duration::ZERO);
//! let mut now = || {
//!     let wall = Duration::from_secs(1_700_000_000);
//!     Now { monotonic: Duration::ZERO, wall, error: None, stamp: clock.tick(wall).unwrap() }
//! };
//! let mut disk = BTreeMap::new();
//! let mut out = Outbox::new();
//!
//! let mut machine = Tickets::default();
//! machine.start(now(), Boot { incarnation: 1, durable: &disk }, &mut out);
//! machine.step(now(), Input::Request { id: RequestId(7), request: () }, &mut out);
//! for effect in out.drain() {
//!     match effect {
//!         Effect::Persist { slot, record: Some(record) } => drop(disk.insert(slot, record)),
//!         Effect::Reply { id, response } => assert_eq!((id, response), (RequestId(7), 0)),
//!         other => unreachable!("{other:?}"),
//!     }
//! }
//!
//! let mut machine = Tickets::default();
//! machine.start(now(), Boot { incarnation: 2, durable: &disk }, &mut out);
//! assert_eq!(machine, Tickets { next: 1 }); // ticket 0 is never handed out again
//! ```

use alloc::collections::BTreeMap;
use alloc::vec::{self, Vec};
use core::fmt::{self, Debug, Display};
use core::hash::Hash;
use core::time::Duration;

use crate::hlc;

/// A protocol as plain data: inputs go in, effects come out. The [module](self) says what drivers and machines
/// promise each other.
///
/// One type plays every role of one world (a replica and its clients are variants of one enum), so that a driver needs
/// to know a single message type.
pub trait Machine: Clone + Eq + Hash + Debug {
    /// What nodes send each other.
    type Message: Clone + Ord + Hash + Debug;
    /// Names a timer. Setting a timer again under one name moves it.
    type Timer: Copy + Ord + Hash + Debug;
    /// What a client of this node asks.
    type Request: Clone + Ord + Hash + Debug;
    /// What it is answered.
    type Response: Clone + Ord + Hash + Debug;
    /// Names a durable record. A slot holds the last record written to it.
    type Slot: Clone + Ord + Hash + Debug;
    /// A durable record.
    type Record: Clone + Ord + Hash + Debug;
    /// What a trace should show, and no peer sees.
    type Note: Clone + Ord + Hash + Debug;

    /// Begins a life of this node, on a pristine clone, from what its earlier lives made durable.
    fn start(&mut self, now: Now, boot: Boot<'_, Self>, out: &mut Outbox<Self>);

    /// Takes one input.
    fn step(&mut self, now: Now, input: Input<Self>, out: &mut Outbox<Self>);
}

/// A node of the world, as the driver's configuration numbers it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct NodeId(pub u32);

impl Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// A request to this node in this life, as the driver numbers it. A reply repeats it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct RequestId(pub u64);

/// The only clock a machine has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Now {
    /// Time since an origin that the driver chose and keeps for one life of the node. Never decreases. Timeouts are
    /// measured with it.
    pub monotonic: Duration,
    /// Time since the Unix epoch, as the operating system tells it. May jump in either direction.
    pub wall: Duration,
    /// How far `wall` may be from the truth, either way; `None` where nobody vouches for it.
    pub error: Option<Duration>,
    /// The hybrid logical clock: greater than the stamp of every earlier call on this node and, when the input is a
    /// message whose stamp the [`Monitor`](crate::monitor::Monitor) accepted, than the sender's stamp.
    pub stamp: hlc::Timestamp,
}

/// What a node finds when it begins a life.
#[derive(Debug)]
pub struct Boot<'a, M: Machine> {
    /// Greater than in every earlier life of this node. Put it into whatever must not be mistaken for an earlier
    /// life's (ballots, actors of version vectors).
    pub incarnation: u64,
    /// Each slot's last durable record.
    pub durable: &'a BTreeMap<M::Slot, M::Record>,
}

/// What happens to a machine.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Input<M: Machine> {
    /// A peer's message arrived.
    Message {
        /// The peer, as the transport authenticated it. Never the node itself.
        from: NodeId,
        /// What it sent. It may be a lie.
        message: M::Message,
    },
    /// A client of this node asks.
    Request {
        /// Repeated in the [`Reply`](Effect::Reply).
        id: RequestId,
        /// What it asks.
        request: M::Request,
    },
    /// A timer that was set and not cancelled since.
    Timer(M::Timer),
    /// The failure detector suspects a peer. It may be wrong.
    Suspect(NodeId),
    /// The failure detector trusts a peer again.
    Trust(NodeId),
    /// How long a step of progress took of late, for sizing timeouts.
    Pace(Duration),
}

/// What a machine wants done.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Effect<M: Machine> {
    /// Send to a peer, once all that was persisted before is durable. At most once: the network may lose it.
    Send {
        /// The peer. Never the node itself.
        to: NodeId,
        /// What to send.
        message: M::Message,
    },
    /// Set a timer, or move the one of this name.
    SetTimer {
        /// Its name.
        timer: M::Timer,
        /// It fires at this delay, or later.
        after: Duration,
        /// At most this much is added at random, by the driver.
        jitter: Duration,
    },
    /// Cancel a timer. It will not fire, also when it was due already.
    CancelTimer(M::Timer),
    /// Write a slot (`Some`) or clear it (`None`). Later sends and replies wait until it is durable.
    Persist {
        /// The slot.
        slot: M::Slot,
        /// Its new record.
        record: Option<M::Record>,
    },
    /// Answer a client's request, once all that was persisted before is durable.
    Reply {
        /// The request's id.
        id: RequestId,
        /// The answer.
        response: M::Response,
    },
    /// Show this in the trace.
    Note(M::Note),
}

/// Collects a step's effects, in order.
///
/// The driver keeps one and drains it after every call, so that stepping allocates nothing once it is warm.
///
/// # Examples
/// The order of effects has a meaning: a send waits for the persists before it, not for those after it.
/// ```
/// # use spacelike::machine::*;
/// # use core::time::Duration;
/// # #[derive(Clone, PartialEq, Eq, Hash, Debug)] struct M;
/// # impl Machine for M {
/// #     type Message = &'static str; type Timer = (); type Request = (); type Response = (); type Slot = u8;
/// #     type Record = u8; type Note = ();
/// #     fn start(&mut self, _: Now, _: Boot<'_, Self>, _: &mut Outbox<Self>) {}
/// #     fn step(&mut self, _: Now, _: Input<Self>, _: &mut Outbox<Self>) {}
/// # }
/// let mut out = Outbox::<M>::new();
/// out.persist(0, 42);
/// out.broadcast([NodeId(1), NodeId(2)], &"vote");
/// out.set_timer((), Duration::from_millis(100));
/// assert_eq!(out.effects().len(), 4);
/// assert_eq!(out.effects()[1], Effect::Send { to: NodeId(1), message: "vote" });
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Outbox<M: Machine> {
    effects: Vec<Effect<M>>,
}

impl<M: Machine> Outbox<M> {
    /// An empty one. No allocation.
    pub const fn new() -> Self {
        Self { effects: Vec::new() }
    }

    /// Sends `message` to a peer: [`Effect::Send`].
    pub fn send(&mut self, to: NodeId, message: M::Message) {
        self.push(Effect::Send { to, message });
    }

    /// Sends `message` to each of `to`, one [`Effect::Send`] each, in their order.
    pub fn broadcast(&mut self, to: impl IntoIterator<Item = NodeId>, message: &M::Message) {
        for to in to {
            self.send(to, message.clone());
        }
    }

    /// Sets a timer, or moves it: [`Effect::SetTimer`] without jitter.
    pub fn set_timer(&mut self, timer: M::Timer, after: Duration) {
        self.set_timer_jittered(timer, after, Duration::ZERO);
    }

    /// Sets a timer, or moves it, to fire between `after` and `after + jitter`: [`Effect::SetTimer`].
    pub fn set_timer_jittered(&mut self, timer: M::Timer, after: Duration, jitter: Duration) {
        self.push(Effect::SetTimer { timer, after, jitter });
    }

    /// Cancels a timer: [`Effect::CancelTimer`].
    pub fn cancel_timer(&mut self, timer: M::Timer) {
        self.push(Effect::CancelTimer(timer));
    }

    /// Writes a slot: [`Effect::Persist`].
    pub fn persist(&mut self, slot: M::Slot, record: M::Record) {
        self.push(Effect::Persist { slot, record: Some(record) });
    }

    /// Clears a slot: [`Effect::Persist`] without a record.
    pub fn forget(&mut self, slot: M::Slot) {
        self.push(Effect::Persist { slot, record: None });
    }

    /// Answers a request: [`Effect::Reply`].
    pub fn reply(&mut self, id: RequestId, response: M::Response) {
        self.push(Effect::Reply { id, response });
    }

    /// Leaves a note in the trace: [`Effect::Note`].
    pub fn note(&mut self, note: M::Note) {
        self.push(Effect::Note(note));
    }

    /// Adds any effect.
    pub fn push(&mut self, effect: Effect<M>) {
        self.effects.push(effect);
    }

    /// The effects so far, in order.
    pub fn effects(&self) -> &[Effect<M>] {
        &self.effects
    }

    /// Takes all effects out, in order, and keeps the memory.
    pub fn drain(&mut self) -> vec::Drain<'_, Effect<M>> {
        self.effects.drain(..)
    }
}

impl<M: Machine> Default for Outbox<M> {
    fn default() -> Self {
        Self::new()
    }
}
