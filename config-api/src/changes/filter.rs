//! Which changes a subscriber wants.

use bus::StoredRecord;
use schema::{PartitionId, SegmentChange, SegmentId, UserId, partition_of};

/// Which changes a subscriber wants; without a condition, all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Filter {
    /// Only changes in which one of these is entered or left; empty is any.
    pub(super) segments: Vec<SegmentId>,
    /// Only changes of this user.
    pub(super) user: Option<UserId>,
}

impl Filter {
    /// Returns the only partition in which such changes can lie, if there is just one.
    pub(super) fn partition(&self, partitions: u16) -> Option<PartitionId> {
        self.user.map(|user_id| partition_of(user_id, partitions))
    }

    /// Returns whether a record is wanted. One that cannot be read is: it is not ours to drop.
    pub(super) fn wants(&self, record: &StoredRecord) -> bool {
        if self.user.is_some_and(|user_id| user_id != record.user_id) {
            return false;
        }
        self.segments.is_empty() || serde_json::from_slice(&record.value).map_or(true, |change| self.names(&change))
    }

    fn names(&self, change: &SegmentChange) -> bool {
        let mut moved = change.in_segments.iter().chain(&change.out_segments);
        moved.any(|segment_id| self.segments.contains(segment_id))
    }
}
