//! Which events of a user were counted within the last day of log time.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;
use schema::{EventId, Timestamp, is_duplicate_of};
use serde::{Deserialize, Serialize};

/// From here on a set finds an id faster than a look through all of them: bots, not people.
const INDEXED_FROM: usize = 64;

/// Room for so many ids more than are remembered is kept.
const MOST_ROOM: usize = 4;

/// How many ids lie in one line of the processor's cache, about.
const IDS_PER_LINE: usize = 2;
/// How many lines are read ahead at most.
const LINES_AHEAD: usize = 4;

/// The ids that were counted, in the order of the log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DuplicateMemory {
    /// Ascending by the log time at which they were counted.
    counted: VecDeque<(Timestamp, EventId)>,
    /// The same ids, when there are many.
    #[serde(skip)]
    index: Option<Box<FxHashSet<EventId>>>,
}

impl DuplicateMemory {
    /// Remembers an event; returns false when it was counted before and still is remembered.
    ///
    /// Log time never goes back.
    pub(crate) fn count(&mut self, event_id: EventId, log_time: Timestamp) -> bool {
        self.prune(log_time);
        if self.contains(event_id) {
            return false;
        }
        self.make_room();
        self.counted.push_back((log_time, event_id));
        match &mut self.index {
            Some(index) => {
                index.insert(event_id);
            }
            None if self.counted.len() >= INDEXED_FROM => {
                self.index = Some(Box::new(self.counted.iter().map(|(_, known)| *known).collect()));
            }
            None => {}
        }
        true
    }

    /// Reads a little of what is remembered.
    pub(crate) fn glance(&self) -> u64 {
        let some = self.counted.iter().step_by(IDS_PER_LINE).take(LINES_AHEAD);
        some.fold(0, |read, (at, _)| read ^ at.as_micros() as u64)
    }

    fn contains(&self, event_id: EventId) -> bool {
        match &self.index {
            Some(index) => index.contains(&event_id),
            None => self.counted.iter().any(|(_, known)| *known == event_id),
        }
    }

    /// Grows by little and shrinks again: most users send few events a day, and some a lot on one day.
    fn make_room(&mut self) {
        let count = self.counted.len();
        if count == self.counted.capacity() {
            self.counted.reserve_exact((count / 4).max(1));
        } else if self.counted.capacity() > MOST_ROOM + 2 * count {
            self.counted.shrink_to(count + 1);
        }
    }

    fn prune(&mut self, log_time: Timestamp) {
        while let Some((_, event_id)) = self.counted.pop_front_if(|(at, _)| !is_duplicate_of(*at, log_time)) {
            if let Some(index) = &mut self.index {
                index.remove(&event_id);
            }
        }
        if self.counted.len() < INDEXED_FROM / 2 {
            self.index = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::DUPLICATE_WINDOW_MICROS;

    use super::*;

    fn id(number: u128) -> EventId {
        EventId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn an_id_counts_again_after_a_day_of_log_time_and_a_duplicate_does_not_renew_it() {
        let mut memory = DuplicateMemory::default();
        let at = Timestamp::from_micros;
        assert!(memory.count(id(1), at(0)));
        assert!(!memory.count(id(1), at(DUPLICATE_WINDOW_MICROS)));
        assert!(memory.count(id(1), at(DUPLICATE_WINDOW_MICROS + 1)));
    }

    #[test]
    fn many_ids_are_remembered_and_forgotten_like_few() {
        let mut memory = DuplicateMemory::default();
        for number in 0..1_000 {
            assert!(memory.count(id(number), Timestamp::from_micros(number as i64)));
            assert!(!memory.count(id(number / 2), Timestamp::from_micros(number as i64)));
        }
        let later = Timestamp::from_micros(DUPLICATE_WINDOW_MICROS + 500);
        assert!(memory.count(id(499), later));
        assert!(!memory.count(id(500), later));
        assert_eq!(memory.counted.len(), 501);
    }
}
