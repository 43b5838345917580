//! The outbox of erasures: what a crash or an absent log left to be said.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use bus::EventLog;
use schema::{LogRecord, Timestamp, UserDeletion, UserId};
use store::{Store, UserErasure};
use tokio_util::sync::CancellationToken;

/// How often the outbox is looked at; it is empty unless something went wrong.
const INTERVAL: Duration = Duration::from_secs(5);
/// The most erasures of one look.
const MAX_PENDING: u32 = 1_000;

/// Appends what waits in the outbox, again and again until shutdown.
pub(crate) async fn append_pending(store: Arc<dyn Store>, log: Arc<dyn EventLog>, shutdown: CancellationToken) {
    let began = now();
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        if let Err(error) = append_all(store.as_ref(), log.as_ref(), began).await {
            tracing::warn!(error = format!("{error:#}"), "erasures wait in the outbox");
        }
    }
}

/// Appends what was there when this process began, and what its request should have appended long ago.
async fn append_all(store: &dyn Store, log: &dyn EventLog, began: Timestamp) -> anyhow::Result<()> {
    let interval = i64::try_from(INTERVAL.as_micros()).unwrap_or(i64::MAX);
    let under_way = |erasure: &UserErasure| {
        erasure.requested_at >= began && (0..interval).contains(&now().micros_since(erasure.requested_at))
    };
    let pending = store.pending_erasures(MAX_PENDING).await.context("reading the outbox")?;
    for erasure in pending.into_iter().filter(|erasure| !under_way(erasure)) {
        append(store, log, erasure.user_id).await?;
        tracing::info!(user.id = %erasure.user_id, "an erasure that waited was appended");
    }
    Ok(())
}

/// Says an erasure to the log and notes where. Said twice, its readers take it as one.
pub(super) async fn append(store: &dyn Store, log: &dyn EventLog, user_id: UserId) -> anyhow::Result<UserErasure> {
    let deletion = LogRecord::Deletion(UserDeletion { user_id, received_at: now() });
    let positions = log.append(vec![deletion]).await.context("appending the deletion")?;
    let position = positions.first().copied().context("the log returned no position")?;
    let erasure = store.record_erasure(user_id, position).await.context("noting its position")?;
    erasure.context("the erasure is not in the outbox")
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
