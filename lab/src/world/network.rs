use spacelike::machine::NodeId;

use crate::world::stream::{Purpose, Stream};
use crate::world::{Bandwidth, Delivery, Link, Partition, Why, nanos};

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

    pub(super) fn set(&mut self, from: usize, to: usize, link: Link, now: u64) {
        self.ways[from * self.names.len() + to].set(link, now);
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

    /// Another link from now on. As many bytes wait for it as before, and take the time that they take now.
    fn set(&mut self, link: Link, now: u64) {
        if link.bandwidth != self.link.bandwidth {
            let waiting = self.link.bandwidth.map_or(0, |bandwidth| self.waiting(bandwidth, now));
            let takes = link.bandwidth.map_or(0, |bandwidth| takes(bandwidth, waiting));
            self.busy = now.saturating_add(takes);
        }
        self.link = link;
    }

    fn pass(&mut self, now: u64, bytes: u64) -> Result<Passage, Why> {
        // Whatever becomes of a message, it draws what it would have drawn: so those after it draw the same.
        let delay = delay(&self.link, &mut self.latency, &mut self.jitter);
        let is_lost = self.link.loss.draw(&mut self.is_bad, &mut self.loss);
        let is_damaged = self.corruption.chance(self.link.corruption);
        let again = self.duplication.chance(self.link.duplication);
        if self.is_blocked {
            return Err(Why::Partition);
        }
        let sent = self.send(now, bytes).ok_or(Why::QueueFull)?;
        if is_lost {
            return Err(Why::Loss);
        }
        let first = self.arrival(sent, delay);
        let second = again.then(|| {
            let delay = delay_of_copy(&self.link, &mut self.duplication);
            self.arrival(sent, delay)
        });
        Ok(Passage { arrivals: [Some(first), second], is_damaged })
    }

    /// When its last byte is on the way; `None` if there is no room for it to wait.
    fn send(&mut self, now: u64, bytes: u64) -> Option<u64> {
        let Some(bandwidth) = self.link.bandwidth else { return Some(now) };
        let bytes = u128::from(bytes);
        if self.waiting(bandwidth, now) + bytes > u128::from(bandwidth.queue_bytes) {
            return None;
        }
        self.busy = self.busy.max(now).saturating_add(takes(bandwidth, bytes));
        Some(self.busy)
    }

    /// How many bytes wait for this bandwidth.
    fn waiting(&self, bandwidth: Bandwidth, now: u64) -> u128 {
        u128::from(self.busy.saturating_sub(now)) * rate(bandwidth) / SECOND
    }

    fn arrival(&mut self, sent: u64, delay: u64) -> u64 {
        let arrival = sent.saturating_add(delay);
        if !self.link.in_order {
            return arrival;
        }
        self.last = self.last.max(arrival);
        self.last
    }
}

fn delay(link: &Link, latency: &mut Stream, jitter: &mut Stream) -> u64 {
    link.latency.draw(latency).saturating_add(jitter.up_to(nanos(link.jitter)))
}

/// A copy draws from a stream of its own, or those after it would draw what they wouldn't without it.
fn delay_of_copy(link: &Link, stream: &mut Stream) -> u64 {
    link.latency.draw(stream).saturating_add(stream.up_to(nanos(link.jitter)))
}

/// In bytes a second.
fn rate(bandwidth: Bandwidth) -> u128 {
    u128::from(bandwidth.bytes_per_second.max(1))
}

/// How long so many bytes take.
fn takes(bandwidth: Bandwidth, bytes: u128) -> u64 {
    u64::try_from((bytes * SECOND).div_ceil(rate(bandwidth))).unwrap_or(u64::MAX)
}

const SECOND: u128 = 1_000_000_000;
