use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::{Beat, FailureDetector, Heard, LocalHealth};

/// Many peers, each with a failure detector of its own: says who has come to which level of suspicion, and when to look again.
///
/// The levels are those of the detector, in growing order: warn, route around, convict. What happens comes out as [`Event`]s.
///
/// # When a peer is trusted again
/// Suspicion rises as soon as a level is reached. It falls with some delay, so that a peer on the edge doesn't come and go with
/// each beat: only after `trust_after` beats in succession that all found the peer, and left it, below its level. It then falls
/// to what the last of them left: mostly to trusted. A beat that was late by that level begins anew, whether anybody polled in
/// between or not. With a `trust_after` of one, the first beat is enough, unless [`with_trust_span`](Self::with_trust_span)
/// wants it to have been back for some time as well. Other evidence than beats, by [`witness`](Self::witness), keeps suspicion
/// from rising, and never makes it fall.
///
/// # Who is known
/// A peer that was neither heard nor [expected](Self::expect) is [`Status::Unknown`]: neither alive nor dead. One that was
/// expected and wasn't heard until the time it was given has all levels at once. Any peer that is heard is added while there
/// is room: if strangers can send beats, ask [`contains`](Self::contains) first. A restart, by the [epoch](Beat::epoch) of
/// a beat, is a beat like others: it says that it was one, and beats of the old epoch change nothing.
///
/// # Cost
/// `heartbeat`, `expect` and `remove` take O(log n) for n peers, `poll` O(log n) for each peer whose time has come, and
/// `next_deadline` O(log n). A peer is a detector, and its name twice; there are never more than `peers_max`, and nothing else
/// grows.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FixedTimeout, Registry, Status};
///
/// let at = Duration::from_secs;
/// // Suspect after 3 s, convict after 9 s; trust again after 2 good beats; at most 1,000 peers.
/// let mut peers = Registry::new(FixedTimeout::new(at(3), [1.0, 3.0]), 2, 2, 1_000);
/// assert_eq!(peers.status(&"ann", at(0)), Status::Unknown);
///
/// peers.expect("ann", at(5))?;
/// let (_, event) = peers.heartbeat("bob", Beat::at(at(1)))?;
/// assert_eq!(event.unwrap().to, Status::Trusted);
///
/// // One timer is enough: bob's, then ann's.
/// let timer = peers.next_deadline().unwrap();
/// assert!(timer < at(5) && peers.poll(at(1)).is_empty());
/// let events = peers.poll(timer);
/// assert_eq!((events[0].peer, events[0].to), ("bob", Status::Suspect { level: 0 }));
/// let events = peers.poll(at(5));
/// assert_eq!((events[0].peer, events[0].to), ("ann", Status::Suspect { level: 1 }));
///
/// // The first beat leaves bob as he was, the second shows that he is back.
/// assert_eq!(peers.heartbeat("bob", Beat::at(at(6)))?.1, None);
/// let event = peers.heartbeat("bob", Beat::at(at(7)))?.1.unwrap();
/// assert_eq!((event.from, event.to), (Status::Suspect { level: 0 }, Status::Trusted));
/// # Ok::<(), spacelike_phi_detector::Full>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Registry<K, D> {
    template: D,
    rules: Rules,
    peers_max: usize,
    peers: BTreeMap<K, Peer<D>>,
    /// When the status of a peer will rise, if it stays silent; one at most of each.
    timers: BTreeSet<(Duration, K)>,
}

/// What holds for all peers.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Rules {
    levels: usize,
    trust_after: u32,
    trust_span: Duration,
    health: LocalHealth,
}

/// What is made of a peer.
///
/// # Examples
/// ```
/// use spacelike_phi_detector::Status;
///
/// assert_eq!(Status::Suspect { level: 2 }.to_string(), "suspect at level 2");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Status {
    /// Never heard of, and not overdue either: neither alive nor dead.
    Unknown,
    /// Below all levels.
    Trusted,
    /// Its silence has reached this level, and all that are lower.
    Suspect {
        /// The index of the level.
        level: usize,
    },
}

/// The status of a peer has changed.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Event, Status};
///
/// let event = Event { peer: "ann", from: Status::Unknown, to: Status::Trusted, at: Duration::from_secs(3) };
/// assert_eq!(event.to_string(), "ann is trusted, and was unknown");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event<K> {
    /// Whose.
    pub peer: K,
    /// What it was.
    pub from: Status,
    /// What it is now.
    pub to: Status,
    /// When that was noticed: at which beat or poll.
    pub at: Duration,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Trusted => f.write_str("trusted"),
            Self::Suspect { level } => write!(f, "suspect at level {level}"),
        }
    }
}

