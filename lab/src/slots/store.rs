use std::collections::BTreeMap;

use spacelike::hlc::{Stored, Timestamp};
use spacelike::machine::NodeId;

use crate::slots::{CommitError, Disk, LoadError, format};

/// Whose slots they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// The cluster.
    pub cluster: u64,
    /// The node.
    pub node: NodeId,
}

/// A change to make durable.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Change {
    /// Write a slot.
    Put {
        /// Its name.
        slot: Vec<u8>,
        /// What it holds from now on.
        record: Vec<u8>,
    },
    /// Clear a slot.
    Clear {
        /// Its name.
        slot: Vec<u8>,
    },
    /// Stamps are reserved up to here. A bound only grows.
    Reserve(Timestamp),
    /// The life ends cleanly, with this as its latest stamp: nothing above it was issued or taken over, and so it takes
    /// the bound's place. The very last change of a life.
    End(Timestamp),
}

/// What a slots file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    /// Every slot's last record.
    pub slots: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The latest life that began; zero if none did.
    pub incarnation: u64,
    /// Whether the latest life ended cleanly: then its stamps go up to the bound, and no farther were reserved.
    pub ended: bool,
    /// The bound of stamps.
    pub bound: Stored,
    /// A batch that was being written when the node died. Nobody was told of it, and it is dropped.
    pub torn: Option<Torn>,
}

/// The end of a file that was being written when the node died.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Torn {
    /// Where it begins.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
}

impl Default for Contents {
    fn default() -> Self {
        Self { slots: BTreeMap::new(), incarnation: 0, ended: false, bound: Stored::Never, torn: None }
    }
}

impl Contents {
    /// A bound only grows.
    pub(super) fn reserve(&mut self, bound: Timestamp) {
        self.bound = Stored::Bound(match self.bound {
            Stored::Bound(earlier) => earlier.max(bound),
            Stored::Never => bound,
        });
    }

    /// A clean end takes the bound's place, also where that was greater.
    pub(super) fn end(&mut self, latest: Timestamp) {
        self.bound = Stored::Bound(latest);
        self.ended = true;
    }
}

/// Reads what earlier lives left; writes nothing. A folder without a slots file is a first start.
///
/// # Errors
/// [`LoadError`] if the disk fails, or if the file isn't this node's, or damaged where it was durable.
pub fn load(disk: &mut impl Disk, identity: Identity) -> Result<Contents, LoadError> {
    match disk.read().map_err(LoadError::Io)? {
        Some(bytes) => format::read(&bytes, identity),
        None => Ok(Contents::default()),
    }
}

/// The slots of one node in one life: a log of changes that is rewritten when more of it is dead than alive.
///
/// The [module](crate::slots) says what it promises.
///
/// # Examples
/// ```
/// use spacelike::hlc::{Stored, Timestamp};
/// use spacelike::machine::NodeId;
/// use spacelike_lab::slots::{Change, Folder, Identity, Store, load};
///
/// let home = tempfile::tempdir()?;
/// let identity = Identity { cluster: 7, node: NodeId(1) };
///
/// // A first life. The salt must be drawn at random for every life.
/// let mut disk = Folder::open(home.path())?;
/// let found = load(&mut disk, identity)?;
/// assert_eq!(found.bound, Stored::Never);
/// let bound = Timestamp::new(1_700_000_010_000, 0)?;
/// let mut store = Store::begin(disk, identity, found, 1, bound, 0x5EED)?;
/// store.commit(&[Change::Put { slot: b"vote".into(), record: b"node 3".into() }])?; // durable when this returns
/// drop(store);
///
/// // The next one.
/// let found = load(&mut Folder::open(home.path())?, identity)?;
/// assert_eq!(found.slots[&b"vote"[..]], b"node 3");
/// assert_eq!((found.incarnation, found.bound), (1, Stored::Bound(bound)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store<D> {
    disk: D,
    identity: Identity,
    /// As durable, without the tail.
    contents: Contents,
    salt: u64,
    /// How long the file is.
    len: u64,
    /// How much of it is durable.
    synced: u64,
    /// How long a file of the live changes alone would be, without its heads.
    live: u64,
    /// How many files this life has written.
    files: u64,
    halted: bool,
}

impl<D: Disk> Store<D> {
    /// Begins a life: writes a new file with what earlier lives left, the new incarnation and bound, and puts it in the
    /// old one's place. A crash on the way leaves the old file or the new one.
    ///
    /// Writing all of it anew, rather than going on with the old file, drops a torn tail, and makes durable once more
    /// what was only read from the system's cache: after a failed sync the two may differ.
    ///
    /// `salt` must be random: it keeps batches of one file from passing for another's.
    ///
    /// # Errors
    /// [`CommitError`]. The old file or the new one is in place.
    pub fn begin(
        disk: D,
        identity: Identity,
        found: Contents,
        incarnation: u64,
        bound: Timestamp,
        salt: u64,
    ) -> Result<Self, CommitError> {
        let live = found.slots.iter().map(|(slot, record)| put_len(slot, record)).sum();
        let mut contents = Contents { ended: false, torn: None, ..found };
        contents.incarnation = contents.incarnation.max(incarnation);
        contents.reserve(bound);
        let mut store =
            Self { disk, identity, contents, salt, len: 0, synced: 0, live, files: 0, halted: false };
        store.rewrite()?;
        Ok(store)
    }

