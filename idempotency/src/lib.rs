#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(any(feature = "std", test))]
extern crate std;

mod block;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod dedup_window;
mod error;
mod fingerprint;
mod freshness;
mod local_window;
mod record;
mod session;
mod session_table;
mod snapshot;
mod step;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod strict_window;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod sync;

#[cfg(test)]
mod tests;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use dedup_window::DedupWindow;
pub use error::{BadWord, Lost, OpenError, SnapshotError, UnknownSession};
pub use fingerprint::Fingerprint;
pub use freshness::Freshness;
pub use local_window::LocalWindow;
pub use record::{Lease, Policy, Record, Token, Unfinished};
pub use session::{Begin, Request, Session, Ticket};
pub use session_table::{Entry, SessionId, SessionTable};
pub use step::{Effect, Event, Reply, step};
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use strict_window::StrictWindow;
