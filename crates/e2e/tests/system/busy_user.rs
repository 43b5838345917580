//! A user with very many events, of a segment that joins them, holds up nobody else.

use std::time::Duration;

use schema::Cause;
use serde_json::{Value, json};

use crate::{event, start};

const EVENTS: usize = 1_000;
const WINDOW_MICROS: i64 = 2_000_000;
const WITHIN_MICROS: i64 = 1_000_000;
const VIEWED_THEN_BOUGHT: &str = "EXISTS (SELECT 1 FROM events v JOIN events p ON p.user_id = v.user_id \
     WHERE v.user_id = events.user_id AND v.activity_type = 'page_viewed' \
     AND p.activity_type = 'product_purchased' AND p.payload['product_id'] = v.payload['product_id'] \
     AND p.created_at > v.created_at AND p.created_at <= v.created_at + INTERVAL 1 DAY)";

fn views(id: &str) -> Vec<Value> {
    let view = |number| {
        let payload = json!({ "activity_type": "page_viewed", "product_id": number });
        event(id, "page_viewed", &json!({ "payload": payload }))
    };
    (0..EVENTS).map(view).collect()
}

#[tokio::test]
async fn a_user_with_very_many_events_holds_up_nobody_else() {
    let system = start().await;
    system.create("viewed-then-bought", VIEWED_THEN_BOUGHT).await.unwrap();
    system.create("just-now", "max(created_at) >= now() - INTERVAL 2 SECOND").await.unwrap();
    let mut changes = system.changes().await.unwrap();
    let created_at = e2e::now();
    let ana = system.post(&event("ana", "page_viewed", &json!({ "created_at": created_at }))).await.unwrap();
    let batches = format!("{}/api/v1/events/batch", system.process().places().ingestion);
    for bot in ["bot-0", "bot-1"] {
        let answer = system.http().post(&batches).json(&views(bot)).timeout(Duration::from_secs(10)).send().await;
        assert!(answer.unwrap().status().is_success());
    }

    let left = loop {
        let received = tokio::time::timeout(e2e::system::PATIENCE, changes.next()).await;
        let change = received.expect("a change comes in time").unwrap().expect("the stream goes on");
        if change.user_id == ana && change.cause == Cause::Time {
            break change;
        }
    };
    let late = e2e::now().micros_since(left.evaluated_at);
    assert_eq!(left.evaluated_at, created_at.plus_micros(WINDOW_MICROS + 1));
    assert!((0..WITHIN_MICROS).contains(&late), "published {late} µs after its instant");

    // The last of the views is bought: what the many events were about is decided too.
    let payload = json!({ "activity_type": "product_purchased", "product_id": EVENTS - 1 });
    let bought = event("bot-0", "product_purchased", &json!({ "payload": payload }));
    let bot = system.post(&bought).await.unwrap();
    e2e::system::eventually("the bot is in", || async {
        Ok(system.tags_of(bot).await?.contains("viewed-then-bought").then_some(()))
    })
    .await
    .unwrap();
}
