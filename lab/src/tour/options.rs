use std::collections::BTreeMap;
use std::time::Duration;

use spacelike::machine::NodeId;

use crate::tour::Pause;
use crate::tour::retries::Workload;
use crate::trace::{Header, NodeHeader, Step};

/// What to run. The default is what `spacelike` runs without arguments.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use spacelike_lab::tour::{Options, OptionsError};
///
/// let mut options = Options { rate: 10.0, ..Options::new(3, Duration::from_secs(1)) };
/// assert_eq!(options.check(), Ok(()));
///
/// options.offsets_ms = vec![5_000];
/// assert!(matches!(options.check(), Err(OptionsError::DriftTooLarge { .. })));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// How many nodes, from 2 to [`NODES_MAX`](Self::NODES_MAX).
    pub nodes: u32,
    /// How long they talk.
    pub duration: Duration,
    /// How many messages each sends in a second.
    pub rate: f64,
    /// How far each node's wall clock is ahead of the system's, in node order. Nodes beyond the list are right.
    pub offsets_ms: Vec<i64>,
    /// The nodes whose wall clock is moved in the middle of it.
    pub steps: BTreeMap<NodeId, Step>,
    /// Decides who is told what.
    pub seed: u64,
    /// The first node's port, and the others' after it; zero for any that are free.
    pub port: u16,
    /// How far ahead of its wall clock a node lets a stamp be.
    pub drift_max: Duration,
    /// The node that is stopped for a while.
    pub pause: Option<Pause>,
    /// What clients that retry ask for, once the nodes have talked. That is a [`Trial`](crate::tour::retries::Trial)'s to run, and no
    /// part of what a [`Tour`](crate::tour::Tour) does.
    pub retries: Option<Workload>,
}

impl Options {
    /// As many as a reader can tell apart, and as a process may have sockets for.
    pub const NODES_MAX: u32 = 16;
    /// The shortest run.
    pub const DURATION_MIN: Duration = Duration::from_millis(100);
    /// The longest run.
    pub const DURATION_MAX: Duration = Duration::from_secs(3_600);
    /// The most messages a second a node: a timer is no finer than a millisecond.
    pub const RATE_MAX: f64 = 1_000.0;
    /// The most messages of a run, all of which are held in memory with their clocks: of 16 nodes, about 1 GB.
    pub const MESSAGES_MAX: u64 = 1_000_000;
    /// The greatest offset or step, and the greatest `drift_max`: a day.
    pub const SKEW_MAX: Duration = Duration::from_secs(86_400);
    /// The shortest pause that there is by default: the others need about 300 ms to notice.
    pub const PAUSE_MIN: Duration = Duration::from_millis(400);
    /// The shortest run with clients that retry by default: they need about as long.
    pub const RETRIES_MIN: Duration = Duration::from_secs(2);

    /// So many nodes for so long: the first's clock is fast, the second's is slow, and the last one's is set back in the
    /// middle of the run. Another one is stopped for a quarter of the time, if that is long enough. Clients retry if it is
    /// [`RETRIES_MIN`](Self::RETRIES_MIN) or longer. The rest as by default.
    pub fn new(nodes: u32, duration: Duration) -> Self {
        let after_ms = u64::try_from(duration.as_millis() / 2).unwrap_or(u64::MAX);
        // Not the last: where a node is silent, a step of its clock can't be seen.
        let node = NodeId(nodes.saturating_sub(1).max(1));
        let pause = Pause { node, after: duration / 5 * 2, time: duration / 4 };
        Self {
            nodes,
            duration,
            rate: 40.0,
            offsets_ms: vec![150, -150],
            steps: BTreeMap::from([(NodeId(nodes), Step { after_ms, by_ms: -400 })]),
            seed: 1,
            port: 0,
            drift_max: Duration::from_secs(1),
            pause: Some(pause).filter(|pause| pause.time >= Self::PAUSE_MIN),
            retries: (duration >= Self::RETRIES_MIN).then(Workload::default),
        }
    }

