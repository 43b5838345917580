//! Whether a change that time makes is published when its time comes, and not when something else happens.

use schema::Cause;

use super::report::{Fault, Report};
use super::subscriber::Receipt;

/// How late a change may be received on a busy machine.
const AT_MOST_MICROS: i64 = 5_000_000;

/// Checks what a subscriber received. While it was not connected, nothing could come in time.
pub(super) fn check(received: &[Receipt], report: &mut Report) {
    for Receipt { change, received_at, connected_at } in received {
        let due_at = change.evaluated_at.max(*connected_at);
        let late = received_at.micros_since(due_at);
        if change.cause == Cause::Time && late > AT_MOST_MICROS {
            report.note(Fault::Mismatched, || format!("received {late} \u{b5}s late: {change:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::{SegmentChange, Timestamp, UserId};

    use super::*;

    #[track_caller]
    fn check(cause: Cause, [evaluated, connected, received]: [i64; 3], late: bool) {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let change = SegmentChange {
            user_id: UserId(1),
            in_segments: Vec::new(),
            out_segments: Vec::new(),
            segments: Vec::new(),
            seq: 1,
            cause,
            definition_versions: Default::default(),
            evaluated_at: at(evaluated),
        };
        let mut report = Report::default();
        super::check(&[Receipt { change, received_at: at(received), connected_at: at(connected) }], &mut report);
        assert_eq!(!report.is_clean(), late);
    }

    #[test]
    fn what_time_makes_must_come_in_time_unless_nobody_could_send_it() {
        check(Cause::Time, [100, 50, 105], false);
        check(Cause::Time, [100, 50, 106], true);
        check(Cause::Time, [100, 130, 131], false);
        check(Cause::Time, [100, 130, 136], true);
        check(Cause::Deletion, [100, 50, 106], false);
    }
}
