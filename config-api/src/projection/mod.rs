//! Follows `segment-changes` of all partitions into the store, and says how fresh the store is.
//!
//! One task per partition reads; one task writes what they have read in common transactions, so
//! that many busy partitions cost one commit and an idle one costs none.

mod follow;
mod freshness;
mod rebuild;
mod watch;
mod write;

pub(crate) use freshness::Freshness;
pub(crate) use watch::watch_statuses;

use std::sync::Arc;

use bus::EventLog;
use schema::{Offset, PartitionId, Topic};
use store::Store;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Follows all partitions until shutdown; ends early, with the reason, when it cannot go on.
pub(crate) async fn run(
    store: Arc<dyn Store>,
    log: Arc<dyn EventLog>,
    freshness: Arc<Freshness>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let partitions = log.partitions();
    let positions = store.projection_positions().await?;
    let (sender, receiver) = mpsc::channel(usize::from(partitions));
    let mut tasks = JoinSet::new();
    tasks.spawn(write::write_all(store, freshness.clone(), receiver));
    for partition in (0..partitions).map(PartitionId) {
        let next = positions.get(&partition).copied().unwrap_or_default();
        check_position(log.as_ref(), partition, next).await?;
        freshness.projected(partition, next);
        tasks.spawn(follow::follow(log.clone(), partition, next, sender.clone()));
    }
    drop(sender);
    tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        Some(ended) = tasks.join_next() => ended?,
    }
}

/// Refuses a store that has projected what this log never held: they belong to different installations.
async fn check_position(log: &dyn EventLog, partition: PartitionId, next: Offset) -> anyhow::Result<()> {
    let end = log.range(Topic::SegmentChanges, partition).await?.end;
    anyhow::ensure!(
        next <= end,
        "the store has projected partition {partition} up to change {next}, but the log ends at {end}: \
         they do not belong together"
    );
    Ok(())
}