    /// Whether this can be run.
    ///
    /// # Errors
    /// [`OptionsError`], which says what to change.
    pub fn check(&self) -> Result<(), OptionsError> {
        if !(2..=Self::NODES_MAX).contains(&self.nodes) {
            return Err(OptionsError::Nodes { nodes: self.nodes });
        }
        if !(Self::DURATION_MIN..=Self::DURATION_MAX).contains(&self.duration) {
            return Err(OptionsError::Duration { duration: self.duration });
        }
        // NaN is in no range.
        if !(0.1..=Self::RATE_MAX).contains(&self.rate) {
            return Err(OptionsError::Rate { rate: self.rate });
        }
        let messages = self.rate * self.duration.as_secs_f64() * f64::from(self.nodes);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        if messages > Self::MESSAGES_MAX as f64 {
            return Err(OptionsError::TooMuch { messages });
        }
        if self.offsets_ms.len() > self.nodes as usize {
            return Err(OptionsError::OffsetsWithoutNode {
                offsets: self.offsets_ms.len(),
                nodes: self.nodes,
            });
        }
        for (&node, step) in &self.steps {
            if !self.ids().any(|id| id == node) {
                return Err(OptionsError::StepWithoutNode { node, nodes: self.nodes });
            }
            if Duration::from_millis(step.after_ms) >= self.duration {
                return Err(OptionsError::StepTooLate { node, duration: self.duration });
            }
        }
        if let Some(Pause { node, after, time }) = self.pause {
            if !self.ids().any(|id| id == node) {
                return Err(OptionsError::PauseWithoutNode { node, nodes: self.nodes });
            }
            if after.saturating_add(time) >= self.duration {
                return Err(OptionsError::PauseTooLate { node, duration: self.duration });
            }
        }
        if let Some(workload) = &self.retries {
            workload.check()?;
        }
        let skews = self.offsets_ms.iter().copied().chain(self.steps.values().map(|step| step.by_ms));
        if let Some(skew_ms) =
            skews.into_iter().find(|skew| u128::from(skew.unsigned_abs()) > Self::SKEW_MAX.as_millis())
        {
            return Err(OptionsError::Skew { skew_ms });
        }
        if self.drift_max > Self::SKEW_MAX {
            return Err(OptionsError::DriftMax { drift_max: self.drift_max });
        }
        let spread = self.spread();
        if spread > self.drift_max {
            return Err(OptionsError::DriftTooLarge { spread, drift_max: self.drift_max });
        }
        if self.port != 0 && u32::from(self.port) + self.nodes - 1 > u32::from(u16::MAX) {
            return Err(OptionsError::Port { port: self.port, nodes: self.nodes });
        }
        Ok(())
    }

    /// The nodes' names, from 1.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.nodes).map(NodeId)
    }

    /// How far this node's wall clock is ahead of the system's at the beginning.
    pub fn offset_ms(&self, node: NodeId) -> i64 {
        let index = node.0.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.offsets_ms.get(index)).copied().unwrap_or(0)
    }

    /// Where this node is to listen, zero for any port. Call it on options that were [checked](Self::check).
    pub(super) fn port_of(&self, node: NodeId) -> u16 {
        let above = u16::try_from(node.0.saturating_sub(1)).unwrap_or(u16::MAX);
        if self.port == 0 { 0 } else { self.port.saturating_add(above) }
    }

    /// How far two of the wall clocks are apart at most: a stamp, which may have come from any of them, can be so far
    /// ahead of the node that receives it.
    pub fn spread(&self) -> Duration {
        let skews = || {
            self.ids().flat_map(|node| {
                let before = self.offset_ms(node);
                let by = self.steps.get(&node).map_or(0, |step| step.by_ms);
                [before, before.saturating_add(by)]
            })
        };
        let (least, most) = (skews().min().unwrap_or(0), skews().max().unwrap_or(0));
        Duration::from_millis(most.abs_diff(least))
    }

    /// The trace's first line.
    pub(super) fn header(&self) -> Header {
        let mut header =
            Header::new(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")), self.seed);
        header.drift_max_ms = u64::try_from(self.drift_max.as_millis()).unwrap_or(u64::MAX);
        header.nodes = self
            .ids()
            .map(|node| NodeHeader {
                node,
                offset_ms: self.offset_ms(node),
                step: self.steps.get(&node).copied(),
            })
            .collect();
        header
    }
}

