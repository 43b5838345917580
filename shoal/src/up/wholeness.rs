//! Whether the parts of a data directory belong together: none of them is older than the others.
//!
//! The memberships in the store and the events in the history each remember how far into the log they
//! are. A log that ends before that has lost its end, or belongs to another directory. Going on would
//! give new records the places of lost ones, and whoever has read those would pass over the new ones
//! without a word. A store that never heard of the users in the log is an older one, or made anew: it
//! would give their ids to other people. So `shoal up` refuses before it starts anything.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bus::EventLog;
use schema::{Offset, PartitionId, Topic, UserId};
use warehouse::Warehouse as _;

use super::parts::{DataDirectory, Parts};

/// Records read from the log at once: some megabytes.
const READ_AT_ONCE: usize = 4_096;

/// The log of a data directory is shorter than what was read from it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the log in {} is shorter than what was already read from it: it lacks {missing} records that {reader} has, \
     partition {partition} ends at {end} and was read up to {read_up_to}; nothing was started, nothing was changed",
    log.display()
)]
pub(super) struct LogTooShort {
    log: PathBuf,
    /// What has read further than the log goes.
    reader: String,
    /// What is missing at least, over all partitions.
    missing: u64,
    /// The partition that lacks most.
    partition: PartitionId,
    read_up_to: Offset,
    end: Offset,
}

/// The store of a data directory does not know users that the log has events of.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the store {store} is older than the log in {}: the log names user {in_log}, {}, so the ids of users would \
     be given again, to others; nothing was started, nothing was changed",
    log.display(),
    match in_store {
        Some(user_id) => format!("the store's last user is {user_id}"),
        None => "the store has no users".to_owned(),
    }
)]
pub(super) struct StoreTooOld {
    store: String,
    log: PathBuf,
    in_log: UserId,
    in_store: Option<UserId>,
}

/// Returns what can be done when the parts of a directory do not belong together.
pub(super) fn advice(error: &anyhow::Error, directory: &Path) -> Option<String> {
    let directory = directory.display();
    let seen = if error.is::<LogTooShort>() {
        format!("either the disk lost the end of the log, or `log` is an older copy than the rest of {directory}")
    } else if error.is::<StoreTooOld>() {
        format!("the store was lost or is an older copy than the rest of {directory}")
    } else {
        return None;
    };
    Some(format!(
        "{seen}: put back `log`, `history` and `shoal.sqlite` from one copy of {directory} that was made while nothing \
         ran, or begin anew with another --data"
    ))
}

/// Refuses a directory of which one part is older than another.
pub(super) async fn check(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    check_log(parts, directory).await?;
    check_store(parts, directory).await
}

/// Refuses memberships or a history that are ahead of the log.
async fn check_log(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    let projected = parts.store.projection_positions().await.context("asking how far the memberships are")?;
    let projected = projected.into_iter().collect();
    check_reader(&parts.log, directory, parts.store_place.clone(), Topic::SegmentChanges, projected).await?;
    let written = parts.warehouse.positions().await.context("asking how far the history is")?;
    let written = (0..).map(PartitionId).zip(written).collect();
    check_reader(&parts.log, directory, directory.history().display().to_string(), Topic::Events, written).await
}

/// Refuses a store that never gave the ids that the log and the history have.
async fn check_store(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    let in_store = parts.store.greatest_user_id().await.context("asking for the last user of the store")?;
    let in_history = parts.warehouse.greatest_user_id().await.context("asking for the last user of the history")?;
    let in_log = in_history.max(greatest_unwritten(parts).await?);
    match in_log {
        Some(in_log) if in_store < Some(in_log) => {
            Err(StoreTooOld { store: parts.store_place.clone(), log: directory.log(), in_log, in_store }.into())
        }
        _ => Ok(()),
    }
}

/// Returns the greatest user of the records that are in the log and not in the history yet.
async fn greatest_unwritten(parts: &Parts) -> anyhow::Result<Option<UserId>> {
    let written = parts.warehouse.positions().await.context("asking how far the history is")?;
    let mut greatest = None;
    for (partition, mut from) in (0..).map(PartitionId).zip(written) {
        loop {
            let records = parts.log.read(Topic::Events, partition, from, READ_AT_ONCE).await;
            let records = records.context("reading the end of the log")?;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            greatest = greatest.max(records.iter().map(|record| record.user_id).max());
        }
    }
    Ok(greatest)
}

async fn check_reader(
    log: &dyn EventLog,
    directory: &DataDirectory,
    reader: String,
    topic: Topic,
    positions: Vec<(PartitionId, Offset)>,
) -> anyhow::Result<()> {
    let mut lacking = Vec::new();
    for (partition, read_up_to) in positions {
        let end = log.range(topic, partition).await.context("asking where the log ends")?.end;
        if read_up_to > end {
            lacking.push((partition, read_up_to, end));
        }
    }
    let missing = lacking.iter().map(|(_, read_up_to, end)| read_up_to - end).sum();
    let worst = lacking.into_iter().max_by_key(|(_, read_up_to, end)| read_up_to - end);
    match worst {
        None => Ok(()),
        Some((partition, read_up_to, end)) => {
            Err(LogTooShort { log: directory.log(), reader, missing, partition, read_up_to, end }.into())
        }
    }
}
