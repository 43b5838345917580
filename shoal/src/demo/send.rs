//! Posting what happens in the shop, at its pace.

use std::time::Duration;

use anyhow::bail;
use tokio_util::sync::CancellationToken;

use super::shop::Shop;
use crate::client::{Backoff, BatchAnswer, CallError, IngestionClient};
use crate::terminal;

/// The ingestion-api takes a few thousand events per batch; the past of forty visitors fits into some of these.
const HISTORY_BATCH: usize = 200;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Posts the past of the returning visitors.
pub(super) async fn history(
    ingestion: &IngestionClient,
    shop: &mut Shop,
    now: schema::Timestamp,
) -> anyhow::Result<()> {
    for batch in shop.history(now).chunks(HISTORY_BATCH) {
        let lines: Vec<String> = batch.iter().map(ToString::to_string).collect();
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let answer: BatchAnswer = loop {
            match ingestion.post_batch(lines.iter().map(String::as_str)).await {
                Ok(answer) => break answer,
                Err(refused @ CallError::Refused { .. }) => return Err(refused.into()),
                Err(error) => wait_after(&error, &mut backoff).await,
            }
        };
        if let Some(refused) = answer.results.iter().find(|item| item.status >= 400) {
            bail!("the shop's own events are refused: {refused:?}");
        }
    }
    Ok(())
}

/// Posts live traffic until `stop`.
pub(super) async fn live(
    ingestion: &IngestionClient,
    shop: &mut Shop,
    rate: f64,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    // After a stall the shop goes on at its pace; it does not catch up in a burst.
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    while !stop.is_cancelled() {
        pace.tick().await;
        let event = shop.next_event(super::clock_now());
        // The same event id each time, so a retry counts once.
        while let Err(error) = ingestion.post(&event).await {
            if matches!(error, CallError::Refused { .. }) {
                return Err(error.into());
            }
            wait_after(&error, &mut backoff).await;
        }
        backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    }
    Ok(())
}

async fn wait_after(error: &CallError, backoff: &mut Backoff) {
    let asked_for = match error {
        CallError::TryLater { retry_after, .. } => *retry_after,
        _ => None,
    };
    let wait = backoff.wait(asked_for);
    terminal::complain(format_args!("{error}; trying again in {} ms", wait.as_millis()));
    tokio::time::sleep(wait).await;
}
