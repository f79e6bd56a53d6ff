//! What every driver needs beside a [`Machine`](crate::machine::Machine), and what is not plain data: the node's hybrid
//! logical clock, and what it knows of its peers: how far their clocks are apart, and whether they are alive.
//!
//! Sans-io like the machine: the driver hands in readings of its clocks, the stamps of messages and the heartbeats of peers, and
//! gets back the [`Now`] of the next step, the heartbeats to send, and what to tell the machine of its peers. One
//! [`Monitor`] a node, for one life.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::hlc::{
    DriftExceeded, Exhausted, LocalReservedClock, Reservation, ReservedError, Stored, Timestamp,
};
use crate::machine::{NodeId, Now};
use crate::phi_detector::{
    self, Beat, Event, FailureDetector, Heard, LocalPhi, Normal, Registry, Resolution, Status, Suspicion,
};

mod detection;
mod polled;

pub use detection::{Detection, Level};
pub use polled::{Change, Heartbeat, Polled};

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

/// How far clocks may be apart, and how peers are watched.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// How far ahead of our wall clock a peer's stamp may be, at most a day. 500 ms by default.
    pub drift_max: Duration,
    /// How far ahead of the wall clock stamps are reserved, beyond `drift_max`, at most a day. 3 s by default. A store
    /// that stalls for half of it stops the node; after a crash a node waits for up to all of it before it begins.
    pub reserve: Duration,
    /// How often heartbeats come, and what is made of a silence.
    pub detection: Detection,
}

impl Settings {
    /// How far ahead of the wall clock a bound is: a peer's stamp may be `drift_max` ahead, and must fit below.
    fn ahead(&self) -> Duration {
        self.drift_max + self.reserve
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            drift_max: Duration::from_millis(500),
            reserve: Duration::from_secs(3),
            detection: Detection::default(),
        }
    }
}

/// What a monitor knows of a peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Peer {
    /// When it was last heard, on our monotonic clock, with whatever it was; `None` if not in this life.
    pub heard: Option<Duration>,
    /// How many of its heartbeats were news.
    pub beats: u64,
    /// How suspect it is, as of the last poll or beat: `None` below all levels.
    pub level: Option<Level>,
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
///
/// # Whether peers are alive
/// The driver calls [`poll`](Self::poll) at [`next_deadline`](Self::next_deadline), sends the heartbeat that it gets to every
/// peer, and hands those of the peers to [`beat`](Self::beat). Phi (Hayashibara et al. 2004) of each peer comes from how its
/// beats came before.
///
/// A driver that was not there itself, because its process was stopped or its machine suspended, comes to its own deadline
/// too late. Whatever is more than half the acceptable pause, and than half a period, is taken out of the silence of all
/// peers, before anything else: so a node that slept accuses nobody. The driver need do nothing for it.
///
/// ```
/// # use core::time::Duration;
/// # use spacelike::hlc::Stored;
/// # use spacelike::machine::NodeId;
/// # use spacelike::monitor::{Detection, Heartbeat, Level, Monitor, Reading, Settings};
/// # let reading = |millis| Reading {
/// #     monotonic: Duration::from_millis(millis),
/// #     wall: Duration::from_millis(1_700_000_000_000 + millis),
/// #     error: None,
/// # };
/// let detection = Detection::every(Duration::from_millis(100));
/// let peer = NodeId(2);
/// let mut monitor = Monitor::new([peer], Settings { detection, ..Settings::default() }, Stored::Never);
///
/// // A second of beats, ours and the peer's, and then silence.
/// for millis in (0..=1_000).step_by(100) {
///     assert!(monitor.poll(reading(millis)).heartbeat.is_some());
///     let beat = Heartbeat { sequence: millis / 100, sent: Duration::from_millis(millis) };
///     assert_eq!(monitor.beat(peer, 1, beat, reading(millis)), None);
/// }
/// let mut changes = Vec::new();
/// while changes.is_empty() {
///     let deadline = monitor.next_deadline().unwrap();
///     changes = monitor.poll(Reading { monotonic: deadline, ..reading(1_000) }).changes;
/// }
/// assert_eq!((changes[0].peer, changes[0].to), (peer, Some(Level::Warn)));
/// assert!(changes[0].at > Duration::from_millis(1_500) && changes[0].at < Duration::from_millis(1_600));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Monitor {
    clock: LocalReservedClock,
    settings: Settings,
    monotonic: Duration,
    peers: BTreeMap<NodeId, Peer>,
    registry: Registry<NodeId, Detector>,
    /// When our next heartbeat is due; `None` until the first poll or beat.
    due: Option<Duration>,
    sequence: u64,
    /// When we last looked at our peers.
    looked: Duration,
    absences: u64,
}

