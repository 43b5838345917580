//! Copies of an installation that never stands still: whatever moves while it is read, a copy belongs together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::embedded::EmbeddedLogOptions;
use bus::{EventLog as _, Ownership as _, OwnershipChange, PartitionCommit, PartitionOwner};
use schema::{Cause, LogRecord, Offset, PartitionId, SegmentChange, SegmentId, Timestamp, Topic, UserDeletion, UserId};
use store::transfer::{Cell, Row, Table};
use store::{ProjectionBatch, UserProfile};
use store::{Store, StoreOptions};
use tempfile::TempDir;

use super::manifest::{EventLine, Manifest, StateLine};
use super::place::Place;
use super::{export, import};
use crate::installation::{DataDirectory, Parts};

const ONLY: PartitionId = PartitionId(0);
const COPIES: usize = 6;
const HOUR: Duration = Duration::from_secs(3_600);

/// One partition of a data directory.
pub(super) async fn open(folder: &Path) -> (Parts, DataDirectory, StoreOptions) {
    let directory = DataDirectory::create(folder).unwrap();
    let options = EmbeddedLogOptions { partitions: 1, ..EmbeddedLogOptions::default() };
    let store = config_api::Config::defaults().unwrap().store_options();
    (Parts::open(&directory, options, store.clone()).await.unwrap(), directory, store)
}

/// The state of a user as far as a copy looks into it.
fn state(seq: u64) -> Vec<u8> {
    assert!(seq < 128, "in one byte");
    vec![4, 0, u8::try_from(seq).unwrap()]
}

fn change(user_id: UserId, seq: u64) -> SegmentChange {
    SegmentChange {
        user_id,
        in_segments: if seq % 2 == 1 { vec![SegmentId(1)] } else { Vec::new() },
        out_segments: if seq.is_multiple_of(2) { vec![SegmentId(1)] } else { Vec::new() },
        segments: if seq % 2 == 1 { vec![SegmentId(1)] } else { Vec::new() },
        seq,
        cause: Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(1),
    }
}

