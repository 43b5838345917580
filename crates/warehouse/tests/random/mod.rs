//! Random logs, and whole readings of a history to compare.

use schema::{
    DUPLICATE_WINDOW_MICROS, Event, EventId, LogRecord, Offset, PartitionId, Payload, Timestamp, UserDeletion, UserId,
    UserTraits,
};
use warehouse::{HistoryRow, Warehouse};

pub(crate) const PARTITIONS: u16 = 2;
const USERS: u64 = 8;
pub(crate) const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// SplitMix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Mostly events, of few ids, so that many are duplicates; now and then a day passes.
pub(crate) fn record(dice: &mut Dice, received_at: Timestamp) -> LogRecord {
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
        _ => LogRecord::Event(Event { received_at, ..Event::new(event_id, user_id, "page_viewed", created_at) }),
    }
}

pub(crate) async fn history(warehouse: &dyn Warehouse, partition: PartitionId, page: usize) -> Vec<HistoryRow> {
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

/// The next records of a log, received from `received_at` on.
pub(crate) fn some_records(dice: &mut Dice, received_at: &mut Timestamp, most: u64) -> Vec<LogRecord> {
    let mut records = Vec::new();
    for _ in 0..dice.below(most) {
        let step = if dice.below(50) == 0 { DUPLICATE_WINDOW_MICROS } else { 3_600_000_000 };
        // Sometimes earlier than the one before: log time never goes back.
        *received_at = received_at.plus_micros(dice.below(step as u64) as i64 - 600_000_000);
        records.push(record(dice, *received_at));
    }
    records
}

/// Compares two histories, one of them read in pages of these sizes.
pub(crate) async fn check_same(read: &dyn Warehouse, filled: &dyn Warehouse, pages: &[usize], what: &str) {
    assert_eq!(read.positions().await.unwrap(), filled.positions().await.unwrap(), "{what}");
    for partition in (0..PARTITIONS).map(PartitionId) {
        let expected = history(filled, partition, 1_000).await;
        for page in pages {
            let found = history(read, partition, *page).await;
            assert_eq!(found, expected, "{what}, partition {partition}, pages of {page}");
        }
    }
    for user_id in (1..=USERS as i64).map(UserId) {
        let expected = timeline(filled, user_id, 1_000).await;
        for page in pages {
            let found = timeline(read, user_id, *page).await;
            assert_eq!(found, expected, "{what}, user {user_id}, pages of {page}");
        }
        let (found, expected) = (read.user_traits(user_id).await.unwrap(), filled.user_traits(user_id).await.unwrap());
        assert_eq!(found, expected, "{what}, user {user_id}");
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
