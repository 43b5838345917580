//! Appending and reading events.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use schema::{LogRecord, PartitionId, Topic, UserId, partition_of};
use serde_json::{Value, json};

use super::installation::{Installation, PARTITIONS};
use super::samples::{error, event, event_in, read_all};
use crate::{BusError, DeadLetter, EventLog, LetterHead};

/// Offsets of concurrent appends have no gap and no repetition, and each record lies where its append said.
pub async fn concurrent_appends_are_gapless(installation: &dyn Installation) -> Result<(), BusError> {
    const CALLERS: i64 = 32;
    const CALLS: u32 = 8;
    let session = installation.open().await?;
    let callers =
        (1..=CALLERS).map(|user_id| tokio::spawn(append_in_turn(session.log.clone(), UserId(user_id), CALLS)));
    let mut acknowledged = BTreeSet::new();
    for caller in callers.collect::<Vec<_>>() {
        let appended = caller.await.map_err(|error| BusError::Unavailable(error.to_string()))??;
        for (position, record) in appended {
            assert!(acknowledged.insert(position), "{position:?} was given twice");
            let read = session.log.read(Topic::Events, position.partition, position.offset, 1).await?;
            assert_eq!(read[0].value, record.encode(), "what lies at {position:?}");
            assert_eq!(read[0].user_id, record.user_id(), "the key at {position:?}");
        }
    }
    for partition in (0..PARTITIONS).map(PartitionId) {
        let offsets = read_all(&*session.log, Topic::Events, partition).await?;
        let offsets: Vec<_> = offsets.iter().map(|record| record.offset).collect();
        assert_eq!(offsets, (0..offsets.len() as u64).collect::<Vec<_>>(), "partition {partition}");
        let range = session.log.range(Topic::Events, partition).await?;
        assert_eq!(range, 0..offsets.len() as u64, "the range of partition {partition}");
    }
    installation.close(session).await
}

async fn append_in_turn(
    log: Arc<dyn EventLog>,
    user_id: UserId,
    calls: u32,
) -> Result<Vec<(schema::LogPosition, LogRecord)>, BusError> {
    let mut appended = Vec::new();
    for call in 0..calls {
        let records = vec![event(user_id, 2 * call), event(user_id, 2 * call + 1)];
        let positions = log.append(records.clone()).await?;
        appended.extend(positions.into_iter().zip(records));
    }
    Ok(appended)
}

/// A record can be read as soon as its append returned, and after a restart; its partition follows from its user.
pub async fn an_append_is_read_at_once_and_after_a_restart(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    assert_eq!(session.log.partitions(), PARTITIONS);
    let records: Vec<_> = (1..=20).map(|user_id| event(UserId(user_id), 1)).collect();
    let positions = session.log.append(records.clone()).await?;
    assert_eq!(positions.len(), records.len());
    for (position, record) in positions.iter().zip(&records) {
        assert_eq!(position.partition, partition_of(record.user_id(), PARTITIONS));
        let read = session.log.read(Topic::Events, position.partition, position.offset, 1).await?;
        assert_eq!(read[0].value, record.encode());
    }
    installation.close(session).await?;
    let session = installation.open().await?;
    for (position, record) in positions.iter().zip(&records) {
        let read = session.log.read(Topic::Events, position.partition, position.offset, 1).await?;
        assert_eq!(read[0].value, record.encode(), "after the restart");
    }
    let again = session.log.append(vec![records[0].clone()]).await?;
    let partition = positions[0].partition;
    let before = positions.iter().filter(|position| position.partition == partition).count() as u64;
    assert_eq!(again[0].offset, before, "offsets go on where they were");
    installation.close(session).await
}

/// `read` returns at most what was asked for, in order, and nothing at the end.
pub async fn reading_is_bounded_and_in_order(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let partition = PartitionId(1);
    session.log.append((0..10).map(|number| event_in(partition, number)).collect()).await?;
    let offsets = async |from, max_records| {
        let records = session.log.read(Topic::Events, partition, from, max_records).await?;
        Ok::<_, BusError>(records.iter().map(|record| record.offset).collect::<Vec<_>>())
    };
    assert_eq!(offsets(0, 3).await?, [0, 1, 2]);
    assert_eq!(offsets(8, 3).await?, [8, 9]);
    assert_eq!(offsets(10, 3).await?, [0_u64; 0]);
    assert_eq!(offsets(99, 3).await?, [0_u64; 0]);
    assert_eq!(offsets(0, 0).await?, [0_u64; 0]);
    installation.close(session).await
}

/// What ingestion refused is kept in `errors`.
pub async fn errors_are_kept(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    session.log.append_errors(vec![error(UserId(1)), error(UserId(2))]).await?;
    let mut kept = Vec::new();
    for partition in (0..PARTITIONS).map(PartitionId) {
        kept.extend(read_all(&*session.log, Topic::Errors, partition).await?);
    }
    // The keys of an object are in no order.
    let mut values: Vec<Value> = Vec::new();
    for record in &kept {
        let value = serde_json::from_slice(&record.value);
        values.push(value.map_err(|error| BusError::Damaged(error.to_string()))?);
    }
    values.sort_by_key(|value| value["data"]["user_id"].as_i64());
    let kept_of = |user_id: i64| {
        let data = json!({ "reason": "sample", "user_id": user_id });
        json!({ "error_type": "segment_computation_error", "data": data })
    };
    assert_eq!(values, [kept_of(1), kept_of(2)]);
    installation.close(session).await
}

/// What the writer of the history puts aside is kept in `dead-letters`, in the partition of the record, and says
/// which record it is about.
pub async fn dead_letters_are_kept(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let partition = PartitionId(1);
    let letter = |offset, value: &'static [u8]| {
        let user_id = UserId(7);
        DeadLetter { user_id, partition, offset, reason: "refused", value: Bytes::from_static(value) }
    };
    session.log.append_dead_letters(vec![letter(3, b"{}"), letter(9, b"\xff")]).await?;
    session.log.append_dead_letters(Vec::new()).await?;
    let kept = read_all(&*session.log, Topic::DeadLetters, partition).await?;
    assert!(kept.iter().all(|record| record.user_id == UserId(7)), "{kept:?}");
    let heads: Vec<_> = kept.iter().filter_map(LetterHead::of).collect();
    let head = |offset| LetterHead { partition, offset, reason: "refused".to_owned() };
    assert_eq!(heads, [head(3), head(9)]);
    for elsewhere in (0..PARTITIONS).map(PartitionId).filter(|other| *other != partition) {
        assert_eq!(read_all(&*session.log, Topic::DeadLetters, elsewhere).await?, []);
    }
    installation.close(session).await
}
