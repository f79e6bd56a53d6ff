//! What a trace says about its clocks: the events of each message are joined, and each clock is asked which came first.
//!
//! A message is received after it was sent: that is causality, and needs no clock. A clock is *wrong* on the edge from
//! the send to the receive if it says otherwise. And of two events neither of which leads to the other, by messages and
//! the order of each node, it is asked whether it can tell: [`Pairs`].

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use spacelike::machine::NodeId;

use crate::trace::{Event, Kind, MessageId, Trace};

pub use pairs::Pairs;

mod pairs;

/// The counts of a trace.
///
/// # Examples
/// A message is received at a wall clock that is slow:
/// ```
/// use std::time::Duration;
/// use spacelike_lab::analysis::Analysis;
/// use spacelike_lab::trace::Trace;
///
/// let trace = Trace::read(&br#"{"format":"spacelike-trace","version":2,"program":"doctest","seed":1,"drift_max_ms":1000,"nodes":[{"node":1,"offset_ms":0,"step":null},{"node":2,"offset_ms":-150,"step":null}]}
/// {"time_ns":1000,"node":1,"kind":"send","message":{"sender":1,"sequence":0},"peer":2,"wall_ns":1700000000000001000,"lamport":1,"hlc":"018bcfe56800-0000","vector":[[1,1]]}
/// {"time_ns":90000,"node":2,"kind":"receive","message":{"sender":1,"sequence":0},"peer":1,"wall_ns":1699999999850090000,"lamport":2,"hlc":"018bcfe56800-0001","vector":[[1,1],[2,1]]}
/// "#[..])?;
///
/// let analysis = Analysis::of(&trace);
/// assert_eq!((analysis.edges, analysis.wall.before, analysis.hlc.wrong()), (1, 1, 0));
/// assert_eq!(analysis.lead_max, Duration::from_millis(150));
/// assert!(analysis.verdict().is_ok());
/// # Ok::<(), spacelike_lab::trace::ReadError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Analysis {
    /// Messages sent.
    pub sent: u64,
    /// Messages received, each delivery counted.
    pub received: u64,
    /// Receives whose send is in the trace: on each, every clock was asked.
    pub edges: u64,
    /// Receives of a message that its receiver had received before. They are edges too.
    pub duplicates: u64,
    /// Receives without a send, of which nothing can be said.
    pub orphans: u64,
    /// Sends of a message that was sent before: nothing can be said of the second, so only the first makes edges.
    pub resends: u64,
    /// The edges as the wall clocks see them.
    pub wall: Tally,
    /// The edges as the Lamport clocks see them.
    pub lamport: Tally,
    /// The edges as the hybrid logical clocks see them.
    pub hlc: Tally,
    /// The edges as the vector clocks see them.
    pub vector: Tally,
    /// The pairs of events, and which of them the clocks tell to be concurrent.
    pub pairs: Pairs,
    /// How often a wall clock went back between two events of its node.
    pub wall_steps_back: u64,
    /// Events at which a node's Lamport clock was not greater than at the event before.
    pub lamport_stalls: u64,
    /// Events at which a node's hybrid logical clock was not greater than at the event before.
    pub hlc_stalls: u64,
    /// Events at which a node's vector clock was not greater than at the event before.
    pub vector_stalls: u64,
    /// How far a hybrid logical clock was ahead of its node's wall clock, at most.
    pub lead_max: Duration,
    /// From the first event to the last.
    pub span: Duration,
    /// Of each node.
    pub nodes: BTreeMap<NodeId, Traffic>,
}

/// On how many edges a clock puts the receive at or before its send.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Tally {
    /// The receive reads less than the send, or, by vector clocks, concurrent to it.
    pub before: u64,
    /// Both read the same, so that the clock can't tell them apart.
    pub equal: u64,
}

impl Tally {
    /// Both: where a logical clock breaks its promise. Of a wall clock, `before` alone is an inversion: it promises
    /// nothing about equal readings.
    pub const fn wrong(self) -> u64 {
        self.before + self.equal
    }

    fn count<T: PartialOrd>(&mut self, send: &T, receive: &T) {
        match send.partial_cmp(receive) {
            Some(Ordering::Less) => {}
            Some(Ordering::Equal) => self.equal += 1,
            Some(Ordering::Greater) | None => self.before += 1,
        }
    }
}

/// What a node did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Traffic {
    /// Messages that it sent.
    pub sent: u64,
    /// Messages that it received.
    pub received: u64,
}

