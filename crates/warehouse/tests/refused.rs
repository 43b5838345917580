//! What Databend refuses is told in the log before the position passes it, and counts as missing until it is not.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::meddled::{MeddledLog, Meddler};
use bus::{BusError, DeadLetter, EventLog, StoredRecord};
use schema::{
    Event, EventId, LogRecord, Offset, PartitionId, Payload, Timestamp, Topic, UserDeletion, UserId, UserTraits,
};
use serde_json::Value;
use serde_json::value::RawValue;
use tempfile::TempDir;
use testkit::servers::{DatabendServer, or_not_run};
use uuid::Uuid;
use warehouse::databend::{Databend, DatabendOptions, DatabendWarehouse};
use warehouse::{RefusedKind, RefusedRows, Warehouse, WarehouseError, WriteBatch};

const ONLY: PartitionId = PartitionId(0);
const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
/// Databend takes no object that names an attribute twice.
const REFUSED: &str = r#"{"a":1,"a":2}"#;

/// A log that takes dead letters as it is told to: not at all, or without saying so, and then as ever.
struct Grudging(AtomicUsize);

#[async_trait]
impl Meddler for Grudging {
    async fn append_dead_letters(&self, log: &EmbeddedLog, letters: Vec<DeadLetter>) -> Result<(), BusError> {
        let attempt = self.0.fetch_add(1, Ordering::SeqCst);
        if attempt > 0 {
            log.append_dead_letters(letters).await?;
        }
        if attempt > 1 { Ok(()) } else { Err(BusError::Unavailable("on purpose".to_owned())) }
    }
}

struct Setting {
    _folder: TempDir,
    log: EmbeddedLog,
    options: DatabendOptions,
    databend: Databend,
}

impl Setting {
    fn new(server: &DatabendServer) -> Self {
        let folder = TempDir::new().unwrap();
        let options = EmbeddedLogOptions { partitions: 1, ..EmbeddedLogOptions::default() };
        let log = EmbeddedLog::open(folder.path(), options).unwrap();
        let options = DatabendOptions::parse(&server.database()).unwrap();
        let databend = Databend::new(options.clone()).unwrap();
        Self { _folder: folder, log, options, databend }
    }

    fn open(&self) -> DatabendWarehouse {
        self.beside(Arc::new(self.log.clone()))
    }

    fn beside(&self, log: Arc<dyn EventLog>) -> DatabendWarehouse {
        DatabendWarehouse::beside(log, self.options.clone()).unwrap()
    }

    /// Appends records and returns the batch that holds them.
    async fn append(&self, records: Vec<LogRecord>) -> WriteBatch {
        let positions = self.log.append(records.clone()).await.unwrap();
        let offsets: Vec<Offset> = positions.iter().map(|position| position.offset).collect();
        let (from, next) = (offsets[0], offsets[offsets.len() - 1] + 1);
        WriteBatch { partition: ONLY, from, next, records: offsets.into_iter().zip(records).collect() }
    }

    async fn read(&self, topic: Topic) -> Vec<StoredRecord> {
        self.log.read(topic, ONLY, 0, 1_000).await.unwrap()
    }

    async fn json(&self, topic: Topic) -> Vec<Value> {
        let records = self.read(topic).await;
        records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }

    /// Reads whom the letters are about.
    async fn letters(&self) -> Vec<u64> {
        self.json(Topic::DeadLetters).await.iter().map(|letter| letter["offset"].as_u64().unwrap()).collect()
    }

    async fn kept(&self) -> usize {
        self.databend.query("SELECT log_offset FROM refused_rows").await.unwrap().rows.len()
    }
}

fn payload(text: &str) -> Payload {
    Payload::new(RawValue::from_string(text.to_owned()).unwrap())
}

fn event(user_id: i64, activity: &str, number: u64, text: &str) -> LogRecord {
    let event_id = EventId(Uuid::from_u128(u128::from(number)));
    let event = Event::new(event_id, UserId(user_id), activity, START);
    LogRecord::Event(Event { payload: payload(text), received_at: START.plus_micros(number as i64), ..event })
}

