//! Batches: both forms, one result per event, good ones kept.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use schema::Topic;
use serde_json::Value;

use crate::app::{BATCH, SAMPLE, TestApp, config, event};

fn purchase(id: &str, total: &str) -> String {
    event(id, &format!(r#"{{"activity_type":"product_purchased","order_total":{total}}}"#))
}

/// Three good events and three bad ones.
fn mixed() -> Vec<String> {
    vec![
        purchase("ana", "1.10"),
        r#"{"id":"x"}"#.to_owned(),
        purchase("bob", r#""2.20""#),
        purchase("eve", "true"),
        "17".to_owned(),
        purchase("ana", "3.30"),
    ]
}

async fn check_mixed(app: &TestApp, answer: &Value) {
    assert_eq!((&answer["accepted"], &answer["refused"]), (&Value::from(3), &Value::from(3)), "{answer}");
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [202, 400, 202, 400, 400, 202]);
    assert_eq!(results[0]["user_id"], results[5]["user_id"]);
    assert_ne!(results[0]["user_id"], results[2]["user_id"]);
    assert_eq!(results[1]["errors"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(results[3]["code"], "order_total_not_a_number");
    assert_eq!(results[4]["code"], "not_an_object");
    let mut stored: Vec<_> = app.events().await.iter().map(|event| event.event_id.to_string()).collect();
    let mut accepted: Vec<_> =
        [0, 2, 5].map(|index: usize| results[index]["event_id"].as_str().unwrap().to_owned()).into();
    stored.sort();
    accepted.sort();
    assert_eq!(stored, accepted);
}

#[tokio::test]
async fn good_events_of_an_array_are_kept_when_others_are_bad() {
    let app = TestApp::start().await;
    let answer = app.post(BATCH, format!("[{}]", mixed().join(" ,\n"))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    check_mixed(&app, &answer.json()).await;
}

#[tokio::test]
async fn good_lines_are_kept_when_others_are_bad() {
    let app = TestApp::start().await;
    let answer = app.post(BATCH, mixed().join("\r\n\n") + "\n").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    check_mixed(&app, &answer.json()).await;
}

fn ndjson(body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri(BATCH).header("content-type", "application/x-ndjson");
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn a_line_that_is_no_json_costs_only_itself() {
    let app = TestApp::start().await;
    let mut body = format!("garbage {{\n{}\n", event("u", r#"{"activity_type":"a"}"#)).into_bytes();
    body.extend(b"{\"id\":\"\xff\"}\n");
    let answer = app.call(ndjson(body)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let json = answer.json();
    let codes: Vec<_> = json["results"].as_array().unwrap().iter().map(|result| result["code"].as_str()).collect();
    assert_eq!(codes, [Some("malformed_json"), None, Some("invalid_utf8")]);
    assert_eq!(app.count(Topic::Events).await, 1);
}

#[tokio::test]
async fn an_array_that_is_cut_off_stores_nothing() {
    let app = TestApp::start().await;
    let answer = app.post(BATCH, format!("[{SAMPLE},{SAMPLE}")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "malformed_json"));
    let answer = app.post(BATCH, format!("[{SAMPLE}] {SAMPLE}")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "trailing_text"));
    assert_eq!(app.count(Topic::Events).await, 0);
}

#[tokio::test]
async fn when_nothing_is_good_the_faults_are_named_by_position() {
    let app = TestApp::start().await;
    let answer = app.post(BATCH, format!(r#"["x",{}]"#, purchase("u", "[]"))).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "no_event_accepted"));
    let json = answer.json();
    assert_eq!(json["errors"][0]["field"], "[0]");
    assert_eq!(json["errors"][1]["field"], "[1].payload.order_total");
}

#[tokio::test]
async fn an_event_of_a_batch_has_the_same_limit_as_one_alone() {
    let app = TestApp::start().await;
    let giant = event("u", &format!(r#"{{"activity_type":"a","k":"{}"}}"#, "x".repeat(70_000)));
    let answer = app.post(BATCH, format!("[{giant},{SAMPLE}]")).await;
    let json = answer.json();
    assert_eq!((&json["results"][0]["status"], &json["results"][0]["code"]), (&413.into(), &"event_too_large".into()));
    assert_eq!(json["results"][1]["status"], 202);
}

#[tokio::test]
async fn a_batch_is_as_large_as_configured_and_no_larger() {
    let mut config = config();
    config.ingest.max_batch_events = 1_000;
    let app = TestApp::start_with(config).await;
    let body =
        |count: usize| (0..count).map(|id| event(&id.to_string(), r#"{"activity_type":"a"}"#)).collect::<Vec<_>>();
    assert_eq!(app.call(ndjson(body(1_001).join("\n"))).await.code(), "too_many_events");
    assert_eq!(app.count(Topic::Events).await, 0);
    let answer = app.call(ndjson(body(1_000).join("\n"))).await;
    assert_eq!(answer.json()["accepted"], 1_000);
    assert_eq!(app.count(Topic::Events).await, 1_000);
}
