//! Traces made by hand, for the tests of what reads them.

#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use spacelike::machine::NodeId;
use spacelike::vclock::VectorClock;
use spacelike::{hlc, lamport};
use spacelike_lab::trace::{Event, Header, Kind, MessageId, NodeHeader, Trace};

/// A trace of `nodes` nodes, numbered from 1, with right clocks and nothing in it.
pub(crate) fn trace(nodes: u32) -> Trace {
    let mut header = Header::new("planted", 1);
    header.drift_max_ms = 1_000;
    header.nodes = (1..=nodes).map(|n| NodeHeader { node: NodeId(n), offset_ms: 0, step: None }).collect();
    Trace { header, events: Vec::new() }
}

/// Sets the right vector clocks: node by node, each receive as soon as its send is done.
pub(crate) fn set_vectors(events: &mut [Event]) {
    for event in &mut *events {
        event.vector = VectorClock::new();
    }
    loop {
        let next = |patient: bool| {
            (0..events.len()).find(|&index| {
                let event = &events[index];
                let is_turn = || events[..index].iter().all(|e| e.node != event.node || !e.vector.is_empty());
                let cause = cause(events, index);
                event.vector.is_empty()
                    && is_turn()
                    && (!patient || cause.is_none_or(|e| !e.vector.is_empty()))
            })
        };
        // On a circle of messages, whoever is first doesn't wait.
        let Some(index) = next(true).or_else(|| next(false)) else { return };
        let node = events[index].node;
        let before = events[..index].iter().rfind(|event| event.node == node);
        let mut vector = before.map_or_else(VectorClock::new, |event| event.vector.clone());
        if let Some(cause) = cause(events, index) {
            vector.merge(&cause.vector);
        }
        vector.tick(&node).unwrap();
        events[index].vector = vector;
    }
}

/// The first send of the message that an event receives.
pub(crate) fn cause(events: &[Event], index: usize) -> Option<&Event> {
    let receive = &events[index];
    let is_cause = |send: &&Event| send.kind == Kind::Send && send.message == receive.message;
    if receive.kind == Kind::Receive { events.iter().find(is_cause) } else { None }
}

/// The readings of an event, but for the vector clock.
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
        vector: VectorClock::from([(NodeId(node), 1)]),
    }
}

/// In milliseconds since the Unix epoch: 2023-11-14T22:13:20Z.
pub(crate) const BASE: u64 = 1_700_000_000_000;