impl<K: fmt::Display> fmt::Display for Event<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, and was {}", self.peer, self.to, self.from)
    }
}

/// There are as many peers as there may be. Nothing changed: another one has to be removed first.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_phi_detector::{Beat, FixedTimeout, Full, Registry};
///
/// let mut peers = Registry::new(FixedTimeout::new(Duration::from_secs(3), [1.0]), 1, 1, 1);
/// assert!(peers.heartbeat("ann", Beat::at(Duration::ZERO)).is_ok());
/// assert_eq!(peers.heartbeat("bob", Beat::at(Duration::ZERO)), Err(Full { peers_max: 1 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Full {
    /// So many there may be.
    pub peers_max: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there are {} peers, and no more are allowed: remove one first", self.peers_max)
    }
}

impl core::error::Error for Full {}

#[derive(Clone, PartialEq, Debug)]
struct Peer<D> {
    detector: D,
    status: Status,
    /// Until when the first beat is expected; no longer of interest when it has come.
    by: Duration,
    /// Beats in succession that found it and left it below its level, and when the first of them came.
    good: u32,
    good_since: Duration,
    timer: Option<Duration>,
}

impl<K: Ord + Clone, D: FailureDetector + Clone> Registry<K, D> {
    /// A registry without peers. Each gets a clone of the `template`, which has so many `levels`.
    ///
    /// # Panics
    /// If there are no levels, or the detector has fewer, or has heard of a peer.
    pub fn new(template: D, levels: usize, trust_after: u32, peers_max: usize) -> Self {
        assert!(levels > 0, "a registry without levels suspects nobody");
        assert!(
            template.deadline(levels - 1).is_none(),
            "a template that has heard of somebody vouches for all"
        );
        let rules = Rules { levels, trust_after, trust_span: Duration::ZERO, health: LocalHealth::new(0) };
        Self { template, rules, peers_max, peers: BTreeMap::new(), timers: BTreeSet::new() }
    }

    /// The same, where the good beats that end a suspicion must also span this time, from the first to the last: so that a peer
    /// that comes and goes is away until it has stayed. Zero by default.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_phi_detector::{Beat, FixedTimeout, Registry, Status};
    ///
    /// let at = Duration::from_secs;
    /// let mut peers = Registry::new(FixedTimeout::new(at(3), [1.0]), 1, 2, 1_000).with_trust_span(at(10));
    /// peers.heartbeat("ann", Beat::at(at(0)))?;
    /// assert_eq!(peers.poll(at(20)).len(), 1);
    /// for second in 20..30 {
    ///     assert_eq!(peers.heartbeat("ann", Beat::at(at(second)))?.1, None);
    /// }
    /// assert_eq!(peers.heartbeat("ann", Beat::at(at(30)))?.1.unwrap().to, Status::Trusted);
    /// # Ok::<(), spacelike_phi_detector::Full>(())
    /// ```
    #[must_use]
    pub fn with_trust_span(self, trust_span: Duration) -> Self {
        Self { rules: Rules { trust_span, ..self.rules }, ..self }
    }

    /// A beat of a peer arrived, which is added if it wasn't there. Says what it was taken for, and whether that changes the
    /// status of the peer. It never tells of a silence that ended before anybody polled.
    ///
    /// # Errors
    /// If the peer wasn't there, and there is no room.
    pub fn heartbeat(&mut self, peer: K, beat: Beat) -> Result<(Heard, Option<Event<K>>), Full> {
        let Some(known) = self.peers.get_mut(&peer) else {
            self.room()?;
            let mut new = Peer::new(self.template.clone(), beat.at);
            let (heard, change) = new.heartbeat(beat, &self.rules);
            if heard != Heard::Stale {
                self.peers.insert(peer.clone(), new);
                self.arm(&peer);
            }
            return Ok((heard, change.map(|(from, to)| Event { peer, from, to, at: beat.at })));
        };
        let (heard, change) = known.heartbeat(beat, &self.rules);
        if heard != Heard::Stale {
            self.arm(&peer);
        }
        Ok((heard, change.map(|(from, to)| Event { peer, from, to, at: beat.at })))
    }

