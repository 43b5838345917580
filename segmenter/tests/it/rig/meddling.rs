//! A log that fails on purpose.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition, StoredRecord};
use schema::{Offset, PartitionId, PartitionStatus, UserId};
use tokio::time::Instant;

/// What is to go wrong, and what was seen of it.
#[derive(Default)]
pub(crate) struct Meddling {
    /// So many commits are refused before the next one is taken.
    pub(crate) refuse_commits: AtomicUsize,
    /// The value of the records at these offsets is cut short.
    pub(crate) cut_short: Mutex<BTreeSet<Offset>>,
    /// Whether the next commit finds another owner.
    pub(crate) fence: AtomicUsize,
    /// Whether the next commit finds that the log has failed for good.
    pub(crate) break_log: AtomicUsize,
    /// Whether stored users come back as rubbish.
    pub(crate) spoil_users: AtomicUsize,
    /// Whether commits wait; and how many of them do.
    pub(crate) hold_commits: AtomicBool,
    pub(crate) held_commits: AtomicUsize,
    pub(crate) commits: AtomicUsize,
    pub(crate) refused: Mutex<Vec<PartitionCommit>>,
}

impl Meddling {
    fn spends(counter: &AtomicUsize) -> bool {
        counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

pub(crate) struct MeddledOwnership {
    pub(crate) inner: Box<dyn Ownership>,
    pub(crate) meddling: Arc<Meddling>,
}

#[async_trait]
impl Ownership for MeddledOwnership {
    async fn next(&mut self) -> Result<Option<OwnershipChange>, BusError> {
        Ok(self.inner.next().await?.map(|change| match change {
            OwnershipChange::Assigned(inner) => {
                OwnershipChange::Assigned(Box::new(MeddledOwner { inner, meddling: Arc::clone(&self.meddling) }))
            }
            other => other,
        }))
    }
}

struct MeddledOwner {
    inner: Box<dyn PartitionOwner>,
    meddling: Arc<Meddling>,
}

#[async_trait]
impl PartitionOwner for MeddledOwner {
    fn partition(&self) -> PartitionId {
        self.inner.partition()
    }

    async fn restore(
        &mut self,
        visit: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        let spoil = self.meddling.spoil_users.load(Ordering::SeqCst) > 0;
        let mut spoiled = |user_id, state: &[u8]| visit(user_id, if spoil { &[0xff; 3] } else { state });
        self.inner.restore(&mut spoiled).await
    }

    async fn poll(
        &mut self,
        from: Offset,
        max_records: usize,
        deadline: Instant,
    ) -> Result<Vec<StoredRecord>, BusError> {
        let mut records = self.inner.poll(from, max_records, deadline).await?;
        let cut_short = self.meddling.cut_short.lock().unwrap();
        for record in records.iter_mut().filter(|record| cut_short.contains(&record.offset)) {
            record.value = record.value.slice(..record.value.len() / 2);
        }
        Ok(records)
    }

    async fn log_end(&mut self) -> Result<Offset, BusError> {
        self.inner.log_end().await
    }

    async fn commit(&mut self, commit: PartitionCommit) -> Result<(), BusError> {
        if Meddling::spends(&self.meddling.fence) {
            return Err(BusError::Fenced(self.inner.partition()));
        }
        if Meddling::spends(&self.meddling.refuse_commits) {
            self.meddling.refused.lock().unwrap().push(commit);
            return Err(BusError::Unavailable("refused by the test".to_owned()));
        }
        if Meddling::spends(&self.meddling.break_log) {
            return Err(BusError::Broken("broken by the test".to_owned()));
        }
        if self.meddling.hold_commits.load(Ordering::SeqCst) {
            self.meddling.held_commits.fetch_add(1, Ordering::SeqCst);
            while self.meddling.hold_commits.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        self.meddling.commits.fetch_add(1, Ordering::SeqCst);
        self.inner.commit(commit).await
    }

    fn report(&mut self, status: PartitionStatus) {
        self.inner.report(status);
    }
}
