use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use spacelike::machine::NodeId;
use spacelike::monitor::Heartbeat;
use tokio::sync::Notify;

/// The latest heartbeat of each peer, on its way from the connections to the engine. A place a peer: one that beats without
/// end costs no more than another, and takes nobody's place. Messages that wait for the machine don't hold it up.
#[derive(Debug, Default)]
pub(super) struct Pulses {
    latest: Mutex<BTreeMap<NodeId, Pulse>>,
    came: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pulse {
    /// Which of the connections of all peers it came over, in the order in which they were seated.
    pub(super) seat: u64,
    pub(super) heartbeat: Heartbeat,
}

impl Pulses {
    /// Takes the place of an earlier one. A connection that has lost its seat may still say something: that is none.
    pub(super) fn put(&self, from: NodeId, pulse: Pulse) {
        let mut latest = self.lock();
        if latest.get(&from).is_none_or(|other| other.seat <= pulse.seat) {
            latest.insert(from, pulse);
        }
        drop(latest);
        self.came.notify_one();
    }

    /// Waits until there may be one. Dropping the future loses nothing.
    pub(super) async fn came(&self) {
        self.came.notified().await;
    }

    /// Takes them, one a peer at most.
    pub(super) fn take(&self) -> BTreeMap<NodeId, Pulse> {
        core::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeId, Pulse>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    /// Of each peer there is the latest, and none of a connection that has given way to another.
    #[tokio::test]
    async fn latest_of_each_peer_is_kept() {
        let pulses = Pulses::default();
        let pulse = |seat, sequence| Pulse { seat, heartbeat: Heartbeat { sequence, sent: Duration::ZERO } };
        for (from, seat, sequence) in [(2, 1, 7), (3, 2, 9), (2, 1, 8), (3, 5, 1), (3, 2, 10)] {
            pulses.put(NodeId(from), pulse(seat, sequence));
        }
        pulses.came().await;
        let kept = BTreeMap::from([(NodeId(2), pulse(1, 8)), (NodeId(3), pulse(5, 1))]);
        assert_eq!((pulses.take(), pulses.take()), (kept, BTreeMap::new()));
    }
}
