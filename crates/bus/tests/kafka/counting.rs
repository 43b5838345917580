//! A segmenter in miniature: counts the events of each user, and publishes every count as a change.
//!
//! So what must hold in the end can be told from the log alone: a user with n events has the state n
//! and the changes 1 to n, each once and in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{
    BusError, EventLog, Ownership, OwnershipChange, PartitionCommit, PartitionOwner, RestoredPartition, StoredRecord,
};
use schema::{Cause, Event, EventId, LogRecord, Offset, PartitionId, SegmentChange, Timestamp, Topic, UserId};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

const POLL: Duration = Duration::from_millis(50);
const MAX_RECORDS: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Makes the same call again for as long as the log says that it may succeed.
macro_rules! patiently {
    ($call:expr) => {
        loop {
            match $call {
                Err(error) if error.retryable() => tokio::time::sleep(crate::counting::PAUSE).await,
                outcome => break outcome?,
            }
        }
    };
}
/// What counters did.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) assigned: AtomicU64,
    pub(crate) revoked: AtomicU64,
    pub(crate) fenced: AtomicU64,
    pub(crate) commits: AtomicU64,
}

/// Counts in the partitions that it is given, until `stop` is true; then commits what it has begun.
pub(crate) async fn count(mut ownership: impl Ownership, tally: &'static Tally, mut stop: watch::Receiver<bool>) {
    let mut stops: BTreeMap<PartitionId, watch::Sender<bool>> = BTreeMap::new();
    let mut owners = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            Some(ended) = owners.join_next() => drop(stops.remove(&ended.unwrap())),
            change = ownership.next() => match change.unwrap().unwrap() {
                OwnershipChange::Assigned(owner) => {
                    tally.assigned.fetch_add(1, Ordering::Relaxed);
                    let (sender, receiver) = watch::channel(false);
                    stops.insert(owner.partition(), sender);
                    owners.spawn(count_one(owner, tally, receiver));
                }
                OwnershipChange::Revoked(partition) => {
                    tally.revoked.fetch_add(1, Ordering::Relaxed);
                    stops.remove(&partition);
                }
                OwnershipChange::Idle => {}
            },
        }
    }
    drop(stops);
    while owners.join_next().await.is_some() {}
}

async fn count_one(
    mut owner: Box<dyn PartitionOwner>,
    tally: &'static Tally,
    stop: watch::Receiver<bool>,
) -> PartitionId {
    let partition = owner.partition();
    // Its sender is dropped to stop it.
    match count_until(&mut *owner, tally, || stop.has_changed().is_err()).await {
        Ok(()) => {}
        Err(BusError::Fenced(_)) => drop(tally.fenced.fetch_add(1, Ordering::Relaxed)),
        Err(error) => panic!("counting in partition {partition}: {error}"),
    }
    partition
}

async fn count_until(
    owner: &mut dyn PartitionOwner,
    tally: &Tally,
    stopped: impl Fn() -> bool,
) -> Result<(), BusError> {
    let (restored, mut counts) = patiently!(restore(owner).await);
    let mut next = restored.next_offset;
    while !stopped() {
        let records = patiently!(owner.poll(next, MAX_RECORDS, Instant::now() + POLL).await);
        let Some(last) = records.last() else { continue };
        next = last.offset + 1;
        let commit = step(&records, &mut counts, next);
        patiently!(owner.commit(commit.clone()).await);
        tally.commits.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Reads the counts of an owner's partition.
pub(crate) async fn restore(
    owner: &mut dyn PartitionOwner,
) -> Result<(RestoredPartition, BTreeMap<UserId, u64>), BusError> {
    let mut counts = BTreeMap::new();
    let mut visit = |user_id, state: &[u8]| {
        let earlier = counts.insert(user_id, u64::from_be_bytes(state.try_into().unwrap()));
        assert_eq!(earlier, None, "user {user_id} was shown twice");
    };
    let restored = owner.restore(&mut visit).await?;
    Ok((restored, counts))
}

/// Counts records into what is to be committed.
pub(crate) fn step(records: &[StoredRecord], counts: &mut BTreeMap<UserId, u64>, next: Offset) -> PartitionCommit {
    let mut commit = PartitionCommit { next_offset: next, ..PartitionCommit::default() };
    for record in records {
        let count = counts.entry(record.user_id).or_default();
        *count += 1;
        commit.users.push((record.user_id, count.to_be_bytes().to_vec()));
        commit.changes.push(change(record.user_id, *count));
    }
    commit
}

/// The `number`th event of a user.
pub(crate) fn event(user_id: UserId, number: u64) -> LogRecord {
    let at = Timestamp::from_micros(1_900_000_000_000);
    LogRecord::Event(Event::new(
        EventId(uuid::Uuid::from_u64_pair(user_id.0.unsigned_abs(), number)),
        user_id,
        "page_viewed",
        at,
    ))
}

/// The `seq`th change of a user.
pub(crate) fn change(user_id: UserId, seq: u64) -> SegmentChange {
    SegmentChange {
        user_id,
        in_segments: Vec::new(),
        out_segments: Vec::new(),
        segments: Vec::new(),
        seq,
        cause: Cause::Time,
        definition_versions: BTreeMap::new(),
        evaluated_at: Timestamp::from_micros(0),
    }
}

/// Waits until every event has its change, and checks that none is missing, repeated or out of order.
pub(crate) async fn check(log: &dyn EventLog, patience: Duration) -> BTreeMap<UserId, u64> {
    let deadline = Instant::now() + patience;
    let mut all = BTreeMap::new();
    for partition in (0..log.partitions()).map(PartitionId) {
        let mut events: BTreeMap<UserId, u64> = BTreeMap::new();
        for record in read_all(log, Topic::Events, partition, u64::MAX, deadline).await {
            *events.entry(record.user_id).or_default() += 1;
        }
        let expected = events.values().sum();
        let mut changes: BTreeMap<UserId, u64> = BTreeMap::new();
        for record in read_all(log, Topic::SegmentChanges, partition, expected, deadline).await {
            let change: SegmentChange = serde_json::from_slice(&record.value).unwrap();
            let last = changes.entry(change.user_id).or_default();
            assert_eq!(change.seq, *last + 1, "user {} in partition {partition}", change.user_id);
            *last = change.seq;
        }
        assert_eq!(changes, events, "partition {partition}: a change for each event");
        all.extend(events);
    }
    all
}

/// Reads a partition of a topic: to its end, or, if `enough` is given, until so many records are there.
pub(crate) async fn read_all(
    log: &dyn EventLog,
    topic: Topic,
    partition: PartitionId,
    enough: u64,
    deadline: Instant,
) -> Vec<StoredRecord> {
    let mut records: Vec<StoredRecord> = Vec::new();
    loop {
        let from = records.last().map_or(0, |record| record.offset + 1);
        let page = log.read(topic, partition, from, 1_000).await.unwrap();
        let waiting = enough != u64::MAX && (records.len() as u64) < enough;
        if page.is_empty() && (!waiting || Instant::now() > deadline) {
            return records;
        }
        if page.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
        records.extend(page);
    }
}

/// Takes a partition, and gives the others up.
pub(crate) async fn own(mut ownership: impl Ownership, partition: PartitionId) -> Box<dyn PartitionOwner> {
    let taking = async {
        loop {
            match ownership.next().await.unwrap().unwrap() {
                OwnershipChange::Assigned(owner) if owner.partition() == partition => return owner,
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), taking).await.expect("the partition is handed out")
}
