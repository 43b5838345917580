//! The history as its writer and its readers see it.

use std::time::Duration;

use async_trait::async_trait;
use schema::{ActivityType, Event, LogPosition, LogRecord, Offset, PartitionId, StandingTraits, Timestamp, UserId};

use crate::WarehouseError;

/// A stretch of one partition of the log, to be written as a whole together with the position after it.
#[derive(Clone, PartialEq, Debug)]
pub struct WriteBatch {
    /// Which partition.
    pub partition: PartitionId,
    /// The position this batch continues from; must be the stored one (compare and set).
    pub from: Offset,
    /// The position after it.
    pub next: Offset,
    /// Its records, ascending by offset. Events that are duplicates (see `schema::is_duplicate_of`)
    /// are left out by the warehouse; traits are folded into what stands of the user; deletions remove all
    /// of that and are remembered, so that what comes later of that user is left out as well.
    pub records: Vec<(Offset, LogRecord)>,
}

/// A stored event and where it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryRow {
    /// Unique.
    pub position: LogPosition,
    /// The event.
    pub event: Event,
}

/// Where a reading of the history goes on; opaque.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryCursor(pub Vec<u8>);

/// Some rows of the history, and where to go on.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryPage {
    /// The rows.
    pub rows: Vec<HistoryRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<HistoryCursor>,
}

/// What was said of the users of one partition.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PartitionTraits {
    /// Up to where in the log: the records before it, and no others.
    pub before: Offset,
    /// What stands of everybody of whom anything was said and who was not deleted, in no promised order, each once.
    pub users: Vec<(UserId, StandingTraits)>,
}

/// Whom to select of the users that have an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    /// By partition: of the records before this one, and no others.
    pub positions: Vec<Offset>,
    /// A query of user ids over `events` and `users`, as `rules::render` writes it for Databend.
    pub asked: String,
    /// Another one.
    pub other: Option<String>,
    /// How many users are named of each kind.
    pub named: usize,
    /// How long it may take.
    pub timeout: Duration,
}

/// All users that have an event, by which of the queries select them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selections {
    /// How many events they have.
    pub events: u64,
    /// Each kind of whom there are any.
    pub users: Vec<SelectedUsers>,
}

/// The users that the same queries select.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SelectedUsers {
    /// Whether the query does that was asked.
    pub is_asked: bool,
    /// Whether the other one does.
    pub is_other: bool,
    /// How many they are.
    pub size: u64,
    /// Those whose id, as text, has the least XXH64 hash (seed 0); at least one.
    pub named: Vec<UserId>,
}

/// What a row is about that the history could not take.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RefusedKind {
    /// An event of this activity type; `None` when it cannot be read any more.
    Event(Option<ActivityType>),
    /// What was said of a user.
    Traits,
}

/// Rows of one kind that are missing from the history, because it could not take them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRows {
    /// What they are about.
    pub kind: RefusedKind,
    /// How many they are.
    pub rows: u64,
    /// The log's time when the first of them came; `None` where that is not known.
    pub since: Option<Timestamp>,
}

/// The events of all users, kept for good.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// Returns, per partition, the first log offset that is not written yet.
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError>;

    /// Writes a batch and its position atomically; durable when it returns.
    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError>;

    /// Reads the rows of one partition with log offset below `before`, in no promised order, each once.
    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError>;

    /// Returns about how many rows [`Self::history`] reads below `before`, so that a reader can say how far it is.
    ///
    /// Never fewer, unless users are deleted meanwhile: without a cheap way to count, one for each offset.
    async fn history_rows(&self, _: PartitionId, before: Offset) -> Result<u64, WarehouseError> {
        Ok(before)
    }

    /// Returns where a reading of the rows of one partition below `before` begins that wants none below `from`.
    /// `None` where rows are read in another order than theirs in the log: then all of them must be looked at.
    fn cursor_from(&self, _partition: PartitionId, _from: Offset, _before: Offset) -> Option<HistoryCursor> {
        None
    }

    /// Returns what stands of all that was said of a user; nothing of one who was deleted.
    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError>;

    /// Returns what stands of all that was said of the users of one partition, as far as it is written.
    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError>;

    /// Returns the same page by page, ascending by user: at most `max_users` behind `after`, none when there are no
    /// more. What is written meanwhile is in it or not; what was before is.
    async fn traits_page(
        &self,
        partition: PartitionId,
        after: Option<UserId>,
        max_users: usize,
    ) -> Result<Vec<(UserId, StandingTraits)>, WarehouseError> {
        let mut users = self.partition_traits(partition).await?.users;
        users.retain(|(user_id, _)| after.is_none_or(|after| *user_id > after));
        users.sort_unstable_by_key(|(user_id, _)| *user_id);
        users.truncate(max_users);
        Ok(users)
    }

    /// Selects users where the history can do that by itself; `None` where it cannot, or not this.
    async fn select(&self, _: &Selection) -> Result<Option<Selections>, WarehouseError> {
        Ok(None)
    }

    /// Returns what the history lacks because it could not take it, by kind; empty where it takes everything.
    ///
    /// A row counts until it is in the history all the same, or somebody decided that it need not be.
    async fn refused(&self) -> Result<Vec<RefusedRows>, WarehouseError> {
        Ok(Vec::new())
    }

    /// Returns the greatest user id that was ever written, of the deleted too; `None` where nobody was, or where that
    /// is not known.
    async fn greatest_user_id(&self) -> Result<Option<UserId>, WarehouseError> {
        Ok(None)
    }

    /// Returns how many users are known to be deleted; 0 where that is not known.
    async fn count_erased(&self) -> Result<u64, WarehouseError> {
        Ok(0)
    }

    /// Reads a user's events, the latest `created_at` first.
    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError>;
}
