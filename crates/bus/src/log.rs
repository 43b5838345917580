//! The log as writers and readers see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use schema::{
    Definitions, ErrorRecord, Generation, LogPosition, LogRecord, Offset, PartitionId, PartitionStatus, Topic, UserId,
};

use crate::{BusError, DeadLetter, RestoredPartition};

/// A record to append to `events`; its partition follows from its user.
pub type NewRecord = LogRecord;

/// A record as it lies in a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRecord {
    /// Where in the partition.
    pub offset: Offset,
    /// The key.
    pub user_id: UserId,
    /// The value: JSON.
    pub value: Bytes,
}

/// Keeps a log from trimming while it lives.
#[derive(Debug, Default)]
#[must_use = "trimming goes on when it is dropped"]
pub struct TrimHold(Option<Arc<AtomicUsize>>);

impl TrimHold {
    /// Counts one hold more, until it is dropped.
    pub(crate) fn of(holds: &Arc<AtomicUsize>) -> Self {
        holds.fetch_add(1, Ordering::AcqRel);
        Self(Some(Arc::clone(holds)))
    }
}

impl Drop for TrimHold {
    fn drop(&mut self) {
        if let Some(holds) = &self.0 {
            holds.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// The topics: appended to by ingestion, read by the warehouse writer and by subscribers.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Returns how many partitions every topic has; fixed at installation.
    fn partitions(&self) -> u16;

    /// Refuses when the next append would be refused for want of room; asked before something is done
    /// that only an append makes worth while. Servers that are full say so when they are asked.
    fn check_room(&self) -> Result<(), BusError> {
        Ok(())
    }

    /// Appends to `events`, all or nothing per call in the embedded form; durable when it returns.
    /// Positions are in the order of the records. Many calls under way share one sync to disk.
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError>;

    /// Appends to `errors`; durable when it returns.
    async fn append_errors(&self, errors: Vec<ErrorRecord>) -> Result<(), BusError>;

    /// Appends to `dead-letters` what somebody else than an owner puts aside; durable when it returns.
    async fn append_dead_letters(&self, letters: Vec<DeadLetter>) -> Result<(), BusError>;

    /// Reads at most `max_records` from `from` on, in order; empty at the end of the partition.
    /// Of changes, only committed and durable ones are seen.
    async fn read(
        &self,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError>;

    /// Returns the first offset that is still kept and the first that is not written yet.
    async fn range(&self, topic: Topic, partition: PartitionId) -> Result<std::ops::Range<Offset>, BusError>;

    /// Returns when the partition has a record at `from` or later that `read` would return; like `read`, refuses
    /// as `Trimmed` when a record at `from` or later is gone, and only then: a place behind the last record is none
    /// of those, whatever a server keeps between its records.
    async fn wait_for(&self, topic: Topic, partition: PartitionId, from: Offset) -> Result<(), BusError>;

    /// Says that the warehouse durably holds every event of the partition below `floor`: retention
    /// keeps the others, however old. Where a server trims by age alone it has no effect.
    fn set_writer_floor(&self, partition: PartitionId, floor: Offset) {
        let _ = (partition, floor);
    }

    /// Keeps everything that is there from being trimmed while the hold lives. Where a server trims by age
    /// alone it has no effect.
    async fn hold_trimming(&self) -> Result<TrimHold, BusError> {
        Ok(TrimHold::default())
    }

    /// Reads the last commit of a partition beside its owner: `visit` gets every user's state, then the
    /// rest is returned. All of it is of one commit, but for `changes_end`, below which are all changes of
    /// that commit and perhaps some of later ones; a user's `seq` tells.
    async fn last_commit(
        &self,
        partition: PartitionId,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError>;

    /// Returns the latest status of each owned partition, ascending by partition.
    async fn statuses(&self) -> Result<Vec<PartitionStatus>, BusError>;

    /// Tells the segmenters in other processes of definitions, unless they were told of these or later
    /// ones; durable when it returns. A log that one process has to itself has nobody to tell.
    async fn publish_definitions(&self, definitions: &Definitions) -> Result<(), BusError> {
        let _ = definitions;
        Ok(())
    }

    /// Waits for definitions of a later generation than `after` and returns the latest that were
    /// published; for ever on a log that one process has to itself.
    async fn definitions_after(&self, after: Generation) -> Result<Definitions, BusError> {
        let _ = after;
        std::future::pending().await
    }
}
