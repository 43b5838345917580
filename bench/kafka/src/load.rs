//! The events: the same for both forms, appended by the log's own producer.

use std::time::Duration;

use anyhow::Context as _;
use bus::EventLog as _;
use bus::kafka::KafkaLog;
use schema::{Event, EventId, LogRecord, Timestamp, UserId};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::measured::now;

const USERS: u64 = 10_000;
/// How many events one call appends of a backlog.
const TOGETHER: u64 = 1_000;
/// How often a paced load appends.
const TICK: Duration = Duration::from_millis(1);

/// Appends so many events a second, each tick's in one call.
pub(crate) async fn paced(log: KafkaLog, per_second: u64, length: Duration) -> anyhow::Result<()> {
    let (begun, mut sent, mut calls) = (Instant::now(), 0, JoinSet::new());
    let total = per_second * length.as_secs();
    let mut ticks = tokio::time::interval(TICK);
    while sent < total {
        ticks.tick().await;
        let due = (begun.elapsed().as_micros() as u64 * per_second / 1_000_000).min(total);
        if due > sent {
            let (records, log) = ((sent..due).map(event).collect(), log.clone());
            calls.spawn(async move { log.append(records).await });
            sent = due;
        }
    }
    while let Some(call) = calls.join_next().await {
        call?.context("appending")?;
    }
    Ok(())
}

/// Appends so many events, as fast as it goes.
pub(crate) async fn backlog(log: &KafkaLog, events: u64) -> anyhow::Result<()> {
    for first in (0..events).step_by(usize::try_from(TOGETHER)?) {
        log.append((first..events.min(first + TOGETHER)).map(event).collect()).await.context("appending")?;
    }
    Ok(())
}

fn event(number: u64) -> LogRecord {
    let at = now();
    LogRecord::Event(Event {
        region: Some("California".into()),
        country: Some("US".into()),
        device_type: Some("mobile".into()),
        url: Some("http://myawesomeproduct".into()),
        ..Event::new(
            EventId(uuid::Uuid::from_u64_pair(0, number)),
            UserId(i64::try_from(1 + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % USERS).unwrap_or(1)),
            "page_viewed",
            at,
        )
    })
}

/// Returns when an event was appended.
pub(crate) fn appended_at(value: &[u8]) -> anyhow::Result<Timestamp> {
    Ok(LogRecord::decode(value).context("decoding an event")?.received_at())
}
