//! The bytes of a slots file. All numbers are big-endian.
//!
//! ```text
//! file    magic:8  version:4  cluster:8  node:4  salt:8  born:8  crc:4        then batches
//! batch   mark:4  len:4  offset:8  synced:8  body crc:4  head crc:4           then `len` bytes of changes
//! change  1  slot len:4  record len:4  slot  record        a slot was written
//!         2  slot len:4  slot                              a slot was cleared
//!         3  incarnation:8                                 a life began
//!         4  bound:8                                       stamps are reserved up to here
//!         5  latest:8                                      a life ended cleanly: nothing above this was stamped
//! ```
//!
//! `salt` is drawn anew for every file and goes into each head's checksum, so that no batch of another file, and nothing
//! that a client puts into a record, passes for a batch of this one. `offset` is where the batch begins. `synced` is how
//! much of the file was durable when the batch was written, and `born` how much was when the file got its name: that is
//! how a tail that was torn is told from one that has rotted.

use spacelike::hlc::Timestamp;
use spacelike::machine::NodeId;

use crate::slots::{Change, Contents, Identity, LoadError, Torn};

pub(super) const FILE_HEAD: usize = 44;
pub(super) const BATCH_HEAD: usize = 32;

/// The head of a file of which `born` bytes are durable when it gets its name.
pub(super) fn file_head(identity: Identity, salt: u64, born: u64) -> [u8; FILE_HEAD] {
    let mut head = [0; FILE_HEAD];
    put(&mut head, 0, &MAGIC);
    put(&mut head, 8, &VERSION.to_be_bytes());
    put(&mut head, 12, &identity.cluster.to_be_bytes());
    put(&mut head, 20, &identity.node.0.to_be_bytes());
    put(&mut head, 24, &salt.to_be_bytes());
    put(&mut head, 32, &born.to_be_bytes());
    let crc = crc32fast::hash(&head[..FILE_HEAD - 4]);
    put(&mut head, FILE_HEAD - 4, &crc.to_be_bytes());
    head
}

/// Appends a batch to `out`; it will begin at `offset` of the file, `synced` bytes of which are durable.
pub(super) fn batch(out: &mut Vec<u8>, body: &[u8], offset: u64, synced: u64, salt: u64) {
    let mut head = [0; BATCH_HEAD];
    let len = u32::try_from(body.len()).expect("the store splits batches far below 4 GiB");
    put(&mut head, 0, &MARK);
    put(&mut head, 4, &len.to_be_bytes());
    put(&mut head, 8, &offset.to_be_bytes());
    put(&mut head, 16, &synced.to_be_bytes());
    put(&mut head, 24, &crc32fast::hash(body).to_be_bytes());
    let crc = head_crc(&head, salt);
    put(&mut head, BATCH_HEAD - 4, &crc.to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(body);
}

/// Appends a change to the body of a batch.
pub(super) fn change(body: &mut Vec<u8>, change: ChangeRef<'_>) {
    let len = |bytes: &[u8]| {
        u32::try_from(bytes.len()).expect("the store refuses slots and records above LEN_MAX").to_be_bytes()
    };
    match change {
        ChangeRef::Put { slot, record } => {
            body.push(PUT);
            body.extend_from_slice(&len(slot));
            body.extend_from_slice(&len(record));
            body.extend_from_slice(slot);
            body.extend_from_slice(record);
        }
        ChangeRef::Clear { slot } => {
            body.push(CLEAR);
            body.extend_from_slice(&len(slot));
            body.extend_from_slice(slot);
        }
        ChangeRef::Begin(incarnation) => {
            body.push(BEGIN);
            body.extend_from_slice(&incarnation.to_be_bytes());
        }
        ChangeRef::Reserve(bound) => {
            body.push(RESERVE);
            body.extend_from_slice(&bound.to_be_bytes());
        }
        ChangeRef::End(latest) => {
            body.push(END);
            body.extend_from_slice(&latest.to_be_bytes());
        }
    }
}

/// A [`Change`] whose bytes lie elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChangeRef<'a> {
    Put { slot: &'a [u8], record: &'a [u8] },
    Clear { slot: &'a [u8] },
    Begin(u64),
    Reserve(Timestamp),
    End(Timestamp),
}

impl<'a> From<&'a Change> for ChangeRef<'a> {
    fn from(change: &'a Change) -> Self {
        match change {
            Change::Put { slot, record } => Self::Put { slot, record },
            Change::Clear { slot } => Self::Clear { slot },
            Change::Reserve(bound) => Self::Reserve(*bound),
            Change::End(latest) => Self::End(*latest),
        }
    }
}

/// Reads a whole file.
pub(super) fn read(bytes: &[u8], identity: Identity) -> Result<Contents, LoadError> {
    let (salt, born) = read_file_head(bytes, identity)?;
    let mut contents = Contents::default();
    let mut at = FILE_HEAD;
    let mut synced = born;
    while at < bytes.len() {
        let Some((head, body)) = read_batch(bytes, at, salt) else {
            // Whoever wrote a later batch knew how far the file was durable. What lies below that can't be torn.
            let later = (at + 1..bytes.len()).filter_map(|at| read_batch_head(bytes, at, salt));
            synced = later.map(|head| head.synced).max().unwrap_or(0).max(synced);
            let offset = at as u64;
            if offset < synced {
                return Err(LoadError::Damaged { offset, synced });
            }
            contents.torn = Some(Torn { offset, len: (bytes.len() - at) as u64 });
            return Ok(contents);
        };
        read_changes(body, &mut contents).ok_or(LoadError::Malformed { offset: at as u64 })?;
        synced = synced.max(head.synced);
        at += BATCH_HEAD + body.len();
    }
    if (at as u64) < synced {
        return Err(LoadError::Damaged { offset: at as u64, synced });
    }
    Ok(contents)
}

