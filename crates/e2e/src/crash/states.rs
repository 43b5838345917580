//! Whether the other two places where memberships are kept say what the published changes say: the
//! segmenter's state of each user, and the topic with the latest change of each user.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use engine::{Catalog, Engine, PartitionClock};
use schema::{SegmentChange, SegmentId, UserId};

use super::report::{Fault, Report};
use crate::record::{Recorded, RecordedPartition};

/// Checks all partitions.
pub(super) fn check(recorded: &Recorded, report: &mut Report) -> anyhow::Result<()> {
    for partition in &recorded.partitions {
        let last: BTreeMap<UserId, &SegmentChange> =
            partition.changes.iter().map(|change| (change.user_id, change)).collect();
        check_states(partition, &last, report)?;
        check_latest(&partition.memberships, &last, report);
    }
    Ok(())
}

/// Loads the states as the next owner would.
fn check_states(
    partition: &RecordedPartition,
    last: &BTreeMap<UserId, &SegmentChange>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let restored = &partition.restored;
    let definitions = restored.definitions.as_ref().context("a partition without definitions")?;
    let catalog = Arc::new(Catalog::freeze(definitions).context("freezing the stored definitions")?);
    let mut engine = Engine::new(catalog, PartitionClock { now: restored.now, log_time: restored.log_time });
    for (user_id, state) in &partition.states {
        let loaded = engine.load_user(*user_id, state);
        loaded.with_context(|| format!("loading the state of user {user_id}"))?;
    }
    for user_id in last.keys().filter(|user_id| !partition.states.contains_key(user_id)) {
        report.note(Fault::Mismatched, || format!("user {user_id} has changes and no state"));
    }
    for user_id in partition.states.keys() {
        let kept = engine.segments_of(*user_id).unwrap_or_default();
        let published: &[SegmentId] = last.get(user_id).map_or(&[], |change| &change.segments);
        if kept != published {
            report.note(Fault::Mismatched, || {
                format!("user {user_id}: the state has {kept:?}, published was {published:?}")
            });
        }
    }
    Ok(())
}

/// The compacted topic holds the last change of each user, and nothing else.
fn check_latest(memberships: &[SegmentChange], last: &BTreeMap<UserId, &SegmentChange>, report: &mut Report) {
    let mut missing = last.clone();
    for membership in memberships {
        let expected = missing.remove(&membership.user_id);
        if expected != Some(membership) {
            report.note(Fault::Mismatched, || {
                format!("segment-memberships has {membership:?}, the last change that it lacks is {expected:?}")
            });
        }
    }
    for (user_id, change) in missing {
        report.note(Fault::Mismatched, || format!("segment-memberships lacks {change:?} of user {user_id}"));
    }
}

#[cfg(test)]
mod tests {
    use schema::{Cause, Timestamp};

    use super::*;

    fn change(user_id: i64, seq: u64) -> SegmentChange {
        SegmentChange {
            user_id: UserId(user_id),
            in_segments: Vec::new(),
            out_segments: Vec::new(),
            segments: Vec::new(),
            seq,
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(1),
        }
    }

    #[track_caller]
    fn check(memberships: &[SegmentChange], faults: u64) {
        let (one, two) = (change(1, 5), change(2, 3));
        let mut report = Report::default();
        check_latest(memberships, &BTreeMap::from([(UserId(1), &one), (UserId(2), &two)]), &mut report);
        assert_eq!(report.mismatched, faults, "{:?}", report.examples);
    }

    #[test]
    fn the_compacted_topic_must_hold_the_last_change_of_each_user_once() {
        check(&[change(1, 5), change(2, 3)], 0);
        check(&[], 2);
        check(&[change(1, 4), change(2, 3)], 1);
        check(&[change(1, 5), change(1, 5), change(2, 3)], 1);
        check(&[change(1, 5), change(2, 3), change(3, 1)], 1);
    }
}
