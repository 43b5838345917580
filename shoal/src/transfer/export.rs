//! Reading an installation into a folder: one that stands still, and is seen to, or one that goes on.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, ensure};
use bus::StoredRecord;
use schema::{Generation, Offset, PartitionId, SegmentChange, Topic};
use store::ProjectionBatch;

use super::cut;
use super::manifest::Manifest;
use super::place::Place;

/// Changes projected at once.
const CHANGES: usize = 500;

/// Writes everything to a new folder, of parts that belong together and that nobody writes to.
pub(super) async fn export(place: &Place, folder: &Path) -> anyhow::Result<Manifest> {
    place.require_whole().await?;
    make(folder)?;
    let _claimed = place.claim().await?;
    let before = Extent::of(place).await?;
    project_rest(place, &before).await?;
    let manifest = cut::write(place, folder).await?;
    ensure!(Extent::of(place).await? == before, "something was written meanwhile: stop all services first");
    manifest.write(folder)?;
    Ok(manifest)
}

/// Writes everything to a new folder, of an installation that may go on meanwhile.
pub(super) async fn back_up(place: &Place, folder: &Path) -> anyhow::Result<Manifest> {
    make(folder)?;
    let manifest = cut::write(place, folder).await?;
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
