//! Partitions of the embedded log, as the one segmenter sees them.
//!
//! All partitions come at once and stay until someone else asks for them. Each time they are handed
//! out they get a new epoch, and the writing thread takes commits of the latest epoch only.

use std::collections::VecDeque;

use async_trait::async_trait;
use schema::{Offset, PartitionId, PartitionStatus, SegmentChange, UserId};
use tokio::time::Instant;

use super::embedded_log::{EmbeddedLog, error_value};
use super::reading::read_written;
use super::request::{CommitWrite, Write};
use super::restoring::restore;
use super::stored::{NewValue, Position};
use crate::values::encode;
use crate::{
    BusError, DeadLetter, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition, StoredRecord,
};

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
        restore(&self.log, self.partition, visit).await
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
    fn stored(&self, commit: PartitionCommit) -> Result<CommitWrite, BusError> {
        let PartitionCommit { next_offset, now, log_time, users, changes, errors, dead_letters, definitions } = commit;
        let change = |change: &SegmentChange| Ok(NewValue::new(now, change.user_id, &encode(change)?));
        let letter = |letter: &DeadLetter| Ok(NewValue::new(now, letter.user_id, &letter.encode()?));
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
