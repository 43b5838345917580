//! Records that one release writes and another reads: an installation is upgraded one process after the other.
//!
//! Whoever reads passes over fields that it does not know, and a field that came later may be missing. What it cannot
//! understand at all it refuses by name. The state of a partition carries a number of its format (`bus`, `engine`).

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fmt::Debug;

use schema::{BackfillRun, Definitions, ErrorRecord, Generation, LogRecord, PartitionId, PartitionStatus};
use schema::{SegmentChange, StandingTraits, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const EVENT: &str = r#"{"kind":"event","event_id":"c1d1caef-b216-4fca-bd2d-d776bd6204d6","user_id":7,"activity_type":"product_purchased",
    "order_total":"12.5000","created_at":"2023-10-31T00:00:00Z","received_at":"2023-10-31T00:00:01Z","payload":{}}"#;
const TRAITS: &str = r#"{"kind":"traits","event_id":"c1d1caef-b216-4fca-bd2d-d776bd6204d6","user_id":7,
    "created_at":"2023-10-31T00:00:00Z","received_at":"2023-10-31T00:00:01Z","traits":{}}"#;
const DELETION: &str = r#"{"kind":"deletion","user_id":7,"received_at":"2023-10-31T00:00:01Z"}"#;
const DEFINITIONS: &str =
    r#"{"generation":4,"segments":[{"segment_id":1,"tag":"viewers","version":2,"where_statement":"count(*) >= 1"}]}"#;
const STATUS: &str = r#"{"partition":3,"as_of":"2026-01-01T00:00:00Z","next_offset":7,"changes_end":2,"generation":4,"absorbing":5,
    "backfill":{"from":4,"to":5,"absorbed_rows":10,"total_rows":90,"rows_per_second":null},"users":9}"#;
const ERROR: &str = r#"{"error_type":"ingest_event_error","data":{"code":"unknown_user"}}"#;
const STANDING: &str = r#"{"first":"2026-01-01T00:00:00Z","values":{"plan":["2026-01-01T00:00:00Z","\"pro\""]}}"#;

fn json_of<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn record(text: &str) -> Result<LogRecord, String> {
    LogRecord::decode(text.as_bytes()).map_err(|error| error.to_string())
}

/// Puts a field that nobody knows into every object, but not into those that are free, nor below them.
fn with_unknown_fields(value: &mut Value, free: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (_, value) in fields.iter_mut().filter(|(name, _)| !free.contains(&name.as_str())) {
                with_unknown_fields(value, free);
            }
            fields.insert("of_a_later_release".to_owned(), json!({"a": [1, null]}));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| with_unknown_fields(item, free)),
        _ => {}
    }
}

#[track_caller]
fn check<T: PartialEq + Debug>(text: &str, free: &[&str], read: fn(&str) -> Result<T, String>) {
    let expected = read(text).unwrap();
    let mut later: Value = serde_json::from_str(text).unwrap();
    with_unknown_fields(&mut later, free);
    assert_eq!(read(&later.to_string()).as_ref(), Ok(&expected), "{later}");
    // In the order in which fields are written, the new one last.
    let appended = format!("{},\"of_a_later_release\":0}}", text.strip_suffix('}').unwrap());
    assert_eq!(read(&appended).as_ref(), Ok(&expected), "{appended}");
}

fn change(cause: &Value) -> String {
    json!({
        "user_id": 1, "in_segments": [2], "out_segments": [1], "segments": [2], "seq": 12, "cause": cause,
        "definition_versions": {"1": 1, "2": 4}, "evaluated_at": "2026-01-01T00:00:00.000001Z",
    })
    .to_string()
}

#[test]
fn fields_of_a_later_release_are_passed_over() {
    check(EVENT, &["payload"], record);
    check(TRAITS, &["traits"], record);
    check(DELETION, &[], record);
    check(DEFINITIONS, &[], json_of::<Definitions>);
    check(STATUS, &[], json_of::<PartitionStatus>);
    check(ERROR, &["data"], json_of::<ErrorRecord>);
    check(STANDING, &["values"], json_of::<StandingTraits>);
    let causes = [
        json!({"type": "event", "event_id": "c1d1caef-b216-4fca-bd2d-d776bd6204d6"}),
        json!({"type": "time"}),
        json!({"type": "definition", "generation": 4}),
        json!({"type": "deletion"}),
    ];
    for cause in &causes {
        check(&change(cause), &["definition_versions"], json_of::<SegmentChange>);
    }
}

#[test]
fn what_a_later_release_calls_by_another_name_is_refused_by_that_name() {
    let refused = |text: &str| json_of::<SegmentChange>(text).unwrap_err();
    assert!(refused(&change(&json!({"type": "teleport"}))).contains("unknown variant `teleport`"));
    assert_eq!(record(r#"{"kind":"teleport"}"#), Err("unknown kind of log record `teleport`".to_owned()));
}

fn status() -> PartitionStatus {
    PartitionStatus {
        partition: PartitionId(3),
        as_of: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
        next_offset: 7,
        changes_end: 2,
        generation: Generation(4),
        absorbing: Some(Generation(5)),
        backfill: None,
        failure: None,
        users: 9,
    }
}

#[test]
fn a_status_of_an_owner_of_the_release_before_is_read() {
    let before = r#"{"partition":3,"as_of":"2026-01-01T00:00:00Z","next_offset":7,"changes_end":2,"generation":4,"absorbing":5,
        "absorbed_rows":120,"users":9}"#;
    assert_eq!(json_of(before), Ok(status()));
}

#[test]
fn a_status_says_where_its_partition_is_even_if_nothing_else_of_it_is_understood() {
    let least = r#"{"partition":3,"as_of":"2026-01-01T00:00:00Z","next_offset":7,"changes_end":2,"generation":4}"#;
    assert_eq!(json_of(least), Ok(PartitionStatus { absorbing: None, users: 0, ..status() }));
    for told in [json!("half"), json!({"from": 4, "until": 5}), json!([1, 2])] {
        let mut later: Value = serde_json::from_str(STATUS).unwrap();
        later["backfill"] = told;
        assert_eq!(json_of(&later.to_string()), Ok(status()), "{later}");
    }
    let run = json_of::<PartitionStatus>(STATUS).unwrap().backfill;
    let (from, to) = (Generation(4), Generation(5));
    let expected = BackfillRun { from, to, absorbed_rows: 10, total_rows: Some(90), rows_per_second: None };
    assert_eq!(run, Some(expected), "and all of it where it is");
}
