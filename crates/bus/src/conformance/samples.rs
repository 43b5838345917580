//! Records, changes and owners for the suite.

use std::collections::BTreeMap;
use std::time::Duration;

use schema::{
    Cause, ErrorRecord, ErrorType, Event, EventId, LogRecord, Offset, PartitionId, SegmentChange, SegmentId, Timestamp,
    Topic, UserId, partition_of,
};
use tokio::time::Instant;

use super::installation::{PARTITIONS, Session};
use crate::{BusError, EventLog, OwnershipChange, PartitionCommit, PartitionOwner, StoredRecord};

/// How long the suite waits for something that should happen soon.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// The `number`th event of a user.
pub(super) fn event(user_id: UserId, number: u32) -> LogRecord {
    let received_at = Timestamp::from_micros(1_700_000_000_000_000 + i64::from(number));
    LogRecord::Event(Event {
        url: Some(format!("/{number}").into()),
        ..Event::new(
            EventId(uuid::Uuid::from_u128((u128::from(user_id.0.unsigned_abs()) << 64) | u128::from(number))),
            user_id,
            "page_viewed",
            received_at,
        )
    })
}

/// The `number`th event of the first user of a partition.
pub(super) fn event_in(partition: PartitionId, number: u32) -> LogRecord {
    event(user_in(partition, 0), number)
}

/// The `nth` user of a partition.
pub(super) fn user_in(partition: PartitionId, nth: usize) -> UserId {
    let mut of_partition = (1..).map(UserId).filter(|user_id| partition_of(*user_id, PARTITIONS) == partition);
    of_partition.nth(nth).unwrap_or(UserId(1))
}

/// The `seq`th change of a user: in segment `seq` and in no other.
pub(super) fn change(user_id: UserId, seq: u64) -> SegmentChange {
    let segment = SegmentId(i64::try_from(seq).unwrap_or(i64::MAX));
    SegmentChange {
        user_id,
        in_segments: vec![segment],
        out_segments: Vec::new(),
        segments: vec![segment],
        seq,
        cause: Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(1_700_000_000_000_000),
    }
}

/// An error of a user.
pub(super) fn error(user_id: UserId) -> ErrorRecord {
    let data = serde_json::json!({ "user_id": user_id, "reason": "sample" });
    ErrorRecord { error_type: ErrorType::SegmentComputationError, data }
}

/// A commit that gives users states and publishes changes.
pub(super) fn commit(
    next_offset: Offset,
    users: Vec<(UserId, Vec<u8>)>,
    changes: Vec<SegmentChange>,
) -> PartitionCommit {
    let at = |micros: u64| Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
    PartitionCommit {
        next_offset,
        now: at(2 * next_offset + 1),
        log_time: at(next_offset + 1),
        users,
        changes,
        ..PartitionCommit::default()
    }
}

/// Takes one partition, and drops the owners of the others.
pub(super) async fn own(session: &Session, partition: PartitionId) -> Result<Box<dyn PartitionOwner>, BusError> {
    let mut ownership = (session.ownership)();
    loop {
        match tokio::time::timeout(SOON, ownership.next()).await {
            Ok(change) => match change? {
                Some(OwnershipChange::Assigned(owner)) if owner.partition() == partition => return Ok(owner),
                Some(_) => {}
                None => panic!("partition {partition} was not handed out"),
            },
            Err(_) => panic!("partition {partition} was not handed out in time"),
        }
    }
}

/// Every state of an owner's partition.
pub(super) async fn states(owner: &mut dyn PartitionOwner) -> Result<BTreeMap<UserId, Vec<u8>>, BusError> {
    let mut states = BTreeMap::new();
    owner.restore(&mut |user_id, state: &[u8]| drop(states.insert(user_id, state.to_vec()))).await?;
    Ok(states)
}

/// Everything a topic holds in a partition.
pub(super) async fn read_all(
    log: &dyn EventLog,
    topic: Topic,
    partition: PartitionId,
) -> Result<Vec<StoredRecord>, BusError> {
    let range = log.range(topic, partition).await?;
    let (mut records, mut from) = (Vec::new(), range.start);
    loop {
        let page = log.read(topic, partition, from, 7).await?;
        let Some(last) = page.last() else { return Ok(records) };
        from = last.offset + 1;
        records.extend(page);
    }
}

/// The changes that a topic holds in a partition.
pub(super) async fn read_changes(
    log: &dyn EventLog,
    topic: Topic,
    partition: PartitionId,
) -> Result<Vec<(Offset, SegmentChange)>, BusError> {
    let records = read_all(log, topic, partition).await?;
    let decoded = records.iter().map(|record| {
        let change = serde_json::from_slice(&record.value);
        change.map(|change| (record.offset, change)).map_err(|error| BusError::Damaged(error.to_string()))
    });
    decoded.collect()
}

/// The instant until which the suite waits for something that should happen soon.
pub(super) fn soon() -> Instant {
    Instant::now() + SOON
}

/// Fails unless something happens soon.
#[track_caller]
pub(super) fn soon_enough<T>(done: Result<T, tokio::time::error::Elapsed>, what: &str) -> T {
    match done {
        Ok(done) => done,
        Err(_) => panic!("{what} took longer than {SOON:?}"),
    }
}
