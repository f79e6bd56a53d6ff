//! A space-time diagram of a run as one page of HTML: it needs no network, no server and nothing beside it.
//!
//! One line a node, messages as arrows, in the order of whichever clock the reader chooses: the true one, the wall
//! clocks, Lamport's or the hybrid logical ones. An arrow that runs backwards is a clock that got causality wrong.
//!
//! The page is made of a template, a style sheet and a script, which lie beside this file. What comes from the trace
//! reaches it in two ways: as escaped text, and as JSON that the script reads.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write};
use std::time::Duration;

use serde::Serialize;
use spacelike::hlc;

use crate::analysis::Analysis;
use crate::diagram::excerpt::{Edge, Excerpt};
use crate::trace::{Kind, NodeHeader, Trace};

mod excerpt;

/// The page. `Display` writes it.
///
/// # Examples
/// ```
/// use spacelike_lab::analysis::Analysis;
/// use spacelike_lab::diagram::Diagram;
/// use spacelike_lab::trace::{Header, Trace};
///
/// let trace = Trace { header: Header::new("<b>mine</b>", 1), events: vec![] };
/// let page = Diagram::new(&trace, &Analysis::of(&trace)).to_string();
/// assert!(page.starts_with("<!doctype html>"));
/// assert!(page.contains("&lt;b&gt;mine&lt;/b&gt;"));
/// ```
#[derive(Debug)]
pub struct Diagram<'a> {
    trace: &'a Trace,
    analysis: &'a Analysis,
    excerpt: Option<Excerpt<'a>>,
}

impl<'a> Diagram<'a> {
    /// How many messages a page shows.
    pub const MESSAGES: usize = 36;

    /// Of a trace and its analysis. It draws the [`MESSAGES`](Self::MESSAGES) that show most: around a wall clock that
    /// steps back, and where wrong edges and right ones are mixed.
    pub fn new(trace: &'a Trace, analysis: &'a Analysis) -> Self {
        Self { trace, analysis, excerpt: Excerpt::of(trace, Self::MESSAGES) }
    }
}

impl Display for Diagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The template is ours, so each mark is there once; what is put in for one is not searched for the next.
        let mut rest = TEMPLATE;
        while let Some((before, after)) = rest.split_once("{{") {
            f.write_str(before)?;
            let (mark, after) = after.split_once("}}").unwrap_or((after, ""));
            self.fill(mark.trim(), f)?;
            rest = after;
        }
        f.write_str(rest)
    }
}

