//! The history that is read from the log says what a filled one says.

#![expect(clippy::unwrap_used, reason = "tests")]

mod random;

use std::sync::Arc;

use bus::EventLog;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use schema::{LogRecord, Offset, PartitionId, Topic, UserId};
use tempfile::TempDir;
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::in_log::LogWarehouse;
use warehouse::{HistoryRow, Warehouse, WriteBatch};

use random::{Dice, PARTITIONS, START, check_same, history, record, some_records};

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
        log.append(some_records(&mut dice, &mut received_at, 60)).await.unwrap();
        fill(&log, &filled).await;
        check_same(&read, &filled, &[1, 7, 1_000], &format!("seed {seed}, round {round}")).await;
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
