use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spacelike::machine::NodeId;
use spacelike::monitor::{Change, Peer};
use spacelike::phi_detector::Suspicion;

/// What a node thinks of a peer, as of its latest heartbeat of its own.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Health {
    /// When it thought so, on its monotonic clock.
    pub at: Duration,
    /// What it knows of the peer: when it was last heard, at which level of suspicion it is.
    pub peer: Peer,
    /// How suspicious the peer's silence was at that time.
    pub suspicion: Suspicion,
}

/// What the engine shows of its peers to whoever asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Views(Arc<Mutex<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    peers: BTreeMap<NodeId, Health>,
    changes: VecDeque<Change>,
}

impl Views {
    pub(super) fn show(&self, peers: impl IntoIterator<Item = (NodeId, Health)>) {
        self.lock().peers.extend(peers);
    }

    pub(super) fn push(&self, change: Change) {
        let changes = &mut self.lock().changes;
        if changes.len() >= CHANGES_MAX {
            changes.pop_front();
        }
        changes.push_back(change);
    }

    pub(super) fn peers(&self) -> BTreeMap<NodeId, Health> {
        self.lock().peers.clone()
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        self.lock().changes.iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many changes are kept.
const CHANGES_MAX: usize = 1_024;
