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
    frames: VecDeque<Bytes>,
    bytes: usize,
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

    /// Waits for frames, and takes up to `bytes_max` of them, at least one; `None` once the queue is closed and empty.
    /// One caller at a time. Dropping the future loses nothing.
    pub(super) async fn pop(&self, bytes_max: usize) -> Option<Vec<Bytes>> {
        loop {
            // Before the look: a push after it leaves a permit, and the wait returns at once.
            let changed = self.changed.notified();
            {
                let mut waiting = self.lock();
                let mut frames = Vec::new();
                let mut bytes = 0;
                while bytes < bytes_max {
                    let Some(frame) = waiting.pop() else { break };
                    bytes += frame.len();
                    frames.push(frame);
                }
                if !frames.is_empty() {
                    return Some(frames);
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
        assert_eq!(queue.pop(usize::MAX).await.unwrap(), [frame(2, 1), frame(3, 1), frame(4, 1)]);

        assert_eq!(queue.push(frame(0, 60)), 0);
        assert_eq!(queue.push(frame(1, 60)), 1);
        assert_eq!(queue.push(frame(2, 500)), 1);
        queue.close();
        assert_eq!(queue.pop(1).await.unwrap(), [frame(2, 500)]);
        assert_eq!(queue.pop(1).await, None);
    }
}
