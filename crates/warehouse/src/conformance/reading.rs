//! Histories of partitions and timelines of users.

use schema::{LogRecord, Offset, PartitionId};

use super::installation::{Installation, PARTITIONS};
use super::samples::{batch, event, history, user_in, user_offsets};
use crate::{Warehouse, WarehouseError, WriteBatch};

const ROWS: u64 = 30;

/// Writes [`ROWS`] rows of three users into each partition.
async fn fill(warehouse: &dyn Warehouse) -> Result<(), WarehouseError> {
    for partition in (0..PARTITIONS).map(PartitionId) {
        let record = |offset: u64| {
            let user_id = user_in(partition, usize::try_from(offset % 3).unwrap_or(0));
            // Times go back and forth, so that neither order is the order of the log.
            let received = i64::try_from(offset * 7 % 10).unwrap_or(0);
            LogRecord::Event(event(user_id, u128::from(offset), received))
        };
        warehouse.write(batch(partition, 0, (0..ROWS).map(record).collect())).await?;
    }
    Ok(())
}

/// A partition's history has each row below the given offset once, whatever the size of the pages.
pub async fn a_history_has_each_row_once(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    fill(&*warehouse).await?;
    for (before, page) in [(ROWS, 1), (ROWS, 7), (ROWS, 1_000), (11, 1), (11, 4), (11, 11), (1, 3), (0, 3)] {
        for partition in (0..PARTITIONS).map(PartitionId) {
            let rows = history(&*warehouse, partition, before, page).await?;
            assert!(rows.iter().all(|row| row.position.partition == partition), "rows of partition {partition} only");
            let mut offsets: Vec<Offset> = rows.iter().map(|row| row.position.offset).collect();
            offsets.sort_unstable();
            let expected: Vec<_> = (0..before).collect();
            assert_eq!(offsets, expected, "before {before} in pages of {page}, partition {partition}");
        }
    }
    Ok(())
}

/// Whoever reads a history can know before how many rows there are; repetitions may count as well.
pub async fn a_history_is_counted_before_it_is_read(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    fill(&*warehouse).await?;
    for before in [0, 1, 11, ROWS] {
        for partition in (0..PARTITIONS).map(PartitionId) {
            assert_eq!(warehouse.history_rows(partition, before).await?, before, "before {before}");
        }
    }
    let partition = PartitionId(2);
    let repeated = LogRecord::Event(event(user_in(partition, 2), u128::from(ROWS - 1), 0));
    warehouse.write(batch(partition, ROWS, vec![repeated])).await?;
    let counted = warehouse.history_rows(partition, ROWS + 1).await?;
    let read = history(&*warehouse, partition, ROWS + 1, 7).await?.len() as u64;
    assert!(read <= counted && counted <= ROWS + 1, "{counted} counted, {read} read");
    Ok(())
}

/// A reading may begin in the middle, where rows are read in the order of the log.
pub async fn a_history_may_be_read_from_an_offset_on(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    fill(&*warehouse).await?;
    let partition = PartitionId(1);
    for (from, before, page) in [(0, ROWS, 7), (11, ROWS, 4), (11, 20, 100), (11, 11, 3)] {
        let Some(mut cursor) = warehouse.cursor_from(partition, from, before).map(Some) else { return Ok(()) };
        let mut offsets = Vec::new();
        while cursor.is_some() {
            let read = warehouse.history(partition, before, cursor, page).await?;
            offsets.extend(read.rows.iter().map(|row| row.position.offset));
            cursor = read.next;
        }
        assert_eq!(offsets, (from..before).collect::<Vec<_>>(), "from {from} before {before} in pages of {page}");
    }
    Ok(())
}

/// Rows that are written while a history is read neither repeat nor hide those below the offset.
pub async fn a_history_may_be_read_while_it_grows(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    fill(&*warehouse).await?;
    let partition = PartitionId(0);
    let (mut offsets, mut cursor, mut next) = (Vec::new(), None, ROWS);
    loop {
        let page = warehouse.history(partition, ROWS, cursor, 4).await?;
        offsets.extend(page.rows.iter().map(|row| row.position.offset));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        let record = LogRecord::Event(event(user_in(partition, 1), u128::from(next), 0));
        warehouse.write(batch(partition, next, vec![record])).await?;
        next += 1;
    }
    offsets.sort_unstable();
    assert_eq!(offsets, (0..ROWS).collect::<Vec<_>>());
    Ok(())
}

/// Rows that lie far apart, as after an import or where nearly everything was sent twice, are read all the same.
pub async fn a_history_passes_over_offsets_without_rows(installation: &dyn Installation) -> Result<(), WarehouseError> {
    const OFFSETS: [Offset; 6] = [3, 4, 5_000, 40_000, 40_001, 3_000_000];
    let (warehouse, partition) = (installation.open().await?, PartitionId(1));
    let record = |offset: Offset| LogRecord::Event(event(user_in(partition, 0), u128::from(offset), 0));
    let records = OFFSETS.map(|offset| (offset, record(offset))).into();
    warehouse.write(WriteBatch { partition, from: 0, next: 5_000_000, records }).await?;
    for (before, expected) in [(Offset::MAX, 6), (4_000_000, 6), (3_000_000, 5), (40_001, 4), (20_000, 3), (2, 0)] {
        for page in [1, 100] {
            let rows = history(&*warehouse, partition, before, page).await?;
            let mut offsets: Vec<Offset> = rows.iter().map(|row| row.position.offset).collect();
            offsets.sort_unstable();
            assert_eq!(offsets, OFFSETS[..expected], "before {before} in pages of {page}");
        }
    }
    Ok(())
}

/// A user's events come latest `created_at` first, of the same instant the later one in the log first.
pub async fn a_timeline_is_latest_first(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    fill(&*warehouse).await?;
    let ana = user_in(PartitionId(1), 0);
    // The user's offsets are 0, 3, … 27; an event is created the earlier the later it was received.
    let mut expected: Vec<Offset> = (0..ROWS).step_by(3).collect();
    expected.sort_by_key(|offset| (offset * 7 % 10, std::cmp::Reverse(*offset)));
    for page in [1, 3, 10, 100] {
        assert_eq!(user_offsets(&*warehouse, ana, page).await?, expected, "in pages of {page}");
    }
    assert!(user_offsets(&*warehouse, user_in(PartitionId(1), 9), 5).await?.is_empty(), "a user without events");
    Ok(())
}

/// A cursor of another reading is refused and reads nobody else's rows.
pub async fn a_cursor_of_another_reading_is_refused(installation: &dyn Installation) -> Result<(), WarehouseError> {
    let warehouse = installation.open().await?;
    fill(&*warehouse).await?;
    let (ana, ben) = (user_in(PartitionId(1), 0), user_in(PartitionId(1), 1));
    let cursor = warehouse.user_events(ana, None, 1).await?.next;
    assert!(cursor.is_some());
    assert!(warehouse.user_events(ben, cursor.clone(), 5).await.is_err());
    assert!(warehouse.history(PartitionId(0), ROWS, cursor, 5).await.is_err());
    Ok(())
}