impl Analysis {
    /// Counts. Takes time for a sorted map of the messages and for [`Pairs`]: O(m n log m + m n²) for m events on n nodes; and
    /// memory O(m n).
    pub fn of(trace: &Trace) -> Self {
        let mut analysis = Self::default();
        analysis.nodes.extend(trace.header.nodes.iter().map(|node| (node.node, Traffic::default())));

        let sends = analysis.sends(&trace.events);
        let mut latest: BTreeMap<NodeId, &Event> = BTreeMap::new();
        let mut deliveries: BTreeMap<(MessageId, NodeId), u64> = BTreeMap::new();
        for event in &trace.events {
            if let Some(earlier) = latest.insert(event.node, event) {
                analysis.wall_steps_back += u64::from(event.wall < earlier.wall);
                analysis.lamport_stalls += u64::from(event.lamport <= earlier.lamport);
                analysis.hlc_stalls += u64::from(event.hlc <= earlier.hlc);
                analysis.vector_stalls += u64::from(!earlier.vector.is_lt(&event.vector));
            }
            analysis.lead_max = analysis.lead_max.max(lead(event));
            let traffic = analysis.nodes.entry(event.node).or_default();
            match event.kind {
                Kind::Send => traffic.sent += 1,
                Kind::Receive => {
                    traffic.received += 1;
                    analysis.received += 1;
                    let delivery = deliveries.entry((event.message, event.node)).or_default();
                    analysis.duplicates += u64::from(*delivery > 0);
                    *delivery += 1;
                    match sends.get(&event.message) {
                        Some(send) => analysis.edge(send, event),
                        None => analysis.orphans += 1,
                    }
                }
            }
        }
        analysis.pairs = Pairs::of(&trace.events);
        let times = || trace.events.iter().map(|event| event.time);
        analysis.span = times().max().unwrap_or_default().saturating_sub(times().min().unwrap_or_default());
        analysis
    }

    /// Whether all logical clocks kept their promise, and whether there was anything to keep it on. Lamport and hybrid logical
    /// clocks promise that what was caused is later; vector clocks, that it is later, and that what is later was caused.
    ///
    /// Where receives lack their sends, pairs look concurrent that may not be: then a vector clock that puts them in an order
    /// may well be right.
    ///
    /// # Errors
    /// [`Verdict`] says which promise was broken first, in the order of its variants.
    pub fn verdict(&self) -> Result<(), Verdict> {
        if self.edges == 0 {
            return Err(Verdict::NothingExchanged { sent: self.sent });
        }
        let broken = |clock, tally: Tally, stalls| Verdict::Broken { clock, edges: tally.wrong(), stalls };
        if self.lamport.wrong() + self.lamport_stalls > 0 {
            return Err(broken("Lamport clock", self.lamport, self.lamport_stalls));
        }
        if self.hlc.wrong() + self.hlc_stalls > 0 {
            return Err(broken("hybrid logical clock", self.hlc, self.hlc_stalls));
        }
        if self.vector.wrong() + self.vector_stalls > 0 {
            return Err(broken("vector clock", self.vector, self.vector_stalls));
        }
        // That none is missed the other way round follows: what is caused is so by edges and neighbours, one after the other.
        let missed = self.pairs.concurrent - self.pairs.vector;
        if missed > 0 && self.orphans == 0 {
            return Err(Verdict::Ordered { pairs: missed });
        }
        Ok(())
    }

    /// Messages received for each second between the first event and the last.
    pub fn rate(&self) -> f64 {
        let seconds = self.span.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "for people, who read three digits")]
        if seconds > 0.0 { self.received as f64 / seconds } else { 0.0 }
    }

    /// Indexes the first send of each message.
    fn sends<'a>(&mut self, events: &'a [Event]) -> BTreeMap<MessageId, &'a Event> {
        let mut sends = BTreeMap::new();
        for event in events.iter().filter(|event| event.kind == Kind::Send) {
            self.sent += 1;
            match sends.entry(event.message) {
                Entry::Vacant(vacant) => drop(vacant.insert(event)),
                Entry::Occupied(_) => self.resends += 1,
            }
        }
        sends
    }

    fn edge(&mut self, send: &Event, receive: &Event) {
        self.edges += 1;
        self.wall.count(&send.wall, &receive.wall);
        self.lamport.count(&send.lamport, &receive.lamport);
        self.hlc.count(&send.hlc, &receive.hlc);
        self.vector.count(&send.vector, &receive.vector);
    }
}

/// Why a trace is no evidence for the logical clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Verdict {
    /// There was no edge to check.
    #[error("nothing was exchanged: {sent} messages were sent and none of them received")]
    NothingExchanged {
        /// Messages sent.
        sent: u64,
    },
    /// A logical clock was wrong: a bug of ours, or a forged trace.
    #[error(
        "the {clock} is wrong: on {edges} edges the receive is not after its send, {stalls} events are not after the event before them on their node"
    )]
    Broken {
        /// Which.
        clock: &'static str,
        /// Edges on which it puts the receive at or before the send.
        edges: u64,
        /// Events of a node that it puts at or before the node's event before.
        stalls: u64,
    },
    /// The vector clocks put events in an order, or call them equal, of which neither could have caused the other.
    #[error("the vector clock is wrong: it puts {pairs} pairs of events in an order that are concurrent")]
    Ordered {
        /// How many pairs.
        pairs: u64,
    },
}

/// How far the hybrid logical clock is ahead of the wall clock, in whole milliseconds, as it counts them.
fn lead(event: &Event) -> Duration {
    let millis = u64::try_from(event.wall.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(event.hlc.millis().saturating_sub(millis))
}
