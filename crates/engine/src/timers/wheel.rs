//! Deadlines that are not near, by buckets of time: one turn of a wheel, and beyond it groups of buckets.
//!
//! Inside of a bucket they are in no order; the caller puts them in order when their time is near.

use std::collections::BTreeMap;

use schema::Timestamp;

use super::UserIndex;
use super::armed::Armed;
use crate::bits;

/// A bucket is 2^31 µs, about 36 minutes, long.
const BUCKET_BITS: u32 = 31;
/// One turn is about 50 days: longer than most windows.
const SLOTS: usize = 2048;
/// Buckets beyond the turn lie together in groups of so many, about 19 hours.
const BUCKETS_PER_GROUP: i64 = 32;
/// Groups that begin before this many from the present one fit into the turn whatever bucket it is.
const GROUPS_ON_WHEEL: i64 = SLOTS as i64 / BUCKETS_PER_GROUP - 1;

/// The number of a bucket of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Bucket(i64);

impl Bucket {
    pub(super) const fn of(time: Timestamp) -> Self {
        Self(time.as_micros() >> BUCKET_BITS)
    }

    const fn group(self) -> i64 {
        self.0.div_euclid(BUCKETS_PER_GROUP)
    }

    const fn slot(self) -> usize {
        self.0.rem_euclid(SLOTS as i64) as usize
    }
}

#[derive(Debug)]
pub(super) struct Wheel {
    /// The bucket of the present. What it and those before it hold is near, and not here.
    present: Bucket,
    slots: Vec<Vec<UserIndex>>,
    /// By slot: whether anyone is in it.
    occupied: [u64; bits::words(SLOTS)],
    /// By group.
    beyond: BTreeMap<i64, Vec<UserIndex>>,
}

impl Wheel {
    pub(super) fn new(now: Timestamp) -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { present: Bucket::of(now), slots, occupied: [0; bits::words(SLOTS)], beyond: BTreeMap::new() }
    }

    pub(super) fn is_near(&self, deadline: Timestamp) -> bool {
        Bucket::of(deadline) <= self.present
    }

    /// Adds a user whose deadline is not near.
    pub(super) fn insert(&mut self, armed: &mut Armed, user: UserIndex, deadline: Timestamp) {
        let bucket = Bucket::of(deadline);
        let users = if self.is_on_wheel(bucket.group()) {
            bits::set(&mut self.occupied, bucket.slot() as u32);
            &mut self.slots[bucket.slot()]
        } else {
            self.beyond.entry(bucket.group()).or_default()
        };
        armed.set_place(user, users.len());
        if users.len() == users.capacity() {
            users.reserve_exact((users.len() / 4).max(4));
        }
        users.push(user);
    }

    /// Takes a user out.
    pub(super) fn remove(&mut self, armed: &mut Armed, user: UserIndex, deadline: Timestamp) {
        let bucket = Bucket::of(deadline);
        let is_on_wheel = self.is_on_wheel(bucket.group());
        let users =
            if is_on_wheel { Some(&mut self.slots[bucket.slot()]) } else { self.beyond.get_mut(&bucket.group()) };
        let Some(users) = users else { return };
        let place = armed.place(user);
        users.swap_remove(place);
        if let Some(moved) = users.get(place) {
            armed.set_place(*moved, place);
        }
        if !users.is_empty() {
            return;
        }
        if is_on_wheel {
            self.empty(bucket);
        } else {
            self.beyond.remove(&bucket.group());
        }
    }

    /// Moves on to `now`; calls with everyone who is near then.
    pub(super) fn turn(&mut self, armed: &mut Armed, now: Timestamp, mut near: impl FnMut(&mut Armed, UserIndex)) {
        let last = Bucket::of(now);
        while let Some(bucket) = self.first_on_wheel(last) {
            for user in self.empty(bucket) {
                near(armed, user);
            }
        }
        self.present = last;
        while let Some(group) = self.beyond.first_entry().filter(|group| *group.key() < last.group() + GROUPS_ON_WHEEL)
        {
            for user in group.remove() {
                let deadline = armed.deadline(user).unwrap_or(now);
                if self.is_near(deadline) { near(armed, user) } else { self.insert(armed, user, deadline) }
            }
        }
    }

    /// Returns the earliest deadline.
    pub(super) fn first(&self, armed: &Armed) -> Option<Timestamp> {
        let users = match self.first_on_wheel(Bucket(i64::MAX)) {
            Some(bucket) => Some(&self.slots[bucket.slot()]),
            None => self.beyond.values().next(),
        };
        users?.iter().filter_map(|user| armed.deadline(*user)).min()
    }

    fn is_on_wheel(&self, group: i64) -> bool {
        group < self.present.group() + GROUPS_ON_WHEEL
    }

    /// Returns the first bucket up to `last` in which anyone is.
    fn first_on_wheel(&self, last: Bucket) -> Option<Bucket> {
        let last = last.0.min(self.present.0 + SLOTS as i64 - 1);
        let mut bucket = Bucket(self.present.0 + 1);
        while bucket.0 <= last {
            let (word, bit) = (bucket.slot() / bits::PER_WORD, bucket.slot() % bits::PER_WORD);
            match (self.occupied[word] >> bit).trailing_zeros() {
                // None in the rest of the word.
                u64::BITS => bucket.0 += (bits::PER_WORD - bit) as i64,
                later => return Some(Bucket(bucket.0 + i64::from(later))).filter(|found| found.0 <= last),
            }
        }
        None
    }

    /// Returns who was in a bucket on the wheel, where no one is any more.
    fn empty(&mut self, bucket: Bucket) -> Vec<UserIndex> {
        bits::assign(&mut self.occupied, bucket.slot() as u32, false);
        std::mem::take(&mut self.slots[bucket.slot()])
    }
}
