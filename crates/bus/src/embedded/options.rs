//! What the embedded log may use of its machine.

use std::time::Duration;

use schema::DEFAULT_PARTITIONS;

const MIB: u64 = 1_024 * 1_024;

/// What the embedded log may use of its machine; the defaults suit two cores and 2 GiB of memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmbeddedLogOptions {
    /// How many partitions every topic has. Fixed when the log is made; another number later is refused.
    pub partitions: u16,
    /// How long records of `events`, `segment-changes`, `errors` and `dead-letters` are kept at least.
    pub retention: Duration,
    /// How often what is older is looked for.
    pub trim_interval: Duration,
    /// Appends are refused as `Full` while less than this is free on the disk. Commits of the
    /// segmenter go on until an eighth of it is left, so that exits by time are still published.
    pub free_space_floor_bytes: u64,
    /// Blocks of the database that are kept in memory.
    pub cache_bytes: u64,
    /// How much each keyspace collects in memory before it is written as a sorted table; up to four
    /// more may be waiting for the disk, and four keyspaces are busy.
    pub memtable_bytes: u64,
    /// How much journal is kept at most (at least 64 MiB); a restart reads it once.
    pub journal_bytes: u64,
}

impl Default for EmbeddedLogOptions {
    fn default() -> Self {
        Self {
            partitions: DEFAULT_PARTITIONS,
            retention: Duration::from_secs(7 * 24 * 3_600),
            trim_interval: Duration::from_secs(60),
            free_space_floor_bytes: 512 * MIB,
            // Readers are at the end of the log, which is in the memtables; the cache serves restarts and laggards.
            cache_bytes: 32 * MIB,
            memtable_bytes: 16 * MIB,
            // Two of fjall's 64 MiB journals: replayed in about a second.
            journal_bytes: 128 * MIB,
        }
    }
}
