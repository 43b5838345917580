//! What the log has removed and is known all the same, in the order of acceptance.
//!
//! Events come from the history. Of traits what stands is said again, of deletions what the store remembers.
//! What the state has not yet comes behind everything that it has. More than fits into memory is sorted in
//! runs on disk.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use schema::{
    EventId, LogPosition, LogRecord, Offset, PartitionId, Payload, StandingTraits, Timestamp, UserDeletion, UserId,
    UserTraits,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::transfer::{Cell, Row, Table};
use uuid::Uuid;
use warehouse::Warehouse;

use super::events::{Sources, Wanted};
use super::lines::{Files, LineWriter};
use super::manifest::EventLine;
use super::merging::{Merged, Sequence};
use super::rows::for_each_row;

/// What a partition gathers in memory before it writes a run.
const RUN_BYTES: usize = 8 * 1_024 * 1_024;
/// Rows, or users, of one question.
const PAGE: usize = 1_000;
/// Of how many users traits are asked for at once: each may have kilobytes.
const USERS: usize = 4_096;
/// Where runs are while they are sorted.
const FOLDER: &str = "sorting";

/// A record and its rank: whether the state lacks it, when it was accepted, and where it lay.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ranked {
    is_ahead: bool,
    received_at: Timestamp,
    offset: Offset,
    line: EventLine,
}

/// What was removed of one partition, in the making.
struct Past {
    folder: PathBuf,
    partition: PartitionId,
    /// Which offsets.
    stretch: Range<Offset>,
    applied_below: Offset,
    runs: Vec<Files>,
    waiting: Vec<Ranked>,
    bytes: usize,
}

/// Gathers what lay in a stretch of the log, each with whether it is in the state. Fails where nobody has all of it.
pub(super) async fn gather(
    Sources { history, store, .. }: Sources<'_>,
    wanted: Wanted,
    stretch: Range<Offset>,
    folder: &Path,
) -> anyhow::Result<Sequence<(EventLine, bool)>> {
    let mut past = Past::new(folder, wanted, stretch);
    match history {
        Some(history) => {
            past.require_written(history).await?;
            past.say_traits(history).await?;
            past.read_history(history).await?;
        }
        None => ensure!(
            past.stretch.end <= wanted.begin,
            "events were removed from the log before they were read, and no history has them: try again, or let the \
             brokers keep them for longer (BUS_RETENTION_HOURS)"
        ),
    }
    let mut reading = store.begin_reading().await.context("reading deletions")?;
    for_each_row(&mut *reading, Table::UserDeletions, |row| past.repeat_deletion(row)).await?;
    past.sorted()
}

/// Removes what sorting left behind.
pub(super) fn forget(folder: &Path) -> anyhow::Result<()> {
    let sorting = folder.join(FOLDER);
    match std::fs::remove_dir_all(&sorting) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", sorting.display()))
        }
        _ => Ok(()),
    }
}

/// Reads a deletion that is in the log, and where.
fn recorded(row: &Row) -> Option<(UserDeletion, LogPosition)> {
    let [Cell::Integer(user_id), Cell::Integer(at), places @ ..] = row.as_slice() else { return None };
    let deletion = UserDeletion { user_id: UserId(*user_id), received_at: Timestamp::from_micros(*at) };
    Some((deletion, position(places)?))
}

/// Reads where a deletion lies, from the last cells of its row; `None` of one that is not in the log yet.
pub(super) fn position(places: &[Cell]) -> Option<LogPosition> {
    let [Cell::Integer(partition), Cell::Integer(offset), Cell::Integer(_)] = places else { return None };
    let partition = PartitionId(u16::try_from(*partition).ok()?);
    Some(LogPosition { partition, offset: offset.cast_unsigned() })
}

impl Past {
    fn new(folder: &Path, wanted: Wanted, stretch: Range<Offset>) -> Self {
        let Wanted { partition, applied_below, .. } = wanted;
        let (runs, waiting, bytes) = Default::default();
        Self { folder: folder.to_owned(), partition, stretch, applied_below, runs, waiting, bytes }
    }

    async fn require_written(&self, history: &dyn Warehouse) -> anyhow::Result<()> {
        let positions = history.positions().await.context("asking how far the history is")?;
        let written = positions.get(usize::from(self.partition.0)).copied().unwrap_or_default();
        ensure!(
            written >= self.stretch.end,
            "the log begins at {} and the history has only what lay before {written}: events were removed before they \
             were written there",
            self.stretch.end
        );
        Ok(())
    }

