//! What a stopped installation holds, read through the I/O crates.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{EventLog, Ownership, OwnershipChange, RestoredPartition};
use schema::{LogRecord, Offset, PartitionId, SegmentChange, Topic, UserId};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{HistoryRow, Warehouse};

const PAGE: usize = 4096;

/// One partition as its log, its history and its last commit show it.
pub struct RecordedPartition {
    /// The log `events`, in order.
    pub events: Vec<(Offset, LogRecord)>,
    /// The history.
    pub history: Vec<HistoryRow>,
    /// How far the history is written.
    pub history_position: Offset,
    /// The topic `segment-changes`, in order.
    pub changes: Vec<SegmentChange>,
    /// The topic `segment-memberships`, in order.
    pub memberships: Vec<SegmentChange>,
    /// The segmenter's state of each user.
    pub states: BTreeMap<UserId, Vec<u8>>,
    /// The last commit.
    pub restored: RestoredPartition,
}

/// A whole installation.
pub struct Recorded {
    /// By partition.
    pub partitions: Vec<RecordedPartition>,
}

impl Recorded {
    /// Reads a data directory that no process has open.
    pub async fn read(data: &Path) -> anyhow::Result<Self> {
        Self::read_partitions(data, schema::DEFAULT_PARTITIONS).await
    }

    /// The same of one that was made with another number of partitions.
    pub async fn read_partitions(data: &Path, partitions: u16) -> anyhow::Result<Self> {
        let options = EmbeddedLogOptions { partitions, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(data.join("log"), options).context("opening the log")?;
        let warehouse =
            EmbeddedWarehouse::open(data.join("history"), log.partitions()).context("opening the history")?;
        let mut ownership = log.ownership();
        let recorded = Self::read_all(&log, &mut ownership, &warehouse).await?;
        log.close().await?;
        Ok(recorded)
    }

    /// Reads what a log, all of whose partitions are to be had, and its history hold.
    pub async fn read_all(
        log: &dyn EventLog,
        ownership: &mut dyn Ownership,
        warehouse: &dyn Warehouse,
    ) -> anyhow::Result<Self> {
        let positions = warehouse.positions().await?;
        let mut partitions = BTreeMap::new();
        while partitions.len() < usize::from(log.partitions()) {
            let Some(OwnershipChange::Assigned(mut owner)) = ownership.next().await? else {
                bail!("the log hands out no more partitions");
            };
            let partition = owner.partition();
            let mut states = BTreeMap::new();
            let mut visit = |user_id, state: &[u8]| drop(states.insert(user_id, state.to_vec()));
            let restored = owner.restore(&mut visit).await?;
            let recorded = RecordedPartition {
                events: read_events(log, partition).await?,
                history: read_history(warehouse, partition).await?,
                history_position: positions.get(usize::from(partition.0)).copied().unwrap_or_default(),
                changes: read_changes(log, Topic::SegmentChanges, partition).await?,
                memberships: read_changes(log, Topic::SegmentMemberships, partition).await?,
                states,
                restored,
            };
            partitions.insert(partition, recorded);
        }
        Ok(Self { partitions: partitions.into_values().collect() })
    }

    /// Returns how many records are in the log but not yet in the history.
    pub fn behind(&self) -> u64 {
        let behind = |partition: &RecordedPartition| {
            let end = partition.events.last().map_or(0, |(offset, _)| offset + 1);
            end.saturating_sub(partition.history_position)
        };
        self.partitions.iter().map(behind).sum()
    }

    /// Returns each user's changes, in the order of the topic.
    pub fn changes(&self) -> BTreeMap<UserId, Vec<SegmentChange>> {
        let mut of_users: BTreeMap<UserId, Vec<SegmentChange>> = BTreeMap::new();
        for change in self.partitions.iter().flat_map(|partition| &partition.changes) {
            of_users.entry(change.user_id).or_default().push(change.clone());
        }
        of_users
    }
}

async fn read_events(log: &dyn EventLog, partition: PartitionId) -> anyhow::Result<Vec<(Offset, LogRecord)>> {
    let stored = read_topic(log, Topic::Events, partition).await?;
    stored
        .into_iter()
        .map(|(offset, value)| Ok((offset, LogRecord::decode(&value).context("decoding a record of the log")?)))
        .collect()
}

async fn read_changes(log: &dyn EventLog, topic: Topic, partition: PartitionId) -> anyhow::Result<Vec<SegmentChange>> {
    let stored = read_topic(log, topic, partition).await?;
    stored.into_iter().map(|(_, value)| serde_json::from_slice(&value).context("decoding a change")).collect()
}

async fn read_topic(
    log: &dyn EventLog,
    topic: Topic,
    partition: PartitionId,
) -> anyhow::Result<Vec<(Offset, bytes::Bytes)>> {
    let range = log.range(topic, partition).await?;
    let (mut from, mut records) = (range.start, Vec::new());
    while from < range.end {
        let page = log.read(topic, partition, from, PAGE).await?;
        let Some(last) = page.last() else { break };
        from = last.offset + 1;
        records.extend(page.into_iter().map(|record| (record.offset, record.value)));
    }
    Ok(records)
}

async fn read_history(warehouse: &dyn Warehouse, partition: PartitionId) -> anyhow::Result<Vec<HistoryRow>> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let page = warehouse.history(partition, Offset::MAX, cursor, PAGE).await?;
        rows.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}