    /// Evidence of a peer's life that is no heartbeat, as [`FailureDetector::witness`] has it: silence counts from there, if
    /// that is later. Who is suspect already is only trusted again when its beats say so. Of a peer that isn't there, or was
    /// never heard itself, it changes nothing. O(log n).
    pub fn witness(&mut self, peer: &K, at: Duration) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.detector.witness(at);
            self.arm(peer);
        }
    }

    /// A peer should be heard until `by`, and has all levels from then on if it isn't. Of a peer that was heard already, it
    /// changes nothing; of one that is still expected, the time.
    ///
    /// # Errors
    /// If the peer wasn't there, and there is no room.
    pub fn expect(&mut self, peer: K, by: Duration) -> Result<(), Full> {
        let template = self.template.clone();
        self.expect_with(peer, by, template)
    }

    /// The same, of a peer that has a detector of its own: one that beats more slowly, or lives further away. A peer that was
    /// there keeps the detector that it has. If the detector has heard of the peer, the peer has been heard.
    ///
    /// # Errors
    /// As [`expect`](Self::expect).
    ///
    /// # Panics
    /// If the detector has fewer levels than the registry.
    pub fn expect_with(&mut self, peer: K, by: Duration, detector: D) -> Result<(), Full> {
        let _ = detector.deadline(self.rules.levels - 1);
        if let Some(known) = self.peers.get_mut(&peer) {
            known.by = by;
            self.arm(&peer);
        } else {
            self.room()?;
            let name = peer.clone();
            self.peers.insert(peer, Peer::new(detector, by));
            self.arm(&name);
        }
        Ok(())
    }

    /// Whose silence has reached a level until now. In the order in which their times came, and then of their names.
    #[must_use = "an event is told once"]
    pub fn poll(&mut self, now: Duration) -> Vec<Event<K>> {
        let mut events = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            let Some((_, peer)) = self.timers.pop_first() else { break };
            let Some(due) = self.peers.get_mut(&peer) else { continue };
            due.timer = None;
            let from = due.status;
            due.status = due.status_at(now, &self.rules);
            due.good = 0;
            events.push(Event { peer: peer.clone(), from, to: due.status, at: now });
            // What is reached only after now: so this ends.
            self.arm(&peer);
        }
        events
    }

    /// When to [`poll`](Self::poll) next, if nothing is heard until then. `None` if nothing is to come.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.first().map(|(deadline, _)| *deadline)
    }

    /// What is made of a peer now, also if nobody has polled: what [`poll`](Self::poll) would make of it.
    pub fn status(&self, peer: &K, now: Duration) -> Status {
        self.peers.get(peer).map_or(Status::Unknown, |peer| peer.status_at(now, &self.rules))
    }

    /// Who was heard or is expected, and what is made of each now, as [`status`](Self::status) has it. In the order of their
    /// names. O(n) for all; no allocation.
    pub fn statuses(&self, now: Duration) -> impl Iterator<Item = (&K, Status)> {
        self.peers.iter().map(move |(name, peer)| (name, peer.status_at(now, &self.rules)))
    }

    /// The detector of a peer, to ask how suspicious it is. `None` if it isn't there.
    pub fn detector(&self, peer: &K) -> Option<&D> {
        self.peers.get(peer).map(|peer| &peer.detector)
    }

    /// Takes a time in which we ourselves were not there out of the evidence against all peers. To be called before the next
    /// [`poll`](Self::poll): who is suspect already is only trusted again when its beats say so. O(n log n).
    pub fn observe_local_gap(&mut self, gap: Duration) {
        for peer in self.peers.values_mut() {
            peer.detector.observe_local_gap(gap);
            peer.by = peer.by.saturating_add(gap);
            peer.good_since = peer.good_since.saturating_add(gap);
        }
        self.arm_all();
    }

    /// How well we ourselves are, from now on: the silence that each level takes is [scaled](LocalHealth::scale), of all peers that
    /// were heard. Who is suspect already stays so until its beats say otherwise. The time until which a first beat is
    /// [expected](Self::expect) is the caller's. To be called when the score has changed: O(n log n) then, and O(1) if it hasn't.
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use spacelike_phi_detector::{Beat, FixedTimeout, LocalHealth, Registry, Resolution, Status};
    ///
    /// let at = Duration::from_secs;
    /// let timeout = FixedTimeout::with_resolution(at(3), [1.0], Resolution::of_nanos_log2(0));
    /// let mut peers = Registry::new(timeout, 1, 1, 1_000);
    /// peers.heartbeat("ann", Beat::at(at(10)))?;
    /// assert_eq!(peers.next_deadline(), Some(at(13)));
    ///
    /// let mut health = LocalHealth::default();
    /// health.worse(); // our own timer came late
    /// peers.observe_local_health(health);
    /// assert_eq!(peers.next_deadline(), Some(at(16)));
    /// assert_eq!(peers.status(&"ann", at(15)), Status::Trusted);
    /// # Ok::<(), spacelike_phi_detector::Full>(())
    /// ```
    pub fn observe_local_health(&mut self, health: LocalHealth) {
        let before = core::mem::replace(&mut self.rules.health, health);
        if before.score() != health.score() {
            self.arm_all();
        }
    }

    /// Forgets a peer, and gives its detector. It is unknown from now on. `None` if it wasn't there.
    pub fn remove(&mut self, peer: &K) -> Option<D> {
        let (name, peer) = self.peers.remove_entry(peer)?;
        if let Some(timer) = peer.timer {
            self.timers.remove(&(timer, name));
        }
        Some(peer.detector)
    }

    /// Whether a peer was heard or is expected.
    pub fn contains(&self, peer: &K) -> bool {
        self.peers.contains_key(peer)
    }

    /// Who was heard or is expected, in the order of their names.
    pub fn peers(&self) -> impl Iterator<Item = &K> {
        self.peers.keys()
    }

    /// How many peers there are.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    fn room(&self) -> Result<(), Full> {
        if self.peers.len() < self.peers_max { Ok(()) } else { Err(Full { peers_max: self.peers_max }) }
    }

    fn arm_all(&mut self) {
        self.timers.clear();
        for (name, peer) in &mut self.peers {
            peer.timer = peer.rises_at(&self.rules);
            self.timers.extend(peer.timer.map(|timer| (timer, name.clone())));
        }
    }

    /// Sets the timer of a peer to when its status will rise.
    fn arm(&mut self, name: &K) {
        let Some(peer) = self.peers.get_mut(name) else { return };
        let timer = peer.rises_at(&self.rules);
        let old = core::mem::replace(&mut peer.timer, timer);
        if timer == old {
            return;
        }
        let mut key = (Duration::ZERO, name.clone());
        if let Some(old) = old {
            key.0 = old;
            self.timers.remove(&key);
        }
        if let Some(timer) = timer {
            key.0 = timer;
            self.timers.insert(key);
        }
    }
}

