//! Opening the log that a configuration names. What comes back does not tell which form it is.

use std::path::Path;
use std::sync::Arc;

use crate::embedded::{EmbeddedLog, EmbeddedLogOptions};
use crate::{BusConfig, BusError, EventLog, Ownership};

/// An opened log.
pub struct OpenedLog {
    /// As ingestion and readers see it.
    pub log: Arc<dyn EventLog>,
    /// Whether other processes have the same log open: then what is kept beside it in a folder of this
    /// one is not there for them.
    pub is_shared: bool,
    ownership: Box<dyn Fn() -> Box<dyn Ownership> + Send + Sync>,
}

impl OpenedLog {
    /// Takes an embedded log that was opened with options of its own.
    pub fn of_embedded(log: EmbeddedLog) -> Self {
        let owned = log.clone();
        Self { log: Arc::new(log), is_shared: false, ownership: Box::new(move || Box::new(owned.ownership())) }
    }

    /// Takes part in owning partitions, as a segmenter does.
    pub fn ownership(&self) -> Box<dyn Ownership> {
        (self.ownership)()
    }
}

/// Opens the log: on the brokers that are configured, else the embedded one in `directory`.
pub async fn open(config: &BusConfig, directory: &Path, partitions: u16) -> Result<OpenedLog, BusError> {
    match config.kafka(partitions) {
        Some(options) => open_kafka(options).await,
        None => open_embedded(directory, partitions).await,
    }
}

async fn open_embedded(directory: &Path, partitions: u16) -> Result<OpenedLog, BusError> {
    let (directory, options) =
        (directory.to_owned(), EmbeddedLogOptions { partitions, ..EmbeddedLogOptions::default() });
    // Reading the journal of a crash blocks.
    let opening = tokio::task::spawn_blocking(move || EmbeddedLog::open(directory, options)).await;
    let log = opening.map_err(|error| BusError::Unavailable(format!("opening was interrupted: {error}")))??;
    Ok(OpenedLog::of_embedded(log))
}

#[cfg(feature = "kafka")]
async fn open_kafka(options: crate::KafkaOptions) -> Result<OpenedLog, BusError> {
    let log = crate::kafka::KafkaLog::open(options).await?;
    let owned = log.clone();
    Ok(OpenedLog { log: Arc::new(log), is_shared: true, ownership: Box::new(move || Box::new(owned.ownership())) })
}

#[cfg(not(feature = "kafka"))]
async fn open_kafka(_: crate::KafkaOptions) -> Result<OpenedLog, BusError> {
    let reason =
        "brokers are configured and this build does not speak Kafka's protocol; build with `--features distributed`";
    Err(BusError::Misfit(reason.to_owned()))
}

#[cfg(all(test, not(feature = "kafka")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn brokers_are_refused_by_a_build_that_does_not_know_them() {
        let refused = open_kafka(crate::KafkaOptions::default()).await.err().map(|error| error.to_string());
        let refused = refused.unwrap_or_default();
        assert!(refused.ends_with("build with `--features distributed`"), "{refused}");
    }
}
