//! `kill -9` at random moments: what was acknowledged is there, and what is there is consistent.
//!
//! A process of its own appends and commits and prints what was acknowledged. It is killed, the log is
//! opened here and compared, and the next process goes on in the same folder. `SEED` repeats a run.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests, one of which speaks through a pipe")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use bus::{
    BusError, EventLog, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition, StoredRecord,
};
use schema::{Event, EventId, LogRecord, Offset, PartitionId, SegmentChange, Timestamp, Topic, UserId};
use tempfile::TempDir;
use uuid::Uuid;

const PARTITIONS: u16 = 3;
const ROUNDS: u64 = 10;
const APPENDERS: u64 = 16;
const USERS: u64 = 40;
const DIR: &str = "SHOAL_CRASH_DIR";
const SEED: &str = "SEED";

/// Small tables, so that flushes and merges happen within a round.
fn options() -> EmbeddedLogOptions {
    EmbeddedLogOptions { partitions: PARTITIONS, memtable_bytes: 64 * 1_024, ..EmbeddedLogOptions::default() }
}

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

/// What the state of a user is: how many events, and a sum over them in which their order counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Fold {
    events: u64,
    sum: u64,
}

impl Fold {
    fn apply(&mut self, record: &StoredRecord) {
        let LogRecord::Event(event) = LogRecord::decode(&record.value).unwrap() else { panic!("not an event") };
        self.events += 1;
        self.sum = self.sum.wrapping_mul(31).wrapping_add(event.event_id.0.as_u64_pair().1);
    }

    fn encode(self) -> Vec<u8> {
        [self.events.to_be_bytes(), self.sum.to_be_bytes()].concat()
    }
}

fn event(user_id: UserId, event_id: Uuid) -> LogRecord {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    LogRecord::Event(Event {
        url: Some("/".repeat(200).into()),
        ..Event::new(EventId(event_id), user_id, "page_viewed", at)
    })
}

/// The change that the `offset`th event of a partition makes.
fn change(user_id: UserId, fold: Fold) -> SegmentChange {
    SegmentChange {
        user_id,
        in_segments: Vec::new(),
        out_segments: Vec::new(),
        segments: Vec::new(),
        seq: fold.events,
        cause: schema::Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(i64::try_from(fold.events).unwrap()),
    }
}

// --- the process that is killed -------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below, in a process of its own"]
async fn write_until_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let log = EmbeddedLog::open(dir, options()).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for appender in 0..APPENDERS {
        tasks.spawn(append_for_ever(log.clone(), Dice(seed ^ (appender << 32))));
    }
    let mut ownership = log.ownership();
    for _ in 0..PARTITIONS {
        let Ok(Some(OwnershipChange::Assigned(owner))) = ownership.next().await else { panic!("no owner") };
        tasks.spawn(commit_for_ever(owner, Dice(seed)));
    }
    tasks.join_next().await.unwrap().unwrap();
}

#[tokio::test]
#[ignore = "run by the test below, in a process of its own"]
async fn write_until_refused() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let log = EmbeddedLog::open(dir, options()).unwrap();
    let mut dice = Dice(1);
    let refused = loop {
        if let Err(error) = append_once(&log, &mut dice).await {
            break error;
        }
    };
    let again = append_once(&log, &mut dice).await;
    let waiting = log.wait_for(Topic::Events, PartitionId(0), Offset::MAX - 1);
    let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    println!("refused {refused:?}; again {again:?}; waited {waited:?}");
}

async fn append_for_ever(log: EmbeddedLog, mut dice: Dice) {
    loop {
        append_once(&log, &mut dice).await.unwrap();
    }
}

