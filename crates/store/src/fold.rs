//! What a batch of changes does to the rows: computed in memory, so that it is written in a few statements.

use std::collections::{BTreeMap, HashMap};

use schema::{Cause, SegmentChange, SegmentId, Timestamp, UserId};

use crate::memberships::FLOW_INTERVAL_MICROS;

/// One user's rows.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct UserRows {
    pub(crate) seq: u64,
    pub(crate) since: BTreeMap<SegmentId, Timestamp>,
}

/// What is to be written.
#[derive(PartialEq, Debug, Default)]
pub(crate) struct Difference {
    pub(crate) removed: Vec<(SegmentId, UserId)>,
    pub(crate) inserted: Vec<(SegmentId, UserId, Timestamp)>,
    pub(crate) seqs: Vec<(UserId, u64)>,
    pub(crate) erased: Vec<UserId>,
    pub(crate) sizes: BTreeMap<SegmentId, i64>,
    /// Entries and exits per segment and start of interval.
    pub(crate) flows: BTreeMap<(SegmentId, Timestamp), (u64, u64)>,
}

/// Folds changes, each user's in order, into what `before` holds of those users.
pub(crate) fn fold<'a>(
    before: &HashMap<UserId, UserRows>,
    changes: impl Iterator<Item = &'a SegmentChange>,
) -> Difference {
    let mut difference = Difference::default();
    let mut after: BTreeMap<UserId, UserRows> = BTreeMap::new();
    for change in changes {
        let rows =
            after.entry(change.user_id).or_insert_with(|| before.get(&change.user_id).cloned().unwrap_or_default());
        if change.seq <= rows.seq {
            continue; // Counted before: the position moved without it only if somebody edited the tables.
        }
        apply(rows, change);
        count_flows(&mut difference.flows, change);
        if change.cause == Cause::Deletion {
            difference.erased.push(change.user_id);
        }
    }
    let nothing = UserRows::default();
    for (user_id, rows) in after {
        compare(&mut difference, user_id, before.get(&user_id).unwrap_or(&nothing), &rows);
    }
    difference
}

fn apply(rows: &mut UserRows, change: &SegmentChange) {
    rows.seq = change.seq;
    // The whole set, not the difference: the rows are right even if a change was missed.
    rows.since.retain(|segment_id, _| change.segments.contains(segment_id));
    for segment_id in &change.segments {
        if change.in_segments.contains(segment_id) {
            rows.since.insert(*segment_id, change.evaluated_at);
        } else {
            rows.since.entry(*segment_id).or_insert(change.evaluated_at);
        }
    }
}

fn count_flows(flows: &mut BTreeMap<(SegmentId, Timestamp), (u64, u64)>, change: &SegmentChange) {
    let micros = change.evaluated_at.as_micros();
    let start = Timestamp::from_micros(micros - micros.rem_euclid(FLOW_INTERVAL_MICROS));
    for segment_id in &change.in_segments {
        flows.entry((*segment_id, start)).or_default().0 += 1;
    }
    for segment_id in &change.out_segments {
        flows.entry((*segment_id, start)).or_default().1 += 1;
    }
}

fn compare(difference: &mut Difference, user_id: UserId, before: &UserRows, after: &UserRows) {
    for (segment_id, since) in &before.since {
        if after.since.get(segment_id) != Some(since) {
            difference.removed.push((*segment_id, user_id));
            *difference.sizes.entry(*segment_id).or_default() -= 1;
        }
    }
    for (segment_id, since) in &after.since {
        if before.since.get(segment_id) != Some(since) {
            difference.inserted.push((*segment_id, user_id, *since));
            *difference.sizes.entry(*segment_id).or_default() += 1;
        }
    }
    if after.seq != before.seq {
        difference.seqs.push((user_id, after.seq));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(seq: u64, segments: &[i64], entered: &[i64], left: &[i64]) -> SegmentChange {
        let ids = |numbers: &[i64]| numbers.iter().copied().map(SegmentId).collect::<Vec<_>>();
        SegmentChange {
            user_id: UserId(1),
            in_segments: ids(entered),
            out_segments: ids(left),
            segments: ids(segments),
            seq,
            cause: Cause::Time,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(seq as i64),
        }
    }

    fn rows(seq: u64, since: &[(i64, i64)]) -> HashMap<UserId, UserRows> {
        let since = since.iter().map(|(id, at)| (SegmentId(*id), Timestamp::from_micros(*at))).collect();
        HashMap::from([(UserId(1), UserRows { seq, since })])
    }

    #[test]
    fn who_leaves_and_comes_back_within_a_batch_is_a_member_since_the_return() {
        let changes = [change(2, &[], &[], &[7]), change(3, &[7], &[7], &[])];
        let difference = fold(&rows(1, &[(7, 1)]), changes.iter());
        assert_eq!(difference.removed, [(SegmentId(7), UserId(1))]);
        assert_eq!(difference.inserted, [(SegmentId(7), UserId(1), Timestamp::from_micros(3))]);
        assert_eq!(difference.sizes, BTreeMap::from([(SegmentId(7), 0)]));
        assert_eq!(difference.flows[&(SegmentId(7), Timestamp::from_micros(0))], (1, 1));
    }

    #[test]
    fn a_change_that_was_counted_is_passed_over() {
        let difference = fold(&rows(2, &[(7, 1)]), [change(2, &[], &[], &[7])].iter());
        assert_eq!(difference, Difference::default());
    }

    #[test]
    fn instants_before_1970_fall_into_the_interval_that_holds_them() {
        let mut flows = BTreeMap::new();
        let early = SegmentChange { evaluated_at: Timestamp::from_micros(-1), ..change(1, &[7], &[7], &[]) };
        count_flows(&mut flows, &early);
        assert!(flows.contains_key(&(SegmentId(7), Timestamp::from_micros(-FLOW_INTERVAL_MICROS))));
    }
}
