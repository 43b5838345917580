//! What is accepted, and what then stands in the log.

use axum::http::StatusCode;
use schema::{Decimal, Timestamp};

use crate::app::{EVENTS, SAMPLE, TestApp, event};

#[tokio::test]
async fn the_sample_body_works_as_it_is() {
    let app = TestApp::start().await;
    let answer = app.post(EVENTS, SAMPLE).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let json = answer.json();
    let keys: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["event_id", "user_id"]);

    let events = app.events().await;
    let [stored] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(json["event_id"], stored.event_id.to_string());
    assert_eq!(json["user_id"], stored.user_id.0);
    assert_eq!(stored.activity_type, "page_viewed");
    assert_eq!(stored.region.as_deref(), Some("California"));
    assert_eq!(stored.device_type.as_deref(), Some("mobile"));
    assert_eq!(stored.country.as_deref(), Some("US"));
    assert_eq!(stored.created_at, Timestamp::parse("2023-10-31T00:00:00Z").unwrap());
    assert_eq!(stored.url.as_deref(), Some("http://myawesomeproduct"));
    assert_eq!((&stored.order_total, &stored.order_id, &stored.element_id), (&None, &None, &None));
    let payload = SAMPLE.split_once("\"payload\": ").unwrap().1.strip_suffix(" }").unwrap();
    assert_eq!(stored.payload.as_str(), payload);
}

async fn stored_total(total: &str) -> Option<Decimal> {
    let app = TestApp::start().await;
    app.accept(&event("u", &format!(r#"{{"activity_type":"product_purchased","order_total":{total}}}"#))).await;
    app.events().await[0].order_total
}

#[tokio::test]
async fn an_order_total_is_exact_whether_number_or_text() {
    // 99999999999999.9999 and 0.1 + 0.2 have no exact double; the texts must survive.
    for (sent, kept) in [
        ("99999999999999.9999", Some("99999999999999.9999")),
        (r#""99999999999999.9999""#, Some("99999999999999.9999")),
        ("12.30", Some("12.3000")),
        ("-0.0001", Some("-0.0001")),
        ("1.25e3", Some("1250.0000")),
        (r#""12""#, Some("12.0000")),
        ("0.30000", Some("0.3000")),
        (r#""""#, None),
        ("null", None),
    ] {
        let total = stored_total(sent).await;
        assert_eq!(total.map(|total| total.to_string()).as_deref(), kept, "order_total {sent}");
    }
}

#[tokio::test]
async fn the_payload_stays_as_sent_byte_for_byte() {
    let app = TestApp::start().await;
    let payload = "{ \"activity_type\":\"a\",\n\t\"weird \\u00e9 key\" : [1.10, 1e2, {\"b\":null}],\"é\":\"\\/\" , \"order_total\": \"1.50\"}";
    app.accept(&event("u", payload)).await;
    assert_eq!(app.events().await[0].payload.as_str(), payload);
}

#[tokio::test]
async fn a_payload_may_have_more_keys_than_are_searched_one_by_one() {
    let app = TestApp::start().await;
    let keys: String = (0..200).map(|number| format!(r#","k{number}":{number}"#)).collect();
    app.accept(&event("u", &format!(r#"{{"activity_type":"a"{keys}}}"#))).await;
}

#[tokio::test]
async fn created_at_is_now_when_absent_and_may_lie_in_the_past_or_a_little_ahead() {
    let app = TestApp::start().await;
    app.accept(&event("absent", r#"{"activity_type":"a"}"#)).await;
    let stored = app.events().await.remove(0);
    assert_eq!(stored.created_at, stored.received_at);

    let ahead = stored.received_at.plus_micros(4 * 60 * 1_000_000);
    for created_at in [ahead.to_string(), "1997-01-01".to_owned(), "2023-10-31T02:00:00+02:00".to_owned()] {
        let body =
            format!(r#"{{"id":"u","id_type":"email","created_at":"{created_at}","payload":{{"activity_type":"a"}}}}"#);
        app.accept(&body).await;
    }
    let earliest = app.events().await.iter().map(|event| event.created_at).min().unwrap();
    assert_eq!(earliest, Timestamp::parse("1997-01-01T00:00:00Z").unwrap());
}

#[tokio::test]
async fn empty_columns_are_null_and_texts_are_unescaped() {
    let app = TestApp::start().await;
    let body = r#"{"id":"\u00e9ric","id_type":"client_ref_id","region":"","country":null,"device_type":"tab\tlet",
        "payload":{"activity_type":"a","url":"http:\/\/x","element_id":"","order_id":null}}"#;
    app.accept(body).await;
    let stored = app.events().await.remove(0);
    assert_eq!((stored.region, stored.country), (None, None));
    assert_eq!(stored.device_type.as_deref(), Some("tab\tlet"));
    assert_eq!(stored.url.as_deref(), Some("http://x"));
    assert_eq!((stored.element_id, stored.order_id), (None, None));
}

#[tokio::test]
async fn a_retry_keeps_its_event_id_and_its_user() {
    let app = TestApp::start().await;
    let id = "018f0000-0000-7000-8000-000000000001";
    let body = format!(r#"{{"id":"u","id_type":"email","event_id":"{id}","payload":{{"activity_type":"a"}}}}"#);
    let first = app.post(EVENTS, body.clone()).await;
    let second = app.post(EVENTS, body).await;
    assert_eq!(first.json()["event_id"], id);
    assert_eq!(first.json(), second.json());
}

#[tokio::test]
async fn without_an_event_id_each_event_gets_its_own() {
    let app = TestApp::start().await;
    let first = app.post(EVENTS, SAMPLE).await.json();
    let second = app.post(EVENTS, SAMPLE).await.json();
    assert_ne!(first["event_id"], second["event_id"]);
    assert_eq!(first["user_id"], second["user_id"]);
}

#[tokio::test]
async fn top_level_keys_that_nobody_reads_are_tolerated() {
    let app = TestApp::start().await;
    app.accept(r#"{"id":"u","id_type":"email","sdk":{"version":[1]},"sdk":2,"payload":{"activity_type":"a"}}"#).await;
    assert!(service::telemetry::render().contains("shoal_ingest_unknown_keys_total"));
}
