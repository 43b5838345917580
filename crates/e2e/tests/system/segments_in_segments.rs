//! Clauses on what was said of a user and on other segments, in the running system.

use e2e::system::{PATIENCE, System, eventually};
use schema::{Cause, EventId, SegmentChange, UserId};
use serde_json::{Value, json};
use shoal::client::ChangeStream;

use crate::{event, start};

async fn identify(system: &System, id: &str, traits: Value) -> (UserId, EventId) {
    let url = format!("{}/api/v1/identify", system.process().places().ingestion);
    let body = json!({ "id": id, "id_type": "cookie", "traits": traits });
    let answer = system.http().post(url).timeout(PATIENCE).body(body.to_string()).send().await.unwrap();
    let answer: Value = serde_json::from_str(&answer.error_for_status().unwrap().text().await.unwrap()).unwrap();
    serde_json::from_value(json!([answer["user_id"], answer["event_id"]])).unwrap()
}

async fn next(changes: &mut ChangeStream) -> SegmentChange {
    let received = tokio::time::timeout(PATIENCE, changes.next()).await;
    received.expect("a change comes in time").unwrap().expect("the stream goes on")
}

async fn explain(system: &System, user_id: UserId, tag: &str) -> Value {
    let path = format!("/api/v1/users/{user_id}/segments/{tag}/explain");
    eventually(&path, || async {
        let told = system.get(&path).await?;
        Ok(told["in_flight"].is_null().then_some(told))
    })
    .await
    .unwrap()
}

const PRO: &str = "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')";
const LOYAL_PRO: &str = "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'pro') \
                         AND user_id IN (SELECT user_id FROM segment_members WHERE segment = 'recent')";

#[tokio::test]
async fn one_change_goes_through_all_segments_that_depend_on_it() {
    let system = start().await;
    let recent = system.create("recent", "created_at >= now() - INTERVAL 4 SECOND").await.unwrap();
    let pro = system.create("pro", PRO).await.unwrap();
    let both = system.create("recent-pros", LOYAL_PRO).await.unwrap();
    let mut changes = system.changes().await.unwrap();

    let ana = system.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    let came = next(&mut changes).await;
    assert_eq!((came.user_id, &came.in_segments[..]), (ana, &[recent][..]));
    let (said_of, event_id) = identify(&system, "ana", json!({ "plan": "pro" })).await;
    assert_eq!(said_of, ana);
    let entered = next(&mut changes).await;
    assert_eq!((&entered.in_segments[..], entered.cause), (&[pro, both][..], Cause::Event { event_id }));
    let inside = explain(&system, ana, "recent-pros").await;
    assert_eq!((&inside["holds"], &inside["in_segment"]), (&json!(true), &json!(true)), "{inside}");

    // Time alone takes the user out of both in one change, at the instant that was told.
    let left = next(&mut changes).await;
    assert_eq!((&left.out_segments[..], left.cause), (&[recent, both][..], Cause::Time));
    assert_eq!(inside["until"], json!(left.evaluated_at));

    // What is said of another trait leaves this one as it is; what is said of this one counts.
    identify(&system, "ana", json!({ "seats": 5 })).await;
    identify(&system, "ana", json!({ "plan": "free" })).await;
    let left = next(&mut changes).await;
    assert_eq!((&left.out_segments[..], &left.segments[..]), (&[pro][..], &[][..]));
    let outside = explain(&system, ana, "recent-pros").await;
    assert_eq!((&outside["holds"], &outside["in_segment"]), (&json!(false), &json!(false)), "{outside}");
}

#[tokio::test]
async fn a_new_segment_knows_what_was_said_before() {
    let system = start().await;
    let ana = system.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    identify(&system, "ana", json!({ "plan": "pro" })).await;
    // Nobody without an event is in a segment.
    identify(&system, "ben", json!({ "plan": "pro" })).await;
    let pro = system.create("pro", PRO).await.unwrap();
    assert_eq!(system.size(pro).await.unwrap(), 1);
    assert_eq!(system.tags_of(ana).await.unwrap().into_iter().collect::<Vec<_>>(), ["pro"]);
}
