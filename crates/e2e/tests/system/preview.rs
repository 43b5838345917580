//! What a preview says is what happens when the clause is saved.

use std::collections::BTreeSet;

use e2e::system::{System, preview, segment};
use schema::{Cause, UserId};
use serde_json::{Value, json};

use crate::{event, start};

const USERS: u32 = 9;
const PRO: &str = "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')";

/// User n bought n times, long ago; every third is pro. Returns them in order.
async fn shop(system: &System) -> Vec<UserId> {
    let mut users = Vec::new();
    for number in 1..=USERS {
        let id = format!("user-{number}");
        for day in 1..=number {
            let created_at = json!({ "created_at": format!("2024-03-{day:02}T10:00:00Z") });
            let user_id = system.post(&event(&id, "product_purchased", &created_at)).await.unwrap();
            users.push(user_id);
        }
        if number % 3 == 0 {
            system.identify(&json!({ "id": id, "id_type": "cookie", "traits": { "plan": "pro" } })).await.unwrap();
        }
    }
    users.dedup();
    users
}

/// Returns who is named of a group, all of whom must be.
#[track_caller]
fn named(group: &Value) -> BTreeSet<UserId> {
    let users = group["sample"].as_array().unwrap().iter().map(|user| UserId(user["id"].as_i64().unwrap()));
    let users: BTreeSet<UserId> = users.collect();
    assert_eq!(group["size"], users.len(), "{group}");
    users
}

#[tokio::test]
async fn a_preview_is_what_the_segment_has_once_it_is_live() {
    let system = start().await;
    let users = shop(&system).await;
    let config = &system.process().places().config;
    let bought = "count(*) FILTER (WHERE activity_type = 'product_purchased')";
    let clauses = [
        ("buyers", format!("{bought} >= 4")),
        ("quiet", format!("max(created_at) < now() - INTERVAL 1 DAY AND NOT {bought} >= 8")),
        ("pros", PRO.to_owned()),
        ("some", "rollout(50, 'preview')".to_owned()),
        ("pro-buyers", format!("{PRO} AND user_id IN (SELECT user_id FROM segment_members WHERE segment = 'buyers')")),
        (
            "again",
            "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
             AND e.created_at = events.created_at + INTERVAL 5 DAY)"
                .to_owned(),
        ),
    ];
    for (tag, clause) in &clauses {
        let previewed = preview(system.http(), config, &json!({ "whereStatement": clause })).await.unwrap();
        let id = system.create(tag, clause).await.unwrap();
        assert_eq!(previewed["size"], system.size(id).await.unwrap(), "{tag}: {previewed}");
        assert_eq!(previewed["users"], users.len());
        for user_id in named(&previewed) {
            assert!(system.tags_of(user_id).await.unwrap().contains(*tag), "{user_id} in {tag}");
        }
    }
}

#[tokio::test]
async fn an_edit_publishes_exactly_who_was_to_enter_and_to_leave() {
    let system = start().await;
    let users = shop(&system).await;
    let config = &system.process().places().config;
    let id = system.create("buyers", "count(*) >= 4").await.unwrap();
    system.size(id).await.unwrap();
    let mut changes = system.changes().await.unwrap();

    let clause = format!("{PRO} OR count(*) BETWEEN 5 AND 7");
    let body = json!({ "whereStatement": clause, "compare_to": "buyers" });
    let previewed = preview(system.http(), config, &body).await.unwrap();
    let diff = &previewed["compared_to"];
    let (entering, leaving) = (named(&diff["entering"]), named(&diff["leaving"]));
    assert_eq!((entering.len(), leaving.len()), (1, 2), "{previewed}");
    assert_eq!(entering, BTreeSet::from([users[2]]));

    system.segments().update(id, &segment("buyers", &clause)).await.unwrap();
    let (mut entered, mut left) = (BTreeSet::new(), BTreeSet::new());
    while entered.len() + left.len() < entering.len() + leaving.len() {
        let next = tokio::time::timeout(e2e::system::PATIENCE, changes.next()).await;
        let change = next.expect("a change comes in time").unwrap().expect("the stream goes on");
        assert!(matches!(change.cause, Cause::Definition { .. }), "{change:?}");
        let group = if change.in_segments.contains(&id) { &mut entered } else { &mut left };
        group.insert(change.user_id);
    }
    assert_eq!((entered, left), (entering, leaving));
    system.until_live(id).await.unwrap();
    assert_eq!(previewed["size"], system.size(id).await.unwrap(), "nobody else entered or left");
}
