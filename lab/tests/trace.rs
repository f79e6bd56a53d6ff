//! What a trace writes it reads back, and it reads nothing else.
#![cfg(feature = "trace")]

mod planted;

use std::io::{self, BufRead, BufReader, Read};
use std::time::Duration;

use planted::{at, receive, send, set_vectors, trace};
use proptest::prelude::*;
use spacelike::machine::NodeId;
use spacelike::vclock::shiviz::validate;
use spacelike::{hlc, lamport};
use spacelike_lab::trace::{Event, Kind, LINE_MAX, MessageId, NodeHeader, Shiviz, Step, Trace};

proptest! {
    /// Any trace reads back as it was written: every clock over its whole range, without loss.
    #[test]
    fn a_trace_reads_back(header in header(), events in prop::collection::vec(event(), 0..20)) {
        let mut written = trace(2);
        written.header.seed = header.0;
        written.header.program = header.1;
        written.header.nodes[0] = header.2;
        written.events = events;
        prop_assert_eq!(Trace::read(&lines(&written)[..]), Ok(written));
    }

    /// Bytes that are no trace are an error that names a line, never a panic.
    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Trace::read(&bytes[..]).unwrap_err().line >= 1);
        let mut after_a_header = lines(&trace(2));
        after_a_header.extend(b"x");
        after_a_header.extend(bytes);
        prop_assert_eq!(Trace::read(&after_a_header[..]).unwrap_err().line, 2);
    }

    /// A file that ends too early is an error, unless it ends between two lines.
    #[test]
    fn a_cut_trace_is_refused(cut in 1usize..600) {
        let mut whole = trace(2);
        whole.events = vec![send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))];
        let bytes = lines(&whole);
        let cut = cut.min(bytes.len() - 2);
        let ends_a_line = bytes[cut] == b'\n' || bytes[cut - 1] == b'\n';
        prop_assert_eq!(Trace::read(&bytes[..cut]).is_ok(), ends_a_line);
    }
}

