//! What may be forgotten: records older than the retention that everyone who needs them has passed.
//!
//! Events wait for two readers, whatever their age: the segmenter's last commit and the warehouse
//! writer. Work is done in slices, so that a large backlog does not hold up the writing thread.

use std::sync::atomic::Ordering;

use schema::{Offset, PartitionId, Timestamp, Topic};

use super::embedded_log::EmbeddedLog;
use super::failure::from_fjall;
use super::keys::record_key;
use super::request::Write;
use super::shared::Shared;
use super::stored::time_of;
use crate::BusError;

/// Records removed by one write: about a millisecond of the writing thread.
const SLICE_RECORDS: Offset = 512;

/// Slices per lane and pass; the next pass goes on. Keeps up with 4,000 records a second and partition.
const SLICES_PER_PASS: usize = 512;

/// What is kept by age; `segment-memberships` keeps the latest of each user for good.
const TRIMMED_TOPICS: [Topic; 4] = [Topic::Events, Topic::SegmentChanges, Topic::Errors, Topic::DeadLetters];

/// Removes what was written before `cutoff` and is needed by nobody; returns how many records.
pub(super) async fn trim(log: &EmbeddedLog, cutoff: Timestamp) -> Result<u64, BusError> {
    let mut removed = 0;
    for topic in TRIMMED_TOPICS {
        for partition in (0..log.shared().partitions).map(PartitionId) {
            removed += trim_lane(log, topic, partition, cutoff).await?;
        }
    }
    Ok(removed)
}

async fn trim_lane(
    log: &EmbeddedLog,
    topic: Topic,
    partition: PartitionId,
    cutoff: Timestamp,
) -> Result<u64, BusError> {
    let mut removed = 0;
    for _ in 0..SLICES_PER_PASS {
        let Some(begin) = next_begin(log.shared(), topic, partition, cutoff)? else { break };
        removed += begin - log.shared().lane(topic, partition)?.begin();
        log.request(Write::Trim { topic, partition, begin }).await?;
    }
    Ok(removed)
}

/// Returns where the lane may begin after the next slice, `None` when nothing may go.
fn next_begin(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    cutoff: Timestamp,
) -> Result<Option<Offset>, BusError> {
    let lane = shared.lane(topic, partition)?;
    let needed = if topic == Topic::Events { needed_from(shared, partition)? } else { Offset::MAX };
    let last = lane.end().min(needed).min(lane.begin() + SLICE_RECORDS);
    // The last of a slice speaks for it: times in a lane ascend but for the milliseconds of a race.
    for begin in [last, lane.begin() + 1] {
        if begin > lane.begin() && begin <= last && is_older(shared, topic, partition, begin - 1, cutoff)? {
            return Ok(Some(begin));
        }
    }
    Ok(None)
}

/// Returns the first event that the segmenter or the warehouse writer still needs.
fn needed_from(shared: &Shared, partition: PartitionId) -> Result<Offset, BusError> {
    let committed = shared.keyspaces.position(partition)?.next_offset;
    Ok(committed.min(shared.writer_floor(partition)?.load(Ordering::Acquire)))
}

fn is_older(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    offset: Offset,
    cutoff: Timestamp,
) -> Result<bool, BusError> {
    let stored = shared.keyspaces.topic(topic).get(record_key(partition, offset)).map_err(from_fjall)?;
    let stored = stored.ok_or_else(|| BusError::Damaged(format!("record {offset} is missing")))?;
    Ok(time_of(offset, &stored)? < cutoff)
}
