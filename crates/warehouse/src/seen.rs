//! What the log and the history have seen of the store: whom they name, and who was erased.

use bus::{BusError, EventLog};
use schema::{Offset, PartitionId, Topic, UserId};

use crate::{Warehouse, WarehouseError};

/// Records that are read at once.
const READ_AT_ONCE: usize = 4_096;
/// How many records at the end of a partition are looked at however far the history is: all there is to go by where it
/// is away, or where the log itself is the history.
const LEAST_LOOKED_BACK: u64 = 2_000;
/// And how many at most: a history that was away for long must not keep services from starting.
const MOST_LOOKED_BACK: u64 = 200_000;

/// Returns the greatest user id that the history or the end of the log behind it names.
///
/// A history that is away, and one that does not know it, is left out.
pub async fn greatest_user_id(log: &dyn EventLog, history: &dyn Warehouse) -> Result<Option<UserId>, BusError> {
    let written = history.positions().await.unwrap_or_default();
    let mut greatest = history.greatest_user_id().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the history cannot be asked whom it names; the end of the log must do");
        None
    });
    for partition in (0..log.partitions()).map(PartitionId) {
        let written = written.get(usize::from(partition.0)).copied().unwrap_or(Offset::MAX);
        greatest = greatest.max(greatest_behind(log, partition, written).await?);
    }
    Ok(greatest)
}

async fn greatest_behind(
    log: &dyn EventLog,
    partition: PartitionId,
    written: Offset,
) -> Result<Option<UserId>, BusError> {
    let range = log.range(Topic::Events, partition).await?;
    let most = range.end.saturating_sub(MOST_LOOKED_BACK);
    let mut from = written.clamp(most, range.end.saturating_sub(LEAST_LOOKED_BACK)).max(range.start);
    let mut greatest = None;
    while from < range.end {
        let records = match log.read(Topic::Events, partition, from, READ_AT_ONCE).await {
            Err(BusError::Trimmed { begin, .. }) if begin > from => {
                from = begin;
                continue;
            }
            records => records?,
        };
        let Some(last) = records.last() else { break };
        from = last.offset + 1;
        greatest = greatest.max(records.iter().map(|record| record.user_id).max());
    }
    Ok(greatest)
}

/// Returns how many users the history knows to be erased; 0 where it is away.
pub async fn count_erased(history: &dyn Warehouse) -> u64 {
    let counted: Result<u64, WarehouseError> = history.count_erased().await;
    counted.unwrap_or_default()
}
