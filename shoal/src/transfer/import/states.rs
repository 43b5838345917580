//! Bringing what was published and the state of users: commits of the new partitions' owners.
//!
//! The last commit of a partition brings its position and definitions. Without them nobody can use its state.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use bus::{EventLog, PartitionCommit, PartitionOwner};
use schema::{PartitionId, SegmentChange, Timestamp, Topic, UserId, partition_of};

use super::present::Present;
use crate::transfer::manifest::{ExportedPartition, Manifest, StateLine};
use crate::transfer::rows::Sum;

type Owners = [Box<dyn PartitionOwner>];

/// Of one commit: far below what a transaction, or a record of the largest size, may hold.
const CHANGES_AT_ONCE: usize = 500;
const STATE_BYTES_AT_ONCE: usize = 1_024 * 1_024;

/// Brings changes, states and positions.
pub(super) async fn bring(
    manifest: &Manifest,
    folder: &Path,
    log: &dyn EventLog,
    owners: &mut Owners,
) -> anyhow::Result<()> {
    // A partition that is not restored does not know whether it may commit.
    for owner in owners.iter_mut() {
        owner.restore(&mut |_, _| {}).await.with_context(|| format!("reading partition {}", owner.partition()))?;
    }
    bring_changes(manifest, folder, log, owners).await?;
    bring_states(manifest, folder, owners).await?;
    for owner in owners.iter_mut() {
        let last = last_commit(manifest, log, owner.partition()).await?;
        commit(owner.as_mut(), last).await?;
    }
    Ok(())
}

async fn bring_changes(
    manifest: &Manifest,
    folder: &Path,
    log: &dyn EventLog,
    owners: &mut Owners,
) -> anyhow::Result<()> {
    let mut present = Present::of(log, Topic::SegmentChanges).await?;
    let mut waiting: Vec<Vec<SegmentChange>> = vec![Vec::new(); owners.len()];
    for change in manifest.log.iter().flat_map(|exported| exported.changes.read::<SegmentChange>(folder)) {
        let change = change?;
        let index = index_of(change.user_id, owners);
        let (Some(present), Some(waiting), Some(owner)) =
            (present.get_mut(index), waiting.get_mut(index), owners.get_mut(index))
        else {
            continue;
        };
        match present.next(log).await? {
            Some(there) => {
                let same = serde_json::from_slice::<SegmentChange>(&there.value).is_ok_and(|there| there == change);
                ensure!(same, "the log is not empty: partition {index} holds another change at {}", there.offset);
            }
            None => waiting.push(change),
        }
        if waiting.len() >= CHANGES_AT_ONCE {
            publish(owner.as_mut(), std::mem::take(waiting)).await?;
        }
    }
    for ((owner, waiting), present) in owners.iter_mut().zip(waiting).zip(&mut present) {
        present.require_end(log).await?;
        publish(owner.as_mut(), waiting).await?;
    }
    Ok(())
}

async fn publish(owner: &mut dyn PartitionOwner, changes: Vec<SegmentChange>) -> anyhow::Result<()> {
    // The time by which they are kept: as old as they are.
    let Some(now) = changes.iter().map(|change| change.evaluated_at).max() else { return Ok(()) };
    commit(owner, PartitionCommit { now, changes, ..PartitionCommit::default() }).await
}

/// Users of one partition who wait for their commit.
#[derive(Clone, Default)]
struct Waiting {
    users: Vec<(UserId, Vec<u8>)>,
    bytes: usize,
}

async fn bring_states(manifest: &Manifest, folder: &Path, owners: &mut Owners) -> anyhow::Result<()> {
    let mut waiting = vec![Waiting::default(); owners.len()];
    for line in manifest.log.iter().flat_map(|exported| exported.states.read::<StateLine>(folder)) {
        let line = line?;
        let index = index_of(line.user_id, owners);
        let (Some(waiting), Some(owner)) = (waiting.get_mut(index), owners.get_mut(index)) else { continue };
        let state = line.decode()?;
        waiting.bytes += state.len();
        waiting.users.push((line.user_id, state));
        if waiting.bytes >= STATE_BYTES_AT_ONCE {
            keep(owner.as_mut(), std::mem::take(waiting).users).await?;
        }
    }
    for (owner, waiting) in owners.iter_mut().zip(waiting) {
        keep(owner.as_mut(), waiting.users).await?;
    }
    Ok(())
}

