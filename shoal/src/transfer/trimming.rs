//! Copies of a log whose oldest records are removed while they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bus::{BusError, DeadLetter, EventLog, NewRecord, RestoredPartition, StoredRecord};
use schema::{
    ErrorRecord, Event, EventId, LogPosition, LogRecord, Offset, PartitionId, PartitionStatus, Payload, StandingTraits,
    Timestamp, Topic, UserId, UserTraits,
};
use serde_json::value::RawValue;
use tempfile::TempDir;
use uuid::Uuid;
use warehouse::{HistoryCursor, HistoryPage, PartitionTraits, Warehouse, WarehouseError, WriteBatch};

use super::events::{self, Sources, Wanted, WrittenEvents};
use super::manifest::EventLine;
use super::moving::open;
use crate::installation::Parts;

const ONLY: PartitionId = PartitionId(0);
const USERS: i64 = 5;
const RECORDS: usize = 40;
/// What a reading of the log returns at most.
const READ: usize = 7;

/// What a log answers when it is asked for something that it has removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Removed {
    IsSaid,
    IsPassedOver,
}

/// A log that has removed more with each question.
struct TrimmingLog {
    records: BTreeMap<Offset, LogRecord>,
    removed: Removed,
    /// Where it begins at each question from now on; at the last one for good.
    begins: Mutex<Vec<Offset>>,
}

impl TrimmingLog {
    fn begin(&self) -> Offset {
        let mut begins = self.begins.lock().unwrap();
        if begins.len() > 1 { begins.remove(0) } else { begins[0] }
    }

    fn end(&self) -> Offset {
        self.records.last_key_value().map_or(0, |(offset, _)| offset + 1)
    }
}

#[async_trait]
impl EventLog for TrimmingLog {
    fn partitions(&self) -> u16 {
        1
    }

    async fn append(&self, _: Vec<NewRecord>) -> Result<Vec<LogPosition>, BusError> {
        unreachable!()
    }

    async fn append_errors(&self, _: Vec<ErrorRecord>) -> Result<(), BusError> {
        unreachable!()
    }

    async fn append_dead_letters(&self, _: Vec<DeadLetter>) -> Result<(), BusError> {
        unreachable!()
    }

    async fn read(&self, topic: Topic, _: PartitionId, asked: Offset, _: usize) -> Result<Vec<StoredRecord>, BusError> {
        let begin = self.begin();
        if asked < begin && self.removed == Removed::IsSaid {
            return Err(BusError::Trimmed { topic: topic.as_str(), asked, begin });
        }
        let stored = |(offset, record): (&Offset, &LogRecord)| StoredRecord {
            offset: *offset,
            user_id: record.user_id(),
            value: record.encode().into(),
        };
        Ok(self.records.range(asked.max(begin)..).take(READ).map(stored).collect())
    }

    async fn range(&self, _: Topic, _: PartitionId) -> Result<Range<Offset>, BusError> {
        let begin = self.begin();
        Ok(begin..self.end().max(begin))
    }

    async fn wait_for(&self, _: Topic, _: PartitionId, _: Offset) -> Result<(), BusError> {
        unreachable!()
    }

    async fn last_commit(
        &self,
        _: PartitionId,
        _: &mut (dyn for<'s> FnMut(UserId, &'s [u8]) + Send),
    ) -> Result<RestoredPartition, BusError> {
        unreachable!()
    }

    async fn statuses(&self) -> Result<Vec<PartitionStatus>, BusError> {
        unreachable!()
    }
}

/// A history that counts what it is asked.
struct Counted<'a> {
    inner: &'a dyn Warehouse,
    questions: AtomicUsize,
}

impl Counted<'_> {
    fn inner(&self) -> &dyn Warehouse {
        self.questions.fetch_add(1, Ordering::SeqCst);
        self.inner
    }
}

