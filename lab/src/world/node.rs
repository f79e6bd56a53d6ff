use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use spacelike::hlc::Timestamp;
use spacelike::idempotency::LocalWindow;
use spacelike::machine::{Machine, NodeId, Outbox, RequestId};
use spacelike::monitor::{Heartbeat, Monitor, Reading};

use crate::gate::Gate;
use crate::timers::Timers;
use crate::world::clock::Running;
use crate::world::disk::Drive;
use crate::world::stream::{Purpose, Stream};
use crate::world::{Latency, Settings};

/// A node: what is of all its lives, and of the one that it has.
#[derive(Debug)]
pub(super) struct Node<M: Machine> {
    pub(super) name: NodeId,
    pub(super) pristine: M,
    pub(super) clock: Running,
    pub(super) drive: Drive<M>,
    pub(super) incarnation: u64,
    /// Grows whenever a life ends, so that what was meant for it isn't taken for the next one's.
    pub(super) lives: u32,
    /// How many messages it has sent to each node, by what its life was then.
    pub(super) sent: BTreeMap<usize, (u32, u64)>,
    pub(super) standing: Standing,
    pub(super) crashes_in_step: bool,
    /// How long a step takes, and until when the latest one does.
    pub(super) work: u64,
    pub(super) busy: u64,
    /// When it is to be woken up, each time earlier than the one before it. Those that are not needed any more stay, also when
    /// a life ends: so that none is put into the queue twice, and what is there doesn't grow.
    pub(super) wakes: Vec<u64>,
    /// Whether it will be called to take what waits.
    pub(super) has_ready: bool,
    pub(super) timer_jitter: Stream,
    pub(super) syncs: Stream,
    pub(super) crashes: Stream,
    pub(super) life: Option<Life<M>>,
}

/// What a node may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    Free,
    /// Nothing, until it is resumed.
    Paused,
    /// Nothing ever.
    Killed,
}

/// What ends with a crash.
#[derive(Debug)]
pub(super) struct Life<M: Machine> {
    /// `None` until it begins: after a crash it waits until its stamps are not ahead of its clock.
    pub(super) machine: Option<M>,
    /// When it begins, on its monotonic clock.
    pub(super) begins: Duration,
    pub(super) monitor: Monitor,
    pub(super) timers: Timers<M::Timer>,
    pub(super) gate: Gate<Leaving<M>>,
    pub(super) inbox: VecDeque<Arrived<M>>,
    /// Each peer's latest heartbeat, with its epoch, if it wasn't heard yet. Messages that wait don't hold it up.
    pub(super) beats: BTreeMap<NodeId, (u64, Heartbeat)>,
    /// Of each sender's latest life, which messages came.
    pub(super) came: BTreeMap<NodeId, (u32, LocalWindow<64>)>,
    /// A bound of stamps is on its way to the disk.
    pub(super) is_reserving: bool,
    /// Nothing is taken until the disk has what is being reserved.
    pub(super) is_blocked: bool,
    /// What came was taken last, so a timer that is due is next.
    pub(super) has_timers_turn: bool,
    pub(super) out: Outbox<M>,
}

/// An input on its way to the machine.
#[derive(Debug)]
pub(super) enum Arrived<M: Machine> {
    Message { from: NodeId, number: u64, stamp: Timestamp, message: M::Message },
    Request { id: RequestId, request: M::Request },
    Timer(M::Timer),
    Suspicion { peer: NodeId, is_suspect: bool },
}

/// An effect that waits for the disk.
#[derive(Debug)]
pub(super) enum Leaving<M: Machine> {
    Message { to: NodeId, stamp: Timestamp, message: M::Message },
    Reply { id: RequestId, response: M::Response },
}

impl<M: Machine> Node<M> {
    pub(super) fn new(seed: u64, name: NodeId, pristine: M, settings: &Settings) -> Self {
        let stream = |purpose| Stream::new(seed, purpose, name, name);
        Self {
            name,
            pristine,
            clock: Running::new(settings.clock, 0),
            drive: Drive::new(settings.disk.clone()),
            incarnation: 0,
            lives: 0,
            sent: BTreeMap::new(),
            standing: Standing::Free,
            crashes_in_step: false,
            work: 0,
            busy: 0,
            wakes: Vec::new(),
            has_ready: false,
            timer_jitter: stream(Purpose::Timers),
            syncs: stream(Purpose::Disk),
            crashes: stream(Purpose::Crash),
            life: None,
        }
    }

    pub(super) fn reading(&self, now: u64) -> Reading {
        self.clock.reading(now)
    }

    /// Begins to sync if there is something to sync. Says when that will be done.
    pub(super) fn begin_sync(&mut self, now: u64) -> Option<u64> {
        if !self.drive.begin_sync() {
            return None;
        }
        let latency: &Latency = &self.drive.settings.sync;
        Some(now.saturating_add(latency.draw(&mut self.syncs)))
    }

    /// The life ends. Of what was being synced a part is kept, from the beginning on.
    pub(super) fn end(&mut self) {
        let syncing = self.drive.syncing() as u64;
        let kept = self.crashes.up_to(syncing);
        self.drive.crash(usize::try_from(kept).unwrap_or(0));
        self.life = None;
        self.lives += 1;
        (self.standing, self.crashes_in_step, self.has_ready) = (Standing::Free, false, false);
        self.busy = 0;
    }
}

impl<M: Machine> Life<M> {
    /// Whether a message of this number, of a sender in one of its lives, comes for the first time.
    pub(super) fn is_news(&mut self, from: NodeId, lives: u32, number: u64) -> bool {
        let (latest, window) = self.came.entry(from).or_insert((lives, LocalWindow::new()));
        if lives > *latest {
            (*latest, *window) = (lives, LocalWindow::new());
        }
        lives == *latest && window.claim(number).is_fresh()
    }

    pub(super) fn new(monitor: Monitor, begins: Duration) -> Self {
        Self {
            machine: None,
            begins,
            monitor,
            timers: Timers::new(),
            gate: Gate::new(),
            inbox: VecDeque::new(),
            beats: BTreeMap::new(),
            came: BTreeMap::new(),
            is_reserving: false,
            is_blocked: false,
            has_timers_turn: false,
            out: Outbox::new(),
        }
    }
}
