//! Ending in the middle of anything: nothing is lost, nothing repeated.

use std::collections::BTreeSet;
use std::time::Duration;

use schema::{Event, UserId};

use crate::rig::{Dice, Rig, Shop, at, check_stream, members};

const REGULARS: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3";
const BROWSING: &str = "created_at >= now() - INTERVAL 10 SECOND";

const BEGIN: &str = "2026-01-01T00:00:00Z";
const ROUNDS: u64 = 8;
const USERS: i64 = 12;

fn some_events(dice: &mut Dice, shop: &mut Shop, now: schema::Timestamp) -> Vec<Event> {
    let mut one = || {
        let user = 1 + dice.micros(USERS);
        let kind = if dice.roll(4) == 0 { "page_viewed" } else { "added_to_cart" };
        shop.event(user, kind, now.plus_micros(-dice.micros(12_000_000)))
    };
    (0..30).map(|_| one()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_moment_loses_nothing_and_repeats_nothing() {
    crash_again_and_again(Rig::at(at(BEGIN)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_moment_loses_nothing_of_users_who_are_on_disk() {
    crash_again_and_again(Rig::spilling_at(at(BEGIN)).await).await;
}

async fn crash_again_and_again(mut rig: Rig) {
    let mut dice = Dice::from_env();
    let mut now = at(BEGIN);
    let mut shop = Shop::default();
    rig.define_and_wait(1, &[REGULARS, BROWSING]).await;
    let mut sent: Vec<Event> = Vec::new();
    for _ in 0..ROUNDS {
        let events = some_events(&mut dice, &mut shop, now);
        sent.extend(events.clone());
        rig.send(events).await;
        now = now.plus_micros(dice.micros(4_000_000));
        rig.clock.set(now);
        tokio::time::sleep(Duration::from_micros(dice.roll(20_000))).await;
        rig.crash().await;
        rig.begin().await;
        tokio::time::sleep(Duration::from_micros(dice.roll(5_000))).await;
    }
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(members(&changes, 1), regulars(&sent));
    assert_eq!(members(&changes, 2), browsing(&sent, now));
}

fn regulars(sent: &[Event]) -> BTreeSet<UserId> {
    let views = |user: UserId| {
        sent.iter().filter(|event| event.user_id == user && event.activity_type == "page_viewed").count()
    };
    sent.iter().map(|event| event.user_id).filter(|user| views(*user) >= 3).collect()
}

fn browsing(sent: &[Event], now: schema::Timestamp) -> BTreeSet<UserId> {
    let recent = sent.iter().filter(|event| now.micros_since(event.created_at) <= 10_000_000);
    recent.map(|event| event.user_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_commits_what_was_taken_and_the_next_start_goes_on_from_there() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    rig.define_and_wait(1, &[REGULARS]).await;
    let mut shop = Shop::default();
    rig.send((0..2).flat_map(|_| 1..=30).map(|user| shop.event(user, "page_viewed", now)).collect()).await;
    rig.stop().await.expect("a clean end");
    rig.send((1..=30).map(|user| shop.event(user, "page_viewed", now)).collect()).await;
    rig.start().await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(changes.len(), 30);
}
