//! The embedded parts of a data directory, opened once and shared by the services.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use bus::EventLog as _;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use store::sqlite::SqliteStore;
use warehouse::embedded::EmbeddedWarehouse;

/// A folder that holds everything one installation keeps.
#[derive(Clone, Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
}

impl DataDirectory {
    /// Makes the folder if it is absent.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("making the data directory {}", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("opening the data directory {}", path.display()))?;
        Ok(Self { path })
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder of the log: events, changes and state.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Returns the folder of the history.
    pub(crate) fn history(&self) -> PathBuf {
        self.path.join("history")
    }

    /// Returns the file of definitions, users and memberships.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("shoal.sqlite")
    }
}

/// The opened parts.
pub(super) struct Parts {
    pub(super) log: EmbeddedLog,
    pub(super) warehouse: Arc<EmbeddedWarehouse>,
    pub(super) store: Arc<SqliteStore>,
}

impl Parts {
    /// Opens everything; a directory that another process has open is refused.
    pub(super) async fn open(directory: &DataDirectory) -> anyhow::Result<Self> {
        // First, because it is the one that locks the directory.
        let log = EmbeddedLog::open(directory.log(), EmbeddedLogOptions::default()).context("opening the log")?;
        let warehouse =
            EmbeddedWarehouse::open(directory.history(), log.partitions()).context("opening the history")?;
        let store = SqliteStore::open(directory.store()).await.context("opening the store")?;
        Ok(Self { log, warehouse: Arc::new(warehouse), store: Arc::new(store) })
    }
}
