//! How fast the embedded log is on this machine, beside a plain file that is appended to and synced.
//!
//! `cargo run --release -p bus --example measure -- DIR`; the file and the log are both made in DIR.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{BusError, EventLog, Ownership, OwnershipChange, PartitionCommit, PartitionOwner};
use schema::{Cause, Event, EventId, LogRecord, PartitionId, SegmentChange, SegmentId, Timestamp, Topic, UserId};
use uuid::Uuid;

const ROUND: Duration = Duration::from_secs(5);
const USERS: u64 = 10_000;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    let dir = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let dir = Path::new(&dir);
    plain_file(dir)?;
    let log = EmbeddedLog::open(dir.join("log"), EmbeddedLogOptions::default())?;
    for (callers, batch) in [(1, 1), (64, 1), (1_000, 1), (4, 500)] {
        appends(&log, callers, batch).await?;
    }
    paced(&log, 1_000).await?;
    paced(&log, 5_000).await?;
    commits(&log, 0).await?;
    commits(&log, 64).await?;
    Ok(())
}

/// So many single appends a second; every partition polls, and commits a state and a change per event.
/// What is shown is the time from the call of `append` to the commit that holds the event's change.
async fn paced(log: &EmbeddedLog, per_second: u64) -> Outcome {
    let begun = Instant::now();
    let mut ownership = log.ownership();
    let mut owners = tokio::task::JoinSet::new();
    for partition in (0..log.partitions()).map(PartitionId) {
        let Some(OwnershipChange::Assigned(owner)) = ownership.next().await? else { break };
        let from = log.range(Topic::Events, partition).await?.end;
        owners.spawn(follow(owner, from, begun));
    }
    let mut sent = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    while begun.elapsed() < ROUND {
        tick.tick().await;
        let due = begun.elapsed().as_micros() as u64 * per_second / 1_000_000;
        for number in sent..due {
            let log = log.clone();
            tokio::spawn(async move { log.append(vec![event_at(number, now())]).await });
        }
        sent = due;
    }
    let mut times = Vec::new();
    while let Some(done) = owners.join_next().await {
        times.extend(done??);
    }
    show(&format!("append to committed change, {per_second} events/s"), times.len(), begun.elapsed(), times);
    Ok(())
}

async fn follow(mut owner: Box<dyn PartitionOwner>, from: u64, begun: Instant) -> Result<Vec<Duration>, BusError> {
    let (mut next, mut times) = (from, Vec::new());
    while begun.elapsed() < ROUND + Duration::from_millis(500) {
        let deadline = tokio::time::Instant::now() + Duration::from_millis(100);
        let records = owner.poll(next, 1_000, deadline).await?;
        if records.is_empty() {
            continue;
        }
        next += records.len() as u64;
        let commit = PartitionCommit {
            next_offset: next,
            users: records.iter().map(|record| (record.user_id, vec![7; 300])).collect(),
            changes: records.iter().map(|record| change(record.user_id)).collect(),
            ..PartitionCommit::default()
        };
        owner.commit(commit).await?;
        let committed = now();
        for record in &records {
            let Ok(decoded) = LogRecord::decode(&record.value) else { continue };
            let micros = committed.micros_since(decoded.received_at());
            times.push(Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
        }
    }
    Ok(times)
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(0))
}

/// One record, one sync: what a log without groups would do.
fn plain_file(dir: &Path) -> Outcome {
    let record = event(1).encode();
    let mut file = File::create(dir.join("plain"))?;
    file.set_len(64 * 1_024 * 1_024)?;
    file.sync_all()?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < ROUND {
        let before = Instant::now();
        file.write_all(&record)?;
        file.sync_data()?;
        times.push(before.elapsed());
    }
    show(&format!("plain file, {} bytes + fdatasync", record.len()), times.len(), begun.elapsed(), times);
    Ok(())
}

/// So many callers, each of which appends again as soon as it was answered.
async fn appends(log: &EmbeddedLog, callers: u64, batch: u64) -> Outcome {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let log = log.clone();
        tasks.spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed() < ROUND {
                let first = caller * 1_000_003 + times.len() as u64 * batch;
                let records = (first..first + batch).map(event).collect();
                let before = Instant::now();
                log.append(records).await?;
                times.push(before.elapsed());
            }
            Ok::<_, BusError>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let events = times.len() * usize::try_from(batch)?;
    show(&format!("append, {callers} callers of {batch}"), events, begun.elapsed(), times);
    Ok(())
}

/// Every partition commits 20 states and 5 changes as fast as it can, beside `callers` that append.
async fn commits(log: &EmbeddedLog, callers: u64) -> Outcome {
    let begun = Instant::now();
    let appended = Arc::new(AtomicU64::new(0));
    let appending = (0..callers).map(|caller| {
        let (log, appended) = (log.clone(), appended.clone());
        tokio::spawn(async move {
            while begun.elapsed() < ROUND && log.append(vec![event(caller)]).await.is_ok() {
                appended.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    let appending: Vec<_> = appending.collect();
    let mut ownership = log.ownership();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..log.partitions() {
        let Some(OwnershipChange::Assigned(owner)) = ownership.next().await? else { break };
        tasks.spawn(commit_again_and_again(owner, begun));
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    for task in appending {
        task.await?;
    }
    let beside = appended.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    let name = format!("commit, 64 partitions, beside {beside:.0} appends/s");
    show(&name, times.len(), begun.elapsed(), times);
    Ok(())
}

async fn commit_again_and_again(mut owner: Box<dyn PartitionOwner>, begun: Instant) -> Result<Vec<Duration>, BusError> {
    let mut times = Vec::new();
    while begun.elapsed() < ROUND {
        let user = |number: u64| UserId(i64::try_from(number % USERS).unwrap_or(0) + 1);
        let first = times.len() as u64 * 20;
        let commit = PartitionCommit {
            users: (first..first + 20).map(|number| (user(number), vec![7; 300])).collect(),
            changes: (first..first + 5).map(|number| change(user(number))).collect(),
            ..PartitionCommit::default()
        };
        let before = Instant::now();
        owner.commit(commit).await?;
        times.push(before.elapsed());
    }
    Ok(times)
}

fn show(name: &str, events: usize, elapsed: Duration, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or_default();
    let rate = events as f64 / elapsed.as_secs_f64();
    println!("{name:<50} {rate:>9.0}/s   p50 {:>9.2?}   p99 {:>9.2?}", at(0.5), at(0.99));
}

fn event(number: u64) -> LogRecord {
    event_at(number, Timestamp::from_micros(1_700_000_000_000_000))
}

fn event_at(number: u64, at: Timestamp) -> LogRecord {
    LogRecord::Event(Event {
        region: Some("California".into()),
        country: Some("US".into()),
        device_type: Some("mobile".into()),
        url: Some("/products/12345".into()),
        ..Event::new(
            EventId(Uuid::from_u64_pair(7, number)),
            UserId(i64::try_from(number % USERS).unwrap_or(0) + 1),
            "page_viewed",
            at,
        )
    })
}

fn change(user_id: UserId) -> SegmentChange {
    SegmentChange {
        user_id,
        in_segments: vec![SegmentId(1)],
        out_segments: Vec::new(),
        segments: vec![SegmentId(1), SegmentId(2)],
        seq: 1,
        cause: Cause::Time,
        definition_versions: [(SegmentId(1), schema::SegmentVersion(1))].into(),
        evaluated_at: Timestamp::from_micros(1_700_000_000_000_000),
    }
}
