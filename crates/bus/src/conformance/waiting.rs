//! Waiting for what is not there yet.

use std::time::Duration;

use schema::{PartitionId, Topic};
use tokio::time::Instant;

use super::installation::Installation;
use super::samples::{SOON, change, commit, event_in, own, soon, soon_enough, user_in};
use crate::BusError;

const PARTITION: PartitionId = PartitionId(1);

/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(150);

/// `wait_for` returns when the record is there, not before, and at once for one that is there already.
pub async fn waiting_for_events_ends_with_the_append(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let log = session.log.clone();
    let waiting = tokio::spawn(async move { log.wait_for(Topic::Events, PARTITION, 1).await });
    session.log.append(vec![event_in(PARTITION, 0)]).await?;
    session.log.append(vec![event_in(PartitionId(2), 0)]).await?;
    tokio::time::sleep(A_WHILE).await;
    if waiting.is_finished() {
        panic!("offset 1 is not written yet, and waiting for it ended with {:?}", waiting.await);
    }
    session.log.append(vec![event_in(PARTITION, 1)]).await?;
    let joined = soon_enough(tokio::time::timeout(SOON, waiting).await, "waking the reader");
    joined.map_err(|error| BusError::Unavailable(error.to_string()))??;
    let at_once = tokio::time::timeout(SOON, session.log.wait_for(Topic::Events, PARTITION, 0)).await;
    soon_enough(at_once, "a record that is there")?;
    installation.close(session).await
}

/// Readers of changes are woken by the commit, and then see it.
pub async fn waiting_for_changes_ends_with_the_commit(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    let log = session.log.clone();
    let waiting = tokio::spawn(async move {
        log.wait_for(Topic::SegmentChanges, PARTITION, 0).await?;
        log.read(Topic::SegmentChanges, PARTITION, 0, 10).await
    });
    session.log.append(vec![event_in(PARTITION, 0)]).await?;
    tokio::time::sleep(A_WHILE).await;
    if waiting.is_finished() {
        panic!("nothing is committed yet, and waiting for it ended with {:?}", waiting.await);
    }
    owner.commit(commit(1, Vec::new(), vec![change(user_in(PARTITION, 0), 1)])).await?;
    let joined = soon_enough(tokio::time::timeout(SOON, waiting).await, "waking the reader");
    let read = joined.map_err(|error| BusError::Unavailable(error.to_string()))??;
    assert_eq!(read.len(), 1);
    installation.close(session).await
}

/// `poll` returns what is there, waits for what is not, and gives up at the deadline.
pub async fn polling_waits_until_the_deadline(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let mut owner = own(&session, PARTITION).await?;
    assert_eq!(owner.log_end().await?, 0);
    let begun = Instant::now();
    assert_eq!(owner.poll(0, 10, begun + A_WHILE).await?, []);
    assert!(begun.elapsed() >= A_WHILE, "it gave up after {:?}", begun.elapsed());
    let log = session.log.clone();
    let appending = tokio::spawn(async move {
        tokio::time::sleep(A_WHILE).await;
        log.append((0..3).map(|number| event_in(PARTITION, number)).collect()).await
    });
    let polled = owner.poll(0, 2, soon()).await?;
    appending.await.map_err(|error| BusError::Unavailable(error.to_string()))??;
    let offsets = |records: &[crate::StoredRecord]| records.iter().map(|record| record.offset).collect::<Vec<_>>();
    assert_eq!(offsets(&polled), [0, 1]);
    assert_eq!(offsets(&owner.poll(2, 10, soon()).await?), [2]);
    assert_eq!(owner.log_end().await?, 3);
    installation.close(session).await
}
