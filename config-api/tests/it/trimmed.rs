//! A log whose changes were trimmed by retention, which takes days to do for real.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bus::embedded::EmbeddedLog;
use bus::{BusError, EventLog, NewRecord, RestoredPartition, StoredRecord};
use schema::{ErrorRecord, LogPosition, Offset, PartitionId, PartitionStatus, Topic, UserId};

/// Only subscribers read as few records at once: the projection is far ahead of retention.
const SUBSCRIBERS_READ: usize = 100;

pub(crate) struct TrimmedLog {
    pub(crate) inner: EmbeddedLog,
    /// Where every partition of the changes begins.
    pub(crate) begin: AtomicU64,
}

impl TrimmedLog {
    fn begin(&self, topic: Topic) -> Offset {
        if topic == Topic::SegmentChanges { self.begin.load(Ordering::SeqCst) } else { 0 }
    }
}

#[async_trait]
impl EventLog for TrimmedLog {
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
        let begin = self.begin(topic);
        if from < begin && max_records <= SUBSCRIBERS_READ {
            return Err(BusError::Trimmed { topic: topic.as_str(), asked: from, begin });
        }
        self.inner.read(topic, partition, from, max_records).await
    }

    async fn range(&self, topic: Topic, partition: PartitionId) -> Result<Range<Offset>, BusError> {
        let end = self.inner.range(topic, partition).await?.end;
        Ok(self.begin(topic).min(end)..end)
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