impl Diagram<'_> {
    fn fill(&self, mark: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match mark {
            "style" => f.write_str(STYLE),
            "script" => f.write_str(SCRIPT),
            "edges" => write!(f, "{}", self.analysis.edges),
            "wall" => write!(f, "{}", self.analysis.wall.before),
            "lamport" => write!(f, "{}", self.analysis.lamport.wrong()),
            "vector" => write!(f, "{}", self.analysis.vector.wrong()),
            "concurrent" => write!(f, "{}", self.analysis.pairs.concurrent),
            "found" => write!(f, "{}", self.analysis.pairs.vector),
            "hlc" => write!(f, "{}", self.analysis.hlc.wrong()),
            "lead" => write!(f, "{}", self.analysis.lead_max.as_millis()),
            "lede" => self.lede(f),
            "summary" => self.summary(f),
            "rows" => self.rows(f),
            "clocks" => self.clocks(f),
            "program" => write!(f, "{}", Escaped(&self.trace.header.program)),
            "seed" => write!(f, "{}", self.trace.header.seed),
            "data" => self.data(f),
            _ => unreachable!("the template asks for {mark}"),
        }
    }

    /// What the whole run says, in a sentence.
    fn lede(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Analysis { edges, wall, lamport, hlc, vector, .. } = self.analysis;
        match (*edges, wall.before, lamport.wrong() + hlc.wrong() + vector.wrong()) {
            (0, ..) => f.write_str("No message was received in this run, so there is nothing to compare."),
            (_, 0, 0) => write!(
                f,
                "All {edges} messages were received after they were sent, and every clock says so: no wall clock was wrong by more than a message takes."
            ),
            (_, wrong, 0) => write!(
                f,
                "{wrong} of {edges} messages were received <em>before they were sent</em>, if you ask the wall clocks. Lamport clocks, hybrid logical clocks (HLC) and vector clocks put every one of them in the right order."
            ),
            (_, _, broken) => write!(
                f,
                "A logical clock is broken: {broken} times a receive was not put after its send. This should never be seen."
            ),
        }
    }

    /// What the excerpt shows, for the caption and for whoever can't see it.
    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(excerpt) = &self.excerpt else {
            return f.write_str("Nothing was sent, so nothing is drawn.");
        };
        let nodes: BTreeSet<_> = excerpt.events.iter().map(|event| event.node).collect();
        let wrong = excerpt.edges.iter().filter(|&&edge| excerpt.is_inverted(edge)).count();
        let (from, to) = excerpt.span;
        write!(
            f,
            "{} of {} messages, between {} nodes, from {:.3} s to {:.3} s after the run began. The wall clocks get {wrong} of them the wrong way round.",
            excerpt.messages,
            self.analysis.sent,
            nodes.len(),
            from.as_secs_f64(),
            to.as_secs_f64(),
        )?;
        for &(earlier, later) in &excerpt.steps {
            let (node, back) = (excerpt.events[later].node, excerpt.set_back(earlier, later));
            write!(
                f,
                " The wall clock of node {node} is set back by {} ms in between.",
                rounded_millis(back)
            )?;
        }
        Ok(())
    }

    fn rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(excerpt) = &self.excerpt else { return Ok(()) };
        for (index, send) in excerpt.events.iter().enumerate().filter(|(_, event)| event.kind == Kind::Send) {
            let mut edges = excerpt.edges.iter().filter(|edge| edge.send == index).peekable();
            if edges.peek().is_none() {
                writeln!(
                    f,
                    "<tr><th scope=\"row\">{}</th><td>{} → {}</td><td>{}</td><td colspan=\"2\">not received</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    send.message,
                    send.node,
                    send.peer,
                    TimeOfDay(send.wall),
                    send.lamport,
                    Hlc(send.hlc),
                    send.vector,
                )?;
            }
            for &edge in edges {
                Self::row(f, excerpt, edge)?;
            }
        }
        Ok(())
    }

    fn row(f: &mut fmt::Formatter<'_>, excerpt: &Excerpt<'_>, edge: Edge) -> fmt::Result {
        let (send, receive) = (excerpt.events[edge.send], excerpt.events[edge.receive]);
        let (class, verdict) = match excerpt.is_inverted(edge) {
            true => (" class=\"wrong\"", "before"),
            false if send.wall == receive.wall => ("", "at once"),
            false => ("", "after"),
        };
        writeln!(
            f,
            "<tr{class}><th scope=\"row\">{}</th><td>{} → {}</td><td>{}</td><td>{}</td><td>{verdict}, {} ms</td><td>{} → {}</td><td>{} → {}</td><td>{} → {}</td></tr>",
            send.message,
            send.node,
            receive.node,
            TimeOfDay(send.wall),
            TimeOfDay(receive.wall),
            millis(send.wall.abs_diff(receive.wall)),
            send.lamport,
            receive.lamport,
            Hlc(send.hlc),
            Hlc(receive.hlc),
            send.vector,
            receive.vector,
        )
    }

    fn clocks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.trace.header.nodes {
            writeln!(f, "<li>node {}: {}</li>", node.node, Escaped(&offset(node)))?;
        }
        Ok(())
    }

    fn data(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.excerpt.as_ref().map(|excerpt| Data::new(self.trace, excerpt)).unwrap_or_default();
        let json = serde_json::to_string(&data).map_err(|_| fmt::Error)?;
        write!(f, "{}", EscapedJson(&json))
    }
}

/// What the script draws.
#[derive(Serialize, Default)]
struct Data {
    nodes: Vec<NodeData>,
    events: Vec<EventData>,
    edges: Vec<EdgeData>,
    steps: Vec<StepData>,
}

#[derive(Serialize)]
struct NodeData {
    name: String,
    clock: String,
}

