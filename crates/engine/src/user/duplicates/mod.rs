//! Which events of a user were counted within the last day of log time.

mod index;

use schema::{EventId, Timestamp, is_duplicate_of};
use serde::{Deserialize, Serialize};

use self::index::{Counted, Index};
use crate::prefetch::prefetch_slice;

/// From here on a table finds an id faster than a look through all of them: bots, not people.
const INDEXED_FROM: usize = 64;

/// Room for so many ids more than are remembered is kept.
const MOST_ROOM: usize = 4;

/// How many lines of the processor's cache are fetched ahead at most.
const LINES_AHEAD: usize = 12;

/// The ids that were counted, in the order of the log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DuplicateMemory {
    /// Ascending by the log time at which they were counted.
    counted: Counted,
    /// Where they are, when there are many.
    #[serde(skip)]
    index: Option<Box<Index>>,
}

impl DuplicateMemory {
    /// Remembers an event; returns false when it was counted before and still is remembered.
    ///
    /// Log time never goes back.
    pub(crate) fn count(&mut self, event_id: EventId, log_time: Timestamp) -> bool {
        self.prune(log_time);
        let is_known = match &mut self.index {
            Some(index) => index.find_or_note(&self.counted, event_id),
            None => self.counted.iter().any(|(_, known)| *known == event_id),
        };
        if is_known {
            return false;
        }
        self.make_room();
        self.counted.push_back((log_time, event_id));
        if self.counted.len() >= INDEXED_FROM && self.index.as_ref().is_none_or(|index| index.is_full()) {
            self.index = Some(Box::new(Index::of(&self.counted)));
        }
        true
    }

    /// Fetches what is looked at when an event comes.
    pub(crate) fn prefetch(&self, event_id: Option<EventId>) {
        let (older, newer) = self.counted.as_slices();
        let Some(index) = &self.index else {
            prefetch_slice(older, LINES_AHEAD);
            return prefetch_slice(newer, LINES_AHEAD);
        };
        prefetch_slice(older, 1);
        if let Some(event_id) = event_id {
            index.prefetch(event_id);
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
        while self.counted.pop_front_if(|(at, _)| !is_duplicate_of(*at, log_time)).is_some() {
            if let Some(index) = &mut self.index {
                index.forget_first();
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

    /// For days, with more ids at some times than at others, so that the table is made anew and given up.
    #[test]
    fn what_is_remembered_is_what_a_map_from_ids_to_times_remembers() {
        let mut memory = DuplicateMemory::default();
        let mut plain = std::collections::BTreeMap::new();
        let mut random = 1_u64;
        let mut below = |end: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % end
        };
        let mut now = 0;
        for step in 0..40_000_u64 {
            let is_busy = step / 5_000 % 2 == 0;
            now += below(if is_busy { 200_000_000 } else { 4_000_000_000 }) as i64;
            // Ids that differ in few bits, and that count up.
            let event_id = id(u128::from(step - step.min(below(900))) << 64 | 7);
            let at = Timestamp::from_micros(now);
            let is_new = plain.get(&event_id).is_none_or(|counted| !is_duplicate_of(*counted, at));
            if is_new {
                plain.insert(event_id, at);
            }
            assert_eq!(memory.count(event_id, at), is_new, "step {step}");
        }
    }
}
