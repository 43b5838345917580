//! Opening the parts that the configuration names, for a process of its own.

use anyhow::Context;
use bus::BusConfig;
use store::StoreOptions;

use crate::config::EmbeddedConfig;
use crate::start::Parts;

/// Opens log and store, and the history that goes with the log.
pub(crate) async fn open(config: EmbeddedConfig, bus: &BusConfig, store: &StoreOptions) -> anyhow::Result<Parts> {
    let EmbeddedConfig { directory, partitions } = config;
    std::fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let log = bus::open(bus, &directory.join("log"), partitions).await.context("opening the log")?;
    let warehouse = warehouse::open(&log, directory.join("history")).await.context("opening the history")?.to_fill;
    let store = store::open(store).await.with_context(|| format!("opening the store {}", store.place()))?;
    Ok(Parts { log: log.log, store, warehouse })
}
