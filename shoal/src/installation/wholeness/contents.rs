//! What the parts have read of each other: where that shows that something is missing.
//!
//! The memberships in the store and the events in the history each remember how far into the log they
//! are; a log that ends before that has lost its end. A store that never heard of the users in the log,
//! of their erasures or of the definitions that decided is an older one, or made anew.

use std::collections::BTreeSet;

use anyhow::Context as _;
use bus::EventLog;
use schema::{LogRecord, Offset, PartitionId, Topic, UserId};
use warehouse::Warehouse as _;

use super::refusal::{Names, Refusal};
use crate::installation::{DataDirectory, Parts};

/// Records read from the log at once: some megabytes.
const READ_AT_ONCE: usize = 4_096;

/// Refuses parts of which one has what another lacks.
pub(super) async fn check(parts: &Parts, directory: &DataDirectory, names: &Names) -> anyhow::Result<()> {
    check_log(parts, directory).await?;
    check_history(parts, names).await?;
    let unwritten = Unwritten::read(parts).await?;
    check_users(parts, names, unwritten.greatest).await?;
    check_erasures(parts, names, unwritten.deleted).await?;
    check_definitions(parts, names).await
}

/// Refuses memberships, deletions or a history that are ahead of the log.
async fn check_log(parts: &Parts, directory: &DataDirectory) -> anyhow::Result<()> {
    let projected = parts.store.projection_positions().await.context("asking how far the memberships are")?;
    let projected = projected.into_iter().collect();
    check_reader(&parts.log, directory, parts.store_place.clone(), Topic::SegmentChanges, projected).await?;
    let deleted = deletions(parts).await?;
    check_reader(&parts.log, directory, parts.store_place.clone(), Topic::Events, deleted).await?;
    let written = written(parts).await?;
    check_reader(&parts.log, directory, directory.history().display().to_string(), Topic::Events, written).await
}

/// Refuses a history that lacks what the log no longer has.
async fn check_history(parts: &Parts, names: &Names) -> anyhow::Result<()> {
    for (partition, written) in written(parts).await? {
        let begin = parts.log.range(Topic::Events, partition).await.context("asking where the log begins")?.start;
        if written < begin {
            let (history, log) = (names.history.clone(), names.log.clone());
            return Err(Refusal::HistoryTooOld { history, log, partition, written, begin }.into());
        }
    }
    Ok(())
}

/// Refuses a store that never gave the ids that the log and the history have.
async fn check_users(parts: &Parts, names: &Names, unwritten: Option<UserId>) -> anyhow::Result<()> {
    let in_store = parts.store.greatest_user_id().await.context("asking for the last user of the store")?;
    let in_history = parts.warehouse.greatest_user_id().await.context("asking for the last user of the history")?;
    let Some(in_log) = in_history.max(unwritten) else { return Ok(()) };
    let known = match in_store {
        Some(in_store) if in_store >= in_log => return Ok(()),
        Some(in_store) => format!("the store's last user is {in_store}"),
        None => "the store has no users".to_owned(),
    };
    let evidence = format!("the log names user {in_log}, {known}, so ids would be given again, to other people");
    Err(names.store_too_old(evidence).into())
}

/// Refuses a store that still has users whom the log erased. An erasure is in the store first.
async fn check_erasures(parts: &Parts, names: &Names, unwritten: BTreeSet<UserId>) -> anyhow::Result<()> {
    let in_store = parts.store.count_erasures().await.context("counting the erasures of the store")?;
    let in_log = parts.warehouse.count_deleted(unwritten).await.context("counting the deletions of the history")?;
    if in_store >= in_log {
        return Ok(());
    }
    let evidence = format!("the log erased {in_log} users, the store {in_store}, so it has users that are gone");
    Err(names.store_too_old(evidence).into())
}

/// Refuses a store that never had the definitions by which the memberships were decided.
async fn check_definitions(parts: &Parts, names: &Names) -> anyhow::Result<()> {
    let in_store = parts.store.generation().await.context("asking for the generation of the definitions")?;
    match parts.log.generation().context("asking which definitions the memberships are of")? {
        Some(in_log) if in_log > in_store => {
            let evidence = format!(
                "the memberships were decided by generation {} of the definitions, the store is at {}",
                in_log.0, in_store.0
            );
            Err(names.store_too_old(evidence).into())
        }
        _ => Ok(()),
    }
}

