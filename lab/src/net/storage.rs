use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::watch;

use crate::net::Halted;
use crate::net::stats::Counts;
use crate::slots::{COMPACT_MIN, Change, Disk, Store};

/// Where changes go to become durable, in order: a thread that puts all that has gathered into one batch with one sync.
/// Without a disk they count as durable at once.
#[derive(Debug)]
pub(super) struct Storage {
    /// The number of the latest change.
    sequence: u64,
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
}

/// How far the disk has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Changes up to this number are durable.
    pub(super) durable: u64,
    /// The thread has ended, and let go of the disk.
    pub(super) ended: Option<Result<(), Halted>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    changes: VecDeque<(u64, Change)>,
    closed: bool,
}

impl Storage {
    pub(super) fn memory() -> Self {
        Self { sequence: 0, thread: None }
    }

    pub(super) fn disk(store: Store<Box<dyn Disk>>, counts: Counts) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let (sender, progress) = watch::channel(Progress::default());
        let queue = Arc::clone(&shared);
        thread::Builder::new()
            .name("spacelike-slots".into())
            .spawn(move || commit_all(store, &queue, &sender, &counts))?;
        Ok(Self { sequence: 0, thread: Some(Thread { shared, progress }) })
    }

    /// Hands over a change, and returns its number.
    pub(super) fn push(&mut self, change: Change) -> u64 {
        self.sequence += 1;
        if let Some(thread) = &self.thread {
            thread.shared.lock().changes.push_back((self.sequence, change));
            thread.shared.changed.notify_one();
        }
        self.sequence
    }

    /// How far the disk has come by now.
    pub(super) fn durable(&self) -> u64 {
        match &self.thread {
            Some(thread) => thread.progress.borrow().durable,
            None => self.sequence,
        }
    }

    /// Waits until the disk has come farther. Never, without one.
    pub(super) async fn progress(&mut self) -> Progress {
        let Some(Thread { progress, .. }) = &mut self.thread else { return std::future::pending().await };
        if progress.changed().await.is_ok() {
            return progress.borrow_and_update().clone();
        }
        // The thread is gone and hasn't said why.
        let durable = progress.borrow().durable;
        Progress { durable, ended: Some(Err(Halted::Panicked("in the slots' disk".into()))) }
    }

    /// Waits until all that was handed over is durable and the disk is let go.
    pub(super) async fn close(mut self) -> Result<(), Halted> {
        if let Some(thread) = &self.thread {
            thread.shared.close();
            if let Some(ended) = thread.progress.borrow().ended.clone() {
                return ended;
            }
            loop {
                if let Some(ended) = self.progress().await.ended {
                    return ended;
                }
            }
        }
        Ok(())
    }
}

/// The thread doesn't outlive the node. What it was handed it still writes.
impl Drop for Thread {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Waits for changes, and takes a batch; nothing once there are none and none will come.
    fn take(&self, batch: &mut Vec<Change>) -> Option<u64> {
        let mut queue = self
            .changed
            .wait_while(self.lock(), |queue| queue.changes.is_empty() && !queue.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut last, mut bytes) = (None, 0);
        while bytes < BATCH_LEN {
            let Some((sequence, change)) = queue.changes.pop_front() else { break };
            bytes += match &change {
                Change::Put { slot, record } => slot.len() + record.len(),
                Change::Clear { slot } => slot.len(),
                Change::Reserve(_) | Change::End(_) => 8,
            };
            batch.push(change);
            last = Some(sequence);
        }
        last
    }
}

fn commit_all(
    mut store: Store<Box<dyn Disk>>,
    shared: &Shared,
    progress: &watch::Sender<Progress>,
    counts: &Counts,
) {
    let mut batch = Vec::new();
    let ended = loop {
        let Some(sequence) = shared.take(&mut batch) else { break Ok(()) };
        if let Err(error) = store.commit(&batch) {
            break Err(error);
        }
        batch.clear();
        counts.count(|stats| stats.fsyncs += 1);
        // Whoever waits goes on while the file is rewritten.
        progress.send_modify(|progress| progress.durable = sequence);
        match store.compact(COMPACT_MIN) {
            Ok(compacted) => counts.count(|stats| stats.compactions += u64::from(compacted)),
            Err(error) => break Err(error),
        }
    };
    // The folder is free once anyone hears that this has ended.
    drop(store);
    let ended = ended.map_err(|error| Halted::Slots(Arc::new(error)));
    if let Err(halted) = &ended {
        tracing::error!("{halted}");
    }
    progress.send_modify(|progress| progress.ended = Some(ended));
}

/// A batch is closed once it has this many bytes.
const BATCH_LEN: usize = 4 << 20;
