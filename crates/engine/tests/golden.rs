//! The bytes of a stored user never change: state written by an older build must stay readable.
//!
//! A new format gets a new version and a new file beside `format-1.txt`; the old bytes are kept for ever.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::sync::Arc;

use engine::{Catalog, Engine, PartitionClock};
use schema::{Decimal, Definitions, Event, Generation, LogRecord, Timestamp, UserDeletion, UserId};
use testkit::{definition, event};

const FORMAT_1: &str = include_str!("golden/format-1.txt");
const FORMAT_2: &str = include_str!("golden/format-2.txt");
const FORMAT_3: &str = include_str!("golden/format-3.txt");
const FORMAT_4: &str = include_str!("golden/format-4.txt");

/// One aggregate of each kind of state, of each with and without events that leave.
const CLAUSES: [&str; 12] = [
    "region = 'CA'",
    "created_at >= now() - INTERVAL 1 HOUR",
    "count(*) >= 2",
    "count(*) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) >= 2",
    "sum(order_total) > 10",
    "avg(order_total) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) > 10",
    "max(order_total) > 10",
    "min(order_total) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) > 10",
    "count(DISTINCT order_id) >= 2",
    "count(DISTINCT order_id) FILTER (WHERE created_at BETWEEN now() - INTERVAL 1 HOUR AND now() - INTERVAL 1 MINUTE) >= 2",
    "arg_max(region, created_at) = 'CA'",
    "arg_min(region, created_at) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) = 'CA'",
];

/// What format 2 can hold besides: retained events.
const INTERPRETED: [&str; 2] = [
    "order_total > avg(order_total)",
    "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.order_id = events.order_id \
     AND e.created_at > events.created_at AND e.created_at >= now() - INTERVAL 1 HOUR)",
];

/// What format 3 keeps in series of their own kinds, shared by windows.
const SERIES: [&str; 4] = [
    "sum(order_total) FILTER (WHERE created_at >= now() - INTERVAL 1 HOUR) > 20",
    "sum(order_total) FILTER (WHERE created_at >= now() - INTERVAL 30 MINUTE) < 20",
    "count(*) FILTER (WHERE region = 'CA' AND created_at > now() - INTERVAL 2 HOUR) >= 3",
    "arg_max(order_id, created_at) <> 'o1'",
];

const SAID: [&str; 2] = [
    "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro') AND region = 'CA'",
    "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'segment-1') AND region = 'CA'",
];

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn catalog_of(clauses: &[&str]) -> Arc<Catalog> {
    let segments = (1..).zip(clauses).map(|(id, clause)| definition(id, clause)).collect();
    Arc::new(Catalog::freeze(&Definitions { generation: Generation(1), segments }).unwrap())
}

fn format_1() -> Arc<Catalog> {
    catalog_of(&CLAUSES)
}

fn format_2() -> Arc<Catalog> {
    catalog_of(&[&CLAUSES[..], &INTERPRETED].concat())
}

fn format_3() -> Arc<Catalog> {
    catalog_of(&[&CLAUSES[..], &INTERPRETED, &SERIES].concat())
}

/// What format 4 holds besides: what was said of the user.
fn format_4() -> Arc<Catalog> {
    catalog_of(&[&CLAUSES[..], &INTERPRETED, &SERIES, &SAID].concat())
}

fn engine_told(catalog: Arc<Catalog>) -> Engine {
    let mut engine = engine(catalog);
    let said_at = at("2026-01-01T00:03:00Z");
    let said = br#"{"kind":"traits","user_id":1,"event_id":"c1d1caef-b216-4fca-bd2d-d776bd6204d6",
        "created_at":"2026-01-01T00:03:00Z","received_at":"2026-01-01T00:03:00Z","traits":{"plan": "pro"}}"#;
    engine.apply(&LogRecord::decode(said).unwrap(), said_at);
    engine
}

