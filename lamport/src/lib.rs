#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(any(feature = "std", test))]
extern crate std;

mod error;
mod local_clock;
mod rules;
mod stamp;
mod timestamp;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod clock;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod sync;

#[cfg(test)]
mod tests;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use clock::Clock;
pub use error::{JumpExceeded, OutOfRange, ParseStampError, ParseTimestampError, ReceiveError};
pub use local_clock::LocalClock;
pub use stamp::Stamp;
pub use timestamp::Timestamp;
