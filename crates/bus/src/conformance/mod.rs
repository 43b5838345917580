//! What every form of the log must do, whatever it is made of; run by the tests of each form.
//!
//! Each function takes an installation that nobody has used before and panics where it is not as it
//! should be. What only one form can do (a full disk, `kill -9`, what retention keeps) is tested beside that form.

mod appending;
mod claiming;
mod committing;
mod installation;
mod samples;
mod trimming;
mod waiting;

pub use appending::*;
pub use claiming::*;
pub use committing::*;
pub use installation::{Installation, PARTITIONS, Session};
pub use trimming::*;
pub use waiting::*;

/// Makes a test of each function of the suite. The expression is an `Option` of an installation that
/// nobody has used before; `None` skips the test.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_suite {
    ($installation:expr) => {
        $crate::conformance_suite!(
            $installation;
            concurrent_appends_are_gapless,
            an_append_is_read_at_once_and_after_a_restart,
            reading_is_bounded_and_in_order,
            errors_are_kept,
            dead_letters_are_kept,
            restoring_gives_exactly_the_last_commit,
            the_last_commit_is_read_beside_its_owner,
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
            who_has_seen_all_that_was_trimmed_goes_on,
            what_was_trimmed_unseen_is_told,
            what_was_trimmed_as_the_last_is_told,
            trimmed_events_are_told,
        );
    };
    ($installation:expr; $($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(installation) = $installation else { return };
                $crate::conformance::$case(&installation).await.unwrap();
            }
        )*
    };
}
