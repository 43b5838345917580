//! Reads pages of rows.
//!
//! A question costs Databend tens of milliseconds however few rows it returns, so a reading of a partition
//! asks for many and hands them out in the pages that are asked for; meanwhile it asks for those behind them. It asks
//! by stretches of offsets, without an order: Databend then looks at the blocks of that stretch alone, and sorts nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{Offset, PartitionId, UserId};
use tokio::task::JoinSet;

use super::cells::{self, HISTORY_COLUMNS, history_row};
use super::{Databend, DatabendError};
use crate::cursor::{Place, Rank, cursor_at};
use crate::{HistoryPage, HistoryRow};

/// Databend's BIGINT ends before our offsets do.
const LAST_OFFSET: Offset = Offset::MAX >> 1;
/// How many offsets the first stretch of a reading has: hundreds of megabytes where every payload is as large as it may be.
const FIRST_STRETCH: u64 = 4_096;
/// The bounds of those that follow, which depend on how large the rows were before.
const SHORTEST_STRETCH: u64 = 1_024;
const LONGEST_STRETCH: u64 = 32_768;
/// What the rows of a stretch may come to; a reading has two at most.
const STRETCH_BYTES: usize = 16 * 1_024 * 1_024;
/// What a row takes besides its payload, about.
const ROW_BYTES: usize = 512;
/// The most rows of a timeline that are read at once.
const TIMELINE_ROWS: usize = 4_096;
/// How many readings keep rows that they have read ahead.
const KEPT: usize = 8;

/// The rows that readings under way have read ahead; the latest reading is last.
#[derive(Default)]
pub(super) struct Readings(Mutex<VecDeque<Ahead>>);

/// A reading that stands at a place, and what it has read behind that.
struct Ahead {
    place: Place,
    rows: VecDeque<HistoryRow>,
    /// The first offset behind the rows.
    end: Offset,
    /// How many offsets to ask for there.
    length: u64,
    /// At most one task, which reads that; it ends with the reading.
    next: JoinSet<Result<Stretch, DatabendError>>,
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
        let mut ahead = self.take(place).unwrap_or_else(|| Ahead::at(place));
        while ahead.rows.is_empty() && !ahead.is_last {
            ahead.advance(databend).await?;
        }
        ahead.read_on(databend);
        let rows: Vec<_> = ahead.rows.drain(..max_rows.min(ahead.rows.len())).collect();
        if ahead.is_last && ahead.rows.is_empty() {
            return Ok(HistoryPage { rows, next: None });
        }
        ahead.place.next = ahead.rows.front().map_or(ahead.end, |next| next.position.offset);
        let next = Some(ahead.place.cursor());
        self.keep(ahead);
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
    fn at(place: Place) -> Self {
        let (rows, next) = Default::default();
        Self { place, rows, end: place.next, length: FIRST_STRETCH, next, is_last: false }
    }

    /// Begins to read what lies behind the rows, unless that is being read or there is nothing.
    fn read_on(&mut self, databend: &Databend) {
        if self.is_last || !self.next.is_empty() {
            return;
        }
        let Place { partition, before, .. } = self.place;
        let before = before.min(LAST_OFFSET);
        let (databend, from, length) = (databend.clone(), self.end, self.length);
        self.next.spawn(async move { Stretch::read(&databend, partition, before, from, length).await });
    }

    /// Waits for what lies behind the rows; where that is nothing, what lies behind it is next.
    async fn advance(&mut self, databend: &Databend) -> Result<(), DatabendError> {
        self.read_on(databend);
        let Some(read) = self.next.join_next().await else { return Ok(()) };
        let interrupted = |error| DatabendError::Unavailable(format!("a reading was interrupted: {error}"));
        let Stretch { rows, end, is_last } = read.map_err(interrupted)??;
        self.length = next_length(&rows).unwrap_or(self.length);
        self.rows.extend(rows);
        (self.end, self.is_last) = (end, is_last);
        Ok(())
    }
}

/// The rows of some offsets.
struct Stretch {
    rows: Vec<HistoryRow>,
    /// Where the next one begins.
    end: Offset,
    is_last: bool,
}

impl Stretch {
    /// Reads a stretch; where nothing lies in it, looks where the next one begins in which something does.
    async fn read(
        databend: &Databend,
        partition: PartitionId,
        before: Offset,
        from: Offset,
        length: u64,
    ) -> Result<Self, DatabendError> {
        let end = from.saturating_add(length).min(before);
        let within = |from: Offset, end: Offset| rows_within(partition, from, end);
        let mut rows = Vec::new();
        if from < end {
            rows =
                read_rows(databend, partition, &format!("SELECT {HISTORY_COLUMNS} FROM {}", within(from, end))).await?;
            rows.sort_unstable_by_key(|row| row.position.offset);
            rows.dedup_by_key(|row| row.position);
        }
        if !rows.is_empty() || end >= before {
            return Ok(Self { rows, end, is_last: end >= before });
        }
        let next = databend.query(&format!("SELECT min(log_offset) FROM {}", within(end, before))).await?.rows;
        match next.first().filter(|row| row.first().is_some_and(Option::is_some)) {
            Some(row) => Ok(Self { rows, end: cells::number(row, 0)?, is_last: false }),
            None => Ok(Self { rows, end, is_last: true }),
        }
    }
}

/// Returns where a history's rows of these offsets are found.
fn rows_within(partition: PartitionId, from: Offset, end: Offset) -> String {
    format!(
        "event_rows WHERE log_partition = {partition} AND log_offset >= {from} AND log_offset < {end}
         AND log_offset < (SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition})
         AND user_id NOT IN (SELECT user_id FROM deleted_users)"
    )
}

/// Counts the rows of a partition below an offset; copies of a row count as well.
pub(super) async fn count(databend: &Databend, partition: PartitionId, before: Offset) -> Result<u64, DatabendError> {
    let within = rows_within(partition, 0, before.min(LAST_OFFSET));
    let counted = databend.query(&format!("SELECT count(*) FROM {within}")).await?;
    cells::number(&counted.rows.into_iter().next().unwrap_or_default(), 0)
}

/// Returns for how many offsets to ask after these rows; `None` after none.
fn next_length(rows: &[HistoryRow]) -> Option<u64> {
    let bytes: usize = rows.iter().map(|row| ROW_BYTES + row.event.payload.as_str().len()).sum();
    let fitting = (STRETCH_BYTES as u64 * rows.len() as u64).checked_div(bytes as u64)?;
    Some(fitting.clamp(SHORTEST_STRETCH, LONGEST_STRETCH))
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
    let limit = max_rows.min(TIMELINE_ROWS);
    let sql = format!(
        "SELECT {HISTORY_COLUMNS} FROM event_rows
         WHERE log_partition = {partition} AND user_id = {user_id} {behind}
         AND log_offset < (SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition})
         AND user_id NOT IN (SELECT user_id FROM deleted_users)
         ORDER BY created_at DESC, log_offset DESC LIMIT {limit}"
    );
    let mut rows = read_rows(databend, partition, &sql).await?;
    let found = rows.len();
    rows.dedup_by_key(|row| row.position);
    let rank = |row: &HistoryRow| std::cmp::Reverse((row.event.created_at, row.position.offset));
    let next = rows.last().filter(|_| found == limit).map(|last| cursor_at(user_id, rank(last)));
    Ok(HistoryPage { rows, next })
}

/// Reads rows, of which there may be copies.
async fn read_rows(databend: &Databend, partition: PartitionId, sql: &str) -> Result<Vec<HistoryRow>, DatabendError> {
    databend.read_each(sql, |row| history_row(partition, row)).await
}
