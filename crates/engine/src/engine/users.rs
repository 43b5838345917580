//! The users of a partition.
//!
//! Nothing here ever moves all users at once: they live in chunks, so that no single event pays for the growth
//! of a table of millions.

use std::collections::BTreeSet;

use schema::UserId;

use super::places::{Place, Places};
use crate::prefetch::prefetch_slice;
use crate::timers::UserIndex;
use crate::user::User;

/// What is known of a user id.
#[derive(Debug)]
pub(crate) enum UserRecord {
    /// Has sent events.
    Present(User),
    /// Was erased; the id is never used again.
    Erased,
}

/// How many users lie together.
const CHUNK: usize = 1024;
/// How many lines of the processor's cache a user lies in.
const LINES: usize = size_of::<Option<User>>().div_ceil(64) + 1;

/// Every user id that was seen, and which of them changed since they were last stored.
#[derive(Debug, Default)]
pub(super) struct Users {
    places: Places,
    chunks: Vec<Vec<Option<User>>>,
    ids: Vec<UserId>,
    /// Of erased users, to be used again.
    free: Vec<UserIndex>,
    dirty: Vec<UserId>,
    /// At all, those included who are away.
    present: usize,
    away: BTreeSet<UserId>,
    /// How often a user has left a place.
    departures: u64,
}

impl Users {
    pub(super) fn is_erased(&self, user_id: UserId) -> bool {
        self.places.get(user_id) == Some(Place::Erased)
    }

    pub(super) fn index_of(&self, user_id: UserId) -> Option<UserIndex> {
        match self.places.get(user_id)? {
            Place::At(index) => Some(index),
            Place::Away(_) | Place::Erased => None,
        }
    }

    pub(super) fn id_of(&self, index: UserIndex) -> UserId {
        self.ids[index as usize]
    }

    pub(super) fn at(&self, index: UserIndex) -> Option<&User> {
        self.chunks[index as usize / CHUNK][index as usize % CHUNK].as_ref()
    }

    /// Returns the user at an index, which may be no user's.
    pub(super) fn get(&self, index: UserIndex) -> Option<&User> {
        self.chunks.get(index as usize / CHUNK)?.get(index as usize % CHUNK)?.as_ref()
    }

    /// Returns how often a user has left a place: where one was found stays right while this stays the same.
    pub(super) const fn departures(&self) -> u64 {
        self.departures
    }

    /// Fetches what says where a user is.
    pub(super) fn prefetch_place(&self, user_id: UserId) {
        self.places.prefetch(user_id);
    }

    /// Fetches a user, but not what it points at.
    pub(super) fn prefetch(&self, index: UserIndex) {
        prefetch_slice(std::slice::from_ref(&self.chunks[index as usize / CHUNK][index as usize % CHUNK]), LINES);
    }

    pub(super) fn at_mut(&mut self, index: UserIndex) -> Option<&mut User> {
        self.chunks[index as usize / CHUNK][index as usize % CHUNK].as_mut()
    }

    pub(super) fn present(&self, user_id: UserId) -> Option<&User> {
        self.at(self.index_of(user_id)?)
    }

    /// Returns the user's index, who is made when the id is new; `None` when it was erased.
    pub(super) fn index_or_new(&mut self, user_id: UserId, new: impl FnOnce() -> User) -> Option<UserIndex> {
        match self.places.get(user_id) {
            Some(Place::At(index)) => Some(index),
            Some(Place::Away(_) | Place::Erased) => None,
            None => Some(self.insert(user_id, new())),
        }
    }

    fn insert(&mut self, user_id: UserId, user: User) -> UserIndex {
        self.present += 1;
        let index = self.free.pop().unwrap_or_else(|| {
            if self.ids.len() == self.chunks.len() * CHUNK {
                self.chunks.push(Vec::with_capacity(CHUNK));
            }
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.push(None);
            }
            self.ids.push(user_id);
            self.ids.len() as UserIndex - 1
        });
        self.ids[index as usize] = user_id;
        self.chunks[index as usize / CHUNK][index as usize % CHUNK] = Some(user);
        self.places.set(user_id, Place::At(index));
        index
    }

    /// Forgets what is kept of a user, and returns the index, which is used again.
    pub(super) fn erase(&mut self, user_id: UserId) -> Option<UserIndex> {
        let old = self.places.get(user_id);
        self.places.set(user_id, Place::Erased);
        let Some(Place::At(index) | Place::Away(index)) = old else { return None };
        self.departures += 1;
        self.away.remove(&user_id);
        self.present -= 1;
        self.chunks[index as usize / CHUNK][index as usize % CHUNK] = None;
        self.free.push(index);
        Some(index)
    }

    /// Puts a user in place of what was known, and returns the index.
    pub(super) fn replace(&mut self, user_id: UserId, user: User) -> UserIndex {
        match self.places.get(user_id) {
            Some(Place::At(index) | Place::Away(index)) => {
                self.chunks[index as usize / CHUNK][index as usize % CHUNK] = Some(user);
                if self.away.remove(&user_id) {
                    self.places.set(user_id, Place::At(index));
                }
                index
            }
            Some(Place::Erased) | None => self.insert(user_id, user),
        }
    }

    /// Takes a user out whose place is held.
    pub(super) fn take_away(&mut self, user_id: UserId) -> Option<User> {
        let index = self.index_of(user_id)?;
        let user = self.chunks[index as usize / CHUNK][index as usize % CHUNK].take()?;
        self.places.set(user_id, Place::Away(index));
        self.departures += 1;
        self.away.insert(user_id);
        Some(user)
    }

    /// Returns those who are away, ascending.
    pub(super) const fn away(&self) -> &BTreeSet<UserId> {
        &self.away
    }

    /// Returns how many have sent events and were not erased.
    pub(super) const fn present_count(&self) -> usize {
        self.present
    }

    /// Returns the ids of all that are present and not away, ascending.
    pub(super) fn present_ids(&self) -> Vec<UserId> {
        let places = self.places.iter();
        let mut ids: Vec<UserId> =
            places.filter(|(_, place)| matches!(place, Place::At(_))).map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn all_present_mut(&mut self) -> impl Iterator<Item = &mut User> {
        self.chunks.iter_mut().flatten().flatten()
    }

    /// Has a user stored who is not present any more.
    pub(super) fn mark_erased(&mut self, user_id: UserId) {
        self.dirty.push(user_id);
    }

    pub(super) fn mark_dirty(&mut self, index: UserIndex, user_id: UserId) {
        if let Some(user) = self.at_mut(index)
            && !user.is_dirty
        {
            user.is_dirty = true;
            self.dirty.push(user_id);
        }
    }

    /// Notes the id of a user who was just found to have changed since it was last stored.
    pub(super) fn remember_dirty(&mut self, user_id: UserId) {
        self.dirty.push(user_id);
    }

    /// Returns the ids that were marked since the last call, ascending.
    pub(super) fn take_dirty(&mut self) -> Vec<UserId> {
        let mut ids = std::mem::take(&mut self.dirty);
        ids.sort_unstable();
        ids.dedup();
        for user_id in &ids {
            if let Some(user) = self.index_of(*user_id).and_then(|index| self.at_mut(index)) {
                user.is_dirty = false;
            }
        }
        ids
    }
}
