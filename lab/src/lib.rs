#![doc = include_str!("../README.md")]

#[cfg(feature = "trace")]
pub mod analysis;
pub mod beats;
pub mod clocks;
#[cfg(feature = "trace")]
pub mod diagram;
pub mod slots;
#[cfg(all(feature = "net", feature = "trace"))]
pub mod tour;
#[cfg(feature = "trace")]
pub mod trace;

#[cfg(feature = "net")]
pub mod net;
