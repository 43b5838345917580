//! Everything a source can do wrong: each kind is a 4xx with a code of its own, and nothing is stored.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode};
use schema::Topic;

use crate::app::{BATCH, EVENTS, SAMPLE, TestApp, config, event, request};

const UNKNOWN: &str = "unknown_user";

/// One kind of bad input.
struct Case {
    kind: &'static str,
    request: Request<Body>,
    status: u16,
    code: &'static str,
    /// The field that the first fault names.
    field: Option<&'static str>,
}

fn case(kind: &'static str, body: impl Into<Body>, status: u16, code: &'static str) -> Case {
    Case { kind, request: request(Method::POST, EVENTS, body), status, code, field: None }
}

/// An event of known identity whose top level has `key: value` in place of what it had.
fn top(kind: &'static str, key: &'static str, value: &str, code: &'static str) -> Case {
    let fields = [("id", "\"u\""), ("id_type", "\"cookie\""), ("payload", r#"{"activity_type":"a"}"#)];
    let kept = fields.into_iter().filter(|(name, _)| *name != key);
    let mut texts: Vec<String> = kept.map(|(name, text)| format!("\"{name}\":{text}")).collect();
    if !value.is_empty() {
        texts.push(format!("\"{key}\":{value}"));
    }
    Case { field: Some(key), ..case(kind, format!("{{{}}}", texts.join(",")), 400, code) }
}

/// An event whose payload has `key: value` besides its activity type.
fn inside(kind: &'static str, field: &'static str, value: &str, code: &'static str) -> Case {
    let key = field.strip_prefix("payload.").unwrap();
    let payload = format!(r#"{{"activity_type":"a","{key}":{value}}}"#);
    Case { field: Some(field), ..case(kind, event("u", &payload), 400, code) }
}

fn payload(kind: &'static str, text: &str, field: &'static str, code: &'static str) -> Case {
    Case { field: Some(field), ..case(kind, event("u", text), 400, code) }
}

fn batch(kind: &'static str, body: impl Into<Body>, status: u16, code: &'static str) -> Case {
    Case { request: request(Method::POST, BATCH, body), ..case(kind, "", status, code) }
}

fn with_header(case: Case, name: &'static str, value: &'static str) -> Case {
    let mut request = case.request;
    request.headers_mut().insert(name, HeaderValue::from_static(value));
    Case { request, ..case }
}

fn long(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes))
}

fn in_an_hour() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("\"{}\"", schema::Timestamp::from_micros(now.as_micros() as i64 + 3_600_000_000))
}

