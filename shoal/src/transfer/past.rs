//! What the log has trimmed and is known all the same, put before its first record in the order of acceptance.
//!
//! Events come from the history. Of traits what stands is said again, of deletions what the store remembers.
//! More than fits into memory is sorted in runs on disk.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use schema::{
    EventId, LogPosition, LogRecord, Offset, PartitionId, Payload, Timestamp, UserDeletion, UserId, UserTraits,
    partition_of,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::transfer::{Cell, Row, Table};
use uuid::Uuid;

use super::lines::{Files, LineWriter};
use super::manifest::EventLine;
use super::merging::{Merged, Sequence};
use super::place::Place;
use super::rows::all_rows;

/// What a partition gathers in memory before it writes a run.
const RUN_BYTES: usize = 8 * 1_024 * 1_024;
const PAGE: u32 = 1_000;
/// Where runs are while an export is made.
pub(super) const FOLDER: &str = "sorting";

/// A record and its rank: when it was accepted, and where it lay.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ranked {
    received_at: Timestamp,
    offset: Offset,
    line: EventLine,
}

/// The past of one partition in the making.
struct Past {
    folder: PathBuf,
    partition: PartitionId,
    runs: Vec<Files>,
    waiting: Vec<Ranked>,
    bytes: usize,
}

/// Gathers what each partition had before it begins where `begins` says; `None` where nothing was trimmed.
pub(super) async fn gather(
    place: &Place,
    begins: &[Offset],
    folder: &Path,
) -> anyhow::Result<Vec<Option<Sequence<EventLine>>>> {
    let mut pasts: Vec<Option<Past>> = (0..)
        .map(PartitionId)
        .zip(begins)
        .map(|(partition, begin)| (*begin > 0).then(|| Past::new(folder, partition)))
        .collect();
    if pasts.iter().any(Option::is_some) {
        say_traits(place, &mut pasts).await?;
        repeat_deletions(place, begins, &mut pasts).await?;
    }
    for past in pasts.iter_mut().flatten() {
        let begin = begins.get(usize::from(past.partition.0)).copied().unwrap_or_default();
        read_history(place, begin, past).await?;
    }
    pasts.into_iter().map(|past| past.map(Past::sorted).transpose()).collect()
}

fn past_of(pasts: &mut [Option<Past>], partition: PartitionId) -> Option<&mut Past> {
    pasts.get_mut(usize::from(partition.0))?.as_mut()
}

/// What was said of users is not in the history line by line; what stands of it is.
async fn say_traits(place: &Place, pasts: &mut [Option<Past>]) -> anyhow::Result<()> {
    let Some(history) = place.history() else { return Ok(()) };
    let mut after = None;
    loop {
        let users = place.store().users(after, PAGE).await.context("reading users")?;
        let Some(last) = users.last() else { return Ok(()) };
        after = Some(last.user_id);
        for user in users {
            let partition = partition_of(user.user_id, place.log().partitions());
            let Some(past) = past_of(pasts, partition) else { continue };
            let standing = history.user_traits(user.user_id).await.context("reading traits")?;
            for (created_at, traits) in standing.words() {
                let traits = RawValue::from_string(traits).context("reading traits")?;
                let said = UserTraits {
                    user_id: user.user_id,
                    event_id: EventId(Uuid::new_v4()),
                    created_at,
                    received_at: created_at,
                    traits: Payload::new(traits),
                };
                past.add(0, &LogRecord::Traits(said))?;
            }
        }
    }
}

async fn repeat_deletions(place: &Place, begins: &[Offset], pasts: &mut [Option<Past>]) -> anyhow::Result<()> {
    for row in all_rows(place.store(), Table::UserDeletions).await? {
        let Some((deletion, LogPosition { partition, offset })) = recorded(&row) else { continue };
        if begins.get(usize::from(partition.0)).is_some_and(|begin| offset < *begin)
            && let Some(past) = past_of(pasts, partition)
        {
            past.add(offset, &LogRecord::Deletion(deletion))?;
        }
    }
    Ok(())
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

async fn read_history(place: &Place, begin: Offset, past: &mut Past) -> anyhow::Result<()> {
    let Some(history) = place.history() else { return Ok(()) };
    let mut cursor = None;
    loop {
        let page = history.history(past.partition, begin, cursor, PAGE as usize).await.context("reading history")?;
        for row in page.rows {
            past.add(row.position.offset, &LogRecord::Event(row.event))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

impl Past {
    fn new(folder: &Path, partition: PartitionId) -> Self {
        Self { folder: folder.to_owned(), partition, runs: Vec::new(), waiting: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, offset: Offset, record: &LogRecord) -> anyhow::Result<()> {
        let line = EventLine::new(record)?;
        self.bytes += line.record.len();
        self.waiting.push(Ranked { received_at: record.received_at(), offset, line });
        if self.bytes >= RUN_BYTES { self.write_run() } else { Ok(()) }
    }

    fn write_run(&mut self) -> anyhow::Result<()> {
        self.waiting.sort_unstable_by_key(rank);
        let name = format!("{FOLDER}/p{:05}-{:04}", self.partition.0, self.runs.len());
        let mut run = LineWriter::new(&self.folder, name);
        self.waiting.drain(..).try_for_each(|ranked| run.push(&ranked))?;
        self.runs.push(run.finish()?);
        self.bytes = 0;
        Ok(())
    }

    fn sorted(mut self) -> anyhow::Result<Sequence<EventLine>> {
        if !self.waiting.is_empty() {
            self.write_run()?;
        }
        let runs = self.runs.iter().map(|run| run.read(&self.folder)).collect();
        Ok(Box::new(Merged::new(runs, rank).map(|ranked| Ok(ranked?.line))))
    }
}

fn rank(ranked: &Ranked) -> (Timestamp, Offset) {
    (ranked.received_at, ranked.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_in_the_order_of_acceptance() {
        let folder = tempfile::tempdir().unwrap();
        let mut past = Past::new(folder.path(), PartitionId(3));
        let deletion = |at: i64| {
            let (user_id, received_at) = (UserId(at), Timestamp::from_micros(at));
            LogRecord::Deletion(UserDeletion { user_id, received_at })
        };
        for (at, begins_run) in [(5, false), (1, true), (4, false), (2, true), (3, false)] {
            past.add(0, &deletion(at)).unwrap();
            if begins_run {
                past.write_run().unwrap();
            }
        }
        let sorted = past.sorted().unwrap().map(|line| line.unwrap().decode().unwrap().user_id().0);
        assert_eq!(sorted.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
}