#[async_trait]
impl Warehouse for Counted<'_> {
    async fn positions(&self) -> Result<Vec<Offset>, WarehouseError> {
        self.inner().positions().await
    }

    async fn write(&self, batch: WriteBatch) -> Result<(), WarehouseError> {
        self.inner().write(batch).await
    }

    async fn history(
        &self,
        partition: PartitionId,
        before: Offset,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner().history(partition, before, cursor, max_rows).await
    }

    async fn user_traits(&self, user_id: UserId) -> Result<StandingTraits, WarehouseError> {
        self.inner().user_traits(user_id).await
    }

    async fn partition_traits(&self, partition: PartitionId) -> Result<PartitionTraits, WarehouseError> {
        self.inner().partition_traits(partition).await
    }

    async fn traits_page(
        &self,
        partition: PartitionId,
        after: Option<UserId>,
        max_users: usize,
    ) -> Result<Vec<(UserId, StandingTraits)>, WarehouseError> {
        self.inner().traits_page(partition, after, max_users).await
    }

    async fn user_events(
        &self,
        user_id: UserId,
        cursor: Option<HistoryCursor>,
        max_rows: usize,
    ) -> Result<HistoryPage, WarehouseError> {
        self.inner().user_events(user_id, cursor, max_rows).await
    }
}

