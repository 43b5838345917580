//! The warehouse, its writer, and ways to keep them away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::EventLog;
use bus::embedded::EmbeddedLog;
use schema::{LogRecord, Offset, PartitionId, StandingTraits, Topic, UserId};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{HistoryCursor, HistoryPage, HistoryRow, PartitionTraits, Warehouse, WarehouseError, WriteBatch};

const BATCH: usize = 256;

/// A warehouse that can be kept away, and counts the pages that were read.
pub(crate) struct KeptWarehouse {
    pub(crate) inner: EmbeddedWarehouse,
    pub(crate) away: AtomicBool,
    /// How long each page takes, in milliseconds.
    pub(crate) page_ms: AtomicU64,
    /// Whether the writer stands still.
    pub(crate) behind: AtomicBool,
    pub(crate) pages: AtomicUsize,
    /// Whether a history never ends: full pages of the same rows, without a pause.
    pub(crate) endless: AtomicBool,
    /// Whether a row of the history cannot be read.
    pub(crate) damaged: AtomicBool,
    /// The rows of each partition that they are of.
    pub(crate) again: Mutex<BTreeMap<PartitionId, Vec<HistoryRow>>>,
}

impl KeptWarehouse {
    /// A page without end, once the rows are known.
    fn endless_page(
        &self,
        partition: PartitionId,
        cursor: Option<&HistoryCursor>,
        max_rows: usize,
    ) -> Option<HistoryPage> {
        let cursor = cursor.filter(|_| self.endless.load(Ordering::SeqCst))?;
        let again = self.again.lock().unwrap();
        let rows = again.get(&partition)?.iter().cycle().take(max_rows).cloned().collect();
        Some(HistoryPage { rows, next: Some(cursor.clone()) })
    }

    fn check(&self) -> Result<(), WarehouseError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(WarehouseError::Unavailable("kept away by the test".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Warehouse for KeptWarehouse {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        self.check()?;
        self.inner.positions().await
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        self.inner.write(batch).await
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.check()?;
        self.pages.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(self.page_ms.load(Ordering::SeqCst))).await;
        if cursor.is_some() && self.damaged.load(Ordering::SeqCst) {
            return Err(WarehouseError::Damaged("a row by the test".to_owned()));
        }
        if let Some(page) = self.endless_page(partition, cursor.as_ref(), max_rows) {
            return Ok(page);
        }
        if self.endless.load(Ordering::SeqCst) {
            let some = self.inner.history(partition, before, cursor, max_rows.min(10)).await?;
            self.again.lock().unwrap().insert(partition, some.rows.clone());
            return Ok(some);
        }
        self.inner.history(partition, before, cursor, max_rows).await
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        self.inner.user_traits(user_id).await
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.inner.partition_traits(partition).await
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner.user_events(user_id, cursor, max_rows).await
    }
}

/// Fills the warehouse from the log, as ingestion-api does, until it is dropped.
pub(crate) async fn fill(log: EmbeddedLog, warehouse: Arc<KeptWarehouse>) {
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if warehouse.behind.load(Ordering::SeqCst) {
            continue;
        }
        let positions = warehouse.inner.positions().await.unwrap();
        for partition in (0..log.partitions()).map(PartitionId) {
            let from = positions[usize::from(partition.0)];
            let stored = log.read(Topic::Events, partition, from, BATCH).await.unwrap();
            let Some(last) = stored.last() else { continue };
            let next = last.offset + 1;
            let records = stored
                .iter()
                .filter_map(|stored| Some((stored.offset, LogRecord::decode(&stored.value).ok()?)))
                .collect();
            warehouse.inner.write(WriteBatch { partition, from, next, records }).await.unwrap();
        }
    }
}
