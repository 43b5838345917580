//! Out-of-order and duplicate events give the same memberships as ordered, single ones.

use std::collections::BTreeMap;

use schema::{Timestamp, UserId};
use serde_json::{Value, json};
use shoal::Dice;

use crate::{event, start};

const PAIRS: u64 = 25;
const EVENTS: u64 = 14;

const SEGMENTS: [(&str, &str); 6] = [
    ("purchases", "count(*) FILTER (WHERE activity_type = 'product_purchased') >= 3"),
    (
        "californian",
        "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
      AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 20 DAY)",
    ),
    (
        "cart-left",
        "coalesce(max(created_at) FILTER (WHERE activity_type = 'product_purchased'), \
      TIMESTAMP '1970-01-01 00:00:00') < max(created_at) FILTER (WHERE activity_type = 'added_to_cart')",
    ),
    (
        "spent",
        "user_id IN (SELECT user_id FROM events WHERE created_at >= now() - INTERVAL 30 DAY \
      GROUP BY user_id HAVING sum(order_total) > 50 AND count(DISTINCT order_id) >= 2)",
    ),
    ("quiet", "max(created_at) < now() - INTERVAL 5 DAY"),
    (
        "views-last-week",
        "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 7 DAY) >= 2",
    ),
];

/// What a user does, in order of time; `person` is filled in per twin.
fn history(dice: &mut Dice, now: Timestamp) -> Vec<Value> {
    let mut minutes: Vec<i64> = (0..EVENTS).map(|_| dice.below(40 * 24 * 60) as i64).collect();
    minutes.sort_unstable_by(|left, right| right.cmp(left));
    let one = |ago: i64| {
        let activity_type = *dice.pick(&["page_viewed", "page_viewed", "added_to_cart", "product_purchased"]);
        let payload = json!({ "activity_type": activity_type, "order_id": dice.below(4).to_string(),
                              "order_total": if activity_type == "product_purchased" { "19.99" } else { "" } });
        event(
            "",
            activity_type,
            &json!({
                "event_id": dice.uuid(), "created_at": now.plus_micros(-ago * 60_000_000),
                "region": dice.pick(&["California", "Texas"]), "payload": payload,
            }),
        )
    };
    minutes.into_iter().map(one).collect()
}

/// The same events in any order, some of them again.
fn disturbed(events: &[Value], dice: &mut Dice) -> Vec<Value> {
    let mut disturbed = events.to_vec();
    disturbed.extend((0..EVENTS / 2).map(|_| dice.pick(events).clone()));
    for at in (1..disturbed.len()).rev() {
        disturbed.swap(at, dice.below(at as u64 + 1) as usize);
    }
    disturbed
}

fn of(person: &str, events: Vec<Value>) -> Vec<Value> {
    let mut events = events;
    for event in &mut events {
        event["id"] = json!(person);
    }
    events
}

#[tokio::test]
async fn disorder_and_duplicates_change_nothing() {
    let seed = Dice::seed_from_the_clock();
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let system = start().await;
    // Half of the segments see the events come, half find them in the history.
    for (tag, clause) in &SEGMENTS[..3] {
        system.create(tag, clause).await.unwrap();
    }
    let (mut twins, now) = (BTreeMap::<u64, [UserId; 2]>::new(), e2e::now());
    for pair in 0..PAIRS {
        let events = history(&mut dice, now);
        let mixed = of(&format!("mixed-{pair}"), disturbed(&events, &mut dice));
        let mut users = [UserId(0); 2];
        for (which, events) in [of(&format!("ordered-{pair}"), events), mixed].into_iter().enumerate() {
            for event in events {
                users[which] = system.post(&event).await.unwrap();
            }
        }
        twins.insert(pair, users);
    }
    for (tag, clause) in &SEGMENTS[3..] {
        system.create(tag, clause).await.unwrap();
    }
    let mut memberships = 0;
    for (pair, [ordered, mixed]) in twins {
        let expected = system.tags_of(ordered).await.unwrap();
        memberships += expected.len();
        assert_eq!(system.tags_of(mixed).await.unwrap(), expected, "pair {pair}, seed {seed}");
    }
    assert!(memberships > 0, "somebody is in some segment, seed {seed}");
}
