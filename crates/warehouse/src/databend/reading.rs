//! Reads pages of rows.
//!
//! A question costs Databend tens of milliseconds however few rows it returns, so a reading of a partition
//! asks for many and hands them out in the pages that are asked for. It asks by stretches of offsets, without
//! an order: Databend then looks at the blocks of that stretch alone, and sorts nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{Offset, PartitionId, UserId};

use super::cells::{self, HISTORY_COLUMNS, history_row};
use super::draft::standing_of;
use super::{Databend, DatabendError};
use crate::cursor::{Place, Rank, cursor_at};
use crate::{HistoryPage, HistoryRow, PartitionTraits};

/// How many offsets the first stretch of a reading has: hundreds of megabytes where every payload is as large as it may be.
const FIRST_STRETCH: u64 = 4_096;
/// The bounds of those that follow, which depend on how large the rows were before.
const SHORTEST_STRETCH: u64 = 1_024;
const LONGEST_STRETCH: u64 = 32_768;
/// What the rows of a stretch may come to.
const STRETCH_BYTES: usize = 16 * 1_024 * 1_024;
/// What a row takes besides its payload, about.
const ROW_BYTES: usize = 512;
/// The most rows of a timeline that are read at once.
const TIMELINE_ROWS: usize = 4_096;
/// How many users' traits are read at once: a trait may have kilobytes.
const TRAIT_ROWS: usize = 8_192;
/// How many readings keep rows that they have read ahead.
const KEPT: usize = 8;

/// The rows that readings under way have read ahead; the latest reading is last.
#[derive(Default)]
pub(super) struct Readings(Mutex<VecDeque<Ahead>>);

/// A reading that stands at a place, and what it has read behind that.
struct Ahead {
    place: Place,
    rows: VecDeque<HistoryRow>,
    /// The first offset that was not asked for yet.
    end: Offset,
    /// How many offsets to ask for then.
    stretch: u64,
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
            ahead.read(databend).await?;
        }
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
        Self { place, rows: VecDeque::new(), end: place.next, stretch: FIRST_STRETCH, is_last: false }
    }

    /// Reads the next stretch; where nothing lies in it, goes on to where something does.
    async fn read(&mut self, databend: &Databend) -> Result<(), DatabendError> {
        let Place { partition, before, .. } = self.place;
        // Databend's BIGINT ends before our offsets do.
        let before = before.min(Offset::MAX >> 1);
        let (from, end) = (self.end, self.end.saturating_add(self.stretch).min(before));
        let stretch = |from: Offset, end: Offset| {
            format!(
                "event_rows WHERE log_partition = {partition} AND log_offset >= {from} AND log_offset < {end}
                 AND log_offset < (SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition})
                 AND user_id NOT IN (SELECT user_id FROM deleted_users)"
            )
        };
        let (mut rows, _) = if from < end {
            read_rows(databend, partition, &format!("SELECT {HISTORY_COLUMNS} FROM {}", stretch(from, end))).await?
        } else {
            Default::default()
        };
        self.is_last = end >= before;
        self.end = end;
        if rows.is_empty() && !self.is_last {
            let next = format!("SELECT min(log_offset) FROM {}", stretch(end, before));
            let found = databend.query(&next).await?.rows;
            match found.first().filter(|row| row.first().is_some_and(Option::is_some)) {
                Some(row) => self.end = cells::number(row, 0)?,
                None => self.is_last = true,
            }
        }
        rows.sort_unstable_by_key(|row| row.position.offset);
        rows.dedup_by_key(|row| row.position);
        self.stretch = next_stretch(&rows).unwrap_or(self.stretch);
        self.rows = rows.into();
        Ok(())
    }
}

/// Returns for how many offsets to ask after these rows; `None` after none.
fn next_stretch(rows: &[HistoryRow]) -> Option<u64> {
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
    let (mut rows, found) = read_rows(databend, partition, &sql).await?;
    rows.dedup_by_key(|row| row.position);
    let rank = |row: &HistoryRow| std::cmp::Reverse((row.event.created_at, row.position.offset));
    let next = rows.last().filter(|_| found == limit).map(|last| cursor_at(user_id, rank(last)));
    Ok(HistoryPage { rows, next })
}

/// Reads what was said of a partition's users, by stretches of users.
///
/// The position is asked for first: all rows before it are there, whatever is loaded meanwhile.
pub(super) async fn partition_traits(
    databend: &Databend,
    partition: PartitionId,
) -> Result<PartitionTraits, DatabendError> {
    let position = format!("SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition}");
    let before: Offset = cells::number(databend.query(&position).await?.rows.first().map_or(&[], Vec::as_slice), 0)?;
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let behind = after.map_or_else(String::new, |UserId(user_id)| format!("AND user_id > {user_id}"));
        let sql = format!(
            "SELECT user_id, arg_max(standing, log_offset) FROM trait_rows
             WHERE log_partition = {partition} AND log_offset < {before} {behind}
             AND user_id NOT IN (SELECT user_id FROM deleted_users)
             GROUP BY user_id ORDER BY user_id LIMIT {TRAIT_ROWS}"
        );
        let found = databend.query(&sql).await?.rows;
        for row in &found {
            users.push((UserId(cells::value(row, 0)?), standing_of(cells::text(row, 1)?)?));
        }
        if found.len() < TRAIT_ROWS {
            return Ok(PartitionTraits { before, users });
        }
        after = users.last().map(|(user_id, _)| *user_id);
    }
}

/// Reads rows, of which there may be copies; also returns how many there were.
async fn read_rows(
    databend: &Databend,
    partition: PartitionId,
    sql: &str,
) -> Result<(Vec<HistoryRow>, usize), DatabendError> {
    let cells = databend.query(sql).await?.rows;
    let found = cells.len();
    let rows = cells.iter().map(|row| history_row(partition, row)).collect::<Result<Vec<_>, _>>();
    Ok((rows?, found))
}
