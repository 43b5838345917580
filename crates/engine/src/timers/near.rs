//! The deadlines of the next minutes, in order: a heap of four children per node in which every user
//! knows its own place. Equal deadlines are those of the smaller user first.

use schema::{Timestamp, UserId};

use super::UserIndex;
use super::armed::Armed;

/// Children per node: half the depth of two, and neighbours in memory.
const ARITY: usize = 4;
/// The upper four levels.
const TOP: usize = 1 + ARITY + ARITY * ARITY + ARITY * ARITY * ARITY;
/// Room for so many entries is never given back.
const LEAST_ROOM: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) deadline: Timestamp,
    pub(super) user_id: UserId,
    pub(super) user: UserIndex,
}

impl Entry {
    #[inline]
    fn is_before(&self, other: &Self) -> bool {
        self.deadline < other.deadline || (self.deadline == other.deadline && self.user_id < other.user_id)
    }
}

#[derive(Debug, Default)]
pub(super) struct Near(Vec<Entry>);

impl Near {
    pub(super) fn first(&self) -> Option<Entry> {
        self.0.first().copied()
    }

    /// Returns the upper part of the heap, where the earliest entries mostly are.
    pub(super) fn top(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().take(TOP)
    }

    pub(super) fn push(&mut self, armed: &mut Armed, entry: Entry) {
        self.0.push(entry);
        self.rise(armed, self.0.len() - 1, entry);
    }

    /// Puts an entry in place of the same user's.
    pub(super) fn replace(&mut self, armed: &mut Armed, entry: Entry) {
        let place = armed.place(entry.user);
        let old = self.0[place];
        if entry.is_before(&old) { self.rise(armed, place, entry) } else { self.sink(armed, place, entry) }
    }

    pub(super) fn remove(&mut self, armed: &mut Armed, user: UserIndex) {
        let place = armed.place(user);
        let gone = self.0[place];
        if let Some(last) = self.0.pop()
            && place < self.0.len()
        {
            if last.is_before(&gone) { self.rise(armed, place, last) } else { self.sink(armed, place, last) }
        }
    }

    /// Gives back room that a crowd has left behind.
    pub(super) fn shrink(&mut self) {
        if self.0.capacity() > LEAST_ROOM + 4 * self.0.len() {
            self.0.shrink_to(LEAST_ROOM + 2 * self.0.len());
        }
    }

    /// Puts an entry at a place or above it.
    fn rise(&mut self, armed: &mut Armed, mut place: usize, entry: Entry) {
        while let Some(parent) = place.checked_sub(1).map(|above| above / ARITY)
            && entry.is_before(&self.0[parent])
        {
            self.put(armed, place, self.0[parent]);
            place = parent;
        }
        self.put(armed, place, entry);
    }

    /// Puts an entry at a place or below it.
    fn sink(&mut self, armed: &mut Armed, mut place: usize, entry: Entry) {
        loop {
            let (mut least, mut at) = (&entry, place);
            let first = place * ARITY + 1;
            for (child, known) in (first..).zip(self.0.iter().skip(first).take(ARITY)) {
                if known.is_before(least) {
                    (least, at) = (known, child);
                }
            }
            let least = *least;
            if at == place {
                break;
            }
            self.put(armed, place, least);
            place = at;
        }
        self.put(armed, place, entry);
    }

    fn put(&mut self, armed: &mut Armed, place: usize, entry: Entry) {
        self.0[place] = entry;
        armed.set_place(entry.user, place);
    }
}
