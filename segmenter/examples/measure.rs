//! How fast the segmenter is on this machine, on the embedded parts in a temporary folder.
//!
//! `cargo run -p segmenter --example measure -- [EVENTS]`. Four figures: catching up with a backlog, an
//! event to its change while idle, the same while history is absorbed for a new segment (and how long
//! that takes), and how late the last of many exits is that are due at one instant.

#![expect(clippy::print_stdout, reason = "the figures are for people")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use schema::{
    Definitions, Event, EventId, Generation, LogRecord, Offset, PartitionId, SegmentDefinition, SegmentId, SegmentTag,
    SegmentVersion, Timestamp, Topic, UserId, partition_of,
};
use segmenter::{Clock, Config, Parts, SystemClock};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{Warehouse, WriteBatch};

const BATCH: usize = 1_000;
const SAMPLES: i64 = 300;
const KINDS: [&str; 4] = ["page_viewed", "added_to_cart", "product_purchased", "search"];

struct Bench {
    log: EmbeddedLog,
    warehouse: Arc<EmbeddedWarehouse>,
    definitions: watch::Sender<Arc<Definitions>>,
    next_user: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let events: i64 = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse()).context("EVENTS")?;
    let users = (events / 10).max(1);
    let dir = tempfile::tempdir()?;
    let log = EmbeddedLog::open(dir.path().join("log"), EmbeddedLogOptions::default())?;
    let warehouse = Arc::new(EmbeddedWarehouse::open(dir.path().join("history"), log.partitions())?);
    let definitions = watch::Sender::new(Arc::new(definitions_of(1, 10)));
    let mut bench = Bench { log, warehouse, definitions, next_user: users + 1 };

    let begun = Instant::now();
    for first in (0..events).step_by(BATCH) {
        let batch = (first..(first + BATCH as i64).min(events)).map(|n| LogRecord::Event(past_event(n, users)));
        bench.log.append(batch.collect()).await?;
    }
    say("plain append", events, begun);

    let mut config: Config = service::config::defaults()?;
    config.metrics.address = "127.0.0.1:0".parse()?;
    let shutdown = CancellationToken::new();
    let parts = Parts {
        ownership: Box::new(bench.log.ownership()),
        warehouse: bench.warehouse.clone(),
        definitions: bench.definitions.subscribe(),
    };
    let begun = Instant::now();
    let running = segmenter::start(config, parts, shutdown.clone()).await?;
    bench.until(|status, end| status.next_offset >= end).await?;
    say("backlog through 10 segments", events, begun);

    let begun = Instant::now();
    fill_warehouse(&bench.log, &bench.warehouse).await?;
    say("warehouse writer", events, begun);
    let writer = tokio::spawn(keep_filling(bench.log.clone(), bench.warehouse.clone()));

    bench.latencies("event to change, idle", &|_| false).await?;

    let begun = Instant::now();
    bench.definitions.send_replace(Arc::new(definitions_of(2, 11)));
    bench.latencies("event to change, history being absorbed", &|generation| generation == Generation(2)).await?;
    bench.until(|status, _| status.generation == Generation(2)).await?;
    say("new segment over history", events, begun);

    bench.exits_at_once(users.min(50_000)).await?;
    writer.abort();
    shutdown.cancel();
    running.task.await?
}

