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
use schema::{Lineage, Offset, PartitionId, Topic, UserId};
use uuid::Uuid;
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

/// A part of a data directory is an older copy than another, or was made anew.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{older} is older than {newer}: {evidence}; nothing was started, nothing was changed")]
pub(super) struct TooOld {
    older: String,
    newer: String,
    evidence: String,
}

/// Parts that were never together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{store} and {log} belong to different installations; nothing was started, nothing was changed")]
pub(super) struct Strangers {
    store: String,
    log: String,
}

/// Returns what can be done when the parts of a directory do not belong together.
pub(super) fn advice(error: &anyhow::Error, directory: &Path) -> Option<String> {
    let directory = directory.display();
    let seen = if error.is::<LogTooShort>() {
        format!("either the disk lost the end of the log, or `log` is an older copy than the rest of {directory}")
    } else if let Some(TooOld { older, .. }) = error.downcast_ref() {
        format!("{older} was lost, or is an older copy than the rest of {directory}")
    } else if error.is::<Strangers>() {
        "a part of another installation was put there".to_owned()
    } else {
        return None;
    };
    Some(format!(
        "{seen}: put back `log`, `history` and `shoal.sqlite` from one copy of {directory} that was made while nothing \
         ran, or begin anew with another --data"
    ))
}

/// Refuses a directory of which one part is older than another; marks the others as started together.
pub(super) async fn check(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    check_log(parts, directory).await?;
    let names = Names {
        store: format!("the store {}", parts.store_place),
        log: format!("the log in {}", directory.log().display()),
    };
    check_users(parts, &names).await?;
    check_definitions(parts, &names).await?;
    count_start(parts, &names).await
}

/// What the parts are called.
struct Names {
    store: String,
    log: String,
}

impl Names {
    fn store_too_old(&self, evidence: String) -> anyhow::Error {
        TooOld { older: self.store.clone(), newer: self.log.clone(), evidence }.into()
    }

    fn log_too_old(&self, evidence: String) -> anyhow::Error {
        TooOld { older: self.log.clone(), newer: self.store.clone(), evidence }.into()
    }
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
async fn check_users(parts: &Parts, names: &Names) -> anyhow::Result<()> {
    let in_store = parts.store.greatest_user_id().await.context("asking for the last user of the store")?;
    let in_history = parts.warehouse.greatest_user_id().await.context("asking for the last user of the history")?;
    let Some(in_log) = in_history.max(greatest_unwritten(parts).await?) else { return Ok(()) };
    let known = match in_store {
        Some(in_store) if in_store >= in_log => return Ok(()),
        Some(in_store) => format!("the store's last user is {in_store}"),
        None => "the store has no users".to_owned(),
    };
    Err(names
        .store_too_old(format!("the log names user {in_log}, {known}, so ids would be given again, to other people")))
}

/// Refuses a store that never had the definitions by which the memberships were decided.
async fn check_definitions(parts: &Parts, names: &Names) -> anyhow::Result<()> {
    let in_store = parts.store.generation().await.context("asking for the generation of the definitions")?;
    match parts.log.generation().context("asking which definitions the memberships are of")? {
        Some(in_log) if in_log > in_store => Err(names.store_too_old(format!(
            "the memberships were decided by generation {} of the definitions, the store is at {}",
            in_log.0, in_store.0
        ))),
        _ => Ok(()),
    }
}

/// Refuses parts that were not started together, and counts this start in both.
///
/// First in the store: a crash in between leaves that one ahead, by one, however often it happens.
async fn count_start(parts: &Parts, names: &Names) -> anyhow::Result<()> {
    let in_store = parts.store.lineage().await.context("asking which installation the store belongs to")?;
    let in_log = parts.log.lineage().context("asking which installation the log belongs to")?;
    let lineage = started(in_store, in_log, names)?;
    parts.store.set_lineage(&lineage).await.context("counting the start in the store")?;
    parts.log.set_lineage(&lineage).context("counting the start in the log")
}

fn started(in_store: Option<Lineage>, in_log: Option<Lineage>, names: &Names) -> anyhow::Result<Lineage> {
    let (installation, in_store, in_log) = match (in_store, in_log) {
        (None, None) => return Ok(Lineage { installation: Uuid::new_v4(), starts: 1 }),
        (Some(store), Some(log)) if store.installation != log.installation => {
            return Err(Strangers { store: names.store.clone(), log: names.log.clone() }.into());
        }
        (Some(store), log) => (store.installation, store.starts, log.map_or(0, |log| log.starts)),
        (None, Some(log)) => (log.installation, 0, log.starts),
    };
    let evidence = || format!("the log counts {in_log} starts, the store {in_store}");
    if in_store < in_log {
        return Err(names.store_too_old(evidence()));
    }
    if in_store > in_log + 1 {
        return Err(names.log_too_old(evidence()));
    }
    // Of the log: a start that was interrupted, however often, is counted once.
    Ok(Lineage { installation, starts: in_log + 1 })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(in_store: Option<(u128, u64)>, in_log: Option<(u128, u64)>, expected: Result<u64, &str>) {
        let lineage = |(installation, starts)| Lineage { installation: Uuid::from_u128(installation), starts };
        let names = Names { store: "the store S".to_owned(), log: "the log in L".to_owned() };
        let found = started(in_store.map(lineage), in_log.map(lineage), &names);
        match (found, expected) {
            (Ok(found), Ok(starts)) => assert_eq!(found.starts, starts),
            (Err(error), Err(told)) => assert!(error.to_string().starts_with(told), "{error}"),
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        }
    }

    #[test]
    fn parts_that_were_started_together_go_on() {
        check(None, None, Ok(1));
        check(Some((1, 4)), Some((1, 4)), Ok(5));
    }

    #[test]
    fn starts_that_are_interrupted_while_they_are_counted_leave_the_store_ahead_by_one_at_most() {
        check(Some((1, 1)), None, Ok(1));
        check(Some((1, 5)), Some((1, 4)), Ok(5));
    }

    #[test]
    fn parts_of_different_age_or_origin_are_refused() {
        check(Some((1, 3)), Some((1, 4)), Err("the store S is older than the log in L"));
        check(None, Some((1, 1)), Err("the store S is older than the log in L"));
        check(Some((1, 6)), Some((1, 4)), Err("the log in L is older than the store S"));
        check(Some((1, 2)), None, Err("the log in L is older than the store S"));
        check(Some((1, 4)), Some((2, 4)), Err("the store S and the log in L belong to different installations"));
    }
}
