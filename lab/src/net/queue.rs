use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// The frames that wait for one peer. When it is full the oldest go: the machine takes losses, and what is newest is
/// worth most.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
    closed: CancellationToken,
    len_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    /// One at most.
    beat: Option<Bytes>,
    frames: VecDeque<Bytes>,
    bytes: usize,
}

/// What leaves at once.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Popped {
    pub(super) beat: Option<Bytes>,
    pub(super) frames: Vec<Bytes>,
}

impl Queue {
    pub(super) fn new(len_max: usize, bytes_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Notify::new(),
            closed: CancellationToken::new(),
            len_max,
            bytes_max,
        }
    }

    /// Puts a frame at the end, and returns how many at the front had to go for it.
    pub(super) fn push(&self, frame: Bytes) -> u64 {
        let mut dropped = 0;
        let mut waiting = self.lock();
        waiting.bytes += frame.len();
        waiting.frames.push_back(frame);
        while waiting.frames.len() > self.len_max
            || waiting.bytes > self.bytes_max && waiting.frames.len() > 1
        {
            waiting.pop();
            dropped += 1;
        }
        drop(waiting);
        self.changed.notify_one();
        dropped
    }

    /// Puts a heartbeat before all frames, in the place of one that waits still: two of them say no more than the later.
    pub(super) fn beat(&self, frame: Bytes) {
        self.lock().beat = Some(frame);
        self.changed.notify_one();
    }

    /// Waits for a heartbeat or frames, and takes up to `bytes_max` of them, at least one; `None` once the queue is closed
    /// and has no more frames. One caller at a time. Dropping the future loses nothing.
    pub(super) async fn pop(&self, bytes_max: usize) -> Option<Popped> {
        loop {
            // Before the look: a push after it leaves a permit, and the wait returns at once.
            let changed = self.changed.notified();
            {
                let mut waiting = self.lock();
                let mut frames = Vec::new();
                let beat = waiting.beat.take();
                let mut bytes = 0;
                while bytes < bytes_max {
                    let Some(frame) = waiting.pop() else { break };
                    bytes += frame.len();
                    frames.push(frame);
                }
                if beat.is_some() || !frames.is_empty() {
                    return Some(Popped { beat, frames });
                }
            }
            // Once more after it was closed: a push may have come before.
            if self.closed.is_cancelled() && self.lock().frames.is_empty() {
                return None;
            }
            tokio::select! {
                () = changed => {}
                () = self.closed.cancelled() => {}
            }
        }
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        self.closed.cancel();
    }

    /// Waits until the queue is closed.
    pub(super) fn closed(&self) -> WaitForCancellationFuture<'_> {
        self.closed.cancelled()
    }

    /// Waits until the queue is closed; for ever if something waits in it then. For whoever takes nothing meanwhile.
    pub(super) async fn done(&self) {
        self.closed.cancelled().await;
        if !self.lock().frames.is_empty() {
            std::future::pending::<()>().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(byte: u8, len: usize) -> Bytes {
        vec![byte; len].into()
    }

    /// A full queue loses its oldest frames, by number and by bytes, and never the newest.
    #[tokio::test]
    async fn full_queue_loses_its_oldest() {
        let queue = Queue::new(3, 100);
        assert_eq!((0..5).map(|i| queue.push(frame(i, 1))).sum::<u64>(), 2);
        assert_eq!(queue.pop(usize::MAX).await.unwrap().frames, [frame(2, 1), frame(3, 1), frame(4, 1)]);

        assert_eq!(queue.push(frame(0, 60)), 0);
        assert_eq!(queue.push(frame(1, 60)), 1);
        assert_eq!(queue.push(frame(2, 500)), 1);
        queue.close();
        assert_eq!(queue.pop(1).await.unwrap().frames, [frame(2, 500)]);
        assert_eq!(queue.pop(1).await, None);
    }

    /// Of heartbeats only the latest waits, before all frames and outside their bounds, and it keeps nobody from ending.
    #[tokio::test]
    async fn latest_beat_is_in_front() {
        let queue = Queue::new(2, 100);
        queue.push(frame(0, 60));
        queue.push(frame(1, 40));
        queue.beat(frame(8, 20));
        queue.beat(frame(9, 20));
        let first = Popped { beat: Some(frame(9, 20)), frames: vec![frame(0, 60)] };
        assert_eq!(queue.pop(1).await.unwrap(), first);
        assert_eq!(queue.pop(1).await.unwrap(), Popped { beat: None, frames: vec![frame(1, 40)] });
        queue.beat(frame(7, 20));
        assert_eq!(queue.pop(1).await.unwrap(), Popped { beat: Some(frame(7, 20)), frames: vec![] });
        queue.beat(frame(6, 20));
        queue.close();
        queue.done().await;
    }
}
