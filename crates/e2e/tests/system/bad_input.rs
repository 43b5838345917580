//! Thirty kinds of bad input: each refused with a code of its own, and nothing stored.

use std::collections::BTreeMap;

use e2e::system::System;
use serde_json::{Value, json};

use crate::{event, start};

/// Where a request goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum To {
    Ingestion,
    Config,
}

struct BadRequest {
    to: To,
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    code: &'static str,
}

fn posted(to: To, path: &'static str, body: impl Into<Vec<u8>>, code: &'static str) -> BadRequest {
    BadRequest { to, method: "POST", path, content_type: "application/json", body: body.into(), code }
}

/// A bad event: a good one in which `change` breaks something.
fn bad_event(code: &'static str, change: impl FnOnce(&mut Value)) -> BadRequest {
    let mut event = event("mallory", "page_viewed", &json!({}));
    change(&mut event);
    posted(To::Ingestion, "/api/v1/events", event.to_string(), code)
}

/// A bad segment: a good one with another clause.
fn bad_clause(code: &'static str, clause: &str) -> BadRequest {
    let body = json!({ "tag": "bad", "title": "bad", "whereStatement": clause });
    posted(To::Config, "/api/v1/segments", body.to_string(), code)
}

fn bad_events() -> Vec<BadRequest> {
    let good = event("mallory", "page_viewed", &json!({})).to_string();
    let in_ten_minutes = e2e::now().plus_micros(600_000_000);
    vec![
        posted(To::Ingestion, "/api/v1/events", "", "empty_body"),
        posted(To::Ingestion, "/api/v1/events", "{\"id\": ", "malformed_json"),
        posted(To::Ingestion, "/api/v1/events", format!("{good} {good}"), "trailing_text"),
        posted(To::Ingestion, "/api/v1/events", "[]", "not_an_object"),
        posted(To::Ingestion, "/api/v1/events", b"{\"id\": \"\xff\"}".to_vec(), "invalid_utf8"),
        posted(To::Ingestion, "/api/v1/events", good.replacen('{', "{\"id\":\"twice\",", 1), "duplicate_key"),
        posted(To::Ingestion, "/api/v1/events", format!("{}{good}", " ".repeat(100_000)), "event_too_large"),
        BadRequest {
            content_type: "text/html",
            ..posted(To::Ingestion, "/api/v1/events", good, "unsupported_media_type")
        },
        posted(To::Ingestion, "/api/v1/events/batch", "[]", "empty_batch"),
        posted(To::Ingestion, "/api/v1/events/batch", "7", "not_a_batch"),
        posted(To::Ingestion, "/api/v1/events/batch", "[{}, {\"id\": 7}]", "no_event_accepted"),
        posted(To::Ingestion, "/api/v1/events/batch", format!("[{}0]", "0,".repeat(10_000)), "too_many_events"),
        BadRequest { method: "GET", ..posted(To::Ingestion, "/api/v1/events", "", "method_not_allowed") },
        posted(To::Ingestion, "/api/v2/events", "{}", "not_found"),
        bad_event("missing_id", |event| _ = event.as_object_mut().unwrap().remove("id")),
        bad_event("id_not_text", |event| event["id"] = json!(7)),
        bad_event("empty_id", |event| event["id"] = json!("")),
        bad_event("id_too_long", |event| event["id"] = json!("x".repeat(300))),
        bad_event("missing_id_type", |event| _ = event.as_object_mut().unwrap().remove("id_type")),
        bad_event("unknown_id_type", |event| event["id_type"] = json!("shoe_size")),
        bad_event("invalid_event_id", |event| event["event_id"] = json!("not-a-uuid")),
        bad_event("invalid_created_at", |event| event["created_at"] = json!("yesterday")),
        bad_event("created_at_in_future", |event| event["created_at"] = json!(in_ten_minutes)),
        bad_event("missing_payload", |event| _ = event.as_object_mut().unwrap().remove("payload")),
        bad_event("payload_not_an_object", |event| event["payload"] = json!("page_viewed")),
        bad_event("missing_activity_type", |event| event["payload"] = json!({})),
        bad_event("activity_type_not_text", |event| event["payload"]["activity_type"] = json!(1)),
        bad_event("invalid_order_total", |event| event["payload"]["order_total"] = json!("a lot")),
        bad_event("order_total_too_precise", |event| event["payload"]["order_total"] = json!("1.00001")),
        bad_event("column_not_text", |event| event["region"] = json!({"name": "California"})),
        bad_event("nul_character", |event| event["region"] = json!("Cali\u{0}fornia")),
    ]
}

