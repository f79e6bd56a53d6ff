use core::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;

/// Stops the tasks of a node where they wait, and lets them go on.
#[derive(Clone, Debug)]
pub(super) struct Pauses {
    /// How many want it to be paused.
    wanted: Arc<watch::Sender<usize>>,
}

/// The node is paused as long as this lives.
#[derive(Debug)]
pub(super) struct Paused<'a>(&'a Pauses);

impl Pauses {
    pub(super) fn new() -> Self {
        Self { wanted: Arc::new(watch::Sender::new(0)) }
    }

    /// From now on no task of the node gets past where it waits.
    pub(super) fn begin(&self) -> Paused<'_> {
        self.wanted.send_modify(|wanted| *wanted += 1);
        Paused(self)
    }

    /// Runs a task, but not while the node is paused.
    pub(super) async fn run<F: Future>(self, task: F) -> F::Output {
        let mut wanted = self.wanted.subscribe();
        let mut task = pin!(task);
        loop {
            tokio::select! {
                // Whether it is paused is asked before each step of the task.
                biased;
                () = until(&mut wanted, |wanted| *wanted > 0) => {}
                output = &mut task => return output,
            }
            until(&mut wanted, |wanted| *wanted == 0).await;
        }
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.wanted.send_modify(|wanted| *wanted -= 1);
    }
}

/// The sender lives as long as whoever waits.
async fn until(wanted: &mut watch::Receiver<usize>, holds: impl FnMut(&usize) -> bool) {
    let _ = wanted.wait_for(holds).await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::mpsc;
    use tokio::task::yield_now;

    use super::*;

    /// A paused task takes no step, however often it is woken, and goes on when the last who wanted a pause is gone.
    #[tokio::test]
    async fn paused_task_takes_no_step() {
        let (pauses, steps) = (Pauses::new(), Arc::new(AtomicU32::new(0)));
        let (work, mut inbox) = mpsc::unbounded_channel();
        let task = tokio::spawn(pauses.clone().run({
            let steps = Arc::clone(&steps);
            async move {
                while let Some(()) = inbox.recv().await {
                    steps.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
        let taken = async |given: u32| {
            for _ in 0..given {
                work.send(()).unwrap();
            }
            // There is one thread: all that can be done is done.
            for _ in 0..100 {
                yield_now().await;
            }
            steps.load(Ordering::Relaxed)
        };
        assert_eq!(taken(3).await, 3);
        let (one, other) = (pauses.begin(), pauses.begin());
        assert_eq!(taken(5).await, 3);
        drop(one);
        assert_eq!(taken(1).await, 3);
        drop(other);
        assert_eq!(taken(1).await, 10);
        drop(work);
        task.await.unwrap();
    }
}
