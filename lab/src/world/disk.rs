use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use spacelike::hlc::{Reservation, Stored};
use spacelike::machine::Machine;

use crate::world::Latency;

/// How a node's disk is.
#[derive(Clone, PartialEq, Debug)]
pub struct Disk {
    /// How long a sync takes. Whatever is written meanwhile waits for the next one, and is then synced together.
    pub sync: Latency,
    /// So many records may be written in one life; the next one halts the node, as a full disk does.
    pub writes_max: u64,
}

impl Default for Disk {
    /// A sync takes 200 µs, and there is room for ever.
    fn default() -> Self {
        Self { sync: Latency::Constant(Duration::from_micros(200)), writes_max: u64::MAX }
    }
}

/// What a node has on its disk, and what is on its way there.
#[derive(Debug)]
pub(super) struct Drive<M: Machine> {
    pub(super) settings: Disk,
    pub(super) durable: BTreeMap<M::Slot, M::Record>,
    pub(super) bound: Stored,
    /// In the order of emission; those that are being synced come first.
    pending: VecDeque<Write<M>>,
    syncing: usize,
    /// How many writes there were, and how many of them are durable.
    written: u64,
    synced: u64,
    pub(super) is_rotten: bool,
}

/// Something to make durable.
#[derive(Debug)]
pub(super) enum Write<M: Machine> {
    Slot(M::Slot, Option<M::Record>),
    Bound(Reservation),
}

impl<M: Machine> Drive<M> {
    pub(super) fn new(settings: Disk) -> Self {
        Self {
            settings,
            durable: BTreeMap::new(),
            bound: Stored::Never,
            pending: VecDeque::new(),
            syncing: 0,
            written: 0,
            synced: 0,
            is_rotten: false,
        }
    }

    /// Numbers a write; `None` if the disk is full.
    pub(super) fn write(&mut self, write: Write<M>) -> Option<u64> {
        if self.written >= self.settings.writes_max {
            return None;
        }
        self.pending.push_back(write);
        self.written += 1;
        Some(self.written)
    }

    /// Begins to sync what was written, unless a sync is under way or there is nothing to do.
    pub(super) fn begin_sync(&mut self) -> bool {
        let begins = self.syncing == 0 && !self.pending.is_empty();
        if begins {
            self.syncing = self.pending.len();
        }
        begins
    }

    /// The sync is over. Says up to which write all is durable, and gives the bound that is durable now.
    pub(super) fn end_sync(&mut self) -> (u64, Option<Reservation>) {
        let mut reservation = None;
        for _ in 0..core::mem::take(&mut self.syncing) {
            reservation = self.apply().or(reservation);
        }
        (self.synced, reservation)
    }

    /// Of what was being synced, only so many writes are durable; the others are lost, and so is what was written since.
    pub(super) fn crash(&mut self, kept: usize) {
        for _ in 0..kept.min(self.syncing) {
            self.apply();
        }
        self.pending.clear();
        (self.syncing, self.written, self.synced) = (0, 0, 0);
    }

    /// How many writes are being synced: so many a crash may keep or not.
    pub(super) const fn syncing(&self) -> usize {
        self.syncing
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn wipe(&mut self) {
        self.durable.clear();
        (self.bound, self.is_rotten) = (Stored::Never, false);
    }

    fn apply(&mut self) -> Option<Reservation> {
        self.synced += 1;
        match self.pending.pop_front()? {
            Write::Slot(slot, Some(record)) => drop(self.durable.insert(slot, record)),
            Write::Slot(slot, None) => drop(self.durable.remove(&slot)),
            Write::Bound(reservation) => {
                self.bound = Stored::Bound(reservation.bound());
                return Some(reservation);
            }
        }
        None
    }
}
