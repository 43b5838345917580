//! Backups of a running `shoal up`, one at a time, for whoever may open the socket in its data directory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use store::StoreOptions;
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::socket::{self, Answer, Request};
use crate::installation::{DataDirectory, Parts};
use crate::transfer;

/// Only the user whose directory it is.
const MODE: u32 = 0o600;
/// Who connects and does not ask keeps the next one waiting this long.
const ASKING: Duration = Duration::from_secs(5);
/// After a connection that could not be taken.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// The task that answers; the socket goes with it.
pub(crate) struct Answering(Option<JoinHandle<()>>);

/// What is copied.
struct Installation {
    parts: Parts,
    directory: DataDirectory,
    store: StoreOptions,
}

impl Answering {
    /// Begins to answer until `shutdown`. Where no socket can be made, backups wait until the process is stopped.
    pub(crate) fn start(
        parts: Parts,
        directory: DataDirectory,
        store: StoreOptions,
        shutdown: CancellationToken,
    ) -> Self {
        let path = socket::path(directory.path());
        match listen(&path) {
            Ok(listener) => {
                let installation = Installation { parts, directory, store };
                let until = shutdown.clone();
                let answering = async move { until.run_until_cancelled(installation.answer(listener)).await };
                Self(Some(tokio::spawn(async move {
                    answering.await;
                    let _absent_is_fine = std::fs::remove_file(path);
                })))
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "no backups while this process runs");
                Self(None)
            }
        }
    }

    /// Waits until it has let go of everything.
    pub(crate) async fn ended(self) {
        if let Some(task) = self.0
            && let Err(error) = task.await
        {
            tracing::error!(%error, "answering for backups");
        }
    }
}

fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    // The directory is ours alone, so it is of a process that was killed.
    let _absent_is_fine = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).with_context(|| format!("listening on {}", path.display()))?;
    std::fs::set_permissions(path, Permissions::from_mode(MODE)).context("closing it to others")?;
    Ok(listener)
}

impl Installation {
    async fn answer(&self, listener: UnixListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    if let Err(error) = self.answer_one(stream).await {
                        tracing::warn!(error = format!("{error:#}"), "answering for a backup");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "taking a connection for a backup");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    async fn answer_one(&self, mut stream: UnixStream) -> anyhow::Result<()> {
        let asked = tokio::time::timeout(ASKING, socket::hear::<Request>(&mut stream)).await;
        let Some(Request { to }) = asked.context("waiting for what is asked")?? else { return Ok(()) };
        let written = {
            // Who asked and is gone will not know that there is a backup: there shall be none.
            let mut nothing = [0];
            tokio::select! {
                written = self.write(&to) => written,
                _ = stream.read(&mut nothing) => {
                    tracing::warn!(to = %to.display(), "who asked for a backup is gone; it is given up");
                    return Ok(());
                }
            }
        };
        let answer = match written {
            Ok(summary) => Answer::Done(summary),
            Err(error) => Answer::Failed(format!("{error:#}")),
        };
        socket::say(&mut stream, &answer).await
    }

    async fn write(&self, to: &Path) -> anyhow::Result<String> {
        ensure!(to.is_absolute(), "{} is not absolute", to.display());
        transfer::back_up_running(self.parts.clone(), self.directory.clone(), self.store.clone(), to).await
    }
}
