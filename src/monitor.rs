//! What every driver needs beside a [`Machine`](crate::machine::Machine), and what is not plain data: the node's hybrid
//! logical clock, and what it knows of its peers' clocks.
//!
//! Sans-io like the machine: the driver hands in readings of its clocks and the stamps of messages, and gets back the
//! [`Now`] of the next step. One [`Monitor`] a node, for one life.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::hlc::{
    DriftExceeded, Exhausted, LocalReservedClock, Reservation, ReservedError, Stored, Timestamp,
};
use crate::machine::{NodeId, Now};

/// A driver's readings of its clocks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reading {
    /// As in [`Now::monotonic`].
    pub monotonic: Duration,
    /// As in [`Now::wall`].
    pub wall: Duration,
    /// As in [`Now::error`].
    pub error: Option<Duration>,
}

/// How far clocks may be apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Settings {
    /// How far ahead of our wall clock a peer's stamp may be, at most a day. 500 ms by default.
    pub drift_max: Duration,
    /// How far ahead of the wall clock stamps are reserved, beyond `drift_max`, at most a day. 3 s by default. A store
    /// that stalls for half of it stops the node; after a crash a node waits for up to all of it before it begins.
    pub reserve: Duration,
}

impl Settings {
    /// How far ahead of the wall clock a bound is: a peer's stamp may be `drift_max` ahead, and must fit below.
    fn ahead(&self) -> Duration {
        self.drift_max + self.reserve
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { drift_max: Duration::from_millis(500), reserve: Duration::from_secs(3) }
    }
}

/// What a monitor knows of a peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Peer {
    /// When it was last heard, on our monotonic clock; `None` if not in this life.
    pub heard: Option<Duration>,
    /// How many of its messages were received.
    pub messages: u64,
    /// How many of their stamps were refused as too far ahead.
    pub refused: u64,
    /// The farthest that an accepted stamp of its was ahead of our wall clock: a hint at how far apart physical clocks
    /// are.
    pub ahead_max: Duration,
}

/// A message was received: the [`Now`] of its step, and what became of its stamp.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use = "the step's stamp is inside"]
pub struct Arrival {
    /// For the step that takes the message. Its stamp is greater than the message's only if that was accepted.
    pub now: Now,
    /// How far ahead of our wall clock the message's stamp was, or why it was refused. Whether a message with a refused
    /// stamp is delivered is the driver's choice.
    pub ahead: Result<Duration, DriftExceeded>,
}

/// The driver-side state of a node that is not its machine's.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike::hlc::Stored;
/// use spacelike::machine::NodeId;
/// use spacelike::monitor::{Monitor, Reading, Settings};
///
/// let reading = |seconds| Reading {
///     monotonic: Duration::from_secs(seconds),
///     wall: Duration::from_secs(1_700_000_000 + seconds),
///     error: None,
/// };
/// let mut monitor = Monitor::new([NodeId(2)], Settings::default(), Stored::Never);
///
/// // At a first start there is nothing to wait for.
/// assert_eq!(monitor.settle(reading(0)), Duration::ZERO);
///
/// // Before the first step, and whenever one is due: store a bound, sync it, confirm it.
/// let reservation = monitor.reserve(reading(0))?.expect("due at the start");
/// monitor.confirm(reservation);
/// assert!(monitor.reserve(reading(1))?.is_none());
///
/// let start = monitor.local(reading(1))?;
/// let arrival = monitor.receive(NodeId(2), start.stamp, reading(2))?;
/// assert!(arrival.now.stamp > start.stamp);
/// assert_eq!(monitor.peer(NodeId(2)).unwrap().heard, Some(Duration::from_secs(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Monitor {
    clock: LocalReservedClock,
    settings: Settings,
    monotonic: Duration,
    peers: BTreeMap<NodeId, Peer>,
}

impl Monitor {
    /// Begins a life: the other nodes of the world, the settings, and the bound that earlier lives stored.
    pub fn new(peers: impl IntoIterator<Item = NodeId>, settings: Settings, stored: Stored) -> Self {
        let Settings { drift_max, reserve } = settings;
        let settings = Settings { drift_max: drift_max.min(DAY), reserve: reserve.min(DAY) };
        Self {
            clock: LocalReservedClock::new(settings.drift_max, stored),
            settings,
            monotonic: Duration::ZERO,
            peers: peers.into_iter().map(|peer| (peer, Peer::default())).collect(),
        }
    }