/// One event is one line, in the documented form.
#[test]
fn an_event_is_one_line() {
    let mut one = trace(2);
    one.events = vec![send(1, 7, 2, at(1))];
    let text = String::from_utf8(lines(&one)).unwrap();
    assert_eq!(
        text.lines().nth(1),
        Some(concat!(
            r#"{"time_ns":1000000,"node":1,"kind":"send","message":{"sender":1,"sequence":7},"peer":2,"#,
            r#""wall_ns":1700000000001000000,"lamport":1,"hlc":"018bcfe56801-0000","vector":[[1,1]]}"#
        ))
    );
    assert!(text.starts_with(r#"{"format":"spacelike-trace","version":2,"program":"planted","seed":1,"#));
}

/// The log of any part of a trace is one that ShiViz takes, with two lines an event.
#[test]
fn a_part_of_a_trace_is_a_log() {
    let mut whole = trace(3);
    whole.events = vec![
        send(1, 0, 2, at(1)),
        send(1, 1, 3, at(2)),
        receive(2, (1, 0), at(3)),
        send(2, 0, 3, at(4)),
        receive(3, (2, 0), at(5)),
        receive(3, (1, 1), at(6)),
    ];
    set_vectors(&mut whole.events);
    for kept in 1..1 << whole.events.len() {
        let mut part = whole.clone();
        let mut index = 0;
        part.events.retain(|_| {
            index += 1;
            kept >> (index - 1) & 1 == 1
        });
        let log = Shiviz::new(&part);
        let clocks: Vec<_> = part.events.iter().map(|event| (event.node, log.clock(event))).collect();
        assert_eq!(validate(clocks.iter().map(|(node, clock)| (node, clock))), Ok(()), "{kept:b}");
        assert_eq!(log.to_string().lines().count(), 2 + 2 * part.events.len());
    }
    whole.events.drain(..2);
    let expected = [
        "node-2 {\"node-2\":1}",
        "receives 1.0 from node-1, Lamport 3, HLC 018bcfe56803-0000",
        "node-2 {\"node-2\":2}",
        "sends 2.0 to node-3, Lamport 4, HLC 018bcfe56804-0000",
        "node-3 {\"node-2\":2,\"node-3\":1}",
    ];
    let log = Shiviz::new(&whole).to_string();
    assert_eq!(log.lines().skip(2).take(5).collect::<Vec<_>>(), expected);
}

/// Each way in which a line can be wrong is named with its line.
#[test]
fn a_wrong_line_is_named() {
    let mut good = trace(2);
    good.events = vec![send(1, 0, 2, at(1)), receive(2, (1, 0), at(2))];
    let good = String::from_utf8(lines(&good)).unwrap();
    let cases = [
        (1, "\"spacelike-trace\"", "\"other\"", "says format \"other\""),
        (1, "\"version\":2", "\"version\":1", "says version 1: this program reads 2"),
        (1, "{\"node\":2", "{\"node\":1", "lists node 1 twice"),
        (2, "\"node\":1", "\"node\":9", "names node 9"),
        (2, "\"peer\":2", "\"peer\":1", "as both ends"),
        (2, "\"sender\":1", "\"sender\":2", "says that node 1 sent message 2.0"),
        (2, "\"kind\":\"send\"", "\"kind\":\"lost\"", "is malformed"),
        (2, "\"lamport\":1", "\"lamport\":-1", "is malformed"),
        (2, "\"lamport\":1", "\"extra\":1,\"lamport\":1", "is malformed"),
        (2, "-0000\"", "-000g\"", "is malformed"),
        (2, "\"wall_ns\":17", "\"wall_ns\":1.7", "is malformed"),
        (2, "\"time_ns\":1000000", "\"time_ns\":99999999999999999999999999999999", "is malformed"),
        (2, ",\"vector\":[[1,1]]", "", "is malformed"),
        (2, "[[1,1]]", "[[1,0]]", "is malformed"),
        (2, "[[1,1]]", "[[1,1],[1,1]]", "is malformed"),
        (2, "[[1,1]]", "[[2,1],[1,1]]", "is malformed"),
        (2, "[[1,1]]", "[[2,1]]", "has a vector clock that doesn't count node 1, where it happened"),
        (2, "[[1,1]]", "[]", "has a vector clock that doesn't count node 1"),
        (2, "[[1,1]]", "[[1,1],[9,1]]", "names node 9"),
        (3, "\"sequence\":0", "\"sequence\":", "is malformed"),
    ];
    for (line, from, to, message) in cases {
        let mut split: Vec<String> = good.lines().map(str::to_owned).collect();
        assert!(split[line - 1].contains(from), "{from} is in line {line}");
        split[line - 1] = split[line - 1].replacen(from, to, 1);
        let error = Trace::read(split.join("\n").as_bytes()).unwrap_err();
        assert_eq!(error.line, u64::try_from(line).unwrap(), "{from} to {to}: {error}");
        assert!(error.to_string().contains(message), "{from} to {to}: {error}");
    }
    assert_eq!(Trace::read(&b""[..]).unwrap_err().to_string(), "line 1 is missing: the file is empty");
}

/// A line without an end is refused after a bounded number of bytes, whatever follows.
#[test]
fn an_endless_line_costs_bounded_memory() {
    let mut counted = Counted(0);
    let error = Trace::read(BufReader::new(&mut counted)).unwrap_err();
    assert_eq!(error.line, 1);
    assert!(error.to_string().contains("longer than"), "{error}");
    assert!(counted.0 < 2 * LINE_MAX, "{} bytes were read", counted.0);
}

/// A reader that fails is an error of the line where it failed.
#[test]
fn a_failing_reader_is_an_error() {
    let good = lines(&trace(2));
    let error = Trace::read(BufReader::new(good.chain(Failing))).unwrap_err();
    assert_eq!((error.line, error.what.as_str()), (2, "the disk is on fire"));
}

/// An endless stream of spaces that counts what was taken.
struct Counted(usize);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b' ');
        self.0 += buffer.len();
        Ok(buffer.len())
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

fn lines(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.write(&mut bytes).unwrap();
    assert_eq!(bytes.lines().count(), trace.events.len() + 1);
    bytes
}

fn header() -> impl Strategy<Value = (u64, String, NodeHeader)> {
    let step =
        prop::option::of((any::<u64>(), any::<i64>()).prop_map(|(after_ms, by_ms)| Step { after_ms, by_ms }));
    let node =
        (any::<i64>(), step).prop_map(|(offset_ms, step)| NodeHeader { node: NodeId(1), offset_ms, step });
    (any::<u64>(), any::<String>(), node)
}

fn event() -> impl Strategy<Value = Event> {
    let time = || (any::<u64>(), 0..1_000_000_000u32).prop_map(|(s, n)| Duration::new(s, n));
    let hlc = (1..=hlc::Timestamp::MAX.to_u64()).prop_map(|word| hlc::Timestamp::from_u64(word).unwrap());
    (time(), time(), any::<bool>(), any::<u64>(), any::<u64>(), hlc, (1..=u64::MAX, any::<u64>())).prop_map(
        |(time, wall, is_send, sequence, lamport, hlc, (own, other))| Event {
            time,
            node: NodeId(if is_send { 1 } else { 2 }),
            kind: if is_send { Kind::Send } else { Kind::Receive },
            message: MessageId { sender: NodeId(1), sequence },
            peer: NodeId(if is_send { 2 } else { 1 }),
            wall,
            lamport: lamport::Timestamp::new(lamport),
            hlc,
            vector: if is_send {
                [(NodeId(1), own), (NodeId(2), other)]
            } else {
                [(NodeId(1), other), (NodeId(2), own)]
            }
            .into(),
        },
    )
}
