//! Activities and their associations.

use schema::{SegmentId, SegmentTag};

use crate::{ActivitySpec, Actor, AssociationSource, ConflictField, SegmentSpec, Store, StoreError};

fn spec(code: &str) -> ActivitySpec {
    ActivitySpec { code: code.to_owned(), title: code.to_uppercase(), description: String::new() }
}

async fn segment(store: &dyn Store, tag: &str, is_generic: bool) -> Result<SegmentId, StoreError> {
    let Some(tag) = SegmentTag::new(tag) else { panic!("`{tag}` is no tag") };
    let spec = SegmentSpec {
        tag,
        title: String::new(),
        description: String::new(),
        where_statement: String::new(),
        is_generic,
    };
    Ok(store.create_segment(&spec, &Actor::anonymous()).await?.segment_id)
}

async fn listed(store: &dyn Store, segment_id: SegmentId) -> Result<Vec<(String, AssociationSource)>, StoreError> {
    let activities = store.activities_of_segments(&[segment_id]).await?;
    Ok(activities.into_iter().map(|activity| (activity.code, activity.source)).collect())
}

/// Made, read, changed, taken away; two cannot share a code.
pub async fn an_activity_has_a_code_of_its_own(store: &dyn Store) -> Result<(), StoreError> {
    let actor = Actor::anonymous();
    let viewed = store.create_activity(&spec("viewed"), &actor).await?;
    let bought = store.create_activity(&spec("bought"), &actor).await?;
    for refused in [
        store.create_activity(&spec("viewed"), &actor).await.map(Some),
        store.update_activity(bought.activity_id, &spec("viewed"), &actor).await,
    ] {
        assert!(matches!(refused, Err(StoreError::Conflict(ConflictField::Code))), "got {refused:?}");
    }
    assert_eq!(store.activities(None, 10).await?, [viewed.clone(), bought.clone()]);
    assert_eq!(store.activities(Some(viewed.activity_id), 10).await?, [bought]);
    assert_eq!(store.delete_activity(viewed.activity_id, &actor).await?, Some(viewed.clone()));
    assert_eq!(store.activity(viewed.activity_id).await?, None);
    assert_eq!(store.delete_activity(viewed.activity_id, &actor).await?, None);
    assert_eq!(store.update_activity(viewed.activity_id, &spec("x"), &actor).await?, None);
    Ok(())
}

/// What the rule names follows the rule; what was assigned stays.
pub async fn a_segment_lists_what_its_rule_names_and_what_was_assigned(store: &dyn Store) -> Result<(), StoreError> {
    use AssociationSource::{Assigned, Rule};
    let actor = Actor::anonymous();
    let a = segment(store, "a", false).await?;
    let generic = segment(store, "generic", true).await?;
    let viewed = store.create_activity(&spec("viewed"), &actor).await?.activity_id;
    store.set_named_activities(a, &["viewed".to_owned(), "bought".to_owned()]).await?;
    assert_eq!(listed(store, a).await?, [("bought".to_owned(), Rule), ("viewed".to_owned(), Rule)]);
    for _ in 0..2 {
        assert_eq!(store.assign_activity(a, viewed, &actor).await?, Some(()));
    }
    store.set_named_activities(a, &["left".to_owned()]).await?;
    assert_eq!(listed(store, a).await?, [("left".to_owned(), Rule), ("viewed".to_owned(), Assigned)]);

    store.update_activity(viewed, &spec("seen"), &actor).await?;
    assert_eq!(listed(store, a).await?, [("left".to_owned(), Rule), ("seen".to_owned(), Assigned)]);
    let about = |code: &'static str| async move {
        let segments = store.segments_about(code, None, 10).await?;
        Ok::<_, StoreError>(segments.into_iter().map(|segment| segment.segment_id).collect::<Vec<_>>())
    };
    assert_eq!(about("seen").await?, [a, generic]);
    assert_eq!(about("viewed").await?, [generic]);

    assert_eq!(store.unassign_activity(a, viewed, &actor).await?, Some(()));
    assert_eq!(listed(store, a).await?, [("left".to_owned(), Rule)]);
    assert_eq!(store.assign_activity(SegmentId(99), viewed, &actor).await?, None);
    store.delete_activity(viewed, &actor).await?;
    assert_eq!(store.assign_activity(a, viewed, &actor).await?, None);
    Ok(())
}