/// Five nodes for five seconds.
impl Default for Options {
    fn default() -> Self {
        Self::new(5, Duration::from_secs(5))
    }
}

/// These options can't be run. Nothing was begun.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Too few or too many nodes.
    #[error("--nodes {nodes}: it takes from 2 to {} nodes", Options::NODES_MAX)]
    Nodes {
        /// How many.
        nodes: u32,
    },
    /// Too short or too long.
    #[error("--seconds {}: a run takes from {} to {}", duration.as_secs_f64(), Options::DURATION_MIN.as_secs_f64(), Options::DURATION_MAX.as_secs())]
    Duration {
        /// How long.
        duration: Duration,
    },
    /// Too seldom or too often, or not a number.
    #[error("--rate {rate:?}: a node sends from 0.1 to {} messages a second", Options::RATE_MAX)]
    Rate {
        /// How often.
        rate: f64,
    },
    /// More messages than fit.
    #[error(
        "about {messages:.0} messages would be sent, and {} are the most: lower --nodes, --rate or --seconds",
        Options::MESSAGES_MAX
    )]
    TooMuch {
        /// How many.
        messages: f64,
    },
    /// More offsets than nodes.
    #[error("--offset names {offsets} clocks, and there are {nodes} nodes")]
    OffsetsWithoutNode {
        /// How many offsets.
        offsets: usize,
        /// How many nodes.
        nodes: u32,
    },
    /// A step of a node that isn't there.
    #[error("--step names node {node}, and the nodes are 1 to {nodes}")]
    StepWithoutNode {
        /// Which.
        node: NodeId,
        /// How many nodes.
        nodes: u32,
    },
    /// A step after the end.
    #[error("--step of node {node} comes after the end: the run takes {} s", duration.as_secs_f64())]
    StepTooLate {
        /// Which node's.
        node: NodeId,
        /// How long the run takes.
        duration: Duration,
    },
    /// A pause of a node that isn't there.
    #[error("--pause names node {node}, and the nodes are 1 to {nodes}")]
    PauseWithoutNode {
        /// Which.
        node: NodeId,
        /// How many nodes.
        nodes: u32,
    },
    /// A pause that lasts until after the end.
    #[error("--pause of node {node} lasts until after the end: the run takes {} s", duration.as_secs_f64())]
    PauseTooLate {
        /// Which node's.
        node: NodeId,
        /// How long the run takes.
        duration: Duration,
    },
    /// Too few or too many requests.
    #[error("--retries: {requests} requests, and it takes from 1 to {}", Workload::REQUESTS_MAX)]
    Requests {
        /// How many.
        requests: u32,
    },
    /// Too many messages would be lost.
    #[error("--retries: {loss} % of the messages lost, and at most {} % may be", Workload::LOSS_MAX)]
    Loss {
        /// How many of a hundred.
        loss: u8,
    },
    /// More messages would be doubled than there are.
    #[error("--retries: {duplication} % of the messages doubled, and there are 100 %")]
    Duplication {
        /// How many of a hundred.
        duplication: u8,
    },
    /// A clock that is off by more than a day.
    #[error("a clock that is {skew_ms} ms off: an offset or step is at most a day, {} ms", Options::SKEW_MAX.as_millis())]
    Skew {
        /// How far off.
        skew_ms: i64,
    },
    /// A drift that is too generous.
    #[error("--drift-max {drift_max:?}: at most a day, {} s", Options::SKEW_MAX.as_secs())]
    DriftMax {
        /// How generous.
        drift_max: Duration,
    },
    /// Clocks so far apart that nodes would refuse each other's stamps.
    #[error(
        "the wall clocks would be up to {spread:?} apart, and a node refuses stamps more than {drift_max:?} ahead: make --offset and --step smaller, or --drift-max greater"
    )]
    DriftTooLarge {
        /// How far apart.
        spread: Duration,
        /// How far ahead a stamp may be.
        drift_max: Duration,
    },
    /// The last node's port would be above 65535.
    #[error("--port {port}: {nodes} nodes take that many ports from it on, and the last is 65535")]
    Port {
        /// The first node's.
        port: u16,
        /// How many nodes.
        nodes: u32,
    },
}