async fn append_once(log: &EmbeddedLog, dice: &mut Dice) -> Result<(), BusError> {
    let records: Vec<_> = (0..=dice.roll(5))
        .map(|_| {
            let user_id = UserId(i64::try_from(dice.roll(USERS)).unwrap() + 1);
            event(user_id, Uuid::from_u64_pair(dice.roll(u64::MAX), dice.roll(u64::MAX)))
        })
        .collect();
    let positions = log.append(records.clone()).await?;
    let acknowledged = positions.iter().zip(&records).map(|(position, record)| {
        let LogRecord::Event(event) = record else { panic!("not an event") };
        format!("appended {} {} {}\n", position.partition, position.offset, event.event_id)
    });
    print!("{}", acknowledged.collect::<String>());
    Ok(())
}

async fn commit_for_ever(mut owner: Box<dyn PartitionOwner>, mut dice: Dice) {
    let mut folds = BTreeMap::new();
    let restored = restore(&mut *owner, &mut folds).await;
    let mut next = restored.next_offset;
    loop {
        let max_records = usize::try_from(1 + dice.roll(50)).unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let records = owner.poll(next, max_records, deadline).await.unwrap();
        let mut commit = PartitionCommit { next_offset: next + records.len() as u64, ..PartitionCommit::default() };
        for record in &records {
            let fold: &mut Fold = folds.entry(record.user_id).or_default();
            fold.apply(record);
            commit.users.push((record.user_id, fold.encode()));
            commit.changes.push(change(record.user_id, *fold));
        }
        next = commit.next_offset;
        owner.commit(commit).await.unwrap();
        println!("committed {} {next}", owner.partition());
    }
}

async fn restore(owner: &mut dyn PartitionOwner, folds: &mut BTreeMap<UserId, Fold>) -> RestoredPartition {
    let mut visit = |user_id, state: &[u8]| {
        folds.insert(user_id, decode(state));
    };
    owner.restore(&mut visit).await.unwrap()
}

fn decode(state: &[u8]) -> Fold {
    let number = |at: usize| u64::from_be_bytes(state[at..at + 8].try_into().unwrap());
    Fold { events: number(0), sum: number(8) }
}

// --- the process that kills and compares ----------------------------------------------------------

#[derive(Default)]
struct Acknowledged {
    events: BTreeMap<(PartitionId, Offset), EventId>,
    commits: BTreeMap<PartitionId, Offset>,
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["appended", partition, offset, event_id] => {
                let place = (PartitionId(partition.parse().unwrap()), offset.parse().unwrap());
                let event_id = EventId(event_id.parse().unwrap());
                assert_eq!(self.events.insert(place, event_id), None, "{place:?} was acknowledged twice");
            }
            ["committed", partition, next] => {
                let next = next.parse().unwrap();
                let last = self.commits.insert(PartitionId(partition.parse().unwrap()), next);
                assert!(last.is_none_or(|last| last < next), "commits of {partition} went back");
            }
            // What the test harness says of itself.
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let seed = std::env::var(SEED).map_or_else(
        |_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into(),
        |seed| seed.parse().unwrap(),
    );
    println!("SEED={seed}");
    let dir = TempDir::new().unwrap();
    let mut dice = Dice(seed);
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let before = acknowledged.events.len();
        run_and_kill(dir.path(), seed.wrapping_add(round), dice.roll(400), &mut acknowledged);
        assert!(acknowledged.events.len() > before, "round {round} acknowledged nothing");
        let log = EmbeddedLog::open(dir.path(), options()).unwrap();
        let mut ownership = log.ownership();
        for _ in 0..PARTITIONS {
            let Ok(Some(OwnershipChange::Assigned(owner))) = ownership.next().await else { panic!("no owner") };
            compare(&log, owner, &acknowledged, round).await;
        }
    }
    println!("{} events and {:?} acknowledged", acknowledged.events.len(), acknowledged.commits);
}

