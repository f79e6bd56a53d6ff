use core::time::Duration;

use crate::world::{Delivery, Latency, Loss};

/// The way from one node to another. There is one for each direction.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_lab::world::{Latency, Link, Loss};
///
/// let millis = Duration::from_millis;
/// let wan = Link {
///     latency: Latency::LogNormal { median: millis(40), sigma: 0.3 },
///     loss: Loss::Independent(0.01),
///     ..Link::default()
/// };
/// assert!(!wan.in_order);
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Link {
    /// How long a message is on its way.
    pub latency: Latency,
    /// At most this is added, each message its own: so they overtake each other, unless they are kept in order.
    pub jitter: Duration,
    /// Which messages are lost.
    pub loss: Loss,
    /// How probable it is that a message comes twice, each copy after a latency of its own.
    pub duplication: f64,
    /// How probable it is that a message is damaged. What its checksum doesn't match is dropped; see
    /// [`World::corrupt_with`](crate::world::World::corrupt_with) for damage that no checksum finds.
    pub corruption: f64,
    /// None overtakes another, as in one TCP connection. What is lost is not waited for.
    pub in_order: bool,
    /// What is done about messages that are lost.
    pub delivery: Delivery,
    /// How much fits through.
    pub bandwidth: Option<Bandwidth>,
}

/// How much fits through a link, and waits before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bandwidth {
    /// So many bytes in a second. Of how many a message has, see [`World::measure_with`](crate::world::World::measure_with).
    pub bytes_per_second: u64,
    /// So many bytes may wait. What comes then is dropped.
    pub queue_bytes: u64,
}
