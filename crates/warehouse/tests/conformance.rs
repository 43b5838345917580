//! The embedded history passes the suite that every form of the warehouse must pass.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use warehouse::conformance::{self, Installation, PARTITIONS};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{Warehouse, WarehouseError};

struct Embedded(TempDir);

#[async_trait]
impl Installation for Embedded {
    async fn open(&self) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        Ok(Arc::new(EmbeddedWarehouse::open(self.0.path(), PARTITIONS)?))
    }
}

macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                conformance::$case(&Embedded(TempDir::new().unwrap())).await.unwrap();
            }
        )*
    };
}

suite!(
    a_batch_moves_its_partition,
    a_batch_may_have_gaps,
    a_batch_from_elsewhere_is_refused,
    one_of_racing_writers_wins,
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
    a_history_has_each_row_once,
    a_history_may_be_read_while_it_grows,
    a_timeline_is_latest_first,
    a_cursor_of_another_reading_is_refused,
);