fn engine(catalog: Arc<Catalog>) -> Engine {
    let mut engine = Engine::new(catalog, PartitionClock::default());
    let purchase = |number, minute: &str, order: &str, total: &str| Event {
        region: Some("CA".into()),
        order_id: Some(order.into()),
        order_total: Some(Decimal::parse_column(total, 18, 4).unwrap()),
        ..event(UserId(1), number, "product_purchased", at(&format!("2026-01-01T00:{minute}:00Z")))
    };
    for event in [purchase(1, "01", "o1", "12.50"), purchase(2, "02", "o2", "9.99"), purchase(3, "02", "o1", "-1")] {
        engine.apply(&LogRecord::Event(event.clone()), event.created_at);
    }
    let erased_at = at("2026-01-01T00:03:00Z");
    engine.apply(&LogRecord::Deletion(UserDeletion { user_id: UserId(2), received_at: erased_at }), erased_at);
    engine
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn the_format_is_written_as_ever() {
    let dirty = engine_told(format_4()).take_dirty();
    let written: Vec<String> = dirty.iter().map(|(user_id, bytes)| format!("{user_id} {}", hex(bytes))).collect();
    assert_eq!(written, FORMAT_4.lines().collect::<Vec<_>>());
}

fn stored_users(stored: &str) -> Vec<(UserId, Vec<u8>)> {
    let user = |line: &str| {
        let (user_id, hex) = line.split_once(' ').unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (UserId(user_id.parse().unwrap()), (0..hex.len()).step_by(2).map(byte).collect())
    };
    stored.lines().map(user).collect()
}

#[track_caller]
fn check_read(stored: &str, catalog: &Arc<Catalog>, engine: fn(Arc<Catalog>) -> Engine) {
    let expected = || engine(Arc::clone(catalog));
    let mut loaded = Engine::new(Arc::clone(catalog), expected().clock());
    for (user_id, bytes) in stored_users(stored) {
        loaded.load_user(user_id, &bytes).unwrap();
    }
    assert_eq!(loaded.segments_of(UserId(1)), expected().segments_of(UserId(1)));
    assert_eq!(loaded.segments_of(UserId(2)), None);
    assert_eq!(loaded.user_count(), 1);
    let later = at("2026-01-02T00:00:00Z");
    assert_eq!(loaded.fire_due(later, 100), expected().fire_due(later, 100));
    assert!(!expected().fire_due(later, 100).is_empty());
}

#[test]
fn format_1_is_read_and_goes_on_as_ever() {
    check_read(FORMAT_1, &format_1(), engine);
}

#[test]
fn format_2_is_read_and_goes_on_as_ever() {
    check_read(FORMAT_2, &format_2(), engine);
}

#[test]
fn format_3_is_read_and_goes_on_as_ever() {
    check_read(FORMAT_3, &format_3(), engine);
}

#[test]
fn format_4_is_read_and_goes_on_as_ever() {
    check_read(FORMAT_4, &format_4(), engine_told);
}

#[test]
fn damaged_or_foreign_state_is_refused_with_a_reason() {
    let (_, bytes) = engine(format_3()).take_dirty().swap_remove(0);
    let load = |bytes: &[u8], catalog| Engine::new(catalog, PartitionClock::default()).load_user(UserId(1), bytes);
    let refused = |bytes: &[u8], catalog| load(bytes, catalog).unwrap_err().to_string();
    assert_eq!(refused(&[], format_3()), "user state: is empty");
    assert_eq!(refused(&[9, 1], format_3()), "user state: has format 9, this build reads up to 4");
    assert!(refused(&bytes[..bytes.len() - 1], format_3()).starts_with("user state: is damaged"));
    assert_eq!(refused(&[&bytes[..], &[0]].concat(), format_3()), "user state: has 1 bytes too many");
    let empty = Arc::new(Catalog::freeze(&Definitions::default()).unwrap());
    assert!(refused(&bytes, empty).contains("the catalog has not"));
    for cut in 0..bytes.len() {
        assert!(load(&bytes[..cut], format_3()).is_err(), "the first {cut} bytes");
    }
}

#[test]
fn the_last_seq_is_read_from_every_format_without_definitions() {
    for (stored, expected) in [(FORMAT_1, 3), (FORMAT_2, 3), (FORMAT_3, 3), (FORMAT_4, 5)] {
        let seqs: Vec<_> = stored_users(stored).iter().map(|(_, bytes)| engine::last_seq(bytes).unwrap()).collect();
        assert_eq!(seqs, [Some(expected), None]);
    }
    assert_eq!(engine::last_seq(&[]).unwrap_err().to_string(), "user state: is empty");
    assert_eq!(
        engine::last_seq(&[9, 1]).unwrap_err().to_string(),
        "user state: has format 9, this build reads up to 4"
    );
    assert!(engine::last_seq(&[4]).is_err());
}
