//! The embedded log passes the suite that every form of the log must pass.

use std::sync::Arc;

use async_trait::async_trait;
use bus::conformance::{self, Installation, PARTITIONS, Session};
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{BusError, EventLog};
use tempfile::TempDir;

struct Embedded(TempDir);

#[async_trait]
impl Installation for Embedded {
    async fn open(&self) -> Result<Session, BusError> {
        let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(self.0.path(), options)?;
        let owned = log.clone();
        let log: Arc<dyn EventLog> = Arc::new(log);
        Ok(Session { log, ownership: Box::new(move || Box::new(owned.ownership())) })
    }

    async fn close(&self, session: Session) -> Result<(), BusError> {
        drop(session);
        Ok(())
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
    concurrent_appends_are_gapless,
    an_append_is_read_at_once_and_after_a_restart,
    reading_is_bounded_and_in_order,
    errors_are_kept,
    restoring_gives_exactly_the_last_commit,
    an_empty_state_removes_the_user,
    a_commit_publishes_everything_it_holds,
    memberships_hold_the_latest_change_of_each_user,
    partitions_do_not_touch_each_other,
    a_superseded_owner_is_fenced,
    every_partition_is_handed_out_once,
    statuses_are_the_latest_reports,
    waiting_for_events_ends_with_the_append,
    waiting_for_changes_ends_with_the_commit,
    polling_waits_until_the_deadline,
);
