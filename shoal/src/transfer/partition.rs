//! One partition of the log as it is written: its last commit, its events, and the changes up to that commit.
//!
//! All events are there that were in the log when the commit was read, and those that came until they were
//! read: what is not in the state is applied by whoever goes on. Changes are taken up to the commit and not
//! further; where it is not known by place how far that is, the `seq` of each user's state tells.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use anyhow::Context as _;
use bus::{RestoredPartition, StoredRecord};
use schema::{Offset, PartitionId, SegmentChange, Topic, UserId};

use super::events::{self, Wanted, WrittenEvents};
use super::lines::{Files, LineWriter};
use super::manifest::{ExportedPartition, StateLine};
use super::place::Place;

/// Records read from the log at once.
const PAGE: usize = 4_096;

/// What was written of a partition.
pub(super) struct Written {
    pub(super) exported: ExportedPartition,
    /// Where the events that were written end in the log.
    pub(super) end: Offset,
}

/// Writes a partition; memberships are made of its changes below `projected`, and its log began at `begin` when
/// the copy was begun.
pub(super) async fn write(
    place: &Place,
    partition: PartitionId,
    begin: Offset,
    projected: Offset,
    folder: &Path,
) -> anyhow::Result<Written> {
    let name = |what: &str| format!("log/p{:05}/{what}", partition.0);
    let (states, seqs, restored) = write_states(place, partition, LineWriter::new(folder, name("states"))).await?;
    let changes = Changes { writer: LineWriter::new(folder, name("changes")), projected: 0, seqs };
    let (changes, projected) = changes.write(place, partition, restored.changes_end, projected).await?;
    let wanted = Wanted { partition, begin, applied_below: restored.next_offset };
    let WrittenEvents { files, next_offset, unreadable, end } = events::write(place.sources(), wanted, folder).await?;
    let exported = ExportedPartition {
        partition,
        next_offset,
        now: restored.now,
        log_time: restored.log_time,
        definitions: restored.definitions,
        unreadable,
        events: files,
        changes,
        projected: Some(projected),
        states,
    };
    Ok(Written { exported, end })
}

/// The last change of each user in the state; of one who was erased there are no more changes.
type Seqs = HashMap<UserId, Option<u64>>;

async fn write_states(
    place: &Place,
    partition: PartitionId,
    mut writer: LineWriter,
) -> anyhow::Result<(Files, Seqs, RestoredPartition)> {
    let (mut written, mut seqs) = (Ok(()), Seqs::new());
    let mut take = |user_id: UserId, state: &[u8]| -> anyhow::Result<()> {
        let seq = engine::last_seq(state).with_context(|| format!("reading the state of user {user_id}"))?;
        seqs.insert(user_id, seq);
        writer.push(&StateLine::new(user_id, state))
    };
    let mut visit = |user_id, state: &[u8]| {
        if written.is_ok() {
            written = take(user_id, state);
        }
    };
    let restored = place.log().last_commit(partition, &mut visit).await.context("reading the state")?;
    written?;
    Ok((writer.finish()?, seqs, restored))
}

/// The changes of a partition up to its last commit.
struct Changes {
    writer: LineWriter,
    /// How many of those that were written the memberships have.
    projected: u64,
    seqs: Seqs,
}

impl Changes {
    /// Writes the changes that are kept; before them, of users who have none among these, their last one.
    async fn write(
        mut self,
        place: &Place,
        partition: PartitionId,
        end: Offset,
        projected: Offset,
    ) -> anyhow::Result<(Files, u64)> {
        let range = place.log().range(Topic::SegmentChanges, partition).await;
        let begin = range.context("asking how far the changes go")?.start;
        if begin > 0 {
            self.write_earlier(place, partition, begin..end).await?;
        }
        for_each_record(place, Topic::SegmentChanges, partition, begin..end, |record| {
            self.take(&decode(record)?, record.offset < projected)
        })
        .await?;
        Ok((self.writer.finish()?, self.projected))
    }

    async fn write_earlier(
        &mut self,
        place: &Place,
        partition: PartitionId,
        kept: Range<Offset>,
    ) -> anyhow::Result<()> {
        let mut with_changes = HashSet::new();
        for_each_record(place, Topic::SegmentChanges, partition, kept, |record| {
            if self.is_committed(&decode(record)?) {
                with_changes.insert(record.user_id);
            }
            Ok(())
        })
        .await?;
        let range = place.log().range(Topic::SegmentMemberships, partition).await;
        let range = range.context("asking how far the memberships go")?;
        for_each_record(place, Topic::SegmentMemberships, partition, range, |record| {
            if with_changes.contains(&record.user_id) { Ok(()) } else { self.take(&decode(record)?, true) }
        })
        .await
    }

    fn take(&mut self, change: &SegmentChange, is_projected: bool) -> anyhow::Result<()> {
        if !self.is_committed(change) {
            return Ok(());
        }
        self.projected += u64::from(is_projected);
        self.writer.push(change)
    }

    fn is_committed(&self, change: &SegmentChange) -> bool {
        match self.seqs.get(&change.user_id) {
            Some(Some(seq)) => change.seq <= *seq,
            Some(None) => true,
            None => false,
        }
    }
}

fn decode(record: &StoredRecord) -> anyhow::Result<SegmentChange> {
    serde_json::from_slice(&record.value).with_context(|| format!("decoding the change at {}", record.offset))
}

async fn for_each_record(
    place: &Place,
    topic: Topic,
    partition: PartitionId,
    range: Range<Offset>,
    mut visit: impl FnMut(&StoredRecord) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut from = range.start;
    while from < range.end {
        let records = place.log().read(topic, partition, from, PAGE).await;
        let records = records.with_context(|| format!("reading {}", topic.as_str()))?;
        let Some(last) = records.last() else { break };
        from = last.offset + 1;
        records.iter().filter(|record| record.offset < range.end).try_for_each(&mut visit)?;
    }
    Ok(())
}
