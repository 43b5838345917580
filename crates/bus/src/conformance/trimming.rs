//! Reading on after retention took what was there: quietly when all of it was seen, loudly when not.

use std::time::Duration;

use schema::{Offset, PartitionId, Topic};

use super::installation::{Installation, Session};
use super::samples::{SOON, change, commit, event_in, own, read_changes, soon_enough, states, user_in};
use crate::{BusError, EventLog, PartitionOwner};

const PARTITION: PartitionId = PartitionId(1);
const CHANGES: Topic = Topic::SegmentChanges;
/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(150);

/// Whoever has read up to the last change goes on behind it, however much was trimmed meanwhile and whether
/// or not something came later; the owner says the same end as before.
pub async fn who_has_seen_all_that_was_trimmed_goes_on(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let seen = publish(&session, 1..3).await?;
    installation.close(session).await?;
    installation.trim(CHANGES, PARTITION).await?;

    // Twice: a start on a partition without changes keeps the knowledge for the next one.
    for _ in 0..2 {
        let session = installation.open().await?;
        assert_eq!(session.log.read(CHANGES, PARTITION, seen, 10).await?, []);
        let mut owner = own(&session, PARTITION).await?;
        let restored = owner.restore(&mut |_, _| {}).await?;
        assert_eq!(restored.changes_end, seen, "whoever has come there knows all of it");
        owner.commit(commit(restored.next_offset, Vec::new(), Vec::new())).await?;
        drop(owner);
        installation.close(session).await?;
    }

    let session = installation.open().await?;
    let log = session.log.clone();
    let waiting = tokio::spawn(async move {
        log.wait_for(CHANGES, PARTITION, seen).await?;
        log.read(CHANGES, PARTITION, seen, 10).await
    });
    tokio::time::sleep(A_WHILE).await;
    if waiting.is_finished() {
        panic!("nothing came, and waiting for it ended with {:?}", waiting.await);
    }
    publish(&session, 3..4).await?;
    let joined = soon_enough(tokio::time::timeout(SOON, waiting).await, "waking the reader");
    let read = joined.map_err(|error| BusError::Unavailable(error.to_string()))??;
    assert_eq!(read.len(), 1);
    installation.close(session).await?;

    let session = installation.open().await?;
    assert_eq!(session.log.read(CHANGES, PARTITION, seen, 10).await?, read, "in another process");
    session.log.wait_for(CHANGES, PARTITION, seen).await?;
    installation.close(session).await
}

/// Whoever has not read all that was trimmed is told so, with where to go on.
pub async fn what_was_trimmed_unseen_is_told(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let seen = publish(&session, 1..2).await?;
    publish(&session, 2..3).await?;
    installation.close(session).await?;
    installation.trim(CHANGES, PARTITION).await?;

    let session = installation.open().await?;
    publish(&session, 3..4).await?;
    let begin = told(&*session.log, CHANGES, seen).await;
    let kept = session.log.read(CHANGES, PARTITION, begin, 10).await?;
    assert_eq!(kept.len(), 1, "what came later is there");
    installation.close(session).await
}

/// The same when nothing came later.
pub async fn what_was_trimmed_as_the_last_is_told(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    let seen = publish(&session, 1..2).await?;
    publish(&session, 2..3).await?;
    installation.close(session).await?;
    installation.trim(CHANGES, PARTITION).await?;
    let session = installation.open().await?;
    let log = session.log.as_ref();
    let begin = told(log, CHANGES, seen).await;
    assert_eq!(log.read(CHANGES, PARTITION, begin, 10).await?, []);
    installation.close(session).await
}

/// Events are told of in the same way, by reading and by waiting.
pub async fn trimmed_events_are_told(installation: &dyn Installation) -> Result<(), BusError> {
    let session = installation.open().await?;
    session.log.append((0..3).map(|number| event_in(PARTITION, number)).collect()).await?;
    let mut owner = own(&session, PARTITION).await?;
    owner.commit(commit(3, Vec::new(), Vec::new())).await?;
    drop(owner);
    installation.close(session).await?;
    installation.trim(Topic::Events, PARTITION).await?;
    let session = installation.open().await?;
    assert_eq!(told(&*session.log, Topic::Events, 2).await, 3);
    assert_eq!(session.log.read(Topic::Events, PARTITION, 3, 10).await?, []);
    session.log.append(vec![event_in(PARTITION, 3)]).await?;
    session.log.wait_for(Topic::Events, PARTITION, 3).await?;
    assert_eq!(told(&*session.log, Topic::Events, 2).await, 3);
    installation.close(session).await
}

/// Publishes a change per number, each by a commit of its own, and returns where to read on behind them.
async fn publish(session: &Session, seqs: std::ops::Range<u64>) -> Result<Offset, BusError> {
    let mut owner: Box<dyn PartitionOwner> = own(session, PARTITION).await?;
    drop(states(&mut *owner).await?);
    for seq in seqs {
        let user_id = user_in(PARTITION, 0);
        owner.commit(commit(0, vec![(user_id, vec![1])], vec![change(user_id, seq)])).await?;
    }
    // As a segmenter does with the next event of anybody.
    owner.commit(commit(0, Vec::new(), Vec::new())).await?;
    let published = read_changes(session.log.as_ref(), CHANGES, PARTITION).await?;
    Ok(published.last().map_or(0, |(offset, _)| offset + 1))
}

/// Makes sure that reading and waiting at an offset tell that it was trimmed; returns where the log begins.
async fn told(log: &dyn EventLog, topic: Topic, asked: Offset) -> Offset {
    let read = log.read(topic, PARTITION, asked, 10).await;
    let waited = tokio::time::timeout(SOON, log.wait_for(topic, PARTITION, asked)).await;
    match (read, soon_enough(waited, "being told")) {
        (Err(BusError::Trimmed { begin, .. }), Err(BusError::Trimmed { begin: other, .. })) if begin == other => begin,
        (read, waited) => panic!("reading gave {read:?} and waiting {waited:?}"),
    }
}
