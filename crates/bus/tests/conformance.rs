//! The embedded log passes the suite that every form of the log must pass.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::conformance::{Installation, PARTITIONS, Session};
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{BusError, EventLog};
use schema::{PartitionId, Topic};
use tempfile::TempDir;

struct Embedded(TempDir);

#[async_trait]
impl Installation for Embedded {
    async fn open(&self) -> Result<Session, BusError> {
        let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(self.0.path(), options)?;
        let owned = log.clone();
        let log: Arc<dyn EventLog> = Arc::new(log);
        Ok(Session { log, ownership: Box::new(move || Box::new(owned.ownership())) })
    }

    async fn close(&self, session: Session) -> Result<(), BusError> {
        drop(session);
        Ok(())
    }

    async fn trim(&self, topic: Topic, partition: PartitionId) -> Result<(), BusError> {
        let often = Duration::from_millis(5);
        let options =
            EmbeddedLogOptions { partitions: PARTITIONS, trim_interval: often, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(self.0.path(), options)?;
        log.set_writer_floor(partition, u64::MAX);
        while !log.range(topic, partition).await?.is_empty() {
            tokio::time::sleep(often).await;
        }
        Ok(())
    }
}

bus::conformance_suite!(Some(Embedded(TempDir::new().unwrap())));
