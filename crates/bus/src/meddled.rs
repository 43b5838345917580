//! A log of which a test changes some answers, for tests of what stands on a log.

use std::ops::Range;

use async_trait::async_trait;
use schema::{Definitions, ErrorRecord, Generation, LogPosition, Offset, PartitionId, PartitionStatus, Topic, UserId};

use crate::embedded::EmbeddedLog;
use crate::{BusError, DeadLetter, EventLog, NewRecord, RestoredPartition, StoredRecord, TrimHold};

/// What a test changes; everything that is left out the log answers as ever.
#[async_trait]
pub trait Meddler: Send + Sync {
    /// Instead of [`EventLog::check_room`].
    fn check_room(&self, log: &EmbeddedLog) -> Result<(), BusError> {
        log.check_room()
    }

    /// Instead of [`EventLog::append`].
    async fn append(&self, log: &EmbeddedLog, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        log.append(records).await
    }

    /// Instead of [`EventLog::append_errors`].
    async fn append_errors(&self, log: &EmbeddedLog, errors: Vec<ErrorRecord>) -> Result<(), BusError> {
        log.append_errors(errors).await
    }

    /// Instead of [`EventLog::append_dead_letters`].
    async fn append_dead_letters(&self, log: &EmbeddedLog, letters: Vec<DeadLetter>) -> Result<(), BusError> {
        log.append_dead_letters(letters).await
    }

    /// Instead of [`EventLog::read`].
    async fn read(
        &self,
        log: &EmbeddedLog,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        log.read(topic, partition, from, max_records).await
    }

    /// Instead of [`EventLog::wait_for`].
    async fn wait_for(
        &self,
        log: &EmbeddedLog,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
    ) -> Result<(), BusError> {
        log.wait_for(topic, partition, from).await
    }

    /// Instead of [`EventLog::range`].
    async fn range(&self, log: &EmbeddedLog, topic: Topic, partition: PartitionId) -> Result<Range<Offset>, BusError> {
        log.range(topic, partition).await
    }
}

/// A log and who meddles with it.
pub struct MeddledLog<M> {
    /// The log.
    pub log: EmbeddedLog,
    /// Who meddles.
    pub meddler: M,
}

#[async_trait]
impl<M: Meddler> EventLog for MeddledLog<M> {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn check_room(&self) -> Result<(), BusError> {
        self.meddler.check_room(&self.log)
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        self.meddler.append(&self.log, records).await
    }

    async fn append_errors(&self, errors: Vec<ErrorRecord>) -> Result<(), BusError> {
        self.meddler.append_errors(&self.log, errors).await
    }

    async fn append_dead_letters(&self, letters: Vec<DeadLetter>) -> Result<(), BusError> {
        self.meddler.append_dead_letters(&self.log, letters).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        self.meddler.read(&self.log, topic, partition, from, max_records).await
    }

    async fn range(&self, topic: Topic, partition: PartitionId) -> Result<Range<Offset>, BusError> {
        self.meddler.range(&self.log, topic, partition).await
    }

    async fn wait_for(&self, topic: Topic, partition: PartitionId, from: Offset) -> Result<(), BusError> {
        self.meddler.wait_for(&self.log, topic, partition, from).await
    }

    fn set_writer_floor(&self, partition: PartitionId, floor: Offset) {
        self.log.set_writer_floor(partition, floor);
    }

    async fn hold_trimming(&self) -> Result<TrimHold, BusError> {
        self.log.hold_trimming().await
    }

    async fn last_commit(
        &self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        self.log.last_commit(partition, visit).await
    }

    async fn statuses(&self) -> Result<Vec<PartitionStatus>, BusError> {
        self.log.statuses().await
    }

    async fn publish_definitions(&self, definitions: &Definitions) -> Result<(), BusError> {
        self.log.publish_definitions(definitions).await
    }

    async fn definitions_after(&self, after: Generation) -> Result<Definitions, BusError> {
        self.log.definitions_after(after).await
    }
}
