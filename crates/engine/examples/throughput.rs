//! How many events a second one core applies, by hand: `cargo run --release -p engine --example throughput`.
//!
//! A quick look while working on the engine; the comparison with other engines is in `bench/`.

use std::sync::Arc;
use std::time::Instant;

use engine::{Catalog, Engine, PartitionClock};
use schema::{
    Decimal, Definitions, Event, EventId, Generation, LogRecord, SegmentDefinition, SegmentId, SegmentTag,
    SegmentVersion, Timestamp, UserId,
};

const USERS: u64 = 20_000;
const EVENTS: u64 = 1_000_000;
/// Forty days of traffic.
const STEP_MICROS: i64 = 40 * 86_400 * 1_000_000 / EVENTS as i64;

const CLAUSES: [&str; 10] = [
    "created_at >= now() - INTERVAL 30 MINUTE",
    "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 30 DAY)",
    "device_type = 'mobile' AND count(*) FILTER (WHERE activity_type = 'page_viewed') >= 10 AND max(created_at) < now() - INTERVAL 7 DAY",
    "user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased' AND created_at >= now() - INTERVAL 90 DAY GROUP BY user_id HAVING sum(order_total) > 500 AND count(DISTINCT order_id) >= 2)",
    "max(created_at) FILTER (WHERE activity_type = 'added_to_cart') BETWEEN now() - INTERVAL 1 DAY AND now() - INTERVAL 1 HOUR AND coalesce(max(created_at) FILTER (WHERE activity_type = 'product_purchased'), TIMESTAMP '1970-01-01 00:00:00') < max(created_at) FILTER (WHERE activity_type = 'added_to_cart')",
    "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 1 DAY) >= 5",
    "count(*) FILTER (WHERE activity_type = 'product_purchased' AND created_at >= now() - INTERVAL 7 DAY) >= 3",
    "activity_type = 'added_to_cart' AND created_at >= now() - INTERVAL 1 HOUR",
    "max(order_total) > 200",
    "arg_max(region, created_at) = 'California'",
];

fn catalog() -> anyhow::Result<Catalog> {
    let definition = |(id, clause): (i64, &str)| {
        Some(SegmentDefinition {
            segment_id: SegmentId(id),
            tag: SegmentTag::new(&format!("rule-{id}"))?,
            version: SegmentVersion(1),
            where_statement: clause.to_owned(),
        })
    };
    let segments = (1..).zip(CLAUSES).filter_map(definition).collect();
    Ok(Catalog::freeze(&Definitions { generation: Generation(1), segments })?)
}

/// A multiplicative hash: traffic that is spread, and the same each time.
const fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

fn record(number: u64) -> LogRecord {
    let random = mixed(number);
    let at = Timestamp::from_micros(1_767_225_600_000_000 + number as i64 * STEP_MICROS);
    let (activity_type, order) = match random % 100 {
        0..80 => ("page_viewed", None),
        80..95 => ("added_to_cart", None),
        _ => ("product_purchased", Some(random >> 40)),
    };
    let region = ["California", "Nevada", "Oregon", "Texas"][(random >> 8) as usize % 4];
    LogRecord::Event(Event {
        region: Some(region.into()),
        country: Some("US".into()),
        device_type: Some(if random & 1 == 0 { "mobile" } else { "desktop" }.into()),
        order_id: order.map(|order| format!("o{order}").into()),
        order_total: order.and_then(|order| Decimal::new(i128::from(order % 3_000_000), 4)),
        ..Event::new(
            EventId(uuid::Uuid::from_u64_pair(random, number)),
            UserId((random >> 16) as i64 % USERS as i64 + 1),
            activity_type,
            at,
        )
    })
}

#[expect(clippy::print_stdout, reason = "a measurement for people")]
fn main() -> anyhow::Result<()> {
    let mut engine = Engine::new(Arc::new(catalog()?), PartitionClock::default());
    let (mut seconds, mut changes) = (0.0, 0);
    for batch in 0..EVENTS / 10_000 {
        let records: Vec<LogRecord> = (batch * 10_000..(batch + 1) * 10_000).map(record).collect();
        let began = Instant::now();
        for record in &records {
            changes += engine.fire_due(record.received_at(), usize::MAX).len();
            changes += engine.apply(record, record.received_at()).changes.len();
        }
        seconds += began.elapsed().as_secs_f64();
    }
    let dirty = engine.take_dirty();
    let bytes: usize = dirty.iter().map(|(_, state)| state.len()).sum();
    println!("{} rules, {EVENTS} events, {} users, {changes} changes", CLAUSES.len(), engine.user_count());
    println!("{:.0} events/s with exact timers", EVENTS as f64 / seconds);
    println!("{:.0} stored bytes per user", bytes as f64 / dirty.len() as f64);
    Ok(())
}
