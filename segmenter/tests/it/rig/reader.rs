//! What subscribers see, and whether they could trust it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schema::{SegmentChange, SegmentId, UserId};
use tokio::time::Instant;

/// How long a condition may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the condition holds.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "still waiting: {what}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Checks that each user's changes follow from one another: gapless `seq`, entries and exits that
/// are none of what is so already, `segments` and time that agree.
#[track_caller]
pub(crate) fn check_stream(changes: &[SegmentChange]) {
    let mut last: BTreeMap<UserId, &SegmentChange> = BTreeMap::new();
    for change in changes {
        let before = last.insert(change.user_id, change);
        let mut segments: BTreeSet<SegmentId> =
            before.map(|before| before.segments.iter().copied().collect()).unwrap_or_default();
        assert_eq!(change.seq, before.map_or(1, |before| before.seq + 1), "a gap or a repetition: {change:?}");
        assert!(before.is_none_or(|before| before.evaluated_at <= change.evaluated_at), "out of order: {change:?}");
        for left in &change.out_segments {
            assert!(segments.remove(left), "left what it was not in: {change:?}");
        }
        for entered in &change.in_segments {
            assert!(segments.insert(*entered), "entered what it was in: {change:?}");
        }
        assert!(segments.iter().eq(&change.segments), "segments do not follow: {change:?} after {before:?}");
    }
}

/// Returns who is in the segment after the changes.
pub(crate) fn members(changes: &[SegmentChange], segment_id: i64) -> BTreeSet<UserId> {
    let latest: BTreeMap<UserId, &SegmentChange> = changes.iter().map(|change| (change.user_id, change)).collect();
    let in_it = latest.into_iter().filter(|(_, change)| change.segments.contains(&SegmentId(segment_id)));
    in_it.map(|(user_id, _)| user_id).collect()
}
