//! The wire form of clocks and dots: versioned, canonical, and checked on the way in.
//!
//! [`Encode`] and [`Decode`] are for whole clocks and dots. Two modes want something that both sides have: a [`Roster`] of
//! the actors, or a [`Base`] clock. [`ClockView`](crate::ClockView) works on encoded clocks as they are.
//!
//! # Format
//! The first byte has the version, 1, in its high four bits. Then comes one bit that is set only for a
//! [`PrunedVector`](crate::PrunedVector), and three for the [`Mode`]:
//!
//! | byte | of | then |
//! |---|---|---|
//! | `0x10` | a clock | the number of entries; for each the id and its counter less one |
//! | `0x18` | a pruned vector | the same |
//! | `0x11` | a clock by a roster | the fingerprint of the roster; for each of its actors the counter |
//! | `0x12` | a clock above a base | the fingerprint of the base; the number of entries above it; for each the id and how far above, less one |
//! | `0x13` | a dot | the id; its counter less one |
//! | `0x14` to `0x17` | a [`FixedClock`](crate::FixedClock) | each counter in 1, 2, 4 or 8 bytes, big-endian, so that any can be read alone |
//!
//! Numbers are varints: seven bits a byte, lowest first, the high bit set on all but the last (LEB128), in the shortest
//! form. Fingerprints are four bytes, big-endian: the CRC-32 of zlib, of a base's encoding, or of a roster's as
//! a clock without its first byte and its counters. Ids ascend:
//!
//! | id | written as |
//! |---|---|
//! | `u8` to `u128` | a varint: the first as it is, each other as the number of ids between it and the one before |
//! | `[u8; N]` | its bytes |
//! | text, bytes | their length as a varint, and they |
//! | [`Actor`](crate::Actor) | twice its epoch as a varint, and its id. If its id is that of the one before, only a varint: one and twice the number of epochs between |
//!
//! So there is one encoding for each clock in each mode, and bytes are equal exactly if the clocks are. Whether it is a vector
//! clock or a version vector, and of which actors, they don't say: who decodes them knows.

#[cfg(feature = "alloc")]
mod base;
mod bounded;
#[cfg(feature = "alloc")]
mod crc;
mod decode;
mod dot;
mod encode;
mod error;
mod fixed;
mod header;
mod limits;
pub(crate) mod reader;
#[cfg(feature = "alloc")]
mod roster;
pub(crate) mod sparse;
mod varint;
mod wire_actor;
mod wire_id;
pub(crate) mod writer;

pub use decode::Decode;
pub use encode::Encode;
pub use error::{BufferTooSmall, DecodeCause, DecodeError, NotOnRoster};
pub use header::{Header, Mode};
pub use limits::Limits;
pub use wire_actor::WireActor;
pub use wire_id::WireId;

#[cfg(feature = "alloc")]
pub use base::{AboveBase, Base};
#[cfg(feature = "alloc")]
pub use roster::{OnRoster, Roster};
