//! Opening the parts that the configuration names, for a process of its own.

use std::sync::Arc;

use anyhow::Context;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use store::StoreOptions;
use warehouse::embedded::EmbeddedWarehouse;

use crate::config::EmbeddedConfig;
use crate::start::Parts;

/// Opens log and history in the configured folder, and the store.
pub(crate) async fn open(config: EmbeddedConfig, store: &StoreOptions) -> anyhow::Result<Parts> {
    let EmbeddedConfig { directory, partitions } = config;
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
    let store = store::open(store).await.with_context(|| format!("opening the store {}", store.place()))?;
    Ok(Parts { log: Arc::new(log), store, warehouse: Arc::new(warehouse) })
}
