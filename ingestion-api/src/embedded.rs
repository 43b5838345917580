//! Opening the parts that the configuration names, for a process of its own.

use anyhow::Context;

use crate::config::{Config, EmbeddedConfig};
use crate::start::Parts;

/// Opens log, history and store.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Parts> {
    let (EmbeddedConfig { directory, partitions }, store) = (&config.embedded, &config.store_options());
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    let log = bus::open(&config.bus, &directory.join("log"), *partitions).await.context("opening the log")?;
    let history = warehouse::open(&config.warehouse, &log, directory.join("history")).await;
    let warehouse = history.context("opening the history")?.to_fill;
    let store = store::open(store).await.with_context(|| format!("opening the store {}", store.place()))?;
    Ok(Parts { log: log.log, store, warehouse })
}
