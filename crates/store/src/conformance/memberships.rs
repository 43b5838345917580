//! The projection: exact, idempotent, one transaction with its position.

use std::collections::BTreeMap;

use schema::{Cause, PartitionId, SegmentChange, SegmentId, SegmentTag, Timestamp, UserId};

use crate::{Actor, FLOW_INTERVAL_MICROS, Flow, ProjectionBatch, Segment, SegmentSpec, Store, StoreError};

const HOUR: i64 = FLOW_INTERVAL_MICROS;

async fn segment(store: &dyn Store, tag: &str) -> Result<Segment, StoreError> {
    let Some(tag) = SegmentTag::new(tag) else { panic!("`{tag}` is no tag") };
    let title = format!("Title of {tag}");
    let (description, where_statement) = (String::new(), String::new());
    let spec = SegmentSpec { tag, title, description, where_statement, is_generic: false };
    store.create_segment(&spec, &Actor::anonymous()).await
}

/// Writes a user's changes down as the segmenter would: the caller says which set follows which.
struct Author {
    user_id: UserId,
    seq: u64,
    segments: Vec<SegmentId>,
}

impl Author {
    fn new(user_id: i64) -> Self {
        Self { user_id: UserId(user_id), seq: 0, segments: Vec::new() }
    }

    fn now_in(&mut self, segments: &[SegmentId], at: i64) -> SegmentChange {
        let before = std::mem::replace(&mut self.segments, segments.to_vec());
        self.seq += 1;
        SegmentChange {
            user_id: self.user_id,
            in_segments: segments.iter().filter(|id| !before.contains(id)).copied().collect(),
            out_segments: before.iter().filter(|id| !segments.contains(id)).copied().collect(),
            segments: segments.to_vec(),
            seq: self.seq,
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(at),
        }
    }
}

fn batch(partition: u16, from: u64, changes: Vec<SegmentChange>) -> ProjectionBatch {
    ProjectionBatch { partition: PartitionId(partition), from, next: from + changes.len() as u64, changes }
}

async fn members(store: &dyn Store, segment_id: SegmentId) -> Result<Vec<(i64, i64)>, StoreError> {
    let members = store.members_of_segment(segment_id, None, 1_000).await?;
    let sizes = store.segment_sizes(&[segment_id]).await?;
    assert_eq!(sizes, [members.len() as u64], "the size of {segment_id} is the number of its members");
    Ok(members.into_iter().map(|member| (member.user_id.0, member.since.as_micros())).collect())
}

/// After any batches, members, sizes and since are those of the changes folded by hand.
pub async fn the_projection_is_the_fold_of_the_changes(store: &dyn Store) -> Result<(), StoreError> {
    let (a, b) = (segment(store, "a").await?.segment_id, segment(store, "b").await?.segment_id);
    let (mut ann, mut bob) = (Author::new(1), Author::new(2));
    let first = batch(0, 0, vec![ann.now_in(&[a], 10), ann.now_in(&[a, b], 11)]);
    let second = batch(5, 0, vec![bob.now_in(&[b], HOUR)]);
    assert_eq!(store.project(&[first, second]).await?, [2, 1]);
    assert_eq!(members(store, a).await?, [(1, 10)]);
    assert_eq!(members(store, b).await?, [(1, 11), (2, HOUR)]);

    // Leaves and comes back within a batch: a member since the return.
    let third =
        batch(0, 2, vec![ann.now_in(&[b], HOUR + 1), ann.now_in(&[a, b], HOUR + 2), ann.now_in(&[a], HOUR + 3)]);
    assert_eq!(store.project(&[third]).await?, [5]);
    assert_eq!(members(store, a).await?, [(1, HOUR + 2)]);
    assert_eq!(members(store, b).await?, [(2, HOUR)]);
    let of_ann = store.segments_of_user(UserId(1)).await?;
    let told: Vec<_> = of_ann.iter().map(|one| (one.tag.as_str(), one.title.as_str(), one.since.as_micros())).collect();
    assert_eq!(told, [("a", "Title of a", HOUR + 2)]);

    let flows = store.segment_flows(b, Timestamp::from_micros(0), Timestamp::from_micros(2 * HOUR), 10).await?;
    let flow = |start, entered, exited| Flow { interval_start: Timestamp::from_micros(start), entered, exited };
    assert_eq!(flows, [flow(HOUR, 1, 1), flow(0, 1, 0)]);
    Ok(())
}

