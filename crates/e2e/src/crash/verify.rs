//! Everything that must be true of what an installation holds after the last clean stop.

use std::collections::BTreeMap;

use schema::{SegmentChange, UserId};

use super::answers::Answers;
use super::definitions::Expected;
use super::ledger::Ledger;
use super::report::{Fault, Report};
use super::subscriber::Receipt;
use super::{answers, events, lateness, memberships, sequences, states};
use crate::record::Recorded;

/// Compares what the clients, the editor and the subscriber know with what is on disk.
pub(super) fn verify(
    ledger: &Ledger,
    expected: &[Expected],
    received: &[Receipt],
    answers: &Answers,
    recorded: &Recorded,
    report: &mut Report,
) -> anyhow::Result<()> {
    verify_outcome(ledger, expected, received, answers, recorded, report)?;
    let (counted, changes) = (events::counted(recorded), recorded.changes());
    memberships::check_on_the_way(&counted, &changes, recorded, answers.passed, report)?;
    lateness::check(received, report);
    Ok(())
}

/// The same without looking at how each change came about and whether it came in time.
pub(super) fn verify_outcome(
    ledger: &Ledger,
    expected: &[Expected],
    received: &[Receipt],
    answers: &Answers,
    recorded: &Recorded,
    report: &mut Report,
) -> anyhow::Result<()> {
    for complaint in ledger.complaints() {
        report.note(Fault::Mismatched, || complaint.clone());
    }
    events::check(&ledger.sent(), recorded, report);
    let (counted, changes) = (events::counted(recorded), recorded.changes());
    for changes in changes.values() {
        sequences::check_topic(changes, report);
    }
    memberships::check_definitions(expected, recorded, report);
    memberships::check_now(&counted, &changes, recorded, answers.passed, report)?;
    check_subscriber(received, &changes, report);
    answers::check(answers, &changes, report);
    states::check(recorded, report)
}

/// Counts what the clients and the subscriber were told and is not on disk: all that can be said of a
/// system that does not come up any more.
pub(super) fn count_lost(ledger: &Ledger, received: &[Receipt], recorded: &Recorded, report: &mut Report) {
    events::count_lost(&ledger.sent(), recorded, report);
    let changes = recorded.changes();
    for Receipt { change, .. } in received {
        let of_user = changes.get(&change.user_id).map_or(&[][..], Vec::as_slice);
        if !of_user.contains(change) {
            report.note(Fault::Lost, || format!("a subscriber was told what is not in the topic: {change:?}"));
        }
    }
}

fn check_subscriber(received: &[Receipt], topic: &BTreeMap<UserId, Vec<SegmentChange>>, report: &mut Report) {
    let mut of_users: BTreeMap<UserId, Vec<SegmentChange>> = BTreeMap::new();
    for Receipt { change, .. } in received {
        of_users.entry(change.user_id).or_default().push(change.clone());
    }
    for (user_id, changes) in topic {
        sequences::check_received(of_users.get(user_id).map_or(&[], Vec::as_slice), changes, report);
    }
    for user_id in of_users.keys().filter(|user_id| !topic.contains_key(user_id)) {
        report.note(Fault::Lost, || format!("user {user_id} had changes and has none any more"));
    }
}
