use alloc::vec::Vec;
use core::time::Duration;

use crate::machine::{Input, Machine, NodeId};
use crate::monitor::Level;
use crate::phi_detector::Suspicion;

/// A heartbeat, as it goes over the wire. Whose it is, and of which life, the transport knows better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Heartbeat {
    /// Which of the sender's beats in this life it is: one more each time.
    pub sequence: u64,
    /// When it was due to leave, on the sender's monotonic clock.
    pub sent: Duration,
}

/// What is to be done now.
#[derive(Clone, PartialEq, Debug)]
#[must_use = "the heartbeat is to be sent, and the machine to be told"]
pub struct Polled {
    /// To be sent to every peer at once, in the place of one that hasn't left yet.
    pub heartbeat: Option<Heartbeat>,
    /// Whose silence has come to a level, in the order in which their times came.
    pub changes: Vec<Change>,
}

/// The suspicion of a peer has come to another level.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Change {
    /// Whose.
    pub peer: NodeId,
    /// Where it was; `None` below all levels.
    pub from: Option<Level>,
    /// Where it is now; `None` below all levels.
    pub to: Option<Level>,
    /// When that was noticed, on our monotonic clock.
    pub at: Duration,
    /// What the detector thinks of the peer now, with a beat that came just now counted.
    pub suspicion: Suspicion,
    /// The level at which a machine is told.
    pub suspect_at: Level,
}

impl Change {
    /// What to tell the machine: `None` if, for it, nothing has changed.
    pub fn input<M: Machine>(&self) -> Option<Input<M>> {
        let is_suspect = |level: Option<Level>| level >= Some(self.suspect_at);
        match (is_suspect(self.from), is_suspect(self.to)) {
            (false, true) => Some(Input::Suspect(self.peer)),
            (true, false) => Some(Input::Trust(self.peer)),
            _ => None,
        }
    }
}
