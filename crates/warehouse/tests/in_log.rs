//! The history that is read from the log says what a filled one says.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use schema::{
    DUPLICATE_WINDOW_MICROS, Event, EventId, LogRecord, Offset, PartitionId, Payload, Timestamp, Topic, UserDeletion,
    UserId, UserTraits,
};
use tempfile::TempDir;
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::in_log::LogWarehouse;
use warehouse::{HistoryRow, Warehouse, WriteBatch};

const PARTITIONS: u16 = 2;
const USERS: u64 = 8;
const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Mostly events, of few ids, so that many are duplicates; now and then a day passes.
fn record(dice: &mut Dice, received_at: Timestamp) -> LogRecord {
    let user_id = UserId(1 + dice.below(USERS) as i64);
    let event_id = EventId(uuid::Uuid::from_u128(u128::from(dice.below(12))));
    let created_at = START.plus_micros(dice.below(20) as i64);
    match dice.below(40) {
        0 => LogRecord::Deletion(UserDeletion { user_id, received_at }),
        1..=4 => {
            let traits = format!(r#"{{"plan":{}}}"#, dice.below(5));
            let traits = Payload::new(serde_json::value::RawValue::from_string(traits).unwrap());
            LogRecord::Traits(UserTraits { user_id, event_id, created_at, received_at, traits })
        }
        _ => LogRecord::Event(Event {
            event_id,
            user_id,
            activity_type: "page_viewed".into(),
            region: None,
            country: None,
            device_type: None,
            url: None,
            element_id: None,
            order_id: None,
            order_total: None,
            created_at,
            received_at,
            payload: Payload::empty(),
        }),
    }
}

async fn fill(log: &EmbeddedLog, filled: &EmbeddedWarehouse) {
    for partition in (0..PARTITIONS).map(PartitionId) {
        let from = filled.positions().await.unwrap()[usize::from(partition.0)];
        let stored = log.read(Topic::Events, partition, from, 10_000).await.unwrap();
        let next = stored.last().map_or(from, |record| record.offset + 1);
        let decode = |record: &bus::StoredRecord| (record.offset, LogRecord::decode(&record.value).unwrap());
        let records = stored.iter().map(decode).collect();
        filled.write(WriteBatch { partition, from, next, records }).await.unwrap();
    }
}

async fn history(warehouse: &dyn Warehouse, partition: PartitionId, page: usize) -> Vec<HistoryRow> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let read = warehouse.history(partition, Offset::MAX, cursor, page).await.unwrap();
        assert!(read.rows.len() <= page);
        rows.extend(read.rows);
        cursor = read.next;
        if cursor.is_none() {
            rows.sort_by_key(|row| row.position);
            return rows;
        }
    }
}

async fn timeline(warehouse: &dyn Warehouse, user_id: UserId, page: usize) -> Vec<HistoryRow> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let read = warehouse.user_events(user_id, cursor, page).await.unwrap();
        assert!(read.rows.len() <= page);
        rows.extend(read.rows);
        cursor = read.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

fn open(folder: &TempDir) -> (EmbeddedLog, EmbeddedWarehouse) {
    let options =
        EmbeddedLogOptions { partitions: PARTITIONS, free_space_floor_bytes: 0, ..EmbeddedLogOptions::default() };
    let log = EmbeddedLog::open(folder.path().join("log"), options).unwrap();
    (log, EmbeddedWarehouse::open(folder.path().join("history"), PARTITIONS).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_and_a_warehouse_filled_from_it_say_the_same() {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let folder = TempDir::new().unwrap();
    let (log, filled) = open(&folder);
    let read = LogWarehouse::new(Arc::new(log.clone()));
    let mut received_at = START;
    for round in 0..12 {
        let mut records = Vec::new();
        for _ in 0..dice.below(60) {
            let step = if dice.below(50) == 0 { DUPLICATE_WINDOW_MICROS } else { 3_600_000_000 };
            // Sometimes earlier than the one before: log time never goes back.
            received_at = received_at.plus_micros(dice.below(step as u64) as i64 - 600_000_000);
            records.push(record(&mut dice, received_at));
        }
        log.append(records).await.unwrap();
        fill(&log, &filled).await;
        assert_eq!(read.positions().await.unwrap(), filled.positions().await.unwrap());
        for partition in (0..PARTITIONS).map(PartitionId) {
            let expected = history(&filled, partition, 1_000).await;
            for page in [1, 7, 1_000] {
                let found = history(&read, partition, page).await;
                assert_eq!(found, expected, "seed {seed}, round {round}, partition {partition}, pages of {page}");
            }
        }
        for user_id in (1..=USERS as i64).map(UserId) {
            let expected = timeline(&filled, user_id, 1_000).await;
            for page in [1, 3, 1_000] {
                let found = timeline(&read, user_id, page).await;
                assert_eq!(found, expected, "seed {seed}, round {round}, user {user_id}, pages of {page}");
            }
            let (found, expected) =
                (read.user_traits(user_id).await.unwrap(), filled.user_traits(user_id).await.unwrap());
            assert_eq!(found, expected, "seed {seed}, round {round}, user {user_id}");
        }
    }
}

#[tokio::test]
async fn more_readings_than_are_kept_find_the_same_rows() {
    let folder = TempDir::new().unwrap();
    let (log, filled) = open(&folder);
    let mut dice = Dice(7);
    let records = (0..200).map(|number| record(&mut dice, START.plus_micros(number))).collect();
    log.append(records).await.unwrap();
    fill(&log, &filled).await;
    let read = LogWarehouse::new(Arc::new(log.clone()));
    let expected: Vec<_> = history(&filled, PartitionId(0), 1_000).await;
    // Each way goes one page on before the first goes on again.
    let mut ways = vec![(Vec::new(), None); 12];
    for _ in 0..=expected.len() {
        for (number, (rows, cursor)) in ways.iter_mut().enumerate() {
            if rows.is_empty() || cursor.is_some() {
                let before = Offset::MAX - number as u64;
                let page = read.history(PartitionId(0), before, cursor.take(), 1).await.unwrap();
                rows.extend(page.rows);
                *cursor = page.next;
            }
        }
    }
    for (mut rows, _) in ways {
        rows.sort_by_key(|row: &HistoryRow| row.position);
        assert_eq!(rows, expected);
    }
}

#[tokio::test]
async fn a_cursor_of_another_reading_is_refused() {
    let folder = TempDir::new().unwrap();
    let (log, _) = open(&folder);
    let mut dice = Dice(7);
    log.append((0..200).map(|number| record(&mut dice, START.plus_micros(number))).collect()).await.unwrap();
    let read = LogWarehouse::new(Arc::new(log.clone()));
    let cursor = read.history(PartitionId(0), Offset::MAX, None, 1).await.unwrap().next;
    assert!(cursor.is_some());
    assert!(read.history(PartitionId(1), Offset::MAX, cursor.clone(), 1).await.is_err());
    assert!(read.history(PartitionId(0), 5, cursor.clone(), 1).await.is_err());
    assert!(read.user_events(UserId(1), cursor, 1).await.is_err());
}
