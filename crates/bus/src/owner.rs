//! The log as a segmenter sees it: partitions it owns, and the commit of what it did to them.

use async_trait::async_trait;
use schema::{Definitions, ErrorRecord, Offset, PartitionId, PartitionStatus, SegmentChange, Timestamp, UserId};

use crate::{BusError, DeadLetter, StoredRecord};

/// Hands out partitions to this process, and takes them away again.
#[async_trait]
pub trait Ownership: Send {
    /// Waits for the next change; `None` when the log was closed.
    async fn next(&mut self) -> Result<Option<OwnershipChange>, BusError>;
}

/// A partition came or goes.
pub enum OwnershipChange {
    /// This process owns it until it drops the owner.
    Assigned(Box<dyn PartitionOwner>),
    /// Commit what is done and drop the owner.
    Revoked(PartitionId),
    /// The partitions are shared out and this process has none: there are more processes than partitions, or another one
    /// is about to give some up. One may come at any time.
    Idle,
}

/// What was last committed for a partition; the default is a partition that was never owned.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RestoredPartition {
    /// The first record that is not in the state yet.
    pub next_offset: Offset,
    /// The partition's `now` of the last commit (see `engine::PartitionClock`).
    pub now: Timestamp,
    /// The partition's log time of the last commit.
    pub log_time: Timestamp,
    /// The definitions by which the state was made; `None` before the first switch.
    pub definitions: Option<Definitions>,
    /// The first offset of `segment-changes` that is not written yet.
    pub changes_end: Offset,
}

/// What one step of the segmenter did to a partition: takes effect as a whole or not at all.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PartitionCommit {
    /// The first record that is not in the state now.
    pub next_offset: Offset,
    /// The partition's `now`.
    pub now: Timestamp,
    /// The partition's log time.
    pub log_time: Timestamp,
    /// The state of each user that changed.
    pub users: Vec<(UserId, Vec<u8>)>,
    /// Goes to `segment-changes`, and the latest per user to `segment-memberships`.
    pub changes: Vec<SegmentChange>,
    /// Goes to `errors`.
    pub errors: Vec<ErrorRecord>,
    /// Goes to `dead-letters`.
    pub dead_letters: Vec<DeadLetter>,
    /// The definitions switched to, when this commit switches.
    pub definitions: Option<Definitions>,
}

/// One owned partition.
#[async_trait]
pub trait PartitionOwner: Send {
    /// Returns which partition it is.
    fn partition(&self) -> PartitionId;

    /// Reads the last commit: `visit` gets every user's state, then the rest is returned.
    async fn restore(
        &mut self,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError>;

    /// Returns at most `max_records` from `from` on, waiting for the first one until `deadline`.
    async fn poll(
        &mut self,
        from: Offset,
        max_records: usize,
        deadline: tokio::time::Instant,
    ) -> Result<Vec<StoredRecord>, BusError>;

    /// Returns the first offset of `events` in this partition that is not written yet: every record
    /// whose `append` returned before this call lies below it. Cheap; asked several times a second.
    async fn log_end(&mut self) -> Result<Offset, BusError>;

    /// Commits atomically; durable and visible to readers of changes when it returns.
    async fn commit(&mut self, commit: PartitionCommit) -> Result<(), BusError>;

    /// Says how far the partition is; kept in memory only.
    fn report(&mut self, status: PartitionStatus);
}
