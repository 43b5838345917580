//! Opening the embedded parts, for a process that runs alone on its folder.

use std::sync::Arc;

use anyhow::Context;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use store::sqlite::SqliteStore;
use warehouse::embedded::EmbeddedWarehouse;

use crate::config::EmbeddedConfig;
use crate::start::Parts;

/// Opens log, history and store in the configured folder.
pub(crate) async fn open(config: EmbeddedConfig) -> anyhow::Result<Parts> {
    let EmbeddedConfig { directory, partitions } = config;
    let store = directory.join("shoal.sqlite");
    // The databases read their journals when they are opened, which blocks.
    let opening = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        std::fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
        let options = EmbeddedLogOptions { partitions, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(directory.join("log"), options).context("opening the log")?;
        let warehouse =
            EmbeddedWarehouse::open(directory.join("history"), partitions).context("opening the history")?;
        Ok((log, warehouse))
    });
    let (log, warehouse) = opening.await.context("opening the embedded parts")??;
    let store = SqliteStore::open(store).await.context("opening the store")?;
    Ok(Parts { log: Arc::new(log), store: Arc::new(store), warehouse: Arc::new(warehouse) })
}
