//! The durable slots file: whatever the disk does, what was acknowledged is there, or the node refuses to start.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use spacelike::hlc::{Stored, Timestamp};
use spacelike::machine::NodeId;
use spacelike_lab::slots::{Change, CommitError, Contents, Disk, Folder, Identity, LoadError, Store, load};

type Slots = BTreeMap<Vec<u8>, Vec<u8>>;

const IDENTITY: Identity = Identity { cluster: 0xC1, node: NodeId(3) };
const BATCH_HEAD: usize = 32;

/// A disk in memory that remembers what a crash could leave behind.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    slots: Option<File>,
    fresh: Option<File>,
    /// What the slots file may be after a crash at some moment, and how many commits had returned by then.
    crashes: Vec<Crash>,
    acknowledged: usize,
    operations: usize,
    /// Fail this operation, after this many bytes if it is a write.
    fail: Option<(usize, usize)>,
    failed: bool,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    synced: usize,
}

#[derive(Clone, Debug)]
struct Crash {
    file: Option<File>,
    acknowledged: usize,
}

impl Memory {
    fn with_file(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.0.lock().unwrap().slots = Some(File { synced: bytes.len(), bytes });
        disk
    }

    fn acknowledge(&self) {
        self.0.lock().unwrap().acknowledged += 1;
    }

    fn file(&self) -> File {
        self.0.lock().unwrap().slots.clone().unwrap()
    }

    fn operate(&self, operation: impl FnOnce(&mut Platter, Option<usize>)) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        let platter = &mut *platter;
        assert!(!platter.failed, "the disk was asked again after it had failed");
        let fail = platter.fail.filter(|&(at, _)| at == platter.operations).map(|(_, bytes)| bytes);
        platter.operations += 1;
        platter.crash();
        operation(platter, fail);
        platter.crash();
        platter.failed = fail.is_some();
        if platter.failed { Err(io::Error::other("planted")) } else { Ok(()) }
    }
}

impl Platter {
    fn crash(&mut self) {
        self.crashes.push(Crash { file: self.slots.clone(), acknowledged: self.acknowledged });
    }

    fn current(&mut self) -> &mut File {
        self.fresh.as_mut().or(self.slots.as_mut()).unwrap()
    }
}

impl Disk for Memory {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().unwrap().slots.as_ref().map(|file| file.bytes.clone()))
    }

    fn create(&mut self) -> io::Result<()> {
        self.operate(|platter, _| platter.fresh = Some(File::default()))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.operate(|platter, fail| {
            let written = fail.map_or(bytes.len(), |bytes_max| bytes_max.min(bytes.len()));
            platter.current().bytes.extend_from_slice(&bytes[..written]);
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.operate(|platter, fail| {
            let file = platter.current();
            if fail.is_none() {
                file.synced = file.bytes.len();
            }
        })
    }

    fn publish(&mut self) -> io::Result<()> {
        self.operate(|platter, fail| {
            assert!(platter.fresh.as_ref().is_some_and(|file| file.synced == file.bytes.len()));
            // A rename that failed may have happened all the same: half of the tests say so.
            if fail.is_none_or(|bytes| bytes % 2 == 1) {
                platter.slots = platter.fresh.take();
            }
        })
    }
}

impl Crash {
    /// Every file that the crash may leave: what was synced, and any prefix of the rest, as it was or with holes
    /// where the disk wrote later pages before earlier ones.
    fn files(&self) -> Vec<Option<Vec<u8>>> {
        let Some(File { bytes, synced }) = &self.file else { return vec![None] };
        let mut files = Vec::new();
        for len in *synced..=bytes.len() {
            files.push(Some(bytes[..len].to_vec()));
        }
        for hole in (*synced..bytes.len()).step_by(5) {
            for hole_len in [1, 7, BATCH_HEAD, bytes.len()] {
                let mut file = bytes.clone();
                file[hole..(hole + hole_len).min(bytes.len())].fill(0);
                files.push(Some(file));
            }
        }
        files
    }
}

fn timestamp(millis: u64) -> Timestamp {
    Timestamp::new(millis, 0).unwrap()
}

fn put(slot: u8, record: &[u8]) -> Change {
    Change::Put { slot: vec![slot], record: record.to_vec() }
}

/// What each commit of a history of one life changes: slots written, overwritten and cleared, bounds, and at last a clean
/// end below the bound.
fn history() -> Vec<Vec<Change>> {
    let mut history: Vec<Vec<Change>> = (0..10u8)
        .map(|i| vec![put(i % 3, &[i; 17]), put(10 + i % 2, &i.to_be_bytes()), put(i % 3, &[i; 9])])
        .collect();
    history[4] = vec![Change::Clear { slot: vec![0] }, Change::Reserve(timestamp(5_000))];
    history[7] = vec![Change::Clear { slot: vec![99] }];
    // Dead bytes enough for a compaction, which must keep the end as well.
    history.push(vec![put(1, &[0; 300]), put(1, b"last words"), Change::End(timestamp(3_000))]);
    history
}

/// What is durable: the slots, and the bound of stamps.
type State = (Slots, Stored);

fn apply((slots, bound): &mut State, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Put { slot, record } => drop(slots.insert(slot.clone(), record.clone())),
            Change::Clear { slot } => drop(slots.remove(slot)),
            Change::Reserve(reserved) => match bound {
                Stored::Bound(earlier) if *earlier >= *reserved => {}
                _ => *bound = Stored::Bound(*reserved),
            },
            Change::End(latest) => *bound = Stored::Bound(*latest),
        }
    }
}

