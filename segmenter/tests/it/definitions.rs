//! Creating, editing and deleting segments over users who are there already.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use schema::{Cause, Event, Generation, LogRecord, SegmentId, UserId};

use crate::rig::{PARTITIONS, Rig, Shop, at, check_stream, deletion, eventually, members};

const BUYERS: &str = "activity_type = 'product_purchased'";
const VIEWED_3: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3";
const VIEWED_5: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 5";

/// User `n` of 1 to `users` views `n` pages modulo 8; in an order that mixes users.
fn views(shop: &mut Shop, users: i64, now: schema::Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for round in 1..8 {
        events.extend((1..=users).filter(|user| user % 8 >= round).map(|user| shop.event(user, "page_viewed", now)));
    }
    events
}

fn viewers(users: i64, at_least: i64) -> BTreeSet<UserId> {
    (1..=users).filter(|user| user % 8 >= at_least).map(UserId).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_segment_takes_in_everybody_whose_past_fits() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.send(views(&mut Shop::default(), 50, now)).await;
    rig.settle().await;
    assert_eq!(rig.changes().await, [], "without definitions nobody is in any segment");
    rig.define_and_wait(1, &[VIEWED_3]).await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(members(&changes, 1), viewers(50, 3));
    assert_eq!(changes.len(), viewers(50, 3).len(), "one change for each who entered, none for the others");
    let cause = Cause::Definition { generation: Generation(1) };
    assert!(changes.iter().all(|change| change.cause == cause), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn editing_publishes_the_difference_and_deleting_takes_every_member_out() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[VIEWED_3]).await;
    rig.send(views(&mut Shop::default(), 50, now)).await;
    rig.settle().await;
    let entered = rig.changes().await.len();
    rig.define_and_wait(2, &[VIEWED_5]).await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(members(&changes, 1), viewers(50, 5));
    let left = viewers(50, 3).len() - viewers(50, 5).len();
    assert_eq!(changes.len(), entered + left, "who stays is not told");
    rig.define_and_wait(3, &[""]).await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(members(&changes, 1), BTreeSet::new());
    assert_eq!(changes.len(), entered + left + viewers(50, 5).len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_seam_no_event_counts_twice_and_none_is_missed() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    let mut shop = Shop::default();
    let users = 40;
    let all = views(&mut shop, users, now);
    let (before, live) = all.split_at(all.len() / 2);
    rig.warehouse.behind.store(true, Ordering::SeqCst);
    rig.send(before.to_vec()).await;
    rig.settle().await;
    let duplicates: Vec<Event> = before.iter().step_by(3).cloned().collect();
    rig.define(1, &[VIEWED_3, VIEWED_5]);
    rig.until("history is awaited", |status| status.absorbing == Some(Generation(1))).await;
    // While the writer is behind and then history is read, live events keep coming, some of them for the second time.
    for (index, some) in live.chunks(9).enumerate() {
        if index == 3 {
            rig.warehouse.behind.store(false, Ordering::SeqCst);
        }
        rig.send(some.to_vec()).await;
    }
    rig.send(duplicates).await;
    rig.until("the definitions are in force", |status| status.generation == Generation(1)).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(members(&changes, 1), viewers(users, 3));
    assert_eq!(members(&changes, 2), viewers(users, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_erased_while_history_is_read_stays_erased() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.send(views(&mut Shop::default(), 20, now)).await;
    rig.settle().await;
    rig.warehouse.away.store(true, Ordering::SeqCst);
    rig.define(1, &[VIEWED_3]);
    rig.until("history is awaited", |status| status.absorbing == Some(Generation(1))).await;
    rig.append(vec![deletion(7, now)]).await;
    rig.settle().await;
    rig.warehouse.away.store(false, Ordering::SeqCst);
    rig.until("the definitions are in force", |status| status.generation == Generation(1)).await;
    let mut expected = viewers(20, 3);
    expected.remove(&UserId(7));
    assert_eq!(members(&rig.changes().await, 1), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_while_history_is_read_begins_again_and_publishes_once() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    let mut shop = Shop::default();
    rig.send(views(&mut shop, 60, now)).await;
    rig.settle().await;
    rig.define(1, &[VIEWED_3]);
    let pages = rig.warehouse.pages.load(Ordering::SeqCst);
    eventually("some history is read", async || rig.warehouse.pages.load(Ordering::SeqCst) > pages + 2).await;
    rig.crash().await;
    rig.send(vec![shop.event(1, "page_viewed", now), shop.event(1, "page_viewed", now)]).await;
    rig.start().await;
    rig.until("the definitions are in force", |status| status.generation == Generation(1)).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    let mut expected = viewers(60, 3);
    expected.insert(UserId(1));
    assert_eq!(members(&changes, 1), expected);
    assert_eq!(changes.len(), expected.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newer_definitions_come_after_those_whose_history_is_being_read() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.send(views(&mut Shop::default(), 30, now)).await;
    rig.settle().await;
    rig.warehouse.away.store(true, Ordering::SeqCst);
    rig.define(1, &[VIEWED_3]);
    rig.until("history is awaited", |status| status.absorbing == Some(Generation(1))).await;
    rig.define(2, &["", VIEWED_5]);
    rig.warehouse.away.store(false, Ordering::SeqCst);
    rig.until("the definitions are in force", |status| status.generation == Generation(2)).await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!((members(&changes, 1), members(&changes, 2)), (BTreeSet::new(), viewers(30, 5)));
    let first = Cause::Definition { generation: Generation(1) };
    assert!(changes.iter().any(|change| change.cause == first), "the first ones were in force in between");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_and_live_traffic_do_not_starve_each_other() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    let mut shop = Shop::default();
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.send(views(&mut shop, 300, now)).await;
    rig.settle().await;
    rig.warehouse.page_ms.store(3, Ordering::SeqCst);
    rig.define(2, &[BUYERS, VIEWED_3]);
    rig.until("history is read", |status| status.absorbing == Some(Generation(2))).await;
    // Each event is sent when the one before it has made its change: so there is always one to apply.
    let mut served_meanwhile = 0;
    for user in 1.. {
        rig.send(vec![shop.event(user, "product_purchased", now)]).await;
        eventually("the buyer is in", async || members(&rig.changes().await, 1).contains(&UserId(user))).await;
        let statuses = rig.statuses().await;
        if statuses.iter().all(|status| status.generation == Generation(2)) {
            break;
        }
        served_meanwhile += usize::from(statuses.iter().all(|status| status.absorbing.is_some()));
    }
    println!("changes while every partition was reading history: {served_meanwhile}");
    assert!(served_meanwhile > 3);
    assert_eq!(members(&rig.changes().await, 2), viewers(300, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_absorbed_while_commits_are_awaited() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    let mut shop = Shop::default();
    rig.send(views(&mut shop, 300, now)).await;
    rig.settle().await;
    rig.warehouse.away.store(true, Ordering::SeqCst);
    rig.define(1, &[VIEWED_3]);
    rig.until("history is awaited", |status| status.absorbing == Some(Generation(1))).await;
    rig.meddling.hold_commits.store(true, Ordering::SeqCst);
    rig.send((1..=30).map(|user| shop.event(user, "product_purchased", now)).collect()).await;
    let held = async || rig.meddling.held_commits.load(Ordering::SeqCst) == usize::from(PARTITIONS);
    eventually("every partition awaits a commit", held).await;
    let pages = rig.warehouse.pages.load(Ordering::SeqCst);
    rig.warehouse.away.store(false, Ordering::SeqCst);
    // Without owners who take them, a few pages of each partition would wait.
    eventually("history is read", async || rig.warehouse.pages.load(Ordering::SeqCst) > pages + 60).await;
    rig.meddling.hold_commits.store(false, Ordering::SeqCst);
    rig.until("the definitions are in force", |status| status.generation == Generation(1)).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(members(&changes, 1), viewers(300, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_that_need_no_history_do_not_wait_for_it() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[VIEWED_3, BUYERS]).await;
    rig.send(views(&mut Shop::default(), 30, now)).await;
    rig.settle().await;
    rig.warehouse.away.store(true, Ordering::SeqCst);
    rig.define_and_wait(2, &[VIEWED_3]).await;
    // One that must wait is given up for one that need not.
    rig.define(3, &[VIEWED_3, "", "activity_type = 'added_to_cart'"]);
    rig.until("history is awaited", |status| status.absorbing == Some(Generation(3))).await;
    rig.define_and_wait(4, &[VIEWED_3]).await;
    rig.until("nothing is awaited", |status| status.absorbing.is_none()).await;
    assert_eq!(members(&rig.changes().await, 1), viewers(30, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_that_do_not_compile_leave_the_ones_before_in_force() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    let mut shop = Shop::default();
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.define(2, &[BUYERS, "no such column = 1"]);
    rig.send(vec![shop.event(7, "product_purchased", now)]).await;
    rig.settle().await;
    assert_eq!(members(&rig.changes().await, 1), BTreeSet::from([UserId(7)]));
    rig.crash().await;
    rig.start().await;
    rig.send(vec![shop.event(8, "product_purchased", now)]).await;
    rig.settle().await;
    assert_eq!(members(&rig.changes().await, 1), BTreeSet::from([UserId(7), UserId(8)]));
    rig.define_and_wait(3, &[BUYERS, VIEWED_3]).await;
    assert!(rig.statuses().await.iter().all(|status| status.generation == Generation(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_of_the_past_does_not_come_back_with_its_id() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(5, &[BUYERS]).await;
    rig.append(vec![LogRecord::Event(Shop::default().event(7, "product_purchased", now))]).await;
    rig.settle().await;
    // An older set, from a definition store that was restored from a backup, is passed over.
    rig.define(4, &["", BUYERS]);
    rig.clock.set(now.plus_micros(1));
    rig.settle().await;
    let changes = rig.changes().await;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].segments, [SegmentId(1)]);
}
