//! Whether a version of a segment is what memberships are decided by, everywhere yet.

use schema::{Generation, PartitionStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// How far a version is on its way to its users.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SegmentStatus {
    /// No partition has begun with it; the version before, if any, still serves.
    Pending,
    /// History is being read, or some partitions have switched and others have not.
    Backfilling,
    /// Every partition decides by it.
    Live,
}

/// How far a version is, in partitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// The status that the numbers add up to.
    #[serde(skip)]
    pub(crate) status: SegmentStatus,
    /// Partitions that decide by this version or a later one.
    pub(crate) partitions_live: usize,
    /// All partitions.
    pub(crate) partitions: usize,
    /// Rows of history read so far by the partitions that are still at it.
    pub(crate) absorbed_rows: u64,
}

impl Progress {
    /// Adds up what the partitions' owners say of a version that came with `generation`.
    pub(crate) fn of(generation: Generation, statuses: &[PartitionStatus], partitions: u16) -> Self {
        let partitions = usize::from(partitions);
        let partitions_live = statuses.iter().filter(|status| status.generation >= generation).count();
        let absorbing = statuses
            .iter()
            .filter(|status| status.generation < generation && status.absorbing.is_some_and(|next| next >= generation));
        let (mut begun, mut absorbed_rows) = (partitions_live > 0, 0);
        for status in absorbing {
            begun = true;
            absorbed_rows += status.absorbed_rows;
        }
        let status = match (partitions_live >= partitions, begun) {
            (true, _) => SegmentStatus::Live,
            (false, true) => SegmentStatus::Backfilling,
            (false, false) => SegmentStatus::Pending,
        };
        Self { status, partitions_live, partitions, absorbed_rows }
    }
}

#[cfg(test)]
mod tests {
    use schema::{PartitionId, Timestamp};

    use super::*;

    fn partition(number: u16, generation: u64, absorbing: Option<u64>) -> PartitionStatus {
        PartitionStatus {
            partition: PartitionId(number),
            as_of: Timestamp::from_micros(0),
            next_offset: 0,
            changes_end: 0,
            generation: Generation(generation),
            absorbing: absorbing.map(Generation),
            absorbed_rows: 10,
            users: 0,
        }
    }

    #[track_caller]
    fn check(statuses: &[PartitionStatus], status: SegmentStatus, partitions_live: usize, absorbed_rows: u64) {
        let progress = Progress::of(Generation(5), statuses, 2);
        assert_eq!(
            (progress.status, progress.partitions_live, progress.absorbed_rows),
            (status, partitions_live, absorbed_rows)
        );
    }

    #[test]
    fn a_version_is_live_when_every_partition_has_switched_to_it_or_beyond() {
        check(&[], SegmentStatus::Pending, 0, 0);
        check(&[partition(0, 4, None), partition(1, 4, Some(4))], SegmentStatus::Pending, 0, 0);
        check(&[partition(0, 4, Some(6)), partition(1, 4, None)], SegmentStatus::Backfilling, 0, 10);
        check(&[partition(0, 5, None)], SegmentStatus::Backfilling, 1, 0);
        check(&[partition(0, 5, None), partition(1, 6, Some(7))], SegmentStatus::Live, 2, 0);
    }
}
