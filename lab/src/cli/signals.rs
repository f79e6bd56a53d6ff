use std::future;
use std::io;
use std::process;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Resolves when the user asks for the end: Ctrl-C, or SIGTERM. Whoever asks twice gets it at once, and so does whoever
/// asks when the future is dropped, since nobody waits for it any more.
///
/// Signals are caught from the call on, not only from the first poll, and until the process ends.
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    // A thread and a runtime of their own: they listen even while every other thread waits for a slow disk or pipe.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()
    };
    let (ask, asked) = oneshot::channel();
    let listen = async move {
        signals.next().await;
        if ask.send(()).is_ok() {
            signals.next().await;
        }
        process::exit(INTERRUPTED)
    };
    thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(listen))?;
    Ok(async {
        if asked.await.is_err() {
            future::pending::<()>().await;
        }
    })
}

/// Without a handler a signal itself ends the program, so that where none can be had there is nothing to wait for.
#[cfg(unix)]
struct Signals(Option<[tokio::signal::unix::Signal; 2]>);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let both =
            signal(SignalKind::interrupt()).and_then(|int| Ok([int, signal(SignalKind::terminate())?]));
        Self(both.ok())
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some([interrupt, terminate]) => tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            },
            None => future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    }
}

/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
