//! The history on Databend passes the suite that every form of the warehouse must pass, on the real engine;
//! and what only this form can do.

#![expect(clippy::unwrap_used, reason = "tests")]

mod random;

use std::sync::Arc;

use async_trait::async_trait;
use schema::{
    Event, EventId, LogRecord, Offset, PartitionId, Payload, Timestamp, UserDeletion, UserId, UserTraits, partition_of,
};
use tempfile::TempDir;
use testkit::servers::{DatabendServer, or_not_run};
use warehouse::conformance::{self, Installation, PARTITIONS};
use warehouse::databend::{Databend, DatabendOptions, DatabendWarehouse};
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{Warehouse, WarehouseError, WriteBatch};

use random::{Dice, START, check_same, some_records};

struct OnDatabend(String);

#[async_trait]
impl Installation for OnDatabend {
    async fn open(&self) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        Ok(Arc::new(open(&self.0, PARTITIONS)))
    }
}

macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(server) = or_not_run(DatabendServer::shared()) else { return };
                conformance::$case(&OnDatabend(server.database())).await.unwrap();
            }
        )*
    };
}

warehouse::conformance_cases!(suite);

fn open(dsn: &str, partitions: u16) -> DatabendWarehouse {
    DatabendWarehouse::new(DatabendOptions::parse(dsn).unwrap(), partitions).unwrap()
}

/// What an analyst sees, and whoever looks behind the curtain.
fn client(dsn: &str) -> Databend {
    Databend::new(DatabendOptions::parse(dsn).unwrap()).unwrap()
}

async fn count(databend: &Databend, of: &str) -> u64 {
    let cells = databend.query(&format!("SELECT count(*) FROM {of}")).await.unwrap();
    cells.rows[0][0].as_ref().unwrap().parse().unwrap()
}

fn event(user_id: i64, number: u64, payload: &str) -> LogRecord {
    LogRecord::Event(Event {
        payload: Payload::new(serde_json::value::RawValue::from_string(payload.to_owned()).unwrap()),
        ..Event::new(EventId(uuid::Uuid::from_u128(u128::from(number))), UserId(user_id), "page_viewed", START)
    })
}

fn said(user_id: i64, at: i64, traits: &str) -> LogRecord {
    let traits = Payload::new(serde_json::value::RawValue::from_string(traits.to_owned()).unwrap());
    let (user_id, created_at) = (UserId(user_id), START.plus_micros(at));
    let event_id = EventId(uuid::Uuid::nil());
    LogRecord::Traits(UserTraits { user_id, event_id, created_at, received_at: START, traits })
}

/// The records at `from` and behind it, of a log of one partition.
fn batch(from: Offset, records: Vec<LogRecord>) -> WriteBatch {
    let next = from + records.len() as u64;
    WriteBatch { partition: PartitionId(0), from, next, records: (from..next).zip(records).collect() }
}

