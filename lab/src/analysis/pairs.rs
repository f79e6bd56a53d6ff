use std::collections::BTreeMap;

use spacelike::machine::NodeId;

use crate::trace::{Event, Kind};

/// What a trace says of its pairs of events on different nodes: whether one of them could have caused the other, and what
/// the clocks say to that.
///
/// The truth comes from the trace alone, not from any clock: an event could have caused another if it leads to it by the
/// order of each node's own events and by messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Pairs {
    /// Of these, one could have caused the other.
    pub ordered: u64,
    /// Of these, neither could have caused the other: they are concurrent.
    pub concurrent: u64,
    /// Concurrent pairs that Lamport clocks show to be so: those whose stamps are equal. They put all others in an order.
    pub lamport: u64,
    /// Concurrent pairs that hybrid logical clocks show to be so: those whose stamps are equal.
    pub hlc: u64,
    /// Concurrent pairs that vector clocks call concurrent.
    pub vector: u64,
    /// Ordered pairs that vector clocks don't put in their order.
    pub misordered: u64,
}

impl Pairs {
    /// Counts without enumerating: O(m n² + m n log m) time and O(m n) memory for m events on n nodes. What vector clocks say
    /// is exact if they grow on each node.
    pub(super) fn of(events: &[Event]) -> Self {
        let lines = Lines::of(events);
        let mut pairs = Self {
            lamport: lines.equal_pairs(|event| event.lamport),
            hlc: lines.equal_pairs(|event| event.hlc),
            ..Self::default()
        };
        let mut taken_for_ordered = 0;
        for one in 0..lines.0.len() {
            for other in (0..lines.0.len()).filter(|other| *other != one) {
                taken_for_ordered += pairs.add(&lines, one, other);
            }
        }
        pairs.vector = pairs.concurrent.saturating_sub(taken_for_ordered);
        pairs
    }

    /// Adds the pairs of two lines as seen from the first. For each of its events, the other line falls into three parts:
    /// what is before it, what is concurrent, and what is after it. All borders only move forward. Returns how many events
    /// of the concurrent parts are before it by their vector clocks.
    fn add(&mut self, lines: &Lines<'_>, one: usize, other: usize) -> u64 {
        let others = &lines.0[other][..];
        let (mut until, mut less, mut at_most) = (0, 0, 0);
        let mut taken_for_ordered = 0;
        for (place, Placed { event, past }) in lines.0[one].iter().enumerate() {
            let before = past[other];
            advance(&mut until, others, |other| other.past[one] <= place);
            advance(&mut less, others, |other| other.event.vector < event.vector);
            advance(&mut at_most, others, |other| other.event.vector <= event.vector);
            self.ordered += count(before);
            self.misordered += count(before.saturating_sub(less));
            // Both lines see each concurrent pair, and each pair of equal clocks: there they count once.
            let ordered = if one < other { at_most } else { less };
            if one < other {
                self.concurrent += count(until.saturating_sub(before));
            }
            taken_for_ordered += count(ordered.min(until).saturating_sub(before));
        }
        taken_for_ordered
    }
}

/// Moves a border on for as long as that holds.
fn advance<'a>(border: &mut usize, line: &[Placed<'a>], mut holds: impl FnMut(&Placed<'a>) -> bool) {
    while line.get(*border).is_some_and(&mut holds) {
        *border += 1;
    }
}

/// Each node's events, in its order.
struct Lines<'a>(Vec<Vec<Placed<'a>>>);

/// An event, and how many events of each line lead to it. On its own line, itself is among them.
struct Placed<'a> {
    event: &'a Event,
    past: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(events: &'a [Event]) -> Self {
        let mut queues: BTreeMap<NodeId, Vec<&Event>> = BTreeMap::new();
        for event in events {
            queues.entry(event.node).or_default().push(event);
        }
        let queues: Vec<Vec<&Event>> = queues.into_values().collect();
        // Of two sends of one message, the first counts.
        let mut sends = BTreeMap::new();
        for (line, queue) in queues.iter().enumerate() {
            for (place, event) in queue.iter().enumerate().filter(|(_, event)| event.kind == Kind::Send) {
                sends.entry(event.message).or_insert((line, place));
            }
        }
        let cause = |event: &Event| match event.kind {
            Kind::Send => None,
            Kind::Receive => sends.get(&event.message).copied(),
        };

        let mut lines = Self(queues.iter().map(|_| Vec::new()).collect());
        loop {
            let mut stuck = true;
            for (line, queue) in queues.iter().enumerate() {
                while let Some(&event) = queue.get(lines.0[line].len()) {
                    let cause = cause(event);
                    if cause.is_some_and(|(line, place)| lines.0[line].len() <= place) {
                        break;
                    }
                    lines.push(line, event, cause);
                    stuck = false;
                }
            }
            if stuck {
                // Nothing is left, or each receive waits for a send that waits for another. No clock can be right on such a
                // circle, so that it doesn't matter where it is cut.
                let next =
                    |(line, queue): (usize, &Vec<&'a Event>)| Some((line, *queue.get(lines.0[line].len())?));
                let Some((line, event)) = queues.iter().enumerate().find_map(next) else { return lines };
                lines.push(line, event, None);
            }
        }
    }

    fn push(&mut self, line: usize, event: &'a Event, cause: Option<(usize, usize)>) {
        let mut past = self.0[line].last().map_or_else(|| vec![0; self.0.len()], |last| last.past.clone());
        if let Some((line, place)) = cause {
            for (past, cause) in past.iter_mut().zip(&self.0[line][place].past) {
                *past = (*past).max(*cause);
            }
        }
        past[line] = self.0[line].len() + 1;
        self.0[line].push(Placed { event, past });
    }

    /// How many concurrent pairs have equal stamps. A clock that gives one stamp to events in an order is wrong about them,
    /// and finds nothing.
    fn equal_pairs<T: Ord>(&self, stamp: impl Fn(&Event) -> T) -> u64 {
        let of_line = |(line, events): (usize, &Vec<_>)| (0..events.len()).map(move |place| (line, place));
        let at_place = |(line, place): (usize, usize)| &self.0[line][place];
        let mut stamped: Vec<_> = self.0.iter().enumerate().flat_map(of_line).collect();
        // Stable: those of one stamp stay in the order of their lines, and those of one line in their own.
        stamped.sort_by_cached_key(|&at| stamp(at_place(at).event));
        let mut found = 0;
        for equals in
            stamped.chunk_by(|&left, &right| stamp(at_place(left).event) == stamp(at_place(right).event))
        {
            let lines: Vec<&[_]> = equals.chunk_by(|left, right| left.0 == right.0).collect();
            for &(line, place) in equals {
                for others in lines.iter().filter(|others| others[0].0 > line) {
                    let before = at_place((line, place)).past[others[0].0];
                    let before = others.partition_point(|other| other.1 < before);
                    let until = others.partition_point(|&other| at_place(other).past[line] <= place);
                    found += count(until.saturating_sub(before));
                }
            }
        }
        found
    }
}

fn count(len: usize) -> u64 {
    len as u64
}
