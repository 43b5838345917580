//! Opening the parts that the configuration names, for a process of its own.

use std::sync::Arc;

use anyhow::Context;
use bus::BusConfig;
use store::StoreOptions;
use warehouse::embedded::EmbeddedWarehouse;

use crate::config::EmbeddedConfig;
use crate::start::Parts;

/// Opens log and store, and the history in the configured folder.
pub(crate) async fn open(config: EmbeddedConfig, bus: &BusConfig, store: &StoreOptions) -> anyhow::Result<Parts> {
    let EmbeddedConfig { directory, partitions } = config;
    std::fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let log = bus::open(bus, &directory.join("log"), partitions).await.context("opening the log")?.log;
    // The database reads its journal when it is opened, which blocks.
    let opening = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        EmbeddedWarehouse::open(directory.join("history"), partitions).context("opening the history")
    });
    let warehouse = opening.await.context("opening the embedded parts")??;
    let store = store::open(store).await.with_context(|| format!("opening the store {}", store.place()))?;
    Ok(Parts { log, store, warehouse: Arc::new(warehouse) })
}
