//! What events do, from the log to the stream of changes.

use std::collections::BTreeMap;

use schema::{Cause, LogRecord, SegmentChange, SegmentId, SegmentVersion, UserId};

use crate::rig::{Rig, Shop, at, check_stream, deletion};

const BUYERS: &str = "activity_type = 'product_purchased'";
const REGULARS: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_takes_a_user_in_and_the_change_says_why() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    let bought = Shop::default().event(7, "product_purchased", now);
    let event_id = bought.event_id;
    rig.send(vec![bought]).await;
    rig.settle().await;
    let expected = SegmentChange {
        user_id: UserId(7),
        in_segments: vec![SegmentId(1)],
        out_segments: vec![],
        segments: vec![SegmentId(1)],
        seq: 1,
        cause: Cause::Event { event_id },
        definition_versions: BTreeMap::from([(SegmentId(1), SegmentVersion(1))]),
        evaluated_at: now,
    };
    assert_eq!(rig.changes().await, [expected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_sent_twice_counts_once() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[REGULARS]).await;
    let mut shop = Shop::default();
    let view = shop.event(7, "page_viewed", now);
    rig.send(vec![view.clone(), view.clone(), shop.event(7, "page_viewed", now), view.clone()]).await;
    rig.settle().await;
    assert_eq!(rig.changes().await, []);
    rig.send(vec![shop.event(7, "page_viewed", now)]).await;
    rig.settle().await;
    assert_eq!(rig.changes().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_user_leaves_everything_and_stays_away() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    let mut shop = Shop::default();
    rig.send(vec![shop.event(7, "product_purchased", now)]).await;
    rig.append(vec![deletion(7, now), LogRecord::Event(shop.event(7, "product_purchased", now))]).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    let last = changes.last().unwrap();
    assert_eq!((changes.len(), last.cause, &last.out_segments), (2, Cause::Deletion, &vec![SegmentId(1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_records_than_one_batch_are_applied_in_order() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[REGULARS]).await;
    let mut shop = Shop::default();
    let views = (0..40).flat_map(|_| 1..=10).map(|user| shop.event(user, "page_viewed", now)).collect();
    rig.send(views).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(changes.len(), 10, "each of ten users entered once");
}
