//! As many events as go through, each answered before the next of its client.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::quantiles::Quantiles;
use crate::report::Throughput;
use crate::shop::Shop;

pub(crate) const SINGLE_CLIENTS: usize = 128;
pub(crate) const BATCH_CLIENTS: usize = 8;
pub(crate) const BATCH: usize = 500;

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
    let (started, mut running) = (Instant::now(), JoinSet::new());
    for _ in 0..clients {
        running.spawn(post_for(shop.clone(), events_per_call, started + each));
    }
    let mut calls = Vec::new();
    while let Some(ended) = running.join_next().await {
        calls.extend(ended.context("a client")??);
    }
    let events_per_second = (calls.len() * events_per_call) as f64 / started.elapsed().as_secs_f64();
    Ok(Throughput { what, clients, events_per_call, events_per_second, call: Quantiles::of(calls) })
}

async fn post_for(shop: Shop, events_per_call: usize, until: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut calls = Vec::new();
    while Instant::now() < until {
        let called = Instant::now();
        if events_per_call == 1 {
            shop.ingestion.post(&shop.next_posting().body).await?;
        } else {
            let lines: Vec<String> = (0..events_per_call).map(|_| shop.next_posting().body.to_string()).collect();
            shop.ingestion.post_batch(lines.iter().map(String::as_str)).await?;
        }
        calls.push(called.elapsed());
    }
    Ok(calls)
}
