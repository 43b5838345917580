//! What is said of users.

use axum::http::StatusCode;
use schema::{LogRecord, Timestamp, Topic};
use serde_json::{Value, json};

use crate::app::{EVENTS, TestApp, event};

pub(crate) const IDENTIFY: &str = "/api/v1/identify";

fn said(rest: &str) -> String {
    format!(r#"{{"id":"u","id_type":"cookie"{rest}}}"#)
}

#[tokio::test]
async fn traits_are_stored_as_sent_under_the_user_of_the_identity() {
    let app = TestApp::start().await;
    let by_event = app.post(EVENTS, event("u", r#"{"activity_type":"a"}"#)).await;
    let traits = r#"{"plan": "pro","seats":5.10,"tags":[1,{"b":null}]}"#;
    let body = said(&format!(r#","created_at":"2026-01-01T00:00:00","traits":{traits},"link":[]"#));
    let answer = app.post(IDENTIFY, body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(answer.json()["user_id"], by_event.json()["user_id"], "the same identity is the same user");
    let records = app.records().await;
    let [LogRecord::Event(_), LogRecord::Traits(stored)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (stored.traits.as_str(), stored.created_at),
        (traits, Timestamp::parse("2026-01-01T00:00:00Z").unwrap())
    );
    assert_eq!(answer.json(), json!({ "event_id": stored.event_id, "user_id": stored.user_id }));
}

#[tokio::test]
async fn without_a_time_it_is_so_now() {
    let app = TestApp::start().await;
    let answer = app.post(IDENTIFY, said(r#","traits":{"a":null}"#)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let records = app.records().await;
    let [LogRecord::Traits(stored)] = &records[..] else { panic!("{records:?}") };
    assert_eq!(stored.created_at, stored.received_at);
}

#[tokio::test]
async fn each_fault_has_its_code_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let many: Vec<String> = (0..65).map(|number| format!("\"t{number}\":1")).collect();
    let many = format!(r#","traits":{{{}}}"#, many.join(","));
    let long = format!(r#","traits":{{"{}":1}}"#, "x".repeat(129));
    let deep = format!(r#","traits":{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    let cases = [
        (said(r#","traits":{"a":1},"link":[{"id":"v","id_type":"email"}]"#), "link_not_supported", "link"),
        (said(""), "missing_traits", "traits"),
        (said(r#","traits":null"#), "missing_traits", "traits"),
        (said(r#","traits":[1]"#), "traits_not_an_object", "traits"),
        (said(r#","traits":{"a":1,"a":2}"#), "duplicate_key", "traits"),
        (said(r#","traits":{"a":"\u0000"}"#), "nul_character", "traits"),
        (said(r#","traits":{"a":"\ud800"}"#), "lone_surrogate", "traits"),
        (said(r#","traits":{"a":1e999}"#), "number_out_of_range", "traits"),
        (said(r#","traits":{"":1}"#), "invalid_trait_name", "traits"),
        (said(&long), "invalid_trait_name", "traits"),
        (said(&many), "too_many_traits", "traits"),
        (said(&deep), "nesting_too_deep", "traits"),
        (said(r#","traits":{"a":1},"id":"w""#), "duplicate_key", "id"),
        (said(r#","traits":{"a":1},"created_at":"2999-01-01""#), "created_at_in_future", "created_at"),
        (r#"{"id":"u","id_type":"mail","traits":{}}"#.to_owned(), "unknown_id_type", "id_type"),
        (r#"{"id_type":"email","traits":{}}"#.to_owned(), "missing_id", "id"),
    ];
    for (body, code, field) in cases {
        let answer = app.post(IDENTIFY, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{body}: {}", answer.text);
        let fault = &answer.json()["errors"][0];
        assert_eq!((&fault["code"], &fault["field"]), (&json!(code), &json!(field)), "{body}: {}", answer.text);
    }
    for (body, code) in
        [("", "empty_body"), ("[]", "not_an_object"), ("{", "malformed_json"), ("{} {}", "trailing_text")]
    {
        let answer = app.post(IDENTIFY, body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["code"]),
            (400, &json!(code)),
            "{}",
            answer.text
        );
    }
    let all = app.post(IDENTIFY, r#"{"id_type":"mail","traits":3,"link":{}}"#).await;
    assert_eq!(
        (all.code().as_str(), all.json()["errors"].as_array().unwrap().len()),
        ("invalid_identify", 4),
        "{}",
        all.text
    );
    assert!(app.records().await.is_empty());
}

#[tokio::test]
async fn nobody_known_is_refused_and_reported_where_unknown_users_are() {
    let app = TestApp::rejecting_unknown_users().await;
    let answer = app.post(IDENTIFY, said(r#","traits":{"plan":"pro"}"#)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(answer.json()["errors"][0]["code"], "unknown_user");
    let errors = app.values(Topic::Errors).await;
    let [error] = &errors[..] else { panic!("{errors:?}") };
    let data = &serde_json::from_str::<Value>(error).unwrap()["data"];
    assert_eq!((&data["code"], &data["traits"]), (&json!("unknown_user"), &json!(r#"{"plan":"pro"}"#)));
    assert!(app.records().await.is_empty());
}
