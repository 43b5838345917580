//! The handle that services hold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use bus::EventLog;
use schema::{LogPosition, LogRecord, Offset, PartitionId, StandingTraits, Topic, UserId, partition_of};
use tokio::task::JoinSet;

use super::erased::Erased;
use super::reading::{Reading, Readings};
use super::scanning::{of_the_log, scan};
use crate::counting::Counting;
use crate::cursor::{Place, Rank, cursor_at, rank_of};
use crate::{HistoryCursor, HistoryPage, HistoryRow, PartitionTraits, Warehouse, WarehouseError, WriteBatch};

/// The history as the log holds it. Nobody fills it: what is in the log is in the history.
pub struct LogWarehouse {
    log: Arc<dyn EventLog>,
    erased: Vec<Erased>,
    readings: Readings,
}

impl LogWarehouse {
    /// Reads from `log`.
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        let erased = (0..log.partitions()).map(|_| Erased::default()).collect();
        Self { log, erased, readings: Readings::default() }
    }

    fn partition(&self, user_id: UserId) -> PartitionId {
        partition_of(user_id, self.log.partitions())
    }

    async fn end(&self, partition: PartitionId) -> Result<Offset, WarehouseError> {
        Ok(self.log.range(Topic::Events, partition).await.map_err(of_the_log)?.end)
    }

    async fn reading(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
    ) -> Result<Reading, WarehouseError> {
        let Some(cursor) = cursor else { return Ok(Reading::begin(partition, before)) };
        let place = Place::of(&cursor, partition, before)?;
        if let Some(reading) = self.readings.take(place) {
            return Ok(reading);
        }
        let mut reading = Reading::begin(partition, before);
        reading.catch_up(self.log.as_ref(), place.next).await?;
        Ok(reading)
    }
}

#[async_trait]
impl Warehouse for LogWarehouse {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        let mut asking = JoinSet::new();
        for partition in (0..self.log.partitions()).map(PartitionId) {
            let log = Arc::clone(&self.log);
            asking.spawn(async move { (partition, log.range(Topic::Events, partition).await) });
        }
        let mut positions = vec![0; usize::from(self.log.partitions())];
        while let Some(asked) = asking.join_next().await {
            let (partition, range) = asked.map_err(|error| WarehouseError::Unavailable(error.to_string()))?;
            positions[usize::from(partition.0)] = range.map_err(of_the_log)?.end;
        }
        Ok(positions)
    }

    /// Does nothing: what a batch holds came from the log and is there.
    async fn write(&self, _: WriteBatch) -> Result<(), WarehouseError> {
        Ok(())
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        let no_such = || WarehouseError::Damaged(format!("there is no partition {partition}"));
        let erased = self.erased.get(usize::from(partition.0)).ok_or_else(no_such)?;
        let mut reading = self.reading(partition, before, cursor).await?;
        let end = before.min(self.end(partition).await?);
        let erased = erased.below(self.log.as_ref(), partition, end).await?;
        let page = reading.page(self.log.as_ref(), &erased, end, max_rows).await?;
        if page.next.is_some() {
            self.readings.keep(reading);
        }
        Ok(page)
    }

    /// Counts what is left in the log, whatever it is.
    async fn history_rows(&self, partition: PartitionId, before: Offset) -> Result<u64, WarehouseError> {
        let range = self.log.range(Topic::Events, partition).await.map_err(of_the_log)?;
        Ok(before.min(range.end).saturating_sub(range.start))
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        let partition = self.partition(user_id);
        let end = self.end(partition).await?;
        let (mut standing, mut is_deleted) = (StandingTraits::default(), false);
        scan(self.log.as_ref(), partition, 0..end, &mut |_, record| match record {
            LogRecord::Traits(said) if said.user_id == user_id => drop(standing.fold(&said)),
            LogRecord::Deletion(deletion) if deletion.user_id == user_id => is_deleted = true,
            _ => {}
        })
        .await?;
        Ok(if is_deleted { StandingTraits::default() } else { standing })
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        let before = self.end(partition).await?;
        let (mut users, mut deleted) = (BTreeMap::<UserId, StandingTraits>::new(), BTreeSet::new());
        scan(self.log.as_ref(), partition, 0..before, &mut |_, record| match record {
            LogRecord::Traits(said) => drop(users.entry(said.user_id).or_default().fold(&said)),
            LogRecord::Deletion(deletion) => drop(deleted.insert(deletion.user_id)),
            LogRecord::Event(_) => {}
        })
        .await?;
        users.retain(|user_id, _| !deleted.contains(user_id));
        Ok(PartitionTraits { before, users: users.into_iter().collect() })
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        let partition = self.partition(user_id);
        let after = cursor.map(|cursor| rank_of(&cursor, user_id)).transpose()?;
        let end = self.end(partition).await?;
        let mut latest = Latest { max_rows, after, rows: Vec::new() };
        let (mut counting, mut is_deleted) = (Counting::default(), false);
        scan(self.log.as_ref(), partition, 0..end, &mut |offset, record| {
            counting.pass(record.received_at());
            match record {
                LogRecord::Event(event) if event.user_id == user_id && counting.counts(&event) => {
                    latest.take(HistoryRow { position: LogPosition { partition, offset }, event });
                }
                LogRecord::Deletion(deletion) if deletion.user_id == user_id => is_deleted = true,
                _ => {}
            }
        })
        .await?;
        if is_deleted {
            return Ok(HistoryPage { rows: Vec::new(), next: None });
        }
        Ok(latest.page(user_id))
    }
}

/// The first rows of a timeline behind a cursor, in bounded memory.
struct Latest {
    max_rows: usize,
    after: Option<Rank>,
    rows: Vec<HistoryRow>,
}

impl Latest {
    fn rank(row: &HistoryRow) -> Rank {
        Reverse((row.event.created_at, row.position.offset))
    }

    fn take(&mut self, row: HistoryRow) {
        if self.after.is_none_or(|after| Self::rank(&row) > after) {
            self.rows.push(row);
        }
        // One more than the page, to know whether there is another.
        if self.rows.len() > 2 * (self.max_rows + 1) {
            self.keep_the_first();
        }
    }

    fn keep_the_first(&mut self) {
        self.rows.sort_unstable_by_key(Self::rank);
        self.rows.truncate(self.max_rows + 1);
    }

    fn page(mut self, user_id: UserId) -> HistoryPage {
        self.keep_the_first();
        let has_more = self.rows.len() > self.max_rows;
        self.rows.truncate(self.max_rows);
        let next = self.rows.last().filter(|_| has_more).map(|row| cursor_at(user_id, Self::rank(row)));
        HistoryPage { rows: self.rows, next }
    }
}
