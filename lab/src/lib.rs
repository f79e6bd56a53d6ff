#![doc = include_str!("../README.md")]

#[cfg(feature = "trace")]
pub mod analysis;
pub mod beats;
#[cfg(feature = "check")]
pub mod check;
pub mod clocks;
#[cfg(feature = "trace")]
pub mod diagram;
#[cfg(any(feature = "net", feature = "world"))]
mod gate;
#[cfg(any(feature = "check", feature = "trace"))]
mod lines;
pub mod slots;
#[cfg(any(feature = "net", feature = "world"))]
mod timers;
#[cfg(all(feature = "net", feature = "trace"))]
pub mod tour;
#[cfg(feature = "trace")]
pub mod trace;

#[cfg(feature = "net")]
pub mod net;

#[cfg(feature = "world")]
pub mod world;
