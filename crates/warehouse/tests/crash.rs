//! `kill -9` at random moments: the rows are those of the position, decided as if nothing had happened.
//!
//! What lies at an offset follows from the offset, so that the process that is killed and the one that
//! compares agree on it. `SEED` repeats a run.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests, one of which speaks through a pipe")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schema::{
    Event, EventId, LogRecord, Offset, PartitionId, Timestamp, UserDeletion, UserId, is_duplicate_of, partition_of,
};
use tempfile::TempDir;
use uuid::Uuid;
use warehouse::embedded::EmbeddedWarehouse;
use warehouse::{Warehouse, WriteBatch};

const PARTITIONS: u16 = 3;
const ROUNDS: u64 = 8;
const DIR: &str = "SHOAL_CRASH_DIR";
const SEED: &str = "SEED";
const MINUTE: u64 = 60_000_000;

/// A small generator of numbers that look random (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Returns what lies at an offset: mostly events, some of them repeated, now and then a deletion. Times
/// go forward by minutes and jump back by hours, so that ids are repeated inside and outside of the window.
fn record_at(partition: PartitionId, offset: Offset) -> LogRecord {
    let mut dice = Dice((u64::from(partition.0) << 48) ^ offset);
    let micros = offset * 10 * MINUTE + dice.roll(600) * MINUTE;
    let received_at = Timestamp::from_micros(1_700_000_000_000_000 + i64::try_from(micros).unwrap());
    let user_id = user_in(partition, dice.roll(12) + offset / 2_000);
    if dice.roll(500) == 0 {
        return LogRecord::Deletion(UserDeletion { user_id, received_at });
    }
    LogRecord::Event(Event {
        url: Some("/".repeat(200).into()),
        ..Event::new(
            EventId(Uuid::from_u64_pair(1, offset / 300 * 10 + dice.roll(40))),
            user_id,
            "page_viewed",
            received_at,
        )
    })
}

fn user_in(partition: PartitionId, nth: u64) -> UserId {
    let mut of_partition = (1..).map(UserId).filter(|user_id| partition_of(*user_id, PARTITIONS) == partition);
    of_partition.nth(usize::try_from(nth).unwrap()).unwrap()
}

/// Decides once more, from all records up to a position, which rows there are.
fn expected_rows(partition: PartitionId, position: Offset) -> BTreeSet<Offset> {
    let mut log_time = Timestamp::default();
    let (mut rows, mut counted, mut deleted) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for offset in 0..position {
        let record = record_at(partition, offset);
        log_time = log_time.max(record.received_at());
        match record {
            LogRecord::Deletion(deletion) => {
                rows.retain(|_, user_id| *user_id != deletion.user_id);
                deleted.insert(deletion.user_id);
            }
            LogRecord::Traits(_) => {}
            LogRecord::Event(event) => {
                let key = (event.user_id, event.event_id);
                let repeated = counted.get(&key).is_some_and(|counted_at| is_duplicate_of(*counted_at, log_time));
                if !repeated && !deleted.contains(&event.user_id) {
                    rows.insert(offset, event.user_id);
                    counted.insert(key, log_time);
                }
            }
        }
    }
    rows.into_keys().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, in a process of its own"]
async fn write_until_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let warehouse = EmbeddedWarehouse::open(dir, PARTITIONS).unwrap();
    let positions = warehouse.positions().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for (partition, next) in (0..PARTITIONS).map(PartitionId).zip(positions) {
        tasks.spawn(write_for_ever(warehouse.clone(), partition, next, Dice(seed)));
    }
    tasks.join_next().await.unwrap().unwrap();
}

async fn write_for_ever(warehouse: EmbeddedWarehouse, partition: PartitionId, mut from: Offset, mut dice: Dice) {
    loop {
        let next = from + 1 + dice.roll(60);
        let records = (from..next).map(|offset| (offset, record_at(partition, offset))).collect();
        warehouse.write(WriteBatch { partition, from, next, records }).await.unwrap();
        println!("written {partition} {next}");
        from = next;
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_exactly_the_rows_of_its_position() {
    let seed = std::env::var(SEED).map_or_else(
        |_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into(),
        |seed| seed.parse().unwrap(),
    );
    println!("SEED={seed}");
    let dir = TempDir::new().unwrap();
    let mut dice = Dice(seed);
    for round in 0..ROUNDS {
        let acknowledged = run_and_kill(dir.path(), seed.wrapping_add(round), dice.roll(200));
        assert!(!acknowledged.is_empty(), "round {round} acknowledged nothing");
        let warehouse = EmbeddedWarehouse::open(dir.path(), PARTITIONS).unwrap();
        let positions = warehouse.positions().await.unwrap();
        for (partition, position) in (0..PARTITIONS).map(PartitionId).zip(positions) {
            let written = acknowledged.get(&partition).copied().unwrap_or(0);
            assert!(position >= written, "round {round}: partition {partition} was written up to {written}");
            let rows = rows(&warehouse, partition).await;
            assert_eq!(rows, expected_rows(partition, position), "round {round}: rows of partition {partition}");
            println!("round {round}, partition {partition}: {} rows of {position} records", rows.len());
        }
    }
}

/// Lets a process write for some milliseconds after its first acknowledgement.
fn run_and_kill(dir: &Path, seed: u64, millis: u64) -> BTreeMap<PartitionId, Offset> {
    let mut process = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_until_killed", "--ignored", "--nocapture"])
            .env(DIR, dir)
            .env(SEED, seed.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.find(|line| line.starts_with("written")).unwrap();
    let reading = std::thread::spawn(move || lines.collect::<Vec<_>>());
    std::thread::sleep(Duration::from_millis(millis));
    drop(process);
    let mut lines = reading.join().unwrap();
    // The last line may be cut off in the middle.
    lines.pop();
    let acknowledged = std::iter::once(first).chain(lines).filter_map(|line| {
        let mut words = line.strip_prefix("written ")?.split(' ');
        Some((PartitionId(words.next()?.parse().ok()?), words.next()?.parse().ok()?))
    });
    acknowledged.collect()
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn rows(warehouse: &EmbeddedWarehouse, partition: PartitionId) -> BTreeSet<Offset> {
    let (mut rows, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = warehouse.history(partition, Offset::MAX, cursor, 500).await.unwrap();
        for row in page.rows {
            assert_eq!(LogRecord::Event(row.event), record_at(partition, row.position.offset));
            assert!(rows.insert(row.position.offset), "{:?} came twice", row.position);
        }
        cursor = page.next;
        if cursor.is_none() {
            return rows;
        }
    }
}
