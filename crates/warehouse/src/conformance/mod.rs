//! What every form of the warehouse must do, whatever it is made of; run by the tests of each form.
//!
//! Each function takes an installation that nobody has used before and panics where it is not as it
//! should be. What only one form can do (`kill -9`) is tested beside that form.

mod counting;
mod deleting;
mod installation;
mod reading;
mod samples;
mod traits;
mod writing;

pub use counting::*;
pub use deleting::*;
pub use installation::{Installation, PARTITIONS};
pub use reading::*;
pub use traits::*;
pub use writing::*;

/// Calls a macro with the names of all cases.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($suite:ident) => {
        $suite!(
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
            the_greatest_user_is_known_and_how_many_are_gone,
            the_last_word_on_a_user_stands,
            a_deletion_removes_what_was_said,
            what_was_said_in_a_partition_comes_with_its_position,
            what_was_said_in_a_partition_comes_in_pages,
            a_history_has_each_row_once,
            a_history_is_counted_before_it_is_read,
            a_history_may_be_read_while_it_grows,
            a_history_may_be_read_from_an_offset_on,
            a_history_passes_over_offsets_without_rows,
            a_timeline_is_latest_first,
            a_cursor_of_another_reading_is_refused,
        );
    };
}
