//! Many remembered ids: a list of them, and a table that finds one.

use schema::{EventId, Timestamp, is_duplicate_of};

use super::index::{Counted, Index};
use crate::prefetch::prefetch_slice;

/// Room for so many ids more than are remembered is kept.
const MOST_ROOM: usize = 4;

/// The ids that were counted, in the order of the log.
#[derive(Debug)]
pub(in crate::user) struct Many {
    /// Ascending by the log time at which they were counted.
    counted: Counted,
    /// Where they are.
    index: Index,
}

impl Many {
    pub(super) fn of(counted: &[(Timestamp, EventId)]) -> Self {
        let counted = counted.iter().copied().collect();
        Self { index: Index::of(&counted), counted }
    }

    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Timestamp, EventId)> {
        self.counted.iter().copied()
    }

    /// Remembers an event; returns false when it is remembered already.
    pub(super) fn count(&mut self, event_id: EventId, log_time: Timestamp) -> bool {
        if self.index.find_or_note(&self.counted, event_id, |at| is_duplicate_of(at, log_time)) {
            return false;
        }
        self.prune(log_time);
        self.make_room();
        self.counted.push_back((log_time, event_id));
        if self.index.is_full() {
            self.index = Index::of(&self.counted);
        }
        true
    }

    /// Fetches what is looked at when an event comes.
    pub(in crate::user) fn prefetch(&self, event_id: EventId) {
        let (older, _) = self.counted.as_slices();
        prefetch_slice(older, 1);
        self.index.prefetch(event_id);
    }

    /// Grows by little and shrinks again: some send a lot on one day.
    fn make_room(&mut self) {
        let count = self.counted.len();
        if count == self.counted.capacity() {
            self.counted.reserve_exact((count / 4).max(1));
        } else if self.counted.capacity() > MOST_ROOM + 2 * count {
            self.counted.shrink_to(count + 1);
        }
    }

    fn prune(&mut self, log_time: Timestamp) {
        while self.counted.pop_front_if(|(at, _)| !is_duplicate_of(*at, log_time)).is_some() {
            self.index.forget_first();
        }
    }
}
