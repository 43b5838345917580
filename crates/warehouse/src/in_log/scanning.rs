//! Reading records of a partition from one offset to another.

use std::ops::Range;

use bus::{BusError, EventLog};
use schema::{LogRecord, Offset, PartitionId, Topic};

use crate::WarehouseError;

/// How many records are read at once where all of them are looked at.
pub(super) const STRIDE: usize = 4_096;

/// Some records of a partition, and where to go on.
pub(super) struct Stretch {
    pub(super) records: Vec<(Offset, LogRecord)>,
    pub(super) next: Offset,
}

/// Reads at most `max_records` of a range; nothing only at its end.
///
/// What retention trimmed is passed over, and so is what cannot be read: its owner has put it among the
/// dead letters.
pub(super) async fn stretch(
    log: &dyn EventLog,
    partition: PartitionId,
    range: Range<Offset>,
    max_records: usize,
) -> Result<Stretch, WarehouseError> {
    let Range { mut start, end } = range;
    while start < end {
        let stored = match log.read(Topic::Events, partition, start, max_records).await {
            Err(BusError::Trimmed { begin, .. }) if begin > start => {
                start = begin;
                continue;
            }
            stored => stored.map_err(of_the_log)?,
        };
        let Some(last) = stored.last() else { break };
        let next = (last.offset + 1).min(end);
        let inside = stored.iter().take_while(|record| record.offset < end);
        let records = inside.filter_map(|record| Some((record.offset, LogRecord::decode(&record.value).ok()?)));
        return Ok(Stretch { records: records.collect(), next });
    }
    Ok(Stretch { records: Vec::new(), next: end })
}

/// Calls `visit` with every record of a range.
pub(super) async fn scan(
    log: &dyn EventLog,
    partition: PartitionId,
    range: Range<Offset>,
    visit: &mut (dyn FnMut(Offset, LogRecord) + Send),
) -> Result<(), WarehouseError> {
    let Range { mut start, end } = range;
    while start < end {
        let Stretch { records, next } = stretch(log, partition, start..end, STRIDE).await?;
        records.into_iter().for_each(|(offset, record)| visit(offset, record));
        start = next;
    }
    Ok(())
}

/// Says what a failure of the log means to whoever asked for history.
pub(super) fn of_the_log(error: BusError) -> WarehouseError {
    if error.retryable() {
        WarehouseError::Unavailable(error.to_string())
    } else {
        WarehouseError::Damaged(error.to_string())
    }
}
