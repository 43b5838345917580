//! What every store must do, as functions over the trait; each is given an empty store and panics
//! where it is not obeyed. The crate's tests run them on SQLite.

mod activities;
mod definitions;
mod memberships;
mod users;

pub use activities::{a_segment_lists_what_its_rule_names_and_what_was_assigned, an_activity_has_a_code_of_its_own};
pub use definitions::{
    a_definition_change_makes_the_next_generation, a_segment_keeps_its_versions, a_tag_is_unique_among_live_segments,
    a_writer_that_saw_an_old_version_is_refused, every_change_is_audited, segments_are_paged_in_order,
};
pub use memberships::{a_batch_counts_once, members_are_paged_in_order, the_projection_is_the_fold_of_the_changes};
pub use users::{
    a_client_ref_id_names_one_user, an_erased_user_is_gone_and_waits_in_the_outbox, an_id_is_never_used_again,
    equal_identities_make_one_user, identities_resolve_in_the_order_asked, users_are_paged_in_order,
};
