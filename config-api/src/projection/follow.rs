//! Reading one partition of `segment-changes`, stretch by stretch.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bus::{BusError, EventLog, StoredRecord};
use schema::{Offset, PartitionId, SegmentChange, Topic};
use store::ProjectionBatch;
use tokio::sync::{mpsc, oneshot};

/// The most changes of one stretch: bounds one transaction together with the number of partitions.
const MAX_CHANGES: usize = 500;
/// How long to wait before asking a log again that was not available.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A stretch to project, and whom to tell the position afterwards.
pub(super) struct Stretch {
    pub(super) batch: ProjectionBatch,
    pub(super) position: oneshot::Sender<Offset>,
}

/// Follows a partition for good; returns when the writer is gone, and with an error when what is
/// stored cannot be read or was trimmed.
pub(super) async fn follow(
    log: Arc<dyn EventLog>,
    partition: PartitionId,
    mut next: Offset,
    writer: mpsc::Sender<Stretch>,
) -> anyhow::Result<()> {
    loop {
        let records = match read_next(log.as_ref(), partition, next).await {
            Ok(records) => records,
            Err(error) if error.retryable() => {
                tracing::warn!(%error, kafka.partition = partition.0, "changes cannot be read now");
                tokio::time::sleep(RETRY_PAUSE).await;
                continue;
            }
            Err(error) => return Err(error).with_context(|| format!("following changes of partition {partition}")),
        };
        let Some(last) = records.last() else { continue };
        let batch = ProjectionBatch { partition, from: next, next: last.offset + 1, changes: decode(&records)? };
        let (position, written) = oneshot::channel();
        if writer.send(Stretch { batch, position }).await.is_err() {
            return Ok(());
        }
        // Not always the end of the stretch: another process may project too.
        let Ok(position) = written.await else { return Ok(()) };
        next = position;
    }
}

async fn read_next(log: &dyn EventLog, partition: PartitionId, next: Offset) -> Result<Vec<StoredRecord>, BusError> {
    log.wait_for(Topic::SegmentChanges, partition, next).await?;
    log.read(Topic::SegmentChanges, partition, next, MAX_CHANGES).await
}

fn decode(records: &[StoredRecord]) -> anyhow::Result<Vec<SegmentChange>> {
    let change = |record: &StoredRecord| {
        serde_json::from_slice(&record.value).with_context(|| format!("decoding the change at {}", record.offset))
    };
    records.iter().map(change).collect()
}