fn cases() -> Vec<Case> {
    let deep = format!(r#"{{"activity_type":"a","k":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    let many = format!("[{}]", [SAMPLE; 5].join(","));
    vec![
        // The request.
        case("nothing at all", "", 400, "empty_body"),
        case("no UTF-8", vec![b'{', 0xff, b'}'], 400, "invalid_utf8"),
        case("no JSON", r#"{"id": "u", "#, 400, "malformed_json"),
        case("no object", r#"["id"]"#, 400, "not_an_object"),
        case("two objects", format!("{SAMPLE} {SAMPLE}"), 400, "trailing_text"),
        case(
            "a giant event",
            event("u", &format!(r#"{{"activity_type":"a","k":{}}}"#, long(70_000))),
            413,
            "event_too_large",
        ),
        with_header(case("XML", "<event/>", 415, "unsupported_media_type"), "content-type", "application/xml"),
        with_header(case("compressed", SAMPLE, 415, "unsupported_content_encoding"), "content-encoding", "gzip"),
        Case { request: request(Method::POST, "/api/v1/event", SAMPLE), ..case("no such path", "", 404, "not_found") },
        Case { request: request(Method::DELETE, EVENTS, ""), ..case("no such method", "", 405, "method_not_allowed") },
        // Who.
        top("no id", "id", "", "missing_id"),
        top("an id that is a number", "id", "5", "id_not_text"),
        top("an empty id", "id", r#"" ""#, "empty_id"),
        top("a long id", "id", &long(257), "id_too_long"),
        top("no id type", "id_type", "null", "missing_id_type"),
        top("an id type that is a list", "id_type", r#"["cookie"]"#, "id_type_not_text"),
        top("an unknown id type", "id_type", r#""passport""#, "unknown_id_type"),
        // Which, and when.
        top("an event id that is a number", "event_id", "1", "event_id_not_text"),
        top("an event id that is no UUID", "event_id", r#""order-1""#, "invalid_event_id"),
        top("a time that is a number", "created_at", "1698710400", "created_at_not_text"),
        top("a time that is none", "created_at", r#""yesterday""#, "invalid_created_at"),
        top("a time in the future", "created_at", &in_an_hour(), "created_at_in_future"),
        top("a time before the warehouse's", "created_at", r#""0999-12-31T23:59:59Z""#, "created_at_too_early"),
        // Columns.
        top("a region that is a number", "region", "5", "column_not_text"),
        top("a long country", "country", &long(129), "column_too_long"),
        // The payload.
        top("no payload", "payload", "", "missing_payload"),
        top("a payload that is a text", "payload", r#""{}""#, "payload_not_an_object"),
        payload("no activity type", "{}", "payload.activity_type", "missing_activity_type"),
        payload(
            "an activity type that is a number",
            r#"{"activity_type":1}"#,
            "payload.activity_type",
            "activity_type_not_text",
        ),
        payload("an empty activity type", r#"{"activity_type":""}"#, "payload.activity_type", "empty_activity_type"),
        payload(
            "a long activity type",
            &format!(r#"{{"activity_type":{}}}"#, long(129)),
            "payload.activity_type",
            "activity_type_too_long",
        ),
        inside("a total that is true", "payload.order_total", "true", "order_total_not_a_number"),
        inside("a total that is a word", "payload.order_total", r#""ten""#, "invalid_order_total"),
        inside("a total of 15 whole digits", "payload.order_total", "100000000000000", "order_total_too_large"),
        inside("a total of 5 decimals", "payload.order_total", r#""1.00001""#, "order_total_too_precise"),
        payload("a key twice", r#"{"activity_type":"a","k":1,"k":2}"#, "payload", "duplicate_key"),
        payload("a bottomless payload", &deep, "payload", "nesting_too_deep"),
        payload("U+0000", r#"{"activity_type":"a","k":["\u0000"]}"#, "payload", "nul_character"),
        payload("half a surrogate pair", r#"{"activity_type":"a","k":"\ud800"}"#, "payload", "lone_surrogate"),
        payload("a number beyond a double", r#"{"activity_type":"a","k":1e999}"#, "payload", "number_out_of_range"),
        // Batches.
        batch("an empty batch", "[]", 400, "empty_batch"),
        batch("a batch that is a number", "17", 400, "not_a_batch"),
        batch("too many events", many, 413, "too_many_events"),
        batch("a giant batch", vec![b' '; 200_001], 413, "body_too_large"),
        batch("a batch without a good event", r#"[{"id":1},{"id":2}]"#, 400, "no_event_accepted"),
    ]
}

async fn app() -> TestApp {
    let mut config = config();
    config.ingest.max_batch_events = 4;
    config.http.max_body_bytes = 200_000;
    TestApp::start_with(config).await
}

#[tokio::test]
async fn each_kind_of_bad_input_has_a_code_of_its_own_and_nothing_is_stored() {
    let app = app().await;
    let mut kinds = BTreeMap::from([(UNKNOWN, "an unknown user, see identities.rs")]);
    for case in cases() {
        let Case { kind, request, status, code, field } = case;
        let answer = app.call(request).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}: {}", answer.text);
        assert_eq!(answer.code(), code, "{kind}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{kind}");
        if let Some(field) = field {
            assert_eq!(answer.json()["errors"][0]["field"], field, "{kind}: {}", answer.text);
            assert!(answer.json()["detail"].as_str().unwrap().contains(field), "{kind}: {}", answer.text);
        }
        assert_eq!(kinds.insert(code, kind), None, "{kind} has the code of another kind");
        assert_eq!(app.count(Topic::Events).await, 0, "{kind} was stored");
    }
    assert!(kinds.len() >= 30, "only {} kinds", kinds.len());
    app.accept(SAMPLE).await;
    assert_eq!(app.count(Topic::Events).await, 1);
    assert_eq!(app.count(Topic::Errors).await, 0);
}

#[tokio::test]
async fn all_faults_of_an_event_are_named_at_once() {
    let app = app().await;
    let body = r#"{"id":"","id_type":"passport","created_at":"soon","region":[],"country":"DE","country":"FR",
        "payload":{"order_total":"ten","url":7}}"#;
    let answer = app.post(EVENTS, body).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "invalid_event"));
    let json = answer.json();
    let mut named: Vec<_> =
        json["errors"].as_array().unwrap().iter().map(|fault| fault["field"].as_str().unwrap()).collect();
    named.sort_unstable();
    let expected = [
        "country",
        "created_at",
        "id",
        "id_type",
        "payload.activity_type",
        "payload.order_total",
        "payload.url",
        "region",
    ];
    assert_eq!(named, expected);
}

/// The same fault at other places has the same code.
#[tokio::test]
async fn faults_are_found_wherever_they_are() {
    let app = app().await;
    for case in [
        inside("a url that is a number", "payload.url", "1", "column_not_text"),
        inside("a long url", "payload.url", &long(8_193), "column_too_long"),
        inside("a long order id", "payload.order_id", &long(257), "column_too_long"),
        inside("an element id with U+0000", "payload.element_id", r#""a\u0000""#, "nul_character"),
        inside("a url with half a pair", "payload.url", r#""\udc00x""#, "lone_surrogate"),
        inside("a total that is infinite", "payload.order_total", "1e999999", "order_total_too_large"),
        inside("a total with a space", "payload.order_total", r#"" 1""#, "invalid_order_total"),
        inside("a total that is NaN", "payload.order_total", r#""NaN""#, "invalid_order_total"),
        inside("a total that is a list", "payload.order_total", "[1]", "order_total_not_a_number"),
        top("an id with U+0000", "id", r#""a\u0000""#, "nul_character"),
        top("the nil UUID", "event_id", r#""00000000-0000-0000-0000-000000000000""#, "invalid_event_id"),
        top("a payload that is a list", "payload", "[]", "payload_not_an_object"),
        top("the 30th of February", "created_at", r#""2023-02-30""#, "invalid_created_at"),
        payload("a lifted key twice", r#"{"activity_type":"a","activity_type":"b"}"#, "payload", "duplicate_key"),
        payload("a nested key twice", r#"{"activity_type":"a","k":[{"x":1,"\u0078":2}]}"#, "payload", "duplicate_key"),
        payload("a key with U+0000", r#"{"activity_type":"a","k":{"\u0000":1}}"#, "payload", "nul_character"),
    ] {
        let answer = app.call(case.request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, case.code),
            "{}: {}",
            case.kind,
            answer.text
        );
        assert_eq!(answer.json()["errors"][0]["field"], case.field.unwrap(), "{}", case.kind);
    }
    let twentieth = (0..40).map(|number| format!(r#","k{}":1"#, number % 39)).collect::<String>();
    let answer = app.post(EVENTS, event("u", &format!(r#"{{"activity_type":"a"{twentieth}}}"#))).await;
    assert_eq!(answer.code(), "duplicate_key");
    assert_eq!(app.count(Topic::Events).await, 0);
}

#[tokio::test]
async fn thirty_two_levels_of_nesting_are_fine() {
    let app = app().await;
    app.accept(&event("u", &format!(r#"{{"activity_type":"a","k":{}{}}}"#, "[".repeat(31), "]".repeat(31)))).await;
}

#[tokio::test]
async fn refusals_quote_little_of_what_was_sent() {
    let app = app().await;
    let answer = app.call(top("", "id_type", &long(60_000), "").request).await;
    assert_eq!(answer.code(), "unknown_id_type");
    assert!(answer.text.len() < 2_000, "{} bytes", answer.text.len());
}

#[tokio::test]
async fn a_body_without_a_length_is_limited_all_the_same() {
    let app = app().await;
    let chunks = futures_of(vec![vec![b' '; 60_000]; 2]);
    let answer = app.call(request(Method::POST, EVENTS, chunks)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "event_too_large"));
}

fn futures_of(chunks: Vec<Vec<u8>>) -> Body {
    Body::from_stream(tokio_stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>)))
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let mut config = config();
    config.ingest.body_timeout_ms = 20;
    let app = TestApp::start_with(config).await;
    let answer = app
        .call(request(
            Method::POST,
            EVENTS,
            Body::from_stream(tokio_stream::pending::<Result<Vec<u8>, std::io::Error>>()),
        ))
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::REQUEST_TIMEOUT, "request_timeout"));
}

#[tokio::test]
async fn refusals_are_counted_by_code() {
    let app = app().await;
    app.call(top("", "event_id", r#""no""#, "").request).await;
    app.call(batch("", "18", 400, "").request).await;
    let metrics = service::telemetry::render();
    for code in ["invalid_event_id", "not_a_batch"] {
        assert!(metrics.contains(&format!(r#"shoal_ingest_events_rejected_total{{reason="{code}"}}"#)), "{metrics}");
    }
}
