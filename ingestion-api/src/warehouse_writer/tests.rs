//! The writer on embedded parts, with a warehouse that fails on purpose.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::meddled::{MeddledLog, Meddler};
use bus::{BusError, EventLog, StoredRecord};
use schema::{Event, EventId, LogRecord, Offset, PartitionId, StandingTraits, Timestamp, Topic, UserId};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{HistoryCursor, HistoryPage, PartitionTraits, Warehouse, WarehouseError, WriteBatch};

use super::{WriterHealth, WriterOptions, run_writer};

const PARTITIONS: u16 = 3;
const DEADLINE: Duration = Duration::from_secs(20);

/// An embedded warehouse that refuses the next so many calls of its writer.
struct Shaky {
    inner: EmbeddedWarehouse,
    refusals: AtomicI64,
}

impl Shaky {
    fn check(&self) -> Result<(), WarehouseError> {
        if self.refusals.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Err(WarehouseError::Unavailable("away on purpose".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Warehouse for Shaky {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        self.check()?;
        self.inner.positions().await
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        self.check()?;
        self.inner.write(batch).await
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner.history(partition, before, cursor, max_rows).await
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        self.inner.user_traits(user_id).await
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.inner.partition_traits(partition).await
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner.user_events(user_id, cursor, max_rows).await
    }
}

/// The record at one offset of each partition cannot be decoded, and those before another are lost.
#[derive(Default)]
struct Spoiling {
    undecodable: Option<Offset>,
    begin: Offset,
    /// What lies before it goes when a reader has come to the other.
    trimmed_later: Option<(Offset, Offset)>,
    /// Reading this partition fails for good.
    damaged: Option<PartitionId>,
}

impl Spoiling {
    fn check(&self, topic: Topic, partition: PartitionId, from: Offset) -> Result<(), BusError> {
        if self.damaged == Some(partition) {
            return Err(BusError::Damaged("on purpose".to_owned()));
        }
        let later = self.trimmed_later.filter(|(come_to, begin)| (*come_to..*begin).contains(&from));
        let begin = later.map_or(self.begin, |(_, begin)| begin);
        if from < begin {
            return Err(BusError::Trimmed { topic: topic.as_str(), asked: from, begin });
        }
        Ok(())
    }
}

#[async_trait]
impl Meddler for Spoiling {
    /// As brokers do.
    async fn wait_for(
        &self,
        log: &EmbeddedLog,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
    ) -> Result<(), BusError> {
        self.check(topic, partition, from)?;
        log.wait_for(topic, partition, from).await
    }

    async fn read(
        &self,
        log: &EmbeddedLog,
        topic: Topic,
        partition: PartitionId,
        from: Offset,
        max_records: usize,
    ) -> Result<Vec<StoredRecord>, BusError> {
        self.check(topic, partition, from)?;
        let until = self.trimmed_later.map_or(max_records, |(come_to, _)| {
            come_to.checked_sub(from).map_or(max_records, |left| max_records.min(usize::try_from(left).unwrap()))
        });
        let mut records = log.read(topic, partition, from, until).await?;
        for record in records.iter_mut().filter(|record| Some(record.offset) == self.undecodable) {
            record.value = bytes::Bytes::from_static(b"{\"kind\":\"teleport\"}");
        }
        Ok(records)
    }
}

struct Setting {
    _dir: TempDir,
    log: EmbeddedLog,
    warehouse: Arc<Shaky>,
    health: WriterHealth,
}

impl Setting {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let options = EmbeddedLogOptions { partitions: PARTITIONS, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(dir.path().join("log"), options).unwrap();
        let inner = EmbeddedWarehouse::open(dir.path().join("history"), PARTITIONS).unwrap();
        Self {
            _dir: dir,
            log,
            warehouse: Arc::new(Shaky { inner, refusals: AtomicI64::new(0) }),
            health: WriterHealth::default(),
        }
    }

    fn start(
        &self,
        log: Arc<dyn EventLog>,
        options: WriterOptions,
    ) -> (JoinHandle<anyhow::Result<()>>, CancellationToken) {
        let shutdown = CancellationToken::new();
        (
            tokio::spawn(run_writer(log, self.warehouse.clone(), options, shutdown.clone(), self.health.clone())),
            shutdown,
        )
    }

    fn start_plainly(&self) -> (JoinHandle<anyhow::Result<()>>, CancellationToken) {
        self.start(Arc::new(self.log.clone()), quick())
    }

    async fn append(&self, numbers: std::ops::Range<u128>) {
        self.log.append(numbers.map(event).collect()).await.unwrap();
    }

    async fn rows(&self) -> usize {
        let mut rows = 0;
        for partition in (0..PARTITIONS).map(PartitionId) {
            rows += self.warehouse.history(partition, Offset::MAX, None, 10_000).await.unwrap().rows.len();
        }
        rows
    }

    async fn wait_for_rows(&self, expected: usize) {
        let waiting = async {
            while self.rows().await != expected {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
            panic!("{} rows and not {expected} after {DEADLINE:?}", self.rows().await);
        }
    }
}

fn quick() -> WriterOptions {
    WriterOptions {
        flush_interval: Duration::from_millis(10),
        batch_records: 7,
        retry_min: Duration::from_millis(1),
        retry_max: Duration::from_millis(5),
        stand_by_interval: Duration::from_millis(20),
        ..WriterOptions::default()
    }
}

fn event(number: u128) -> LogRecord {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    LogRecord::Event(Event::new(
        EventId(Uuid::from_u128(number)),
        UserId(i64::try_from(number % 20).unwrap() + 1),
        "page_viewed",
        at,
    ))
}

async fn stop(writer: JoinHandle<anyhow::Result<()>>, shutdown: CancellationToken) {
    shutdown.cancel();
    tokio::time::timeout(DEADLINE, writer).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn what_is_in_the_log_and_what_comes_later_is_written_once() {
    let setting = Setting::new();
    setting.append(0..50).await;
    let (writer, shutdown) = setting.start_plainly();
    setting.wait_for_rows(50).await;
    setting.append(50..60).await;
    setting.wait_for_rows(60).await;
    stop(writer, shutdown).await;
    let (writer, shutdown) = setting.start_plainly();
    setting.append(60..61).await;
    setting.wait_for_rows(61).await;
    stop(writer, shutdown).await;
}

#[tokio::test]
async fn a_warehouse_that_was_away_is_caught_up_with() {
    let setting = Setting::new();
    setting.warehouse.refusals.store(5, Ordering::SeqCst);
    let (writer, shutdown) = setting.start_plainly();
    setting.append(0..30).await;
    setting.wait_for_rows(30).await;
    setting.warehouse.refusals.store(12, Ordering::SeqCst);
    setting.append(30..60).await;
    setting.wait_for_rows(60).await;
    assert!(setting.warehouse.refusals.load(Ordering::SeqCst) < 0, "the warehouse was away");
    stop(writer, shutdown).await;
}

#[tokio::test]
async fn shutdown_writes_what_is_in_the_log() {
    let setting = Setting::new();
    let slow = WriterOptions { flush_interval: Duration::from_secs(3_600), batch_records: 1_000_000, ..quick() };
    let (writer, shutdown) = setting.start(Arc::new(setting.log.clone()), slow);
    setting.append(0..40).await;
    assert_eq!(setting.rows().await, 0, "the flush is an hour away");
    stop(writer, shutdown).await;
    assert_eq!(setting.rows().await, 40);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_warehouse_that_is_away() {
    let setting = Setting::new();
    setting.warehouse.refusals.store(i64::MAX, Ordering::SeqCst);
    let (writer, shutdown) = setting.start_plainly();
    setting.append(0..40).await;
    stop(writer, shutdown).await;
    assert_eq!(setting.rows().await, 0);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_passed_over() {
    let setting = Setting::new();
    setting.append(0..60).await;
    let spoilt =
        MeddledLog { log: setting.log.clone(), meddler: Spoiling { undecodable: Some(3), ..Spoiling::default() } };
    let (writer, shutdown) = setting.start(Arc::new(spoilt), quick());
    setting.wait_for_rows(60 - usize::from(PARTITIONS)).await;
    stop(writer, shutdown).await;
}

#[tokio::test]
async fn what_the_log_has_trimmed_does_not_hold_up_what_it_has() {
    let setting = Setting::new();
    setting.append(0..60).await;
    let spoilt = MeddledLog { log: setting.log.clone(), meddler: Spoiling { begin: 2, ..Spoiling::default() } };
    let (writer, shutdown) = setting.start(Arc::new(spoilt), quick());
    setting.wait_for_rows(60 - 2 * usize::from(PARTITIONS)).await;
    stop(writer, shutdown).await;
}

#[tokio::test]
async fn what_was_read_before_the_log_was_trimmed_is_written() {
    let setting = Setting::new();
    setting.append(0..120).await;
    // In the middle of the first batch of each partition.
    let meddler = Spoiling { trimmed_later: Some((3, 5)), ..Spoiling::default() };
    let spoilt = MeddledLog { log: setting.log.clone(), meddler };
    let (writer, shutdown) = setting.start(Arc::new(spoilt), quick());
    setting.wait_for_rows(120 - 2 * usize::from(PARTITIONS)).await;
    assert_eq!(setting.health.note(), None);
    stop(writer, shutdown).await;
}

#[tokio::test]
async fn a_partition_that_cannot_be_written_leaves_the_others_alone_and_is_told_of() {
    let setting = Setting::new();
    setting.append(0..60).await;
    let spoilt = PartitionId(1);
    let lost = setting.log.range(Topic::Events, spoilt).await.unwrap().end;
    let meddler = Spoiling { damaged: Some(spoilt), ..Spoiling::default() };
    let log = MeddledLog { log: setting.log.clone(), meddler };
    let (writer, shutdown) = setting.start(Arc::new(log), quick());
    setting.wait_for_rows(60 - usize::try_from(lost).unwrap()).await;
    let told = async {
        while setting.health.note().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, told).await.unwrap();
    let before = setting.rows().await;
    setting.append(60..80).await;
    let more = 20 - usize::try_from(setting.log.range(Topic::Events, spoilt).await.unwrap().end - lost).unwrap();
    setting.wait_for_rows(before + more).await;
    shutdown.cancel();
    let error = tokio::time::timeout(DEADLINE, writer).await.unwrap().unwrap().unwrap_err();
    assert!(format!("{error:#}").starts_with("the history of partition 1: "), "{error:#}");
}

#[tokio::test]
async fn two_writers_write_each_record_once() {
    let setting = Setting::new();
    let (first, stop_first) = setting.start_plainly();
    let (second, stop_second) = setting.start_plainly();
    for turn in 0..20 {
        setting.append(turn * 10..turn * 10 + 10).await;
    }
    setting.wait_for_rows(200).await;
    stop(first, stop_first).await;
    stop(second, stop_second).await;
    assert_eq!(setting.rows().await, 200);
}

#[tokio::test]
async fn whoever_stands_by_goes_on_when_the_other_has_stopped() {
    let setting = Setting::new();
    let (first, stop_first) = setting.start_plainly();
    let (second, stop_second) = setting.start_plainly();
    // Until each has been the slower one.
    for turn in 0..20 {
        setting.append(turn * 10..turn * 10 + 10).await;
        setting.wait_for_rows(turn as usize * 10 + 10).await;
    }
    stop(first, stop_first).await;
    setting.append(200..300).await;
    setting.wait_for_rows(300).await;
    stop(second, stop_second).await;
}

#[tokio::test]
async fn a_warehouse_with_other_partitions_is_refused() {
    let setting = Setting::new();
    let dir = TempDir::new().unwrap();
    let options = EmbeddedLogOptions { partitions: PARTITIONS + 1, ..EmbeddedLogOptions::default() };
    let log = EmbeddedLog::open(dir.path(), options).unwrap();
    let (writer, _shutdown) = setting.start(Arc::new(log), quick());
    let error = tokio::time::timeout(DEADLINE, writer).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the warehouse has 3 partitions and the log 4; they were installed differently");
}
