//! Where `segment-changes` ends in each partition: what wakes subscribers.
//!
//! One watcher per partition for all subscribers, instead of one per partition and subscriber.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{BusError, EventLog};
use schema::{Offset, PartitionId, Topic};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long to wait before asking a log again that was not available.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Where each partition ends.
pub(crate) struct Tail {
    ends: Vec<AtomicU64>,
    moved: watch::Sender<()>,
}

impl Tail {
    pub(crate) fn new(partitions: u16) -> Self {
        Self { ends: (0..partitions).map(|_| AtomicU64::new(0)).collect(), moved: watch::Sender::new(()) }
    }

    /// Tells of every move from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    pub(super) fn end(&self, partition: usize) -> Offset {
        self.ends.get(partition).map_or(0, |end| end.load(Ordering::Acquire))
    }

    fn extend(&self, partition: PartitionId, end: Offset) {
        if let Some(own) = self.ends.get(usize::from(partition.0))
            && own.fetch_max(end, Ordering::AcqRel) < end
        {
            self.moved.send_replace(());
        }
    }
}

/// Follows the ends of all partitions until shutdown.
pub(crate) async fn follow_ends(log: Arc<dyn EventLog>, tail: Arc<Tail>, shutdown: CancellationToken) {
    let mut watchers = JoinSet::new();
    for partition in (0..log.partitions()).map(PartitionId) {
        watchers.spawn(follow_end(log.clone(), tail.clone(), partition));
    }
    shutdown.cancelled().await;
}

async fn follow_end(log: Arc<dyn EventLog>, tail: Arc<Tail>, partition: PartitionId) {
    loop {
        if let Err(error) = wait_and_extend(log.as_ref(), &tail, partition).await {
            tracing::debug!(%error, kafka.partition = partition.0, "the end of the changes is not known now");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

async fn wait_and_extend(log: &dyn EventLog, tail: &Tail, partition: PartitionId) -> Result<(), BusError> {
    let end = log.range(Topic::SegmentChanges, partition).await?.end;
    tail.extend(partition, end);
    log.wait_for(Topic::SegmentChanges, partition, end).await
}
