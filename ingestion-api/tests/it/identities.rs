//! Identities and users: one user per identity, whatever happens at the same time or is away.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use schema::{Topic, UserId};
use serde_json::Value;

use crate::app::{BATCH, EVENTS, SAMPLE, TestApp, config, event};

fn visit(id: &str) -> String {
    event(id, r#"{"activity_type":"page_viewed","order_total":0.30}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_first_events_of_one_identity_get_one_user() {
    let app = Arc::new(TestApp::start().await);
    let posts: Vec<_> = (0..200)
        .map(|number| {
            let app = app.clone();
            tokio::spawn(async move { (number % 10, app.accept(&visit(&format!("u{}", number % 10))).await) })
        })
        .collect();
    let mut users = BTreeSet::new();
    for post in posts {
        users.insert(post.await.unwrap());
    }
    assert_eq!(users.len(), 10, "{users:?}");
    let asked = app.resolver.identities.load(Ordering::Relaxed);
    assert_eq!(asked, 10, "the store was asked for {asked} identities");
}

#[tokio::test]
async fn the_same_value_of_another_kind_is_another_user() {
    let app = TestApp::start().await;
    let cookie = app.accept(&visit("x")).await;
    let email = app.accept(r#"{"id":"x","id_type":"email","payload":{"activity_type":"a"}}"#).await;
    let upper = app.accept(&visit("X")).await;
    assert_eq!(BTreeSet::from([cookie, email, upper]).len(), 3);
}

#[tokio::test]
async fn known_identities_are_not_asked_for_again() {
    let app = TestApp::start().await;
    app.accept(SAMPLE).await;
    app.accept(SAMPLE).await;
    assert_eq!(app.resolver.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn users_of_a_batch_are_numbered_in_its_order() {
    let app = TestApp::start().await;
    let lines: Vec<_> = (0..50).map(|id| visit(&format!("new{id}"))).collect();
    let answer = app.post(BATCH, lines.join("\n")).await.json();
    let users: Vec<_> = answer["results"].as_array().unwrap().iter().map(|result| result["user_id"].as_i64()).collect();
    assert!(users.is_sorted(), "{users:?}");
    assert_eq!(app.resolver.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn while_the_store_is_away_known_users_pass_and_unknown_ones_come_back_later() {
    let app = TestApp::start().await;
    let known = app.accept(&visit("known")).await;
    app.resolver.away.store(true, Ordering::Relaxed);

    assert_eq!(app.accept(&visit("known")).await, known);
    let refused = app.post(EVENTS, visit("unknown")).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "identities_unavailable"));
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(refused.json()["request_id"].is_string());

    let mixed = app.post(BATCH, [visit("unknown"), visit("known")].join("\n")).await;
    assert_eq!(mixed.status, StatusCode::ACCEPTED);
    assert_eq!(mixed.json()["results"][0]["status"], 503);
    assert_eq!(mixed.json()["results"][0]["code"], "identities_unavailable");
    assert_eq!(mixed.json()["results"][1]["user_id"], known);

    let none = app.post(BATCH, [visit("unknown"), "{}".to_owned()].join("\n")).await;
    assert_eq!((none.status, none.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "identities_unavailable"));
    assert_eq!(app.count(Topic::Events).await, 3);

    app.resolver.away.store(false, Ordering::Relaxed);
    app.accept(&visit("unknown")).await;
}

#[tokio::test]
async fn unknown_users_can_be_refused_and_are_reported() {
    let app = TestApp::rejecting_unknown_users().await;
    let refused = app.post(EVENTS, SAMPLE).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "unknown_user"));
    assert_eq!(app.count(Topic::Events).await, 0);

    let reports = app.values(Topic::Errors).await;
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    let report: Value = serde_json::from_str(report).unwrap();
    assert_eq!(report["error_type"], "ingest_event_error");
    let sent: Value = serde_json::from_str(SAMPLE).unwrap();
    assert_eq!(report["data"]["code"], "unknown_user");
    assert_eq!((&report["data"]["id"], &report["data"]["id_type"]), (&sent["id"], &sent["id_type"]));
    assert!(SAMPLE.contains(report["data"]["payload"].as_str().unwrap()));

    let batch = app.post(BATCH, [visit("a"), visit("b")].join("\n")).await;
    assert_eq!((batch.status, batch.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "no_event_accepted"));
    assert_eq!(app.count(Topic::Errors).await, 3);
}

#[tokio::test]
async fn a_user_that_is_made_elsewhere_is_known_at_once() {
    let app = TestApp::rejecting_unknown_users().await;
    let body = r#"{"id":"c-1","id_type":"client_ref_id","payload":{"activity_type":"a"}}"#;
    assert_eq!(app.post(EVENTS, body).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let profile = store::UserProfile { client_ref_id: Some("c-1".to_owned()), ..store::UserProfile::default() };
    let user = app.store.create_user(&profile).await.unwrap();
    assert_eq!(app.accept(body).await, user.user_id.0);
}

#[tokio::test]
async fn an_erased_user_is_forgotten_and_its_id_not_used_again() {
    let app = TestApp::start().await;
    let erased = app.accept(&visit("gone")).await;
    let stays = app.accept(&visit("stays")).await;
    app.store.erase_user(UserId(erased)).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let now = app.accept(&visit("gone")).await;
        if now != erased {
            assert!(now > stays);
            break;
        }
        assert!(Instant::now() < deadline, "the cache still knows the erased user");
        tokio::task::yield_now().await;
    }
    assert_eq!(app.accept(&visit("stays")).await, stays);
}

#[tokio::test]
async fn a_cache_that_holds_nothing_still_gives_the_same_user() {
    let mut config = config();
    config.identities.cache_entries = 0;
    let app = TestApp::start_with(config).await;
    let first = app.accept(SAMPLE).await;
    assert_eq!(app.accept(SAMPLE).await, first);
}
