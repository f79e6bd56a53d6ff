use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use spacelike::hlc::{Reservation, ReservedError, Timestamp};
use spacelike::machine::{Boot, Effect, Input, Machine, NodeId, Now, Outbox, RequestId};
use spacelike::monitor::{self, Monitor, Polled, Reading};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::clocks::Clocks;
use crate::gate::Gate;
use crate::net::frame::{Frame, HELLO_MAX, to_frame};
use crate::net::health::{Health, Views};
use crate::net::pulses::{Pulse, Pulses};
use crate::net::queue::Queue;
use crate::net::random::below;
use crate::net::stats::Counts;
use crate::net::storage::{Progress, Storage};
use crate::net::{Halted, Limits, NoteAt, OnDrift, Runnable};
use crate::slots::Change;
use crate::timers::Timers;

/// Steps the machine, one input at a time, and carries its effects out or hands them on.
pub(super) struct Engine<M: Runnable, C, F> {
    pub(super) node: NodeId,
    pub(super) machine: M,
    pub(super) monitor: Monitor,
    pub(super) clocks: C,
    pub(super) notes: F,
    pub(super) storage: Storage,
    pub(super) links: BTreeMap<NodeId, Arc<Queue>>,
    pub(super) pulses: Arc<Pulses>,
    pub(super) views: Views,
    pub(super) random: ChaCha8Rng,
    pub(super) on_drift: OnDrift,
    pub(super) limits: Limits,
    pub(super) counts: Counts,
    pub(super) state: State<M>,
}

/// What an engine begins without.
pub(super) struct State<M: Machine> {
    out: Outbox<M>,
    timers: Timers<M::Timer>,
    gate: Gate<Leaving<M>>,
    /// A bound on its way to the disk.
    reserving: Option<(u64, Reservation)>,
    /// An input that needs a stamp above the bound: nothing else is taken before it.
    blocked: Option<Arrived<M>>,
    /// Peers of whose suspicion the machine is yet to be told: that it has begun, or that it is over.
    suspicions: BTreeMap<NodeId, bool>,
    asked: BTreeMap<RequestId, oneshot::Sender<M::Response>>,
    requests: u64,
}

/// An input on its way to the machine.
pub(super) enum Arrived<M: Machine> {
    Message {
        from: NodeId,
        stamp: Timestamp,
        message: M::Message,
        /// Its share of the inbox.
        permit: OwnedSemaphorePermit,
    },
    Request {
        request: M::Request,
        reply: oneshot::Sender<M::Response>,
    },
    Timer(M::Timer),
    /// A peer is suspect, or is so no longer.
    Suspicion {
        peer: NodeId,
        is_suspect: bool,
    },
}

/// An effect that waits for the disk.
enum Leaving<M: Machine> {
    Frame { to: NodeId, frame: Bytes },
    Reply { id: RequestId, response: M::Response },
}

impl<M: Machine> State<M> {
    pub(super) fn new() -> Self {
        Self {
            out: Outbox::new(),
            timers: Timers::new(),
            gate: Gate::new(),
            reserving: None,
            blocked: None,
            suspicions: BTreeMap::new(),
            asked: BTreeMap::new(),
            requests: 0,
        }
    }
}

