//! Reading an installation that stands still into a folder.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, ensure};
use bus::{PartitionOwner, RestoredPartition, StoredRecord};
use schema::{Generation, LogRecord, Offset, PartitionId, SegmentChange, Topic};
use store::ProjectionBatch;
use store::transfer::Table;

use super::lines::{Files, LineWriter};
use super::manifest::{EventLine, ExportedPartition, Manifest, StateLine};
use super::merging::Sequence;
use super::past;
use super::place::Place;
use super::rows::for_each_row;

/// Records read from the log at once.
const PAGE: usize = 4_096;
/// Changes projected at once.
const CHANGES: usize = 500;

/// Writes everything to a new folder, of parts that belong together.
pub(super) async fn export(place: &Place, folder: &Path) -> anyhow::Result<Manifest> {
    place.require_whole().await?;
    make(folder)?;
    let mut claimed = place.claim().await?;
    let before = Extent::of(place).await?;
    project_rest(place, &before).await?;
    let begins: Vec<Offset> = before.events.iter().map(|range| range.start).collect();
    let pasts = past::gather(place, &begins, folder).await?;
    let mut manifest = Manifest::new(place.log().partitions(), before.generation);
    for (owner, past) in claimed.owners.iter_mut().zip(pasts) {
        let exported = export_partition(place, owner.as_mut(), past, folder).await;
        manifest.log.push(exported.with_context(|| format!("partition {}", owner.partition()))?);
    }
    export_store(place, folder, &mut manifest).await?;
    ensure!(Extent::of(place).await? == before, "something was written meanwhile: stop all services first");
    let sorting = folder.join(past::FOLDER);
    if sorting.exists() {
        std::fs::remove_dir_all(&sorting).with_context(|| format!("removing {}", sorting.display()))?;
    }
    manifest.write(folder)?;
    Ok(manifest)
}

fn make(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut inside = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    ensure!(inside.next().is_none(), "{} is not empty", folder.display());
    Ok(())
}

/// How far everything goes: the same before and after when nobody writes.
#[derive(PartialEq, Eq)]
struct Extent {
    events: Vec<Range<Offset>>,
    changes: Vec<Range<Offset>>,
    generation: Generation,
}

impl Extent {
    async fn of(place: &Place) -> anyhow::Result<Self> {
        let (mut events, mut changes) = (Vec::new(), Vec::new());
        for partition in (0..place.log().partitions()).map(PartitionId) {
            events.push(place.log().range(Topic::Events, partition).await.context("asking how far the log goes")?);
            let range = place.log().range(Topic::SegmentChanges, partition).await;
            changes.push(range.context("asking how far the changes go")?);
        }
        let generation = place.store().generation().await.context("asking for the generation of the definitions")?;
        Ok(Self { events, changes, generation })
    }
}

/// Projects what was published and is not in the store yet, as config-api would at its next start.
async fn project_rest(place: &Place, extent: &Extent) -> anyhow::Result<()> {
    let positions = place.store().projection_positions().await.context("asking how far the memberships are")?;
    for (partition, range) in (0..).map(PartitionId).zip(&extent.changes) {
        let mut from = positions.get(&partition).copied().unwrap_or_default();
        while from < range.end {
            let records = place.log().read(Topic::SegmentChanges, partition, from, CHANGES).await;
            let records = records.context("reading changes that are not projected")?;
            let next = records.last().map_or(range.end, |last| last.offset + 1);
            let changes = records.iter().map(change).collect::<Result<_, _>>()?;
            let batch = ProjectionBatch { partition, from, next, changes };
            place.store().project(&[batch]).await.context("projecting changes")?;
            from = next;
        }
    }
    Ok(())
}

fn change(record: &StoredRecord) -> anyhow::Result<SegmentChange> {
    serde_json::from_slice(&record.value).with_context(|| format!("decoding the change at {}", record.offset))
}

