#![doc = include_str!("../README.md")]

pub mod clocks;
pub mod slots;

#[cfg(feature = "net")]
pub mod net;
