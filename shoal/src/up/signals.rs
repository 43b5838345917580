//! Stopping at a signal: the first one in order, the second one at once.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::terminal;

/// What a shell reports for a process that SIGINT ended.
const EXIT_CODE_INTERRUPTED: i32 = 130;

/// Cancels `shutdown` at SIGINT or SIGTERM; a second one ends the process where it stands, which loses
/// nothing that was acknowledged.
pub(super) fn cancel_at_signal(shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        terminal::complain(format_args!("stopping (once more to exit at once)"));
        shutdown.cancel();
        either(&mut interrupt, &mut terminate).await;
        std::process::exit(EXIT_CODE_INTERRUPTED);
    });
    Ok(())
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
