#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(any(feature = "std", test))]
extern crate std;

mod error;
mod local_clock;
mod local_reserved_clock;
mod rfc3339;
mod rules;
mod run;
mod stamp;
mod stored;
mod timestamp;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod cached_wall;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod clock;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod reserved_clock;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod sync;

pub mod interop;
#[cfg(feature = "std")]
mod os_clock;

#[cfg(test)]
mod tests;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use cached_wall::{CachedReading, CachedWall};
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use clock::Clock;
pub use error::{
    DriftExceeded, Exhausted, OutOfRange, ParseStampError, ParseTimestampError, ReceiveError, ReservedError,
    Unreserved,
};
pub use local_clock::LocalClock;
pub use local_reserved_clock::LocalReservedClock;
#[cfg(feature = "std")]
pub use os_clock::{BeforeUnixEpoch, OsClock, OsMillis};
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use reserved_clock::ReservedClock;
pub use rfc3339::Rfc3339;
pub use rules::Received;
pub use run::Run;
pub use stamp::Stamp;
pub use stored::{Reservation, Stored};
pub use timestamp::Timestamp;
