use std::process;

/// Resolves when the user asks for the end: Ctrl-C, or SIGTERM. Whoever asks twice gets it at once.
pub(super) async fn stop() {
    asked().await;
    tokio::spawn(async {
        asked().await;
        process::exit(INTERRUPTED);
    });
}

#[cfg(unix)]
async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
        }
        // Without a handler the signal itself ends the program, so there is nothing to wait for.
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// What shells say of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
