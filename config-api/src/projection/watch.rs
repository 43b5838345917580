//! Asking the partitions' owners how far they are.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bus::EventLog;
use tokio_util::sync::CancellationToken;

use super::Freshness;
use crate::metrics;

/// How often: several times as often as `as_of` may be behind without anybody minding.
const INTERVAL: Duration = Duration::from_millis(50);

/// Keeps `freshness` and its metrics up to date until shutdown.
pub(crate) async fn watch_statuses(log: Arc<dyn EventLog>, freshness: Arc<Freshness>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        let statuses = log.statuses().await;
        match (&statuses, failing) {
            (Ok(statuses), _) => freshness.observe(statuses),
            (Err(error), false) => tracing::warn!(%error, "statuses of the partitions cannot be read"),
            (Err(_), true) => {}
        }
        failing = statuses.is_err();
        measure(&freshness);
    }
}

fn measure(freshness: &Freshness) {
    metrics::PROJECTION_LAG.record(freshness.lag(), &[]);
    if let Some(as_of) = freshness.of_all() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        metrics::PROJECTION_AGE.record(now.as_secs_f64() - as_of.as_micros() as f64 / 1e6, &[]);
    }
}
