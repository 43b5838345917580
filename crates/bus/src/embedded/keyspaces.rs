//! The database: its keyspaces, and what is checked before anyone may use it.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use schema::{Definitions, LogLineage, Offset, PartitionId, Topic};

use super::EmbeddedLogOptions;
use super::failure::from_fjall;
use super::keys::{offset_of, partition_prefix};
use super::stored::Position;
use super::whole::make_whole;
use crate::BusError;
use crate::values::encode;

/// Raised when what is stored changes so that this version could not read it.
const FORMAT_VERSION: u32 = 1;

const FORMAT_KEY: &[u8] = b"format";
const PARTITIONS_KEY: &[u8] = b"partitions";
const LINEAGE_KEY: &[u8] = b"lineage";

/// All topics, in the order of their numbers on disk.
pub(super) const TOPICS: [Topic; 5] =
    [Topic::Events, Topic::SegmentChanges, Topic::SegmentMemberships, Topic::Errors, Topic::DeadLetters];

/// Returns a topic's number: part of keys on disk, never changed.
pub(super) const fn topic_number(topic: Topic) -> usize {
    match topic {
        Topic::Events => 0,
        Topic::SegmentChanges => 1,
        Topic::SegmentMemberships => 2,
        Topic::Errors => 3,
        Topic::DeadLetters => 4,
    }
}

/// The keyspaces of the log; cheap to clone.
#[derive(Clone)]
pub(super) struct Keyspaces {
    pub(super) database: Database,
    topics: [Keyspace; TOPICS.len()],
    /// (partition, user) → the segmenter's state.
    pub(super) states: Keyspace,
    /// (partition, user) → the offset of the user's latest record in `segment-memberships`.
    pub(super) membership_offsets: Keyspace,
    /// Positions, definitions, where topics begin, and what the installation is.
    pub(super) meta: Keyspace,
}

impl Keyspaces {
    /// Opens the database, or makes it; refuses another format or another number of partitions.
    pub(super) fn open(dir: &Path, options: &EmbeddedLogOptions) -> Result<Self, BusError> {
        make_whole(dir, |error| from_fjall(error.into()), |making| Self::open_in(making, options).map(drop))?;
        Self::open_in(dir, options)
    }

    fn open_in(dir: &Path, options: &EmbeddedLogOptions) -> Result<Self, BusError> {
        let database = Database::builder(dir)
            .cache_size(options.cache_bytes)
            .max_journaling_size(options.journal_bytes.max(64 * 1_024 * 1_024))
            // The writing thread decides when the journal goes to disk: once per group.
            .manual_journal_persist(true)
            .open()
            .map_err(from_fjall)?;
        let keyspace = |name: &str| {
            let create = || KeyspaceCreateOptions::default().max_memtable_size(options.memtable_bytes);
            database.keyspace(name, create).map_err(from_fjall)
        };
        let opened = Self {
            topics: [
                keyspace(TOPICS[0].as_str())?,
                keyspace(TOPICS[1].as_str())?,
                keyspace(TOPICS[2].as_str())?,
                keyspace(TOPICS[3].as_str())?,
                keyspace(TOPICS[4].as_str())?,
            ],
            states: keyspace("segmenter-state")?,
            membership_offsets: keyspace("membership-offsets")?,
            meta: keyspace("meta")?,
            database: database.clone(),
        };
        opened.check_installation(options.partitions)?;
        Ok(opened)
    }

    /// Returns a topic's records.
    pub(super) fn topic(&self, topic: Topic) -> &Keyspace {
        &self.topics[topic_number(topic)]
    }

    /// Reads where a topic's partition begins.
    pub(super) fn begin(&self, topic: Topic, partition: PartitionId) -> Result<Offset, BusError> {
        self.number(&begin_key(topic, partition)).map(|begin| begin.unwrap_or(0))
    }

    /// Finds where a topic's partition ends. What was trimmed to the last record ends where it begins.
    pub(super) fn end(&self, topic: Topic, partition: PartitionId) -> Result<Offset, BusError> {
        let begin = self.begin(topic, partition)?;
        let Some(last) = self.topic(topic).prefix(partition_prefix(partition)).next_back() else {
            return Ok(begin);
        };
        let key = last.key().map_err(from_fjall)?;
        let last = offset_of(&key).ok_or_else(|| BusError::Damaged("a record's key has another length".to_owned()))?;
        Ok(last + 1)
    }

