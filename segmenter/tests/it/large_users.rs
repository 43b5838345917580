//! Users with very much state, such as bots: exact as everyone else, counted, and on disk between their events.

use schema::{Event, SegmentChange, Timestamp, UserId};

use crate::rig::{Rig, Shop, TestClock, at, check_stream, eventually, members};

const BOT: i64 = 7;
const EVENTS: usize = 50_000;
/// What it keeps grows with every event: the different orders, and the events themselves.
const ORDERS: &str = "count(DISTINCT order_id) % 50000 = 0";
const AGAIN: &str = "user_id IN (SELECT user_id FROM events GROUP BY user_id, url HAVING count(*) >= 2)";
const QUIET: &str = "max(created_at) < now() - INTERVAL 10 SECOND";

fn visit(shop: &mut Shop, number: usize, created_at: Timestamp) -> Event {
    let mut event = shop.event(BOT, "page_viewed", created_at);
    event.order_id = Some(format!("order-{number}").into());
    event.url = Some(format!("/page/{number}").into());
    event
}

fn is_in(changes: &[SegmentChange], segment_id: i64) -> bool {
    members(changes, segment_id).contains(&UserId(BOT))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_with_fifty_thousand_events_is_exact_and_leaves_memory_between_them() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::configured(TestClock::standing(now), |config| {
        (config.owner.max_records, config.owner.history_rows) = (1024, 5_000);
        config.spill.resident_bytes = 0;
    })
    .await;
    let mut shop = Shop::default();
    let all: Vec<Event> = (0..EVENTS - 1).map(|number| visit(&mut shop, number, now)).collect();
    for some in all.chunks(5_000) {
        rig.send(some.to_vec()).await;
    }
    rig.settle().await;
    rig.define_and_wait(1, &[ORDERS, AGAIN, QUIET]).await;
    assert!(!is_in(&rig.changes().await, 1), "one order is missing");
    eventually("the bot is on disk", async || rig.metric("segmenter_users_spilled").await == 1.0).await;
    let (large, spilled) = (rig.metric("segmenter_users_large_size_bytes").await, "segmenter_users_spilled_size_bytes");
    assert!(large > 1_000_000.0, "{large} bytes");
    assert_eq!(rig.metric(spilled).await, large, "nothing of it is in memory");

    // An event brings it back, exact to the last one.
    rig.send(vec![visit(&mut shop, EVENTS - 1, now)]).await;
    rig.settle().await;
    let changes = rig.changes().await;
    assert!(is_in(&changes, 1) && !is_in(&changes, 2));
    assert!(rig.metric("segmenter_users_brought_back_total").await >= 1.0);

    // After a crash it comes from the log, and an event from the very beginning still counts.
    eventually("the bot is on disk", async || rig.metric("segmenter_users_spilled").await == 1.0).await;
    rig.crash().await;
    rig.start().await;
    eventually("the bot is on disk again", async || rig.metric("segmenter_users_spilled").await == 1.0).await;
    rig.send(vec![visit(&mut shop, 3, now)]).await;
    rig.settle().await;
    assert!(is_in(&rig.changes().await, 2), "it was at this page before");

    // Time passes for it as for everyone.
    eventually("the bot is on disk", async || rig.metric("segmenter_users_spilled").await == 1.0).await;
    let quiet_from = now.plus_micros(10_000_001);
    rig.clock.set(now.plus_micros(3_600_000_000));
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    let fell_quiet = changes.iter().find(|change| change.in_segments.iter().any(|id| id.0 == 3)).unwrap();
    assert_eq!(fell_quiet.evaluated_at, quiet_from);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_users_stay_in_memory_and_exact_when_there_is_no_space_on_disk() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::configured(TestClock::standing(now), |config| {
        (config.spill.user_bytes, config.spill.resident_bytes, config.spill.disk_bytes) = (1, 0, 0);
    })
    .await;
    rig.define_and_wait(1, &[AGAIN]).await;
    let mut shop = Shop::default();
    for number in [1, 2, 3, 1] {
        rig.send(vec![visit(&mut shop, number, now)]).await;
        rig.settle().await;
    }
    assert!(is_in(&rig.changes().await, 1));
    assert_eq!(rig.metric("segmenter_users_large").await, 1.0);
    assert_eq!(rig.metric("segmenter_users_spilled").await, 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_change_and_users_are_erased_while_they_are_on_disk() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::spilling_at(now).await;
    rig.define_and_wait(1, &[AGAIN]).await;
    let mut shop = Shop::default();
    rig.send(vec![visit(&mut shop, 1, now), visit(&mut shop, 1, now)]).await;
    rig.settle().await;
    eventually("the bot is on disk", async || rig.metric("segmenter_users_spilled").await == 1.0).await;
    rig.define_and_wait(2, &[AGAIN, "count(*) >= 2"]).await;
    assert!(is_in(&rig.changes().await, 2), "of what came before");
    eventually("the bot is on disk again", async || rig.metric("segmenter_users_spilled").await == 1.0).await;
    rig.append(vec![crate::rig::deletion(BOT, now)]).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert!(!is_in(&changes, 1) && !is_in(&changes, 2));
    assert_eq!(rig.metric("segmenter_users_large").await, 0.0);
}
