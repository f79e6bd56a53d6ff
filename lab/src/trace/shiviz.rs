use std::fmt::{self, Display};

use spacelike::machine::NodeId;
use spacelike::vclock::shiviz::{Renumber, Writer};
use spacelike::vclock::{Dot, VectorClock};

use crate::trace::{Event, Kind, Trace};

/// A trace as a log for [ShiViz](https://bestchai.bitbucket.io/shiviz/), which draws it and can be asked about it. `Display`
/// writes it.
///
/// Each event has its vector clock, renumbered to those events that the trace has, so that a part of a trace is a log as
/// well. ShiViz draws every event: some hundreds are what one can look at.
///
/// # Examples
/// ```
/// use spacelike_lab::trace::{Shiviz, Trace};
///
/// let mut trace = Trace::read(&br#"{"format":"spacelike-trace","version":2,"program":"doctest","seed":1,"drift_max_ms":1000,"nodes":[{"node":1,"offset_ms":0,"step":null},{"node":2,"offset_ms":0,"step":null}]}
/// {"time_ns":900,"node":1,"kind":"send","message":{"sender":1,"sequence":0},"peer":2,"wall_ns":1700000000000000900,"lamport":1,"hlc":"018bcfe56800-0000","vector":[[1,1]]}
/// {"time_ns":1000,"node":1,"kind":"send","message":{"sender":1,"sequence":1},"peer":2,"wall_ns":1700000000000001000,"lamport":2,"hlc":"018bcfe56800-0001","vector":[[1,2]]}
/// "#[..])?;
/// trace.events.remove(0);
///
/// let log = Shiviz::new(&trace).to_string();
/// let lines: Vec<&str> = log.lines().skip(2).collect();
/// assert_eq!(lines, ["node-1 {\"node-1\":1}", "sends 1.1 to node-2, Lamport 2, HLC 018bcfe56800-0001"]);
/// # Ok::<(), spacelike_lab::trace::ReadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Shiviz<'a> {
    trace: &'a Trace,
    logged: Renumber<NodeId>,
}

impl<'a> Shiviz<'a> {
    /// Of a trace.
    pub fn new(trace: &'a Trace) -> Self {
        let dot = |event: &Event| Dot::new(event.node, event.vector.get(&event.node));
        Self { trace, logged: trace.events.iter().filter_map(dot).collect() }
    }

    /// The clock of an event, as the log has it.
    pub fn clock(&self, event: &Event) -> VectorClock<NodeId> {
        self.logged.renumber(&event.vector)
    }
}

impl Display for Shiviz<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new(f)?;
        for event in &self.trace.events {
            let clock = self.clock(event);
            let entries = clock.iter().map(|(&node, counter)| (Host(node), counter));
            let Event { message, lamport, hlc, .. } = event;
            let (what, peer) = match event.kind {
                Kind::Send => ("sends", format_args!("to {}", Host(event.peer))),
                Kind::Receive => ("receives", format_args!("from {}", Host(event.peer))),
            };
            let text = format_args!("{what} {message} {peer}, Lamport {lamport}, HLC {hlc}");
            writer.event(Host(event.node), entries, text)?;
        }
        Ok(())
    }
}

/// A node among others that have names.
struct Host(NodeId);

impl Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node-{}", self.0)
    }
}
