//! The durable slots of a node, in a file: a checksummed log of changes, synced before anyone is told of them, and
//! compacted by whoever runs the machine.
//!
//! Plain `std`, no runtime, and no clock. Whatever touches the disk goes through [`Disk`], so that a test can fail any
//! write or sync, tear any write at any byte and flip any bit.
//!
//! # What is promised
//! - **A crash keeps what was acknowledged.** A [`commit`](Store::commit) that returned is found by the next
//!   [`load`]. Of the one that was under way all changes are found, or none.
//! - **A failure is final.** After an error the store asks nothing more of the disk.
//! - **Every life begins with a new file**: what was found is written, synced and renamed over the old file. That is also
//!   how a file is compacted. A crash on the way leaves one of the two, and they say the same.
//! - **A file is its owner's.** Another node's or cluster's file is refused, and a [`Folder`] is locked.
//!
//! # A torn tail, or rot?
//! A crash may leave the last batch half-written. It was not acknowledged, so [`load`] drops it and says so
//! ([`Contents::torn`]). But a batch that was acknowledged and can't be read any more must not be dropped: then the node
//! would break promises that it made. To tell the two apart, each batch's head says how much of the file was known to be
//! durable when it was written; behind each batch, once it is synced, comes an empty one, the *seal*, which says so at
//! once; and the file's head says how much was durable when the file got its name. A bad batch below any of these
//! is [`LoadError::Damaged`], and the node doesn't start.
//!
//! What that can't find out:
//! - A file that lost its *end*, with the seals in it, looks torn: if it was cut at some byte, or all from there on was
//!   overwritten. Damage that leaves any later head intact is found, and so is any below the length at which the file
//!   began.
//! - The seal is not synced itself. When the power fails soon after a commit (a killed process is not enough), the last
//!   batch may stand without one; if it then rots as well, it looks torn.
//! - An *older* file in place of the current one, such as a restored backup, is as valid as it ever was. So is a lost
//!   disk: it looks like a first start. Bring such a node back under a new id.
//! - A checksum of 32 bits finds every error in one burst of up to 32 bits, and misses one in four billion of others.
//!   It is no protection against someone who writes to the disk.

mod disk;
mod error;
mod folder;
mod format;
mod store;

pub use disk::Disk;
pub use error::{CommitError, LoadError, OpenError};
pub use folder::Folder;
pub use store::{COMPACT_MIN, Change, Contents, Identity, LEN_MAX, Store, Torn, load};
