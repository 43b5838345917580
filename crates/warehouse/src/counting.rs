//! Which events of a partition count: those that are no duplicates, by the log's own time.
//!
//! The embedded history keeps this on disk; whoever passes through a partition from its beginning, or
//! writes it elsewhere, keeps the day that counts in memory.

use std::collections::{HashMap, VecDeque};

use schema::{Event, EventId, Timestamp, UserId, is_duplicate_of};

/// What is remembered of a partition on a way through it.
#[derive(Default)]
pub(crate) struct Counting {
    /// The greatest `received_at` so far.
    log_time: Timestamp,
    counted: HashMap<(UserId, EventId), Timestamp>,
    /// What `counted` holds, oldest first, so that it can be forgotten.
    oldest: VecDeque<(Timestamp, (UserId, EventId))>,
}

impl Counting {
    /// Begins where the log's time is `log_time`.
    pub(crate) fn at(log_time: Timestamp) -> Self {
        Self { log_time, ..Self::default() }
    }

    /// Takes in what was counted before; ascending by time.
    pub(crate) fn remember(&mut self, user_id: UserId, event_id: EventId, counted_at: Timestamp) {
        self.counted.insert((user_id, event_id), counted_at);
        self.oldest.push_back((counted_at, (user_id, event_id)));
    }

    /// Returns the greatest `received_at` so far.
    pub(crate) fn log_time(&self) -> Timestamp {
        self.log_time
    }

    /// Moves the log's time on, as any record does.
    pub(crate) fn pass(&mut self, received_at: Timestamp) {
        self.log_time = self.log_time.max(received_at);
    }

    /// Returns whether the event counts, and remembers it. Its record was passed before.
    pub(crate) fn counts(&mut self, event: &Event) -> bool {
        self.forget();
        // What is forgotten is no duplicate any more.
        if self.counted.contains_key(&(event.user_id, event.event_id)) {
            return false;
        }
        self.remember(event.user_id, event.event_id, self.log_time);
        true
    }

    fn forget(&mut self) {
        while let Some((counted_at, key)) = self.oldest.front().copied() {
            if is_duplicate_of(counted_at, self.log_time) {
                return;
            }
            self.oldest.pop_front();
            self.counted.remove(&key);
        }
    }
}
