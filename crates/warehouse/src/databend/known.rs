//! What a writer knows of a partition without asking: the fingerprints of the last day's event ids, and who was deleted.
//!
//! To ask Databend of each event whether it was counted would scan a day of the partition per batch. So a day is
//! read once, when this process writes the partition first; after another process wrote, what that added. It is
//! read by stretches, and what was read is kept when one fails: however long a day is, it is read in the end.

use std::collections::HashSet;

use schema::{DUPLICATE_WINDOW_MICROS, EventId, Offset, PartitionId, Timestamp, UserId};

use super::cells::Row;
use super::draft::Draft;
use super::fingerprints::{Fingerprints, Secret};
use super::sweeping::Stretches;
use super::{Databend, DatabendError, cells, metrics, refused};

/// How many offsets are read at once: a statement of a second or so.
const STRETCH: u64 = 262_144;

/// What is known of a partition up to a position.
pub(super) struct Known {
    pub(super) partition: PartitionId,
    pub(super) next: Offset,
    /// The greatest `received_at` before it.
    pub(super) log_time: Timestamp,
    pub(super) deleted: HashSet<UserId>,
    /// Whether all of it was so when a batch was written last: not while one is, nor after one failed.
    pub(super) is_current: bool,
    /// Where rows may have been loaded twice.
    pub(super) copies: Stretches,
    secret: Secret,
    counted: Fingerprints,
}

/// What a batch adds.
pub(super) struct Addition {
    next: Offset,
    log_time: Timestamp,
    counted: Vec<(u64, Timestamp, Offset)>,
    deleted: Vec<UserId>,
}

impl Known {
    /// Knows nothing yet.
    pub(super) fn nothing(partition: PartitionId, secret: Secret) -> Self {
        let (next, log_time, deleted, is_current, copies, counted) = Default::default();
        Self { partition, next, log_time, deleted, is_current, copies, secret, counted }
    }

    /// Reads what is stored behind what is known.
    pub(super) async fn catch_up(&mut self, databend: &Databend) -> Result<(), DatabendError> {
        self.is_current = false;
        let partition = self.partition;
        let position = format!("SELECT next_offset, log_time FROM log_positions WHERE log_partition = {partition}");
        let position = databend.query(&position).await?;
        let position = position.rows.into_iter().next().unwrap_or_default();
        let (next, log_time) = (cells::number(&position, 0)?, cells::time(&position, 1)?);
        if next < self.next {
            // Somebody brought back an older database.
            *self = Self::nothing(partition, self.secret.clone());
        }
        let day = log_time.plus_micros(-DUPLICATE_WINDOW_MICROS);
        self.copies = Stretches::find(databend, partition, next, day).await?;
        self.read_deleted(databend, next).await?;
        self.read_counted(databend, next).await?;
        (self.log_time, self.is_current) = (log_time, true);
        self.forget();
        Ok(())
    }

    async fn read_deleted(&mut self, databend: &Databend, before: Offset) -> Result<(), DatabendError> {
        let Self { partition, next, .. } = *self;
        let deleted = format!(
            "SELECT user_id FROM deletion_rows
             WHERE log_partition = {partition} AND log_offset >= {next} AND log_offset < {before}"
        );
        let read = |row: &dyn Row| {
            self.deleted.insert(UserId(cells::integer(row, 0)?));
            Ok(())
        };
        databend.each_row(&deleted, read).await
    }

    /// Reads what was counted in the last day. Before the position nothing is counted any more, so what is found does
    /// not depend on when it is read.
    async fn read_counted(&mut self, databend: &Databend, before: Offset) -> Result<(), DatabendError> {
        let Self { partition, .. } = *self;
        for row in refused::events(databend, partition, self.next..before).await? {
            self.remember(row.user_id, row.event_id, row.counted_at, row.offset);
        }
        // Later ones were counted later, so none of the day lies before the first of it.
        self.next = self.next.max(self.copies.written.start);
        while self.next < before {
            let end = self.next.saturating_add(STRETCH).min(before);
            let counted = format!(
                "SELECT user_id, event_id, counted_at, log_offset FROM event_rows WHERE log_partition = {partition}
                 AND log_offset >= {} AND log_offset < {end}",
                self.next
            );
            let counted = databend.each_row(&counted, |row| {
                let (user_id, event_id) = (UserId(cells::integer(row, 0)?), EventId(cells::value(row, 1)?));
                self.remember(user_id, event_id, cells::time(row, 2)?, cells::number(row, 3)?);
                Ok(())
            });
            counted.await?;
            self.next = end;
        }
        Ok(())
    }

    fn remember(&mut self, user_id: UserId, event_id: EventId, counted_at: Timestamp, offset: Offset) {
        self.counted.remember(self.secret.fingerprint(user_id, event_id), counted_at, offset);
    }

    fn forget(&mut self) {
        self.counted.forget(self.log_time);
        metrics::remembered(self.partition, self.counted.len());
    }

    /// Returns in which stretches of the log an event was perhaps counted before.
    pub(super) fn perhaps(
        &self,
        user_id: UserId,
        event_id: EventId,
    ) -> impl Iterator<Item = std::ops::RangeInclusive<Offset>> {
        self.counted.find(self.secret.fingerprint(user_id, event_id))
    }

    /// Returns what to add when a batch is written.
    pub(super) fn addition(&self, draft: &Draft) -> Addition {
        let counted = draft.events.iter().map(|row| {
            let fingerprint = self.secret.fingerprint(row.event.user_id, row.event.event_id);
            (fingerprint, row.counted_at, row.at.offset)
        });
        let (counted, deleted) = (counted.collect(), draft.deletions.iter().map(|row| row.user_id).collect());
        Addition { next: draft.next, log_time: draft.log_time, counted, deleted }
    }

    /// Adds what was written.
    pub(super) fn add(&mut self, addition: Addition) {
        let Addition { next, log_time, counted, deleted } = addition;
        (self.next, self.log_time, self.is_current) = (next, log_time, true);
        for (fingerprint, counted_at, offset) in counted {
            self.counted.remember(fingerprint, counted_at, offset);
        }
        self.deleted.extend(deleted);
        self.forget();
    }
}
