//! Writing what the partitions' readers have read, as much as is there in one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{ProjectionBatch, Store, StoreError};
use tokio::sync::mpsc;

use super::Freshness;
use super::follow::Stretch;
use crate::metrics;

/// The most stretches of one transaction; with at most 500 changes each, well below a second.
const MAX_STRETCHES: usize = 64;
/// How long to wait before trying again what the store could not do.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn write_all(
    store: Arc<dyn Store>,
    freshness: Arc<Freshness>,
    mut stretches: mpsc::Receiver<Stretch>,
) -> anyhow::Result<()> {
    let mut received = Vec::with_capacity(MAX_STRETCHES);
    while stretches.recv_many(&mut received, MAX_STRETCHES).await > 0 {
        let (batches, replies): (Vec<_>, Vec<_>) =
            received.drain(..).map(|stretch| (stretch.batch, stretch.position)).unzip();
        let positions = write(store.as_ref(), &batches).await?;
        for ((batch, position), reply) in batches.iter().zip(positions).zip(replies) {
            freshness.projected(batch.partition, position);
            // A reader that is gone has no use for it.
            let _ = reply.send(position);
        }
    }
    Ok(())
}

async fn write(store: &dyn Store, batches: &[ProjectionBatch]) -> Result<Vec<u64>, StoreError> {
    loop {
        let started = Instant::now();
        match store.project(batches).await {
            Ok(positions) => {
                metrics::PROJECTION_DURATION.record(started.elapsed().as_secs_f64(), &[]);
                let changes = batches.iter().map(|batch| batch.changes.len() as u64).sum();
                metrics::PROJECTED_CHANGES.add(changes, &[]);
                return Ok(positions);
            }
            Err(error) if error.retryable() => {
                tracing::warn!(%error, "changes cannot be projected now");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}