async fn offsets(warehouse: &dyn Warehouse) -> Vec<Offset> {
    let rows = random::history(warehouse, PartitionId(0), 100).await;
    rows.into_iter().map(|row| row.position.offset).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_writer_that_was_killed_are_not_there_until_they_are_written_and_then_once() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (warehouse, databend) = (open(&dsn, 1), client(&dsn));
    let records: Vec<_> = (0..6).map(|number| event(number as i64 % 2, number, "{}")).collect();
    warehouse.write(batch(0, records[..4].to_vec())).await.unwrap();
    // As a writer leaves them that loaded the next stretch and was killed before it moved the position; and as
    // an INSERT leaves them that the writer gave up and the server finished.
    let ahead = "INSERT INTO event_rows SELECT log_partition, log_offset + 4, counted_at, event_id, user_id, \
                 activity_type, region, country, device_type, url, element_id, order_id, order_total, created_at, \
                 received_at, payload, payload_text FROM event_rows WHERE log_offset < 2";
    databend.execute(ahead).await.unwrap();
    databend.execute("INSERT INTO event_rows SELECT * FROM event_rows").await.unwrap();
    assert_eq!((count(&databend, "event_rows").await, count(&databend, "events").await), (12, 4));
    assert_eq!(offsets(&warehouse).await, [0, 1, 2, 3]);
    let again = open(&dsn, 1);
    again.write(batch(4, records[4..].to_vec())).await.unwrap();
    // Whoever takes the partition up removes what is there twice, and what was ahead once it is past that.
    assert_eq!((count(&databend, "event_rows").await, count(&databend, "events").await), (6, 6));
    assert_eq!(offsets(&again).await, [0, 1, 2, 3, 4, 5]);
    for page in [1, 2, 50] {
        let (mut timeline, mut cursor) = (Vec::new(), None);
        loop {
            let read = again.user_events(UserId(1), cursor, page).await.unwrap();
            timeline.extend(read.rows.iter().map(|row| row.position.offset));
            cursor = read.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(timeline, [5, 3, 1], "pages of {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_write_the_same_log_write_each_event_once() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (rounds, most) = (8, 3);
    let writing = |seed: u64| {
        let warehouse = open(&dsn, 1);
        tokio::spawn(async move {
            let (mut dice, mut from, mut won) = (Dice(seed), 0, Vec::new());
            while from < rounds {
                let next = (from + 1 + dice.below(most)).min(rounds);
                let records = (from..next).map(|number| event(1, number, "{}")).collect();
                match warehouse.write(batch(from, records)).await {
                    Ok(()) => {
                        won.push(from..next);
                        from = next;
                    }
                    Err(WarehouseError::Moved { actual, .. }) => from = actual,
                    Err(error) => panic!("{error}"),
                }
            }
            won
        })
    };
    let (first, second) = (writing(1), writing(2));
    let mut won = [first.await.unwrap(), second.await.unwrap()].concat();
    won.sort_unstable_by_key(|stretch| stretch.start);
    println!("batches that won: {won:?}");
    // Each went on where another one had ended.
    let covered = won.iter().try_fold(0, |end, stretch| (stretch.start == end).then_some(stretch.end));
    assert_eq!(covered, Some(rounds), "{won:?}");
    let databend = client(&dsn);
    assert_eq!(count(&databend, "events").await, rounds);
    assert_eq!(offsets(&open(&dsn, 1)).await, (0..rounds).collect::<Vec<_>>());
    open(&dsn, 1).write(batch(rounds, vec![event(1, rounds, "{}")])).await.unwrap();
    assert_eq!(count(&databend, "event_rows").await, rounds + 1, "what was loaded in vain is gone");
}

/// Returns how many rows the tables hold, seen or not.
async fn rows(databend: &Databend) -> [u64; 3] {
    let [events, traits, deletions] = ["event_rows", "trait_rows", "deletion_rows"].map(|table| count(databend, table));
    [events.await, traits.await, deletions.await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_lost_its_partition_removes_what_it_had_loaded_in_vain() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (loser, winner, databend) = (open(&dsn, 1), open(&dsn, 1), client(&dsn));
    let told = said(3, 7, r#"{"plan":"free"}"#);
    let deleted = LogRecord::Deletion(UserDeletion { user_id: UserId(4), received_at: START });
    let records = [event(1, 0, "{}"), event(2, 1, "{}"), told, deleted, event(1, 4, "{}"), event(1, 5, "{}")];
    loser.write(batch(0, records[..1].to_vec())).await.unwrap();
    winner.write(batch(1, records[1..4].to_vec())).await.unwrap();
    // It does not know that it comes too late, loads all the same, and one record more.
    let late = loser.write(batch(1, records[1..5].to_vec())).await;
    assert!(matches!(late, Err(WarehouseError::Moved { expected: 1, actual: 4, .. })), "{late:?}");
    assert_eq!(rows(&databend).await, [4, 2, 2], "one of each twice, and one event ahead of the position");
    assert_eq!((count(&databend, "events").await, offsets(&winner).await), (2, vec![0, 1]));
    loser.write(batch(4, records[4..].to_vec())).await.unwrap();
    assert_eq!(rows(&databend).await, [4, 1, 1]);
    assert_eq!((count(&databend, "events").await, offsets(&winner).await), (4, vec![0, 1, 4, 5]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_another_process_left_behind_is_told_and_the_position_does_not_go_back() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (stale, ahead, databend) = (open(&dsn, 1), open(&dsn, 1), client(&dsn));
    let records = |from: Offset, next: Offset| (from..next).map(|number| event(1, number, "{}")).collect::<Vec<_>>();
    let position = async || databend.query("SELECT next_offset, log_time FROM log_positions").await.unwrap().rows;
    stale.write(batch(0, records(0, 4))).await.unwrap();
    ahead.write(batch(4, records(4, 6))).await.unwrap();
    ahead.write(batch(6, records(6, 9))).await.unwrap();
    let behind = position().await;
    assert_eq!(behind[0][0].as_deref(), Some("9"));
    // It believes that the partition is at 4: shorter, as long as, and longer than what the other one wrote.
    for next in [5, 9, 12] {
        match stale.write(batch(4, records(4, next))).await {
            Err(WarehouseError::Moved { partition: PartitionId(0), expected: 4, actual: 9 }) => {}
            other => panic!("a batch of 4..{next} of a writer that is behind got {other:?}"),
        }
        assert_eq!(position().await, behind, "after a batch of 4..{next}");
    }
    assert_eq!(offsets(&ahead).await, (0..9).collect::<Vec<_>>());
    stale.write(batch(9, records(9, 10))).await.unwrap();
    let refused = ahead.write(batch(9, records(9, 11))).await;
    assert!(matches!(refused, Err(WarehouseError::Moved { expected: 9, actual: 10, .. })), "{refused:?}");
    assert_eq!(count(&databend, "events").await, 10);
    assert_eq!(offsets(&stale).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_can_never_be_loaded_is_kept_aside_and_blocks_no_other() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (warehouse, databend) = (open(&dsn, 1), client(&dsn));
    // Databend takes no object that names an attribute twice.
    let payload = |number: u64| if number % 5 == 3 { r#"{"a":1,"a":2}"# } else { r#"{"a":1}"# };
    let records = (0..13).map(|number| event(1, number, payload(number))).collect();
    warehouse.write(batch(0, records)).await.unwrap();
    assert_eq!(warehouse.positions().await.unwrap(), [13]);
    assert_eq!(offsets(&warehouse).await, [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12]);
    let kept =
        databend.query("SELECT log_offset, table_name, cells FROM refused_rows ORDER BY log_offset").await.unwrap();
    let kept: Vec<_> = kept.rows.iter().map(|row| (row[0].as_deref().unwrap(), row[1].as_deref().unwrap())).collect();
    assert_eq!(kept, [("3", "event_rows"), ("8", "event_rows")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_has_other_columns_is_no_fault_of_the_rows() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (warehouse, databend) = (open(&dsn, 1), client(&dsn));
    warehouse.write(batch(0, vec![event(1, 0, "{}")])).await.unwrap();
    databend.execute("ALTER TABLE event_rows ADD COLUMN campaign VARCHAR NULL").await.unwrap();
    let later = || batch(1, vec![event(1, 1, "{}"), event(1, 2, "{}")]);
    let refused = warehouse.write(later()).await;
    assert!(matches!(refused, Err(WarehouseError::Unavailable(_))), "{refused:?}");
    assert_eq!(warehouse.positions().await.unwrap(), [1]);
    assert!(databend.query("SELECT 1 FROM refused_rows").await.unwrap().rows.is_empty());
    databend.execute("ALTER TABLE event_rows DROP COLUMN campaign").await.unwrap();
    warehouse.write(later()).await.unwrap();
    assert_eq!(offsets(&warehouse).await, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_analyst_sees_is_what_was_written_without_the_deleted() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (warehouse, databend) = (open(&dsn, 1), client(&dsn));
    let first = vec![event(1, 1, r#"{"total":7}"#), event(2, 2, r#"{"total":8}"#), said(1, 5, r#"{"plan":"free"}"#)];
    warehouse.write(batch(0, first)).await.unwrap();
    let then = vec![said(1, 9, r#"{"plan":"pro"}"#), said(2, 9, r#"{"plan":"pro"}"#), event(3, 3, "{}")];
    warehouse.write(batch(3, then)).await.unwrap();
    let pro = "SELECT user_id FROM users WHERE traits['plan'] = 'pro' AND user_id IN (SELECT user_id FROM events)";
    assert_eq!(databend.user_ids(pro).await.unwrap(), [UserId(1), UserId(2)]);
    let rich = "SELECT user_id FROM events WHERE payload['total']::INT > 7";
    assert_eq!(databend.user_ids(rich).await.unwrap(), [UserId(2)]);
    let deletion = LogRecord::Deletion(UserDeletion { user_id: UserId(2), received_at: START });
    warehouse.write(batch(6, vec![deletion, event(2, 9, "{}"), said(2, 20, r#"{"plan":"pro"}"#)])).await.unwrap();
    assert_eq!(databend.user_ids(pro).await.unwrap(), [UserId(1)]);
    assert_eq!(databend.user_ids("SELECT user_id FROM events").await.unwrap(), [UserId(1), UserId(3)]);
    // Out of sight at once; out of the tables with the next thing that is written or read at a start.
    let reopened = open(&dsn, 1);
    assert_eq!(reopened.positions().await.unwrap(), [9]);
    assert_eq!(databend.user_ids("SELECT user_id FROM event_rows").await.unwrap(), [UserId(1), UserId(3)]);
    assert_eq!(databend.user_ids("SELECT user_id FROM trait_rows").await.unwrap(), [UserId(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_away_has_what_was_written() {
    let Some(mut server) = or_not_run(DatabendServer::start()) else { return };
    let dsn = server.database();
    let warehouse = open(&dsn, 1);
    tokio::task::block_in_place(|| server.stop()).unwrap();
    let away = warehouse.positions().await.unwrap_err();
    assert!(matches!(away, WarehouseError::Unavailable(_)), "{away}");
    tokio::task::block_in_place(|| server.resume()).unwrap();
    assert_eq!(warehouse.positions().await.unwrap(), [0]);
    warehouse.write(batch(0, vec![event(1, 1, "{}")])).await.unwrap();
    tokio::task::block_in_place(|| server.stop()).unwrap();
    let second = batch(1, vec![event(1, 1, "{}"), event(1, 2, "{}")]);
    let away = warehouse.write(second.clone()).await.unwrap_err();
    assert!(matches!(away, WarehouseError::Unavailable(_)), "{away}");
    tokio::task::block_in_place(|| server.resume()).unwrap();
    warehouse.write(second).await.unwrap();
    assert_eq!(offsets(&warehouse).await, [0, 2], "what was counted before is remembered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_partitions_is_refused() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    assert_eq!(open(&dsn, 3).positions().await.unwrap(), [0; 3]);
    let refused = open(&dsn, 4).positions().await.unwrap_err();
    let expected = "the warehouse is damaged: it was made with 3 partitions and is opened with 4; the number is fixed";
    assert_eq!(refused.to_string(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_are_made_once_by_whoever_comes_first() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let opening = (0..4).map(|_| {
        let warehouse = open(&dsn, 5);
        tokio::spawn(async move { warehouse.positions().await })
    });
    for opened in opening.collect::<Vec<_>>() {
        assert_eq!(opened.await.unwrap().unwrap(), [0; 5]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_random_log_gives_what_the_embedded_history_gives() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
    println!("seed {seed}");
    let (folder, dsn, mut dice) = (TempDir::new().unwrap(), server.database(), Dice(seed));
    let filled = EmbeddedWarehouse::open(folder.path(), random::PARTITIONS).unwrap();
    let mut read = open(&dsn, random::PARTITIONS);
    let mut received_at: Timestamp = START;
    for round in 0..6 {
        let records = some_records(&mut dice, &mut received_at, 120);
        for partition in (0..random::PARTITIONS).map(PartitionId) {
            let of = |record: &&LogRecord| partition_of(record.user_id(), random::PARTITIONS) == partition;
            let records: Vec<_> = records.iter().filter(of).cloned().collect();
            let from = filled.positions().await.unwrap()[usize::from(partition.0)];
            let batch = WriteBatch { partition, ..batch(from, records) };
            filled.write(batch.clone()).await.unwrap();
            read.write(batch).await.unwrap();
        }
        check_same(&read, &filled, &[7, 1_000], &format!("seed {seed}, round {round}")).await;
        if dice.below(2) == 0 {
            read = open(&dsn, random::PARTITIONS);
        }
    }
    // What older servers answer in, and builds without Arrow ask for.
    let as_json = open(&format!("{dsn}&query_result_format=json"), random::PARTITIONS);
    check_same(&as_json, &filled, &[1_000], &format!("seed {seed}, as JSON")).await;
}
