use spacelike::machine::NodeId;

use crate::world::stream::{Purpose, Stream};
use crate::world::{Delivery, Link, Partition, Why, nanos};

/// All links of a world, and who is cut off from whom.
#[derive(Debug)]
pub(super) struct Network {
    names: Vec<NodeId>,
    /// From each node to each, row by row.
    ways: Vec<Way>,
    partition: Partition,
}

/// A link, and what became of it so far.
#[derive(Debug)]
struct Way {
    link: Link,
    is_blocked: bool,
    is_bad: bool,
    /// When the latest message that is kept in order arrives.
    last: u64,
    /// Until when it is busy with what waits for its bandwidth.
    busy: u64,
    latency: Stream,
    jitter: Stream,
    loss: Stream,
    duplication: Stream,
    corruption: Stream,
}

/// What became of a message that was handed to its link: when it arrives, once or twice; and whether it is damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Passage {
    pub(super) arrivals: [Option<u64>; 2],
    pub(super) is_damaged: bool,
}

impl Network {
    pub(super) fn new(seed: u64, names: Vec<NodeId>, link: &Link) -> Self {
        let ways = names.iter().flat_map(|&from| names.iter().map(move |&to| Way::new(seed, from, to, link)));
        let ways = ways.collect();
        Self { names, ways, partition: Partition::none() }
    }

    pub(super) fn set(&mut self, from: usize, to: usize, link: Link) {
        self.ways[from * self.names.len() + to].link = link;
    }

    pub(super) fn partition(&mut self, partition: Partition) {
        let names = &self.names;
        let pairs = names.iter().flat_map(|&from| names.iter().map(move |&to| (from, to)));
        for (way, (from, to)) in self.ways.iter_mut().zip(pairs) {
            way.is_blocked = partition.blocks(from, to);
        }
        self.partition = partition;
    }

    pub(super) fn is_blocked(&self, from: usize, to: usize) -> bool {
        self.ways[from * self.names.len() + to].is_blocked
    }

    pub(super) fn delivery(&self, from: usize, to: usize) -> Delivery {
        self.ways[from * self.names.len() + to].link.delivery
    }

    pub(super) fn pass(&mut self, from: usize, to: usize, now: u64, bytes: u64) -> Result<Passage, Why> {
        self.ways[from * self.names.len() + to].pass(now, bytes)
    }
}

impl Way {
    fn new(seed: u64, from: NodeId, to: NodeId, link: &Link) -> Self {
        let stream = |purpose| Stream::new(seed, purpose, from, to);
        Self {
            link: link.clone(),
            is_blocked: false,
            is_bad: false,
            last: 0,
            busy: 0,
            latency: stream(Purpose::Latency),
            jitter: stream(Purpose::Jitter),
            loss: stream(Purpose::Loss),
            duplication: stream(Purpose::Duplication),
            corruption: stream(Purpose::Corruption),
        }
    }

    fn pass(&mut self, now: u64, bytes: u64) -> Result<Passage, Why> {
        if self.is_blocked {
            return Err(Why::Partition);
        }
        let sent = self.send(now, bytes).ok_or(Why::QueueFull)?;
        if self.link.loss.draw(&mut self.is_bad, &mut self.loss) {
            return Err(Why::Loss);
        }
        let is_damaged = self.corruption.chance(self.link.corruption);
        let first = self.arrival(sent);
        let second = self.duplication.chance(self.link.duplication).then(|| self.arrival(sent));
        Ok(Passage { arrivals: [Some(first), second], is_damaged })
    }

    /// When its last byte is on the way; `None` if there is no room for it to wait.
    fn send(&mut self, now: u64, bytes: u64) -> Option<u64> {
        let Some(bandwidth) = self.link.bandwidth else { return Some(now) };
        let rate = u128::from(bandwidth.bytes_per_second.max(1));
        let begins = self.busy.max(now);
        let waiting = u128::from(begins - now) * rate / SECOND;
        if waiting + u128::from(bytes) > u128::from(bandwidth.queue_bytes) {
            return None;
        }
        let takes = u64::try_from((u128::from(bytes) * SECOND).div_ceil(rate)).unwrap_or(u64::MAX);
        self.busy = begins.saturating_add(takes);
        Some(self.busy)
    }

    fn arrival(&mut self, sent: u64) -> u64 {
        let jitter = self.jitter.up_to(nanos(self.link.jitter));
        let arrival = sent.saturating_add(self.link.latency.draw(&mut self.latency)).saturating_add(jitter);
        if !self.link.in_order {
            return arrival;
        }
        self.last = self.last.max(arrival);
        self.last
    }
}

const SECOND: u128 = 1_000_000_000;