impl<M, C, F> Engine<M, C, F>
where
    M: Runnable,
    C: Clocks,
    F: FnMut(NoteAt<M::Note>) + Send + 'static,
{
    /// Runs the machine until `stop`, then waits for what it has persisted and lets go of what waited for that.
    pub(super) async fn run(
        mut self,
        incarnation: u64,
        durable: BTreeMap<M::Slot, M::Record>,
        mut inbox: mpsc::Receiver<Arrived<M>>,
        mut requests: mpsc::Receiver<Arrived<M>>,
        stop: CancellationToken,
    ) -> Result<(), Halted> {
        self.start(incarnation, &durable)?;
        drop(durable);
        loop {
            let ready = self.is_ready();
            if ready && let Some((peer, is_suspect)) = self.state.suspicions.pop_first() {
                self.take(Arrived::Suspicion { peer, is_suspect })?;
                continue;
            }
            let now = self.reading()?.monotonic;
            let timer = self.state.timers.next().filter(|_| ready).map(|at| until(at, now));
            // Whatever the disk does: peers hear of us, and we look after them.
            let look = self.monitor.next_deadline().map_or(Duration::ZERO, |at| until(at, now));
            tokio::select! {
                () = stop.cancelled() => break,
                progress = self.storage.progress() => self.progress(progress)?,
                Some(arrived) = inbox.recv(), if ready => self.take(arrived)?,
                Some(arrived) = requests.recv(), if ready => self.take(arrived)?,
                () = pass(timer.unwrap_or_default()), if timer.is_some() => self.fire()?,
                () = self.pulses.came() => self.hear()?,
                () = pass(look) => self.look()?,
            }
        }
        tracing::debug!(held = self.state.gate.len(), "stopping");
        // What waits for a reservation is further input, and none is taken any more.
        self.state.blocked = None;
        while !self.state.gate.is_clear() {
            let progress = self.storage.progress().await;
            self.progress(progress)?;
        }
        // No step comes any more, so the next life need not begin above all that was reserved.
        if let Some(latest) = self.monitor.latest() {
            self.storage.push(Change::End(latest));
        }
        self.storage.close().await
    }

    fn start(&mut self, incarnation: u64, durable: &BTreeMap<M::Slot, M::Record>) -> Result<(), Halted> {
        let reading = self.reading()?;
        // The bound was made durable just now, and is seconds ahead.
        let now = self.monitor.local(reading).map_err(Halted::Stamps)?;
        self.machine.start(now, Boot { incarnation, durable }, &mut self.state.out);
        self.perform(now)
    }

    /// Whether an input may be taken: none is blocked, and the disk isn't too far behind.
    fn is_ready(&self) -> bool {
        self.state.blocked.is_none()
            && self.state.gate.len() < self.limits.held_max
            && self.state.gate.bytes() < self.limits.held_bytes_max
    }

    /// Takes the heartbeats that have come.
    fn hear(&mut self) -> Result<(), Halted> {
        let reading = self.reading()?;
        for (from, Pulse { seat, heartbeat }) in self.pulses.take() {
            // The seat is the epoch: it is ours to give, and no peer can claim one that it will never have again.
            if let Some(change) = self.monitor.beat(from, seat, heartbeat, reading) {
                self.changed(change);
            }
        }
        Ok(())
    }

    /// Looks after the peers, and lets them know that we are alive.
    fn look(&mut self) -> Result<(), Halted> {
        // What is here speaks for its sender.
        self.hear()?;
        let reading = self.reading()?;
        let Polled { heartbeat, changes } = self.monitor.poll(reading);
        let is_due = heartbeat.is_some();
        if let Some(frame) = heartbeat.and_then(|beat| to_frame(&Frame::<()>::beat(beat), HELLO_MAX).ok()) {
            for link in self.links.values() {
                link.beat(frame.clone());
            }
        }
        // Before the changes, so that whoever sees one finds what it was made of.
        if is_due || !changes.is_empty() {
            self.show(reading);
        }
        for change in changes {
            self.changed(change);
        }
        Ok(())
    }

    fn changed(&mut self, change: monitor::Change) {
        let monitor::Change { peer, from, to, suspicion, .. } = change;
        tracing::info!(%peer, ?from, ?to, phi = suspicion.phi, "suspicion");
        self.views.push(change);
        let is_suspect = match change.input::<M>() {
            Some(Input::Suspect(_)) => true,
            Some(Input::Trust(_)) => false,
            _ => return,
        };
        // A machine that wasn't told of the one need not be told of the other.
        if self.state.suspicions.remove(&peer).is_none() {
            self.state.suspicions.insert(peer, is_suspect);
        }
    }

    fn show(&self, reading: Reading) {
        let beats = self.monitor.peers().map(|(_, peer)| peer.beats).sum();
        self.counts.count(|stats| {
            stats.beats_received = beats;
            stats.absences = self.monitor.absences();
        });
        let health = |(node, peer): (NodeId, &_)| {
            let suspicion = self.monitor.suspicion(node, reading)?;
            Some((node, Health { at: reading.monotonic, peer: *peer, suspicion }))
        };
        self.views.show(self.monitor.peers().filter_map(health));
    }

    fn fire(&mut self) -> Result<(), Halted> {
        let now = self.reading()?.monotonic;
        match self.state.timers.pop(now) {
            Some(timer) => self.take(Arrived::Timer(timer)),
            None => Ok(()),
        }
    }

    /// The disk has come farther, or failed.
    fn progress(&mut self, progress: Progress) -> Result<(), Halted> {
        if let Some(Err(halted)) = progress.ended {
            return Err(halted);
        }
        self.durable(progress.durable)
    }

    fn durable(&mut self, sequence: u64) -> Result<(), Halted> {
        self.state.gate.durable(sequence);
        while let Some(leaving) = self.state.gate.release() {
            self.leave(leaving);
        }
        if let Some((reserved, reservation)) = self.state.reserving.take() {
            if reserved <= sequence {
                self.monitor.confirm(reservation);
            } else {
                self.state.reserving = Some((reserved, reservation));
            }
        }
        match self.state.blocked.take() {
            Some(arrived) => self.take(arrived),
            None => Ok(()),
        }
    }

    /// One step.
    fn take(&mut self, arrived: Arrived<M>) -> Result<(), Halted> {
        let reading = self.reading()?;
        self.reserve(reading)?;
        let now = match &arrived {
            Arrived::Message { from, stamp, .. } => self
                .monitor
                .receive(*from, *stamp, reading)
                .map(|arrival| (arrival.now, Some((*from, *stamp, arrival.ahead)))),
            Arrived::Request { .. } | Arrived::Timer(_) | Arrived::Suspicion { .. } => {
                self.monitor.local(reading).map(|now| (now, None))
            }
        };
        let (now, ahead) = match now {
            Ok(now) => now,
            Err(ReservedError::Unreserved(unreserved)) if self.state.reserving.is_some() => {
                tracing::debug!(%unreserved, "waiting for a reservation");
                self.state.blocked = Some(arrived);
                return Ok(());
            }
            Err(error) => return Err(Halted::Stamps(error)),
        };
        if let Some((from, stamp, Err(refused))) = ahead {
            tracing::warn!(%from, %stamp, "{refused}");
            self.counts.count(|stats| stats.refused_stamps += 1);
            if self.on_drift == OnDrift::Refuse {
                return Ok(());
            }
        }
        let lead = self.monitor.lead(reading.wall);
        self.counts.count(|stats| {
            stats.steps += 1;
            stats.hlc_lead_max = stats.hlc_lead_max.max(lead);
            if let Some((_, _, Ok(ahead))) = ahead {
                stats.hlc_ahead_max = stats.hlc_ahead_max.max(ahead);
            }
            match &arrived {
                Arrived::Message { .. } => stats.received += 1,
                Arrived::Request { .. } => stats.requests += 1,
                Arrived::Timer(_) => stats.timers += 1,
                Arrived::Suspicion { is_suspect: true, .. } => stats.suspected += 1,
                Arrived::Suspicion { is_suspect: false, .. } => stats.trusted += 1,
            }
        });
        let input = match arrived {
            Arrived::Message { from, message, permit, .. } => {
                drop(permit);
                Input::Message { from, message }
            }
            Arrived::Request { request, reply } => Input::Request { id: self.remember(reply), request },
            Arrived::Timer(timer) => Input::Timer(timer),
            Arrived::Suspicion { peer, is_suspect: true } => Input::Suspect(peer),
            Arrived::Suspicion { peer, is_suspect: false } => Input::Trust(peer),
        };
        self.machine.step(now, input, &mut self.state.out);
        self.perform(now)
    }

    /// Sends a bound to the disk if one is due.
    fn reserve(&mut self, reading: Reading) -> Result<(), Halted> {
        if self.state.reserving.is_some() {
            return Ok(());
        }
        let due = self.monitor.reserve(reading).map_err(|error| Halted::Stamps(error.into()))?;
        if let Some(reservation) = due {
            let sequence = self.storage.push(Change::Reserve(reservation.bound()));
            if sequence <= self.storage.durable() {
                self.monitor.confirm(reservation);
            } else {
                self.state.reserving = Some((sequence, reservation));
            }
        }
        Ok(())
    }

    /// Numbers a request. A machine may never answer; those who no longer wait are forgotten now and then.
    fn remember(&mut self, reply: oneshot::Sender<M::Response>) -> RequestId {
        let asked = &mut self.state.asked;
        if asked.len() >= 2 * self.limits.requests_max {
            asked.retain(|_, reply| !reply.is_closed());
        }
        self.state.requests += 1;
        let id = RequestId(self.state.requests);
        asked.insert(id, reply);
        self.counts.count(|stats| stats.unanswered = asked.len());
        id
    }

    /// Carries out what the step has left, in order.
    fn perform(&mut self, now: Now) -> Result<(), Halted> {
        let mut out = core::mem::take(&mut self.state.out);
        let performed = out.drain().try_for_each(|effect| self.effect(now, effect));
        self.state.out = out;
        performed
    }

    fn effect(&mut self, now: Now, effect: Effect<M>) -> Result<(), Halted> {
        match effect {
            Effect::Send { to, message } => self.send(now.stamp, to, message),
            Effect::Reply { id, response } => self.pass(Leaving::Reply { id, response }, 0),
            Effect::Persist { slot, record } => self.persist(&slot, record.as_ref())?,
            Effect::SetTimer { timer, after, jitter } => {
                let jitter = below(&mut self.random, jitter);
                let at = now.monotonic.saturating_add(after).saturating_add(jitter);
                self.state.timers.set(timer, at);
            }
            Effect::CancelTimer(timer) => self.state.timers.cancel(timer),
            Effect::Note(note) => (self.notes)(NoteAt { node: self.node, now, note }),
        }
        Ok(())
    }

    fn send(&mut self, stamp: Timestamp, to: NodeId, message: M::Message) {
        let unsendable = if self.links.contains_key(&to) {
            match to_frame(&Frame::Message { stamp, message }, self.limits.frame_max) {
                Ok(frame) => {
                    let len = frame.len();
                    self.pass(Leaving::Frame { to, frame }, len);
                    return;
                }
                Err(error) => error.to_string(),
            }
        } else {
            "it is for a node that isn't a peer".into()
        };
        tracing::error!(%to, "dropped a message that can't be sent: {unsendable}");
        self.counts.count(|stats| stats.dropped_unsendable += 1);
    }

    fn persist(&mut self, slot: &M::Slot, record: Option<&M::Record>) -> Result<(), Halted> {
        let slot = postcard::to_stdvec(slot).map_err(Halted::Encode)?;
        let record = record.map(postcard::to_stdvec).transpose().map_err(Halted::Encode)?;
        let len = slot.len() + record.as_ref().map_or(0, Vec::len);
        let sequence = self.storage.push(match record {
            Some(record) => Change::Put { slot, record },
            None => Change::Clear { slot },
        });
        self.counts.count(|stats| stats.persists += 1);
        if sequence > self.storage.durable() {
            self.state.gate.persist(sequence, len);
        }
        Ok(())
    }

    fn pass(&mut self, leaving: Leaving<M>, len: usize) {
        if let Some(leaving) = self.state.gate.pass(leaving, len) {
            self.leave(leaving);
        }
    }

    fn leave(&mut self, leaving: Leaving<M>) {
        match leaving {
            Leaving::Frame { to, frame } => {
                let dropped = self.links.get(&to).map_or(0, |link| link.push(frame));
                if dropped > 0 {
                    tracing::debug!(%to, dropped, "queue full");
                    self.counts.count(|stats| stats.dropped_full += dropped);
                }
            }
            Leaving::Reply { id, response } => {
                let delivered =
                    self.state.asked.remove(&id).is_some_and(|reply| reply.send(response).is_ok());
                self.counts.count(|stats| {
                    stats.replies += u64::from(delivered);
                    stats.unanswered = self.state.asked.len();
                });
            }
        }
    }

    fn reading(&mut self) -> Result<Reading, Halted> {
        self.clocks.reading().map_err(Halted::Clock)
    }
}

/// How long to sleep until then.
fn until(at: Duration, now: Duration) -> Duration {
    at.saturating_sub(now).min(SLEEP_MAX)
}

/// Waits. Not at all for what is due: tokio's sleep takes a turn of its wheel even then, and a branch that isn't ready at
/// once loses to a full inbox every time.
async fn pass(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A timer far away is looked at now and then: tokio's clock takes no sleep of centuries.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);
