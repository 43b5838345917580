//! As many events as go through, each answered before the next of its client, and how long the
//! segmenter then takes to catch up: what is accepted faster than it is evaluated only piles up.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use shoal::client::BatchAnswer;
use tokio::task::JoinSet;

use crate::quantiles::Quantiles;
use crate::report::Throughput;
use crate::shop::Shop;

pub(crate) const SINGLE_CLIENTS: usize = 128;
pub(crate) const BATCH_CLIENTS: usize = 8;
pub(crate) const BATCH: usize = 500;

/// The status of an item that was accepted.
const ACCEPTED: u16 = 202;

/// Posts one event per request.
pub(crate) async fn singles(shop: &Shop, each: Duration) -> anyhow::Result<Throughput> {
    measure(shop, "POST, single", SINGLE_CLIENTS, 1, each).await
}

/// Posts NDJSON batches.
pub(crate) async fn batches(shop: &Shop, each: Duration) -> anyhow::Result<Throughput> {
    measure(shop, "POST, batches", BATCH_CLIENTS, BATCH, each).await
}

async fn measure(
    shop: &Shop,
    what: &'static str,
    clients: usize,
    events_per_call: usize,
    each: Duration,
) -> anyhow::Result<Throughput> {
    shop.caught_up().await.context("before the load")?;
    let (started, mut running) = (Instant::now(), JoinSet::new());
    for _ in 0..clients {
        running.spawn(post_for(shop.clone(), events_per_call, started + each));
    }
    let (mut calls, mut sent, mut accepted) = (Vec::new(), 0, 0);
    while let Some(ended) = running.join_next().await {
        for call in ended.context("a client")?? {
            calls.push(call.took);
            sent += events_per_call;
            accepted += call.accepted;
        }
    }
    let accepting = started.elapsed();
    shop.caught_up().await.context("after the load")?;
    let evaluating = started.elapsed();
    Ok(Throughput {
        what,
        clients,
        events_per_call,
        events_per_second: accepted as f64 / accepting.as_secs_f64(),
        drained_per_second: Some(accepted as f64 / evaluating.as_secs_f64()),
        refused: sent - accepted,
        call: Quantiles::of(calls),
    })
}

/// One request that was answered.
struct Call {
    took: Duration,
    accepted: usize,
}

async fn post_for(shop: Shop, events_per_call: usize, until: Instant) -> anyhow::Result<Vec<Call>> {
    let mut calls = Vec::new();
    while Instant::now() < until {
        let called = Instant::now();
        let accepted = if events_per_call == 1 {
            // Refused is an error, and ends the measurement.
            shop.ingestion.post(&shop.next_posting().body).await?;
            1
        } else {
            let lines: Vec<String> = (0..events_per_call).map(|_| shop.next_posting().body.to_string()).collect();
            accepted_of(&shop.ingestion.post_batch(lines.iter().map(String::as_str)).await?)
        };
        calls.push(Call { took: called.elapsed(), accepted });
    }
    Ok(calls)
}

fn accepted_of(answer: &BatchAnswer) -> usize {
    answer.results.iter().filter(|outcome| outcome.status == ACCEPTED).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_items_answered_202_count_as_accepted() {
        let text = r#"{"results":[{"status":202},{"status":400,"code":"missing_id"},{"status":202},{"status":503}]}"#;
        assert_eq!(accepted_of(&serde_json::from_str(text).unwrap()), 2);
    }
}
