//! Going on where the log begins, when it was trimmed ahead of the projection.
//!
//! The changes in between are gone, but what they came to is not: `segment-memberships` keeps the latest change of
//! every user, with the whole set. A user's `seq` tells which of them are news, so nothing is applied twice, and a
//! change that is still in the log and was applied from here is passed over there. Only the flows, how many
//! entered and left in an hour, cannot be had back for what was lost.

use std::ops::Range;

use bus::EventLog;
use opentelemetry::KeyValue;
use schema::{Offset, PartitionId, Topic};
use store::ProjectionBatch;
use tokio::sync::mpsc;

use super::follow::{Interruption, MAX_CHANGES, Stretch, decode, project};
use crate::metrics;

/// Sets the memberships of a partition right and goes on at the end of what was lost; returns the position afterwards.
///
/// It may be interrupted and begun anew: the position moves with the last step.
pub(super) async fn rebuild(
    log: &dyn EventLog,
    partition: PartitionId,
    lost: Range<Offset>,
    writer: &mpsc::Sender<Stretch>,
) -> Result<Offset, Interruption> {
    let (from, begin) = (lost.start, lost.end);
    tracing::warn!(
        kafka.partition = partition.0,
        from,
        begin,
        "changes were trimmed before they were projected; the memberships are read anew, the flows lack what was lost"
    );
    metrics::PROJECTION_REBUILDS.add(1, &[KeyValue::new("partition", i64::from(partition.0))]);
    let Range { start: mut next, end } = log.range(Topic::SegmentMemberships, partition).await?;
    while next < end {
        let records = log.read(Topic::SegmentMemberships, partition, next, MAX_CHANGES).await?;
        let Some(last) = records.last() else { break };
        next = last.offset + 1;
        let batch = ProjectionBatch { partition, from, next: from, changes: decode(&records)? };
        let position = project(writer, batch).await?;
        if position != from {
            // Another process was faster.
            return Ok(position);
        }
    }
    project(writer, ProjectionBatch { partition, from, next: begin, changes: Vec::new() }).await
}
