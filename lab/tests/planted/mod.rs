//! Traces made by hand, for the tests of what reads them.

use std::time::Duration;

use spacelike::machine::NodeId;
use spacelike::{hlc, lamport};
use spacelike_lab::trace::{Event, Header, Kind, MessageId, NodeHeader, Trace};

/// A trace of `nodes` nodes, numbered from 1, with right clocks and nothing in it.
pub(crate) fn trace(nodes: u32) -> Trace {
    let mut header = Header::new("planted", 1);
    header.drift_max_ms = 1_000;
    header.nodes = (1..=nodes).map(|n| NodeHeader { node: NodeId(n), offset_ms: 0, step: None }).collect();
    Trace { header, events: Vec::new() }
}

/// The readings of an event.
#[derive(Clone, Copy)]
pub(crate) struct At {
    /// True time, in microseconds.
    pub(crate) time: u64,
    /// Wall clock, in microseconds after [`BASE`].
    pub(crate) wall: i64,
    pub(crate) lamport: u64,
    /// Milliseconds after [`BASE`], and counter.
    pub(crate) hlc: (u64, u16),
}

/// A right reading of every clock at `millis` after the beginning.
pub(crate) fn at(millis: u64) -> At {
    At {
        time: millis * 1_000,
        wall: i64::try_from(millis).unwrap() * 1_000,
        lamport: millis,
        hlc: (millis, 0),
    }
}

pub(crate) fn send(from: u32, sequence: u64, to: u32, at: At) -> Event {
    event(Kind::Send, from, (from, sequence), to, at)
}

pub(crate) fn receive(at_node: u32, (from, sequence): (u32, u64), at: At) -> Event {
    event(Kind::Receive, at_node, (from, sequence), from, at)
}

fn event(kind: Kind, node: u32, (sender, sequence): (u32, u64), peer: u32, at: At) -> Event {
    let base = i64::try_from(BASE * 1_000).unwrap();
    Event {
        time: Duration::from_micros(at.time),
        node: NodeId(node),
        kind,
        message: MessageId { sender: NodeId(sender), sequence },
        peer: NodeId(peer),
        wall: Duration::from_micros(u64::try_from(base + at.wall).unwrap()),
        lamport: lamport::Timestamp::new(at.lamport),
        hlc: hlc::Timestamp::new(BASE + at.hlc.0, at.hlc.1).unwrap(),
    }
}

/// In milliseconds since the Unix epoch: 2023-11-14T22:13:20Z.
pub(crate) const BASE: u64 = 1_700_000_000_000;
