//! Filling an empty installation from a folder, and comparing afterwards what it holds.
//!
//! First the log, then the state with the changes, last the store, in one transaction. What is there already
//! must be what would be written, so an import that was interrupted goes on when it is started again, and one
//! into anything else is refused before it writes. Services that are started in between find state without
//! definitions and stop.

mod age;
mod events;
mod present;
mod states;
mod tables;

use std::path::Path;

use anyhow::{Context as _, ensure};

use super::manifest::Manifest;
use super::place::Place;
use events::Missing;

/// Brings everything, and checks that it is there.
pub(super) async fn import(manifest: &Manifest, folder: &Path, place: &Place) -> anyhow::Result<()> {
    if place.log().partitions() != manifest.partitions {
        require_settled(manifest)?;
    }
    age::require_kept(manifest, folder, place.retention())?;
    tables::require_empty(place.store()).await?;
    let mut claimed = place.claim().await?;
    events::bring(manifest, folder, place.log(), Missing::Append).await.context("bringing events")?;
    states::bring(manifest, folder, place.log(), &mut claimed.owners).await.context("bringing state")?;
    // Once more from the beginning, now only to compare.
    let deletions = events::bring(manifest, folder, place.log(), Missing::Refuse).await.context("comparing events")?;
    states::compare(manifest, folder, place.log(), &mut claimed.owners).await.context("comparing state")?;
    tables::bring(manifest, folder, place, deletions).await.context("bringing the store")?;
    tables::compare(manifest, folder, place.store()).await.context("comparing the store")
}

/// Users of several partitions come together in one only when nothing is pending in any.
fn require_settled(manifest: &Manifest) -> anyhow::Result<()> {
    let again = "start it once more with its own number of partitions, wait until all segments are live, stop it, and export it again";
    for exported in &manifest.log {
        let pending = exported.events.records - exported.next_offset.min(exported.events.records);
        ensure!(
            pending == 0,
            "the number of partitions is another, and {pending} events of partition {} are not in the state: {again}",
            exported.partition
        );
        let unprojected = exported.changes.records - exported.projected_changes().min(exported.changes.records);
        ensure!(
            unprojected == 0,
            "the number of partitions is another, and {unprojected} changes of partition {} are not in the \
             memberships: {again}",
            exported.partition
        );
        let first = manifest.log.first().and_then(|first| first.definitions.as_ref());
        ensure!(
            exported.definitions.as_ref() == first,
            "the number of partitions is another, and partition {} has other definitions than the first: {again}",
            exported.partition
        );
    }
    Ok(())
}
