//! From the ids of users to where they are.
//!
//! A table of its own, because where an id lies in it can be fetched ahead, which the standard one does not offer:
//! looking up a user who was not seen lately would be a sixth of the time for an event. Cut into shards, so that no
//! single event pays for the growth of a table of millions. An id never leaves, so nothing marks gaps.

use schema::UserId;

use crate::prefetch::prefetch_slice;
use crate::timers::UserIndex;

const SHARDS: usize = 256;
/// Slots of a shard that is not empty, at least.
const LEAST_SLOTS: usize = 8;

/// How many lines of the processor's cache an id is looked for in, mostly.
const LINES: usize = 2;

/// Where a user is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    At(UserIndex),
    /// Kept elsewhere; the place is held.
    Away(UserIndex),
    Erased,
}

/// A place in 32 bits: an index, with [`AWAY`] perhaps, or one of two that are no index.
const EMPTY: u32 = u32::MAX;
const ERASED: u32 = u32::MAX - 1;
const AWAY: u32 = 1 << 31;

/// An id in two halves, so that it takes twelve bytes with its place and not sixteen.
#[derive(Clone, Copy, Debug)]
struct Slot {
    id: [u32; 2],
    place: u32,
}

/// Every id that was seen.
#[derive(Debug)]
pub(super) struct Places(Vec<Shard>);

#[derive(Clone, Debug, Default)]
struct Shard {
    slots: Box<[Slot]>,
    used: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self(vec![Shard::default(); SHARDS])
    }
}

/// Mixes an id: the upper half says which slot, other bits which shard.
const fn mixed(user_id: UserId) -> u64 {
    (user_id.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

const fn shard_of(user_id: UserId) -> usize {
    (mixed(user_id) >> 24) as usize % SHARDS
}

const fn halves(UserId(id): UserId) -> [u32; 2] {
    [id as u32, (id >> 32) as u32]
}

impl Places {
    pub(super) fn get(&self, user_id: UserId) -> Option<Place> {
        let shard = &self.0[shard_of(user_id)];
        shard.slots.get(shard.slot_of(user_id)?).and_then(|slot| slot.place())
    }

    /// Begins to fetch what [`Self::get`] looks at.
    pub(super) fn prefetch(&self, user_id: UserId) {
        let shard = &self.0[shard_of(user_id)];
        if let Some(slots) = shard.slots.get(shard.first_slot(user_id)..) {
            prefetch_slice(slots, LINES);
        }
    }

    pub(super) fn set(&mut self, user_id: UserId, place: Place) {
        self.0[shard_of(user_id)].set(user_id, place);
    }

    /// Returns all, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UserId, Place)> {
        let slots = self.0.iter().flat_map(|shard| &shard.slots);
        slots.filter_map(|slot| Some((slot.id(), slot.place()?)))
    }
}

impl Shard {
    /// Returns where an id is looked for first; the shard may have no slot at all.
    fn first_slot(&self, user_id: UserId) -> usize {
        // As if the upper half were a fraction: any number of slots does.
        (((mixed(user_id) >> 32) * self.slots.len() as u64) >> 32) as usize
    }

    /// Returns the slot of an id, or the empty one where it would be; nothing when there are no slots.
    fn slot_of(&self, user_id: UserId) -> Option<usize> {
        let (first, id) = (self.first_slot(user_id), halves(user_id));
        let ends_at = |slot: &Slot| slot.id == id || slot.place == EMPTY;
        let behind = self.slots[first..].iter().position(ends_at).map(|at| first + at);
        behind.or_else(|| self.slots[..first].iter().position(ends_at))
    }

    fn set(&mut self, user_id: UserId, place: Place) {
        let is_known = self.slot_of(user_id).is_some_and(|at| self.slots[at].place != EMPTY);
        if !is_known {
            self.used += 1;
            if self.used * 8 > self.slots.len() * 7 {
                self.grow();
            }
        }
        self.put(Slot::new(user_id, place));
    }

    /// Grows by a quarter: there are as many slots as users, nearly.
    fn grow(&mut self) {
        let length = (self.slots.len() + self.slots.len() / 4).max(LEAST_SLOTS);
        let old = std::mem::replace(&mut self.slots, vec![Slot::NONE; length].into_boxed_slice());
        old.into_iter().filter(|slot| slot.place != EMPTY).for_each(|slot| self.put(slot));
    }

    /// Puts a slot where its id is, or would be.
    fn put(&mut self, slot: Slot) {
        if let Some(at) = self.slot_of(slot.id()) {
            self.slots[at] = slot;
        }
    }
}

impl Slot {
    const NONE: Self = Self { id: [0; 2], place: EMPTY };

    const fn new(user_id: UserId, place: Place) -> Self {
        let place = match place {
            Place::At(index) => index,
            Place::Away(index) => index | AWAY,
            Place::Erased => ERASED,
        };
        Self { id: halves(user_id), place }
    }

    const fn id(self) -> UserId {
        UserId(self.id[0] as i64 | (self.id[1] as i64) << 32)
    }

    const fn place(self) -> Option<Place> {
        match self.place {
            EMPTY => None,
            ERASED => Some(Place::Erased),
            index if index & AWAY == 0 => Some(Place::At(index)),
            index => Some(Place::Away(index & !AWAY)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_id_is_where_it_was_put_last_whatever_came_before() {
        let (mut places, mut plain) = (Places::default(), BTreeMap::new());
        let mut random = 1_u64;
        for step in 0..60_000_u32 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // In a row, at the ends, and anywhere.
            let id = match random >> 62 {
                0 => (random >> 40) as i64 % 3_000,
                1 => i64::MIN + (random >> 40) as i64 % 500,
                2 => ((random >> 40) as i64 % 500) << 32,
                _ => random as i64,
            };
            let place = match (random >> 8) % 5 {
                0 => Place::Erased,
                1 => Place::Away(step),
                _ => Place::At(step),
            };
            assert_eq!(places.get(UserId(id)), plain.get(&UserId(id)).copied());
            places.prefetch(UserId(id));
            places.set(UserId(id), place);
            plain.insert(UserId(id), place);
            assert_eq!(places.get(UserId(id)), Some(place));
        }
        assert!(plain.iter().all(|(id, place)| places.get(*id) == Some(*place)));
        let all: BTreeMap<_, _> = places.iter().collect();
        assert_eq!(all, plain);
    }
}
