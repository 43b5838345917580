//! Events that keep coming at a fixed rate, whatever else happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::posting::Poster;
use super::shop::Shop;
use crate::now;

/// How often a batch is posted.
const TICK: Duration = Duration::from_millis(20);
/// How many batches may be under way; with more the rate is not held, and the report shows it.
const UNDER_WAY: usize = 64;

/// Traffic that goes on until it is stopped.
pub(super) struct Traffic {
    stop: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Traffic {
    /// Begins to post so many events a second.
    pub(super) fn begin(poster: Arc<Poster>, shop: Shop, per_second: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(flow(poster, shop, per_second, Arc::clone(&stop)));
        Self { stop, task }
    }

    /// Returns whether it has ended, which it only does by itself when something is wrong.
    pub(super) fn has_failed(&self) -> bool {
        self.task.is_finished()
    }

    /// Stops it; when this returns, everything posted is acknowledged.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.context("the traffic")?
    }
}

async fn flow(poster: Arc<Poster>, mut shop: Shop, per_second: u64, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let (begun, under_way) = (Instant::now(), Arc::new(Semaphore::new(UNDER_WAY)));
    let (mut posted, mut calls, mut ticks) = (0_u64, JoinSet::new(), tokio::time::interval(TICK));
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let due = (begun.elapsed().as_micros() * u128::from(per_second) / 1_000_000) as u64;
        if due > posted {
            let permit = Arc::clone(&under_way).acquire_owned().await.context("waiting for answers")?;
            let (created_at, poster) = (now(), Arc::clone(&poster));
            let lines: Vec<String> = (posted..due).map(|_| shop.present(created_at)).collect();
            calls.spawn(async move {
                let _permit = permit;
                poster.post(lines).await
            });
            posted = due;
        }
        while let Some(call) = calls.try_join_next() {
            call.context("posting")??;
        }
    }
    while let Some(call) = calls.join_next().await {
        call.context("posting")??;
    }
    Ok(())
}
