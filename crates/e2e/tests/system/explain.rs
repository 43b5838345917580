//! An explanation says what is published, and when time alone will change it.

use schema::{Timestamp, UserId};
use serde_json::{Value, json};

use e2e::system::{System, eventually};

use crate::{event, start};

/// Asks until what is published and what the events say are the same.
async fn explain(system: &System, user_id: UserId, tag: &str) -> Value {
    let path = format!("/api/v1/users/{user_id}/segments/{tag}/explain");
    eventually(&path, || async {
        let told = system.get(&path).await?;
        Ok(told["in_flight"].is_null().then_some(told))
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn the_instant_that_is_named_is_the_one_at_which_the_user_leaves() {
    let system = start().await;
    let clause =
        "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 4 SECOND) >= 2";
    let segment_id = system.create("busy", clause).await.unwrap();
    let mut changes = system.changes().await.unwrap();
    let ana = system.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    let ben = system.post(&event("ben", "page_viewed", &json!({}))).await.unwrap();
    system.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    let entered = changes.next().await.unwrap().unwrap();
    assert_eq!((entered.user_id, &entered.in_segments[..]), (ana, &[segment_id][..]));

    let inside = explain(&system, ana, "busy").await;
    assert_eq!(
        (&inside["in_segment"], &inside["holds"], &inside["condition"]["value"]),
        (&json!(true), &json!(true), &json!(2))
    );
    let outside = explain(&system, ben, "busy").await;
    assert_eq!((&outside["holds"], &outside["condition"]["events"]["total"]), (&json!(false), &json!(1)), "{outside}");

    let left = changes.next().await.unwrap().unwrap();
    assert_eq!((left.user_id, &left.out_segments[..]), (ana, &[segment_id][..]));
    let until = Timestamp::parse(inside["until"].as_str().unwrap()).unwrap();
    assert_eq!(until, left.evaluated_at);
    let after = explain(&system, ana, "busy").await;
    assert_eq!((&after["holds"], &after["in_segment"]), (&json!(false), &json!(false)), "{after}");
}

#[tokio::test]
async fn what_compares_events_with_each_other_is_explained_too() {
    let system = start().await;
    let clause = "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id WHERE v.user_id = events.user_id \
                  AND v.activity_type = 'page_viewed' AND p.activity_type = 'product_purchased' \
                  AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 DAY)";
    system.create("converted", clause).await.unwrap();
    let ana = system.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    system.post(&event("ana", "added_to_cart", &json!({}))).await.unwrap();
    let before = explain(&system, ana, "converted").await;
    assert_eq!((&before["holds"], &before["condition"]["evaluation"]), (&json!(false), &json!("interpreted")));
    system.post(&event("ana", "product_purchased", &json!({}))).await.unwrap();
    let after = explain(&system, ana, "converted").await;
    assert_eq!((&after["holds"], &after["in_segment"]), (&json!(true), &json!(true)), "{after}");
    assert_eq!(after["condition"]["retained"]["total"], 2, "the cart does not matter: {after}");
}
