//! Who may commit, and what the next owner sees.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Generation, PartitionId, PartitionStatus, Timestamp, Topic};

use super::installation::{Installation, PARTITIONS};
use super::samples::{SOON, change, commit, own, read_changes, soon_enough, states, user_in};
use crate::{BusError, OwnershipChange};

const PARTITION: PartitionId = PartitionId(0);

/// An owner whose partition was handed to another one can commit no more, and has changed nothing.
pub async fn a_superseded_owner_is_fenced(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let ana = user_in(PARTITION, 0);
    let mut first = own(&session, PARTITION).await?;
    first.commit(commit(1, vec![(ana, b"first".to_vec())], vec![change(ana, 1)])).await?;
    let mut second = own(&session, PARTITION).await?;
    let refused = first.commit(commit(2, vec![(ana, b"late".to_vec())], vec![change(ana, 2)])).await;
    assert!(matches!(refused, Err(BusError::Fenced(PARTITION))), "got {refused:?}");
    assert_eq!(states(&mut *second).await?, BTreeMap::from([(ana, b"first".to_vec())]));
    second.commit(commit(2, vec![(ana, b"second".to_vec())], vec![change(ana, 2)])).await?;
    let published = read_changes(&*session.log, Topic::SegmentChanges, PARTITION).await?;
    let published: Vec<_> = published.into_iter().map(|(_, change)| change).collect();
    assert_eq!(published, [change(ana, 1), change(ana, 2)], "each change once");
    installation.close(session).await
}

/// Every partition is handed out, each once.
pub async fn every_partition_is_handed_out_once(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut ownership = (session.ownership)();
    let mut partitions = BTreeSet::new();
    while partitions.len() < usize::from(PARTITIONS) {
        match soon_enough(tokio::time::timeout(SOON, ownership.next()).await, "handing out partitions")? {
            Some(OwnershipChange::Assigned(owner)) => {
                assert!(partitions.insert(owner.partition()), "partition {} came twice", owner.partition());
            }
            Some(OwnershipChange::Revoked(partition)) => panic!("partition {partition} was taken away"),
            Some(OwnershipChange::Idle) => panic!("nobody else is there to own anything"),
            None => panic!("the log was closed"),
        }
    }
    drop(ownership);
    installation.close(session).await
}

/// What owners report can be asked for, the latest of each partition.
pub async fn statuses_are_the_latest_reports(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    assert_eq!(session.log.statuses().await?, []);
    let mut owner = own(&session, PARTITION).await?;
    owner.report(status(1));
    owner.report(status(2));
    assert_eq!(session.log.statuses().await?, [status(2)]);
    drop(owner);
    installation.close(session).await
}

fn status(users: u64) -> PartitionStatus {
    PartitionStatus {
        partition: PARTITION,
        as_of: Timestamp::from_micros(7),
        next_offset: 3,
        changes_end: 4,
        generation: Generation(5),
        absorbing: None,
        backfill: None,
        failure: None,
        users,
    }
}
