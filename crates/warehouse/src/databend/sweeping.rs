//! Removes copies: rows of records that are there already.
//!
//! A writer that was killed, or lost its partition to another, or gave up a load that Databend finished, leaves
//! rows that are loaded again by whoever goes on. Nobody sees them, for readers are shown one row of each
//! record; but they take room, and the views compare them for ever. So whoever takes a partition up removes those
//! of the last day, within which it knows every record anyway, and those ahead of it once it has come past them.

use std::ops::Range;

use schema::{Offset, PartitionId, Timestamp};

use super::records::{DeletionRow, EventRow, Loadable, TraitRow};
use super::{Databend, DatabendError, cells, metrics};

const TABLES: [&str; 3] = [EventRow::TABLE, TraitRow::TABLE, DeletionRow::TABLE];

/// Where copies of a partition's rows may lie.
#[derive(Default, Debug)]
pub(super) struct Stretches {
    /// Below the position.
    pub(super) written: Range<Offset>,
    /// Rows behind the position that somebody has loaded; copies as soon as they are loaded again.
    pub(super) ahead: Option<Range<Offset>>,
}

impl Stretches {
    /// Asks where a partition that is at `next` has rows: those counted since then, and those ahead.
    pub(super) async fn find(
        databend: &Databend,
        partition: PartitionId,
        next: Offset,
        since: Timestamp,
    ) -> Result<Self, DatabendError> {
        let first = format!(
            "SELECT min(log_offset) FROM event_rows
             WHERE log_partition = {partition} AND log_offset < {next} AND counted_at >= {}",
            since.as_micros()
        );
        let first = offset(databend, &first).await?;
        let ahead = TABLES.map(|table| {
            format!("SELECT log_offset FROM {table} WHERE log_partition = {partition} AND log_offset >= {next}")
        });
        let last = format!("SELECT max(log_offset) FROM ({}) AS ahead", ahead.join(" UNION ALL "));
        let last = offset(databend, &last).await?;
        Ok(Self { written: first.unwrap_or(next)..next, ahead: last.map(|last| next..last + 1) })
    }

    /// Returns the rows that were ahead, once, when the position has come past them.
    pub(super) fn take_passed(&mut self, next: Offset) -> Option<Range<Offset>> {
        self.ahead.take_if(|ahead| ahead.end <= next)
    }
}

async fn offset(databend: &Databend, question: &str) -> Result<Option<Offset>, DatabendError> {
    let asked = databend.query(question).await?;
    let cell = asked.rows.first().filter(|row| row.first().is_some_and(Option::is_some));
    cell.map(|row| cells::number(row, 0)).transpose()
}

/// Removes all rows but one of each record of a stretch, which must lie below the partition's position. What
/// cannot be removed now is left to whoever takes the partition up next.
pub(super) async fn sweep(databend: &Databend, partition: PartitionId, stretch: Range<Offset>) {
    for table in TABLES {
        match sweep_table(databend, table, partition, &stretch).await {
            Ok(0) => {}
            Ok(copies) => {
                metrics::swept(copies);
                tracing::info!(log.partition = partition.0, table, copies, "removed rows that had been loaded twice");
            }
            Err(error) => {
                tracing::warn!(log.partition = partition.0, table, %error, "rows that were loaded twice stay for now");
            }
        }
    }
}

/// Returns how many it removed.
async fn sweep_table(
    databend: &Databend,
    table: &str,
    partition: PartitionId,
    stretch: &Range<Offset>,
) -> Result<u64, DatabendError> {
    let Range { start, end } = stretch;
    let rows =
        format!("FROM {table} WHERE log_partition = {partition} AND log_offset >= {start} AND log_offset < {end}");
    let copies = format!("SELECT count(*) - count(DISTINCT log_offset) {rows}");
    let copies = offset(databend, &copies).await?.unwrap_or_default();
    if copies > 0 {
        // Two who do this at once remove the same rows, or Databend refuses the later: both saw the same table.
        let numbered = format!(
            "SELECT _row_id AS id, row_number() OVER (PARTITION BY log_offset ORDER BY _row_id) AS copy {rows}"
        );
        let delete =
            format!("DELETE FROM {table} WHERE _row_id IN (SELECT id FROM ({numbered}) AS numbered WHERE copy > 1)");
        databend.execute(&delete).await?;
    }
    Ok(copies)
}