impl Monitor {
    /// Begins a life: the other nodes of the world, the settings, and the bound that earlier lives stored.
    ///
    /// # Panics
    /// If the settings' [`Detection`] is [out of range](Detection::out_of_range).
    pub fn new(peers: impl IntoIterator<Item = NodeId>, settings: Settings, stored: Stored) -> Self {
        let Settings { drift_max, reserve, detection } = settings;
        assert_eq!(detection.out_of_range(), None, "out of range: {detection:?}");
        let settings = Settings { drift_max: drift_max.min(DAY), reserve: reserve.min(DAY), detection };
        let peers: BTreeMap<_, _> = peers.into_iter().map(|peer| (peer, Peer::default())).collect();
        let intervals = phi_detector::Settings {
            pause: detection.pause,
            resolution: RESOLUTION,
            ..phi_detector::Settings::new(detection.period)
        };
        let levels = detection.levels;
        Self {
            clock: LocalReservedClock::new(settings.drift_max, stored),
            settings,
            monotonic: Duration::ZERO,
            registry: Registry::new(
                Detector::new(&intervals, levels),
                levels.len(),
                detection.trust_after,
                peers.len(),
            ),
            peers,
            due: None,
            sequence: 0,
            looked: Duration::ZERO,
            absences: 0,
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
        let Settings { drift_max, reserve, .. } = self.settings;
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

    /// It is time to look: says whose silence has come to a level, and gives a heartbeat to send if one is due. Call it at
    /// [`next_deadline`](Self::next_deadline), or at any other time. The first call sends a heartbeat, and gives the peers
    /// their [grace](Detection::grace).
    ///
    /// O(log n) of n peers for each change.
    pub fn poll(&mut self, reading: Reading) -> Polled {
        let now = self.look(reading);
        let heartbeat = self.due.filter(|due| *due <= now).map(|_| {
            let heartbeat = Heartbeat { sequence: self.sequence, sent: now };
            self.sequence = self.sequence.wrapping_add(1);
            // None is made up for: beats in a bunch say no more than one.
            self.due = Some(now.saturating_add(self.settings.detection.period));
            heartbeat
        });
        let events = self.registry.poll(now);
        Polled { heartbeat, changes: events.into_iter().filter_map(|event| self.change(event)).collect() }
    }

    /// When to [`poll`](Self::poll) next: asked after every call, since beats move it. `None` before the first.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.due.into_iter().chain(self.registry.next_deadline()).min()
    }

    /// A peer's heartbeat arrived, and has perhaps ended a suspicion.
    ///
    /// `epoch` grows with each new connection or life of the peer, as the transport counts them, and is nothing that the peer
    /// could choose: in each, its numbers and its clock begin anew, so that what it said before can't be held against it.
    /// Whatever a heartbeat contains, it can make suspect or trusted only its sender. Of a peer that isn't one of the world's
    /// it leaves no trace.
    pub fn beat(
        &mut self,
        from: NodeId,
        epoch: u64,
        heartbeat: Heartbeat,
        reading: Reading,
    ) -> Option<Change> {
        let now = self.look(reading);
        let peer = self.peers.get_mut(&from)?;
        peer.heard = Some(now);
        let Heartbeat { sequence, sent } = heartbeat;
        let beat = Beat::at(now).with_epoch(epoch).with_sequence(sequence).with_sent(sent);
        // There is room for all peers of the world.
        let (heard, event) = self.registry.heartbeat(from, beat).ok()?;
        peer.beats += u64::from(heard != Heard::Stale);
        event.and_then(|event| self.change(event))
    }

    /// Evidence that a peer was alive at `at`, on our monotonic clock, which is no heartbeat of its own: its silence counts from
    /// there, if that is later. A suspect is only trusted again when its beats say so, and of a peer that hasn't sent any it
    /// changes nothing. A time that is yet to come counts as the present.
    ///
    /// A message that waited on the way is evidence of when it was sent, not of when it arrived. The answer to a question is
    /// evidence of when we asked.
    pub fn witness(&mut self, peer: NodeId, at: Duration, reading: Reading) {
        let now = self.look(reading);
        self.registry.witness(&peer, at.min(now));
    }

    /// How suspicious the silence of a peer is; `None` if it isn't one of the world's, or nobody has polled yet.
    pub fn suspicion(&self, node: NodeId, reading: Reading) -> Option<Suspicion> {
        let now = self.monotonic.max(reading.monotonic);
        self.registry.detector(&node).map(|detector| detector.suspicion(now))
    }

    /// How often we noticed that we had not been there ourselves.
    pub const fn absences(&self) -> u64 {
        self.absences
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

    /// Before anything is made of the peers: it may be us who were silent.
    fn look(&mut self, reading: Reading) -> Duration {
        self.monotonic = self.monotonic.max(reading.monotonic);
        let now = self.monotonic;
        if let Some(deadline) = self.next_deadline() {
            let Detection { period, pause, .. } = self.settings.detection;
            let absence = now.saturating_sub(deadline.max(self.looked));
            if absence > period.max(pause) / 2 {
                self.registry.observe_local_gap(absence);
                self.absences += 1;
            }
        } else {
            let by = now.saturating_add(self.settings.detection.grace);
            for &peer in self.peers.keys() {
                // There is room for all peers of the world.
                let _ = self.registry.expect(peer, by);
            }
            self.due = Some(now);
        }
        self.looked = now;
        now
    }

    /// Of an event that is news to a driver: that a peer which nobody suspected was heard is none.
    fn change(&mut self, event: Event<NodeId>) -> Option<Change> {
        let [from, to] = [event.from, event.to].map(level);
        let detector = self.registry.detector(&event.peer)?;
        let suspicion = detector.suspicion(event.at);
        if let Some(peer) = self.peers.get_mut(&event.peer) {
            peer.level = to;
        }
        let suspect_at = self.settings.detection.suspect_at;
        let change = Change { peer: event.peer, from, to, at: event.at, suspicion, suspect_at };
        (from != to).then_some(change)
    }

    fn now(&mut self, reading: Reading, stamp: Timestamp) -> Now {
        self.monotonic = self.monotonic.max(reading.monotonic);
        Now { monotonic: self.monotonic, wall: reading.wall, error: reading.error, stamp }
    }
}

fn level(status: Status) -> Option<Level> {
    match status {
        Status::Suspect { level } => Level::ALL.get(level).copied(),
        _ => None,
    }
}

/// What learns how a peer's beats come.
type Detector = LocalPhi<Normal, 128, 3>;

/// Ticks of 65 µs, so that a period of a millisecond is more than one, and one of an hour fits an interval.
const RESOLUTION: Resolution = Resolution::of_nanos_log2(16);

const DAY: Duration = Duration::from_secs(86_400);
