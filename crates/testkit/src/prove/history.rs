//! Random histories: late, same-instant, future and NULL-rich events around one middle, and what is
//! said of the users.

use std::collections::BTreeMap;

use schema::{Decimal, Event, EventId, LogRecord, Payload, StandingTraits, Timestamp, UserId, UserTraits};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::alphabet::{INTERVALS, MIDDLE, TEXT_COLUMNS, TOTALS, VALUES};
use crate::Random;

/// The most events of one user: enough for counts to pass thresholds, few enough to read a mismatch.
const MAX_EVENTS: usize = 9;

/// The most that is said of one user: enough to be overwritten, late and doubled.
const MAX_SAID: usize = 4;

/// What is known of each user.
pub type Histories = BTreeMap<UserId, Known>;

/// Everything that is known of one user.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Known {
    /// In the order in which they arrive (not that of `created_at`).
    pub events: Vec<Event>,
    /// Likewise.
    pub said: Vec<UserTraits>,
}

impl Known {
    /// Returns what was said as the naive evaluator takes it: when, and the JSON.
    pub fn texts_said(&self) -> Vec<(Timestamp, String)> {
        self.said.iter().map(|said| (said.created_at, said.traits.as_str().to_owned())).collect()
    }

    /// Returns what stands of what was said.
    pub fn standing(&self) -> StandingTraits {
        let mut standing = StandingTraits::default();
        self.said.iter().for_each(|said| {
            standing.fold(said);
        });
        standing
    }

    /// Returns every record, events first.
    pub fn records(&self) -> impl Iterator<Item = LogRecord> {
        let said = self.said.iter().cloned().map(LogRecord::Traits);
        self.events.iter().cloned().map(LogRecord::Event).chain(said)
    }
}

/// Returns what is known of so many users; of some of them nothing, events alone, or traits alone.
pub fn histories(random: &mut Random, users: i64) -> Histories {
    let mut all = Histories::new();
    for user_id in (1..=users).map(UserId) {
        let known = Known { events: history(random, user_id), said: said(random, user_id) };
        if known != Known::default() {
            all.insert(user_id, known);
        }
    }
    all
}

/// Returns up to nine events.
fn history(random: &mut Random, user_id: UserId) -> Vec<Event> {
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

/// Returns what is said of a user, some of it of the same instant; of every fourth user nothing is.
pub(super) fn said(random: &mut Random, user_id: UserId) -> Vec<UserTraits> {
    let mut all: Vec<UserTraits> = Vec::new();
    let count = if random.chance(25) { 0 } else { 1 + random.below(MAX_SAID) };
    for _ in 0..count {
        let created_at = match all.last() {
            Some(previous) if random.chance(30) => previous.created_at,
            _ => instant(random),
        };
        let event_id = EventId(Uuid::from_u128(u128::from(random.next()) << 64 | u128::from(random.next())));
        all.push(UserTraits { user_id, event_id, created_at, received_at: created_at, traits: payload(random) });
    }
    all
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

pub(super) fn event(random: &mut Random, user_id: UserId, created_at: Timestamp) -> Event {
    let [activity_type, region, country, device_type, url, element_id, order_id] =
        TEXT_COLUMNS.map(|(_, values)| random.pick(values));
    let column = |value: &str| (!value.is_empty()).then(|| value.into());
    let id = u128::from(random.next()) << 64 | u128::from(random.next());
    Event {
        event_id: EventId(Uuid::from_u128(id)),
        user_id,
        activity_type: activity_type.into(),
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

/// Draws a payload or traits: some of the keys that clauses name, with values of every kind.
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
