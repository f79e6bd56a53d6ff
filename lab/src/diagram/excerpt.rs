use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use spacelike::machine::NodeId;

use crate::trace::{Event, Kind, MessageId, Trace};

/// The part of a trace that fits on a page: all events of so many messages that were sent one after the other.
#[derive(Debug)]
pub(super) struct Excerpt<'a> {
    /// In true order.
    pub(super) events: Vec<&'a Event>,
    /// From sends to their receives, as indices into `events`.
    pub(super) edges: Vec<Edge>,
    /// Where a node's wall clock went back from one of its events to the next, as indices into `events`.
    pub(super) steps: Vec<(usize, usize)>,
    /// Messages that are shown, received or not.
    pub(super) messages: usize,
    /// From the beginning of the run to the first event, and to the last.
    pub(super) span: (Duration, Duration),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Edge {
    pub(super) send: usize,
    pub(super) receive: usize,
}

impl<'a> Excerpt<'a> {
    /// Chooses the window of about `count` messages that shows most: a wall clock that steps back, well inside, if there
    /// is one; as many wrong edges as right ones; and of equals the one nearest to the step, or to the middle. `None` if nothing was sent.
    pub(super) fn of(trace: &'a Trace, count: usize) -> Option<Self> {
        let mut in_order: Vec<&Event> = trace.events.iter().collect();
        in_order.sort_by_key(|event| event.time);
        let sends: Vec<&Event> = in_order.iter().copied().filter(|event| event.kind == Kind::Send).collect();
        let first = sends.first()?;
        let inverted = inverted(&sends, &in_order);
        let steps = steps(&in_order);

        let count = count.clamp(1, sends.len());
        let middle = first.time.saturating_add(sends.last()?.time) / 2;
        let centre = steps.first().map_or(middle, |&(_, later)| in_order[later].time);
        let windows = (0..=sends.len() - count).map(|start| start..start + count);
        let best = windows.max_by_key(|window| {
            let time = |part: usize| sends[window.start + (count - 1) * part / 4].time;
            let inside = |&&(earlier, later): &&(usize, usize)| {
                time(1) <= in_order[earlier].time && in_order[later].time <= time(3)
            };
            let wrong = inverted[window.end] - inverted[window.start];
            let stepped = steps.iter().filter(inside).count();
            (stepped, wrong.min(count - wrong), Reverse(time(2).abs_diff(centre)))
        })?;

        let shown: BTreeSet<MessageId> = sends[best].iter().map(|send| send.message).collect();
        let in_window = in_order.into_iter().filter(|event| shown.contains(&event.message));
        Some(Self::new(in_window.take(4 * count).collect(), shown.len()))
    }

    fn new(events: Vec<&'a Event>, messages: usize) -> Self {
        let mut sends = BTreeMap::new();
        for (index, event) in events.iter().enumerate().filter(|(_, event)| event.kind == Kind::Send) {
            sends.entry(event.message).or_insert(index);
        }
        let receives = events.iter().enumerate().filter(|(_, event)| event.kind == Kind::Receive);
        let edge = |(receive, event): (usize, &&Event)| {
            sends.get(&event.message).map(|&send| Edge { send, receive })
        };
        let edges = receives.filter_map(edge).collect();
        let time = |event: Option<&&Event>| event.map_or(Duration::ZERO, |event| event.time);
        let span = (time(events.first()), time(events.last()));
        Self { edges, steps: steps(&events), messages, span, events }
    }

    /// How far a wall clock was set back between two events of its node: what it lacks of the time that passed.
    pub(super) fn set_back(&self, earlier: usize, later: usize) -> Duration {
        let (earlier, later) = (self.events[earlier], self.events[later]);
        let passed = later.time.saturating_sub(earlier.time);
        earlier.wall.saturating_add(passed).saturating_sub(later.wall)
    }

    /// The wall clocks put the receive before its send.
    pub(super) fn is_inverted(&self, edge: Edge) -> bool {
        self.events[edge.receive].wall < self.events[edge.send].wall
    }
}

/// For each send, on how many edges before it a wall clock is wrong; one more entry for all.
fn inverted(sends: &[&Event], events: &[&Event]) -> Vec<usize> {
    let mut index_of = BTreeMap::new();
    for (index, send) in sends.iter().enumerate() {
        index_of.entry(send.message).or_insert(index);
    }
    let mut wrong = vec![false; sends.len()];
    for event in events.iter().filter(|event| event.kind == Kind::Receive) {
        if let Some(&index) = index_of.get(&event.message) {
            wrong[index] |= event.wall < sends[index].wall;
        }
    }
    let mut total = 0;
    let mut sums = vec![0];
    sums.extend(wrong.into_iter().map(|wrong| {
        total += usize::from(wrong);
        total
    }));
    sums
}

/// Neighbouring events of a node at which its wall clock went back.
fn steps(events: &[&Event]) -> Vec<(usize, usize)> {
    let mut latest: BTreeMap<NodeId, usize> = BTreeMap::new();
    let step = |(index, event): (usize, &&Event)| {
        let earlier = latest.insert(event.node, index)?;
        (event.wall < events[earlier].wall).then_some((earlier, index))
    };
    events.iter().enumerate().filter_map(step).collect()
}