fn bad_definitions() -> Vec<BadRequest> {
    let good = "created_at >= now() - INTERVAL 1 DAY";
    let segment = |body: Value, code| posted(To::Config, "/api/v1/segments", body.to_string(), code);
    vec![
        bad_clause("syntax", "region = = 'California'"),
        bad_clause("multiple_statements", "region = 'x'; DROP TABLE events"),
        bad_clause("comment", "region = 'x' -- and nothing else"),
        bad_clause("unknown_column", "regoin = 'California'"),
        bad_clause("unknown_function", "soundex(region) = 'C416'"),
        bad_clause("unknown_table", "user_id IN (SELECT user_id FROM purchases)"),
        bad_clause("type_mismatch", "created_at > 'x' || region"),
        bad_clause("cross_user_subquery", "order_total > (SELECT max(order_total) FROM events)"),
        bad_clause("non_deterministic_function", "rand() < 0.1"),
        bad_clause("calendar_interval", "created_at >= now() - INTERVAL 1 MONTH"),
        bad_clause("limits", &format!("region IN ('{}')", "x".repeat(20_000))),
        segment(json!({ "tag": "No Tag!", "whereStatement": good }), "invalid_tag"),
        segment(json!({ "tag": "bad", "whereStatement": good, "colour": "red" }), "unknown_field"),
        segment(json!({ "tag": "bad" }), "missing_field"),
        segment(json!({ "tag": "bad", "whereStatement": 7 }), "wrong_type"),
        BadRequest { method: "GET", ..posted(To::Config, "/api/v1/segments?cursor=x", "", "invalid_cursor") },
        BadRequest { method: "GET", ..posted(To::Config, "/api/v1/segments?limit=0", "", "invalid_limit") },
        BadRequest { method: "GET", ..posted(To::Config, "/api/v1/segments/zero", "", "invalid_id") },
    ]
}

async fn send(system: &System, bad: &BadRequest) -> (u16, Value) {
    let places = system.process().places();
    let base = if bad.to == To::Ingestion { &places.ingestion } else { &places.config };
    let method = reqwest::Method::from_bytes(bad.method.as_bytes()).unwrap();
    // A connection each: a server may close one whose body it did not read to the end.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let request = http.request(method, format!("{base}{}", bad.path)).header("content-type", bad.content_type);
    let response = request.body(bad.body.clone()).send().await.unwrap();
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(media_type, "application/problem+json", "{}: {text}", bad.code);
    (status, serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn bad_input_is_answered_with_a_code_of_its_own_and_stores_nothing() {
    let system = start().await;
    let all: Vec<BadRequest> = bad_events().into_iter().chain(bad_definitions()).collect();
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (number, bad) in all.iter().enumerate() {
        let (status, problem) = send(&system, bad).await;
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        if !(400..500).contains(&status) || code != bad.code {
            wrong.push(format!("expected {}, got {status} {problem}", bad.code));
        }
        if let Some(earlier) = answered.insert(code, number) {
            wrong.push(format!("{} has the code of {}: {problem}", bad.code, all[earlier].code));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert!(answered.len() >= 30, "{} kinds", answered.len());

    // It goes on, and the first user it has is of the first good event.
    assert_eq!(system.get("/api/v1/users").await.unwrap()["items"], json!([]));
    assert_eq!(system.get("/api/v1/segments").await.unwrap()["items"], json!([]));
    system.create("good", "created_at >= now() - INTERVAL 1 DAY").await.unwrap();
    let user_id = system.post(&event("alice", "page_viewed", &json!({}))).await.unwrap();
    assert!(system.tags_of(user_id).await.unwrap().contains("good"));
    let recorded = system.stop_and_read().await.unwrap();
    let records: usize = recorded.partitions.iter().map(|partition| partition.events.len()).sum();
    assert_eq!(records, 1, "only the good event is in the log");
}
