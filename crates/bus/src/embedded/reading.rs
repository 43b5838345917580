//! Reading stretches of records.

use fjall::{Iter, Readable};
use schema::{Offset, PartitionId, Topic};

use super::embedded_log::EmbeddedLog;
use super::failure::from_fjall;
use super::keys::{offset_of, record_key};
use super::shared::Shared;
use super::stored::decode_record;
use crate::{BusError, StoredRecord};

/// A reading ends early when it has this many bytes: memory of a reader is bounded whatever it asks for.
const READ_BYTES: usize = 4 * 1_024 * 1_024;

/// So many records before the end are in memory as a rule, and read without leaving the caller's thread.
const RECENT_RECORDS: Offset = 4_096;

/// Reads durable records, on a thread for blocking work when they are far from the end.
pub(super) async fn read_durable(
    log: &EmbeddedLog,
    topic: Topic,
    partition: PartitionId,
    from: Offset,
    max_records: usize,
) -> Result<Vec<StoredRecord>, BusError> {
    let end = log.shared().lane(topic, partition)?.end();
    if from >= end || max_records == 0 {
        return Ok(Vec::new());
    }
    if end - from <= RECENT_RECORDS {
        return read_lane(log.shared(), topic, partition, from..end, max_records);
    }
    let log = log.clone();
    let reading = move || read_lane(log.shared(), topic, partition, from..end, max_records);
    let joined = tokio::task::spawn_blocking(reading).await;
    joined.map_err(|error| BusError::Unavailable(format!("reading was interrupted: {error}")))?
}

/// Reads records that are written and may not be synced yet; for owners of partitions only.
pub(super) fn read_written(
    shared: &Shared,
    partition: PartitionId,
    range: std::ops::Range<Offset>,
    max_records: usize,
) -> Result<Vec<StoredRecord>, BusError> {
    let keys = record_key(partition, range.start)..record_key(partition, range.end);
    let records = collect(shared.keyspaces.topic(Topic::Events).range(keys), max_records)?;
    check_gapless(shared, Topic::Events, partition, range.start, &records)?;
    Ok(records)
}

fn read_lane(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    range: std::ops::Range<Offset>,
    max_records: usize,
) -> Result<Vec<StoredRecord>, BusError> {
    let keys = record_key(partition, range.start)..record_key(partition, range.end);
    let records = collect(shared.durable().range(shared.keyspaces.topic(topic), keys), max_records)?;
    if topic != Topic::SegmentMemberships {
        check_gapless(shared, topic, partition, range.start, &records)?;
    }
    Ok(records)
}

fn collect(iter: Iter, max_records: usize) -> Result<Vec<StoredRecord>, BusError> {
    let mut records = Vec::new();
    let mut size = 0;
    for entry in iter {
        let (key, value) = entry.into_inner().map_err(from_fjall)?;
        let offset =
            offset_of(&key).ok_or_else(|| BusError::Damaged("a record's key has another length".to_owned()))?;
        size += value.len();
        records.push(decode_record(offset, &value)?);
        if records.len() >= max_records || size >= READ_BYTES {
            break;
        }
    }
    Ok(records)
}

/// Tells records that were trimmed from records that are lost.
fn check_gapless(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    from: Offset,
    records: &[StoredRecord],
) -> Result<(), BusError> {
    let expected = from..from.saturating_add(records.len() as u64);
    if !records.is_empty() && records.iter().map(|record| record.offset).eq(expected) {
        return Ok(());
    }
    let begin = shared.keyspaces.begin(topic, partition)?;
    if from < begin {
        return Err(BusError::Trimmed { topic: topic.as_str(), asked: from, begin });
    }
    Err(BusError::Damaged(format!("records of {} in partition {partition} are missing from {from} on", topic.as_str())))
}
