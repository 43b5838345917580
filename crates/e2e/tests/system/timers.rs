//! Time alone changes memberships, and is published within a second.

use schema::{Cause, SegmentChange};
use serde_json::json;
use shoal::client::ChangeStream;

use crate::{event, start};

const WINDOW_MICROS: i64 = 2_000_000;
const WITHIN_MICROS: i64 = 1_000_000;

async fn next(changes: &mut ChangeStream) -> SegmentChange {
    let received = tokio::time::timeout(e2e::system::PATIENCE, changes.next()).await;
    received.expect("a change comes in time").unwrap().expect("the stream goes on")
}

#[tokio::test]
async fn a_user_enters_by_an_event_and_leaves_by_time_alone_within_a_second() {
    let system = start().await;
    let segment = system.create("just-now", "created_at >= now() - INTERVAL 2 SECOND").await.unwrap();
    let mut changes = system.changes().await.unwrap();
    let created_at = e2e::now();
    let user_id = system.post(&event("ana", "page_viewed", &json!({ "created_at": created_at }))).await.unwrap();

    let entered = next(&mut changes).await;
    assert_eq!((entered.user_id, entered.seq, &entered.in_segments[..]), (user_id, 1, &[segment][..]));
    assert!(matches!(entered.cause, Cause::Event { .. }), "{entered:?}");

    let left = next(&mut changes).await;
    let published_at = e2e::now();
    assert_eq!((left.user_id, left.seq, &left.out_segments[..]), (user_id, 2, &[segment][..]));
    assert_eq!(left.cause, Cause::Time);
    // `>=` includes the far edge; one microsecond later it is over.
    assert_eq!(left.evaluated_at, created_at.plus_micros(WINDOW_MICROS + 1));
    let late = published_at.micros_since(left.evaluated_at);
    assert!((0..WITHIN_MICROS).contains(&late), "published {late} µs after its instant");
    assert!(system.tags_of(user_id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_user_enters_by_time_alone_too() {
    let system = start().await;
    let segment = system.create("quiet", "max(created_at) < now() - INTERVAL 2 SECOND").await.unwrap();
    let mut changes = system.changes().await.unwrap();
    let created_at = e2e::now();
    let user_id = system.post(&event("ben", "page_viewed", &json!({ "created_at": created_at }))).await.unwrap();

    let entered = next(&mut changes).await;
    let late = e2e::now().micros_since(entered.evaluated_at);
    assert_eq!((entered.user_id, entered.cause, &entered.in_segments[..]), (user_id, Cause::Time, &[segment][..]));
    assert_eq!(entered.evaluated_at, created_at.plus_micros(WINDOW_MICROS + 1));
    assert!((0..WITHIN_MICROS).contains(&late), "published {late} µs after its instant");
}