impl Bench {
    /// Waits until every partition's status is as wanted, given the end of its log.
    async fn until(&self, wanted: impl Fn(&schema::PartitionStatus, Offset) -> bool) -> anyhow::Result<()> {
        loop {
            let statuses = self.log.statuses().await?;
            let mut all = statuses.len() == usize::from(self.log.partitions());
            for status in &statuses {
                all &= wanted(status, self.log.range(Topic::Events, status.partition).await?.end);
            }
            if all {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Sends one event after another, each of a new user who enters by it, and waits for its change.
    async fn latencies(&mut self, what: &str, enough: &dyn Fn(Generation) -> bool) -> anyhow::Result<()> {
        let mut taken = Vec::new();
        for _ in 0..SAMPLES {
            let user_id = UserId(self.next_user);
            self.next_user += 1;
            let partition = partition_of(user_id, self.log.partitions());
            let end = self.log.range(Topic::SegmentChanges, partition).await?.end;
            let begun = Instant::now();
            self.log.append(vec![LogRecord::Event(event(user_id, "page_viewed", SystemClock.now()))]).await?;
            self.log.wait_for(Topic::SegmentChanges, partition, end).await?;
            taken.push(begun.elapsed());
            if self.log.statuses().await?.iter().all(|status| enough(status.generation)) {
                break;
            }
        }
        taken.sort_unstable();
        let at = |percent: usize| taken[(taken.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        println!("{what:<42} p50 {:>7.2} ms   p99 {:>7.2} ms   ({} events)", at(50), at(99), taken.len());
        Ok(())
    }

    /// Lets many users leave at one instant, two seconds after it is decided which.
    async fn exits_at_once(&mut self, users: i64) -> anyhow::Result<()> {
        let seen = SystemClock.now().plus_micros(-25_000_000);
        let records: Vec<_> = (0..users).map(|n| event(UserId(self.next_user + n), "burst", seen)).collect();
        for some in records.chunks(BATCH) {
            self.log.append(some.iter().cloned().map(LogRecord::Event).collect()).await?;
        }
        self.until(|status, end| status.next_offset >= end).await?;
        let due = seen.plus_micros(BURST_SECONDS * 1_000_000 + 1);
        let early = due.micros_since(SystemClock.now());
        anyhow::ensure!(early > 0, "the machine was too slow to send {users} events before they were due");
        self.until(|status, _| status.as_of >= due).await?;
        let late = SystemClock.now().micros_since(due).max(0) as f64 / 1_000_000.0;
        println!(
            "{:<42} {users} users, the last {late:.3} s late: {:.0}/s",
            "exits due at one instant",
            users as f64 / late
        );
        Ok(())
    }
}

async fn keep_filling(log: EmbeddedLog, warehouse: Arc<EmbeddedWarehouse>) -> anyhow::Result<()> {
    loop {
        fill_warehouse(&log, &warehouse).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn fill_warehouse(log: &EmbeddedLog, warehouse: &EmbeddedWarehouse) -> anyhow::Result<()> {
    let positions = warehouse.positions().await?;
    for (partition, mut from) in (0..).map(PartitionId).zip(positions) {
        loop {
            let stored = log.read(Topic::Events, partition, from, BATCH).await?;
            let Some(last) = stored.last() else { break };
            let next = last.offset + 1;
            let decode = |stored: &bus::StoredRecord| Ok((stored.offset, LogRecord::decode(&stored.value)?));
            let records = stored.iter().map(decode).collect::<anyhow::Result<_>>()?;
            warehouse.write(WriteBatch { partition, from, next, records }).await?;
            from = next;
        }
    }
    Ok(())
}

fn say(what: &str, events: i64, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what:<42} {events} events in {seconds:.2} s: {:.0}/s", events as f64 / seconds);
}

const BURST_SECONDS: i64 = 60;

fn definitions_of(generation: u64, count: i64) -> Definitions {
    let clause = |id: i64| match id {
        1 => "activity_type = 'page_viewed'".to_owned(),
        2 => {
            format!("max(created_at) FILTER (WHERE activity_type = 'burst') >= now() - INTERVAL {BURST_SECONDS} SECOND")
        }
        3 => "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
              AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 30 DAY)"
            .to_owned(),
        n => format!(
            "count(*) FILTER (WHERE activity_type = '{}' AND created_at >= now() - INTERVAL {n} DAY) >= {n}",
            KINDS[usize::try_from(n).unwrap_or(0) % KINDS.len()]
        ),
    };
    let segment = |id: i64| {
        Some(SegmentDefinition {
            segment_id: SegmentId(id),
            tag: SegmentTag::new(&format!("segment-{id}"))?,
            version: SegmentVersion(1),
            where_statement: clause(id),
        })
    };
    Definitions { generation: Generation(generation), segments: (1..=count).filter_map(segment).collect() }
}

/// The nth event of the past: spread over users, kinds and 40 days.
fn past_event(n: i64, users: i64) -> Event {
    let kind = KINDS[usize::try_from(n / 7 % 4).unwrap_or(0)];
    let ago = n.wrapping_mul(7_919) % (40 * 24 * 3_600) * 1_000_000;
    event(UserId(1 + n.wrapping_mul(31) % users), kind, SystemClock.now().plus_micros(-ago))
}

fn event(user_id: UserId, kind: &str, created_at: Timestamp) -> Event {
    Event {
        region: Some("California".into()),
        country: Some("US".into()),
        device_type: Some("mobile".into()),
        url: Some("http://myawesomeproduct".into()),
        received_at: SystemClock.now(),
        ..Event::new(EventId(uuid::Uuid::new_v4()), user_id, kind, created_at)
    }
}
