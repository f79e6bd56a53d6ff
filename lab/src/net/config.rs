use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use spacelike::machine::NodeId;
use spacelike::monitor::{Detection, Settings};

use crate::net::StartError;
use crate::slots::Disk;

/// How a node runs.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use std::collections::BTreeMap;
/// use spacelike::machine::NodeId;
/// use spacelike_lab::net::{Config, Limits, OnDrift, Slots};
///
/// let peers = BTreeMap::from([(NodeId(2), "127.0.0.1:4002".parse()?)]);
/// let mut config = Config::new(7, NodeId(1), peers);
/// config.slots = Slots::Folder("/var/lib/example/node-1".into());
/// config.on_drift = OnDrift::Refuse;
/// config.limits = Limits { queue_max: 64, ..Limits::default() };
/// assert_eq!(config.drift_max, Duration::from_millis(500));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// The cluster: nodes of another one are refused.
    pub cluster: u64,
    /// This node.
    pub node: NodeId,
    /// The other nodes, and where they listen.
    pub peers: BTreeMap<NodeId, SocketAddr>,
    /// Where durable records go. [`Slots::Memory`] unless set.
    pub slots: Slots,
    /// How far ahead of our wall clock a peer's stamp may be. 500 ms unless set, a day at most.
    pub drift_max: Duration,
    /// How far ahead of the wall clock, beyond `drift_max`, stamps are reserved on the disk. 3 s unless set. Every half of
    /// it costs a sync, a disk that stalls for half of it stops the node, and a start after a crash may have to wait for
    /// all of it. From a millisecond to a day.
    pub reserve: Duration,
    /// What becomes of a message whose stamp is farther ahead. [`OnDrift::Deliver`] unless set.
    pub on_drift: OnDrift,
    /// How often heartbeats go out, and what is made of a peer's silence. As
    /// [`Detection::default`] has it unless set: a peer counts as suspect after about two and a half seconds.
    pub detection: Detection,
    /// What peers may cost us.
    pub limits: Limits,
    /// What the jitter of timers and reconnects is drawn from, together with the node id. Zero unless set.
    pub seed: u64,
}

impl Config {
    /// Everything else as the fields say.
    pub fn new(cluster: u64, node: NodeId, peers: BTreeMap<NodeId, SocketAddr>) -> Self {
        Self {
            cluster,
            node,
            peers,
            slots: Slots::Memory,
            drift_max: Settings::default().drift_max,
            reserve: Settings::default().reserve,
            on_drift: OnDrift::Deliver,
            detection: Detection::default(),
            limits: Limits::default(),
            seed: 0,
        }
    }

    pub(super) fn check(&self) -> Result<(), StartError> {
        if self.peers.contains_key(&self.node) {
            return Err(StartError::OwnId(self.node));
        }
        let mut taken = BTreeMap::new();
        for (&peer, &address) in &self.peers {
            if !is_loopback(address) {
                return Err(StartError::NotLoopback { peer, address });
            }
            if let Some(other) = taken.insert(address, peer) {
                return Err(StartError::SameAddress { address, peers: [other, peer] });
            }
        }
        let ranges = [
            ("drift_max", self.drift_max, Duration::ZERO..=WAIT_MAX),
            ("reserve", self.reserve, RESERVE_MIN..=WAIT_MAX),
        ];
        for (name, value, range) in ranges {
            if !range.contains(&value) {
                return Err(StartError::Limit { name });
            }
        }
        if let Some(name) = self.detection.out_of_range() {
            return Err(StartError::Limit { name });
        }
        self.limits.check()
    }
}

/// Where durable records go.
#[derive(Debug)]
#[non_exhaustive]
pub enum Slots {
    /// Nowhere: each start is a first start, and whatever is persisted counts as durable at once.
    Memory,
    /// A folder of the file system, this node's alone. It is made if it isn't there.
    Folder(PathBuf),
    /// A disk of the caller's, such as one that fails on purpose.
    Disk(Box<dyn Disk>),
}

/// What becomes of a message whose stamp is too far ahead of our wall clock. Its stamp is counted, and not taken over,
/// either way.
///
/// An honest peer whose wall clock was set back is such a peer: its stamps don't go back with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum OnDrift {
    /// The machine takes it. The step's stamp may be less than the message's.
    #[default]
    Deliver,
    /// It is thrown away: nothing of such a peer is heard until its wall clock has caught up.
    Refuse,
}

