use spacelike::monitor;

use crate::world::{Clock, Disk, Link};

/// How a world is where nothing else is said.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Every link.
    pub link: Link,
    /// Every node's clocks.
    pub clock: Clock,
    /// Every node's disk.
    pub disk: Disk,
    /// How far stamps may be apart, and how peers are watched.
    pub monitor: monitor::Settings,
    /// Whether nodes send heartbeats and suspect those whose beats don't come.
    pub has_heartbeats: bool,
}

impl Default for Settings {
    /// A good network of a millisecond each way, right clocks, and a disk that syncs within 200 µs; with heartbeats.
    fn default() -> Self {
        Self {
            link: Link::default(),
            clock: Clock::default(),
            disk: Disk::default(),
            monitor: monitor::Settings::default(),
            has_heartbeats: true,
        }
    }
}