    /// Makes changes durable, all of them, in one batch with one sync: they are when this returns. A crash on the way
    /// keeps all or none.
    ///
    /// # Errors
    /// [`CommitError`]. Whether the changes are durable is unknown (except for
    /// [`TooLong`](CommitError::TooLong): they aren't), and the store takes no more.
    pub fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        if self.halted {
            return Err(CommitError::Halted);
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.halted = true; // unless we get to the end
        let mut body = Vec::new();
        for change in changes {
            check_len(change)?;
            format::change(&mut body, change.into());
        }
        if body.len() > BODY_MAX {
            return Err(CommitError::TooLong { len: body.len(), len_max: BODY_MAX });
        }
        let mut bytes = Vec::with_capacity(body.len() + 2 * format::BATCH_HEAD);
        format::batch(&mut bytes, &body, self.len, self.synced, self.salt);
        self.append(&bytes)?;
        self.sync()?;
        self.seal()?;
        for change in changes {
            self.apply(change);
        }
        self.halted = false;
        Ok(())
    }

    /// Writes the file anew if more of it is dead than alive and it has more than `len_min` bytes:
    /// [`COMPACT_MIN`] is a fair choice. Returns whether it did.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit).
    pub fn compact(&mut self, len_min: u64) -> Result<bool, CommitError> {
        if self.halted {
            return Err(CommitError::Halted);
        }
        if self.len <= len_min.max(2 * self.live) {
            return Ok(false);
        }
        self.rewrite()?;
        Ok(true)
    }

    /// What is durable.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// How long the file is, in bytes.
    pub fn file_len(&self) -> u64 {
        self.len
    }

    /// Lets go of the disk.
    pub fn into_disk(self) -> D {
        self.disk
    }

    /// An empty batch behind a durable one. It need not become durable itself: wherever it is read, it shows that what
    /// lies before it was durable, so that damage there isn't mistaken for a torn tail.
    fn seal(&mut self) -> Result<(), CommitError> {
        let mut seal = Vec::with_capacity(format::BATCH_HEAD);
        format::batch(&mut seal, &[], self.len, self.synced, self.salt);
        self.append(&seal)
    }

    fn rewrite(&mut self) -> Result<(), CommitError> {
        self.halted = true; // unless we get to the end
        self.files += 1;
        // Different for every file of this life; the salt of the life is random.
        let salt = self.salt.wrapping_add(self.files.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut bytes = vec![0; format::FILE_HEAD];
        let mut body = Vec::new();
        let flush = |bytes: &mut Vec<u8>, body: &mut Vec<u8>| {
            // Nobody sees the file before all of it is durable.
            let offset = bytes.len() as u64;
            format::batch(bytes, body, offset, offset, salt);
            body.clear();
        };
        format::change(&mut body, format::ChangeRef::Begin(self.contents.incarnation));
        if let Stored::Bound(bound) = self.contents.bound {
            let ended = self.contents.ended;
            let stored =
                if ended { format::ChangeRef::End(bound) } else { format::ChangeRef::Reserve(bound) };
            format::change(&mut body, stored);
        }
        for (slot, record) in &self.contents.slots {
            if body.len() >= BATCH_LEN {
                flush(&mut bytes, &mut body);
            }
            format::change(&mut body, format::ChangeRef::Put { slot, record });
        }
        flush(&mut bytes, &mut body);
        let len = bytes.len() as u64;
        bytes[..format::FILE_HEAD].copy_from_slice(&format::file_head(self.identity, salt, len));

        self.disk.create().map_err(io_error("can't create a new slots file"))?;
        self.len = 0;
        self.append(&bytes)?;
        self.sync()?;
        self.disk.publish().map_err(io_error("can't put the new slots file in place"))?;
        self.salt = salt;
        self.halted = false;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), CommitError> {
        self.disk.append(bytes).map_err(io_error("can't write to the slots file"))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), CommitError> {
        self.disk.sync().map_err(io_error("can't sync the slots file"))?;
        self.synced = self.len;
        Ok(())
    }

    fn apply(&mut self, change: &Change) {
        let slots = &mut self.contents.slots;
        match change {
            Change::Put { slot, record } => {
                self.live += put_len(slot, record);
                if let Some(earlier) = slots.insert(slot.clone(), record.clone()) {
                    self.live -= put_len(slot, &earlier);
                }
            }
            Change::Clear { slot } => {
                if let Some(earlier) = slots.remove(slot) {
                    self.live -= put_len(slot, &earlier);
                }
            }
            Change::Reserve(bound) => self.contents.reserve(*bound),
            Change::End(latest) => self.contents.end(*latest),
        }
    }
}

fn check_len(change: &Change) -> Result<(), CommitError> {
    let len = match change {
        Change::Put { slot, record } => slot.len().max(record.len()),
        Change::Clear { slot } => slot.len(),
        Change::Reserve(_) | Change::End(_) => 0,
    };
    if len > LEN_MAX { Err(CommitError::TooLong { len, len_max: LEN_MAX }) } else { Ok(()) }
}

/// How many bytes a written slot takes in a file.
fn put_len(slot: &[u8], record: &[u8]) -> u64 {
    9 + slot.len() as u64 + record.len() as u64
}

fn io_error(operation: &'static str) -> impl FnOnce(std::io::Error) -> CommitError {
    move |error| CommitError::Io { operation, error }
}

/// The most bytes that a slot's name or its record may have.
pub const LEN_MAX: usize = 64 << 20;

/// The most bytes that the changes of one commit may have.
const BODY_MAX: usize = 1 << 30;

/// A fair `len_min` for [`Store::compact`], in bytes: rewriting a smaller file costs more syncs than its dead bytes are
/// worth.
pub const COMPACT_MIN: u64 = 64 << 10;

/// A batch of a rewritten file is closed once it has this many bytes.
const BATCH_LEN: usize = 1 << 20;