/// The record at an offset: what is said of each of `users` comes first, then what they do.
fn record(offset: Offset, users: i64) -> LogRecord {
    let number = i64::try_from(offset).unwrap();
    let (user_id, event_id) = (UserId(1 + number % users), EventId(Uuid::from_u128(u128::from(offset))));
    let at = Timestamp::from_micros(1_000_000 + number);
    if number < users {
        let traits = Payload::new(RawValue::from_string(r#"{"plan":"pro"}"#.to_owned()).unwrap());
        return LogRecord::Traits(UserTraits { user_id, event_id, created_at: at, received_at: at, traits });
    }
    LogRecord::Event(Event { received_at: at, ..Event::new(event_id, user_id, "page_viewed", at) })
}

/// An installation whose history has everything.
struct Rig {
    folder: TempDir,
    parts: Parts,
    records: BTreeMap<Offset, LogRecord>,
}

impl Rig {
    async fn new(offsets: impl Iterator<Item = Offset>, users: i64) -> Self {
        let folder = TempDir::new().unwrap();
        let (parts, ..) = open(&folder.path().join("data")).await;
        let records: BTreeMap<_, _> = offsets.map(|offset| (offset, record(offset, users))).collect();
        let next = records.last_key_value().unwrap().0 + 1;
        let written = records.clone().into_iter().collect();
        parts.warehouse.write(WriteBatch { partition: ONLY, from: 0, next, records: written }).await.unwrap();
        Self { folder, parts, records }
    }

    /// Writes what a log that begins so has, with the history or without; returns how often that was asked.
    async fn write(
        &self,
        (removed, begins): (Removed, &[Offset]),
        applied_below: Offset,
        has_history: bool,
    ) -> anyhow::Result<(Vec<LogRecord>, Offset, usize)> {
        let log = TrimmingLog { records: self.records.clone(), removed, begins: Mutex::new(begins.to_vec()) };
        let counted = Counted { inner: self.parts.warehouse.as_ref(), questions: AtomicUsize::new(0) };
        let history = has_history.then_some(&counted as &dyn Warehouse);
        let sources = Sources { log: &log, history, store: self.parts.store.as_ref() };
        let wanted = Wanted { partition: ONLY, begin: log.begin(), applied_below };
        let copy = TempDir::new_in(self.folder.path())?;
        let WrittenEvents { files, next_offset, end, .. } = events::write(sources, wanted, copy.path()).await?;
        assert_eq!(end, log.end());
        let lines = files.read::<EventLine>(copy.path()).map(|line| line?.decode());
        assert_eq!(std::fs::read_dir(copy.path())?.count(), 1, "what was sorted is forgotten");
        Ok((lines.collect::<Result<_, _>>()?, next_offset, counted.questions.into_inner()))
    }

    /// Sees that each event is there once, those of the state before the others, and what is known of everybody.
    async fn check(&self, log: (Removed, &[Offset]), applied_below: Offset) {
        let (records, next_offset, _) = self.write(log, applied_below, true).await.unwrap();
        let (mut applied, mut rest, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (place, record) in (0..).zip(&records) {
            match record {
                LogRecord::Event(event) if place < next_offset => applied.push(event.event_id),
                LogRecord::Event(event) => rest.push(event.event_id),
                LogRecord::Traits(said) => drop(known.insert(said.user_id)),
                LogRecord::Deletion(deletion) => panic!("{deletion:?}"),
            }
        }
        applied.sort();
        rest.sort();
        let expected = |offsets: Range<Offset>| -> Vec<EventId> {
            let events = self.records.range(offsets).filter_map(|(_, record)| match record {
                LogRecord::Event(event) => Some(event.event_id),
                _ => None,
            });
            events.collect()
        };
        let said = format!("{log:?}, applied below {applied_below}");
        assert_eq!(applied, expected(0..applied_below), "{said}: the events of the state");
        assert_eq!(rest, expected(applied_below..Offset::MAX), "{said}: the others");
        let told = self.records.values().filter(|record| matches!(record, LogRecord::Traits(_))).count();
        assert_eq!(known.len(), told, "{said}: users of whom something was said");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_removed_while_it_is_read_comes_from_the_history() {
    let begins: [&[Offset]; 6] = [
        &[0, 3, 5],
        &[0, 0, 8, 8, 8, 8, 21],
        &[2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30],
        &[0, 0, 0, 0, 0, 33],
        &[0, 0, 0, 40, 40, 60, 90],
        &[9, 90],
    ];
    // Each offset a record, and markers between them, which no reader sees.
    for step in [1, 2] {
        let rig = Rig::new((0..).step_by(step).take(RECORDS), USERS).await;
        for begins in begins {
            for removed in [Removed::IsSaid, Removed::IsPassedOver] {
                for applied_below in [0, 6, 11, 24, 39] {
                    let end = rig.records.last_key_value().unwrap().0 + 1;
                    let begins: Vec<Offset> = begins.iter().map(|begin| *begin.min(&end)).collect();
                    rig.check((removed, &begins), applied_below).await;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offset_without_a_record_is_none_that_was_removed() {
    let rig = Rig::new((0..).step_by(3).take(RECORDS), USERS).await;
    let (records, _, questions) = rig.write((Removed::IsPassedOver, &[0]), 20, true).await.unwrap();
    assert_eq!((records.len(), questions), (RECORDS, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_has_any_more_is_not_left_out() {
    #[track_caller]
    fn check(written: anyhow::Result<(Vec<LogRecord>, Offset, usize)>, told: &str) {
        let refused = written.map(|(records, ..)| records.len()).unwrap_err().to_string();
        assert!(refused.contains(told), "`{told}` is not in: {refused}");
    }
    let mut rig = Rig::new(0..RECORDS as Offset, USERS).await;
    for removed in [Removed::IsSaid, Removed::IsPassedOver] {
        for begins in [&[0, 1][..], &[4, 5], &[0, 0, 0, 0, 16]] {
            check(rig.write((removed, begins), 40, false).await, "and no history has them");
        }
    }
    let (records, ..) = rig.write((Removed::IsSaid, &[12]), 40, false).await.unwrap();
    assert_eq!(records.len(), RECORDS - 12, "it was gone before the copy was begun");
    rig.records.extend((40..50).map(|offset| (offset, record(offset, USERS))));
    check(rig.write((Removed::IsSaid, &[0, 0, 41]), 40, true).await, "before they were written there");
    assert!(rig.write((Removed::IsSaid, &[0, 0, 40]), 40, true).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_asked_as_often_whatever_the_number_of_users() {
    let mut asked = Vec::new();
    for users in [10, 900] {
        let rig = Rig::new(0..1_000, users).await;
        let (records, _, questions) = rig.write((Removed::IsSaid, &[1_000]), 1_000, true).await.unwrap();
        assert_eq!(records.len(), 1_000);
        asked.push(questions);
    }
    assert_eq!(asked[0], asked[1]);
    assert!(asked[0] < 8, "{asked:?}");
}
