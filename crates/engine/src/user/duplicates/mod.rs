//! Which events of a user were counted within the last day of log time.
//!
//! Most users send few a day: their ids lie behind the series of the user and are looked through ([`few`]).
//! Those of a user who sends more have a list and a table of their own ([`many`]).
//!
//! A duplicate changes nothing, so what is remembered follows from the events that counted alone.

mod few;
mod index;
mod many;

use schema::{EventId, Timestamp, is_duplicate_of};

pub(super) use self::many::Many;
use super::User;
use crate::Catalog;

/// From here on a table finds an id faster than a look through all of them: bots, not people.
const INDEXED_FROM: usize = 32;

impl User {
    /// Remembers an event; returns false when it was counted before and still is remembered.
    ///
    /// Log time never goes back.
    pub(crate) fn count(&mut self, catalog: &Catalog, event_id: EventId, log_time: Timestamp) -> bool {
        let from = catalog.bit_words();
        if let Some(many) = self.rare.as_mut().and_then(|rare| rare.many.as_mut()) {
            let is_new = many.count(event_id, log_time);
            if many.len() < INDEXED_FROM / 2 {
                let counted = self.counted(catalog);
                self.remember(catalog, &counted);
            }
            return is_new;
        }
        let Some(count) = few::count(&mut self.slab, from, event_id, log_time) else { return false };
        if count >= INDEXED_FROM {
            let counted = self.counted(catalog);
            self.remember(catalog, &counted);
        }
        true
    }

    /// Returns the events that are remembered, and when in log time each was counted; ascending by that.
    pub(crate) fn counted(&self, catalog: &Catalog) -> Vec<(Timestamp, EventId)> {
        let many = self.rare.as_ref().and_then(|rare| rare.many.as_ref());
        let mut counted: Vec<_> = match many {
            Some(many) => many.iter().collect(),
            None => few::all(&self.slab, catalog.bit_words()).collect(),
        };
        // How many more there are is the storing's own business.
        if let Some((last, _)) = counted.last().copied() {
            counted.retain(|(at, _)| is_duplicate_of(*at, last));
        }
        counted
    }

    /// Remembers these events and no others.
    pub(crate) fn remember(&mut self, catalog: &Catalog, counted: &[(Timestamp, EventId)]) {
        few::clear(&mut self.slab, catalog.bit_words());
        if counted.len() >= INDEXED_FROM {
            self.rare_mut().many = Some(Many::of(counted));
            return;
        }
        if let Some(rare) = &mut self.rare {
            rare.many = None;
        }
        counted.iter().for_each(|(at, event_id)| few::push(&mut self.slab, *at, *event_id));
    }
}

#[cfg(test)]
mod tests {
    use schema::DUPLICATE_WINDOW_MICROS;

    use super::*;

    /// A user whose bits take some words, and of whom nothing is kept but ids.
    struct Memory(Catalog, User);

    impl Memory {
        fn new() -> Self {
            let clause = "region = 'CA'";
            let rules = vec![(testkit::definition(1, clause), rules::compile(clause).rule.unwrap())];
            let catalog = Catalog::of_rules(schema::Generation(1), rules).unwrap();
            let user = User::new(&catalog);
            Self(catalog, user)
        }

        fn count(&mut self, event_id: EventId, at: Timestamp) -> bool {
            self.1.count(&self.0, event_id, at)
        }

        fn counted(&self) -> Vec<(Timestamp, EventId)> {
            self.1.counted(&self.0)
        }
    }

    fn id(number: u128) -> EventId {
        EventId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn an_id_counts_again_after_a_day_of_log_time_and_a_duplicate_does_not_renew_it() {
        let mut memory = Memory::new();
        let at = Timestamp::from_micros;
        assert!(memory.count(id(1), at(0)));
        assert!(!memory.count(id(1), at(DUPLICATE_WINDOW_MICROS)));
        assert!(memory.count(id(1), at(DUPLICATE_WINDOW_MICROS + 1)));
    }

    #[test]
    fn many_ids_are_remembered_and_forgotten_like_few() {
        let mut memory = Memory::new();
        for number in 0..1_000 {
            assert!(memory.count(id(number), Timestamp::from_micros(number as i64)));
            assert!(!memory.count(id(number / 2), Timestamp::from_micros(number as i64)));
        }
        let later = Timestamp::from_micros(DUPLICATE_WINDOW_MICROS + 500);
        assert!(memory.count(id(499), later));
        assert!(!memory.count(id(500), later));
        assert_eq!(memory.counted().len(), 501);
    }

    /// For days, with more ids at some times than at others, so that the table is made anew and given up.
    #[test]
    fn what_is_remembered_is_what_a_map_from_ids_to_times_remembers() {
        let mut memory = Memory::new();
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
            assert_eq!(memory.1.members(&memory.0), [0]);
        }
    }
}
