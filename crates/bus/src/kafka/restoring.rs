//! Restoring: the compacted state, read once from end to end by whoever claims the partition, or copies it
//! beside its owner.
//!
//! A compacted topic holds older values of a key too, so the users are gathered before they are shown. Whoever
//! claims begins to read meanwhile: what was committed before stays committed. Where the state *ends* is
//! only asked when the claim has fenced everybody else.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::{BorrowedMessage, Message};
use schema::{Offset, PartitionId, Topic, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::ends::Ends;
use super::gathered::Gathered;
use super::kafka_log::KafkaLog;
use super::topics::{self, Lane};
use super::trimmed;
use crate::{BusError, RestoredPartition};

/// How often to look whether the brokers have settled a commit that was begun.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// A reading this short is not overtaken by a segment that is rolled and compacted meanwhile.
const QUICK: Duration = Duration::from_secs(5);

/// So many partitions of a process are read while they are claimed: each holds its encoded state until it is restored.
pub(super) const HEAD_STARTS: usize = 4;

/// What is read of a partition's state while the partition is being claimed. Ends when it is dropped.
pub(super) struct HeadStart {
    reading: JoinSet<Result<Gathered, BusError>>,
    _permit: OwnedSemaphorePermit,
}

impl HeadStart {
    /// Begins to read, unless enough others do.
    pub(super) fn begin(log: &KafkaLog, permits: &Arc<Semaphore>, partition: PartitionId) -> Option<Self> {
        let permit = Arc::clone(permits).try_acquire_owned().ok()?;
        let (log, mut reading) = (log.clone(), JoinSet::new());
        reading.spawn(async move {
            let state = log.handle().names.lane_of(topics::STATE, partition);
            let mut gathered = Gathered::default();
            // Whatever is behind a commit under way is read later, when that one is decided.
            let end = log.handle().reader.ends().end(&state).await?;
            gather_up_to(&log, &state, end, &mut gathered).await?;
            Ok(gathered)
        });
        Some(Self { reading, _permit: permit })
    }

    /// Returns what was read, nothing if that failed: reading goes on where this ends.
    pub(super) async fn finish(mut self) -> Gathered {
        match self.reading.join_next().await {
            Some(Ok(Ok(gathered))) => return gathered,
            Some(Ok(Err(error))) => tracing::debug!(%error, "reading a state ahead; beginning again"),
            Some(Err(error)) => tracing::debug!(%error, "reading a state ahead; beginning again"),
            None => {}
        }
        Gathered::default()
    }
}

/// Reads the last commit: `visit` gets every user's state, then the rest is returned.
///
/// `watermarks` know where partitions end, records of unfinished commits included. `gathered` is what was read
/// already. Beside an owner who goes on committing, `changes_end` may be behind changes of later commits.
pub(super) async fn restore(
    log: &KafkaLog,
    watermarks: &Ends,
    partition: PartitionId,
    gathered: Gathered,
    visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
) -> Result<RestoredPartition, BusError> {
    let handle = log.handle();
    let state = handle.names.lane_of(topics::STATE, partition);
    let changes = handle.names.lane(Topic::SegmentChanges, partition);
    let gathered = gather(log, watermarks, &state, gathered).await?;
    settled_end(log, watermarks, &changes).await?;
    let changes_end = trimmed::end(handle, &changes, gathered.position()).await?;
    gathered.show(partition, visit, changes_end)
}

/// Reads up to where the partition ends, in turns until one was quick: compaction, which may take a value
/// away because of one behind the end of that turn, comes slower than that.
async fn gather(log: &KafkaLog, watermarks: &Ends, state: &Lane, mut gathered: Gathered) -> Result<Gathered, BusError> {
    loop {
        let began = Instant::now();
        let end = settled_end(log, watermarks, state).await?;
        gather_up_to(log, state, end, &mut gathered).await?;
        if began.elapsed() < QUICK {
            return Ok(gathered);
        }
    }
}

/// Reads on, from the beginning or from where the turn before ended.
async fn gather_up_to(log: &KafkaLog, state: &Lane, end: Offset, gathered: &mut Gathered) -> Result<(), BusError> {
    let reader = &log.handle().reader;
    let from = match gathered.next {
        Some(next) => next,
        None => reader.ends().begin(state).await?,
    };
    let mut note = |message: &BorrowedMessage<'_>| gathered.note(message.key(), message.payload());
    reader.scanner().scan(state, from..end, &mut note).await?;
    gathered.next = Some(end.max(from));
    Ok(())
}

/// Returns where a partition ends for readers of committed records, when they see everything that is in it
/// now. They see nothing behind a commit under way; a state that ended there would be old.
async fn settled_end(log: &KafkaLog, watermarks: &Ends, lane: &Lane) -> Result<Offset, BusError> {
    let handle = log.handle();
    let deadline = Instant::now() + handle.options.request_timeout;
    let written = watermarks.end(lane).await?;
    loop {
        let settled = handle.reader.ends().end(lane).await?;
        if settled >= written {
            return Ok(settled);
        }
        if Instant::now() > deadline {
            return Err(BusError::Unavailable(format!("a commit of somebody else is under way in `{}`", lane.topic)));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