fn read_file_head(bytes: &[u8], identity: Identity) -> Result<(u64, u64), LoadError> {
    if array(bytes, 0) != Some(MAGIC) {
        return Err(LoadError::Magic);
    }
    match array(bytes, 8).map(u32::from_be_bytes) {
        Some(VERSION) => {}
        Some(found) => return Err(LoadError::Version { found, known: VERSION }),
        None => return Err(LoadError::Damaged { offset: 0, synced: FILE_HEAD as u64 }),
    }
    // The name is given only once the head is durable, so it can't be torn.
    let whole = bytes.get(..FILE_HEAD).filter(|head| {
        array(head, FILE_HEAD - 4).map(u32::from_be_bytes) == Some(crc32fast::hash(&head[..FILE_HEAD - 4]))
    });
    let head = whole.ok_or(LoadError::Damaged { offset: 0, synced: FILE_HEAD as u64 })?;
    let (cluster, node) = (u64_at(head, 12), NodeId(u32_at(head, 20)));
    if cluster != identity.cluster {
        return Err(LoadError::Cluster { found: cluster, expected: identity.cluster });
    }
    if node != identity.node {
        return Err(LoadError::Node { found: node, expected: identity.node });
    }
    Ok((u64_at(head, 24), u64_at(head, 32)))
}

struct BatchHead {
    len: usize,
    synced: u64,
    body_crc: u32,
}

fn read_batch_head(bytes: &[u8], at: usize, salt: u64) -> Option<BatchHead> {
    let head: [u8; BATCH_HEAD] = array(bytes, at)?;
    let valid = head.starts_with(&MARK)
        && u32_at(&head, BATCH_HEAD - 4) == head_crc(&head, salt)
        && u64_at(&head, 8) == at as u64;
    valid.then(|| BatchHead {
        len: u32_at(&head, 4) as usize,
        synced: u64_at(&head, 16),
        body_crc: u32_at(&head, 24),
    })
}

fn read_batch(bytes: &[u8], at: usize, salt: u64) -> Option<(BatchHead, &[u8])> {
    let head = read_batch_head(bytes, at, salt)?;
    let begin = at + BATCH_HEAD;
    let body = bytes.get(begin..begin.checked_add(head.len)?)?;
    (crc32fast::hash(body) == head.body_crc).then_some((head, body))
}

fn read_changes(mut body: &[u8], contents: &mut Contents) -> Option<()> {
    while let Some((&tag, rest)) = body.split_first() {
        body = rest;
        match tag {
            PUT => {
                let slot_len = u32::from_be_bytes(take(&mut body)?) as usize;
                let record_len = u32::from_be_bytes(take(&mut body)?) as usize;
                let slot = take_slice(&mut body, slot_len)?.to_vec();
                let record = take_slice(&mut body, record_len)?.to_vec();
                contents.slots.insert(slot, record);
            }
            CLEAR => {
                let slot_len = u32::from_be_bytes(take(&mut body)?) as usize;
                contents.slots.remove(take_slice(&mut body, slot_len)?);
            }
            BEGIN => contents.incarnation = contents.incarnation.max(u64::from_be_bytes(take(&mut body)?)),
            RESERVE => contents.reserve(Timestamp::from_be_bytes(take(&mut body)?).ok()?),
            END => contents.end(Timestamp::from_be_bytes(take(&mut body)?).ok()?),
            _ => return None,
        }
    }
    Some(())
}

fn head_crc(head: &[u8; BATCH_HEAD], salt: u64) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&salt.to_be_bytes());
    crc.update(&head[..BATCH_HEAD - 4]);
    crc.finalize()
}

fn put<const N: usize>(head: &mut [u8], at: usize, bytes: &[u8; N]) {
    head[at..at + N].copy_from_slice(bytes);
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// For a head whose length is known.
fn u32_at(head: &[u8], at: usize) -> u32 {
    array(head, at).map_or(0, u32::from_be_bytes)
}

/// For a head whose length is known.
fn u64_at(head: &[u8], at: usize) -> u64 {
    array(head, at).map_or(0, u64::from_be_bytes)
}

fn take<const N: usize>(body: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(*taken)
}

fn take_slice<'a>(body: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = body.split_at_checked(len)?;
    *body = rest;
    Some(taken)
}

const MAGIC: [u8; 8] = *b"spclslot";
const VERSION: u32 = 1;
const MARK: [u8; 4] = [0xB5, b'b', b't', 0x1E];
const PUT: u8 = 1;
const CLEAR: u8 = 2;
const BEGIN: u8 = 3;
const RESERVE: u8 = 4;
const END: u8 = 5;
