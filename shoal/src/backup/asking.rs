//! Asking the process that has a data directory open.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::net::UnixStream;

use super::socket::{self, Answer, Request};

/// Asks for a backup and waits until it is there; `None` when no process has the directory open, or none that
/// could be asked.
pub(super) async fn ask(directory: &Path, to: &Path) -> anyhow::Result<Option<String>> {
    let path = socket::path(directory);
    let mut stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        // What a kill left behind refuses.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("asking for a backup at {}", path.display())),
    };
    socket::say(&mut stream, &Request { to: to.to_owned() }).await?;
    match socket::hear(&mut stream).await? {
        Some(Answer::Done(summary)) => Ok(Some(summary)),
        Some(Answer::Failed(reason)) => bail!("{reason}"),
        None => bail!("the process stopped before the backup was complete"),
    }
}
