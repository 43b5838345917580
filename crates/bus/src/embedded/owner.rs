//! Partitions of the embedded log, as the one segmenter sees them.
//!
//! All partitions come at once and stay until someone else asks for them. Each time they are handed
//! out they get a new epoch, and the writing thread takes commits of the latest epoch only.

use std::collections::VecDeque;

use async_trait::async_trait;
use schema::{Offset, PartitionId, PartitionStatus, SegmentChange, Topic, UserId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::embedded_log::{EmbeddedLog, error_value};
use super::failure::from_fjall;
use super::keys::{partition_prefix, user_of};
use super::reading::read_written;
use super::request::{CommitWrite, Write};
use super::shared::Shared;
use super::stored::{NewValue, Position};
use crate::values::{encode, encode_letter};
use crate::{
    BusError, DeadLetter, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition, StoredRecord,
};

/// Restoring reads ahead by two chunks of this many bytes while the caller decodes.
const RESTORE_CHUNK_BYTES: usize = 1_024 * 1_024;

/// Hands out every partition of the embedded log once.
pub struct EmbeddedOwnership {
    log: EmbeddedLog,
    epoch: u64,
    waiting: VecDeque<PartitionId>,
}

impl EmbeddedOwnership {
    pub(super) fn new(log: EmbeddedLog) -> Self {
        let epoch = log.shared().next_epoch();
        let waiting = (0..log.shared().partitions).map(PartitionId).collect();
        Self { log, epoch, waiting }
    }
}

#[async_trait]
impl Ownership for EmbeddedOwnership {
    async fn next(&mut self) -> Result<Option<OwnershipChange>, BusError> {
        let Some(partition) = self.waiting.front().copied() else {
            return match self.log.shared().ended().await {
                _ if self.log.shared().is_closed() => Ok(None),
                failed => Err(failed),
            };
        };
        // Through the queue: what the owner before has committed is durable when this returns.
        self.log.request(Write::Claim { partition, epoch: self.epoch }).await?;
        self.waiting.pop_front();
        let owner = EmbeddedOwner { log: self.log.clone(), partition, epoch: self.epoch };
        Ok(Some(OwnershipChange::Assigned(Box::new(owner))))
    }
}

/// One owned partition of the embedded log.
pub struct EmbeddedOwner {
    log: EmbeddedLog,
    partition: PartitionId,
    epoch: u64,
}

#[async_trait]
impl PartitionOwner for EmbeddedOwner {
    fn partition(&self) -> PartitionId {
        self.partition
    }

    async fn restore(
        &mut self,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        let (chunks, mut read) = mpsc::channel(2);
        let (log, partition) = (self.log.clone(), self.partition);
        let reading = tokio::task::spawn_blocking(move || read_states(log.shared(), partition, &chunks));
        while let Some(chunk) = read.recv().await {
            for (user_id, state) in chunk {
                visit(user_id, &state);
            }
        }
        reading.await.map_err(|error| BusError::Unavailable(format!("restoring was interrupted: {error}")))??;
        self.restored()
    }

    async fn poll(
        &mut self,
        from: Offset,
        max_records: usize,
        deadline: Instant,
    ) -> Result<Vec<StoredRecord>, BusError> {
        let shared = self.log.shared();
        shared.check_health()?;
        let mut written = shared.written(self.partition)?.subscribe();
        let end = tokio::select! {
            biased;
            end = written.wait_for(|end| *end > from) => end.map(|end| *end).unwrap_or(from),
            reason = shared.ended() => return Err(reason),
            () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
        };
        read_written(&self.log, self.partition, from..end, max_records).await
    }

    async fn log_end(&mut self) -> Result<Offset, BusError> {
        Ok(*self.log.shared().written(self.partition)?.borrow())
    }

    async fn commit(&mut self, commit: PartitionCommit) -> Result<(), BusError> {
        let write = self.stored(commit)?;
        self.log.request(Write::Commit(Box::new(write))).await.map(|_| ())
    }

    fn report(&mut self, status: PartitionStatus) {
        self.log.shared().report(status);
    }
}

impl EmbeddedOwner {
    fn restored(&self) -> Result<RestoredPartition, BusError> {
        let shared = self.log.shared();
        let position = shared.keyspaces.position(self.partition)?;
        Ok(RestoredPartition {
            next_offset: position.next_offset,
            now: position.now,
            log_time: position.log_time,
            definitions: shared.keyspaces.definitions(self.partition)?,
            changes_end: shared.lane(Topic::SegmentChanges, self.partition)?.end(),
        })
    }

    fn stored(&self, commit: PartitionCommit) -> Result<CommitWrite, BusError> {
        let PartitionCommit { next_offset, now, log_time, users, changes, errors, dead_letters, definitions } = commit;
        let change = |change: &SegmentChange| Ok(NewValue::new(now, change.user_id, &encode(change)?));
        let letter = |letter: &DeadLetter| Ok(NewValue::new(now, letter.user_id, &encode_letter(letter)?));
        Ok(CommitWrite {
            partition: self.partition,
            epoch: self.epoch,
            position: Position { next_offset, now, log_time },
            definitions: definitions.as_ref().map(encode).transpose()?,
            states: users,
            changes: changes.iter().map(change).collect::<Result<_, BusError>>()?,
            errors: errors.iter().map(|error| error_value(error, now)).collect::<Result<_, BusError>>()?,
            dead_letters: dead_letters.iter().map(letter).collect::<Result<_, BusError>>()?,
        })
    }
}

type States = Vec<(UserId, fjall::UserValue)>;

fn read_states(shared: &Shared, partition: PartitionId, chunks: &mpsc::Sender<States>) -> Result<(), BusError> {
    let mut chunk = States::new();
    let mut size = 0;
    for entry in shared.keyspaces.states.prefix(partition_prefix(partition)) {
        let (key, state) = entry.into_inner().map_err(from_fjall)?;
        let user_id = user_of(&key).ok_or_else(|| BusError::Damaged("a state's key has another length".to_owned()))?;
        size += state.len() + key.len();
        chunk.push((user_id, state));
        if size >= RESTORE_CHUNK_BYTES {
            size = 0;
            if chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
    }
    // Nobody listens when restoring was given up.
    let _ = chunks.blocking_send(chunk);
    Ok(())
}