/// The state before the first commit of the history, and after each.
fn states() -> Vec<State> {
    let mut states = vec![(Slots::new(), Stored::Bound(timestamp(1_000)))];
    for changes in history() {
        let mut state = states.last().unwrap().clone();
        apply(&mut state, &changes);
        states.push(state);
    }
    states
}

/// Runs the history until something fails, compacting whenever it pays.
fn run(disk: &Memory) -> Result<u64, CommitError> {
    let mut compactions = 0;
    let found = load(&mut disk.clone(), IDENTITY).unwrap();
    let mut store = Store::begin(disk.clone(), IDENTITY, found, 1, timestamp(1_000), 0x5A17)?;
    for changes in history() {
        if let Err(error) = store.commit(&changes) {
            assert!(matches!(store.commit(&changes), Err(CommitError::Halted)), "it took more after {error}");
            return Err(error);
        }
        disk.acknowledge();
        match store.compact(300) {
            Ok(compacted) => compactions += u64::from(compacted),
            Err(error) => {
                assert!(matches!(store.commit(&changes), Err(CommitError::Halted)));
                return Err(error);
            }
        }
    }
    Ok(compactions)
}

fn reload(bytes: Vec<u8>) -> Result<Contents, LoadError> {
    load(&mut Memory::with_file(bytes), IDENTITY)
}

/// All that the crashes of a run may leave is a state at or after what was acknowledged.
fn check_crashes(crashes: &[Crash]) -> usize {
    let states = states();
    let mut torn = 0;
    for crash in crashes {
        for file in crash.files() {
            let Some(file) = file else {
                assert_eq!(crash.acknowledged, 0);
                continue;
            };
            let contents = reload(file).expect("what a crash leaves is no damage");
            torn += usize::from(contents.torn.is_some());
            let possible = &states[crash.acknowledged..(crash.acknowledged + 2).min(states.len())];
            let state = (contents.slots, contents.bound);
            assert!(possible.contains(&state), "acknowledged: {}, found: {state:?}", crash.acknowledged);
            assert_eq!(contents.ended, Some(&state) == states.last(), "{state:?}");
            assert_eq!(contents.incarnation, 1);
        }
    }
    torn
}

/// A crash at any moment, with any part of the unsynced bytes lost or zeroed, leaves what was acknowledged, and at most
/// the one batch that was under way.
#[test]
fn crash_at_every_byte_keeps_what_was_acknowledged() {
    let disk = Memory::default();
    let compactions = run(&disk).unwrap();
    assert!(compactions >= 2, "the history must cross compactions");
    assert!(check_crashes(&disk.0.lock().unwrap().crashes) > 100, "some tails must be torn");
}

/// Whichever operation fails, the store stops asking the disk, and a crash after it leaves what was acknowledged.
#[test]
fn every_failed_operation_halts_and_keeps_what_was_acknowledged() {
    let clean = Memory::default();
    run(&clean).unwrap();
    let operations = clean.0.lock().unwrap().operations;
    assert!(operations > 30);
    for operation in 0..operations {
        for written in [0, 1, 31, 32, 33, 10_000] {
            let disk = Memory::default();
            disk.0.lock().unwrap().fail = Some((operation, written));
            run(&disk).expect_err("the planted failure shows");
            // The crashes before the failure are another test's.
            let crashes = &mut disk.0.lock().unwrap().crashes;
            crashes.drain(..crashes.len() - 2);
            check_crashes(crashes);
        }
    }
}