async fn keep(owner: &mut dyn PartitionOwner, users: Vec<(UserId, Vec<u8>)>) -> anyhow::Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    commit(owner, PartitionCommit { users, ..PartitionCommit::default() }).await
}

/// Returns what makes a partition usable: where it is, and by which definitions it decides.
async fn last_commit(
    manifest: &Manifest,
    log: &dyn EventLog,
    partition: PartitionId,
) -> anyhow::Result<PartitionCommit> {
    if log.partitions() == manifest.partitions
        && let Some(exported) = manifest.log.get(usize::from(partition.0))
    {
        let ExportedPartition { next_offset, now, log_time, definitions, .. } = exported.clone();
        return Ok(PartitionCommit { next_offset, now, log_time, definitions, ..PartitionCommit::default() });
    }
    // Nothing is pending anywhere. What became due between two partitions' clocks fires at its own instant.
    let latest = |of: fn(&ExportedPartition) -> Timestamp| manifest.log.iter().map(of).max().unwrap_or_default();
    Ok(PartitionCommit {
        next_offset: log.range(Topic::Events, partition).await.context("asking how far the log goes")?.end,
        now: latest(|exported| exported.now),
        log_time: latest(|exported| exported.log_time),
        definitions: manifest.log.first().and_then(|first| first.definitions.clone()),
        ..PartitionCommit::default()
    })
}

async fn commit(owner: &mut dyn PartitionOwner, commit: PartitionCommit) -> anyhow::Result<()> {
    owner.commit(commit).await.with_context(|| format!("committing partition {}", owner.partition()))
}

fn index_of(user_id: UserId, owners: &Owners) -> usize {
    usize::from(partition_of(user_id, u16::try_from(owners.len()).unwrap_or(u16::MAX)).0)
}

/// Sees that each partition holds the changes, states and position that were brought.
pub(super) async fn compare(
    manifest: &Manifest,
    folder: &Path,
    log: &dyn EventLog,
    owners: &mut Owners,
) -> anyhow::Result<()> {
    let (mut expected, mut expected_changes) = (Sum::default(), Sum::default());
    for line in manifest.log.iter().flat_map(|exported| exported.states.read::<StateLine>(folder)) {
        let line = line?;
        expected.add(&[&line.user_id.0.to_be_bytes()[..], &line.decode()?].concat());
    }
    for change in manifest.log.iter().flat_map(|exported| exported.changes.read::<SegmentChange>(folder)) {
        expected_changes.add_value(&change?)?;
    }
    let (mut found, mut found_changes, mut users) = (Sum::default(), Sum::default(), BTreeSet::new());
    for owner in owners.iter_mut() {
        let partition = owner.partition();
        let partitions = log.partitions();
        let mut visit = |user_id: UserId, state: &[u8]| {
            found.add(&[&user_id.0.to_be_bytes()[..], state].concat());
            if partition_of(user_id, partitions) != partition {
                users.insert(user_id);
            }
        };
        let restored = owner.restore(&mut visit).await.with_context(|| format!("reading partition {partition}"))?;
        let brought = last_commit(manifest, log, partition).await?;
        let position = (restored.next_offset, restored.now, restored.log_time, restored.definitions);
        ensure!(
            position == (brought.next_offset, brought.now, brought.log_time, brought.definitions),
            "partition {partition} is at another position"
        );
    }
    for mut present in Present::of(log, Topic::SegmentChanges).await? {
        while let Some(record) = present.next(log).await? {
            let change: SegmentChange = serde_json::from_slice(&record.value).context("decoding a change")?;
            found_changes.add_value(&change)?;
        }
    }
    ensure!(users.is_empty(), "users {users:?} are in other partitions than theirs");
    ensure!(found == expected, "there are {} users with state, or others, and not {}", found.count(), expected.count());
    ensure!(
        found_changes == expected_changes,
        "there are {} changes, or others, and not {}",
        found_changes.count(),
        expected_changes.count()
    );
    Ok(())
}
