//! Reading one partition of `segment-changes`, stretch by stretch.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bus::{BusError, EventLog, StoredRecord};
use schema::{Offset, PartitionId, SegmentChange, Topic};
use store::ProjectionBatch;
use tokio::sync::{mpsc, oneshot};

use super::rebuild::rebuild;

/// The most changes of one stretch: bounds one transaction together with the number of partitions.
pub(super) const MAX_CHANGES: usize = 500;
/// How long to wait before asking a log again that was not available.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A stretch to project, and whom to tell the position afterwards.
pub(super) struct Stretch {
    pub(super) batch: ProjectionBatch,
    pub(super) position: oneshot::Sender<Offset>,
}

/// Why a step was not made.
pub(super) enum Interruption {
    Log(BusError),
    Undecodable(anyhow::Error),
    /// The process is ending.
    WriterGone,
}

impl From<BusError> for Interruption {
    fn from(error: BusError) -> Self {
        Self::Log(error)
    }
}

/// Follows a partition for good; returns when the writer is gone, and with an error when what is
/// stored cannot be read.
pub(super) async fn follow(
    log: Arc<dyn EventLog>,
    partition: PartitionId,
    mut next: Offset,
    writer: mpsc::Sender<Stretch>,
) -> anyhow::Result<()> {
    loop {
        let stepped = match project_next(log.as_ref(), partition, next, &writer).await {
            Err(Interruption::Log(BusError::Trimmed { begin, .. })) => {
                rebuild(log.as_ref(), partition, next..begin, &writer).await
            }
            stepped => stepped,
        };
        match stepped {
            Ok(position) => next = position,
            Err(Interruption::WriterGone) => return Ok(()),
            Err(Interruption::Log(error)) if error.retryable() => {
                tracing::warn!(%error, kafka.partition = partition.0, "changes cannot be read now");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(Interruption::Log(error)) => {
                return Err(error).with_context(|| format!("following changes of partition {partition}"));
            }
            Err(Interruption::Undecodable(error)) => return Err(error),
        }
    }
}

/// Waits for the next changes and projects them; returns the position afterwards.
async fn project_next(
    log: &dyn EventLog,
    partition: PartitionId,
    next: Offset,
    writer: &mpsc::Sender<Stretch>,
) -> Result<Offset, Interruption> {
    let records = read_next(log, partition, next).await?;
    let Some(last) = records.last() else { return Ok(next) };
    project(writer, ProjectionBatch { partition, from: next, next: last.offset + 1, changes: decode(&records)? }).await
}

/// Has a stretch projected; the position afterwards is not always its end: another process may project too.
pub(super) async fn project(writer: &mpsc::Sender<Stretch>, batch: ProjectionBatch) -> Result<Offset, Interruption> {
    let (position, written) = oneshot::channel();
    writer.send(Stretch { batch, position }).await.map_err(|_| Interruption::WriterGone)?;
    written.await.map_err(|_| Interruption::WriterGone)
}

async fn read_next(log: &dyn EventLog, partition: PartitionId, next: Offset) -> Result<Vec<StoredRecord>, BusError> {
    log.wait_for(Topic::SegmentChanges, partition, next).await?;
    log.read(Topic::SegmentChanges, partition, next, MAX_CHANGES).await
}

pub(super) fn decode(records: &[StoredRecord]) -> Result<Vec<SegmentChange>, Interruption> {
    let change = |record: &StoredRecord| {
        serde_json::from_slice(&record.value).with_context(|| format!("decoding the change at {}", record.offset))
    };
    records.iter().map(change).collect::<anyhow::Result<_>>().map_err(Interruption::Undecodable)
}
