//! A definition takes effect on everybody there is, with their history.

use std::collections::BTreeSet;

use schema::{Cause, SegmentChange, SegmentId, UserId};
use serde_json::json;
use shoal::client::ChangeStream;

use e2e::system::segment;

use crate::{event, start};

const USERS: i64 = 6;

/// Collects the next changes until so many users have entered or left, and checks their cause.
async fn moved(changes: &mut ChangeStream, segment: SegmentId, count: usize, inwards: bool) -> BTreeSet<UserId> {
    let mut users = BTreeSet::new();
    while users.len() < count {
        let next = tokio::time::timeout(e2e::system::PATIENCE, changes.next()).await;
        let change: SegmentChange = next.expect("a change comes in time").unwrap().expect("the stream goes on");
        let moved = if inwards { &change.in_segments } else { &change.out_segments };
        assert_eq!(moved, &[segment], "{change:?}");
        assert!(matches!(change.cause, Cause::Definition { .. }), "{change:?}");
        users.insert(change.user_id);
    }
    users
}

#[tokio::test]
async fn creating_editing_and_deleting_a_segment_moves_existing_users_by_their_history() {
    let system = start().await;
    let mut by_number = Vec::new();
    for number in 1..=USERS {
        // User n has n purchases of long ago.
        let mut user = None;
        for day in 1..=number {
            let purchase = event(
                &format!("user-{number}"),
                "product_purchased",
                &json!({ "created_at": format!("2024-03-{day:02}T10:00:00Z") }),
            );
            user = Some(system.post(&purchase).await.unwrap());
        }
        by_number.push(user.unwrap());
    }
    // An event that is applied after the switch would be the cause, not the definition.
    for user_id in &by_number {
        assert!(system.tags_of(*user_id).await.unwrap().is_empty());
    }
    let with_at_least = |count: usize| by_number[count - 1..].iter().copied().collect::<BTreeSet<UserId>>();
    let mut changes = system.changes().await.unwrap();

    let bought = |least: usize| format!("count(*) FILTER (WHERE activity_type = 'product_purchased') >= {least}");
    let id = system.create("buyers", &bought(4)).await.unwrap();
    assert_eq!(moved(&mut changes, id, 3, true).await, with_at_least(4));
    assert_eq!(system.size(id).await.unwrap(), 3);

    // Asks for less, and for another stretch of time than what was kept.
    system.segments().update(id, &segment("buyers", &bought(2))).await.unwrap();
    assert_eq!(moved(&mut changes, id, 2, true).await, &with_at_least(2) - &with_at_least(4));
    let until = "count(*) FILTER (WHERE created_at < TIMESTAMP '2024-03-03 00:00:00') >= 2";
    system.segments().update(id, &segment("buyers", &format!("{until} AND {}", bought(5)))).await.unwrap();
    assert_eq!(moved(&mut changes, id, 3, false).await, &with_at_least(2) - &with_at_least(5));
    assert_eq!(system.size(id).await.unwrap(), 2);

    system.segments().delete(id).await.unwrap();
    assert_eq!(moved(&mut changes, id, 2, false).await, with_at_least(5));
    assert!(system.tags_of(by_number[5]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_segment_counts_events_from_before_it_together_with_those_after() {
    let system = start().await;
    let old = |day: u32| event("cara", "page_viewed", &json!({ "created_at": format!("2025-01-{day:02}") }));
    let user_id = system.post(&old(1)).await.unwrap();
    system.post(&old(2)).await.unwrap();
    system.create("three-views", "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3").await.unwrap();
    assert!(system.tags_of(user_id).await.unwrap().is_empty());
    system.post(&old(3)).await.unwrap();
    assert_eq!(system.tags_of(user_id).await.unwrap(), BTreeSet::from(["three-views".to_owned()]));
}
