//! What time alone does: leaving, entering, and what was missed while nobody looked.

use std::sync::Arc;
use std::time::Duration;

use bus::EventLog;
use schema::{Cause, PartitionId, SegmentChange, SegmentId, Timestamp, Topic, UserId, partition_of};
use segmenter::{Clock, SystemClock};

use crate::rig::{Rig, Shop, TestClock, at, check_stream};

const THIS_WEEK: &str = "created_at >= now() - INTERVAL 7 DAY";
const LAPSED: &str = "max(created_at) < now() - INTERVAL 30 DAY";
const LAST_TWO_SECONDS: &str = "created_at >= now() - INTERVAL 2 SECOND";

const DAY: i64 = 24 * 3_600 * 1_000_000;

/// Causes, segments and instants: what the tests of this file look at.
fn gist(changes: &[SegmentChange]) -> Vec<(&'static str, Vec<SegmentId>, Timestamp)> {
    changes.iter().map(|change| (change.cause.as_str(), change.segments.clone(), change.evaluated_at)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_leaves_when_the_window_has_passed_and_enters_when_it_was_quiet_for_long() {
    let seen = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(seen).await;
    rig.define_and_wait(1, &[THIS_WEEK, LAPSED]).await;
    rig.send(vec![Shop::default().event(7, "page_viewed", seen)]).await;
    rig.settle().await;
    rig.clock.set(seen.plus_micros(7 * DAY));
    rig.settle().await;
    assert_eq!(rig.changes().await.len(), 1, "at least 7 days ago includes its edge");
    rig.clock.set(seen.plus_micros(100 * DAY));
    rig.settle().await;
    assert_eq!(
        gist(&rig.changes().await),
        [
            ("event", vec![SegmentId(1)], seen),
            ("time", vec![], seen.plus_micros(7 * DAY + 1)),
            ("time", vec![SegmentId(2)], seen.plus_micros(30 * DAY + 1)),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_missed_while_the_segmenter_was_down_is_published_at_its_own_instant() {
    let seen = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(seen).await;
    rig.define_and_wait(1, &[THIS_WEEK]).await;
    let mut shop = Shop::default();
    rig.send((1..=20).map(|user| shop.event(user, "page_viewed", seen.plus_micros(user))).collect()).await;
    rig.settle().await;
    rig.crash().await;
    rig.clock.set(seen.plus_micros(60 * DAY));
    // Came while nobody looked; the exit that was missed comes before the entry that it makes.
    rig.send(vec![shop.event(3, "page_viewed", seen.plus_micros(60 * DAY))]).await;
    rig.start().await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    for user in 1..=20 {
        let of_user: Vec<_> = changes.iter().filter(|change| change.user_id == UserId(user)).cloned().collect();
        assert_eq!(of_user.len(), if user == 3 { 3 } else { 2 }, "user {user}");
        assert_eq!(of_user[1].cause, Cause::Time);
        assert_eq!(of_user[1].evaluated_at, seen.plus_micros(user + 7 * DAY + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_all_at_once_is_published_in_pieces_and_none_is_left_out() {
    let seen = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(seen).await;
    rig.define_and_wait(1, &[THIS_WEEK]).await;
    let mut shop = Shop::default();
    rig.send((1..=200).map(|user| shop.event(user, "page_viewed", seen)).collect()).await;
    rig.settle().await;
    rig.clock.set(seen.plus_micros(7 * DAY + 1));
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    let by_time = changes.iter().filter(|change| change.cause == Cause::Time).count();
    assert_eq!((changes.len(), by_time), (400, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_repeats_nothing() {
    let seen = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(seen).await;
    rig.define_and_wait(1, &[THIS_WEEK]).await;
    let mut shop = Shop::default();
    rig.send(vec![shop.event(7, "page_viewed", seen)]).await;
    rig.settle().await;
    rig.clock.set(seen.plus_micros(8 * DAY));
    rig.settle().await;
    rig.crash().await;
    rig.clock.set(seen);
    rig.start().await;
    rig.send(vec![shop.event(7, "page_viewed", seen)]).await;
    rig.settle().await;
    assert_eq!(gist(&rig.changes().await).len(), 2, "the window has passed, whatever the clock says now");
}

/// Returns when each change of the user became visible to a reader of the topic.
async fn arrivals(log: Arc<dyn EventLog>, partition: PartitionId, count: u64) -> Vec<(SegmentChange, Timestamp)> {
    let mut arrived = Vec::new();
    let mut from = 0;
    while from < count {
        log.wait_for(Topic::SegmentChanges, partition, from).await.unwrap();
        let read_at = SystemClock.now();
        for stored in log.read(Topic::SegmentChanges, partition, from, 100).await.unwrap() {
            from = stored.offset + 1;
            arrived.push((serde_json::from_slice(&stored.value).unwrap(), read_at));
        }
    }
    arrived
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_leaves_by_time_alone_within_100_ms_of_the_instant() {
    let mut rig = Rig::with_clock(TestClock::Real).await;
    // As it is shipped: the wait must end at the deadline, not at the next heartbeat.
    rig.stop().await.unwrap();
    rig.config.owner.heartbeat_ms = 10_000;
    rig.start().await;
    rig.define_and_wait(1, &[LAST_TWO_SECONDS]).await;
    let partition = partition_of(UserId(7), crate::rig::PARTITIONS);
    let users: Vec<i64> = (1..).filter(|user| partition_of(UserId(*user), 3) == partition).take(15).collect();
    let mut shop = Shop::default();
    let reading = tokio::spawn(arrivals(Arc::new(rig.log.clone()), partition, 30));
    for user in &users {
        rig.send(vec![shop.event(*user, "page_viewed", SystemClock.now())]).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    let arrived = tokio::time::timeout(Duration::from_secs(30), reading).await.expect("all left").unwrap();
    let by_time = arrived.iter().filter(|(change, _)| change.cause == Cause::Time);
    let mut late_micros: Vec<i64> =
        by_time.map(|(change, arrived_at)| arrived_at.micros_since(change.evaluated_at)).collect();
    late_micros.sort_unstable();
    println!("microseconds late: {late_micros:?}");
    assert_eq!(late_micros.len(), users.len());
    assert!(late_micros[0] >= 0, "nobody left early");
    // The median, because the machine that tests run on is shared with their compilation.
    assert!(late_micros[late_micros.len() / 2] <= 100_000, "microseconds late: {late_micros:?}");
}
