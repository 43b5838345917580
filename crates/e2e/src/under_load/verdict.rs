//! Whether a switch published exactly the difference, to each user once.

use std::collections::BTreeMap;

use schema::{Cause, Generation, SegmentChange, SegmentId, UserId};

use super::rendered::Members;
use crate::crash::{Fault, Report};

/// A segment before and after a switch, by SQL, and what the switch published.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Difference {
    pub(super) before: usize,
    pub(super) after: usize,
    pub(super) entered: usize,
    pub(super) left: usize,
    /// Users whom no change told of it.
    pub(super) lost: u64,
    /// Users who were told twice.
    pub(super) repeated: u64,
    /// Changes that SQL does not explain.
    pub(super) unexpected: u64,
}

/// Compares the changes that a switch published with the members before and after it.
pub(super) fn check_switch(
    segment_id: SegmentId,
    generation: Generation,
    before: &Members,
    after: &Members,
    changes: &BTreeMap<UserId, Vec<SegmentChange>>,
    report: &mut Report,
) -> Difference {
    let mut difference = Difference { before: before.len(), after: after.len(), ..Difference::default() };
    let mut told: BTreeMap<UserId, Vec<&SegmentChange>> = BTreeMap::new();
    for change in changes.values().flatten().filter(|change| change.cause == Cause::Definition { generation }) {
        told.entry(change.user_id).or_default().push(change);
    }
    for user_id in before.symmetric_difference(after) {
        let enters = after.contains(user_id);
        *(if enters { &mut difference.entered } else { &mut difference.left }) += 1;
        let Some(told) = told.remove(user_id) else {
            difference.lost += 1;
            report.note(Fault::Lost, || format!("user {user_id} was not told of generation {}", generation.0));
            continue;
        };
        if told.len() > 1 {
            difference.repeated += 1;
            report.note(Fault::Repeated, || format!("user {user_id} was told twice of generation {}", generation.0));
        }
        let (into, out_of): (&[_], &[_]) = if enters { (&[segment_id], &[]) } else { (&[], &[segment_id]) };
        for change in told.into_iter().filter(|told| told.in_segments != into || told.out_segments != out_of) {
            difference.unexpected += 1;
            report.note(Fault::Mismatched, || format!("by SQL enters: {enters}; published {change:?}"));
        }
    }
    for change in told.into_values().flatten() {
        difference.unexpected += 1;
        report.note(Fault::Mismatched, || format!("SQL says the same before and after it: {change:?}"));
    }
    difference
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schema::Timestamp;

    use super::*;

    const SEGMENT: SegmentId = SegmentId(7);
    const NOW: Generation = Generation(4);

    fn change(user_id: i64, enters: bool, cause: Cause) -> SegmentChange {
        let (into, out_of) = if enters { (vec![SEGMENT], vec![]) } else { (vec![], vec![SEGMENT]) };
        SegmentChange {
            user_id: UserId(user_id),
            in_segments: into.clone(),
            out_segments: out_of,
            segments: into,
            seq: 1,
            cause,
            definition_versions: BTreeMap::new(),
            evaluated_at: Timestamp::from_micros(0),
        }
    }

    /// Users 1 and 2 are in before, 2 and 3 after: 1 leaves and 3 enters.
    #[track_caller]
    fn check(told: &[(i64, bool)], expected: (u64, u64, u64)) {
        let members = |ids: [i64; 2]| ids.map(UserId).into_iter().collect::<Members>();
        let mut changes: BTreeMap<UserId, Vec<SegmentChange>> = BTreeMap::new();
        for (user_id, enters) in told {
            let made = change(*user_id, *enters, Cause::Definition { generation: NOW });
            changes.entry(UserId(*user_id)).or_default().push(made);
        }
        // What other causes did is no concern of the switch.
        changes.entry(UserId(9)).or_default().push(change(9, true, Cause::Time));
        let earlier = Cause::Definition { generation: Generation(3) };
        changes.entry(UserId(1)).or_default().push(change(1, true, earlier));
        let mut report = Report::default();
        let found = check_switch(SEGMENT, NOW, &members([1, 2]), &members([2, 3]), &changes, &mut report);
        assert_eq!((found.before, found.after, found.entered, found.left), (2, 2, 1, 1));
        assert_eq!((found.lost, found.repeated, found.unexpected), expected);
        assert_eq!(report.is_clean(), expected == (0, 0, 0));
    }

    #[test]
    fn exactly_the_difference_told_once_is_clean() {
        check(&[(1, false), (3, true)], (0, 0, 0));
    }

    #[test]
    fn what_is_missing_told_twice_or_not_explained_is_found() {
        check(&[(1, false)], (1, 0, 0));
        check(&[(1, false), (1, false), (3, true)], (0, 1, 0));
        check(&[(1, false), (3, true), (2, true)], (0, 0, 1));
        check(&[(1, true), (3, true)], (0, 0, 1));
    }
}
