//! The events of the workload, in the order in which they arrive.
//!
//! A number of users of very different activity over 40 days; one event in a hundred comes twice, one
//! in twenty late. The order of the draws is the specification: the output is compared with checksums.

use schema::{Decimal, Event, EventId, Payload, Timestamp, UserId};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::names::{ACTIVITIES, DEVICES, REGIONS, country_of, region_weights};
use crate::random::Random;

/// The instant at which the workload ends and members are counted: 2026-01-31T00:00:00Z.
pub(crate) const END: Timestamp = Timestamp::from_micros(1_769_817_600_000 * 1000);
const END_MS: i64 = END.as_micros() / 1000;
const SPAN_MS: i64 = 40 * 86_400_000;
/// From how many of the latest events one is sent again.
const REPEATABLE: usize = 10_000;
/// How much faster than its rank a user's share falls.
const ZIPF_EXPONENT: f64 = 0.9;

/// One event, before it is written down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    event_id: u128,
    pub(crate) user_id: u64,
    activity: usize,
    region: usize,
    device: usize,
    created_at_ms: i64,
    subject: Subject,
}

/// What the event is about.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Page(u64),
    Button(u64),
    Cart { page: u64 },
    Order { number: u64, cents: u64 },
}

/// The events, one after the other.
#[derive(Debug)]
pub(crate) struct Events {
    count: u64,
    sent: u64,
    random: Random,
    users: Users,
    latest: Vec<Sent>,
    oldest_of_latest: usize,
}

impl Events {
    pub(crate) fn new(count: u64, users: u64, seed: u64) -> Self {
        let users = Users::new(users, seed);
        let latest = Vec::with_capacity(REPEATABLE);
        Self { count, sent: 0, random: Random::new(seed), users, latest, oldest_of_latest: 0 }
    }

    fn again(&mut self) -> Sent {
        let back = self.random.below(self.latest.len() as u64) as usize;
        let length = self.latest.len();
        self.latest[(self.oldest_of_latest + length - 1 - back) % length]
    }

    fn fresh(&mut self) -> Sent {
        let random = &mut self.random;
        let user_id = self.users.pick(random);
        let (home, primary) = self.users.attributes[user_id as usize];
        let late_ms = |random: &mut Random| match random.below(1000) {
            0..45 => 1000 + random.below(599_000),
            45..50 => 600_000 + random.below(85_800_000),
            _ => 0,
        };
        let on_time = END_MS - SPAN_MS + (i128::from(self.sent) * i128::from(SPAN_MS) / i128::from(self.count)) as i64;
        let created_at_ms = on_time - late_ms(random) as i64;
        let activity = match random.below(100) {
            0..60 => 0,
            60..85 => 1,
            85..95 => 2,
            _ => 3,
        };
        let device = if random.below(100) < 85 { primary } else { random.below(DEVICES.len() as u64) as usize };
        let region = if random.below(100) < 97 { home } else { random.below(REGIONS.len() as u64) as usize };
        let event_id = u128::from(random.next()) << 64 | u128::from(random.next());
        let subject = Subject::draw(activity, self.sent, random);
        Sent { event_id, user_id, activity, region, device, created_at_ms, subject }
    }

    fn remember(&mut self, sent: Sent) {
        if self.latest.len() < REPEATABLE {
            self.latest.push(sent);
            self.oldest_of_latest = self.latest.len() % REPEATABLE;
        } else {
            self.latest[self.oldest_of_latest] = sent;
            self.oldest_of_latest = (self.oldest_of_latest + 1) % REPEATABLE;
        }
    }
}

impl Iterator for Events {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        if self.sent == self.count {
            return None;
        }
        let is_again = self.sent > 0 && self.random.below(1000) < 10;
        let sent = if is_again { self.again() } else { self.fresh() };
        self.remember(sent);
        self.sent += 1;
        Some(sent)
    }
}

/// Who they are, and how often they do something.
#[derive(Debug)]
struct Users {
    /// Up to each rank, the sum of the shares.
    shares: Vec<f64>,
    /// By user id: home region and primary device.
    attributes: Vec<(usize, usize)>,
}

impl Users {
    fn new(count: u64, seed: u64) -> Self {
        let mut total = 0.0;
        let share = |rank: u64| {
            total += 1.0 / ((rank + 1) as f64).powf(ZIPF_EXPONENT);
            total
        };
        let weights = region_weights();
        let attributes = (0..=count).map(|user_id| attributes_of(user_id, seed, &weights)).collect();
        Self { shares: (0..count).map(share).collect(), attributes }
    }

    fn pick(&self, random: &mut Random) -> u64 {
        let count = self.shares.len();
        let at = random.fraction() * self.shares.last().copied().unwrap_or_default();
        let rank = self.shares.partition_point(|share| *share <= at).min(count - 1) as u64;
        (rank * 48_271 + 11) % count as u64 + 1
    }
}

