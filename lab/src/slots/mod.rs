//! The durable slots of a node, in a file: a checksummed log of changes, synced before anyone is told of them, and
//! compacted by whoever runs the machine.
//!
//! Plain `std`, no runtime, and no clock. Whatever touches the disk goes through [`Disk`], so that a test can fail any
//! write or sync, tear any write at any byte and flip any bit.

mod disk;
mod error;
mod folder;
mod format;
mod store;

pub use disk::Disk;
pub use error::{CommitError, LoadError, OpenError};
pub use folder::Folder;
pub use store::{COMPACT_MIN, Change, Contents, Identity, LEN_MAX, Store, Torn, load};
