//! The segments that stay through a crash run: their clauses, and the same said in plain Rust.
//!
//! Plain Rust because the check of every published change asks thousands of times per user. That
//! both say the same is tested against the naive evaluator. Windows are short, so that time fires
//! during kills and downtime.

use std::collections::BTreeSet;

use schema::{Event, Timestamp};

const SECOND: i64 = 1_000_000;
/// The longest window of all, with a margin: this long after the last event nothing changes any more.
pub(super) const SETTLED_AFTER_SECONDS: u64 = 12;

/// A segment that stays.
pub(super) struct Staying {
    pub(super) tag: &'static str,
    pub(super) clause: &'static str,
    holds: fn(&[&Event], Timestamp) -> bool,
}

pub(super) const STAYING: [Staying; 6] = [
    Staying { tag: "seen-just-now", clause: "created_at >= now() - INTERVAL 2 SECOND", holds: seen_just_now },
    Staying {
        tag: "three-views",
        clause: "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at >= now() - INTERVAL 5 SECOND) >= 3",
        holds: three_views,
    },
    Staying {
        tag: "area-no-buyers",
        clause: "region = 'California' AND NOT EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id \
                 AND e.activity_type = 'product_purchased' AND e.created_at > now() - INTERVAL 3 SECOND)",
        holds: area_no_buyers,
    },
    Staying {
        tag: "gone-quiet",
        clause: "device_type = 'mobile' AND max(created_at) < now() - INTERVAL 4 SECOND",
        holds: gone_quiet,
    },
    Staying {
        tag: "spenders",
        clause: "user_id IN (SELECT user_id FROM events WHERE activity_type = 'product_purchased' \
                 GROUP BY user_id HAVING sum(order_total) > 200 AND count(DISTINCT order_id) >= 3)",
        holds: spenders,
    },
    Staying {
        tag: "cart-left",
        clause: "max(created_at) FILTER (WHERE activity_type = 'added_to_cart') \
                 BETWEEN now() - INTERVAL 5 SECOND AND now() - INTERVAL 1 SECOND",
        holds: cart_left,
    },
];

/// Returns which of them (by their place in the list) a user with these events is in.
pub(super) fn memberships(events: &[&Event], now: Timestamp) -> BTreeSet<usize> {
    if events.is_empty() {
        return BTreeSet::new();
    }
    (0..STAYING.len()).filter(|&which| (STAYING[which].holds)(events, now)).collect()
}

/// Returns the instants at which time alone can change any of them for an event of that `created_at`.
pub(super) fn edges(created_at: Timestamp) -> impl Iterator<Item = Timestamp> {
    (0..=5).flat_map(move |seconds| [0, 1].map(|micro| created_at.plus_micros(seconds * SECOND + micro)))
}

fn before(now: Timestamp, seconds: i64) -> Timestamp {
    now.plus_micros(-seconds * SECOND)
}

fn seen_just_now(events: &[&Event], now: Timestamp) -> bool {
    events.iter().any(|event| event.created_at >= before(now, 2))
}

fn three_views(events: &[&Event], now: Timestamp) -> bool {
    let counts = |event: &&&Event| event.activity_type == "page_viewed" && event.created_at >= before(now, 5);
    events.iter().filter(counts).count() >= 3
}

fn area_no_buyers(events: &[&Event], now: Timestamp) -> bool {
    let buys = |event: &&Event| event.activity_type == "product_purchased" && event.created_at > before(now, 3);
    events.iter().any(|event| event.region.as_deref() == Some("California")) && !events.iter().any(buys)
}

fn gone_quiet(events: &[&Event], now: Timestamp) -> bool {
    events.iter().any(|event| event.device_type.as_deref() == Some("mobile"))
        && events.iter().all(|event| event.created_at < before(now, 4))
}

fn spenders(events: &[&Event], _now: Timestamp) -> bool {
    let purchases = || events.iter().filter(|event| event.activity_type == "product_purchased");
    // Units of the column's four digits behind the point.
    let units: i128 = purchases().filter_map(|event| event.order_total).map(schema::Decimal::units).sum();
    let orders: BTreeSet<&str> = purchases().filter_map(|event| event.order_id.as_deref()).collect();
    units > 200 * 10_000 && orders.len() >= 3
}

fn cart_left(events: &[&Event], now: Timestamp) -> bool {
    let carts = events.iter().filter(|event| event.activity_type == "added_to_cart");
    let last = carts.map(|event| event.created_at).max();
    last.is_some_and(|last| last >= before(now, 5) && last <= before(now, 1))
}

#[cfg(test)]
mod tests {
    use shoal::Dice;

    use super::*;

    const START: i64 = 1_800_000_000_000_000;

    fn event(dice: &mut Dice) -> Event {
        let created_at = Timestamp::from_micros(START + dice.below(8) as i64 * SECOND);
        let text = serde_json::json!({
            "event_id": dice.uuid(), "user_id": 1,
            "activity_type": dice.pick(&["page_viewed", "added_to_cart", "product_purchased"]),
            "region": dice.pick(&[Some("California"), None]), "device_type": dice.pick(&[Some("mobile"), None]),
            "order_id": dice.below(5).to_string(), "order_total": "80.5",
            "created_at": created_at, "received_at": created_at, "payload": {},
        });
        serde_json::from_str(&text.to_string()).unwrap()
    }

    #[test]
    fn plain_rust_says_the_same_as_the_clauses_at_every_edge() {
        let rules: Vec<rules::Rule> = STAYING
            .iter()
            .map(|staying| {
                let compiled = rules::compile(staying.clause);
                compiled.rule.unwrap_or_else(|| panic!("{}: {:?}", staying.tag, compiled.diagnostics))
            })
            .collect();
        for seed in 0..40 {
            let mut dice = Dice::new(seed);
            let events: Vec<Event> = (0..dice.below(9)).map(|_| event(&mut dice)).collect();
            let references: Vec<&Event> = events.iter().collect();
            for now in events.iter().flat_map(|event| edges(event.created_at)).flat_map(|at| [at, at.plus_micros(-1)]) {
                let found = memberships(&references, now);
                let expected: BTreeSet<usize> =
                    (0..rules.len()).filter(|&which| engine::naive::is_member(&rules[which], &events, now)).collect();
                assert_eq!(found, expected, "seed {seed} at {now}");
            }
        }
    }
}