#[derive(Serialize)]
struct EventData {
    /// Index of its node.
    node: usize,
    kind: Kind,
    message: String,
    peer: String,
    time: String,
    wall: String,
    lamport: String,
    hlc: String,
    vector: String,
    /// From 0 to 1, for each axis: as the order of its clock has it, evenly spaced ...
    even: [f64; 4],
    /// ... and to the scale of its clock.
    scale: [f64; 4],
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each clock has its say")]
struct EdgeData {
    send: usize,
    receive: usize,
    /// The wall clock puts the receive before the send.
    wrong: bool,
    /// By how much the wall clocks say that the receive is later, or earlier.
    wall: String,
    lamport: bool,
    hlc: bool,
    vector: bool,
}

#[derive(Serialize)]
struct StepData {
    from: usize,
    to: usize,
    by: String,
}

impl Data {
    fn new(trace: &Trace, excerpt: &Excerpt<'_>) -> Self {
        let events = &excerpt.events;
        // Listed in the header or not: a trace made by hand may lack one.
        let listed = trace.header.nodes.iter().map(|node| node.node);
        let nodes: BTreeSet<_> = listed.chain(events.iter().map(|event| event.node)).collect();
        let nodes: Vec<_> = nodes.into_iter().collect();
        let axes = [
            Axis::new(events.iter().map(|event| event.time.as_nanos())),
            Axis::new(events.iter().map(|event| event.wall.as_nanos())),
            Axis::new(events.iter().map(|event| event.lamport.get().into())),
            Axis::new(events.iter().map(|event| event.hlc.to_u64().into())),
        ];
        let origin = excerpt.span.0;
        Self {
            nodes: nodes
                .iter()
                .map(|&node| NodeData {
                    name: format!("node {node}"),
                    clock: trace
                        .header
                        .nodes
                        .iter()
                        .find(|header| header.node == node)
                        .map_or_else(String::new, offset),
                })
                .collect(),
            events: events
                .iter()
                .enumerate()
                .map(|(index, event)| EventData {
                    node: nodes.iter().position(|&node| node == event.node).unwrap_or(0),
                    kind: event.kind,
                    message: event.message.to_string(),
                    peer: format!("node {}", event.peer),
                    time: format!("+{} ms", millis(event.time.saturating_sub(origin))),
                    wall: TimeOfDay(event.wall).to_string(),
                    lamport: event.lamport.to_string(),
                    hlc: Hlc(event.hlc).to_string(),
                    vector: event.vector.to_string(),
                    even: axes.each_ref().map(|axis| axis.even[index]),
                    scale: axes.each_ref().map(|axis| axis.scale[index]),
                })
                .collect(),
            edges: excerpt.edges.iter().map(|&edge| EdgeData::new(excerpt, edge)).collect(),
            steps: excerpt
                .steps
                .iter()
                .map(|&(from, to)| {
                    let by = format!("{} ms", rounded_millis(excerpt.set_back(from, to)));
                    StepData { from, to, by }
                })
                .collect(),
        }
    }
}

impl EdgeData {
    fn new(excerpt: &Excerpt<'_>, edge: Edge) -> Self {
        let (send, receive) = (excerpt.events[edge.send], excerpt.events[edge.receive]);
        let wrong = excerpt.is_inverted(edge);
        let apart = millis(send.wall.abs_diff(receive.wall));
        Self {
            send: edge.send,
            receive: edge.receive,
            wrong,
            wall: format!("{apart} ms {}", if wrong { "before it was sent" } else { "later" }),
            lamport: receive.lamport > send.lamport,
            hlc: receive.hlc > send.hlc,
            vector: receive.vector > send.vector,
        }
    }
}

/// Where the events lie by one clock, from 0 to 1.
struct Axis {
    even: Vec<f64>,
    scale: Vec<f64>,
}

impl Axis {
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    fn new(readings: impl Iterator<Item = u128> + Clone) -> Self {
        let distinct: BTreeSet<u128> = readings.clone().collect();
        let distinct: Vec<u128> = distinct.into_iter().collect();
        let (first, last) = (distinct.first().copied().unwrap_or(0), distinct.last().copied().unwrap_or(0));
        let part = |of: f64, whole: f64| if whole > 0.0 { (of / whole * 1e5).round() / 1e5 } else { 0.5 };
        let even = |reading| {
            let rank = distinct.partition_point(|&other| other < reading);
            part(rank as f64, distinct.len().saturating_sub(1) as f64)
        };
        let scale = |reading| part((reading - first) as f64, (last - first) as f64);
        Self { even: readings.clone().map(even).collect(), scale: readings.map(scale).collect() }
    }
}

/// What was done to a wall clock, for a label: "+150 ms", "right, then 400 ms back".
fn offset(node: &NodeHeader) -> String {
    let mut text = match node.offset_ms {
        0 => "right".to_owned(),
        offset => format!("{offset:+}{NBSP}ms").replace('-', "\u{2212}"), // a minus is as wide as a plus
    };
    if let Some(step) = node.step {
        let way = if step.by_ms < 0 { "back" } else { "ahead" };
        let _ = write!(text, ", then {}{NBSP}ms{NBSP}{way}", step.by_ms.unsigned_abs()); // a String takes everything
    }
    text
}

/// Milliseconds with microseconds behind the point.
fn millis(time: Duration) -> String {
    format!("{}.{:03}", time.as_millis(), time.subsec_micros() % 1_000)
}

fn rounded_millis(time: Duration) -> u128 {
    (time.as_micros() + 500) / 1_000
}

/// The time of the day in UTC, to the microsecond.
struct TimeOfDay(Duration);

impl Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{hour:02}:{minute:02}:{second:02}.{:06}", self.0.subsec_micros())
    }
}

/// The physical part as the time of the day, and the counter.
struct Hlc(hlc::Timestamp);

impl Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rfc3339 = self.0.rfc3339().to_string();
        let time = rfc3339.split_once('T').map_or(&*rfc3339, |(_, time)| time);
        write!(f, "{} + {}", time.trim_end_matches('Z'), self.0.counter())
    }
}

/// Text in HTML.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// JSON inside a script element, which ends at the first `</script`. All of these can only stand inside a string.
struct EscapedJson<'a>(&'a str);

impl Display for EscapedJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => write!(f, "\\u{:04x}", u32::from(c)),
            c => f.write_char(c),
        })
    }
}

/// Keeps a number and its unit on one line.
const NBSP: char = '\u{a0}';

const TEMPLATE: &str = include_str!("diagram/template.html");
const STYLE: &str = include_str!("diagram/style.css");
const SCRIPT: &str = include_str!("diagram/script.js");

#[cfg(test)]
mod tests {
    use super::EscapedJson;

    /// No text can end the script element that its JSON stands in, and it is read back as it was.
    #[test]
    fn json_cannot_end_its_script() {
        let hostile = "</script><!-- & \u{2028}\u{2029} \" \\";
        let json = EscapedJson(&serde_json::to_string(hostile).unwrap()).to_string();
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }
}
