//! What only the embedded log does: installation, closing, retention, and refusing when it cannot write.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{BusError, EventLog, Ownership, OwnershipChange, PartitionCommit, PartitionOwner};
use schema::{Event, EventId, LogRecord, Offset, PartitionId, SegmentChange, Timestamp, Topic, UserId};
use tempfile::TempDir;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(20);
const ONLY: PartitionId = PartitionId(0);

fn one_partition() -> EmbeddedLogOptions {
    EmbeddedLogOptions { partitions: 1, ..EmbeddedLogOptions::default() }
}

fn open(dir: &Path, options: EmbeddedLogOptions) -> EmbeddedLog {
    EmbeddedLog::open(dir, options).unwrap()
}

fn event(number: u32, received_at: Timestamp) -> LogRecord {
    LogRecord::Event(Event::new(
        EventId(uuid::Uuid::from_u128(u128::from(number))),
        UserId(1),
        "page_viewed",
        received_at,
    ))
}

fn change(seq: u64) -> SegmentChange {
    serde_json::from_value(serde_json::json!({
        "user_id": 1, "in_segments": [], "out_segments": [], "segments": [], "seq": seq, "cause": {"type": "time"},
        "definition_versions": {}, "evaluated_at": "2026-01-01T00:00:00Z",
    }))
    .unwrap()
}

async fn own(log: &EmbeddedLog) -> Box<dyn PartitionOwner> {
    match log.ownership().next().await.unwrap() {
        Some(OwnershipChange::Assigned(owner)) => owner,
        _ => panic!("the partition was not handed out"),
    }
}

async fn wait_for_begin(log: &EmbeddedLog, topic: Topic, expected: Offset) {
    let waiting = async {
        while log.range(topic, ONLY).await.unwrap().start != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(DEADLINE, waiting).await.is_err() {
        panic!("{topic:?} is {:?} and does not begin at {expected}", log.range(topic, ONLY).await);
    }
}

#[tokio::test]
async fn another_number_of_partitions_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path(), one_partition()));
    let error = EmbeddedLog::open(dir.path(), EmbeddedLogOptions { partitions: 2, ..one_partition() }).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the log is set up differently: it was made with 1 partitions and is opened with 2; the number is fixed"
    );
    drop(open(dir.path(), one_partition()));
}

#[tokio::test]
async fn a_second_process_is_refused_and_says_why() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path(), one_partition());
    let error = EmbeddedLog::open(dir.path(), one_partition()).err().unwrap();
    assert_eq!(error.to_string(), "the log is unavailable: another process has it open");
    drop(log);
    drop(open(dir.path(), one_partition()));
}

#[tokio::test]
async fn closing_ends_all_waiting_and_refuses_what_comes() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path(), one_partition());
    let mut ownership = log.ownership();
    let Ok(Some(OwnershipChange::Assigned(mut owner))) = ownership.next().await else { panic!("no owner") };
    let reader = log.clone();
    let waiting = tokio::spawn(async move { reader.wait_for(Topic::Events, ONLY, 0).await });
    let handing_out = tokio::spawn(async move { ownership.next().await.map(|change| change.is_none()) });
    log.close().await.unwrap();
    let waited = timeout(DEADLINE, waiting).await.unwrap().unwrap();
    assert!(matches!(waited, Err(BusError::Unavailable(_))), "got {waited:?}");
    assert!(timeout(DEADLINE, handing_out).await.unwrap().unwrap().unwrap(), "handing out ends without an error");
    let appended = log.append(vec![event(1, Timestamp::default())]).await;
    assert!(matches!(appended, Err(BusError::Unavailable(_))), "got {appended:?}");
    let polled = owner.poll(0, 1, tokio::time::Instant::now() + DEADLINE).await;
    assert!(matches!(polled, Err(BusError::Unavailable(_))), "got {polled:?}");
}

