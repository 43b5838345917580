//! What one input did, before it is committed.

use bus::{DeadLetter, PartitionCommit, StoredRecord};
use engine::{Applied, SkipReason};
use schema::{Cause, Definitions, ErrorRecord, Event, LogRecord, PartitionId, SegmentChange, Timestamp};

use super::Unreadable;

/// Everything that one commit will hold, and what the metrics will say once it does.
#[derive(Default)]
pub(super) struct Step {
    pub(super) consumed: bool,
    pub(super) changes: Vec<SegmentChange>,
    pub(super) errors: Vec<ErrorRecord>,
    pub(super) dead_letters: Vec<DeadLetter>,
    pub(super) definitions: Option<Definitions>,
    pub(super) tally: Tally,
}

/// What the metrics say of a step.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) applied: u64,
    pub(super) skipped: Vec<SkipReason>,
    /// The times of each event that made a change.
    pub(super) decisive_events: Vec<EventTimes>,
}

/// When an event happened and when it was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct EventTimes {
    pub(super) created_at: Timestamp,
    pub(super) received_at: Timestamp,
}

impl From<&Event> for EventTimes {
    fn from(event: &Event) -> Self {
        Self { created_at: event.created_at, received_at: event.received_at }
    }
}

impl Step {
    /// Begins a step with changes that no record made.
    pub(super) fn new(changes: Vec<SegmentChange>) -> Self {
        Self { changes, ..Self::default() }
    }

    /// Takes note of a record that cannot be applied.
    pub(super) fn put_aside(&mut self, unreadable: &Unreadable, partition: PartitionId, stored: &StoredRecord) {
        self.consumed = true;
        let (letter, error) = unreadable.letter(partition, stored);
        self.errors.push(error);
        self.dead_letters.push(letter);
    }

    /// Takes note of what a record did.
    pub(super) fn note(&mut self, record: &LogRecord, applied: Applied) {
        self.consumed = true;
        match applied.skipped {
            Some(reason) => self.tally.skipped.push(reason),
            None => self.tally.applied += 1,
        }
        let by_event = applied.changes.iter().any(|change| matches!(change.cause, Cause::Event { .. }));
        if let LogRecord::Event(event) = record
            && by_event
        {
            self.tally.decisive_events.push(event.into());
        }
        self.changes.extend(applied.changes);
    }

    /// Splits into what is committed and what is told afterwards; the place and the users are the owner's to add.
    pub(super) fn into_parts(self) -> (PartitionCommit, Tally) {
        let Self { changes, errors, dead_letters, definitions, tally, consumed: _ } = self;
        (PartitionCommit { changes, errors, dead_letters, definitions, ..PartitionCommit::default() }, tally)
    }
}
