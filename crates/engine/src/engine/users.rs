//! The users of a partition.

use rustc_hash::{FxHashMap, FxHashSet};
use schema::UserId;

use crate::user::User;

/// What is known of a user id.
#[derive(Clone, Debug)]
pub(crate) enum UserRecord {
    /// Has sent events.
    Present(User),
    /// Was erased; the id is never used again.
    Erased,
}

/// Every user id that was seen, and which of them changed since they were last stored.
#[derive(Debug, Default)]
pub(super) struct Users {
    records: FxHashMap<UserId, UserRecord>,
    dirty: FxHashSet<UserId>,
    present: usize,
}

impl Users {
    pub(super) fn get(&self, user_id: UserId) -> Option<&UserRecord> {
        self.records.get(&user_id)
    }

    pub(super) fn present(&self, user_id: UserId) -> Option<&User> {
        match self.records.get(&user_id) {
            Some(UserRecord::Present(user)) => Some(user),
            _ => None,
        }
    }

    pub(super) fn present_mut(&mut self, user_id: UserId) -> Option<&mut User> {
        match self.records.get_mut(&user_id) {
            Some(UserRecord::Present(user)) => Some(user),
            _ => None,
        }
    }

    /// Returns the user, who is made when the id is new; `None` when it was erased.
    pub(super) fn present_or_new(&mut self, user_id: UserId) -> Option<&mut User> {
        let record = self.records.entry(user_id).or_insert_with(|| {
            self.present += 1;
            UserRecord::Present(User::default())
        });
        match record {
            UserRecord::Present(user) => Some(user),
            UserRecord::Erased => None,
        }
    }

    /// Puts a record in place of what was known, and returns that.
    pub(super) fn replace(&mut self, user_id: UserId, record: UserRecord) -> Option<UserRecord> {
        let is_present = matches!(record, UserRecord::Present(_));
        let old = self.records.insert(user_id, record);
        let was_present = matches!(old, Some(UserRecord::Present(_)));
        self.present = self.present + usize::from(is_present) - usize::from(was_present);
        old
    }

    /// Returns how many have sent events and were not erased.
    pub(super) const fn present_count(&self) -> usize {
        self.present
    }

    /// Returns the ids of all that are present, ascending.
    pub(super) fn present_ids(&self) -> Vec<UserId> {
        let present = self.records.iter().filter(|(_, record)| matches!(record, UserRecord::Present(_)));
        let mut ids: Vec<UserId> = present.map(|(user_id, _)| *user_id).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn all_present_mut(&mut self) -> impl Iterator<Item = &mut User> {
        self.records.values_mut().filter_map(|record| match record {
            UserRecord::Present(user) => Some(user),
            UserRecord::Erased => None,
        })
    }

    pub(super) fn mark_dirty(&mut self, user_id: UserId) {
        self.dirty.insert(user_id);
    }

    /// Returns the ids that were marked since the last call, ascending.
    pub(super) fn take_dirty(&mut self) -> Vec<UserId> {
        let mut ids: Vec<UserId> = self.dirty.drain().collect();
        ids.sort_unstable();
        ids
    }
}
