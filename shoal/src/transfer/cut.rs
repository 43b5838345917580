//! What is written of an installation: one cut through it, also while it goes on.
//!
//! Nothing stands still for it, so the order makes the cut:
//!
//! 1. the memberships, with how far into the changes they are,
//! 2. of each partition its last commit, the events that are there by then, and the changes up to that commit,
//! 3. who there is and what is defined.
//!
//! So memberships never know a change that is not in it; who reads it projects the rest. No event is of a user
//! who is not in it, and no state is of definitions that are not.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use schema::{Generation, LogPosition, Offset, PartitionId, Topic};
use store::transfer::{Cell, Row, StoreReading, Table};

use super::lines::LineWriter;
use super::manifest::Manifest;
use super::partition::{self, Written};
use super::past;
use super::place::Place;
use super::rows::for_each_row;

/// What is made of the changes; everything else is there before them.
const PROJECTED: [Table; 3] = [Table::Memberships, Table::MembershipSeqs, Table::SegmentFlows];

/// Writes everything to an empty folder but the manifest, which makes it whole.
pub(super) async fn write(place: &Place, folder: &Path) -> anyhow::Result<Manifest> {
    let _held = place.log().hold_trimming().await.context("asking the log to keep what it has")?;
    let begins = begins(place).await?;
    let mut manifest = Manifest::new(place.log().partitions());
    let projected = write_memberships(place, folder, &mut manifest).await?;
    let mut ends = BTreeMap::new();
    for (partition, begin) in (0..).map(PartitionId).zip(begins) {
        let projected = projected.get(&partition).copied().unwrap_or_default();
        let written = partition::write(place, partition, begin, projected, folder).await;
        let Written { exported, end } = written.with_context(|| format!("partition {partition}"))?;
        manifest.log.push(exported);
        ends.insert(partition, end);
    }
    write_rest(place, &ends, folder, &mut manifest).await?;
    Ok(manifest)
}

/// Where the log begins; brokers go on removing what is old, and from here on everything must be in the copy.
async fn begins(place: &Place) -> anyhow::Result<Vec<Offset>> {
    let mut begins = Vec::new();
    for partition in (0..place.log().partitions()).map(PartitionId) {
        let range = place.log().range(Topic::Events, partition).await;
        begins.push(range.context("asking where the log begins")?.start);
    }
    Ok(begins)
}

/// Writes what is made of the changes; returns up to where of each partition it is.
async fn write_memberships(
    place: &Place,
    folder: &Path,
    manifest: &mut Manifest,
) -> anyhow::Result<BTreeMap<PartitionId, Offset>> {
    let mut reading = place.store().begin_reading().await.context("reading the memberships")?;
    for table in PROJECTED {
        write_table(&mut *reading, table, folder, manifest, |_| {}).await?;
    }
    reading.projected().await.context("asking how far the memberships are")
}

/// Writes the other tables. A deletion that lies behind the events that were written must be said again.
async fn write_rest(
    place: &Place,
    ends: &BTreeMap<PartitionId, Offset>,
    folder: &Path,
    manifest: &mut Manifest,
) -> anyhow::Result<()> {
    let mut reading = place.store().begin_reading().await.context("reading the store")?;
    for table in Table::ALL.into_iter().filter(|table| !PROJECTED.contains(table)) {
        let mut generation = None;
        let edit = |row: &mut Row| match (table, row.as_mut_slice()) {
            (Table::UserDeletions, [_, _, places @ ..]) => forget_beyond(places, ends),
            (Table::Catalog, [_, Cell::Integer(number)]) => generation = u64::try_from(*number).ok(),
            _ => {}
        };
        write_table(&mut *reading, table, folder, manifest, edit).await?;
        manifest.generation = generation.map_or(manifest.generation, Generation);
    }
    for table in Table::ALL.into_iter().filter(|table| table.is_numbered()) {
        let last_id = reading.last_id(table).await.context("asking for the last id")?;
        manifest.last_ids.insert(table.as_str().to_owned(), last_id);
    }
    Ok(())
}

fn forget_beyond(places: &mut [Cell], ends: &BTreeMap<PartitionId, Offset>) {
    if past::position(places)
        .is_some_and(|LogPosition { partition, offset }| ends.get(&partition).is_some_and(|end| offset >= *end))
    {
        places.fill(Cell::Null);
    }
}

async fn write_table(
    reading: &mut dyn StoreReading,
    table: Table,
    folder: &Path,
    manifest: &mut Manifest,
    mut edit: impl FnMut(&mut Row),
) -> anyhow::Result<()> {
    let mut writer = LineWriter::new(folder, format!("store/{}", table.as_str()));
    for_each_row(reading, table, |row| {
        let mut row = row.clone();
        edit(&mut row);
        writer.push(&row)
    })
    .await?;
    manifest.store.insert(table.as_str().to_owned(), writer.finish()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(partition: i64, offset: i64, is_kept: bool) {
        let ends = BTreeMap::from([(PartitionId(0), 5), (PartitionId(1), 0)]);
        let mut places = [Cell::Integer(partition), Cell::Integer(offset), Cell::Integer(77)];
        forget_beyond(&mut places, &ends);
        assert_eq!(places[2] == Cell::Integer(77), is_kept, "{partition} {offset}: {places:?}");
    }

    #[test]
    fn a_deletion_behind_the_events_that_were_written_is_not_recorded_yet() {
        check(0, 4, true);
        check(0, 5, false);
        check(1, 0, false);
    }
}
