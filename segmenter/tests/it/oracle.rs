//! Whatever happens in whatever order, members are those that the naive evaluator names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::naive;
use schema::{Decimal, Event, Generation, Timestamp, UserId};

use crate::rig::{Dice, Rig, Shop, at, check_stream, members};

const BEGIN: &str = "2026-01-01T00:00:00Z";
const ROUNDS: u64 = 60;
const USERS: i64 = 15;
const SECOND: i64 = 1_000_000;

/// What each segment may say, at one time or another; an empty clause is no segment.
const CLAUSES: [&[&str]; 6] = [
    &["", "activity_type = 'product_purchased'"],
    &["created_at >= now() - INTERVAL 5 SECOND", "created_at > now() - INTERVAL 3 SECOND"],
    &[
        "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 8 SECOND) >= 2",
        "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 8 SECOND) >= 5",
    ],
    &["", "max(created_at) < now() - INTERVAL 3 SECOND"],
    &[
        "",
        "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
         AND e.activity_type = 'product_purchased' AND e.created_at >= now() - INTERVAL 6 SECOND)",
    ],
    &[
        "",
        "user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased' GROUP BY user_id \
         HAVING sum(order_total) > 100 AND count(DISTINCT order_id) >= 2)",
        "user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased' \
         AND created_at >= now() - INTERVAL 10 SECOND GROUP BY user_id HAVING sum(order_total) > 50)",
    ],
];

/// Everything the test did.
struct World {
    dice: Dice,
    shop: Shop,
    now: Timestamp,
    sent: Vec<Event>,
    generation: u64,
    clauses: Vec<&'static str>,
}

impl World {
    fn new(dice: Dice) -> Self {
        let now = at(BEGIN);
        Self { dice, shop: Shop::default(), now, sent: Vec::new(), generation: 0, clauses: Vec::new() }
    }

    /// Makes some events, late ones and repeated ones among them.
    fn events(&mut self) -> Vec<Event> {
        let count = self.dice.roll(30);
        let events: Vec<Event> = (0..count).map(|_| self.event()).collect();
        self.sent.extend(events.iter().cloned());
        events
    }

    fn event(&mut self) -> Event {
        if !self.sent.is_empty() && self.dice.roll(8) == 0 {
            return self.dice.pick(&self.sent).clone();
        }
        let user = 1 + self.dice.micros(USERS);
        let kind = *self.dice.pick(&["page_viewed", "product_purchased", "added_to_cart"]);
        let late = if self.dice.roll(3) == 0 { self.dice.micros(15 * SECOND) } else { 0 };
        let mut event = self.shop.event(user, kind, self.now.plus_micros(-late));
        event.received_at = self.now;
        event.region = Some((*self.dice.pick(&["California", "Nevada"])).into());
        event.order_id = Some(format!("order-{}", self.dice.roll(20)).into());
        event.order_total = Decimal::parse_column(&format!("{}.25", self.dice.roll(60)), 18, 4).ok();
        event
    }

    fn redefine(&mut self) {
        self.generation += 1;
        self.clauses = CLAUSES.iter().map(|versions| *self.dice.pick(versions)).collect();
    }

    fn expected(&self, clause: &str) -> BTreeSet<UserId> {
        let Some(rule) = rules::compile(clause).rule.filter(|_| !clause.is_empty()) else { return BTreeSet::new() };
        let mut distinct: BTreeMap<UserId, BTreeMap<schema::EventId, Event>> = BTreeMap::new();
        for event in &self.sent {
            distinct.entry(event.user_id).or_default().entry(event.event_id).or_insert_with(|| event.clone());
        }
        let is_member = |events: BTreeMap<_, Event>| {
            let events: Vec<Event> = events.into_values().collect();
            naive::is_member(&rule, &events, self.now)
        };
        distinct.into_iter().filter_map(|(user_id, events)| is_member(events).then_some(user_id)).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_mix_of_events_definitions_time_and_crashes_members_are_those_of_the_naive_evaluator() {
    mix(Rig::at(at(BEGIN)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn likewise_when_every_user_is_on_disk_in_between() {
    let rig = mix(Rig::spilling_at(at(BEGIN)).await).await;
    assert!(rig.metric("segmenter_users_brought_back_total").await > 0.0, "they went there and back");
}

async fn mix(mut rig: Rig) -> Rig {
    let mut world = World::new(Dice::from_env());
    for round in 0..ROUNDS {
        match world.dice.roll(10) {
            0 => {
                world.redefine();
                rig.define(world.generation, &world.clauses);
            }
            1 => {
                rig.crash().await;
                rig.begin().await;
            }
            2 => rig.warehouse.away.store(world.dice.roll(3) == 0, Ordering::SeqCst),
            3 => rig.warehouse.behind.store(world.dice.roll(2) == 0, Ordering::SeqCst),
            4 => compare(&rig, &world, round).await,
            5..7 => {
                world.now = world.now.plus_micros(world.dice.micros(2 * SECOND));
                rig.clock.set(world.now);
            }
            _ => rig.send(world.events()).await,
        }
        tokio::time::sleep(Duration::from_micros(world.dice.roll(3_000))).await;
    }
    compare(&rig, &world, ROUNDS).await;
    rig
}

async fn compare(rig: &Rig, world: &World, round: u64) {
    rig.warehouse.away.store(false, Ordering::SeqCst);
    rig.warehouse.behind.store(false, Ordering::SeqCst);
    rig.until("the definitions are in force", |status| status.generation == Generation(world.generation)).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    for (segment_id, clause) in (1..).zip(&world.clauses) {
        assert_eq!(members(&changes, segment_id), world.expected(clause), "round {round}, now {}: {clause}", world.now);
    }
}
