//! Opening the parts that the configuration names, for a process of its own.

use std::sync::Arc;

use anyhow::Context;
use bus::BusConfig;
use store::sqlite::SqliteStore;
use warehouse::embedded::EmbeddedWarehouse;

use crate::config::EmbeddedConfig;
use crate::start::Parts;

/// Opens the log, and history and store in the configured folder.
pub(crate) async fn open(config: EmbeddedConfig, bus: &BusConfig) -> anyhow::Result<Parts> {
    let EmbeddedConfig { directory, partitions } = config;
    let store = directory.join("shoal.sqlite");
    std::fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let log = bus::open(bus, &directory.join("log"), partitions).await.context("opening the log")?.log;
    // The database reads its journal when it is opened, which blocks.
    let opening = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        EmbeddedWarehouse::open(directory.join("history"), partitions).context("opening the history")
    });
    let warehouse = opening.await.context("opening the embedded parts")??;
    let store = SqliteStore::open(store).await.context("opening the store")?;
    Ok(Parts { log, store: Arc::new(store), warehouse: Arc::new(warehouse) })
}