    /// How long to wait before the first step, so that this life's stamps aren't ahead of the wall clock: they begin
    /// above the bound of the last one, and peers would refuse them. Ask before the first [`reserve`](Self::reserve).
    ///
    /// Zero at a first start. After a crash at most `drift_max` and `reserve`, also where the wall clock was set back by
    /// more: waiting can't mend that, so stamps are ahead then, and [`lead`](Self::lead) says by how much. After a clean
    /// end that stored [`latest`](Self::latest) there is no need to wait: stamps are no further ahead than they were.
    pub fn settle(&self, reading: Reading) -> Duration {
        self.lead(reading.wall).min(self.settings.ahead())
    }

    /// The latest stamp, `None` if there is none. A clean end may store it in place of the bound, as its very last
    /// write: nothing above it was issued or taken over.
    pub const fn latest(&self) -> Option<Timestamp> {
        self.clock.latest()
    }

    /// A bound to store and [`confirm`](Self::confirm), if one is due: at the start, and when less than half of
    /// [`Settings::reserve`] is left. No step can be taken beyond the bound: ask before each. One at a time: until a bound
    /// is confirmed or given up, take no other.
    ///
    /// # Errors
    /// [`Exhausted`] at the end of the range of stamps.
    pub fn reserve(&self, reading: Reading) -> Result<Option<Reservation>, Exhausted> {
        let Settings { drift_max, reserve } = self.settings;
        let latest = self.clock.latest();
        // The next stamps come from whichever is ahead.
        let from =
            reading.wall.saturating_add(drift_max).max(latest.map_or(Duration::ZERO, Timestamp::physical));
        let bound = self.clock.bound();
        if latest < bound && bound.is_some_and(|bound| bound.physical() >= from.saturating_add(reserve / 2)) {
            return Ok(None);
        }
        self.clock.reserve(reading.wall, self.settings.ahead()).map(Some)
    }

    /// The reservation's bound is durable.
    pub fn confirm(&mut self, reservation: Reservation) {
        self.clock.confirm(reservation);
    }

    /// The [`Now`] of a step that no message caused.
    ///
    /// # Errors
    /// [`ReservedError::Unreserved`] if the bound is reached: reserve, store, confirm, try again.
    /// [`ReservedError::Exhausted`] at the end of the range.
    pub fn local(&mut self, reading: Reading) -> Result<Now, ReservedError> {
        let stamp = self.clock.tick(reading.wall)?;
        Ok(self.now(reading, stamp))
    }

    /// The [`Now`] of a step that a message caused, whose sender's step was stamped `stamp`.
    ///
    /// A peer that isn't one of the world's is stamped all the same, and leaves no trace here.
    ///
    /// # Errors
    /// As for [`local`](Self::local). A stamp too far ahead is no error but [`Arrival::ahead`].
    pub fn receive(
        &mut self,
        from: NodeId,
        stamp: Timestamp,
        reading: Reading,
    ) -> Result<Arrival, ReservedError> {
        let (stamp, ahead) = match self.clock.receive(stamp, reading.wall) {
            Ok(received) => (received.timestamp, Ok(received.ahead)),
            Err(ReservedError::DriftExceeded(refused)) => (self.clock.tick(reading.wall)?, Err(refused)),
            Err(error) => return Err(error),
        };
        let now = self.now(reading, stamp);
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.heard = Some(now.monotonic);
            peer.messages += 1;
            match ahead {
                Ok(ahead) => peer.ahead_max = peer.ahead_max.max(ahead),
                Err(_) => peer.refused += 1,
            }
        }
        Ok(Arrival { now, ahead })
    }

    /// What is known of a peer; `None` if it isn't one of the world's.
    pub fn peer(&self, node: NodeId) -> Option<&Peer> {
        self.peers.get(&node)
    }

    /// The peers, in ascending order.
    pub fn peers(&self) -> impl Iterator<Item = (NodeId, &Peer)> {
        self.peers.iter().map(|(&node, peer)| (node, peer))
    }

    /// How far the stamps are ahead of the wall clock.
    pub fn lead(&self, wall: Duration) -> Duration {
        self.clock.lead(wall)
    }

    fn now(&mut self, reading: Reading, stamp: Timestamp) -> Now {
        self.monotonic = self.monotonic.max(reading.monotonic);
        Now { monotonic: self.monotonic, wall: reading.wall, error: reading.error, stamp }
    }
}

const DAY: Duration = Duration::from_secs(86_400);
