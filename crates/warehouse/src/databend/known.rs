//! What a writer knows of a partition without asking: the event ids of the last day and who was deleted.
//!
//! To ask Databend per batch which of its events are duplicates would scan a day of the partition each
//! time. So it is asked once, when this process writes the partition first or after another one did.

use std::collections::HashSet;

use schema::{DUPLICATE_WINDOW_MICROS, EventId, Offset, PartitionId, Timestamp, UserId};

use super::sweeping::Stretches;
use super::{Databend, DatabendError, cells};
use crate::counting::Counting;

/// What is known of a partition up to a position.
pub(super) struct Known {
    pub(super) next: Offset,
    pub(super) counting: Counting,
    pub(super) deleted: HashSet<UserId>,
    /// Where rows may have been loaded twice.
    pub(super) copies: Stretches,
}

impl Known {
    /// Reads what is stored.
    pub(super) async fn restore(databend: &Databend, partition: PartitionId) -> Result<Self, DatabendError> {
        let position = format!("SELECT next_offset, log_time FROM log_positions WHERE log_partition = {partition}");
        let position = databend.query(&position).await?;
        let position = position.rows.into_iter().next().unwrap_or_default();
        let (next, log_time) = (cells::number(&position, 0)?, cells::time(&position, 1)?);
        let mut counting = Counting::at(log_time);
        let day = log_time.plus_micros(-DUPLICATE_WINDOW_MICROS);
        let copies = Stretches::find(databend, partition, next, day).await?;
        // Below the position nothing is counted any more, so this is one state whenever it is read.
        let counted = format!(
            "SELECT user_id, event_id, counted_at FROM event_rows WHERE log_partition = {partition}
             AND log_offset < {next} AND counted_at >= {} ORDER BY counted_at",
            day.as_micros()
        );
        let counted = databend.read_each(&counted, |row| {
            Ok((UserId(cells::integer(row, 0)?), EventId(cells::value(row, 1)?), cells::time(row, 2)?))
        });
        for (user_id, event_id, counted_at) in counted.await? {
            counting.remember(user_id, event_id, counted_at);
        }
        let deleted =
            format!("SELECT user_id FROM deletion_rows WHERE log_partition = {partition} AND log_offset < {next}");
        let deleted = databend.user_ids(&deleted).await?.into_iter().collect();
        Ok(Self { next, counting, deleted, copies })
    }

    /// Returns the greatest `received_at` so far.
    pub(super) fn log_time(&self) -> Timestamp {
        self.counting.log_time()
    }
}
