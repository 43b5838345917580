//! Finds one of many remembered ids.
//!
//! A table from an id to its place among the remembered ones. Those that are forgotten stay in it until
//! their slots are taken or it is made anew: taking each out would wait for memory far away, once per event.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use schema::{EventId, Timestamp};

use crate::prefetch::prefetch_slice;

/// What is remembered, in the order of the log.
pub(super) type Counted = VecDeque<(Timestamp, EventId)>;

/// So many slots for each id when the table is made: few enough are taken that the next one is mostly free.
const SLOTS_PER_ID: usize = 2;

/// Where the ids of a list are.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// A power of two of them; an id is in the first one that was free from its hash on.
    slots: Box<[Slot]>,
    /// How many are not free.
    taken: usize,
    /// The number of the first id in the list; they are numbered one after the other, and wrap.
    first: u32,
}

/// Free, or part of an id's hash, of which the lowest bit is set, and the id's number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Slot(u64);

impl Slot {
    const FREE: Self = Self(0);

    const fn new(hash: u64, number: u32) -> Self {
        Self((hash | 1 << u32::BITS) & !(u32::MAX as u64) | number as u64)
    }

    /// Returns how many ids after the first one it is, or was meant to be.
    const fn place(self, first: u32) -> usize {
        (self.0 as u32).wrapping_sub(first) as usize
    }

    const fn is_like(self, other: Self) -> bool {
        self.0 >> u32::BITS == other.0 >> u32::BITS
    }
}

/// With a secret of this process: whoever sends events chooses their ids, and could choose such as lie in one slot,
/// so that each event would look at all ids of a day.
fn hash_of(EventId(id): EventId) -> u64 {
    static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    SECRET.hash_one(id.as_u128())
}

impl Index {
    pub(super) fn of(counted: &Counted) -> Self {
        let slots = (counted.len() * SLOTS_PER_ID).next_power_of_two();
        let mut index = Self { slots: vec![Slot::FREE; slots].into(), taken: 0, first: 0 };
        for (number, (_, event_id)) in (0..).zip(counted) {
            let hash = hash_of(*event_id);
            let free = index.walk(hash).find(|at| index.slots[*at] == Slot::FREE);
            index.put(free, Slot::new(hash, number));
        }
        index
    }

    /// Returns whether an id is in the list, counted at a time that still counts; if not, notes that it will
    /// be the next one.
    pub(super) fn find_or_note(
        &mut self,
        counted: &Counted,
        event_id: EventId,
        counts: impl Fn(Timestamp) -> bool,
    ) -> bool {
        let hash = hash_of(event_id);
        let new = Slot::new(hash, self.first.wrapping_add(counted.len() as u32));
        let mut place = None;
        for at in self.walk(hash) {
            let slot = self.slots[at];
            let known = if slot == Slot::FREE { None } else { counted.get(slot.place(self.first)) };
            match known {
                Some((at, known)) if slot.is_like(new) && *known == event_id && counts(*at) => return true,
                Some(_) => {}
                None => place = place.or(Some(at)),
            }
            if slot == Slot::FREE {
                break;
            }
        }
        self.put(place, new);
        false
    }

    /// Notes that the first id of the list is gone.
    pub(super) fn forget_first(&mut self) {
        self.first = self.first.wrapping_add(1);
    }

    /// Returns whether it has so few free slots that it takes long to find one.
    pub(super) fn is_full(&self) -> bool {
        self.taken * 4 > self.slots.len() * 3
    }

    pub(super) fn prefetch(&self, event_id: EventId) {
        let at = self.slot_of(hash_of(event_id));
        prefetch_slice(&self.slots[at..=at], 1);
    }

    fn slot_of(&self, hash: u64) -> usize {
        // The upper bits are the ones that are mixed best.
        (hash >> u32::BITS) as usize & (self.slots.len() - 1)
    }

    /// Returns all slots, from that of a hash on.
    fn walk(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let (first, mask) = (self.slot_of(hash), self.slots.len() - 1);
        (0..=mask).map(move |step| (first + step) & mask)
    }

    fn put(&mut self, at: Option<usize>, slot: Slot) {
        if let Some(at) = at {
            self.taken += usize::from(self.slots[at] == Slot::FREE);
            self.slots[at] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// These lay in one slot when the hash was one multiplication without a secret.
    #[test]
    fn ids_that_someone_chose_lie_apart() {
        let ids = (0..1_000).map(|number| EventId(Uuid::from_u64_pair(number << 16, 0)));
        let counted: Counted = ids.map(|event_id| (Timestamp::from_micros(0), event_id)).collect();
        let index = Index::of(&counted);
        let steps = |(_, event_id): &(Timestamp, EventId)| {
            index.walk(hash_of(*event_id)).take_while(|at| index.slots[*at] != Slot::FREE).count()
        };
        assert!(counted.iter().map(steps).all(|steps| steps < 100));
    }
}