fn event_rows(activity: &str, rows: u64, since: i64) -> RefusedRows {
    let kind = RefusedKind::Event(Some(activity.into()));
    RefusedRows { kind, rows, since: Some(START.plus_micros(since)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_told_and_counts_until_it_is_loaded_or_waved_through() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let setting = Setting::new(server);
    let warehouse = setting.open();
    let text = |number: u64| if number % 3 == 2 { REFUSED } else { "{}" };
    let activity = |number: u64| if number > 6 { r#"say "hi", it said"# } else { "purchase" };
    let records = (0..10).map(|number| event(7, activity(number), number, text(number))).collect();
    warehouse.write(setting.append(records).await).await.unwrap();

    assert_eq!(setting.letters().await, [2, 5, 8]);
    let letter = &setting.json(Topic::DeadLetters).await[1];
    assert_eq!(letter["reason"], "refused_by_warehouse");
    let stored = &setting.read(Topic::Events).await[5];
    assert_eq!(letter["message"].as_str().unwrap().as_bytes(), &stored.value[..], "the record as it was");
    let errors = setting.json(Topic::Errors).await;
    assert_eq!((errors.len(), errors[1]["error_type"].as_str()), (3, Some("ingest_event_error")));
    assert_eq!((errors[1]["data"]["offset"].as_u64(), errors[1]["data"]["user_id"].as_i64()), (Some(5), Some(7)));

    assert_eq!(setting.open().refused().await.unwrap(), [event_rows("purchase", 2, 2), event_rows(activity(8), 1, 8)]);
    // Somebody puts a row right and loads it, and does without another one.
    let put_right = "INSERT INTO event_rows SELECT log_partition, 5, counted_at, event_id, user_id, activity_type, region, \
                     country, device_type, url, element_id, order_id, order_total, created_at, received_at, payload, \
                     payload_text FROM event_rows WHERE log_offset = 4";
    setting.databend.execute(put_right).await.unwrap();
    assert_eq!(warehouse.refused().await.unwrap(), [event_rows("purchase", 1, 2), event_rows(activity(8), 1, 8)]);
    setting.databend.execute("DELETE FROM refused_rows WHERE log_partition = 0 AND log_offset = 8").await.unwrap();
    assert_eq!(warehouse.refused().await.unwrap(), [event_rows("purchase", 1, 2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_position_waits_for_the_letter_and_no_repetition_writes_a_second_one() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let setting = Setting::new(server);
    let grudging = MeddledLog { log: setting.log.clone(), meddler: Grudging(AtomicUsize::new(0)) };
    let (warehouse, late) = (setting.beside(Arc::new(grudging)), setting.open());
    let batch = setting.append(vec![event(7, "purchase", 0, "{}"), event(7, "purchase", 1, REFUSED)]).await;
    for letters in [0, 1] {
        let away = warehouse.write(batch.clone()).await.unwrap_err();
        assert!(matches!(away, WarehouseError::Unavailable(_)), "{away}");
        assert_eq!((late.positions().await.unwrap(), setting.letters().await.len()), (vec![0], letters));
        assert_eq!(late.refused().await.unwrap(), [], "behind the position nothing is missing yet");
    }
    warehouse.write(batch.clone()).await.unwrap();
    assert_eq!((late.positions().await.unwrap(), setting.letters().await), (vec![2], vec![1]));
    // As a writer that was killed behind the letter leaves it.
    setting.databend.execute("UPDATE log_positions SET next_offset = 0").await.unwrap();
    late.write(batch).await.unwrap();
    assert_eq!(setting.letters().await, [1]);
    assert_eq!(late.refused().await.unwrap(), [event_rows("purchase", 1, 1)], "kept twice and missing once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_of_a_user_may_be_refused_and_of_the_deleted_nothing_is_kept() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let setting = Setting::new(server);
    let warehouse = setting.open();
    let said = |user_id| {
        let (event_id, traits) = (EventId(Uuid::nil()), payload(r#"{"deep":{"a":1,"a":2}}"#));
        let user_id = UserId(user_id);
        LogRecord::Traits(UserTraits { user_id, event_id, created_at: START, received_at: START, traits })
    };
    let records = vec![said(1), said(2), event(2, "purchase", 2, REFUSED), event(1, "refund", 3, REFUSED)];
    warehouse.write(setting.append(records).await).await.unwrap();
    let traits = |rows| RefusedRows { kind: RefusedKind::Traits, rows, since: None };
    let refund = event_rows("refund", 1, 3);
    assert_eq!(warehouse.refused().await.unwrap(), [event_rows("purchase", 1, 2), refund.clone(), traits(2)]);
    assert_eq!(setting.letters().await, [2, 3, 0, 1]);
    let deletion = LogRecord::Deletion(UserDeletion { user_id: UserId(2), received_at: START });
    warehouse.write(setting.append(vec![deletion, event(3, "purchase", 4, "{}")]).await).await.unwrap();
    // With the next thing that is written, or at the next start.
    let again = setting.open();
    assert_eq!(again.refused().await.unwrap(), [refund, traits(1)]);
    assert_eq!(setting.kept().await, 2);
}
