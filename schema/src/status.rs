//! How far the owner of a partition is: what `as_of`, lag and backfill progress are made of.

use serde::{Deserialize, Serialize};

use crate::{Generation, Offset, PartitionId, Timestamp};

/// What the owner of a partition says of itself, several times a second.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// Which partition.
    pub partition: PartitionId,
    /// Memberships are exact up to this instant, and every change up to it is published.
    pub as_of: Timestamp,
    /// The first record of `events` that is not in the state yet.
    pub next_offset: Offset,
    /// The first offset of `segment-changes` in this partition that is not written yet.
    pub changes_end: Offset,
    /// The catalog by which the memberships are decided.
    pub generation: Generation,
    /// The catalog whose history is being absorbed, if one is.
    pub absorbing: Option<Generation>,
    /// Rows of history read for it so far.
    pub absorbed_rows: u64,
    /// Users with state in this partition.
    pub users: u64,
}
