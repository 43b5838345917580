//! Definitions: versions, generations, tags, audit.

use schema::{Generation, SegmentTag, SegmentVersion};

use crate::{Actor, AuditAction, ConflictField, SegmentSpec, Store, StoreError};

fn spec(tag: &str, where_statement: &str) -> SegmentSpec {
    let Some(tag) = SegmentTag::new(tag) else { panic!("`{tag}` is no tag") };
    SegmentSpec {
        tag,
        title: "Title".to_owned(),
        description: "What it is for".to_owned(),
        where_statement: where_statement.to_owned(),
        is_generic: false,
    }
}

fn analyst() -> Actor {
    Actor("ana".to_owned())
}

#[track_caller]
fn check_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, field: ConflictField) {
    assert!(matches!(&result, Err(StoreError::Conflict(on)) if *on == field), "expected {field}, got {result:?}");
}

/// Creating, editing and archiving each count one; what changes nothing does not.
pub async fn a_definition_change_makes_the_next_generation(store: &dyn Store) -> Result<(), StoreError> {
    assert_eq!(store.definitions().await?.generation, Generation(0));
    let created = store.create_segment(&spec("sport", "region = 'CA'"), &analyst()).await?;
    assert_eq!((created.version, created.generation), (SegmentVersion(1), Generation(1)));

    let same = store.update_segment(created.segment_id, &created.spec, None, &analyst()).await?;
    assert_eq!(same, Some(created.clone()), "an update that says the same is no change");

    let edited = store.update_segment(created.segment_id, &spec("sport", "region = 'NV'"), None, &analyst()).await?;
    assert_eq!(edited.map(|segment| (segment.version, segment.generation)), Some((SegmentVersion(2), Generation(2))));

    let definitions = store.definitions().await?;
    assert_eq!(definitions.generation, Generation(2));
    assert_eq!(definitions.segments.len(), 1);
    assert_eq!(definitions.segments[0].where_statement, "region = 'NV'");
    assert_eq!(definitions.segments[0].version, SegmentVersion(2));

    assert!(store.archive_segment(created.segment_id, None, &analyst()).await?.is_some());
    let definitions = store.definitions().await?;
    assert_eq!((definitions.generation, definitions.segments.len()), (Generation(3), 0));
    assert_eq!(store.generation().await?, Generation(3));
    assert_eq!(store.archive_segment(created.segment_id, None, &analyst()).await?, None, "archived twice");
    assert_eq!(store.generation().await?, Generation(3));
    Ok(())
}

/// Two live segments cannot share a tag; an archived one gives it back.
pub async fn a_tag_is_unique_among_live_segments(store: &dyn Store) -> Result<(), StoreError> {
    let sport = store.create_segment(&spec("sport", ""), &analyst()).await?;
    let other = store.create_segment(&spec("other", ""), &analyst()).await?;
    check_conflict(store.create_segment(&spec("sport", ""), &analyst()).await, ConflictField::Tag);
    check_conflict(
        store.update_segment(other.segment_id, &spec("sport", ""), None, &analyst()).await,
        ConflictField::Tag,
    );
    assert_eq!(store.generation().await?, Generation(2), "a refused change counts nothing");

    store.archive_segment(sport.segment_id, None, &analyst()).await?;
    assert_eq!(store.segment_by_tag(&sport.spec.tag).await?, None);
    let again = store.create_segment(&spec("sport", ""), &analyst()).await?;
    assert!(again.segment_id > other.segment_id, "ids are never used again");
    assert_eq!(store.segment_by_tag(&sport.spec.tag).await?, Some(again));
    Ok(())
}

/// Every version stays readable, the latest first, also after the segment was archived.
pub async fn a_segment_keeps_its_versions(store: &dyn Store) -> Result<(), StoreError> {
    let segment = store.create_segment(&spec("sport", "1 = 1"), &analyst()).await?;
    for clause in ["2 = 2", "3 = 3"] {
        store.update_segment(segment.segment_id, &spec("sport", clause), None, &analyst()).await?;
    }
    store.archive_segment(segment.segment_id, None, &analyst()).await?;
    let versions = store.segment_versions(segment.segment_id, None, 2).await?;
    let clauses: Vec<_> = versions.iter().map(|version| version.spec.where_statement.as_str()).collect();
    assert_eq!(clauses, ["3 = 3", "2 = 2"]);
    let rest = store.segment_versions(segment.segment_id, Some(versions[1].version), 2).await?;
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].version, &rest[0].spec, &rest[0].created_by), (SegmentVersion(1), &segment.spec, &analyst()));
    assert_eq!(store.segment(segment.segment_id).await?, None);
    Ok(())
}

/// Optimistic concurrency: the expected version must be the current one.
pub async fn a_writer_that_saw_an_old_version_is_refused(store: &dyn Store) -> Result<(), StoreError> {
    let segment = store.create_segment(&spec("sport", "1 = 1"), &analyst()).await?;
    let first = Some(segment.version);
    store.update_segment(segment.segment_id, &spec("sport", "2 = 2"), first, &analyst()).await?;
    let late = store.update_segment(segment.segment_id, &spec("sport", "3 = 3"), first, &analyst()).await;
    check_conflict(late, ConflictField::Version);
    check_conflict(store.archive_segment(segment.segment_id, first, &analyst()).await, ConflictField::Version);
    assert!(store.archive_segment(segment.segment_id, Some(SegmentVersion(2)), &analyst()).await?.is_some());
    Ok(())
}

/// One entry per change with who, what and when, the latest first.
pub async fn every_change_is_audited(store: &dyn Store) -> Result<(), StoreError> {
    let segment = store.create_segment(&spec("sport", "1 = 1"), &analyst()).await?;
    store.update_segment(segment.segment_id, &spec("sport", "2 = 2"), None, &Actor::anonymous()).await?;
    store.archive_segment(segment.segment_id, None, &analyst()).await?;
    let entries = store.audit(None, 10).await?;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action, entry.actor.0.as_str())).collect();
    let expected = [(AuditAction::Deleted, "ana"), (AuditAction::Updated, "anonymous"), (AuditAction::Created, "ana")];
    assert_eq!(told, expected);
    assert_eq!(entries[1].detail["where_statement"], "2 = 2");
    assert_eq!(entries[1].subject_id, segment.segment_id.0);
    assert_eq!(store.audit(Some(entries[1].audit_id), 10).await?, entries[2..]);
    Ok(())
}

/// Pages follow each other without a gap and without archived segments.
pub async fn segments_are_paged_in_order(store: &dyn Store) -> Result<(), StoreError> {
    let mut tags = Vec::new();
    for number in 0..5 {
        let tag = format!("segment-{number}");
        let segment = store.create_segment(&spec(&tag, ""), &analyst()).await?;
        if number == 2 {
            store.archive_segment(segment.segment_id, None, &analyst()).await?;
        } else {
            tags.push(tag);
        }
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.segments(after, 2).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.segment_id);
        seen.extend(page.iter().map(|segment| segment.spec.tag.to_string()));
    }
    assert_eq!(seen, tags);
    Ok(())
}
