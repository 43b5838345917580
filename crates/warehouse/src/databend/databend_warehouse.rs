//! The handle that services hold.

use std::sync::Arc;

use async_trait::async_trait;
use bus::EventLog;
use schema::{Offset, PartitionId, StandingTraits, UserId, partition_of};
use tokio::sync::{Mutex, OnceCell};

use super::aside::Aside;
use super::draft::{draft, standing_before, standing_of};
use super::fingerprints::Secret;
use super::known::Known;
use super::loader::{Loader, erase_leftovers};
use super::migrations::{migrate, positions};
use super::reading::{Readings, count, timeline};
use super::saying::{partition_traits, traits_page};
use super::selecting::select;
use super::settling::counted_before;
use super::sweeping::sweep;
use super::{Databend, DatabendOptions, cells, refused};
use crate::cursor::{Place, rank_of};
use crate::{
    HistoryCursor, HistoryPage, PartitionTraits, RefusedRows, Selection, Selections, Warehouse, WarehouseError,
    WriteBatch,
};

/// The history on Databend; cheap to clone.
#[derive(Clone)]
pub struct DatabendWarehouse(Arc<Inner>);

struct Inner {
    databend: Databend,
    partitions: u16,
    /// The tables are made when Databend answers first: it may be away when services start.
    is_migrated: OnceCell<()>,
    /// Whoever writes a partition holds what is known of it.
    known: Vec<Mutex<Known>>,
    loader: Loader,
    readings: Readings,
}

impl DatabendWarehouse {
    /// Makes the handle; Databend is asked when something is wanted of it. Needs a runtime of several threads.
    pub fn new(options: DatabendOptions, partitions: u16) -> Result<Self, WarehouseError> {
        Self::with(options, partitions, &Secret::new(), Aside(None))
    }

    /// Likewise, for a log whose records it holds: what it refuses of them is told there.
    pub fn beside(log: Arc<dyn EventLog>, options: DatabendOptions) -> Result<Self, WarehouseError> {
        let partitions = log.partitions();
        Self::with(options, partitions, &Secret::new(), Aside(Some(log)))
    }

    /// Likewise, with these fingerprints of event ids.
    pub(super) fn with(
        options: DatabendOptions,
        partitions: u16,
        secret: &Secret,
        aside: Aside,
    ) -> Result<Self, WarehouseError> {
        let databend = Databend::new(options)?;
        let nothing = |partition| Mutex::new(Known::nothing(PartitionId(partition), secret.clone()));
        let known = (0..partitions).map(nothing).collect();
        let (is_migrated, readings) = Default::default();
        let loader = Loader::start(databend.clone(), aside);
        Ok(Self(Arc::new(Inner { databend, partitions, is_migrated, known, loader, readings })))
    }

    /// Returns Databend with its tables at this version.
    async fn ready(&self) -> Result<&Databend, WarehouseError> {
        let Inner { databend, partitions, is_migrated, .. } = &*self.0;
        let preparing = is_migrated.get_or_try_init(|| async {
            migrate(databend, *partitions).await?;
            erase_leftovers(databend).await?;
            Ok::<_, WarehouseError>(())
        });
        preparing.await?;
        Ok(databend)
    }

    fn check_partition(&self, partition: PartitionId) -> Result<(), WarehouseError> {
        if partition.0 < self.0.partitions {
            return Ok(());
        }
        Err(WarehouseError::Damaged(format!("there is no partition {partition} of {}", self.0.partitions)))
    }
}

