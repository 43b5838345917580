//! How many rows a second go into Databend and come back; prints them. Run by hand: the numbers are the machine's.
//!
//! ```sh
//! cargo test --package warehouse --test speed -- --ignored --nocapture
//! ```

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Instant;

use schema::{Event, EventId, LogRecord, Offset, PartitionId, Payload, Timestamp, UserId};
use testkit::servers::{DatabendServer, or_not_run};
use warehouse::databend::{DatabendOptions, DatabendWarehouse};
use warehouse::{Warehouse, WriteBatch};

const PARTITIONS: u16 = 6;
const BATCHES: u64 = 4;
const BATCH_RECORDS: u64 = 25_000;
/// What the segmenter asks for at once.
const PAGE_ROWS: usize = 512;

fn event(partition: PartitionId, offset: Offset) -> LogRecord {
    let at = Timestamp::from_micros(1_767_225_600_000_000 + offset as i64);
    let payload = format!(r#"{{"activity_type":"page_viewed","url":"/products/{}","position":{offset}}}"#, offset % 97);
    LogRecord::Event(Event {
        region: Some("California".into()),
        country: Some("US".into()),
        device_type: Some("mobile".into()),
        url: Some(format!("/products/{}", offset % 97).into()),
        payload: Payload::new(serde_json::value::RawValue::from_string(payload).unwrap()),
        ..Event::new(
            EventId(uuid::Uuid::from_u64_pair(u64::from(partition.0), offset)),
            UserId(offset as i64 % 20_000),
            "page_viewed",
            at,
        )
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn rows_per_second() {
    let Some(server) = or_not_run(DatabendServer::shared()) else { return };
    let options = DatabendOptions::parse(&server.database()).unwrap();
    let warehouse = DatabendWarehouse::new(options.clone(), PARTITIONS).unwrap();
    warehouse.positions().await.unwrap();
    let begun = Instant::now();
    let writing = (0..PARTITIONS).map(PartitionId).map(|partition| {
        let warehouse = warehouse.clone();
        tokio::spawn(async move {
            for from in (0..BATCHES).map(|batch| batch * BATCH_RECORDS) {
                let next = from + BATCH_RECORDS;
                let records = (from..next).map(|offset| (offset, event(partition, offset))).collect();
                warehouse.write(WriteBatch { partition, from, next, records }).await.unwrap();
            }
        })
    });
    for written in writing.collect::<Vec<_>>() {
        written.await.unwrap();
    }
    let (rows, took) = (u64::from(PARTITIONS) * BATCHES * BATCH_RECORDS, begun.elapsed());
    println!("{rows} rows written in {took:?}: {:.0} rows/s", rows as f64 / took.as_secs_f64());

    let (begun, mut rows, mut cursor) = (Instant::now(), 0, None);
    loop {
        let page = warehouse.history(PartitionId(0), Offset::MAX, cursor, PAGE_ROWS).await.unwrap();
        rows += page.rows.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let took = begun.elapsed();
    println!("{rows} rows of one partition read in {took:?}: {:.0} rows/s", rows as f64 / took.as_secs_f64());
    assert_eq!(rows as u64, BATCHES * BATCH_RECORDS);

    // Another process takes the first partition over, and is to remember what was counted in it.
    let another = DatabendWarehouse::new(options, PARTITIONS).unwrap();
    another.positions().await.unwrap();
    let end = BATCHES * BATCH_RECORDS;
    let write = async |from, repeated: std::ops::Range<Offset>| {
        let (begun, next) = (Instant::now(), from + BATCH_RECORDS);
        let records = repeated.map(|offset| (from + offset, event(PartitionId(0), offset))).collect();
        another.write(WriteBatch { partition: PartitionId(0), from, next, records }).await.unwrap();
        begun.elapsed()
    };
    let (first, second) = (write(end, 0..0).await, write(end + BATCH_RECORDS, 0..0).await);
    let took = first.saturating_sub(second);
    println!("{rows} event ids remembered in {took:?}: {:.0} ids/s", rows as f64 / took.as_secs_f64());
    let took = write(end + 2 * BATCH_RECORDS, 0..BATCH_RECORDS).await;
    println!("{BATCH_RECORDS} repetitions left out in {took:?}: {:.0}/s", BATCH_RECORDS as f64 / took.as_secs_f64());
}
