//! Fingerprints that collide, on a real Databend: they decide nothing.

use std::sync::Arc;

use async_trait::async_trait;
use schema::{DUPLICATE_WINDOW_MICROS, Event, EventId, LogRecord, Offset, PartitionId, Timestamp, UserId};
use testkit::servers::{DatabendServer, or_not_run};

use super::aside::Aside;
use super::fingerprints::Secret;
use super::{Databend, DatabendOptions, DatabendWarehouse};
use crate::conformance::{self, Installation, PARTITIONS};
use crate::{Warehouse, WarehouseError, WriteBatch};

const START: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = DUPLICATE_WINDOW_MICROS;

fn open(dsn: &str, partitions: u16, secret: &Secret) -> DatabendWarehouse {
    DatabendWarehouse::with(DatabendOptions::parse(dsn).unwrap(), partitions, secret, Aside(None)).unwrap()
}

/// Installations whose fingerprints are of three bits.
struct Colliding(String);

#[async_trait]
impl Installation for Colliding {
    async fn open(&self) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        Ok(Arc::new(open(&self.0, PARTITIONS, &Secret::of_bits(3))))
    }
}

macro_rules! colliding {
    ($($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(server) = or_not_run(DatabendServer::shared()) else { return };
                conformance::$case(&Colliding(server.database())).await.unwrap();
            }
        )*
    };
}

colliding!(
    a_repeated_event_counts_once,
    an_event_id_is_forgotten_after_the_window,
    the_window_is_of_log_time,
    a_restart_forgets_nothing,
    later_events_of_a_deleted_user_are_left_out,
);

fn event(user_id: i64, number: u128, received_micros: i64) -> LogRecord {
    let event_id = EventId(uuid::Uuid::from_u128(number));
    let event = Event::new(event_id, UserId(user_id), "page_viewed", START);
    LogRecord::Event(Event { received_at: START.plus_micros(received_micros), ..event })
}

/// Records at these offsets, in a batch that ends behind the last.
fn batch(from: Offset, records: Vec<(Offset, LogRecord)>) -> WriteBatch {
    let next = records.last().map_or(from, |(offset, _)| offset + 1);
    WriteBatch { partition: PartitionId(0), from, next, records }
}

async fn offsets(warehouse: &DatabendWarehouse) -> Vec<Offset> {
    let (mut offsets, mut cursor) = (Vec::new(), None);
    loop {
        let page = warehouse.history(PartitionId(0), Offset::MAX, cursor, 1_000).await.unwrap();
        offsets.extend(page.rows.iter().map(|row| row.position.offset));
        cursor = page.next;
        if cursor.is_none() {
            offsets.sort_unstable();
            return offsets;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_fingerprint_collides_counts_and_a_repetition_of_yesterday_does_not() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    // Of no bit: every fingerprint is the same.
    for reopens in [false, true] {
        let (dsn, secret) = (server.database(), Secret::of_bits(0));
        let mut warehouse = open(&dsn, 1, &secret);
        let yesterday = vec![(0, event(1, 1, 0)), (1, event(2, 1, 0)), (2, event(1, 2, HOUR))];
        warehouse.write(batch(0, yesterday)).await.unwrap();
        if reopens {
            warehouse = open(&dsn, 1, &secret);
        }
        let today = vec![
            (3, event(1, 3, DAY)),     // new
            (4, event(3, 1, DAY)),     // another user's id
            (5, event(1, 1, DAY)),     // repeats the first, at the edge
            (6, event(1, 3, DAY)),     // repeats one of its own batch
            (7, event(2, 1, DAY + 1)), // a microsecond past the window
            (8, event(1, 2, DAY + 2)), // repeats the third
        ];
        warehouse.write(batch(3, today)).await.unwrap();
        assert_eq!(offsets(&warehouse).await, [0, 1, 2, 3, 4, 7], "opened again: {reopens}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_many_stretches_is_remembered_when_a_writer_begins() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let far = [0, 200_000, 700_000, 1_200_000];
    let records = |from: Offset| far.iter().zip(1..).map(move |(at, id)| (from + at, event(1, id, 0))).collect();
    open(&dsn, 1, &Secret::new()).write(batch(0, records(0))).await.unwrap();
    let again = open(&dsn, 1, &Secret::new());
    again.write(batch(1_200_001, records(1_200_001))).await.unwrap();
    assert_eq!(offsets(&again).await, far);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_learns_what_another_one_counted_since() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let (first, second) = (open(&dsn, 1, &Secret::new()), open(&dsn, 1, &Secret::new()));
    first.write(batch(0, vec![(0, event(1, 1, 0))])).await.unwrap();
    second.write(batch(1, vec![(1, event(1, 1, 0)), (2, event(1, 2, 0))])).await.unwrap();
    first.write(batch(3, vec![(3, event(1, 2, 0)), (4, event(1, 1, 0)), (5, event(1, 3, 0))])).await.unwrap();
    second.write(batch(6, vec![(6, event(1, 3, 0)), (7, event(1, 4, 0))])).await.unwrap();
    assert_eq!(offsets(&first).await, [0, 2, 5, 7]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_of_an_event_that_could_not_be_loaded_is_one() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let dsn = server.database();
    let twice = |offset, received| {
        let mut record = event(1, 1, received);
        // Databend takes no object that names an attribute twice.
        if let LogRecord::Event(event) = &mut record {
            let payload = r#"{"a":1,"a":2}"#.to_owned();
            event.payload = schema::Payload::new(serde_json::value::RawValue::from_string(payload).unwrap());
        }
        (offset, record)
    };
    let warehouse = open(&dsn, 1, &Secret::new());
    warehouse.write(batch(0, vec![twice(0, 0)])).await.unwrap();
    warehouse.write(batch(1, vec![twice(1, 5), (2, event(1, 1, 6))])).await.unwrap();
    let again = open(&dsn, 1, &Secret::new());
    again.write(batch(3, vec![twice(3, DAY), (4, event(1, 1, DAY + 1))])).await.unwrap();
    assert_eq!(offsets(&again).await, [4]);
    let databend = Databend::new(DatabendOptions::parse(&dsn).unwrap()).unwrap();
    let refused = databend.query("SELECT log_offset FROM refused_rows").await.unwrap().rows;
    assert_eq!(refused, [[Some("0".to_owned())]]);
}