/// Any bit that flips where the file is durable is found: a start is refused, unless the bit is in the seal at the end,
/// which says nothing.
#[test]
fn every_flipped_bit_is_found() {
    let disk = Memory::default();
    let found = Contents { slots: states().pop().unwrap().0, ..Contents::default() };
    let mut store = Store::begin(disk.clone(), IDENTITY, found, 1, timestamp(1_000), 0x5A17).unwrap();
    for changes in history() {
        store.commit(&changes).unwrap();
    }
    let File { bytes, .. } = disk.file();
    let expected = reload(bytes.clone()).unwrap();
    let seal = bytes.len() - BATCH_HEAD;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            match reload(damaged) {
                Err(_) => assert!(at < seal, "byte {at}"),
                Ok(contents) => {
                    assert!(at >= seal, "byte {at}");
                    assert_eq!(contents.torn.unwrap().offset, seal as u64);
                    assert_eq!(Contents { torn: None, ..contents }, expected);
                }
            }
        }
    }
}

/// The limit that the docs admit: damage that reaches to the end of the file looks torn, unless it reaches below what
/// was durable when the file got its name. Even then what is left is a prefix.
#[test]
fn cut_file_is_refused_below_its_birth_and_a_prefix_above() {
    let disk = Memory::default();
    let found = Contents { slots: [(b"old".to_vec(), vec![1; 40])].into(), ..Contents::default() };
    let mut store = Store::begin(disk.clone(), IDENTITY, found, 2, timestamp(1), 9).unwrap();
    let born = usize::try_from(store.file_len()).unwrap();
    store.commit(&[put(1, b"first")]).unwrap();
    store.commit(&[put(2, b"second")]).unwrap();
    let bytes = disk.file().bytes;
    let mut seen = BTreeSet::new();
    for len in 0..bytes.len() {
        match reload(bytes[..len].to_vec()) {
            Err(_) => assert!(len < born, "length {len}"),
            Ok(contents) => {
                assert!(len >= born, "length {len}");
                seen.insert(contents.slots.len());
            }
        }
    }
    assert_eq!(seen, BTreeSet::from([1, 2, 3]));
}

/// A batch that rotted in the middle refuses the start, and says where, also when bytes after it are torn as well.
#[test]
fn rot_is_told_from_a_torn_tail() {
    let disk = Memory::default();
    let mut store = Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(1), 9).unwrap();
    let first = usize::try_from(store.file_len()).unwrap();
    store.commit(&[put(1, b"first")]).unwrap();
    store.commit(&[put(2, b"second")]).unwrap();
    let mut bytes = disk.file().bytes;
    bytes.truncate(bytes.len() - 3); // the last seal is torn
    assert!(reload(bytes.clone()).unwrap().torn.is_some());

    bytes[first + BATCH_HEAD] ^= 1;
    let Err(LoadError::Damaged { offset, synced }) = reload(bytes) else { panic!("it must refuse") };
    assert_eq!(offset, first as u64);
    assert!(synced > offset);
}

/// A whole batch whose predecessor never reached the disk proves nothing: neither was acknowledged.
#[test]
fn later_batch_of_an_unsynced_tail_is_torn_and_not_rot() {
    let disk = Memory::default();
    let mut store = Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(1), 9).unwrap();
    store.commit(&[put(1, b"first")]).unwrap();
    let seal = disk.file().bytes.len() - BATCH_HEAD;
    store.commit(&[put(2, b"second")]).unwrap();
    // The first seal is lost; the batch behind it, and not its seal, are there.
    let mut bytes = disk.file().bytes;
    bytes.truncate(bytes.len() - BATCH_HEAD);
    bytes[seal..seal + BATCH_HEAD].fill(0);
    let contents = reload(bytes).unwrap();
    assert_eq!(contents.slots.len(), 1);
    assert_eq!(contents.torn.unwrap().offset, seal as u64);
}

/// A batch of another file, which shares everything but the salt, is no batch of this one: neither as a continuation,
/// nor as a witness that the tail before it was durable.
#[test]
fn batches_of_another_file_are_not_believed() {
    let file = |salt| {
        let disk = Memory::default();
        let begun = Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(1), salt);
        let mut store = begun.unwrap();
        let born = usize::try_from(store.file_len()).unwrap();
        store.commit(&[put(1, b"first")]).unwrap();
        store.commit(&[put(2, b"second")]).unwrap();
        (disk.file().bytes, born)
    };
    let ((ours, born), (theirs, _)) = (file(1), file(2));
    assert_eq!(reload([&ours[..born], &theirs[born..]].concat()).unwrap().slots.len(), 0);
    let mut torn = ours[..born + 7].to_vec();
    torn.extend_from_slice(&theirs[born + 7..]);
    assert_eq!(reload(torn).unwrap().torn.unwrap().offset, born as u64);
}