impl<D: FailureDetector> Peer<D> {
    fn new(detector: D, by: Duration) -> Self {
        let status = if detector.deadline(0).is_some() { Status::Trusted } else { Status::Unknown };
        Self { detector, status, by, good: 0, good_since: Duration::ZERO, timer: None }
    }

    fn heartbeat(&mut self, beat: Beat, rules: &Rules) -> (Heard, Option<(Status, Status)>) {
        let late = self.reached(beat.at, rules);
        let heard = self.detector.heartbeat(beat);
        if heard == Heard::Stale {
            return (heard, None);
        }
        let (from, left) = (self.status, self.reached(beat.at, rules));
        let to = left.map_or(Status::Trusted, |level| Status::Suspect { level });
        match from {
            Status::Suspect { level } if left < Some(level) => {
                if late >= Some(level) || self.good == 0 {
                    (self.good, self.good_since) = (0, beat.at);
                }
                self.good = self.good.saturating_add(1);
                if self.good >= rules.trust_after
                    && beat.at.saturating_sub(self.good_since) >= rules.trust_span
                {
                    (self.status, self.good) = (to, 0);
                }
            }
            _ => (self.status, self.good) = (to, 0),
        }
        (heard, (self.status != from).then_some((from, self.status)))
    }

    /// The highest level whose deadline has come.
    fn reached(&self, now: Duration, rules: &Rules) -> Option<usize> {
        (0..rules.levels).rev().find(|level| self.deadline(*level, rules) <= now)
    }

    /// Of one that is only expected, all levels have the same.
    fn deadline(&self, level: usize, rules: &Rules) -> Duration {
        match (self.detector.evidence(), self.detector.deadline(level)) {
            (Some(evidence), Some(deadline)) => {
                evidence.saturating_add(rules.health.scale(deadline.saturating_sub(evidence)))
            }
            _ => self.by,
        }
    }

    /// The status, and what time alone has made of it: never less.
    fn status_at(&self, now: Duration, rules: &Rules) -> Status {
        match (self.status, self.reached(now, rules)) {
            (Status::Suspect { level }, Some(reached)) => Status::Suspect { level: level.max(reached) },
            (Status::Unknown | Status::Trusted, Some(level)) => Status::Suspect { level },
            (status, None) => status,
        }
    }

    /// When the next level will be reached.
    fn rises_at(&self, rules: &Rules) -> Option<Duration> {
        let next = if let Status::Suspect { level } = self.status { level + 1 } else { 0 };
        (next..rules.levels).map(|level| self.deadline(level, rules)).min()
    }
}
