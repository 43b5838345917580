//! Which events of a partition count: those that are no duplicates, by the log's own time.

use std::collections::{HashMap, VecDeque};

use schema::{Event, EventId, Timestamp, UserId, is_duplicate_of};

/// What is remembered of a partition on a way through it from its beginning.
#[derive(Default)]
pub(super) struct Counting {
    /// The greatest `received_at` so far.
    log_time: Timestamp,
    counted: HashMap<(UserId, EventId), Timestamp>,
    /// What `counted` holds, oldest first, so that it can be forgotten.
    oldest: VecDeque<(Timestamp, (UserId, EventId))>,
}

impl Counting {
    /// Moves the log's time on, as any record does.
    pub(super) fn pass(&mut self, received_at: Timestamp) {
        self.log_time = self.log_time.max(received_at);
    }

    /// Returns whether the event counts, and remembers it. Its record was passed before.
    pub(super) fn counts(&mut self, event: &Event) -> bool {
        self.forget();
        let key = (event.user_id, event.event_id);
        // What is forgotten is no duplicate any more.
        if self.counted.contains_key(&key) {
            return false;
        }
        self.counted.insert(key, self.log_time);
        self.oldest.push_back((self.log_time, key));
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
