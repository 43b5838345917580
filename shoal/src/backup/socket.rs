//! The socket in a data directory by which its process is asked for a backup, and what is said over it.
//!
//! One line of JSON each way. Who may ask is who may open the socket: the user whose directory it is.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

const NAME: &str = "backup.sock";
/// A line has a path in it, or an error.
const MAX_LINE_BYTES: u64 = 64 * 1_024;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// The folder to make; absolute.
    pub(super) to: PathBuf,
}

/// What is answered when it is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// What is in the backup.
    Done(String),
    /// Why there is none.
    Failed(String),
}

/// Returns where the socket of a data directory is.
pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join(NAME)
}

/// Sends a line.
pub(super) async fn say(stream: &mut UnixStream, value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value).context("encoding a line")?;
    line.push(b'\n');
    stream.write_all(&line).await.context("sending a line")
}

/// Waits for a line; `None` when the other side is gone without one.
pub(super) async fn hear<T: DeserializeOwned>(stream: &mut UnixStream) -> anyhow::Result<Option<T>> {
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES)).read_line(&mut line).await.context("receiving a line")?;
    if !line.ends_with('\n') {
        return Ok(None);
    }
    serde_json::from_str(&line).map(Some).context("reading a line")
}
