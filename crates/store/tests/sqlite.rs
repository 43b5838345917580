//! The conformance suite on SQLite, one file per case.

use store::sqlite::SqliteStore;
use tempfile::TempDir;

macro_rules! conformance {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let dir = TempDir::new().unwrap();
                let store = SqliteStore::open(dir.path().join("shoal.sqlite")).await.unwrap();
                store::conformance::$case(&store).await.unwrap();
            }
        )*
    };
}

conformance! {
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
    users_are_paged_in_order,
    a_batch_counts_once,
    members_are_paged_in_order,
    the_projection_is_the_fold_of_the_changes,
    a_segment_lists_what_its_rule_names_and_what_was_assigned,
    an_activity_has_a_code_of_its_own,
}