fn attributes_of(user_id: u64, seed: u64, weights: &[u64; REGIONS.len()]) -> (usize, usize) {
    let mut random = Random::new(seed ^ (0xA5A5_0000_0000 + user_id));
    let mut at = random.below(1000);
    let mut region = 0;
    while at >= weights[region] {
        at -= weights[region];
        region += 1;
    }
    let device = match random.below(100) {
        0..55 => 0,
        55..95 => 1,
        _ => 2,
    };
    (region, device)
}

impl Subject {
    fn draw(activity: usize, number: u64, random: &mut Random) -> Self {
        let page = |fraction: f64| (1000.0 * fraction * fraction * fraction) as u64;
        match activity {
            0 => Self::Page(page(random.fraction())),
            1 => {
                let fraction = random.fraction();
                Self::Button((200.0 * fraction * fraction) as u64)
            }
            2 => Self::Cart { page: page(random.fraction()) },
            _ => Self::Order { number, cents: 500 + (-(1.0 - random.fraction()).ln() * 6000.0) as u64 },
        }
    }

    fn payload(self) -> String {
        match self {
            Self::Page(page) => format!(r#"{{"url":"/p/{page}"}}"#),
            Self::Button(button) => format!(r#"{{"element_id":"btn-{button}"}}"#),
            Self::Cart { page } => format!(r#"{{"url":"/p/{page}","element_id":"cart"}}"#),
            Self::Order { number, cents } => {
                format!(r#"{{"order_id":"o-{number}","order_total":{}.{:02}}}"#, cents / 100, cents % 100)
            }
        }
    }
}

impl Sent {
    pub(crate) const fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at_ms * 1000)
    }

    /// Returns the event as the log holds it.
    pub(crate) fn event(&self, received_at: Timestamp) -> Event {
        let mut event = Event {
            region: Some(REGIONS[self.region].into()),
            country: Some(country_of(self.region).into()),
            device_type: Some(DEVICES[self.device].into()),
            received_at,
            payload: RawValue::from_string(self.subject.payload()).map_or_else(|_| Payload::empty(), Payload::new),
            ..Event::new(
                EventId(Uuid::from_u128(self.event_id)),
                UserId(self.user_id as i64),
                ACTIVITIES[self.activity],
                self.created_at(),
            )
        };
        match self.subject {
            Subject::Page(page) => event.url = Some(format!("/p/{page}").into()),
            Subject::Button(button) => event.element_id = Some(format!("btn-{button}").into()),
            Subject::Cart { page } => {
                event.url = Some(format!("/p/{page}").into());
                event.element_id = Some("cart".into());
            }
            Subject::Order { number, cents } => {
                event.order_id = Some(format!("o-{number}").into());
                event.order_total = Decimal::new(i128::from(cents) * 100, Event::ORDER_TOTAL_SCALE);
            }
        }
        event
    }

    /// Returns the line that the peers read.
    pub(crate) fn line(&self) -> String {
        format!(
            r#"{{"event_id":"{}","user_id":{},"activity_type":"{}","region":"{}","country":"{}","device_type":"{}","created_at":"{}","payload":{}}}"#,
            Uuid::from_u128(self.event_id),
            self.user_id,
            ACTIVITIES[self.activity],
            REGIONS[self.region],
            country_of(self.region),
            DEVICES[self.device],
            self.written_time(),
            self.subject.payload(),
        ) + "\n"
    }

    /// Always with three digits behind the point.
    fn written_time(&self) -> String {
        let text = Timestamp::from_micros(self.created_at_ms / 1000 * 1_000_000).to_string();
        format!("{}.{:03}Z", text.trim_end_matches('Z'), self.created_at_ms % 1000)
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    #[test]
    fn the_events_are_those_of_the_specification() {
        let text: String = Events::new(2000, 300, 7).map(|sent| sent.line()).collect();
        assert_eq!(format!("{:016x}", xxh3_64(text.as_bytes())), "8834e33828570990");
    }

    #[test]
    fn what_the_engine_gets_is_what_the_peers_read() {
        for sent in Events::new(500, 50, 7) {
            let event = sent.event(sent.created_at());
            let line: serde_json::Value = serde_json::from_str(&sent.line()).unwrap();
            assert_eq!(line["event_id"], event.event_id.to_string());
            assert_eq!(line["user_id"], event.user_id.0);
            assert_eq!(line["region"].as_str(), event.region.as_deref());
            assert_eq!(Timestamp::parse(line["created_at"].as_str().unwrap()).unwrap(), event.created_at);
            assert_eq!(line["payload"]["url"].as_str(), event.url.as_deref());
            assert_eq!(line["payload"]["element_id"].as_str(), event.element_id.as_deref());
            let total = line["payload"]["order_total"].as_f64();
            assert_eq!(total, event.order_total.map(|total| total.units() as f64 / 1e4));
        }
    }
}
