//! Whether every acknowledged event is there, once, under its user, in the log and in the history.

use std::collections::{BTreeMap, BTreeSet};

use schema::{Event, EventId, LogRecord, UserId};
#[cfg(feature = "distributed")]
use shoal::Dice;

use super::ledger::Sent;
use super::report::{Fault, Report};
use crate::record::{Recorded, RecordedPartition};

/// Each user's events as they count, in log order.
pub(super) type CountedEvents = BTreeMap<UserId, Vec<Event>>;

/// Returns the events that count: the first of each user and `event_id` (a run is far shorter than a day).
pub(super) fn counted(recorded: &Recorded) -> CountedEvents {
    let mut seen = BTreeSet::new();
    let mut events = CountedEvents::new();
    let records = recorded.partitions.iter().flat_map(|partition| &partition.events);
    for (_, record) in records {
        if let LogRecord::Event(event) = record
            && seen.insert((event.user_id, event.event_id))
        {
            events.entry(event.user_id).or_default().push(event.clone());
        }
    }
    events
}

/// Returns what so many users at most did, chosen by dice.
#[cfg(feature = "distributed")]
pub(super) fn of_some_users(mut events: CountedEvents, users: usize, dice: &mut Dice) -> CountedEvents {
    let mut others: Vec<UserId> = events.keys().copied().collect();
    for _ in 0..users.min(others.len()) {
        others.swap_remove(dice.below(others.len() as u64) as usize);
    }
    for user_id in others {
        events.remove(&user_id);
    }
    events
}

/// Compares what was acknowledged with what is stored.
pub(super) fn check(sent: &BTreeMap<EventId, Sent>, recorded: &Recorded, report: &mut Report) {
    let mut rows: BTreeMap<(EventId, UserId), u64> = BTreeMap::new();
    for row in recorded.partitions.iter().flat_map(|partition| &partition.history) {
        *rows.entry((row.event.event_id, row.event.user_id)).or_default() += 1;
    }
    for (event_id, sent) in sent {
        let Some(user_id) = sent.acknowledged else { continue };
        report.acknowledged += 1;
        if !rows.contains_key(&(*event_id, user_id)) {
            report.note(Fault::Lost, || format!("event {event_id} of user {user_id} was acknowledged"));
        }
    }
    for ((event_id, user_id), count) in rows {
        if count > 1 {
            report.note(Fault::Repeated, || format!("event {event_id} of user {user_id} is stored {count} times"));
        }
        if !sent.contains_key(&event_id) {
            report.note(Fault::Mismatched, || format!("event {event_id} of user {user_id} was never sent"));
        }
    }
    for partition in &recorded.partitions {
        check_partition(partition, report);
    }
}

/// Counts the acknowledged events that are not in the log, whether or not the history has them.
pub(super) fn count_lost(sent: &BTreeMap<EventId, Sent>, recorded: &Recorded, report: &mut Report) {
    let records = recorded.partitions.iter().flat_map(|partition| &partition.events);
    let logged: BTreeSet<(EventId, UserId)> = records
        .filter_map(|(_, record)| match record {
            LogRecord::Event(event) => Some((event.event_id, event.user_id)),
            LogRecord::Traits(_) | LogRecord::Deletion(_) => None,
        })
        .collect();
    report.acknowledged = 0;
    for (event_id, sent) in sent {
        let Some(user_id) = sent.acknowledged else { continue };
        report.acknowledged += 1;
        if !logged.contains(&(*event_id, user_id)) {
            report.note(Fault::Lost, || format!("event {event_id} of user {user_id} was acknowledged"));
        }
    }
}

/// The history holds exactly the events of the log that count, and the state has taken them all.
fn check_partition(partition: &RecordedPartition, report: &mut Report) {
    let end = partition.events.last().map_or(0, |(offset, _)| offset + 1);
    if partition.restored.next_offset != end {
        let next = partition.restored.next_offset;
        report.note(Fault::Lost, || format!("the state is at {next}, the log ends at {end}"));
    }
    let mut seen = BTreeSet::new();
    let counts = |(offset, record): &(u64, LogRecord)| match record {
        LogRecord::Event(event) => seen.insert((event.user_id, event.event_id)).then(|| (*offset, event.clone())),
        LogRecord::Traits(_) | LogRecord::Deletion(_) => None,
    };
    let expected: BTreeMap<u64, Event> = partition.events.iter().filter_map(counts).collect();
    let stored: BTreeMap<u64, Event> =
        partition.history.iter().map(|row| (row.position.offset, row.event.clone())).collect();
    for (offset, event) in &expected {
        if stored.get(offset) != Some(event) {
            report.note(Fault::Mismatched, || {
                format!("offset {offset}: the history has {:?}, not {event:?}", stored.get(offset))
            });
        }
    }
    for offset in stored.keys().filter(|offset| !expected.contains_key(offset)) {
        report.note(Fault::Mismatched, || format!("offset {offset} does not count and is in the history"));
    }
}

#[cfg(all(test, feature = "distributed"))]
mod tests {
    use super::*;

    #[track_caller]
    fn check(users: i64, at_most: usize, expected: usize) {
        let all: CountedEvents = (0..users).map(|user_id| (UserId(user_id), Vec::new())).collect();
        let chosen = |seed| of_some_users(all.clone(), at_most, &mut Dice::new(seed));
        assert_eq!(chosen(1).len(), expected, "{at_most} of {users}");
        assert_eq!(chosen(1), chosen(1), "the same dice choose the same");
        assert_eq!(chosen(1) == chosen(2), expected as i64 == users, "other dice choose others");
    }

    #[test]
    fn a_sample_has_as_many_users_as_it_may_and_hangs_on_the_dice_alone() {
        check(1_000, 400, 400);
        check(30, 400, 30);
        check(0, 400, 0);
    }
}