#[async_trait]
impl Warehouse for DatabendWarehouse {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        Ok(positions(self.ready().await?).await?)
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        let WriteBatch { partition, from, .. } = batch;
        self.check_partition(partition)?;
        let databend = self.ready().await?;
        let mut known = self.0.known[usize::from(partition.0)].lock().await;
        // What is known may be behind what another process wrote.
        if !known.is_current || known.next < from {
            known.catch_up(databend).await?;
            sweep(databend, partition, known.copies.written.clone()).await;
        }
        if known.next != from {
            return Err(WarehouseError::Moved { partition, expected: from, actual: known.next });
        }
        let (standing, counting) =
            tokio::try_join!(standing_before(databend, &batch), counted_before(databend, &known, &batch))?;
        let draft = tokio::task::block_in_place(|| draft(&known, counting, batch, standing))?;
        let addition = known.addition(&draft);
        // Whoever fails or gives up from here on does not know where the partition is.
        known.is_current = false;
        self.0.loader.write(draft).await?;
        known.add(addition);
        let next = known.next;
        if let Some(passed) = known.copies.take_passed(next) {
            sweep(databend, partition, passed).await;
        }
        Ok(())
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.check_partition(partition)?;
        let place = match cursor {
            Some(cursor) => Place::of(&cursor, partition, before)?,
            None => Place { partition, before, next: 0 },
        };
        let databend = self.ready().await?;
        Ok(self.0.readings.page(databend, place, max_rows).await?)
    }

    async fn history_rows(&self, partition: PartitionId, before: Offset) -> Result<u64, WarehouseError> {
        self.check_partition(partition)?;
        Ok(count(self.ready().await?, partition, before).await?)
    }

    fn cursor_from(&self, partition: PartitionId, from: Offset, before: Offset) -> Option<HistoryCursor> {
        Some(Place { partition, before, next: from }.cursor())
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        let partition = partition_of(user_id, self.0.partitions);
        let latest = format!(
            "SELECT standing FROM trait_rows WHERE log_partition = {partition} AND user_id = {user_id}
             AND log_offset < (SELECT max(next_offset) FROM log_positions WHERE log_partition = {partition})
             AND user_id NOT IN (SELECT user_id FROM deleted_users)
             ORDER BY log_offset DESC LIMIT 1"
        );
        let found = self.ready().await?.query(&latest).await?;
        let standing = found.rows.first().map(|row| standing_of(cells::text(row, 0)?));
        Ok(standing.transpose()?.unwrap_or_default())
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.check_partition(partition)?;
        Ok(partition_traits(self.ready().await?, partition).await?)
    }

    async fn traits_page(
        &self,
        partition: PartitionId,
        after: Option<UserId>,
        max_users: usize,
    ) -> Result<Vec<(UserId, StandingTraits)>, WarehouseError> {
        self.check_partition(partition)?;
        Ok(traits_page(self.ready().await?, partition, after, max_users).await?)
    }

    async fn select(&self, selection: &Selection) -> Result<Option<Selections>, WarehouseError> {
        Ok(select(self.ready().await?, selection).await?)
    }

    async fn refused(&self) -> Result<Vec<RefusedRows>, WarehouseError> {
        Ok(refused::rows(self.ready().await?).await?)
    }

    async fn greatest_user_id(&self) -> Result<Option<UserId>, WarehouseError> {
        // Also what a load left behind the positions: the log names it too.
        let greatest = "SELECT max(user_id) FROM (SELECT max(user_id) AS user_id FROM event_rows UNION ALL
             SELECT max(user_id) FROM trait_rows UNION ALL SELECT max(user_id) FROM deletion_rows) AS greatest";
        let found = self.ready().await?.query(greatest).await?;
        let cell = found.rows.first().filter(|row| row.first().is_some_and(Option::is_some));
        Ok(cell.map(|row| cells::integer(row, 0)).transpose()?.map(UserId))
    }

    async fn count_erased(&self) -> Result<u64, WarehouseError> {
        let counted = self.ready().await?.query("SELECT count(*) FROM deleted_users").await?;
        Ok(cells::number(&counted.rows.into_iter().next().unwrap_or_default(), 0)?)
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        let partition = partition_of(user_id, self.0.partitions);
        let after = cursor.map(|cursor| rank_of(&cursor, user_id)).transpose()?;
        let databend = self.ready().await?;
        Ok(timeline(databend, partition, user_id, after, max_rows).await?)
    }
}
