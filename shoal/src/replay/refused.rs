//! The file of refused events, made when the first one is refused.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use serde::Serialize;

use crate::client::ItemFault;

/// One refused event and why.
#[derive(Serialize, Debug)]
pub(super) struct Refusal<'a> {
    /// Which line (which element of an array), from 1.
    pub(super) line: u64,
    /// The stable code of its first fault.
    pub(super) code: &'a str,
    /// Each fault in words.
    pub(super) errors: &'a [ItemFault],
    /// The line as it was sent.
    pub(super) event: &'a str,
}

/// Where refusals go, as NDJSON.
#[derive(Debug)]
pub(super) struct RefusedFile {
    path: PathBuf,
    open: Mutex<Option<BufWriter<File>>>,
}

/// Returns the default place: beside the events.
pub(super) fn beside(events: &Path) -> PathBuf {
    let mut name = events.as_os_str().to_owned();
    name.push(".refused.ndjson");
    PathBuf::from(name)
}

impl RefusedFile {
    /// Names the place; nothing is written before the first refusal.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, open: Mutex::new(None) }
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a refusal.
    pub(super) fn add(&self, refusal: &Refusal<'_>) -> anyhow::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            let file = File::create(&self.path).with_context(|| format!("creating {}", self.path.display()))?;
            *open = Some(BufWriter::new(file));
        }
        let Some(writer) = open.as_mut() else { return Ok(()) };
        serde_json::to_writer(&mut *writer, refusal).context("writing a refused event")?;
        writeln!(writer).context("writing a refused event")
    }

    /// Writes what is still in memory.
    pub(super) fn finish(&self) -> anyhow::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_mut().map_or(Ok(()), |writer| writer.flush()).context("writing the refused events")
    }
}
