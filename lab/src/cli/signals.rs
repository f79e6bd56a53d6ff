use std::future;
use std::process;

/// Resolves when the user asks for the end: Ctrl-C, or SIGTERM. Whoever asks twice gets it at once.
///
/// Signals are caught from the call on, not only from the first poll. It belongs inside a runtime.
pub(super) fn stop() -> impl Future<Output = ()> {
    let mut signals = Signals::new();
    async move {
        signals.next().await;
        tokio::spawn(async move {
            signals.next().await;
            process::exit(INTERRUPTED);
        });
    }
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
            future::pending().await
        }
    }
}

/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
