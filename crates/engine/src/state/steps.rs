//! How many rows are looked at to decide conditions that compare a user's events with each other: steps are
//! counted, not time.

use rules::plan::plan;
use rules::{AggregateSpec, compile};
use schema::{Decimal, Definitions, Event, Timestamp, UserId};

use super::retained::Retained;
use crate::Catalog;
use crate::catalog::CatalogAggregate;
use crate::user::Besides;

const EVENTS: u64 = 200;

fn interpreted(clause: &str) -> AggregateSpec {
    let rule = compile(clause).rule.expect("the clause compiles");
    let plan = plan(&rule).expect("the rule can be planned");
    plan.interpreted().next().expect("it is interpreted").clone()
}

/// Four regions, and every twentieth order is the same.
fn event(number: u64, events: u64) -> Event {
    let time = Timestamp::from_micros(number as i64 * 60_000_000);
    let mut event = testkit::event(UserId(1), u128::from(number), "page_viewed", time);
    event.region = Some(format!("region {}", number % 4).into());
    event.order_id = Some(format!("order {}", number % (events / 20)).into());
    event.order_total = Decimal::parse_column("9.99", 18, 4).ok();
    event
}

/// Returns how many rows are looked at to decide a clause over so many events at once.
fn looked_at(clause: &str, events: u64) -> u64 {
    let spec = interpreted(clause);
    let (interpretation, window) = (spec.interpretation.clone().expect("it is interpreted"), spec.window);
    let aggregate = CatalogAggregate::new(spec.key(), spec);
    let catalog = Catalog::freeze(&Definitions::default()).expect("there is nothing to refuse");
    let besides = Besides { catalog: &catalog, said: None, members: &[] };
    let mut retained = Retained::default();
    let now = event(events, events).created_at;
    for number in 0..events {
        retained.insert(aggregate.occurrence(&event(number, events)).expect("an event of use"), window, now);
    }
    retained.settle(&interpretation, window, now, &besides);
    retained.looked_at()
}

/// Every event is looked at beside every other one a few times, not beside every pair of others.
#[track_caller]
fn check(clause: &str) {
    let looked_at = looked_at(clause, EVENTS);
    let most = 4 * EVENTS * EVENTS;
    assert!(looked_at <= most, "{looked_at} rows are looked at, {most} at most: {clause}");
}

fn joined(rest: &str) -> String {
    format!("user_id IN (SELECT v.user_id FROM events v {rest})")
}

const AFTER: &str = "JOIN events p ON p.user_id = v.user_id AND p.created_at > v.created_at";
const SAME_ORDER: &str = "JOIN events p ON p.user_id = v.user_id AND p.order_id = v.order_id";
const BOTH: &str = "GROUP BY v.user_id, v.region, p.region HAVING count(*) > 1000000";

#[test]
fn groups_by_columns_of_both_sides_of_a_join_take_as_many_steps_as_there_are_pairs() {
    check(&joined(&format!("{AFTER} {BOTH}")));
    check(&joined(&format!("LEFT {AFTER} {BOTH}")));
    check(&joined(&format!("{SAME_ORDER} {BOTH}")));
    check(&joined(&format!(
        "{SAME_ORDER} GROUP BY v.user_id, v.region, p.order_total HAVING max(p.created_at) < v.region::TIMESTAMP"
    )));
    check(&joined(&format!("LEFT {AFTER} GROUP BY v.user_id, p.region HAVING count(*) > 1000000")));
    check(&joined(&format!(
        "{SAME_ORDER} GROUP BY v.user_id, v.url HAVING count(*) > 1000000 AND sum(p.order_total) > 1"
    )));
}

#[test]
fn groups_of_groups_and_numbers_of_distinct_values_do_too() {
    check(
        "user_id IN (SELECT t.user_id FROM (SELECT user_id, region, order_id, count(*) AS n FROM events \
         GROUP BY user_id, region, order_id) t GROUP BY t.user_id, t.region HAVING max(t.n) > 1000000)",
    );
    check(
        "user_id IN (SELECT user_id FROM (SELECT user_id, d, row_number() OVER (PARTITION BY user_id ORDER BY d) AS n \
         FROM (SELECT DISTINCT user_id, date_trunc('minute', created_at) AS d FROM events) x) t WHERE n = 100000)",
    );
}

#[test]
fn three_events_after_each_other_do_too() {
    check(
        "EXISTS (SELECT 1 FROM events v JOIN events c ON c.user_id = v.user_id AND c.created_at > v.created_at \
         JOIN events p ON p.user_id = v.user_id AND p.created_at > c.created_at AND p.region <> c.region \
         WHERE v.user_id = events.user_id AND p.order_total < 0)",
    );
}