/// What peers may cost us, and how long we wait for them. No wait may be longer than a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest frame, in bytes, in both directions: 1 MiB by default. A longer message of our own is dropped and
    /// counted, a longer one of a peer's costs it the connection.
    pub frame_max: usize,
    /// How many messages wait for one peer: 1,024 by default. When the queue is full the oldest goes.
    pub queue_max: usize,
    /// How many bytes of messages wait for one peer: 8 MiB by default. The oldest go, down to one.
    pub queue_bytes_max: usize,
    /// How many messages of all peers wait for the machine: 1,024 by default. When they do, nothing more is read
    /// from the sockets, and TCP makes the senders wait.
    pub inbox_max: usize,
    /// How many encoded bytes of messages of all peers wait for the machine: 8 MiB by default, and never less than a
    /// frame. The same happens.
    pub inbox_bytes_max: usize,
    /// How many requests may be under way: 1,024 by default. Further ones wait.
    pub requests_max: usize,
    /// How many sends, replies and persists may wait for the disk: 65,536 by default. When they do, the machine takes
    /// no input until the disk has caught up.
    pub held_max: usize,
    /// The same in bytes: 64 MiB by default.
    pub held_bytes_max: usize,
    /// How many connections may be open that haven't said hello: 64 by default. When one more comes, the oldest goes.
    pub strangers_max: usize,
    /// How long connecting and saying hello may take, together: 2 s by default.
    pub hello_timeout: Duration,
    /// How often a connection is checked: 1 s by default.
    pub keepalive: Duration,
    /// How long a connection may be silent before it counts as half-open and is closed: 5 s by default.
    pub idle_timeout: Duration,
    /// The first wait before a reconnect: 50 ms by default. Doubles with every failure; at most half of it is taken off
    /// at random.
    pub backoff_min: Duration,
    /// The longest wait before a reconnect: 2 s by default.
    pub backoff_max: Duration,
    /// How long a clean shutdown waits for peers to take what they were sent: 1 s by default.
    pub flush_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_max: 1 << 20,
            queue_max: 1_024,
            queue_bytes_max: 8 << 20,
            inbox_max: 1_024,
            inbox_bytes_max: 8 << 20,
            requests_max: 1_024,
            held_max: 65_536,
            held_bytes_max: 64 << 20,
            strangers_max: 64,
            hello_timeout: Duration::from_secs(2),
            keepalive: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(5),
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(2),
            flush_timeout: Duration::from_secs(1),
        }
    }
}

impl Limits {
    fn check(&self) -> Result<(), StartError> {
        let counts = [
            ("frame_max", self.frame_max, FRAME_MIN..=FRAME_MAX),
            ("queue_max", self.queue_max, 1..=usize::MAX),
            ("inbox_max", self.inbox_max, 1..=COUNT_MAX),
            ("inbox_bytes_max", self.inbox_bytes_max, self.frame_max..=COUNT_MAX),
            ("requests_max", self.requests_max, 1..=COUNT_MAX),
            ("held_max", self.held_max, 1..=usize::MAX),
            ("held_bytes_max", self.held_bytes_max, 1..=usize::MAX),
            ("strangers_max", self.strangers_max, 1..=usize::MAX),
        ];
        for (name, value, range) in counts {
            if !range.contains(&value) {
                return Err(StartError::Limit { name });
            }
        }
        let waits = [
            ("hello_timeout", self.hello_timeout, NANOSECOND),
            ("keepalive", self.keepalive, NANOSECOND),
            ("idle_timeout", self.idle_timeout, self.keepalive.saturating_add(NANOSECOND)),
            ("backoff_min", self.backoff_min, NANOSECOND),
            ("backoff_max", self.backoff_max, self.backoff_min),
            ("flush_timeout", self.flush_timeout, Duration::ZERO),
        ];
        for (name, value, min) in waits {
            if !(min..=WAIT_MAX).contains(&value) {
                return Err(StartError::Limit { name });
            }
        }
        Ok(())
    }
}

pub(super) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