#[tokio::test]
async fn appends_are_refused_before_the_disk_is_full() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path(), EmbeddedLogOptions { free_space_floor_bytes: u64::MAX, ..one_partition() });
    assert!(matches!(log.check_room(), Err(BusError::Full)), "who asks before is told");
    let appended = log.append(vec![event(1, Timestamp::default())]).await;
    assert!(matches!(appended, Err(BusError::Full)), "got {appended:?}");
    assert!(appended.is_err_and(|error| error.retryable()));
    assert_eq!(log.range(Topic::Events, ONLY).await.unwrap(), 0..0);
    drop(log);
    let log = open(dir.path(), one_partition());
    log.check_room().unwrap();
    let appended = log.append(vec![event(1, Timestamp::default())]).await.unwrap();
    assert_eq!(appended[0].offset, 0, "what was refused left no gap");
}

#[tokio::test]
async fn old_events_go_when_both_readers_have_passed_them() {
    let dir = TempDir::new().unwrap();
    let options = EmbeddedLogOptions { trim_interval: Duration::from_millis(10), ..one_partition() };
    let log = open(dir.path(), options.clone());
    let long_ago = Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    log.append((0..3_000).map(|number| event(number, long_ago)).collect()).await.unwrap();
    let mut owner = own(&log).await;
    log.set_writer_floor(ONLY, 2_500);
    owner.commit(PartitionCommit { next_offset: 2_000, ..PartitionCommit::default() }).await.unwrap();
    wait_for_begin(&log, Topic::Events, 2_000).await;
    owner.commit(PartitionCommit { next_offset: 3_000, ..PartitionCommit::default() }).await.unwrap();
    wait_for_begin(&log, Topic::Events, 2_500).await;
    let trimmed = log.read(Topic::Events, ONLY, 2_499, 1).await;
    assert!(matches!(trimmed, Err(BusError::Trimmed { begin: 2_500, .. })), "got {trimmed:?}");
    assert_eq!(log.read(Topic::Events, ONLY, 2_500, 9_000).await.unwrap().len(), 500);
    log.set_writer_floor(ONLY, 3_000);
    wait_for_begin(&log, Topic::Events, 3_000).await;
    drop((owner, log));
    let log = open(dir.path(), options);
    assert_eq!(log.range(Topic::Events, ONLY).await.unwrap(), 3_000..3_000, "after a restart");
    assert_eq!(log.append(vec![event(3_000, long_ago)]).await.unwrap()[0].offset, 3_000);
}

#[tokio::test]
async fn young_records_and_memberships_stay() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path(), EmbeddedLogOptions { trim_interval: Duration::from_millis(10), ..one_partition() });
    let long_ago = Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    let mut owner = own(&log).await;
    let old = PartitionCommit { now: long_ago, changes: vec![change(1), change(2)], ..PartitionCommit::default() };
    owner.commit(old).await.unwrap();
    let young = PartitionCommit { now: Timestamp::MAX, changes: vec![change(3)], ..PartitionCommit::default() };
    owner.commit(young).await.unwrap();
    wait_for_begin(&log, Topic::SegmentChanges, 2).await;
    let kept = log.read(Topic::SegmentChanges, ONLY, 2, 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    let memberships = log.read(Topic::SegmentMemberships, ONLY, 0, 10).await.unwrap();
    assert_eq!(memberships.iter().map(|record| record.offset).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn nothing_is_trimmed_while_it_is_held() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path(), EmbeddedLogOptions { trim_interval: Duration::from_millis(10), ..one_partition() });
    let held = log.hold_trimming().await.unwrap();
    let mut owner = own(&log).await;
    let long_ago = Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    let old = PartitionCommit { now: long_ago, changes: vec![change(1), change(2)], ..PartitionCommit::default() };
    owner.commit(old).await.unwrap();
    // As many passes as would have trimmed it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(log.range(Topic::SegmentChanges, ONLY).await.unwrap(), 0..2);
    drop(held);
    wait_for_begin(&log, Topic::SegmentChanges, 2).await;
}
