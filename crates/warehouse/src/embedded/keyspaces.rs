//! The database: its keyspaces, and what is checked before anyone may use it.

use std::path::Path;
use std::sync::Arc;

use bus::embedded::make_whole;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable as _, Snapshot};
use schema::{HistoryLineage, Offset, PartitionId, StandingTraits, Timestamp, UserId};

use super::erasing::finish_erasing;
use super::failure::{damaged, from_fjall};
use super::keys::{UserKey, decode_time, encode_time, partition_prefix, user_id_of};
use super::remembered::{Horizons, forgetting};
use crate::WarehouseError;

/// Raised when what is stored changes so that this version could not read it.
const FORMAT_VERSION: u64 = 1;
const FORMAT_KEY: &[u8] = b"format";
const PARTITIONS_KEY: &[u8] = b"partitions";
const LINEAGE_KEY: &[u8] = b"lineage";

const MIB: u64 = 1_024 * 1_024;
/// Timelines and backfills read in order; a cache beyond the hot index blocks gains little.
const CACHE_BYTES: u64 = 32 * MIB;
/// Collected in memory before a sorted table is written; up to four more may wait for the disk.
const MEMTABLE_BYTES: u64 = 16 * MIB;
/// Two of fjall's 64 MiB journals: replayed in about a second.
const JOURNAL_BYTES: u64 = 128 * MIB;
/// The keyspace of the memory of event ids, which forgets by itself.
pub(super) const COUNTED: &str = "counted";

/// The keyspaces of the history; cheap to clone.
#[derive(Clone)]
pub(super) struct Keyspaces {
    pub(super) database: Database,
    /// (partition, user, created_at, offset) → the event as JSON.
    pub(super) rows: Keyspace,
    /// (partition, user, event_id) → the log time at which it was counted.
    pub(super) counted: Keyspace,
    /// (partition, user) → what stands of the user's traits, as JSON.
    pub(super) traits: Keyspace,
    /// (partition, user) → the offset of the deletion.
    pub(super) deleted: Keyspace,
    /// (partition, user), as long as not everything of a deleted user is removed.
    pub(super) erasing: Keyspace,
    meta: Keyspace,
    pub(super) horizons: Arc<Horizons>,
}

/// How far a partition is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Position {
    /// The first log offset that is not written.
    pub(super) next: Offset,
    /// The greatest `received_at` up to there.
    pub(super) log_time: Timestamp,
}

impl Position {
    fn stored(bytes: Option<&[u8]>) -> Result<Self, WarehouseError> {
        let Some(bytes) = bytes else { return Ok(Self::default()) };
        let (next, log_time) = bytes.split_first_chunk().ok_or_else(|| damaged("a position is short"))?;
        let log_time = decode_time(log_time).ok_or_else(|| damaged("a position is short"))?;
        Ok(Self { next: Offset::from_be_bytes(*next), log_time })
    }
}

impl Keyspaces {
    /// Opens the database, or makes it; refuses another format or another number of partitions.
    pub(super) fn open(dir: &Path, partitions: u16) -> Result<Self, WarehouseError> {
        make_whole(dir, |error| from_fjall(error.into()), |making| Self::open_in(making, partitions).map(drop))?;
        Self::open_in(dir, partitions)
    }

    fn open_in(dir: &Path, partitions: u16) -> Result<Self, WarehouseError> {
        let horizons = Arc::new(Horizons::new(partitions));
        let database = Database::builder(dir)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .manual_journal_persist(true)
            .with_compaction_filter_factories(forgetting(horizons.clone()))
            .open()
            .map_err(from_fjall)?;
        let keyspace = |name: &str| {
            let create = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
            database.keyspace(name, create).map_err(from_fjall)
        };
        let opened = Self {
            rows: keyspace("rows")?,
            counted: keyspace(COUNTED)?,
            traits: keyspace("traits")?,
            deleted: keyspace("deleted")?,
            erasing: keyspace("erasing")?,
            meta: keyspace("meta")?,
            database: database.clone(),
            horizons,
        };
        opened.check_installation(partitions)?;
        finish_erasing(&opened)?;
        for partition in (0..partitions).map(PartitionId) {
            opened.horizons.advance(partition, opened.position(partition)?.log_time);
        }
        Ok(opened)
    }

    /// Says whether a user was deleted: then none of the rows may be seen, also those still stored.
    pub(super) fn is_deleted(&self, user: &UserKey) -> Result<bool, WarehouseError> {
        self.deleted.contains_key(user).map_err(from_fjall)
    }

