//! What every store must do, as functions over the trait; each panics where it is not obeyed.
//!
//! [`conformance_cases`](crate::conformance_cases) lists them, so that no backend leaves one out. A
//! case is given two stores on the same empty place, as two processes have them; most need one.

mod activities;
mod definitions;
mod memberships;
mod races;
mod transferring;
mod users;

pub use activities::{a_segment_lists_what_its_rule_names_and_what_was_assigned, an_activity_has_a_code_of_its_own};
pub use definitions::{
    a_definition_change_makes_the_next_generation, a_segment_keeps_its_versions, a_tag_is_unique_among_live_segments,
    a_writer_that_saw_an_old_version_is_refused, every_change_is_audited, segments_are_paged_in_order,
};
pub use memberships::{
    a_batch_counts_once, an_erased_users_rows_are_gone, members_are_paged_in_order,
    the_projection_is_the_fold_of_the_changes,
};
pub use races::{
    Pair, a_change_counts_once_whoever_projects_it, a_client_ref_id_is_one_users_whoever_is_first,
    a_user_is_renamed_before_it_is_erased_or_not_at_all, an_identity_makes_one_user_whoever_asks,
    definitions_belong_to_their_generation, edits_at_the_same_time_are_versions_of_their_own,
    of_many_who_make_a_tag_one_does, of_many_who_saw_a_version_one_changes_it,
    renamed_users_keep_one_client_ref_id_each,
};
pub use transferring::{
    a_filled_store_goes_on_where_the_other_stopped, an_unfinished_filling_leaves_nothing,
    the_last_recorded_erasures_are_told, what_is_read_is_of_one_instant,
};
pub use users::{
    a_client_ref_id_names_one_user, an_erased_user_is_gone_and_waits_in_the_outbox, an_id_is_never_used_again,
    equal_identities_make_one_user, identities_resolve_in_the_order_asked, the_lineage_is_what_was_said_last,
    users_are_paged_in_order,
};

/// Takes a new store back to before starts had marks, for tests of what opening makes of it.
pub const AS_BEFORE_MARKS: [&str; 3] = [
    "ALTER TABLE lineage DROP COLUMN confirmed",
    "ALTER TABLE lineage DROP COLUMN pending",
    "DELETE FROM _sqlx_migrations WHERE version = 20261121000006",
];

/// Calls a macro with the names of all cases: first those of one store, then those of two.
#[macro_export]
macro_rules! conformance_cases {
    ($suite:ident) => {
        $suite! {
            of_one {
                a_definition_change_makes_the_next_generation,
                a_segment_keeps_its_versions,
                a_tag_is_unique_among_live_segments,
                a_writer_that_saw_an_old_version_is_refused,
                every_change_is_audited,
                segments_are_paged_in_order,
                a_client_ref_id_names_one_user,
                an_erased_user_is_gone_and_waits_in_the_outbox,
                an_id_is_never_used_again,
                equal_identities_make_one_user,
                identities_resolve_in_the_order_asked,
                the_lineage_is_what_was_said_last,
                users_are_paged_in_order,
                a_batch_counts_once,
                an_erased_users_rows_are_gone,
                members_are_paged_in_order,
                the_projection_is_the_fold_of_the_changes,
                a_segment_lists_what_its_rule_names_and_what_was_assigned,
                an_activity_has_a_code_of_its_own,
                a_filled_store_goes_on_where_the_other_stopped,
                an_unfinished_filling_leaves_nothing,
                the_last_recorded_erasures_are_told,
                what_is_read_is_of_one_instant,
            }
            of_two {
                a_change_counts_once_whoever_projects_it,
                a_client_ref_id_is_one_users_whoever_is_first,
                a_user_is_renamed_before_it_is_erased_or_not_at_all,
                an_identity_makes_one_user_whoever_asks,
                definitions_belong_to_their_generation,
                edits_at_the_same_time_are_versions_of_their_own,
                of_many_who_make_a_tag_one_does,
                of_many_who_saw_a_version_one_changes_it,
                renamed_users_keep_one_client_ref_id_each,
            }
        }
    };
}
