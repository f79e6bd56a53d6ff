//! A world in virtual time for any [`Machine`](spacelike::machine::Machine): a network, clocks and disks that go wrong as they are told, from
//! one seed.
//!
//! Nothing in it reads a clock, opens a socket or writes a file, and hours pass in a moment. The machines are the very same that run
//! on real sockets.

mod clock;
mod delivery;
mod digest;
mod disk;
mod fault;
mod happened;
mod latency;
mod link;
mod loss;
mod network;
mod node;
mod partition;
mod queue;
mod settings;
mod slab;
mod stream;
#[expect(clippy::module_inception, reason = "a file for each type")]
mod world;

use core::time::Duration;

pub use clock::Clock;
pub use delivery::Delivery;
pub use disk::Disk;
pub use fault::Fault;
pub use happened::{Halt, Happened, What, Why};
pub use latency::Latency;
pub use link::{Bandwidth, Link};
pub use loss::Loss;
pub use partition::Partition;
pub use settings::Settings;
pub use world::World;

/// Nanoseconds, which 64 bits hold for 584 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a random number is added to it")]
fn float(time: Duration) -> f64 {
    nanos(time) as f64
}