/// A user comes, does something, and something becomes of it: each event one commit of one change of its user.
async fn move_on(parts: Parts, mut owner: Box<dyn PartitionOwner>, stop: Arc<AtomicBool>) {
    let mut seqs = BTreeMap::<UserId, u64>::new();
    for number in 0_u64.. {
        let user_id = match number % 3 {
            0 => parts.store.create_user(&UserProfile::default()).await.unwrap().user_id,
            _ => *seqs.keys().rev().nth(usize::try_from(number % 5).unwrap()).unwrap_or(&UserId(1)),
        };
        let record = UserDeletion { user_id, received_at: Timestamp::from_micros(i64::try_from(number).unwrap()) };
        parts.log.append(vec![LogRecord::Deletion(record)]).await.unwrap();
        let seq = seqs.entry(user_id).and_modify(|seq| *seq += 1).or_insert(1);
        let users = vec![(user_id, state(*seq))];
        let commit = PartitionCommit {
            next_offset: number + 1,
            users,
            changes: vec![change(user_id, *seq)],
            ..Default::default()
        };
        owner.commit(commit).await.unwrap();
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Projects in batches, so that memberships are behind as a rule.
async fn project(log: &dyn bus::EventLog, store: &dyn Store, at_least: usize) {
    let from = store.projection_positions().await.unwrap().get(&ONLY).copied().unwrap_or_default();
    let records = log.read(Topic::SegmentChanges, ONLY, from, 64).await.unwrap();
    let Some(last) = records.last().filter(|_| records.len() >= at_least) else { return };
    let changes = records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect();
    store.project(&[ProjectionBatch { partition: ONLY, from, next: last.offset + 1, changes }]).await.unwrap();
}

fn rows(manifest: &Manifest, folder: &Path, table: Table) -> Vec<Row> {
    manifest.store[table.as_str()].read::<Row>(folder).collect::<Result<_, _>>().unwrap()
}

fn numbers(rows: &[Row]) -> BTreeMap<UserId, i64> {
    let number = |row: &Row| match row[..] {
        [Cell::Integer(user_id), Cell::Integer(number)] => (UserId(user_id), number),
        _ => panic!("{row:?}"),
    };
    rows.iter().map(number).collect()
}

fn last_seqs<'a>(changes: impl IntoIterator<Item = &'a SegmentChange>) -> BTreeMap<UserId, i64> {
    changes.into_iter().map(|change| (change.user_id, i64::try_from(change.seq).unwrap())).collect()
}

/// Sees that a copy belongs together; returns how many changes its memberships lack.
fn check(manifest: &Manifest, folder: &Path) -> u64 {
    let exported = &manifest.log[0];
    let events: Vec<LogRecord> =
        exported.events.read::<EventLine>(folder).map(|line| line.unwrap().decode().unwrap()).collect();
    let changes: Vec<SegmentChange> = exported.changes.read(folder).collect::<Result<_, _>>().unwrap();
    let states: BTreeMap<UserId, i64> = exported
        .states
        .read::<StateLine>(folder)
        .map(|line| line.unwrap())
        .map(|line| (line.user_id, i64::from(line.decode().unwrap()[2])))
        .collect();
    assert!(exported.next_offset <= events.len() as Offset, "events of the state are missing");
    // Each event is one change.
    assert_eq!(changes.len() as Offset, exported.next_offset, "changes and state are of one commit");
    assert_eq!(last_seqs(&changes), states);
    let projected = exported.projected_changes();
    let behind = &changes[..usize::try_from(projected).unwrap()];
    assert_eq!(numbers(&rows(manifest, folder, Table::MembershipSeqs)), last_seqs(behind), "memberships");
    let users: BTreeSet<UserId> = rows(manifest, folder, Table::Users)
        .iter()
        .map(|row| match row[0] {
            Cell::Integer(user_id) => UserId(user_id),
            _ => panic!("{row:?}"),
        })
        .collect();
    assert!(events.iter().all(|event| users.contains(&event.user_id())), "events of unknown users");
    changes.len() as u64 - projected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_what_moves_belong_together_and_go_on() {
    let folder = TempDir::new().unwrap();
    let (parts, directory, store) = open(&folder.path().join("data")).await;
    let Some(OwnershipChange::Assigned(owner)) = parts.log.ownership().next().await.unwrap() else {
        panic!("the partition was not handed out")
    };
    let stop = Arc::new(AtomicBool::new(false));
    let moving = tokio::spawn(move_on(parts.clone(), owner, stop.clone()));
    let (projected, until) = (parts.clone(), stop.clone());
    let projecting = tokio::spawn(async move {
        while !until.load(Ordering::Relaxed) {
            project(&projected.log, projected.store.as_ref(), 7).await;
            tokio::task::yield_now().await;
        }
    });
    let mut behind = 0;
    for number in 0..COPIES {
        parts.log.wait_for(Topic::Events, ONLY, (number as Offset + 1) * 20).await.unwrap();
        let copy = folder.path().join(format!("copy-{number}"));
        let place = Place::of_running(parts.clone(), directory.clone(), store.clone());
        let manifest = export::back_up(&place, &copy).await.unwrap();
        manifest.verify(&copy).unwrap();
        behind += check(&manifest, &copy);

        // Whoever goes on with it projects what is left.
        let (parts, directory, store) = open(&folder.path().join(format!("restored-{number}"))).await;
        let forgetful = Place::of_running(parts.clone(), directory.clone(), store.clone()).with_retention(HOUR);
        let refused = import::import(&manifest, &copy, &forgetful).await.unwrap_err().to_string();
        assert!(refused.contains("would be removed from the brokers"), "{refused}");
        let place = Place::of_running(parts.clone(), directory, store);
        import::import(&manifest, &copy, &place).await.unwrap();
        for _ in 0..manifest.log[0].changes.records {
            project(&parts.log, parts.store.as_ref(), 1).await;
        }
        let mut reading = parts.store.begin_reading().await.unwrap();
        let seqs = reading.rows(Table::MembershipSeqs, None, 10_000).await.unwrap();
        let changes: Vec<SegmentChange> = manifest.log[0].changes.read(&copy).collect::<Result<_, _>>().unwrap();
        assert_eq!(numbers(&seqs), last_seqs(&changes));
    }
    stop.store(true, Ordering::Relaxed);
    moving.await.unwrap();
    projecting.await.unwrap();
    assert!(behind > 0, "no copy had memberships that were behind");
}