    /// Finds the greatest user of a partition, deleted ones included.
    pub(super) fn greatest_user(&self, partition: PartitionId) -> Result<Option<UserId>, WarehouseError> {
        let mut greatest = None;
        for keyspace in [&self.rows, &self.traits, &self.deleted] {
            // Keys of a partition are in the order of the users.
            let Some(last) = keyspace.prefix(partition_prefix(partition)).next_back() else { continue };
            let key = last.key().map_err(from_fjall)?;
            let user_id = user_id_of(&key).ok_or_else(|| damaged("a user's key is short"))?;
            greatest = greatest.max(Some(user_id));
        }
        Ok(greatest)
    }

    /// Counts the users that were deleted.
    pub(super) fn count_deleted(&self) -> Result<u64, WarehouseError> {
        self.deleted.len().map(|number| number as u64).map_err(from_fjall)
    }

    /// Reads which installation the history belongs to.
    pub(super) fn lineage(&self) -> Result<Option<HistoryLineage>, WarehouseError> {
        let Some(bytes) = self.meta.get(LINEAGE_KEY).map_err(from_fjall)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(&format!("its lineage: {error}")))
    }

    /// Keeps that, durably.
    pub(super) fn set_lineage(&self, lineage: &HistoryLineage) -> Result<(), WarehouseError> {
        let encoded = serde_json::to_vec(lineage).map_err(|error| damaged(&format!("encoding a lineage: {error}")))?;
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.meta, LINEAGE_KEY, encoded);
        batch.commit().map_err(from_fjall)
    }

    /// Reads what stands of a user's traits, also of one who was deleted a moment ago.
    pub(super) fn traits_of(&self, user: &UserKey) -> Result<StandingTraits, WarehouseError> {
        let Some(bytes) = self.traits.get(user).map_err(from_fjall)? else { return Ok(StandingTraits::default()) };
        standing(&bytes)
    }

    /// Reads how far a partition is written.
    pub(super) fn position(&self, partition: PartitionId) -> Result<Position, WarehouseError> {
        Position::stored(self.meta.get(position_key(partition)).map_err(from_fjall)?.as_deref())
    }

    /// Reads how far a partition was written at the instant of a snapshot.
    pub(super) fn position_in(&self, snapshot: &Snapshot, partition: PartitionId) -> Result<Position, WarehouseError> {
        Position::stored(snapshot.get(&self.meta, position_key(partition)).map_err(from_fjall)?.as_deref())
    }

    /// Puts how far a partition is written.
    pub(super) fn put_position(&self, batch: &mut fjall::OwnedWriteBatch, partition: PartitionId, position: Position) {
        let value = [position.next.to_be_bytes(), encode_time(position.log_time)].concat();
        batch.insert(&self.meta, position_key(partition), value);
    }

    fn check_installation(&self, partitions: u16) -> Result<(), WarehouseError> {
        let Some(format) = self.number(FORMAT_KEY)? else {
            return self.install(partitions);
        };
        if format != FORMAT_VERSION {
            return Err(damaged(&format!("it has format {format}; this version reads {FORMAT_VERSION}")));
        }
        match self.number(PARTITIONS_KEY)? {
            Some(installed) if installed == u64::from(partitions) => Ok(()),
            Some(installed) => Err(damaged(&format!(
                "it was made with {installed} partitions and is opened with {partitions}; the number is fixed"
            ))),
            None => Err(damaged("the number of partitions is missing")),
        }
    }

    fn install(&self, partitions: u16) -> Result<(), WarehouseError> {
        if partitions == 0 {
            return Err(damaged("a history needs at least one partition"));
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.meta, FORMAT_KEY, FORMAT_VERSION.to_be_bytes());
        batch.insert(&self.meta, PARTITIONS_KEY, u64::from(partitions).to_be_bytes());
        batch.commit().map_err(from_fjall)
    }

    fn number(&self, key: &[u8]) -> Result<Option<u64>, WarehouseError> {
        let Some(bytes) = self.meta.get(key).map_err(from_fjall)? else { return Ok(None) };
        let eight = bytes.as_ref().try_into().map_err(|_| damaged("a number is short"))?;
        Ok(Some(u64::from_be_bytes(eight)))
    }
}

/// Reads what stands of a user's traits.
pub(super) fn standing(bytes: &[u8]) -> Result<StandingTraits, WarehouseError> {
    serde_json::from_slice(bytes).map_err(|error| damaged(&format!("a user's traits: {error}")))
}

fn position_key(partition: PartitionId) -> Vec<u8> {
    [&b"position/"[..], &partition.0.to_be_bytes()].concat()
}
