//! Random histories: late, same-instant, future and NULL-rich events around one middle.

use schema::{Decimal, Event, EventId, Payload, Timestamp, UserId};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::alphabet::{INTERVALS, MIDDLE, TEXT_COLUMNS, TOTALS, VALUES};
use crate::Random;

/// The most events of one user: enough for counts to pass thresholds, few enough to read a mismatch.
const MAX_EVENTS: usize = 9;

/// Returns a history of up to nine events, in the order in which they arrive (not that of `created_at`).
pub fn history(random: &mut Random, user_id: UserId) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for _ in 0..random.below(MAX_EVENTS + 1) {
        let created_at = match events.last() {
            Some(previous) if random.chance(20) => previous.created_at,
            _ => instant(random),
        };
        events.push(event(random, user_id, created_at));
    }
    events
}

/// Returns an instant at a distance from the middle that clauses name, or one microsecond beside it.
pub fn instant(random: &mut Random) -> Timestamp {
    let middle = Timestamp::parse(MIDDLE).unwrap_or_default();
    let step = |random: &mut Random| match random.below(4) {
        0 => 0,
        1 => random.pick(&INTERVALS).1,
        _ => -random.pick(&INTERVALS).1,
    };
    let distance = step(random) + step(random) + random.pick(&[-1, 0, 0, 1]);
    middle.plus_micros(distance)
}

fn event(random: &mut Random, user_id: UserId, created_at: Timestamp) -> Event {
    let [activity_type, region, country, device_type, url, element_id, order_id] =
        TEXT_COLUMNS.map(|(_, values)| random.pick(values));
    let column = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    let id = u128::from(random.next()) << 64 | u128::from(random.next());
    Event {
        event_id: EventId(Uuid::from_u128(id)),
        user_id,
        activity_type: activity_type.to_owned(),
        region: column(region),
        country: column(country),
        device_type: column(device_type),
        url: column(url),
        element_id: column(element_id),
        order_id: column(order_id),
        order_total: Decimal::parse_column(
            random.pick(&TOTALS),
            Event::ORDER_TOTAL_PRECISION,
            Event::ORDER_TOTAL_SCALE,
        )
        .ok(),
        created_at,
        received_at: created_at.plus_micros(random.pick(&[0, 1, 1_000_000])),
        payload: payload(random),
    }
}

/// Draws a payload: some of the keys that clauses name, with values of every kind.
fn payload(random: &mut Random) -> Payload {
    let mut entries = Vec::new();
    for key in ["k", "s", "t", "it's é"] {
        if random.chance(70) {
            entries.push(format!("\"{key}\":{}", random.pick(&VALUES)));
        }
    }
    if random.chance(60) {
        entries.push(format!("\"o\":{{\"k\":{},\"a\":{}}}", random.pick(&VALUES), random.pick(&VALUES)));
    }
    if random.chance(60) {
        entries.push(format!("\"list\":[{},{}]", random.pick(&VALUES), random.pick(&VALUES)));
    }
    let text = format!("{{{}}}", entries.join(","));
    RawValue::from_string(text).map_or_else(|_| Payload::empty(), Payload::new)
}
