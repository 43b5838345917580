//! Reading stretches of records.

use std::ops::Range;

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

/// Reads durable records.
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
    read_where_it_suits(log, end - from, move |shared| read_lane(shared, topic, partition, from..end, max_records))
        .await
}

/// Reads events that are written and may not be synced yet; for owners of partitions only.
pub(super) async fn read_written(
    log: &EmbeddedLog,
    partition: PartitionId,
    range: Range<Offset>,
    max_records: usize,
) -> Result<Vec<StoredRecord>, BusError> {
    let length = range.end - range.start;
    let read = move |shared: &Shared| {
        let keys = record_key(partition, range.start)..record_key(partition, range.end);
        let records = collect(shared.keyspaces.topic(Topic::Events).range(keys), max_records)?;
        check_gapless(shared, Topic::Events, partition, range.start, &records)?;
        Ok(records)
    };
    read_where_it_suits(log, length, read).await
}

/// Reads on the caller's thread what is near the end, and on one for blocking work what is far from it.
async fn read_where_it_suits(
    log: &EmbeddedLog,
    from_end: Offset,
    read: impl FnOnce(&Shared) -> Result<Vec<StoredRecord>, BusError> + Send + 'static,
) -> Result<Vec<StoredRecord>, BusError> {
    if from_end <= RECENT_RECORDS {
        return read(log.shared());
    }
    let log = log.clone();
    let joined = tokio::task::spawn_blocking(move || read(log.shared())).await;
    joined.map_err(|error| BusError::Unavailable(format!("reading was interrupted: {error}")))?
}

fn read_lane(
    shared: &Shared,
    topic: Topic,
    partition: PartitionId,
    range: Range<Offset>,
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
