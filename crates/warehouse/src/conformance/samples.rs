//! Events, batches and whole readings for the suite.

use schema::{
    DUPLICATE_WINDOW_MICROS, Event, EventId, LogRecord, Offset, PartitionId, Timestamp, UserDeletion, UserId,
    partition_of,
};

use super::installation::PARTITIONS;
use crate::{HistoryRow, Warehouse, WarehouseError, WriteBatch};

/// When the suite's log begins.
pub(super) const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// The whole window in which an event id is remembered.
pub(super) const WINDOW: i64 = DUPLICATE_WINDOW_MICROS;

/// More rows than any case of the suite writes.
const ENDLESS: usize = 10_000;

/// The `nth` user of a partition.
pub(super) fn user_in(partition: PartitionId, nth: usize) -> UserId {
    let mut of_partition = (1..).map(UserId).filter(|user_id| partition_of(*user_id, PARTITIONS) == partition);
    of_partition.nth(nth).unwrap_or(UserId(1))
}

/// An event of a user, `received_micros` after the start and created as much earlier.
pub(super) fn event(user_id: UserId, event_id: u128, received_micros: i64) -> Event {
    Event {
        region: Some("California".into()),
        device_type: Some("mobile".into()),
        url: Some(format!("/{event_id}").into()),
        received_at: START.plus_micros(received_micros),
        ..Event::new(
            EventId(uuid::Uuid::from_u128(event_id)),
            user_id,
            "page_viewed",
            START.plus_micros(-received_micros),
        )
    }
}

/// A deletion of a user, `received_micros` after the start.
pub(super) fn deletion(user_id: UserId, received_micros: i64) -> LogRecord {
    LogRecord::Deletion(UserDeletion { user_id, received_at: START.plus_micros(received_micros) })
}

/// A batch of records that lie at `from` and after it without a gap.
pub(super) fn batch(partition: PartitionId, from: Offset, records: Vec<LogRecord>) -> WriteBatch {
    let next = from + records.len() as u64;
    WriteBatch { partition, from, next, records: (from..next).zip(records).collect() }
}

/// Every row of a partition below `before`, read in pages of `page`.
pub(super) async fn history(
    warehouse: &dyn Warehouse,
    partition: PartitionId,
    before: Offset,
    page: usize,
) -> Result<Vec<HistoryRow>, WarehouseError> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let read = warehouse.history(partition, before, cursor, page).await?;
        assert!(read.rows.len() <= page, "{} rows in a page of {page}", read.rows.len());
        rows.extend(read.rows);
        assert!(rows.len() < ENDLESS, "the reading does not end");
        cursor = read.next;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}

/// The offsets of every row of a partition, ascending.
pub(super) async fn offsets(warehouse: &dyn Warehouse, partition: PartitionId) -> Result<Vec<Offset>, WarehouseError> {
    let rows = history(warehouse, partition, Offset::MAX, 100).await?;
    let mut offsets: Vec<_> = rows.iter().map(|row| row.position.offset).collect();
    offsets.sort_unstable();
    Ok(offsets)
}

/// The offsets of a user's rows in the order in which they are read, in pages of `page`.
pub(super) async fn user_offsets(
    warehouse: &dyn Warehouse,
    user_id: UserId,
    page: usize,
) -> Result<Vec<Offset>, WarehouseError> {
    let (mut offsets, mut cursor) = (Vec::new(), None);
    loop {
        let read = warehouse.user_events(user_id, cursor, page).await?;
        assert!(read.rows.len() <= page, "{} rows in a page of {page}", read.rows.len());
        assert!(read.rows.iter().all(|row| row.event.user_id == user_id), "rows of user {user_id} only");
        offsets.extend(read.rows.iter().map(|row| row.position.offset));
        assert!(offsets.len() < ENDLESS, "the reading does not end");
        cursor = read.next;
        if cursor.is_none() {
            return Ok(offsets);
        }
    }
}
