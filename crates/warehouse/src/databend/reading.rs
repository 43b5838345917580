//! Reads pages of rows.
//!
//! A question costs Databend tens of milliseconds however few rows it returns, so a reading of a partition
//! asks for many and hands them out in the pages that are asked for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{Offset, PartitionId, UserId};

use super::cells::{HISTORY_COLUMNS, history_row};
use super::{Databend, DatabendError};
use crate::cursor::{Place, Rank, cursor_at};
use crate::{HistoryPage, HistoryRow};

/// How many rows are read at once: some megabytes, hundreds of them where every payload is as large as it may be.
const ROWS_AT_ONCE: usize = 4_096;
/// How many readings keep rows that they have read ahead.
const KEPT: usize = 8;

/// The rows that readings under way have read ahead; the latest reading is last.
#[derive(Default)]
pub(super) struct Readings(Mutex<VecDeque<Ahead>>);

/// A reading that stands at a place, and what it has read behind that.
struct Ahead {
    place: Place,
    rows: VecDeque<HistoryRow>,
    is_last: bool,
}

impl Readings {
    /// Reads the next rows of a partition, ascending by offset.
    pub(super) async fn page(
        &self,
        databend: &Databend,
        place: Place,
        max_rows: usize,
    ) -> Result<HistoryPage, DatabendError> {
        let mut ahead = match self.take(place) {
            Some(ahead) => ahead,
            None => Ahead::read(databend, place).await?,
        };
        let rows: Vec<_> = ahead.rows.drain(..max_rows.min(ahead.rows.len())).collect();
        if let Some(last) = rows.last() {
            ahead.place.next = last.position.offset + 1;
        }
        if ahead.is_last && ahead.rows.is_empty() {
            return Ok(HistoryPage { rows, next: None });
        }
        let next = Some(ahead.place.cursor());
        if !ahead.rows.is_empty() {
            self.keep(ahead);
        }
        Ok(HistoryPage { rows, next })
    }

    fn take(&self, place: Place) -> Option<Ahead> {
        let mut kept = self.lock();
        let index = kept.iter().position(|ahead| ahead.place == place)?;
        kept.remove(index)
    }

    fn keep(&self, ahead: Ahead) {
        let mut kept = self.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(ahead);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Ahead>> {
        // A panic while it was held left a list that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ahead {
    async fn read(databend: &Databend, place: Place) -> Result<Self, DatabendError> {
        let Place { partition, before, next } = place;
        // Databend's BIGINT ends before our offsets do.
        let before = before.min(Offset::MAX >> 1);
        let sql = format!(
            "SELECT {HISTORY_COLUMNS} FROM event_rows
             WHERE log_partition = {partition} AND log_offset >= {next} AND log_offset < {before}
             AND log_offset < (SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition})
             AND user_id NOT IN (SELECT user_id FROM deleted_users)
             ORDER BY log_offset LIMIT {ROWS_AT_ONCE}"
        );
        let (rows, found) = read_rows(databend, partition, &sql).await?;
        Ok(Self { place, rows: rows.into(), is_last: found < ROWS_AT_ONCE })
    }
}

/// Reads a user's rows behind a rank, the latest first.
pub(super) async fn timeline(
    databend: &Databend,
    partition: PartitionId,
    user_id: UserId,
    after: Option<Rank>,
    max_rows: usize,
) -> Result<HistoryPage, DatabendError> {
    let behind = after.map_or_else(String::new, |std::cmp::Reverse((time, offset))| {
        let time = time.as_micros();
        format!("AND (to_int64(created_at) < {time} OR (to_int64(created_at) = {time} AND log_offset < {offset}))")
    });
    let limit = max_rows.min(ROWS_AT_ONCE);
    let sql = format!(
        "SELECT {HISTORY_COLUMNS} FROM event_rows
         WHERE log_partition = {partition} AND user_id = {user_id} {behind}
         AND log_offset < (SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition})
         AND user_id NOT IN (SELECT user_id FROM deleted_users)
         ORDER BY created_at DESC, log_offset DESC LIMIT {limit}"
    );
    let (rows, found) = read_rows(databend, partition, &sql).await?;
    let rank = |row: &HistoryRow| std::cmp::Reverse((row.event.created_at, row.position.offset));
    let next = rows.last().filter(|_| found == limit).map(|last| cursor_at(user_id, rank(last)));
    Ok(HistoryPage { rows, next })
}

/// Reads rows of which copies stand side by side; returns one of each, and how many there were with all copies.
async fn read_rows(
    databend: &Databend,
    partition: PartitionId,
    sql: &str,
) -> Result<(Vec<HistoryRow>, usize), DatabendError> {
    let cells = databend.query(sql).await?.rows;
    let found = cells.len();
    let rows = cells.iter().map(|row| history_row(partition, row)).collect::<Result<Vec<_>, _>>();
    let mut rows = rows?;
    rows.dedup_by_key(|row| row.position);
    Ok((rows, found))
}
