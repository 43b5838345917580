//! Filling the store, in one transaction.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use bus::EventLog;
use schema::{LogPosition, Offset, PartitionId, Topic, UserId};
use store::Store;
use store::transfer::{NewPlaces, Row, Table};

use super::present::Present;
use crate::transfer::manifest::Manifest;
use crate::transfer::merging::Sequence;
use crate::transfer::place::Place;
use crate::transfer::rows::{PAGE, Sum, for_each_row, without_places};

/// Refuses a store that holds anything.
pub(super) async fn require_empty(store: &dyn Store) -> anyhow::Result<()> {
    let filling = store.begin_filling().await.context("looking into the store")?;
    ensure!(filling.is_some(), "the store is not empty: an import makes a new installation");
    Ok(())
}

/// Puts all rows, and says where they lie in the new log.
pub(super) async fn bring(
    manifest: &Manifest,
    folder: &Path,
    place: &Place,
    deletions: Vec<(UserId, LogPosition)>,
) -> anyhow::Result<()> {
    let mut projected = Vec::new();
    for partition in (0..place.log().partitions()).map(PartitionId) {
        projected.push((partition, projected_up_to(manifest, place.log(), partition).await?));
    }
    let filling = place.store().begin_filling().await.context("looking into the store")?;
    let Some(mut filling) = filling else { bail!("the store is not empty any more") };
    for table in Table::ALL {
        let mut page = Vec::new();
        for row in rows(manifest, folder, table) {
            page.push(row?);
            if page.len() >= PAGE as usize {
                filling.put(table, &std::mem::take(&mut page)).await.with_context(|| table.as_str())?;
            }
        }
        if !page.is_empty() {
            filling.put(table, &page).await.with_context(|| table.as_str())?;
        }
    }
    for table in Table::ALL.into_iter().filter(|table| table.is_numbered()) {
        let last_id = manifest.last_ids.get(table.as_str()).copied().unwrap_or_default();
        filling.set_last_id(table, last_id).await.with_context(|| format!("numbering {}", table.as_str()))?;
    }
    filling.finish(&NewPlaces { projected, deletions }).await.context("finishing")
}

/// Returns where the first change lies that the memberships are not made of yet.
async fn projected_up_to(manifest: &Manifest, log: &dyn EventLog, partition: PartitionId) -> anyhow::Result<Offset> {
    let range = log.range(Topic::SegmentChanges, partition).await.context("asking how far the changes go")?;
    let exported = manifest.log.get(usize::from(partition.0)).filter(|_| log.partitions() == manifest.partitions);
    let Some(exported) = exported.filter(|exported| exported.projected_changes() < exported.changes.records) else {
        return Ok(range.end);
    };
    // Offsets have gaps where a commit leaves a marker.
    let mut present = Present::at(Topic::SegmentChanges, partition, range);
    for _ in 0..exported.projected_changes() {
        present.next(log).await?;
    }
    Ok(present.next(log).await?.map_or(0, |first| first.offset))
}

fn rows(manifest: &Manifest, folder: &Path, table: Table) -> Sequence<Row> {
    let files = manifest.store.get(table.as_str()).cloned().unwrap_or_default();
    files.read::<Row>(folder)
}

/// Reads every table again and compares it with what was brought.
pub(super) async fn compare(manifest: &Manifest, folder: &Path, store: &dyn Store) -> anyhow::Result<()> {
    let mut reading = store.begin_reading().await.context("reading the store")?;
    for table in Table::ALL {
        let (mut expected, mut found) = (Sum::default(), Sum::default());
        for row in rows(manifest, folder, table) {
            expected.add_value(&without_places(table, &row?))?;
        }
        for_each_row(&mut *reading, table, |row| found.add_value(&without_places(table, row))).await?;
        ensure!(
            found == expected,
            "the table {} has {} rows, or others, and not {}",
            table.as_str(),
            found.count(),
            expected.count()
        );
    }
    drop(reading);
    let wrong = store.wrong_sizes().await.context("counting members")?;
    ensure!(wrong.is_empty(), "segments have other sizes than members: {wrong:?}");
    Ok(())
}
