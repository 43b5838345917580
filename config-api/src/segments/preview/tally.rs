//! Who came out of a preview: how many, and a few of them.

use std::collections::BTreeSet;

use schema::UserId;
use warehouse::{SelectedUsers, Selections};
use xxhash_rust::xxh64::xxh64;

/// Some users: how many, and a few of them by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Group {
    pub(super) size: u64,
    /// By rank: whoever ranks first is named.
    named: BTreeSet<(u64, UserId)>,
}

/// What a preview counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    /// Users that have an event.
    pub(super) users: u64,
    /// Whom the clause selects.
    pub(super) members: Group,
    /// How many the segment has that it is compared with.
    pub(super) live: u64,
    /// Whom the clause selects and the segment has not.
    pub(super) entering: Group,
    /// Whom the segment has and the clause does not select.
    pub(super) leaving: Group,
}

impl Group {
    fn of(size: u64, named: &[UserId]) -> Self {
        Self { size, named: named.iter().map(|user_id| (rank(*user_id), *user_id)).collect() }
    }

    /// Counts a user, and names at most `sample` of all.
    fn take(&mut self, user_id: UserId, sample: usize) {
        self.size += 1;
        self.named.insert((rank(user_id), user_id));
        if self.named.len() > sample {
            self.named.pop_last();
        }
    }

    fn add(&mut self, other: Self, sample: usize) {
        self.size += other.size;
        self.named.extend(other.named);
        while self.named.len() > sample {
            self.named.pop_last();
        }
    }

    /// Returns those who are named.
    pub(super) fn sample(&self) -> impl Iterator<Item = UserId> {
        self.named.iter().map(|(_, user_id)| *user_id)
    }
}

impl Tally {
    /// Counts a user that has an event.
    pub(super) fn take(&mut self, user_id: UserId, is_member: bool, is_live: bool, sample: usize) {
        self.users += 1;
        self.live += u64::from(is_live);
        if is_member {
            self.members.take(user_id, sample);
        }
        match (is_member, is_live) {
            (true, false) => self.entering.take(user_id, sample),
            (false, true) => self.leaving.take(user_id, sample),
            _ => {}
        }
    }

    /// Takes what a history has counted by itself.
    pub(super) fn of(selections: &Selections, sample: usize) -> Self {
        let mut tally = Self::default();
        for SelectedUsers { is_asked, is_other, size, named } in &selections.users {
            let group = Group::of(*size, named);
            let mut kind = Self { users: *size, ..Self::default() };
            kind.live = if *is_other { *size } else { 0 };
            match (is_asked, is_other) {
                (true, false) => kind.entering = group.clone(),
                (false, true) => kind.leaving = group.clone(),
                _ => {}
            }
            if *is_asked {
                kind.members = group;
            }
            tally.add(kind, sample);
        }
        tally
    }

    /// Adds what was counted of other users.
    pub(super) fn add(&mut self, other: Self, sample: usize) {
        self.users += other.users;
        self.live += other.live;
        self.members.add(other.members, sample);
        self.entering.add(other.entering, sample);
        self.leaving.add(other.leaving, sample);
    }
}

/// Where a user ranks: neither by age nor by anything else that a clause could be about, and the same each time.
pub(super) fn rank(user_id: UserId) -> u64 {
    xxh64(user_id.to_string().as_bytes(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_few_are_named_in_whatever_parts_users_are_counted() {
        let (mut whole, mut parts) = (Tally::default(), [Tally::default(), Tally::default()]);
        for number in 0..100_usize {
            let user_id = UserId(number as i64);
            let (is_member, is_live) = (number % 2 == 0, number % 3 == 0);
            whole.take(user_id, is_member, is_live, 5);
            parts[number % 7 % 2].take(user_id, is_member, is_live, 5);
        }
        let [mut first, second] = parts;
        first.add(second, 5);
        assert_eq!(first, whole);
        assert_eq!((whole.users, whole.members.size, whole.live), (100, 50, 34));
        assert_eq!((whole.entering.size, whole.leaving.size), (33, 17));
        let mut ranked: Vec<UserId> = (0..100).step_by(2).map(UserId).collect();
        ranked.sort_by_key(|user_id| rank(*user_id));
        assert_eq!(whole.members.sample().collect::<Vec<_>>(), ranked[..5]);
    }

    #[test]
    fn what_a_history_counts_comes_to_the_same() {
        let kind = |is_asked, is_other, ids: &[i64]| SelectedUsers {
            is_asked,
            is_other,
            size: ids.len() as u64,
            named: ids.iter().copied().map(UserId).collect(),
        };
        let users = vec![kind(true, true, &[1, 2]), kind(true, false, &[3]), kind(false, true, &[4, 5, 6])];
        let users = [users, vec![kind(false, false, &[7])]].concat();
        let mut expected = Tally::default();
        for selected in &users {
            selected.named.iter().for_each(|id| expected.take(*id, selected.is_asked, selected.is_other, 2));
        }
        assert_eq!(Tally::of(&Selections { events: 9, users }, 2), expected);
    }

    #[test]
    fn nobody_is_named_when_nobody_is_asked_for() {
        let mut tally = Tally::default();
        tally.take(UserId(1), true, false, 0);
        assert_eq!((tally.members.size, tally.members.sample().count()), (1, 0));
    }
}
