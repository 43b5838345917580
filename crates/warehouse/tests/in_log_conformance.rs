//! The history that is read from the log passes the suite that every form of the warehouse must pass.
//!
//! Nobody fills it, so the suite's batches are appended to the log, where they must come to lie where the batch says.
//! Cases that are about writers alone are left out: batches with gaps, and writers that race.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use async_trait::async_trait;
use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use schema::{Offset, PartitionId, StandingTraits, UserId};
use tempfile::TempDir;
use warehouse::conformance::{self, Installation, PARTITIONS};
use warehouse::in_log::LogWarehouse;
use warehouse::{HistoryCursor, HistoryPage, PartitionTraits, Warehouse, WarehouseError, WriteBatch};

/// A log to which batches are appended, and the history in it.
struct Appended {
    log: Arc<dyn EventLog>,
    history: LogWarehouse,
}

#[async_trait]
impl Warehouse for Appended {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        self.history.positions().await
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        let (offsets, records): (Vec<_>, Vec<_>) = batch.records.iter().cloned().unzip();
        let appended = self.log.append(records).await.unwrap();
        assert!(appended.iter().all(|position| position.partition == batch.partition), "{appended:?}");
        assert!(appended.iter().map(|position| position.offset).eq(offsets), "{appended:?}");
        self.history.write(batch).await
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.history.history(partition, before, cursor, max_rows).await
    }

    async fn history_rows(&self, partition: PartitionId, before: Offset) -> Result<u64, WarehouseError> {
        self.history.history_rows(partition, before).await
    }

    fn cursor_from(&self, partition: PartitionId, from: Offset, before: Offset) -> Option<HistoryCursor> {
        self.history.cursor_from(partition, from, before)
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        self.history.user_traits(user_id).await
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.history.partition_traits(partition).await
    }

    async fn traits_page(
        &self,
        partition: PartitionId,
        after: Option<UserId>,
        max_users: usize,
    ) -> Result<Vec<(UserId, StandingTraits)>, WarehouseError> {
        self.history.traits_page(partition, after, max_users).await
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.history.user_events(user_id, cursor, max_rows).await
    }
}

struct InLog(TempDir);

#[async_trait]
impl Installation for InLog {
    async fn open(&self) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        let options =
            EmbeddedLogOptions { partitions: PARTITIONS, free_space_floor_bytes: 0, ..EmbeddedLogOptions::default() };
        let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(self.0.path(), options).unwrap());
        Ok(Arc::new(Appended { history: LogWarehouse::new(log.clone()), log }))
    }
}

macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                conformance::$case(&InLog(TempDir::new().unwrap())).await.unwrap();
            }
        )*
    };
}

suite!(
    a_batch_moves_its_partition,
    an_event_comes_back_as_it_was,
    a_repeated_event_counts_once,
    an_event_id_is_forgotten_after_the_window,
    the_window_is_of_log_time,
    a_restart_forgets_nothing,
    a_deletion_removes_the_users_rows,
    later_events_of_a_deleted_user_are_left_out,
    deleting_nobody_is_no_error,
    the_last_word_on_a_user_stands,
    a_deletion_removes_what_was_said,
    what_was_said_in_a_partition_comes_with_its_position,
    what_was_said_in_a_partition_comes_in_pages,
    a_history_has_each_row_once,
    a_history_is_counted_before_it_is_read,
    a_history_may_be_read_while_it_grows,
    a_history_may_be_read_from_an_offset_on,
    a_timeline_is_latest_first,
    a_cursor_of_another_reading_is_refused,
);
