//! Up to which instant look-ups are exact.
//!
//! The owner of a partition says: exact up to `as_of`, and all changes up to then lie before
//! `changes_end`. So the projection is exact up to `as_of` once it has come to `changes_end`. Under
//! load it never is at the latest end; therefore one earlier statement is kept until it is reached.

use std::sync::{Mutex, MutexGuard, PoisonError};

use schema::{Offset, PartitionId, PartitionStatus, Timestamp, UserId, partition_of};

/// Up to which instant look-ups are exact, per partition.
pub(crate) struct Freshness {
    partitions: Mutex<Vec<PartitionFreshness>>,
}

#[derive(Clone, Default)]
struct PartitionFreshness {
    projected: Offset,
    changes_end: Offset,
    exact: Option<Timestamp>,
    /// Said by the owner, and not reached yet.
    pending: Option<(Timestamp, Offset)>,
}

impl Freshness {
    pub(crate) fn new(partitions: u16) -> Self {
        Self { partitions: Mutex::new(vec![PartitionFreshness::default(); usize::from(partitions)]) }
    }

    /// Notes up to where a partition is projected.
    pub(crate) fn projected(&self, partition: PartitionId, position: Offset) {
        if let Some(own) = self.lock().get_mut(usize::from(partition.0)) {
            own.projected = own.projected.max(position);
            own.settle();
        }
    }

    /// Notes what the partitions' owners say.
    pub(crate) fn observe(&self, statuses: &[PartitionStatus]) {
        let mut partitions = self.lock();
        for status in statuses {
            let Some(own) = partitions.get_mut(usize::from(status.partition.0)) else { continue };
            own.changes_end = own.changes_end.max(status.changes_end);
            if own.projected >= status.changes_end || own.pending.is_none() {
                own.pending = Some((status.as_of, status.changes_end));
            }
            own.settle();
        }
    }

    /// Returns up to which instant answers about one user are exact; `None` while nobody knows.
    pub(crate) fn of_user(&self, user_id: UserId) -> Option<Timestamp> {
        let partitions = self.lock();
        let partition = partition_of(user_id, u16::try_from(partitions.len()).unwrap_or(u16::MAX));
        partitions.get(usize::from(partition.0))?.exact
    }

    /// Returns up to which instant answers about all users are exact; `None` while some partition is unknown.
    pub(crate) fn of_all(&self) -> Option<Timestamp> {
        // `None` is less than any instant.
        self.lock().iter().map(|own| own.exact).min().flatten()
    }

    /// Returns how many published changes are not projected yet.
    pub(crate) fn lag(&self) -> u64 {
        self.lock().iter().map(|own| own.changes_end.saturating_sub(own.projected)).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PartitionFreshness>> {
        // A panic while it was held left plain numbers, each of them valid.
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartitionFreshness {
    fn settle(&mut self) {
        if let Some((as_of, end)) = self.pending
            && self.projected >= end
        {
            self.exact = self.exact.max(Some(as_of));
            self.pending = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::Generation;

    use super::*;

    fn status(partition: u16, as_of: i64, changes_end: Offset) -> PartitionStatus {
        PartitionStatus {
            partition: PartitionId(partition),
            as_of: Timestamp::from_micros(as_of),
            next_offset: 0,
            changes_end,
            generation: Generation(0),
            absorbing: None,
            backfill: None,
            failure: None,
            users: 0,
        }
    }

    #[track_caller]
    fn check(freshness: &Freshness, expected: Option<i64>) {
        assert_eq!(freshness.of_all().map(Timestamp::as_micros), expected);
    }

    #[test]
    fn answers_are_exact_once_the_projection_has_come_to_the_end_that_was_said() {
        let freshness = Freshness::new(1);
        check(&freshness, None);
        freshness.observe(&[status(0, 10, 5)]);
        check(&freshness, None);
        freshness.projected(PartitionId(0), 4);
        check(&freshness, None);
        // Later statements do not push the goal away.
        freshness.observe(&[status(0, 20, 9)]);
        freshness.projected(PartitionId(0), 5);
        check(&freshness, Some(10));
        freshness.projected(PartitionId(0), 9);
        freshness.observe(&[status(0, 30, 9)]);
        check(&freshness, Some(30));
        assert_eq!(freshness.lag(), 0);
    }

    #[test]
    fn the_whole_is_as_fresh_as_its_stalest_partition() {
        let freshness = Freshness::new(2);
        freshness.observe(&[status(0, 10, 0)]);
        check(&freshness, None);
        freshness.observe(&[status(1, 7, 0)]);
        check(&freshness, Some(7));
    }

    #[test]
    fn an_owner_that_begins_again_takes_nothing_back() {
        let freshness = Freshness::new(1);
        freshness.observe(&[status(0, 10, 0)]);
        freshness.observe(&[status(0, 3, 0)]);
        check(&freshness, Some(10));
    }
}
