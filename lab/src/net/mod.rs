//! A driver that runs any [`Machine`](spacelike::machine::Machine) over TCP, on tokio, with real clocks and real files.
//!
//! It keeps the driver's side of the [contract](spacelike::machine), and this is how.
//!
//! # Connections
//! One per direction between two nodes: who dials sends messages, who accepts only answers. The first frame is a hello
//! (cluster, both node ids, the dialer's incarnation, version), and a wrong one is refused, logged and counted by its
//! [`Refusal`]. Every message carries the stamp of the step that sent it. Keepalives go one way and their answers the
//! other, so that both ends notice when the other is gone without a word; a lost connection is dialed again after a
//! wait that doubles up to a cap, with jitter.
//!
//! Messages are sent at most once: what was in a connection when it broke is lost.
//!
//! # Who is alive
//! Every [period](spacelike::monitor::Detection::period) a heartbeat goes out on each connection: its number, and when it left
//! by the sender's monotonic clock. It comes from the loop that steps the machine, so it speaks for that and not only for a
//! socket; the disk doesn't hold it back. In a queue there is one at most, before all messages, and one that hasn't left gives
//! way to the next: beats that wait in a backlog would keep the dead alive. At the other end they pass by the inbox, and the
//! [`Monitor`](spacelike::monitor::Monitor) makes suspicions of them, of which the machine is told by
//! [`Input::Suspect`](spacelike::machine::Input::Suspect) and [`Input::Trust`](spacelike::machine::Input::Trust).
//! [`Node::peers`] shows phi of each peer, [`Node::changes`] who was suspect and when.
//!
//! Messages are no evidence of life: one that waited in a socket is as old as it is, and the beat before it says how old.
//! A node whose inbox is full reads no beats either, and may come to suspect peers that it keeps waiting.
//!
//! # When something is full
//! - A peer's queue: the *oldest* message goes, and is counted. Peers that are gone cost memory up to the queue's bounds.
//! - The inbox: nothing more is read from the sockets until the machine has caught up, so TCP makes the senders wait. If
//!   that lasts, they take us for half-open, and dial again.
//! - Requests: [`Node::request`] waits.
//! - What waits for the disk: the machine takes no input until the disk has caught up. Below that bound, stepping goes on
//!   while the disk works.
//!
//! # Whom we believe
//! Only loopback addresses are listened on and dialed, since peers are not authenticated yet: whoever can reach the port
//! and knows the cluster's number can say that it is a peer. What such a liar can't do is cost unbounded memory, make
//! the node panic, or unseat a peer with anything but a well-formed hello: a second connection of one peer takes the
//! first one's place only if it is of a later life, or a later attempt of the same life; else it is refused as
//! [`Refusal::Stale`]. Strangers, which haven't said hello, are few and have little time; when there are too many the
//! oldest goes, so that a crowd that says nothing doesn't keep peers out. A heartbeat speaks for the peer whose connection it
//! came over, and what it says counts for that connection only: a lie is forgotten with it.
//!
//! # The disk
//! A thread of its own writes what has gathered as one batch with one sync, while the machine goes on. Whatever was
//! emitted after a persist is held until that is durable. A write or sync that fails halts the node, and nothing leaves
//! it any more. The file also holds the bound of the hybrid logical clock's stamps and the incarnation: at least one more
//! than the last, and drawn from the wall clock and random bits, so that a lost disk doesn't bring one back. The
//! [`slots`](crate::slots) say what they find out about a disk that lies.
//!
//! # Examples
//! Two nodes on loopback. One pings, the other answers, and the request is answered when the pong is back:
//!
//! ```
//! use std::collections::BTreeMap;
//! use serde::{Deserialize, Serialize};
//! use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox, RequestId};
//! use spacelike_lab::clocks::OsClocks;
//! use spacelike_lab::net::{Config, Listener, Node};
//!
//! #[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
//! struct Pinger {
//!     asked: Option<RequestId>,
//! }
//!
//! #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
//! enum Message {
//!     Ping,
//!     Pong,
//! }
//!
//! impl Machine for Pinger {
//!     type Message = Message;
//!     type Timer = ();
//!     type Request = NodeId;
//!     type Response = NodeId;
//!     type Slot = ();
//!     type Record = ();
//!     type Note = ();
//!
//!     fn start(&mut self, _: Now, _: Boot<'_, Self>, _: &mut Outbox<Self>) {}
//!
//!     fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
//!         match input {
//!             Input::Request { id, request: to } => {
//!                 self.asked = Some(id);
//!                 out.send(to, Message::Ping);
//!             }
//!             Input::Message { from, message: Message::Ping } => out.send(from, Message::Pong),
//!             Input::Message { from, message: Message::Pong } => {
//!                 if let Some(id) = self.asked.take() {
//!                     out.reply(id, from);
//!                 }
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let (one, two) = (NodeId(1), NodeId(2));
//! let listeners = [Listener::bind("127.0.0.1:0".parse()?)?, Listener::bind("127.0.0.1:0".parse()?)?];
//! let [at_one, at_two] = listeners.each_ref().map(Listener::local_addr);
//! let [on_one, on_two] = listeners;
//!
//! let config = Config::new(7, one, BTreeMap::from([(two, at_two)]));
//! let alice = Node::start(on_one, config, Pinger::default(), OsClocks::new(), |_| {}).await?;
//! let config = Config::new(7, two, BTreeMap::from([(one, at_one)]));
//! let bob = Node::start(on_two, config, Pinger::default(), OsClocks::new(), |_| {}).await?;
//!
//! assert_eq!(alice.request(two).await?, two);
//!
//! let stats = alice.shutdown().await?;
//! assert_eq!((stats.sent, stats.received), (1, 1));
//! bob.shutdown().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod backoff;
mod config;
mod dial;
mod engine;
mod error;
mod frame;
mod health;
mod listener;
mod node;
mod pauses;
mod pulses;
mod queue;
mod random;
mod stats;
mod storage;

pub use config::{Config, Limits, OnDrift, Slots};
pub use error::{BindError, Halted, Refusal, RequestError, StartError};
pub use health::Health;
pub use listener::Listener;
pub use node::{Node, NoteAt, Runnable, Wire};
pub use stats::Stats;