async fn export_partition(
    place: &Place,
    owner: &mut dyn PartitionOwner,
    past: Option<Sequence<EventLine>>,
    folder: &Path,
) -> anyhow::Result<ExportedPartition> {
    let partition = owner.partition();
    let name = |what: &str| format!("log/p{:05}/{what}", partition.0);
    let (states, restored) = export_states(owner, LineWriter::new(folder, name("states"))).await?;
    let mut events =
        Events { writer: LineWriter::new(folder, name("events")), written: 0, next_offset: 0, unreadable: 0 };
    for line in past.into_iter().flatten() {
        events.push(&line?, true)?;
    }
    for_each_record(place, Topic::Events, partition, |record| events.take(record, restored.next_offset)).await?;
    let changes = export_changes(place, partition, LineWriter::new(folder, name("changes"))).await?;
    Ok(ExportedPartition {
        partition,
        next_offset: events.next_offset,
        now: restored.now,
        log_time: restored.log_time,
        definitions: restored.definitions,
        unreadable: events.unreadable,
        events: events.writer.finish()?,
        changes,
        states,
    })
}

/// The events of a partition, counted as they are written.
struct Events {
    writer: LineWriter,
    written: Offset,
    /// How many of them are in the state.
    next_offset: Offset,
    unreadable: u64,
}

impl Events {
    fn take(&mut self, record: &StoredRecord, applied_below: Offset) -> anyhow::Result<()> {
        let line = std::str::from_utf8(&record.value).ok().filter(|_| LogRecord::decode(&record.value).is_ok());
        match line {
            Some(text) => self.push(&EventLine { record: text.to_owned() }, record.offset < applied_below),
            None => {
                self.unreadable += 1;
                Ok(())
            }
        }
    }

    fn push(&mut self, line: &EventLine, is_applied: bool) -> anyhow::Result<()> {
        self.writer.push(line)?;
        self.written += 1;
        if is_applied {
            self.next_offset = self.written;
        }
        Ok(())
    }
}

async fn export_states(
    owner: &mut dyn PartitionOwner,
    mut writer: LineWriter,
) -> anyhow::Result<(Files, RestoredPartition)> {
    let mut written = Ok(());
    let mut visit = |user_id, state: &[u8]| {
        if written.is_ok() {
            written = writer.push(&StateLine::new(user_id, state));
        }
    };
    let restored = owner.restore(&mut visit).await.context("reading the state")?;
    written?;
    Ok((writer.finish()?, restored))
}

/// Writes the changes that are kept; before them, of users who have none among these, their last one.
async fn export_changes(place: &Place, partition: PartitionId, mut writer: LineWriter) -> anyhow::Result<Files> {
    let begin =
        place.log().range(Topic::SegmentChanges, partition).await.context("asking how far the changes go")?.start;
    if begin > 0 {
        let mut with_changes = HashSet::new();
        for_each_record(place, Topic::SegmentChanges, partition, |record| {
            with_changes.insert(record.user_id);
            Ok(())
        })
        .await?;
        for_each_record(place, Topic::SegmentMemberships, partition, |record| {
            if with_changes.contains(&record.user_id) { Ok(()) } else { writer.push(&change(record)?) }
        })
        .await?;
    }
    for_each_record(place, Topic::SegmentChanges, partition, |record| writer.push(&change(record)?)).await?;
    writer.finish()
}

async fn for_each_record(
    place: &Place,
    topic: Topic,
    partition: PartitionId,
    mut visit: impl FnMut(&StoredRecord) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let range = place.log().range(topic, partition).await.context("asking how far the log goes")?;
    let mut from = range.start;
    while from < range.end {
        let records = place.log().read(topic, partition, from, PAGE).await;
        let records = records.with_context(|| format!("reading {}", topic.as_str()))?;
        let Some(last) = records.last() else { break };
        from = last.offset + 1;
        records.iter().try_for_each(&mut visit)?;
    }
    Ok(())
}

async fn export_store(place: &Place, folder: &Path, manifest: &mut Manifest) -> anyhow::Result<()> {
    for table in Table::ALL {
        let mut writer = LineWriter::new(folder, format!("store/{}", table.as_str()));
        for_each_row(place.store(), table, |row| writer.push(row)).await?;
        manifest.store.insert(table.as_str().to_owned(), writer.finish()?);
        if table.is_numbered() {
            let last_id = place.store().last_id(table).await.context("asking for the last id")?;
            manifest.last_ids.insert(table.as_str().to_owned(), last_id);
        }
    }
    Ok(())
}
