//! One user with very many events, as a bot is: what one more event costs where a condition is computed over them.
//!
//! `cargo test -p engine --test many_events -- --ignored --nocapture`; `SHOAL_EVENTS` says how many.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Catalog, Engine, PartitionClock};
use schema::{Definitions, Event, Generation, LogRecord, Timestamp, UserId};
use testkit::definition;

const DEFAULT_EVENTS: u64 = 20_000;
const MEASURED: u64 = 5;
/// In an unoptimised build, on a busy machine. Comparing every pair of 20,000 events takes minutes.
const MOST: Duration = Duration::from_secs(4);

const CLAUSES: [(&str, &str); 11] = [
    (
        "number of an event",
        "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS n \
         FROM events) t WHERE t.n > 1000000)",
    ),
    (
        "number of an event in its region",
        "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id, region ORDER BY created_at) AS n \
         FROM events) t WHERE t.n > 1000000)",
    ),
    (
        "events of a week",
        "user_id IN (SELECT user_id FROM events GROUP BY user_id, date_trunc('week', created_at) HAVING count(*) > 1000000)",
    ),
    (
        "viewed and not bought",
        "EXISTS (SELECT 1 FROM events v LEFT JOIN events p ON p.user_id = v.user_id AND p.activity_type = 'product_purchased' \
         AND p.url = v.url WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.event_id IS NULL)",
    ),
    (
        "nothing after it",
        "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'nowhere2' AND NOT EXISTS (SELECT 1 \
         FROM events f WHERE f.user_id = e.user_id AND f.created_at > e.created_at AND f.activity_type = 'product_purchased'))",
    ),
    (
        "purchases after views of the page",
        "(SELECT count(*) FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url AND p.created_at > v.created_at \
         WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased') < 0",
    ),
    (
        "totals of the regions",
        "(SELECT max(t.total) FROM (SELECT user_id, region AS part, sum(order_total) AS total FROM events GROUP BY user_id, part) t \
         WHERE t.user_id = events.user_id) > 1000000",
    ),
    (
        "events of a region within a month",
        "user_id IN (SELECT user_id FROM events WHERE created_at >= now() - INTERVAL 30 DAY GROUP BY user_id, region \
         HAVING count(*) > 1000000)",
    ),
    (
        "the last event, if it is of a region",
        "user_id IN (SELECT t.user_id FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC) AS n \
         FROM events) t WHERE t.n = 1 AND t.region = 'region 1')",
    ),
    (
        "bought what was viewed within an hour, in a month",
        "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id AND p.url = v.url WHERE v.user_id = events.user_id \
         AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_returned' AND v.created_at >= now() - INTERVAL 30 DAY \
         AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 HOUR)",
    ),
    ("above the average", "order_total > 2 * avg(order_total)"),
];

fn at(number: u64) -> Timestamp {
    Timestamp::from_micros(number as i64 * 60_000_000)
}

fn event(number: u64) -> Event {
    let activity = if number.is_multiple_of(2) { "page_viewed" } else { "product_purchased" };
    let mut event = testkit::event(UserId(1), u128::from(number), activity, at(number));
    event.region = Some(format!("region {}", number % 3));
    // Some are viewed and bought, all others neither.
    event.url = Some(format!("/product/{}", number / 2 % 2_000));
    event.order_total = schema::Decimal::parse_column("9.99", 18, 4).ok();
    event
}

fn catalog(generation: u64, clause: Option<&str>) -> Arc<Catalog> {
    let segments = clause.map(|clause| definition(1, clause)).into_iter().collect();
    let definitions = Definitions { generation: Generation(generation), segments };
    Arc::new(Catalog::freeze(&definitions).unwrap_or_else(|error| panic!("{error}: {:?}", error.diagnostics)))
}

/// Returns what one more event takes on average.
fn measure(clause: &str, events: u64) -> Duration {
    let mut engine = Engine::new(catalog(1, None), PartitionClock::default());
    engine.apply(&LogRecord::Event(event(0)), at(0));
    engine.begin_absorbing(catalog(2, Some(clause)));
    (0..events).for_each(|number| engine.absorb(&event(number)));
    engine.switch_catalog(at(events));
    let started = Instant::now();
    for number in events..events + MEASURED {
        engine.apply(&LogRecord::Event(event(number)), at(number));
    }
    started.elapsed() / MEASURED as u32
}

#[test]
#[ignore = "takes a minute"]
fn one_more_event_does_not_compare_every_pair() {
    let events = std::env::var("SHOAL_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_EVENTS);
    for (name, clause) in CLAUSES {
        let taken = measure(clause, events);
        eprintln!("{name}: {taken:?} for one more event after {events}");
        assert!(taken < MOST, "{name}: {taken:?}");
    }
}
