//! Which users of a partition are large, and which of those in memory were touched longest ago.

use std::collections::{BTreeMap, BTreeSet};

use schema::UserId;

/// How much the large users of a partition take, in stored bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LargeUsage {
    /// Large users.
    pub(crate) users: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Those of them who are on disk.
    pub(crate) spilled_users: u64,
    /// Their bytes.
    pub(crate) spilled_bytes: u64,
}

/// A large user.
#[derive(Clone, Copy, Debug)]
struct LargeUser {
    bytes: usize,
    /// The commit that was the last to touch one who is in memory.
    touched: Option<u64>,
}

/// Every large user of a partition.
#[derive(Debug, Default)]
pub(super) struct LargeUsers {
    users: BTreeMap<UserId, LargeUser>,
    /// Those in memory, the one first who was touched longest ago.
    resident: BTreeSet<(u64, UserId)>,
    bytes: u64,
    resident_bytes: u64,
}

impl LargeUsers {
    /// Notes a large user who is in memory.
    pub(super) fn note(&mut self, user_id: UserId, bytes: usize, commit: u64) {
        self.forget(user_id);
        self.users.insert(user_id, LargeUser { bytes, touched: Some(commit) });
        self.resident.insert((commit, user_id));
        self.bytes += bytes as u64;
        self.resident_bytes += bytes as u64;
    }

    /// Notes that a user is not large, or not any more.
    pub(super) fn forget(&mut self, user_id: UserId) {
        let Some(LargeUser { bytes, touched }) = self.users.remove(&user_id) else { return };
        self.bytes -= bytes as u64;
        if let Some(commit) = touched {
            self.resident.remove(&(commit, user_id));
            self.resident_bytes -= bytes as u64;
        }
    }

    /// Notes that a user is in memory no more.
    pub(super) fn leave_memory(&mut self, user_id: UserId) {
        let Some(user) = self.users.get_mut(&user_id) else { return };
        if let Some(commit) = user.touched.take() {
            self.resident.remove(&(commit, user_id));
            self.resident_bytes -= user.bytes as u64;
        }
    }

    /// Notes that a user is in memory again.
    pub(super) fn enter_memory(&mut self, user_id: UserId, commit: u64) {
        if let Some(LargeUser { bytes, .. }) = self.users.get(&user_id).copied() {
            self.note(user_id, bytes, commit);
        }
    }

    /// Returns those who are to leave memory so that at most so many bytes stay: who was touched longest ago comes
    /// first, and whoever the given commit touched stays.
    pub(super) fn idle(&self, resident_bytes: usize, commit: u64) -> impl Iterator<Item = UserId> {
        let mut excess = self.resident_bytes.saturating_sub(resident_bytes as u64);
        let untouched = self.resident.iter().take_while(move |(touched, _)| *touched != commit);
        untouched.map_while(move |(_, user_id)| {
            (excess > 0).then_some(())?;
            excess = excess.saturating_sub(self.users.get(user_id).map_or(0, |user| user.bytes as u64));
            Some(*user_id)
        })
    }

    /// Returns how many there are, and their bytes.
    pub(super) fn usage(&self) -> (u64, u64) {
        (self.users.len() as u64, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(users: &LargeUsers, resident_bytes: usize, commit: u64, expected: &[i64]) {
        let idle: Vec<i64> = users.idle(resident_bytes, commit).map(|user_id| user_id.0).collect();
        assert_eq!(idle, expected);
    }

    #[test]
    fn who_was_touched_longest_ago_leaves_first_and_whoever_was_touched_now_stays() {
        let mut users = LargeUsers::default();
        (1..=3).for_each(|user| users.note(UserId(user), 10, user.unsigned_abs()));
        check(&users, 30, 4, &[]);
        check(&users, 15, 4, &[1, 2]);
        check(&users, 0, 3, &[1, 2]);
        users.note(UserId(1), 40, 4);
        check(&users, 45, 5, &[2, 3]);
        users.leave_memory(UserId(2));
        check(&users, 0, 5, &[3, 1]);
        assert_eq!(users.usage(), (3, 60));
        users.enter_memory(UserId(2), 6);
        check(&users, 0, 7, &[3, 1, 2]);
        users.forget(UserId(1));
        assert_eq!((users.usage(), users.resident_bytes), ((2, 20), 20));
    }
}
