//! The log alone: append and sync, without HTTP, identities, segmenter or history.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bus::EventLog as _;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use schema::LogRecord;
use shoal::Dice;
use tokio::task::JoinSet;

use crate::quantiles::Quantiles;
use crate::report::Throughput;
use crate::throughput::{BATCH, BATCH_CLIENTS, SINGLE_CLIENTS};

const USERS: u64 = 2_000;

/// Measures single appends and batches, each call durable before the next of its client.
pub(crate) async fn measure(folder: &Path, each: Duration) -> anyhow::Result<[Throughput; 2]> {
    let log = EmbeddedLog::open(folder, EmbeddedLogOptions::default()).context("opening the log")?;
    let singles = append(&log, "log append", SINGLE_CLIENTS, 1, each).await?;
    let batches = append(&log, "log append, batches", BATCH_CLIENTS, BATCH, each).await?;
    log.close().await?;
    Ok([singles, batches])
}

async fn append(
    log: &EmbeddedLog,
    what: &'static str,
    clients: usize,
    events_per_call: usize,
    each: Duration,
) -> anyhow::Result<Throughput> {
    let (started, mut running) = (Instant::now(), JoinSet::new());
    for client in 0..clients {
        let (log, mut dice) = (log.clone(), Dice::new(client as u64));
        running.spawn(async move {
            let mut calls = Vec::new();
            while started.elapsed() < each {
                let records = (0..events_per_call).map(|_| record(&mut dice)).collect::<anyhow::Result<_>>()?;
                let called = Instant::now();
                log.append(records).await?;
                calls.push(called.elapsed());
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = Vec::new();
    while let Some(ended) = running.join_next().await {
        calls.extend(ended.context("a client")??);
    }
    let events_per_second = (calls.len() * events_per_call) as f64 / started.elapsed().as_secs_f64();
    let call = Quantiles::of(calls);
    Ok(Throughput { what, clients, events_per_call, events_per_second, drained_per_second: None, refused: 0, call })
}

/// The same event that the others post, as it lies in the log.
fn record(dice: &mut Dice) -> anyhow::Result<LogRecord> {
    let now = e2e::now();
    let text = format!(
        r#"{{"event_id":"{}","user_id":{},"activity_type":"a","region":"California","device_type":"mobile","url":"https://shop.example/7","created_at":"{now}","received_at":"{now}","payload":{{"activity_type":"a","url":"https://shop.example/7"}}}}"#,
        dice.uuid(),
        1 + dice.below(USERS),
    );
    Ok(LogRecord::Event(serde_json::from_str(&text).context("making an event")?))
}
