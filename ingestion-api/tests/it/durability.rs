//! 202 means durable: not before the log said so, and never when it did not.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use schema::Topic;

use crate::app::{BATCH, EVENTS, SAMPLE, TestApp, config};
use crate::fakes::Appends;
use crate::identify::IDENTIFY;

#[tokio::test]
async fn nothing_is_answered_before_the_log_has_it() {
    let app = Arc::new(TestApp::start().await);
    app.log.meddler.set(Appends::Wait);
    let posting = app.clone();
    let mut post = tokio::spawn(async move { posting.post(EVENTS, SAMPLE).await });
    app.log.meddler.waiting.notified().await;
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut post).await.is_err(), "answered too early");
    app.log.meddler.release();
    assert_eq!(post.await.unwrap().status, StatusCode::ACCEPTED);
    assert_eq!(app.count(Topic::Events).await, 1);
}

#[tokio::test]
async fn what_the_log_does_not_take_is_not_accepted() {
    let app = TestApp::start().await;
    for (appends, status, code, retry_after) in [
        (Appends::Full, 503, "log_full", Some("30")),
        (Appends::Unavailable, 503, "log_unavailable", Some("1")),
        (Appends::Damaged, 500, "internal", None),
    ] {
        app.log.meddler.set(appends);
        for path in [EVENTS, BATCH] {
            let answer = app.post(path, SAMPLE.replace('\n', " ")).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{appends:?} {}", answer.text);
            assert_eq!(answer.headers.get("retry-after").map(|value| value.to_str().unwrap()), retry_after);
            assert!(answer.json()["request_id"].is_string(), "{}", answer.text);
            assert!(!answer.text.contains("hunter2"), "{}", answer.text);
        }
    }
    assert_eq!(app.count(Topic::Events).await, 0);
    app.log.meddler.set(Appends::Pass);
    app.accept(SAMPLE).await;
}

#[tokio::test]
async fn nobody_is_made_a_user_by_an_event_that_a_full_log_refuses() {
    let app = TestApp::start().await;
    app.log.meddler.set(Appends::Full);
    let said = r#"{"id":"a","id_type":"cookie","traits":{"plan":"pro"}}"#;
    for (path, body) in [(EVENTS, SAMPLE), (BATCH, &format!("[{SAMPLE}]")), (IDENTIFY, said)] {
        let answer = app.post(path, body.to_owned()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "log_full"), "{path}");
    }
    assert_eq!(app.store.users(None, 10).await.unwrap(), []);
    let bad = app.post(EVENTS, "{}").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "what is wrong with an event is told first");
}

#[tokio::test]
async fn an_unknown_user_is_not_refused_before_the_report_is_durable() {
    let app = TestApp::rejecting_unknown_users().await;
    app.log.meddler.set(Appends::Unavailable);
    assert_eq!(app.post(EVENTS, SAMPLE).await.code(), "log_unavailable");
}

#[tokio::test]
async fn requests_beyond_the_memory_for_bodies_are_sent_away() {
    let mut config = config();
    config.http.max_body_bytes = 65_536;
    config.ingest.max_in_flight_bytes = 65_536;
    let app = Arc::new(TestApp::start_with(config).await);
    app.log.meddler.set(Appends::Wait);
    let posting = app.clone();
    // Without a length the whole limit is set aside for it.
    let post = tokio::spawn(async move { posting.post(EVENTS, SAMPLE).await });
    app.log.meddler.waiting.notified().await;
    let refused = app.post(EVENTS, SAMPLE).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "overloaded"));
    assert_eq!(refused.headers["retry-after"], "1");
    app.log.meddler.release();
    assert_eq!(post.await.unwrap().status, StatusCode::ACCEPTED);
    app.accept(SAMPLE).await;
}
