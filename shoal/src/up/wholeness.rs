//! Whether the log of a data directory still holds everything that was read from it.
//!
//! The memberships in the store and the events in the history each remember how far into the log they
//! are. A log that ends before that has lost its end, or belongs to another directory. Going on would
//! give new records the places of lost ones, and whoever has read those would pass over the new ones
//! without a word; so `shoal up` refuses before it starts anything.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bus::EventLog;
use schema::{Offset, PartitionId, Topic};
use warehouse::Warehouse as _;

use super::parts::{DataDirectory, Parts};

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

/// Returns what can be done when the log of a directory is too short.
pub(super) fn advice(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "either the disk lost the end of the log, or `log` is an older copy than the rest of {directory}: \
         put back `log`, `history` and `shoal.sqlite` from one copy of {directory} that was made while nothing \
         ran, or begin anew with another --data"
    )
}

/// Refuses a directory whose memberships or history are ahead of its log.
pub(super) async fn check(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    let projected = parts.store.projection_positions().await.context("asking how far the memberships are")?;
    let projected = projected.into_iter().collect();
    check_reader(&parts.log, directory, parts.store_place.clone(), Topic::SegmentChanges, projected).await?;
    let written = parts.warehouse.positions().await.context("asking how far the history is")?;
    let written = (0..).map(PartitionId).zip(written).collect();
    check_reader(&parts.log, directory, directory.history().display().to_string(), Topic::Events, written).await
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