const FRAME_MIN: usize = 64;
/// A frame's length has four bytes, and this leaves room for sums.
const FRAME_MAX: usize = 1 << 30;
/// What tokio's channels and semaphores take, with room to spare.
const COUNT_MAX: usize = 1 << 30;
/// Longer than anyone means to wait, and short enough that the present and a few of it are an instant.
const WAIT_MAX: Duration = Duration::from_secs(86_400);
/// Stamps have milliseconds.
const RESERVE_MIN: Duration = Duration::from_millis(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use proptest::prelude::*;

    use super::*;

    type Setter = fn(&mut Config, Duration);

    const WAITS: [(&str, Setter); 8] = [
        ("drift_max", |config, wait| config.drift_max = wait),
        ("reserve", |config, wait| config.reserve = wait),
        ("hello_timeout", |config, wait| config.limits.hello_timeout = wait),
        ("keepalive", |config, wait| config.limits.keepalive = wait),
        ("idle_timeout", |config, wait| config.limits.idle_timeout = wait),
        ("backoff_min", |config, wait| config.limits.backoff_min = wait),
        ("backoff_max", |config, wait| config.limits.backoff_max = wait),
        ("flush_timeout", |config, wait| config.limits.flush_timeout = wait),
    ];

    fn config() -> Config {
        Config::new(7, NodeId(1), BTreeMap::new())
    }

    fn refused(config: &Config) -> Option<&'static str> {
        match config.check() {
            Ok(()) => None,
            Err(StartError::Limit { name }) => Some(name),
            Err(error) => panic!("{error}"),
        }
    }

    /// A wait of more than a day is refused by its name.
    #[test]
    fn wait_of_more_than_a_day_is_refused() {
        for (name, set) in WAITS {
            for wait in [WAIT_MAX + NANOSECOND, Duration::MAX] {
                let mut config = config();
                set(&mut config, wait);
                assert_eq!(refused(&config), Some(name));
            }
        }
    }

    /// A day is accepted for every wait.
    #[test]
    fn wait_of_a_day_is_accepted() {
        let mut config = config();
        for (_, set) in WAITS {
            set(&mut config, WAIT_MAX);
        }
        assert_eq!(refused(&config), Some("idle_timeout"), "it is no longer than the keepalive");
        config.limits.keepalive = WAIT_MAX.saturating_sub(NANOSECOND);
        assert_eq!(refused(&config), None);
    }

    /// What must take some time is refused at zero: a reservation below a millisecond, every wait but the flush below a
    /// nanosecond.
    #[test]
    fn wait_of_nothing_is_refused() {
        for (name, set) in WAITS {
            let mut config = config();
            set(&mut config, Duration::ZERO);
            let expected = (!["drift_max", "flush_timeout"].contains(&name)).then_some(name);
            assert_eq!(refused(&config), expected);
        }
        let mut config = config();
        config.reserve = RESERVE_MIN.saturating_sub(NANOSECOND);
        assert_eq!(refused(&config), Some("reserve"));
        config.reserve = RESERVE_MIN;
        assert_eq!(refused(&config), None);
    }

    /// What makes no sense of the detection is refused by its name.
    #[test]
    fn detection_out_of_range_is_refused() {
        let mut config = config();
        config.detection.period = Duration::ZERO;
        assert_eq!(refused(&config), Some("period"));
        config.detection = Detection { levels: [1.0, f64::NAN, 2.0], ..Detection::default() };
        assert_eq!(refused(&config), Some("levels"));
    }

    fn waits() -> impl Strategy<Value = Duration> {
        let edges = [Duration::ZERO, NANOSECOND, RESERVE_MIN, WAIT_MAX, WAIT_MAX + NANOSECOND, Duration::MAX];
        prop_oneof![
            1 => proptest::sample::select(edges.to_vec()),
            1 => any::<Duration>(),
            8 => (0..=WAIT_MAX.as_secs()).prop_map(Duration::from_secs),
        ]
    }

    fn counts() -> impl Strategy<Value = usize> {
        let edges = [0, 1, FRAME_MIN, FRAME_MAX, FRAME_MAX + 1, usize::MAX];
        prop_oneof![
            1 => proptest::sample::select(edges.to_vec()),
            1 => any::<usize>(),
            8 => FRAME_MIN..=FRAME_MAX,
        ]
    }

    proptest! {
        /// No limits make the check panic. What it accepts can be added to the present, several times over, and holds a
        /// frame.
        #[test]
        fn check_never_panics(
            waits in proptest::collection::vec(waits(), WAITS.len()),
            counts in proptest::array::uniform8(counts()),
        ) {
            let mut config = config();
            for ((_, set), wait) in WAITS.into_iter().zip(waits.clone()) {
                set(&mut config, wait);
            }
            let [frame_max, queue_max, queue_bytes_max, inbox_max, inbox_bytes_max, requests_max, held, strangers_max] =
                counts;
            config.limits = Limits {
                frame_max,
                queue_max,
                queue_bytes_max,
                inbox_max,
                inbox_bytes_max,
                requests_max,
                held_max: held,
                held_bytes_max: held,
                strangers_max,
                ..config.limits
            };
            if refused(&config).is_none() {
                for wait in waits {
                    prop_assert!(Instant::now().checked_add(wait * 1_000).is_some());
                }
                prop_assert!(inbox_bytes_max >= frame_max);
            }
        }
    }
}