/// A batch that was projected, or that skips something, changes nothing and says where to go on.
pub async fn a_batch_counts_once(store: &dyn Store) -> Result<(), StoreError> {
    let a = segment(store, "a").await?.segment_id;
    let mut ann = Author::new(1);
    let first = batch(3, 0, vec![ann.now_in(&[a], 10)]);
    let second = batch(3, 1, vec![ann.now_in(&[], 11)]);
    assert_eq!(store.project(std::slice::from_ref(&second)).await?, [0], "a gap is refused");
    assert_eq!(members(store, a).await?, []);
    for _ in 0..2 {
        assert_eq!(store.project(std::slice::from_ref(&first)).await?, [1]);
        assert_eq!(members(store, a).await?, [(1, 10)]);
    }
    let flows = store.segment_flows(a, Timestamp::from_micros(0), Timestamp::from_micros(HOUR), 10).await?;
    assert_eq!(flows.iter().map(|flow| (flow.entered, flow.exited)).collect::<Vec<_>>(), [(1, 0)]);
    // Two stretches of one partition in one call follow each other.
    let third = batch(3, 2, vec![ann.now_in(&[a], 12)]);
    assert_eq!(store.project(&[second, third]).await?, [3, 3]);
    assert_eq!(members(store, a).await?, [(1, 12)]);
    assert_eq!(store.projection_positions().await?, BTreeMap::from([(PartitionId(3), 3)]));
    Ok(())
}

/// Members are paged by user without a gap; an archived segment is no longer listed for its members.
pub async fn members_are_paged_in_order(store: &dyn Store) -> Result<(), StoreError> {
    let a = segment(store, "a").await?.segment_id;
    let changes = (1..=2_500).map(|user_id| Author::new(user_id).now_in(&[a], user_id)).collect();
    store.project(&[batch(0, 0, changes)]).await?;
    assert_eq!(store.segment_sizes(&[a, SegmentId(99)]).await?, [2_500, 0]);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.members_of_segment(a, after, 999).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.user_id);
        seen.extend(page.iter().map(|member| member.user_id.0));
    }
    assert!(seen.into_iter().eq(1..=2_500));
    store.archive_segment(a, None, &Actor::anonymous()).await?;
    assert_eq!(store.segments_of_user(UserId(1)).await?, []);
    Ok(())
}

/// The change that a deletion caused takes the user's rows away; what follows it begins at nothing.
pub async fn an_erased_users_rows_are_gone(store: &dyn Store) -> Result<(), StoreError> {
    let a = segment(store, "a").await?.segment_id;
    let mut ann = Author::new(1);
    let deletion = |change: SegmentChange| SegmentChange { cause: Cause::Deletion, ..change };
    let entered = ann.now_in(&[a], 10);
    let erased = deletion(ann.now_in(&[], 11));
    store.project(&[batch(0, 0, vec![entered.clone()])]).await?;
    store.project(&[batch(0, 1, vec![erased.clone()])]).await?;
    assert_eq!(members(store, a).await?, []);
    assert_eq!(store.segments_of_user(UserId(1)).await?, []);
    // All of it in one batch, of a user that the store never saw.
    let of_bob = |change: SegmentChange| SegmentChange { user_id: UserId(2), ..change };
    store.project(&[batch(0, 2, vec![of_bob(entered), of_bob(erased)])]).await?;
    assert_eq!(members(store, a).await?, []);
    let flows = store.segment_flows(a, Timestamp::from_micros(0), Timestamp::from_micros(HOUR), 10).await?;
    assert_eq!(flows.iter().map(|flow| (flow.entered, flow.exited)).collect::<Vec<_>>(), [(2, 2)]);
    Ok(())
}