/// Returns how far the log goes at least that has the deletions which the store knows to be there.
async fn deletions(parts: &Parts) -> anyhow::Result<Vec<(PartitionId, Offset)>> {
    let last = parts.store.last_recorded_erasures().await.context("asking where the log has deletions")?;
    Ok(last.into_iter().map(|(partition, offset)| (partition, offset.saturating_add(1))).collect())
}

/// Returns how far the history is, by partition.
async fn written(parts: &Parts) -> anyhow::Result<Vec<(PartitionId, Offset)>> {
    let written = parts.warehouse.positions().await.context("asking how far the history is")?;
    Ok((0..).map(PartitionId).zip(written).collect())
}

/// What the records name that are in the log and not in the history yet.
#[derive(Default)]
struct Unwritten {
    greatest: Option<UserId>,
    deleted: BTreeSet<UserId>,
}

impl Unwritten {
    async fn read(parts: &Parts) -> anyhow::Result<Self> {
        let mut found = Self::default();
        for (partition, mut from) in written(parts).await? {
            loop {
                let records = parts.log.read(Topic::Events, partition, from, READ_AT_ONCE).await;
                let records = records.context("reading the end of the log")?;
                let Some(last) = records.last() else { break };
                from = last.offset + 1;
                found.greatest = found.greatest.max(records.iter().map(|record| record.user_id).max());
                // What cannot be decoded is a dead letter to everybody who reads it.
                let deletions = records.iter().filter_map(|record| match LogRecord::decode(&record.value) {
                    Ok(LogRecord::Deletion(deletion)) => Some(deletion.user_id),
                    _ => None,
                });
                found.deleted.extend(deletions);
            }
        }
        Ok(found)
    }
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
        // A log that was made anew may have fewer partitions: of the others it has nothing.
        let end = match partition.0 < log.partitions() {
            true => log.range(topic, partition).await.context("asking where the log ends")?.end,
            false => 0,
        };
        if read_up_to > end {
            lacking.push((partition, read_up_to, end));
        }
    }
    let missing = lacking.iter().map(|(_, read_up_to, end)| read_up_to - end).sum();
    let worst = lacking.into_iter().max_by_key(|(_, read_up_to, end)| read_up_to - end);
    match worst {
        None => Ok(()),
        Some((partition, read_up_to, end)) => {
            Err(Refusal::LogTooShort { log: directory.log(), reader, missing, partition, read_up_to, end }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
    use bus::{Ownership as _, OwnershipChange, PartitionCommit};
    use schema::{LogPosition, Timestamp, UserDeletion};
    use store::sqlite::SqliteStore;
    use store::{UserProfile, UserStore as _};
    use tempfile::TempDir;
    use warehouse::WriteBatch;
    use warehouse::embedded::EmbeddedWarehouse;

    use super::*;

    const ONLY: PartitionId = PartitionId(0);

    /// A directory whose log has deletions of the first users, all of long ago.
    struct Rig {
        folder: TempDir,
        parts: Parts,
        deletions: Vec<LogRecord>,
    }

    impl Rig {
        async fn with_deletions(number: i64) -> Self {
            let folder = TempDir::new().unwrap();
            let directory = DataDirectory::create(folder.path()).unwrap();
            let options =
                EmbeddedLogOptions { partitions: 1, trim_interval: Duration::from_millis(5), ..Default::default() };
            let log = EmbeddedLog::open(directory.log(), options).unwrap();
            let warehouse = Arc::new(EmbeddedWarehouse::open(directory.history(), 1).unwrap());
            let store = SqliteStore::open(directory.store()).await.unwrap();
            for _ in 0..number {
                store.create_user(&UserProfile::default()).await.unwrap();
            }
            let deletion = |user| UserDeletion { user_id: UserId(user), received_at: Timestamp::default() };
            let deletions: Vec<_> = (1..=number).map(|user| LogRecord::Deletion(deletion(user))).collect();
            log.append(deletions.clone()).await.unwrap();
            let parts =
                Parts { log, warehouse, store: Arc::new(store), store_place: "here".to_owned(), made: Vec::new() };
            Self { folder, parts, deletions }
        }

        /// Writes the first so many records to the history, which may be done to it before.
        async fn write(&self, from: Offset, next: Offset) {
            let records = (0..).zip(self.deletions.clone()).filter(|(offset, _)| (from..next).contains(offset));
            let batch = WriteBatch { partition: ONLY, from, next, records: records.collect() };
            self.parts.warehouse.write(batch).await.unwrap();
        }

        async fn trim(&self, begin: Offset) {
            let Some(OwnershipChange::Assigned(mut owner)) = self.parts.log.ownership().next().await.unwrap() else {
                panic!("the partition was not handed out")
            };
            owner.commit(PartitionCommit { next_offset: begin, ..PartitionCommit::default() }).await.unwrap();
            self.parts.log.set_writer_floor(ONLY, begin);
            let trimmed = async {
                while self.parts.log.range(Topic::Events, ONLY).await.unwrap().start < begin {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), trimmed).await.unwrap();
        }

        async fn erase(&self, users: std::ops::RangeInclusive<i64>) {
            for user in users {
                self.parts.store.erase_user(UserId(user)).await.unwrap().unwrap();
            }
        }

        async fn refusal(&self) -> Option<String> {
            let directory = DataDirectory::create(self.folder.path()).unwrap();
            let names = Names::new(&self.parts, &directory);
            check(&self.parts, &directory, &names).await.err().map(|error| error.to_string())
        }
    }

    #[track_caller]
    fn check_told(refusal: Option<String>, told: &str) {
        assert!(refusal.as_ref().is_some_and(|refusal| refusal.contains(told)), "`{told}` is not in {refusal:?}");
    }

    #[tokio::test]
    async fn a_history_is_filled_from_a_log_that_still_has_what_it_lacks() {
        let rig = Rig::with_deletions(4).await;
        rig.erase(1..=4).await;
        assert_eq!(rig.refusal().await, None, "an empty one");
        rig.trim(2).await;
        check_told(rig.refusal().await, "partition 0 is filled up to 0, and the log begins at 2");
        rig.write(0, 1).await;
        check_told(rig.refusal().await, "partition 0 is filled up to 1, and the log begins at 2");
        rig.write(1, 2).await;
        assert_eq!(rig.refusal().await, None);
    }

    #[tokio::test]
    async fn a_log_that_ends_before_a_deletion_that_the_store_knows_in_it_is_refused() {
        let rig = Rig::with_deletions(4).await;
        rig.erase(1..=4).await;
        for (user, offset) in [(1, 0), (3, 4), (2, 3)] {
            let told = rig.parts.store.record_erasure(UserId(user), LogPosition { partition: ONLY, offset }).await;
            assert!(told.unwrap().is_some());
            match user {
                1 => assert_eq!(rig.refusal().await, None),
                _ => check_told(rig.refusal().await, "that here has, partition 0 ends at 4 and was read up to 5"),
            }
        }
        rig.parts.log.append(rig.deletions[..1].to_vec()).await.unwrap();
        assert_eq!(rig.refusal().await, None);
        // The log was lost, and made anew with fewer partitions.
        let beyond = LogPosition { partition: PartitionId(7), offset: 0 };
        rig.parts.store.record_erasure(UserId(4), beyond).await.unwrap();
        check_told(rig.refusal().await, "that here has, partition 7 ends at 0 and was read up to 1");
    }

    #[tokio::test]
    async fn a_store_that_knows_fewer_erasures_than_log_and_history_is_refused() {
        let rig = Rig::with_deletions(3).await;
        rig.write(0, 2).await;
        rig.erase(1..=2).await;
        check_told(rig.refusal().await, "the log erased 3 users, the store 2");
        // One more is in the outbox: it is in the store first.
        rig.parts.store.create_user(&UserProfile::default()).await.unwrap();
        rig.erase(3..=4).await;
        assert_eq!(rig.refusal().await, None);
        // An outbox that was interrupted says it twice.
        rig.parts.log.append(rig.deletions.clone()).await.unwrap();
        assert_eq!(rig.refusal().await, None);
    }
}