    /// What was said of users is not in the history line by line; what stands of it is, wherever it was said.
    async fn say_traits(&mut self, history: &dyn Warehouse) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let users = history.traits_page(self.partition, after, USERS).await.context("reading traits")?;
            let Some((last, _)) = users.last() else { return Ok(()) };
            after = Some(*last);
            users.iter().try_for_each(|(user_id, standing)| self.say(*user_id, standing))?;
        }
    }

    fn say(&mut self, user_id: UserId, standing: &StandingTraits) -> anyhow::Result<()> {
        let last = self.stretch.end.saturating_sub(1);
        for (created_at, traits) in standing.words() {
            let traits = Payload::new(RawValue::from_string(traits).context("reading traits")?);
            let event_id = EventId(Uuid::new_v4());
            let said = UserTraits { user_id, event_id, created_at, received_at: created_at, traits };
            self.add(last, &LogRecord::Traits(said))?;
        }
        Ok(())
    }

    fn repeat_deletion(&mut self, row: &Row) -> anyhow::Result<()> {
        match recorded(row) {
            Some((deletion, LogPosition { partition, offset }))
                if partition == self.partition && self.stretch.contains(&offset) =>
            {
                self.add(offset, &LogRecord::Deletion(deletion))
            }
            _ => Ok(()),
        }
    }

    async fn read_history(&mut self, history: &dyn Warehouse) -> anyhow::Result<()> {
        let Range { start, end } = self.stretch;
        let mut cursor = history.cursor_from(self.partition, start, end);
        loop {
            let page = history.history(self.partition, end, cursor, PAGE).await.context("reading history")?;
            // A history that reads in another order begins at the beginning.
            for row in page.rows.into_iter().filter(|row| row.position.offset >= start) {
                self.add(row.position.offset, &LogRecord::Event(row.event))?;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn add(&mut self, offset: Offset, record: &LogRecord) -> anyhow::Result<()> {
        let line = EventLine::new(record)?;
        self.bytes += line.record.len();
        let is_ahead = offset >= self.applied_below;
        self.waiting.push(Ranked { is_ahead, received_at: record.received_at(), offset, line });
        if self.bytes >= RUN_BYTES { self.write_run() } else { Ok(()) }
    }

    fn write_run(&mut self) -> anyhow::Result<()> {
        self.waiting.sort_unstable_by_key(rank);
        let name = format!("{FOLDER}/run-{:04}", self.runs.len());
        let mut run = LineWriter::new(&self.folder, name);
        self.waiting.drain(..).try_for_each(|ranked| run.push(&ranked))?;
        self.runs.push(run.finish()?);
        self.bytes = 0;
        Ok(())
    }

    fn sorted(mut self) -> anyhow::Result<Sequence<(EventLine, bool)>> {
        if !self.waiting.is_empty() {
            self.write_run()?;
        }
        let runs = self.runs.iter().map(|run| run.read(&self.folder)).collect();
        Ok(Box::new(Merged::new(runs, rank).map(|ranked| ranked.map(|ranked| (ranked.line, !ranked.is_ahead)))))
    }
}

fn rank(ranked: &Ranked) -> (bool, Timestamp, Offset) {
    (ranked.is_ahead, ranked.received_at, ranked.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_in_the_order_of_acceptance_and_what_the_state_lacks_comes_last() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = Wanted { partition: PartitionId(3), begin: 0, applied_below: 10 };
        let mut past = Past::new(folder.path(), wanted, 0..20);
        let deletion = |at: i64| {
            let (user_id, received_at) = (UserId(at), Timestamp::from_micros(at));
            LogRecord::Deletion(UserDeletion { user_id, received_at })
        };
        let records = [(5, 0, false), (1, 10, true), (4, 0, false), (2, 0, true), (3, 11, false)];
        for (at, offset, ends_run) in records {
            past.add(offset, &deletion(at)).unwrap();
            if ends_run {
                past.write_run().unwrap();
            }
        }
        let sorted = past.sorted().unwrap().map(Result::unwrap);
        let sorted = sorted.map(|(line, is_applied)| (line.decode().unwrap().user_id().0, is_applied));
        assert_eq!(sorted.collect::<Vec<_>>(), [(2, true), (4, true), (5, true), (1, false), (3, false)]);
    }
}
