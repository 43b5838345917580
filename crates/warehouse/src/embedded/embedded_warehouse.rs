//! The handle that services hold; all work is done on threads for blocking work.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use schema::{HistoryLineage, Offset, PartitionId, StandingTraits, UserId, partition_of};

use super::draft::Draft;
use super::failure::damaged;
use super::keys::user_prefix;
use super::keyspaces::Keyspaces;
use super::reading;
use super::syncing::Syncing;
use crate::{HistoryCursor, HistoryPage, PartitionTraits, Warehouse, WarehouseError, WriteBatch};

/// The history on one machine; cheap to clone.
#[derive(Clone)]
pub struct EmbeddedWarehouse(Arc<Inner>);

struct Inner {
    keyspaces: Keyspaces,
    partitions: u16,
    /// One write at a time decides and moves the position; waiting for the disk is outside of it.
    writing: Mutex<()>,
    syncing: Syncing,
}

impl EmbeddedWarehouse {
    /// Opens the history in `dir`, or makes it. Blocks while the journal of a crash is read.
    pub fn open(dir: impl AsRef<Path>, partitions: u16) -> Result<Self, WarehouseError> {
        let keyspaces = Keyspaces::open(dir.as_ref(), partitions)?;
        Ok(Self(Arc::new(Inner { keyspaces, partitions, writing: Mutex::default(), syncing: Syncing::default() })))
    }

    /// Returns the greatest id among the users that the history has, or that were deleted from it.
    pub async fn greatest_user_id(&self) -> Result<Option<UserId>, WarehouseError> {
        self.blocking(|inner| {
            let greatest = (0..inner.partitions).map(|partition| inner.keyspaces.greatest_user(PartitionId(partition)));
            Ok(greatest.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().max())
        })
        .await
    }

    /// Counts the users that were deleted from the history or are in `also`: each once, and for good.
    ///
    /// Reads one key for each of them.
    pub async fn count_deleted(&self, also: BTreeSet<UserId>) -> Result<u64, WarehouseError> {
        self.blocking(move |inner| {
            let mut number = inner.keyspaces.count_deleted()?;
            for user_id in also {
                let user = user_prefix(partition_of(user_id, inner.partitions), user_id);
                number += u64::from(!inner.keyspaces.is_deleted(&user)?);
            }
            Ok(number)
        })
        .await
    }

    /// Returns which installation the history belongs to; `None` before that was said.
    pub async fn lineage(&self) -> Result<Option<HistoryLineage>, WarehouseError> {
        self.blocking(|inner| inner.keyspaces.lineage()).await
    }

    /// Says which installation it belongs to; durable when this returns.
    pub async fn set_lineage(&self, lineage: HistoryLineage) -> Result<(), WarehouseError> {
        self.blocking(move |inner| inner.keyspaces.set_lineage(&lineage)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        let inner = self.0.clone();
        let joined = tokio::task::spawn_blocking(move || work(&inner)).await;
        joined.map_err(|error| WarehouseError::Unavailable(format!("the work was interrupted: {error}")))?
    }
}

impl Inner {
    fn write(&self, batch: &WriteBatch) -> Result<(), WarehouseError> {
        self.check_partition(batch.partition)?;
        let (number, log_time) = {
            let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let mut draft = Draft::new(&self.keyspaces, batch)?;
            for (offset, record) in &batch.records {
                draft.take(*offset, record)?;
            }
            let log_time = draft.write()?;
            (self.syncing.written(), log_time)
        };
        self.syncing.wait(number, &self.keyspaces.database)?;
        self.keyspaces.horizons.advance(batch.partition, log_time);
        Ok(())
    }

    fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        let next = |partition| self.keyspaces.position(PartitionId(partition)).map(|position| position.next);
        (0..self.partitions).map(next).collect()
    }

    fn check_partition(&self, partition: PartitionId) -> Result<(), WarehouseError> {
        if partition.0 < self.partitions {
            return Ok(());
        }
        Err(damaged(&format!("there is no partition {partition} of {}", self.partitions)))
    }
}

#[async_trait]
impl Warehouse for EmbeddedWarehouse {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        self.blocking(Inner::positions).await
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        self.blocking(move |inner| inner.write(&batch)).await
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.blocking(move |inner| {
            inner.check_partition(partition)?;
            reading::history(&inner.keyspaces, partition, before, cursor, max_rows)
        })
        .await
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        self.blocking(move |inner| {
            let user = user_prefix(partition_of(user_id, inner.partitions), user_id);
            if inner.keyspaces.is_deleted(&user)? {
                return Ok(StandingTraits::default());
            }
            inner.keyspaces.traits_of(&user)
        })
        .await
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.blocking(move |inner| {
            inner.check_partition(partition)?;
            reading::partition_traits(&inner.keyspaces, partition)
        })
        .await
    }

    async fn traits_page(
        &self,
        partition: PartitionId,
        after: Option<UserId>,
        max_users: usize,
    ) -> Result<Vec<(UserId, StandingTraits)>, WarehouseError> {
        self.blocking(move |inner| {
            inner.check_partition(partition)?;
            reading::traits_page(&inner.keyspaces, partition, after, max_users)
        })
        .await
    }

    async fn greatest_user_id(&self) -> Result<Option<UserId>, WarehouseError> {
        Self::greatest_user_id(self).await
    }

    async fn count_erased(&self) -> Result<u64, WarehouseError> {
        self.count_deleted(BTreeSet::new()).await
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.blocking(move |inner| {
            let partition = partition_of(user_id, inner.partitions);
            reading::user_events(&inner.keyspaces, partition, user_id, cursor, max_rows)
        })
        .await
    }
}