/// Another cluster's or node's file, a file of another form, and no slots file at all are refused and left alone.
#[test]
fn foreign_files_are_refused() {
    let disk = Memory::default();
    drop(Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(1), 9).unwrap());
    let bytes = disk.file().bytes;
    let as_identity = |identity| load(&mut Memory::with_file(bytes.clone()), identity);
    assert!(matches!(
        as_identity(Identity { cluster: 1, ..IDENTITY }),
        Err(LoadError::Cluster { found: 0xC1, expected: 1 })
    ));
    assert!(matches!(
        as_identity(Identity { node: NodeId(4), ..IDENTITY }),
        Err(LoadError::Node { found: NodeId(3), expected: NodeId(4) })
    ));
    let mut newer = bytes.clone();
    newer[11] = 2;
    assert!(matches!(reload(newer), Err(LoadError::Version { found: 2, known: 1 })));
    for not_ours in [&b""[..], b"spclslo", b"#!/bin/sh\n"] {
        assert!(matches!(reload(not_ours.to_vec()), Err(LoadError::Magic)));
    }
}

/// Arbitrary bytes behind a valid head never panic, whatever they claim.
#[test]
fn arbitrary_bytes_never_panic() {
    let disk = Memory::default();
    drop(Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(1), 9).unwrap());
    let bytes = disk.file().bytes;
    let mut state = 0x5EED_u64;
    for _ in 0..2_000 {
        let mut file = bytes.clone();
        let len = below(&mut state, 100);
        file.extend((0..len).map(|_| next(&mut state)));
        assert_eq!(reload(file.clone()).unwrap().torn.map(|torn| torn.len), (len > 0).then_some(len as u64));
        let at = below(&mut state, file.len());
        file[at] = next(&mut state);
        drop(reload(file));
    }
}

/// The real folder: records survive, a half-written new file of a crash is ignored, and a second owner is kept out.
#[test]
fn folder_keeps_records_and_ignores_an_unfinished_rewrite() {
    let home = tempfile::tempdir().unwrap();
    let mut folder = Folder::open(home.path()).unwrap();
    let found = load(&mut folder, IDENTITY).unwrap();
    assert_eq!(found, Contents::default());
    let mut store = Store::begin(folder, IDENTITY, found, 1, timestamp(1_000), 1).unwrap();
    for i in 0..100u8 {
        store.commit(&[put(i % 7, &[i; 100])]).unwrap();
        store.compact(1_000).unwrap();
    }
    let expected = store.contents().slots.clone();
    assert!(store.file_len() < 4_000, "compaction keeps it short: {}", store.file_len());
    drop(store);
    fs::write(home.path().join("slots.new"), b"half a file").unwrap();

    let mut folder = Folder::open(home.path()).unwrap();
    let found = load(&mut folder, IDENTITY).unwrap();
    assert_eq!(found.slots, expected);
    let store = Store::begin(folder, IDENTITY, found, 2, timestamp(500), 2).unwrap();
    assert_eq!(store.contents().bound, Stored::Bound(timestamp(1_000)), "a bound never shrinks");
    assert!(!home.path().join("slots.new").exists());
}

/// A clean end takes the place of the bound, in memory and in the file; what was reserved before doesn't count any more,
/// and what is reserved after does.
#[test]
fn clean_end_takes_the_place_of_the_bound() {
    let disk = Memory::default();
    let mut store =
        Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(9_000), 9).unwrap();
    store.commit(&[put(1, b"kept"), Change::Reserve(timestamp(12_000))]).unwrap();
    store.commit(&[Change::End(timestamp(7_000))]).unwrap();
    assert_eq!(store.contents().bound, Stored::Bound(timestamp(7_000)));
    let found = load(&mut disk.clone(), IDENTITY).unwrap();
    assert_eq!((&found, found.bound), (store.contents(), Stored::Bound(timestamp(7_000))));
    let store = Store::begin(disk.clone(), IDENTITY, found, 2, timestamp(8_000), 10).unwrap();
    assert_eq!(store.contents().bound, Stored::Bound(timestamp(8_000)));
    assert_eq!(load(&mut disk.clone(), IDENTITY).unwrap().bound, Stored::Bound(timestamp(8_000)));
}

/// What is too long is refused before anything of its batch is written.
#[test]
fn too_long_record_is_refused_whole() {
    let disk = Memory::default();
    let mut store = Store::begin(disk.clone(), IDENTITY, Contents::default(), 1, timestamp(1), 9).unwrap();
    let before = disk.file().bytes;
    let long = Change::Put { slot: vec![2], record: vec![0; spacelike_lab::slots::LEN_MAX + 1] };
    let refused = store.commit(&[put(1, b"fine"), long]);
    assert!(matches!(refused, Err(CommitError::TooLong { .. })));
    assert_eq!(disk.file().bytes, before);
}

/// Xorshift: arbitrary, and the same in every run.
fn next(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.to_be_bytes()[0]
}

fn below(state: &mut u64, end: usize) -> usize {
    (usize::from(next(state)) << 8 | usize::from(next(state))) % end
}
