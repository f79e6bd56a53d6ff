//! What happened in a run, one line of JSON an event, so that anything can look at it afterwards.
//!
//! The first line is the [`Header`]: what was run, and on which nodes. Every further line is an [`Event`]: one message
//! sent or received, with the readings of each clock. Within a node the lines are in the order in which it lived them;
//! across nodes they are sorted by `time_ns`.
//!
//! ```json
//! {"format":"spacelike-trace","version":2,"program":"spacelike-lab 0.1.0","seed":1,"drift_max_ms":1000,"nodes":[...]}
//! {"time_ns":1204,"node":1,"kind":"send","message":{"sender":1,"sequence":0},"peer":2,"wall_ns":1700000000150001204,"lamport":1,"hlc":"018bcfe56896-0000","vector":[[1,1]]}
//! {"time_ns":98317,"node":2,"kind":"receive","message":{"sender":1,"sequence":0},"peer":1,"wall_ns":1699999999850098317,"lamport":2,"hlc":"018bcfe56896-0001","vector":[[1,1],[2,1]]}
//! ```
//!
//! | field | what it says |
//! |---|---|
//! | `time_ns` | nanoseconds since the run began, on one monotonic clock that all nodes share: the true order |
//! | `node` | the node that this happened on |
//! | `kind` | `send` or `receive` |
//! | `message` | the message's name: who sent it, and which of its messages it is |
//! | `peer` | the other end: the addressee of a send, the sender of a receive |
//! | `wall_ns` | the node's wall clock, in nanoseconds since the Unix epoch (an exact integer, above 2^53) |
//! | `lamport` | the node's Lamport clock |
//! | `hlc` | the node's hybrid logical clock: 12 hexadecimal digits of milliseconds, 4 of counter |
//! | `vector` | the node's vector clock: pairs of a node and how many of its events are seen, ascending, without zeros |
//!
//! [`Shiviz`] writes a trace as a log for ShiViz.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

pub use event::{Event, Kind, MessageId};
pub use header::{Header, NodeHeader, Step};
pub use shiviz::Shiviz;

pub use crate::lines::{LINE_MAX, ReadError};
use crate::lines::{parse, read_line};

mod event;
mod header;
mod shiviz;
mod units;

/// A run: its header and its events.
///
/// # Examples
/// ```
/// use spacelike_lab::trace::{Header, Trace};
///
/// let trace = Trace { header: Header::new("doctest", 1), events: vec![] };
/// let mut file = Vec::new();
/// trace.write(&mut file)?;
/// assert_eq!(Trace::read(&file[..])?, trace);
///
/// file.extend(b"{\"node\":");
/// assert_eq!(Trace::read(&file[..]).unwrap_err().line, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// What was run.
    pub header: Header,
    /// What happened. Each node's events are in the order in which it lived them.
    pub events: Vec<Event>,
}

impl Trace {
    /// Writes the lines. Buffer and flush are the caller's.
    ///
    /// # Errors
    /// Whatever `to` fails with.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, &self.header)?;
        to.write_all(b"\n")?;
        for event in &self.events {
            serde_json::to_writer(&mut to, event)?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads what [`write`](Self::write) wrote, and nothing else: a line that it can't have written is an error. Holds
    /// the trace in memory, and of each line at most [`LINE_MAX`] bytes.
    ///
    /// # Errors
    /// [`ReadError`] names the line and what is wrong with it.
    pub fn read(mut from: impl BufRead) -> Result<Self, ReadError> {
        let mut line = Vec::new();
        let mut number = 1;
        if !read_line(&mut from, &mut line, number)? {
            return Err(ReadError::at(number, "is missing: the file is empty"));
        }
        let header: Header = parse(&line, number)?;
        header.check().map_err(|what| ReadError::at(number, what))?;
        let nodes: BTreeSet<_> = header.nodes.iter().map(|node| node.node).collect();

        let mut events = Vec::new();
        loop {
            number += 1;
            if !read_line(&mut from, &mut line, number)? {
                return Ok(Self { header, events });
            }
            let event: Event = parse(&line, number)?;
            event.check(&nodes).map_err(|what| ReadError::at(number, what))?;
            events.push(event);
        }
    }
}
