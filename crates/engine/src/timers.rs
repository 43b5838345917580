//! The deadline queue: which user must be looked at next even if no event comes.
//!
//! A heap of four children per node in which every user knows its own place: a deadline that moves,
//! even to an earlier instant, moves its entry, and no stale one stays behind for the length of a
//! window. Equal deadlines are those of the smaller user first. Reading the clock is the caller's business.

use schema::{Timestamp, UserId};

/// A user's index in the partition.
pub(crate) type UserIndex = u32;

/// Children per node: half the depth of two, and neighbours in memory.
const ARITY: usize = 4;
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    deadline: Timestamp,
    user_id: UserId,
    user: UserIndex,
}

/// The armed deadlines, at most one per user.
#[derive(Debug, Default)]
pub(crate) struct TimerQueue {
    heap: Vec<Entry>,
    /// By user: the place in the heap.
    places: Vec<u32>,
}

impl TimerQueue {
    /// Replaces a user's deadline.
    pub(crate) fn arm(&mut self, user: UserIndex, user_id: UserId, deadline: Option<Timestamp>) {
        let place = self.place_of(user);
        match (place, deadline) {
            (Some(place), Some(deadline)) => self.move_to(place, Entry { deadline, user_id, user }),
            (Some(place), None) => self.remove(place),
            (None, Some(deadline)) => {
                let entry = Entry { deadline, user_id, user };
                self.heap.push(entry);
                self.rise(self.heap.len() - 1, entry);
            }
            (None, None) => {}
        }
    }

    /// Returns the earliest deadline and whose it is; of equal ones that of the smallest user.
    pub(crate) fn first(&self) -> Option<(Timestamp, UserIndex)> {
        self.heap.first().map(|entry| (entry.deadline, entry.user))
    }

    fn place_of(&mut self, user: UserIndex) -> Option<usize> {
        if self.places.len() <= user as usize {
            self.places.resize(user as usize + 1, NOWHERE);
        }
        let place = self.places[user as usize];
        (place != NOWHERE).then_some(place as usize)
    }

    fn move_to(&mut self, place: usize, entry: Entry) {
        let old = self.heap[place];
        if entry < old {
            self.rise(place, entry);
        } else if entry > old {
            self.sink(place, entry);
        }
    }

    fn remove(&mut self, place: usize) {
        let gone = self.heap[place];
        self.places[gone.user as usize] = NOWHERE;
        if let Some(last) = self.heap.pop()
            && place < self.heap.len()
        {
            if last < gone { self.rise(place, last) } else { self.sink(place, last) }
        }
    }

    /// Puts an entry at a place or above it.
    fn rise(&mut self, mut place: usize, entry: Entry) {
        while let Some(parent) = place.checked_sub(1).map(|above| above / ARITY)
            && self.heap[parent] > entry
        {
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
    }

    /// Puts an entry at a place or below it.
    fn sink(&mut self, mut place: usize, entry: Entry) {
        loop {
            let first = place * ARITY + 1;
            let children = first..(first + ARITY).min(self.heap.len());
            let Some(least) = children.min_by_key(|child| self.heap[*child]) else { break };
            if self.heap[least] >= entry {
                break;
            }
            self.put(place, self.heap[least]);
            place = least;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.places[entry.user as usize] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_first_is_always_the_earliest_whatever_moved() {
        let mut queue = TimerQueue::default();
        let mut known: BTreeSet<(Timestamp, UserIndex)> = BTreeSet::new();
        let mut random = 1_u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let user = (random >> 33) as u32 % 300;
            let deadline = Timestamp::from_micros((random >> 45) as i64 % 500);
            known.retain(|(_, of)| *of != user);
            let armed = !(random >> 20).is_multiple_of(4);
            if armed {
                known.insert((deadline, user));
            }
            queue.arm(user, UserId(i64::from(user)), armed.then_some(deadline));
            assert_eq!(queue.first(), known.first().copied());
        }
    }
}