/// The file size is limited, so that the journal cannot be written at some point: the same as a disk that fails.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_ends_the_log_and_loses_nothing_it_acknowledged() {
    let dir = TempDir::new().unwrap();
    drop(EmbeddedLog::open(dir.path(), options()).unwrap());
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "write_until_refused", "--ignored", "--nocapture"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let refused = output.lines().find(|line| line.starts_with("refused")).expect(&output);
    assert_eq!(refused.matches("Broken(").count(), 3, "{refused}");
    assert!(refused.contains("again Err(Broken("), "{refused}");
    let mut acknowledged = Acknowledged::default();
    output.lines().for_each(|line| acknowledged.note(line));
    assert!(acknowledged.events.len() > 100, "{} events before the failure", acknowledged.events.len());
    let log = EmbeddedLog::open(dir.path(), options()).unwrap();
    let mut ownership = log.ownership();
    for _ in 0..PARTITIONS {
        let Ok(Some(OwnershipChange::Assigned(owner))) = ownership.next().await else { panic!("no owner") };
        compare(&log, owner, &acknowledged, 0).await;
    }
    append_once(&log, &mut Dice(2)).await.unwrap();
}

/// Lets a process write for some milliseconds after its first acknowledgement.
fn run_and_kill(dir: &Path, seed: u64, millis: u64, acknowledged: &mut Acknowledged) {
    let mut process = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_until_killed", "--ignored", "--nocapture"])
            .env(DIR, dir)
            .env(SEED, seed.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let first = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("appended"));
    acknowledged.note(&first.expect("the process ended before it acknowledged anything"));
    let reading = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(Duration::from_millis(millis));
    drop(process);
    let mut lines = reading.join().unwrap();
    // The last line may be cut off in the middle.
    lines.pop();
    lines.iter().for_each(|line| acknowledged.note(line));
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn compare(log: &EmbeddedLog, mut owner: Box<dyn PartitionOwner>, acknowledged: &Acknowledged, round: u64) {
    let partition = owner.partition();
    let what = format!("partition {partition} after round {round}");
    let events = read_all(log, Topic::Events, partition).await;
    for ((_, offset), event_id) in acknowledged.events.range((partition, 0)..=(partition, Offset::MAX)) {
        let record = events.get(usize::try_from(*offset).unwrap());
        let LogRecord::Event(event) = LogRecord::decode(&record.expect(&what).value).unwrap() else { panic!("{what}") };
        assert_eq!(event.event_id, *event_id, "{what}: the event at {offset}");
    }
    let mut states = BTreeMap::new();
    let restored = restore(&mut *owner, &mut states).await;
    let committed = acknowledged.commits.get(&partition).copied().unwrap_or(0);
    assert!(restored.next_offset >= committed, "{what}: committed {committed}, restored {}", restored.next_offset);
    let next = usize::try_from(restored.next_offset).unwrap();
    assert!(next <= events.len(), "{what}: the state is ahead of the log");

    let (mut folds, mut changes) = (BTreeMap::<UserId, Fold>::new(), Vec::new());
    for record in &events[..next] {
        let fold = folds.entry(record.user_id).or_default();
        fold.apply(record);
        changes.push(serde_json::to_vec(&change(record.user_id, *fold)).unwrap());
    }
    assert_eq!(states, folds, "{what}: the states are those of the last commit, and whole");
    assert_eq!(restored.changes_end, changes.len() as u64, "{what}: the changes");
    let published = read_all(log, Topic::SegmentChanges, partition).await;
    assert!(published.iter().map(|record| &record.value[..]).eq(changes.iter().map(|change| &change[..])), "{what}");
    let latest: BTreeMap<UserId, Offset> = published.iter().map(|record| (record.user_id, record.offset)).collect();
    let memberships = read_all(log, Topic::SegmentMemberships, partition).await;
    let kept: BTreeMap<UserId, Offset> = memberships.iter().map(|record| (record.user_id, record.offset)).collect();
    assert_eq!(kept, latest, "{what}: the memberships");
    assert_eq!(memberships.len(), kept.len(), "{what}: one membership for each user");
}

async fn read_all(log: &EmbeddedLog, topic: Topic, partition: PartitionId) -> Vec<StoredRecord> {
    let mut records: Vec<StoredRecord> = Vec::new();
    loop {
        let from = records.last().map_or(0, |record| record.offset + 1);
        let page = log.read(topic, partition, from, 1_000).await.unwrap();
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}
