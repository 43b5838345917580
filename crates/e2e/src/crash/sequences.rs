//! Whether a user's changes are in order, without gaps and repetitions, and fold into each other.

use std::collections::BTreeSet;

use schema::{SegmentChange, SegmentId};

use super::report::{Fault, Report};

/// Checks the changes of one user, as they lie in the topic.
pub(crate) fn check_topic(changes: &[SegmentChange], report: &mut Report) {
    check_order(changes, "in the topic", report);
    let mut segments: BTreeSet<SegmentId> = BTreeSet::new();
    for change in changes {
        let entered_anew = change.in_segments.iter().all(|segment| segments.insert(*segment));
        let left_for_real = change.out_segments.iter().all(|segment| segments.remove(segment));
        let folded = segments.iter().eq(&change.segments);
        let flips = !change.in_segments.is_empty() || !change.out_segments.is_empty();
        if !(entered_anew && left_for_real && folded && flips) {
            report.note(Fault::Mismatched, || format!("does not fold into what was before: {change:?}"));
            segments = change.segments.iter().copied().collect();
        }
    }
    for pair in changes.windows(2) {
        if pair[1].evaluated_at < pair[0].evaluated_at {
            report.note(Fault::OutOfOrder, || format!("time goes back: {pair:?}"));
        }
    }
}

/// Checks that a subscriber received a beginning of what lies in the topic, each once and in order.
pub(super) fn check_received(received: &[SegmentChange], topic: &[SegmentChange], report: &mut Report) {
    check_order(received, "at the subscriber", report);
    for change in received {
        let stored = usize::try_from(change.seq.saturating_sub(1)).ok().and_then(|at| topic.get(at));
        if stored != Some(change) {
            report.note(Fault::Mismatched, || format!("a subscriber was told {change:?}, the topic says {stored:?}"));
        }
    }
    for missing in topic.iter().skip(received.len()) {
        report.note(Fault::Lost, || format!("a subscriber was never told {missing:?}"));
    }
}

fn check_order(changes: &[SegmentChange], place: &str, report: &mut Report) {
    let mut seen = BTreeSet::new();
    let mut expected = 1;
    for change in changes {
        let (user, seq) = (change.user_id, change.seq);
        if !seen.insert(seq) {
            report.note(Fault::Repeated, || format!("user {user}: seq {seq} twice {place}"));
        } else if seq < expected {
            report.note(Fault::OutOfOrder, || format!("user {user}: seq {seq} after {} {place}", expected - 1));
        } else {
            for gap in expected..seq {
                report.note(Fault::Lost, || format!("user {user}: seq {gap} is missing {place}"));
            }
            expected = seq + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::{Cause, Timestamp, UserId};

    use super::*;

    /// A user that enters segment 1 with odd and leaves it with even `seq`.
    fn changes(of: &[u64]) -> Vec<SegmentChange> {
        let one = |seq: u64| {
            let inside = !seq.is_multiple_of(2);
            let of = |wanted: bool| if wanted { vec![SegmentId(1)] } else { Vec::new() };
            SegmentChange {
                user_id: UserId(1),
                in_segments: of(inside),
                out_segments: of(!inside),
                segments: of(inside),
                seq,
                cause: Cause::Time,
                definition_versions: Default::default(),
                evaluated_at: Timestamp::from_micros(seq as i64),
            }
        };
        of.iter().map(|seq| one(*seq)).collect()
    }

    #[track_caller]
    fn check(of: &[u64], expected: (u64, u64, u64, u64)) {
        let mut report = Report::default();
        check_topic(&changes(of), &mut report);
        let found = (report.lost, report.repeated, report.out_of_order, report.mismatched);
        assert_eq!(found, expected, "{of:?}: {:?}", report.examples);
    }

    #[test]
    fn a_topic_in_order_is_clean() {
        check(&[], (0, 0, 0, 0));
        check(&[1, 2, 3, 4], (0, 0, 0, 0));
    }

    #[test]
    fn what_is_missing_repeated_or_out_of_order_is_found() {
        check(&[1, 2, 4], (1, 0, 0, 1));
        check(&[1, 2, 2, 3], (0, 1, 0, 1));
        check(&[2, 1], (1, 0, 2, 1));
    }

    #[test]
    fn a_subscriber_must_be_told_everything_once() {
        let told = |received: &[u64]| {
            let mut report = Report::default();
            check_received(&changes(received), &changes(&[1, 2, 3]), &mut report);
            (report.lost, report.repeated, report.out_of_order, report.mismatched)
        };
        assert_eq!(told(&[1, 2, 3]), (0, 0, 0, 0));
        assert_eq!(told(&[1, 2]), (1, 0, 0, 0));
        assert_eq!(told(&[1, 2, 2, 3]), (0, 1, 0, 0));
        assert_eq!(told(&[1, 2, 3, 4]), (0, 0, 0, 1));
    }
}