    /// Reads where the last commit left a partition.
    pub(super) fn position(&self, partition: PartitionId) -> Result<Position, BusError> {
        match self.meta.get(position_key(partition)).map_err(from_fjall)? {
            Some(bytes) => Position::decode(&bytes),
            None => Ok(Position::default()),
        }
    }

    /// Reads the definitions by which a partition's state was made.
    pub(super) fn definitions(&self, partition: PartitionId) -> Result<Option<Definitions>, BusError> {
        let Some(bytes) = self.meta.get(definitions_key(partition)).map_err(from_fjall)? else {
            return Ok(None);
        };
        decode_definitions(partition, &bytes).map(Some)
    }

    /// Reads which installation the log belongs to.
    pub(super) fn lineage(&self) -> Result<Option<LogLineage>, BusError> {
        let Some(bytes) = self.meta.get(LINEAGE_KEY).map_err(from_fjall)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| BusError::Damaged(format!("its lineage: {error}")))
    }

    /// Keeps that, durably.
    pub(super) fn set_lineage(&self, lineage: &LogLineage) -> Result<(), BusError> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.meta, LINEAGE_KEY, encode(lineage)?);
        batch.commit().map_err(from_fjall)
    }

    fn check_installation(&self, partitions: u16) -> Result<(), BusError> {
        let Some(format) = self.number(FORMAT_KEY)? else {
            return self.install(partitions);
        };
        if format != u64::from(FORMAT_VERSION) {
            return Err(BusError::Damaged(format!("it has format {format}; this version reads {FORMAT_VERSION}")));
        }
        match self.number(PARTITIONS_KEY)? {
            Some(installed) if installed == u64::from(partitions) => Ok(()),
            Some(installed) => Err(BusError::Misfit(format!(
                "it was made with {installed} partitions and is opened with {partitions}; the number is fixed"
            ))),
            None => Err(BusError::Damaged("the number of partitions is missing".to_owned())),
        }
    }

    fn install(&self, partitions: u16) -> Result<(), BusError> {
        if partitions == 0 {
            return Err(BusError::Damaged("a log needs at least one partition".to_owned()));
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.meta, FORMAT_KEY, u64::from(FORMAT_VERSION).to_be_bytes());
        batch.insert(&self.meta, PARTITIONS_KEY, u64::from(partitions).to_be_bytes());
        batch.commit().map_err(from_fjall)
    }

    fn number(&self, key: &[u8]) -> Result<Option<u64>, BusError> {
        let Some(bytes) = self.meta.get(key).map_err(from_fjall)? else { return Ok(None) };
        decode_number(&bytes).map(Some)
    }
}

/// Reads definitions as they lie in `meta`.
pub(super) fn decode_definitions(partition: PartitionId, bytes: &[u8]) -> Result<Definitions, BusError> {
    serde_json::from_slice(bytes)
        .map_err(|error| BusError::Damaged(format!("definitions of partition {partition}: {error}")))
}

/// Reads a number as it lies in `meta`.
pub(super) fn decode_number(bytes: &[u8]) -> Result<u64, BusError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| BusError::Damaged("a number is short".to_owned()))
}

/// Returns where a partition's position lies in `meta`.
pub(super) fn position_key(partition: PartitionId) -> Vec<u8> {
    [&b"position/"[..], &partition.0.to_be_bytes()].concat()
}

/// Returns where a partition's definitions lie in `meta`.
pub(super) fn definitions_key(partition: PartitionId) -> Vec<u8> {
    [&b"definitions/"[..], &partition.0.to_be_bytes()].concat()
}

/// Returns where the first offset of a topic's partition lies in `meta`.
pub(super) fn begin_key(topic: Topic, partition: PartitionId) -> Vec<u8> {
    let topic = topic.as_str().as_bytes();
    [&b"begin/"[..], topic, b"/", &partition.0.to_be_bytes()].concat()
}
