//! What one input did, before it is committed.

use bus::{DeadLetter, PartitionCommit, StoredRecord};
use engine::{Applied, Engine, SkipReason};
use schema::{Cause, Definitions, ErrorRecord, Event, LogRecord, SegmentChange, Timestamp};

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

    /// Applies one record, or puts it aside for people to look at.
    pub(super) fn take_record(&mut self, engine: &mut Engine, stored: &StoredRecord, now: Timestamp) {
        self.consumed = true;
        match Unreadable::check(stored) {
            Ok(record) => {
                let applied = engine.apply(&record, now);
                self.note(&record, applied);
            }
            Err(unreadable) => {
                self.errors.push(unreadable.error_record(stored));
                self.dead_letters.push(unreadable.dead_letter(stored));
            }
        }
    }

    fn note(&mut self, record: &LogRecord, applied: Applied) {
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
