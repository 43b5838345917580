//! Starting the writer at the stored positions, and stopping it.

use std::sync::Arc;

use anyhow::Context;
use bus::EventLog;
use schema::{Offset, PartitionId};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use warehouse::{Warehouse, WarehouseError};

use super::backoff::Backoff;
use super::health::WriterHealth;
use super::metrics;
use super::options::WriterOptions;
use super::partition_writer::PartitionWriter;

/// Writes the log's events into the warehouse until `shutdown`, then writes what is there and ends.
///
/// Failures that may pass are waited out. One that will not, such as a damaged row, ends the writer of its
/// partition, which `health` tells at once: someone has to look. The other partitions go on; the error of
/// this function is the first of those.
pub async fn run_writer(
    log: Arc<dyn EventLog>,
    warehouse: Arc<dyn Warehouse>,
    options: WriterOptions,
    shutdown: CancellationToken,
    health: WriterHealth,
) -> anyhow::Result<()> {
    let Some(positions) = stored_positions(&*warehouse, &options, &shutdown).await? else { return Ok(()) };
    let partitions = usize::from(log.partitions());
    anyhow::ensure!(
        positions.len() == partitions,
        "the warehouse has {} partitions and the log {partitions}; they were installed differently",
        positions.len()
    );
    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for (partition, next) in (0..log.partitions()).map(PartitionId).zip(positions) {
        let writer = PartitionWriter {
            log: log.clone(),
            warehouse: warehouse.clone(),
            options: options.clone(),
            shutdown: shutdown.clone(),
            begun,
            partition,
            next,
        };
        let running = writer.run();
        writers.spawn(async move { running.await.with_context(|| format!("the history of partition {partition}")) });
    }
    let mut outcome = Ok(());
    while let Some(ended) = writers.join_next().await {
        let ended = ended.context("running the warehouse writer").and_then(|ended| ended);
        if let Err(error) = &ended {
            health.stopped(error);
        }
        outcome = outcome.and(ended);
    }
    outcome
}

/// Asks the warehouse where it is for as long as it takes; `None` when shutdown comes first.
async fn stored_positions(
    warehouse: &dyn Warehouse,
    options: &WriterOptions,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<Vec<Offset>>> {
    let mut backoff = Backoff::new(options);
    loop {
        match warehouse.positions().await {
            Ok(positions) => return Ok(Some(positions)),
            Err(WarehouseError::Unavailable(reason)) => {
                tracing::warn!(reason, "the warehouse is away; asking again for its positions");
                metrics::retried();
                if !backoff.pause(shutdown).await {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error).context("asking the warehouse for its positions"),
        }
    }
}
