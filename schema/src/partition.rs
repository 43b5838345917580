//! Which partition a user belongs to: the same in every process and for ever.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh64::xxh64;

use crate::UserId;

/// How many partitions a new installation gets: enough for 64 segmenters, few enough to commit each often.
pub const DEFAULT_PARTITIONS: u16 = 64;

/// One partition of the log, of the state and of the changes, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionId(pub u16);

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the partition of a user: XXH64 (seed 0) of the id's decimal text, modulo `partitions`.
///
/// `partitions` is at least 1.
pub fn partition_of(user_id: UserId, partitions: u16) -> PartitionId {
    let hash = xxh64(user_id.to_string().as_bytes(), 0);
    PartitionId((hash % u64::from(partitions)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_a_user_never_changes() {
        for (user_id, partition) in [(1, 20), (2, 11), (3, 36), (104_010, 8), (i64::MAX, 51)] {
            assert_eq!(partition_of(UserId(user_id), 64), PartitionId(partition), "user {user_id}");
        }
    }
}
