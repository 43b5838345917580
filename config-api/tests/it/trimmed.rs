//! A log whose changes were trimmed by retention, which takes days to do for real.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bus::embedded::EmbeddedLog;
use bus::meddled::Meddler;
use bus::{BusError, EventLog as _, StoredRecord};
use schema::{Offset, PartitionId, Topic};

/// Only subscribers read as few records at once: the projection is far ahead of retention.
const SUBSCRIBERS_READ: usize = 100;

pub(crate) struct Trimming {
    /// Where every partition of the changes begins.
    pub(crate) begin: AtomicU64,
}

impl Trimming {
    fn begin(&self, topic: Topic) -> Offset {
        if topic == Topic::SegmentChanges { self.begin.load(Ordering::SeqCst) } else { 0 }
    }
}

#[async_trait]
impl Meddler for Trimming {
    async fn read(
        &self,
        log: &EmbeddedLog,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        let begin = self.begin(topic);
        if from < begin && max_records <= SUBSCRIBERS_READ {
            return Err(BusError::Trimmed { topic: topic.as_str(), asked: from, begin });
        }
        log.read(topic, partition, from, max_records).await
    }

    async fn range(&self, log: &EmbeddedLog, topic: Topic, partition: PartitionId) -> Result<Range<Offset>, BusError> {
        let end = log.range(topic, partition).await?.end;
        Ok(self.begin(topic).min(end)..end)
    }
}
