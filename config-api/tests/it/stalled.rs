//! A log that does not say how far its events go until it is let: whoever asks waits.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bus::embedded::EmbeddedLog;
use bus::{BusError, EventLog, NewRecord, RestoredPartition, StoredRecord};
use schema::{ErrorRecord, LogPosition, Offset, PartitionId, PartitionStatus, Topic, UserId};
use tokio::sync::watch;

pub(crate) struct StalledLog {
    pub(crate) inner: EmbeddedLog,
    /// How often it was asked.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) is_free: watch::Receiver<bool>,
}

#[async_trait]
impl EventLog for StalledLog {
    fn partitions(&self) -> u16 {
        self.inner.partitions()
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        self.inner.append(records).await
    }

    async fn append_errors(&self, errors: Vec<ErrorRecord>) -> Result<(), BusError> {
        self.inner.append_errors(errors).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        self.inner.read(topic, partition, from, max_records).await
    }

    async fn range(&self, topic: Topic, partition: PartitionId) -> Result<Range<Offset>, BusError> {
        if topic == Topic::Events {
            self.asked.fetch_add(1, Ordering::SeqCst);
            // Whoever lets it may be gone by now, at the end of a test.
            let _ = self.is_free.clone().wait_for(|is_free| *is_free).await;
        }
        self.inner.range(topic, partition).await
    }

    async fn wait_for(&self, topic: Topic, partition: PartitionId, from: Offset) -> Result<(), BusError> {
        self.inner.wait_for(topic, partition, from).await
    }

    fn set_writer_floor(&self, partition: PartitionId, floor: Offset) {
        self.inner.set_writer_floor(partition, floor);
    }

    async fn last_commit(
        &self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        self.inner.last_commit(partition, visit).await
    }

    async fn statuses(&self) -> Result<Vec<PartitionStatus>, BusError> {
        self.inner.statuses().await
    }
}
