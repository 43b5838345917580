//! What a lane of the target holds already, read along with what is brought.

use std::collections::VecDeque;
use std::ops::Range;

use anyhow::{Context as _, ensure};
use bus::{EventLog, StoredRecord};
use schema::{Offset, PartitionId, Topic};

const PAGE: usize = 4_096;

/// The records of one partition of a topic, as far as there were any at the beginning.
pub(super) struct Present {
    topic: Topic,
    partition: PartitionId,
    from: Offset,
    end: Offset,
    read: VecDeque<StoredRecord>,
}

impl Present {
    /// Looks at all partitions of a topic; refuses one of which something was trimmed.
    pub(super) async fn of(log: &dyn EventLog, topic: Topic) -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        for partition in (0..log.partitions()).map(PartitionId) {
            let range = log.range(topic, partition).await.context("asking how far the log goes")?;
            ensure!(range.start == 0, "the log is not empty: it has trimmed records of partition {partition}");
            all.push(Self::at(topic, partition, range));
        }
        Ok(all)
    }

    /// Looks at one partition.
    pub(super) fn at(topic: Topic, partition: PartitionId, range: Range<Offset>) -> Self {
        Self { topic, partition, from: range.start, end: range.end, read: VecDeque::new() }
    }

    /// Returns the next one; `None` from the end on.
    pub(super) async fn next(&mut self, log: &dyn EventLog) -> anyhow::Result<Option<StoredRecord>> {
        if self.read.is_empty() && self.from < self.end {
            let records = log.read(self.topic, self.partition, self.from, PAGE).await;
            self.read.extend(records.with_context(|| format!("reading {}", self.topic.as_str()))?);
            self.from = self.read.back().map_or(self.end, |last| last.offset + 1);
        }
        Ok(self.read.pop_front())
    }

    /// Refuses records that nothing brought corresponds to.
    pub(super) async fn require_end(&mut self, log: &dyn EventLog) -> anyhow::Result<()> {
        let left = self.next(log).await?;
        ensure!(
            left.is_none(),
            "the log is not empty: {} of partition {} has more records than the export",
            self.topic.as_str(),
            self.partition
        );
        Ok(())
    }
}
