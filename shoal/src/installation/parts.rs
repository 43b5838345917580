//! The embedded parts of a data directory, opened once and shared by the services.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use bus::EventLog as _;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use store::{Store, StoreOptions};
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

    /// Returns the parts that are not there: those that opening makes.
    fn missing(&self) -> Vec<PathBuf> {
        let is_empty = |path: &PathBuf| {
            let Ok(found) = path.symlink_metadata() else { return true };
            found.is_dir() && path.read_dir().is_ok_and(|mut entries| entries.next().is_none())
        };
        [self.log(), self.history(), self.store()].into_iter().filter(is_empty).collect()
    }

    /// Returns the file of definitions, users and memberships.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("shoal.sqlite")
    }
}

/// The opened parts; cheap to clone.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) log: EmbeddedLog,
    pub(crate) warehouse: Arc<EmbeddedWarehouse>,
    pub(crate) store: Arc<dyn Store>,
    /// Where the store is, for people.
    pub(crate) store_place: String,
    /// What was not there before it was opened.
    pub(crate) made: Vec<PathBuf>,
}

impl Parts {
    /// Opens everything; a directory that another process has open is refused.
    ///
    /// The store is the directory's own unless `store` has a URL.
    pub(crate) async fn open(
        directory: &DataDirectory,
        log: EmbeddedLogOptions,
        store: StoreOptions,
    ) -> anyhow::Result<Self> {
        let made = directory.missing();
        let (log_folder, history_folder) = (directory.log(), directory.history());
        let new_log = made.contains(&log_folder).then(|| log_folder.clone());
        // Reading the journals of a crash blocks.
        let opening = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            // First, because it is the one that locks the directory.
            let log = EmbeddedLog::open(log_folder, log).context("opening the log")?;
            let partitions = log.partitions();
            match EmbeddedWarehouse::open(history_folder, partitions).context("opening the history") {
                Ok(warehouse) => Ok((log, warehouse)),
                Err(error) => {
                    drop(log);
                    Err(explain_new_log(error, new_log, partitions))
                }
            }
        });
        let (log, warehouse) = opening.await.context("opening the data directory")??;
        let store_options = StoreOptions { file: directory.store(), ..store };
        let store_place = store_options.place();
        let store = store::open(&store_options).await.with_context(|| format!("opening the store {store_place}"))?;
        Ok(Self { log, warehouse: Arc::new(warehouse), store, store_place, made })
    }
}

/// Removes a log again that was made beside a history which does not open with it, and says so.
fn explain_new_log(error: anyhow::Error, new_log: Option<PathBuf>, partitions: u16) -> anyhow::Error {
    let Some(log) = new_log else { return error };
    if let Err(left) = unmake(std::slice::from_ref(&log)) {
        return error.context(format!("{left:#}"));
    }
    error.context(format!(
        "there is no log in {}, and the history does not open beside a new one of {partitions} partitions: put the log \
         back, or, if it says so of the partitions, start with the SHOAL_PARTITIONS that it was made with",
        log.display()
    ))
}

/// Removes parts that were made by opening a directory that was then refused; they are closed.
pub(crate) fn unmake(made: &[PathBuf]) -> anyhow::Result<()> {
    for part in made {
        let removed = if part.is_dir() { std::fs::remove_dir_all(part) } else { std::fs::remove_file(part) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {} again", part.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
