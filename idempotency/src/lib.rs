#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod block;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
mod budget;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod dedup_window;
mod derived_key;
mod error;
mod fingerprint;
mod freshness;
mod hex;
mod key;
mod key_hash;
mod local_window;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
mod quotas;
mod record;
mod scope;
mod secret;
mod session;
mod session_table;
mod snapshot;
mod step;
pub mod store;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod strict_window;
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
mod sync;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
pub mod table;
#[cfg(all(feature = "table", any(target_has_atomic = "64", feature = "critical-section")))]
mod wheel;

#[cfg(test)]
mod tests;

#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use dedup_window::DedupWindow;
pub use derived_key::DerivedKey;
pub use error::{BadWord, DecodeError, HexError, KeyError, Lost, OpenError, SnapshotError, UnknownSession};
pub use fingerprint::Fingerprint;
pub use freshness::Freshness;
pub use key::{ENCODED_MAX, KEY_MAX, Key};
pub use key_hash::KeyHash;
pub use local_window::LocalWindow;
pub use record::{Lease, Policy, Record, Token, Unfinished};
pub use scope::Scope;
pub use secret::Secret;
pub use session::{Begin, Request, Session, Ticket};
pub use session_table::{Entry, SessionId, SessionTable};
pub use step::{Effect, Event, Reply, step};
#[cfg(any(target_has_atomic = "64", feature = "critical-section"))]
pub use strict_window::StrictWindow;
