//! Opening the parts that the configuration names, for a process of its own.

use anyhow::Context;
use store::Seen;

use crate::config::{Config, EmbeddedConfig};
use crate::start::Parts;

/// Opens log, history and store.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Parts> {
    let (EmbeddedConfig { directory, partitions }, store) = (&config.embedded, &config.store_options());
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    let log = bus::open(&config.bus, &directory.join("log"), *partitions).await.context("opening the log")?;
    let history = warehouse::open(&config.warehouse, &log, directory.join("history")).await;
    let warehouse::OpenedWarehouse { warehouse: history, to_fill: warehouse } =
        history.context("opening the history")?;
    let seen = Seen {
        user_id: warehouse::greatest_user_id(&*log.log, &*history).await.context("reading the log's end")?,
        erased: warehouse::count_erased(&*history).await,
        ..Seen::default()
    };
    let store = store::open(store).await.with_context(|| format!("opening the store {}", store.place()))?;
    // It gives the ids: one that was set back would give those that have events already.
    store::refuse_older(&*store, seen).await.context("comparing the store with the log")?;
    Ok(Parts { log: log.log, store, warehouse })
}
