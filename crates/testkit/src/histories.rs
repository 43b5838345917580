//! Random histories: few users, small alphabets, times that meet the windows' edges.

use std::collections::VecDeque;

use schema::{Decimal, Event, EventId, LogRecord, Payload, Text, Timestamp, UserDeletion, UserId, UserTraits};
use uuid::Uuid;

use crate::Random;
use crate::clauses::{ACTIVITIES, DEVICES, ORDERS, REGIONS, TOTALS};

const SECOND: i64 = 1_000_000;

/// Makes an event without any optional column.
pub fn event(user_id: UserId, event_id: u128, activity_type: &str, at: Timestamp) -> Event {
    Event::new(EventId(Uuid::from_u128(event_id)), user_id, activity_type, at)
}

/// One input of a partition.
#[expect(clippy::large_enum_variant, reason = "most inputs are records")]
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A record that arrives at an instant.
    Record(LogRecord, Timestamp),
    /// The clock moves, with nothing else.
    Advance(Timestamp),
    /// The process ends and another one goes on from the stored state.
    Restart,
}

/// Which inputs a random history has.
#[derive(Clone, Debug)]
pub struct History {
    random: Random,
    users: i64,
    now: Timestamp,
    sent: Vec<Event>,
    following: VecDeque<Input>,
    neighbours_percent: usize,
    said: Vec<UserTraits>,
    says_things: bool,
}

impl History {
    /// Starts a history of so many users at the first instant of 2026.
    pub fn new(seed: u64, users: i64) -> Self {
        let now = Timestamp::from_micros(1_767_225_600 * SECOND);
        let (random, following) = (Random::new(seed ^ 0x5eed), VecDeque::new());
        let (sent, said, neighbours_percent) = (Vec::new(), Vec::new(), 4);
        Self { random, users, now, sent, following, neighbours_percent, said, says_things: false }
    }

    /// Has events follow each other after a microsecond much more often.
    #[must_use]
    pub fn of_neighbours(self) -> Self {
        Self { neighbours_percent: 40, ..self }
    }

    /// Has things said of the users, too.
    #[must_use]
    pub fn saying_things(self) -> Self {
        Self { says_things: true, ..self }
    }

    /// Says something of a user, mostly at its time; sometimes what was said before, once more.
    fn traits(&mut self) -> UserTraits {
        if !self.said.is_empty() && self.random.chance(15) {
            let again = self.said[self.random.below(self.said.len())].clone();
            return UserTraits { received_at: self.now, ..again };
        }
        let entries = [
            ("plan", self.random.pick(&["\"pro\"", "\"pro\"", "\"free\"", "\"\"", "1", "true", "null"])),
            ("n", self.random.pick(&["0", "1", "2.5", "2.50", "-1", "1e1", "\"1\"", "\"x\"", "true", "null"])),
            ("a", self.random.pick(&["[1,\"pro\"]", "{\"b\":\"pro\"}", "{\"b\":null}", "[]", "\"pro\""])),
            ("since", self.random.pick(&["\"2026-01-01\"", "\"2026-01-01T00:01:00Z\"", "\"never\"", "2026"])),
        ];
        let entries = entries.into_iter().filter(|_| !self.random.chance(35));
        let entries: Vec<String> = entries.map(|(key, value)| format!("\"{key}\": {value}")).collect();
        let text = format!("{{{}}}", entries.join(", "));
        let said = UserTraits {
            user_id: self.user(),
            event_id: EventId(Uuid::from_u128(u128::from(self.random.next()))),
            created_at: self.created_at(),
            received_at: self.now,
            traits: serde_json::value::RawValue::from_string(text).map_or_else(|_| Payload::empty(), Payload::new),
        };
        self.said.push(said.clone());
        said
    }

    /// Returns the next inputs: mostly events, some of them late, doubled or of the same instant.
    pub fn inputs(&mut self, count: usize) -> Vec<Input> {
        (0..count).map(|_| self.input()).collect()
    }

    fn input(&mut self) -> Input {
        if let Some(next) = self.following.pop_front() {
            if let Input::Record(_, now) | Input::Advance(now) = &next {
                self.now = *now;
            }
            return next;
        }
        self.pass_time();
        if self.random.chance(self.neighbours_percent) {
            return self.neighbours();
        }
        match self.random.below(100) {
            0..=2 => Input::Restart,
            3..=17 => Input::Advance(self.now),
            18..=25 if !self.sent.is_empty() => Input::Record(LogRecord::Event(self.sent_again()), self.now),
            26 => {
                let user_id = self.user();
                Input::Record(LogRecord::Deletion(UserDeletion { user_id, received_at: self.now }), self.now)
            }
            27..=38 if self.says_things => Input::Record(LogRecord::Traits(self.traits()), self.now),
            _ => Input::Record(LogRecord::Event(self.event()), self.now),
        }
    }

    /// Two events of a user, the second a microsecond later; then the clock stops where either leaves a window.
    fn neighbours(&mut self) -> Input {
        let user_id = self.user();
        let first = self.event_at(user_id, self.now);
        let second = self.event_at(user_id, self.now.plus_micros(1));
        let window = self.random.pick(&[5, 10, 30, 60]) * SECOND;
        self.following.push_back(Input::Record(LogRecord::Event(second), self.now));
        let exits = (0..=2).map(|micros| first.created_at.plus_micros(window + micros));
        self.following.extend(exits.map(Input::Advance));
        Input::Record(LogRecord::Event(first), self.now)
    }

    fn pass_time(&mut self) {
        let seconds = self.random.pick(&[0, 0, 0, 1, 1, 2, 5, 10, 30, 61]);
        let micros = self.random.pick(&[0, 0, 0, 1, -1]);
        self.now = self.now.max(self.now.plus_micros(seconds * SECOND + micros));
    }

    fn user(&mut self) -> UserId {
        UserId(1 + self.random.below(self.users as usize) as i64)
    }

    fn sent_again(&mut self) -> Event {
        let which = self.random.below(self.sent.len());
        Event { received_at: self.now, ..self.sent[which].clone() }
    }

    /// Returns a new event.
    pub fn event(&mut self) -> Event {
        let user_id = self.user();
        let created_at = self.created_at();
        self.event_at(user_id, created_at)
    }

    fn event_at(&mut self, user_id: UserId, created_at: Timestamp) -> Event {
        let event_id = (u128::from(self.random.next()) << 64) | u128::from(self.random.next());
        let activity = self.random.pick(&ACTIVITIES);
        let event = Event {
            region: self.optional(&REGIONS),
            device_type: self.optional(&DEVICES),
            order_id: self.optional(&ORDERS),
            order_total: self.optional(&TOTALS).and_then(|total| Decimal::parse_column(&total, 18, 4).ok()),
            received_at: self.now,
            payload: self.payload(),
            ..event(user_id, event_id, activity, created_at)
        };
        self.sent.push(event.clone());
        event
    }

    /// Values of every kind under few keys, each there or not.
    fn payload(&mut self) -> Payload {
        let keys = [
            ("plan", self.random.pick(&["\"pro\"", "\"free\"", "\"\"", "1", "null", "[\"pro\"]"])),
            (
                "n",
                self.random.pick(&["0", "1.5", "1.50", "-2", "\"3\"", "1e1", "true", "null", "\"x\"", "12345678901"]),
            ),
            ("a", self.random.pick(&["[1,2]", "[\"x\",{\"b\":\"pro\"}]", "{\"b\":1}", "[]"])),
            ("at", self.random.pick(&["\"2026-01-01\"", "\"2026-01-01T00:01:00Z\"", "\"never\"", "2026"])),
        ];
        let entries = keys.into_iter().filter(|_| !self.random.chance(30));
        let entries: Vec<String> = entries.map(|(key, value)| format!("\"{key}\": {value}")).collect();
        let text = format!("{{{}}}", entries.join(", "));
        serde_json::value::RawValue::from_string(text).map_or_else(|_| Payload::empty(), Payload::new)
    }

    fn optional(&mut self, values: &[&str]) -> Option<Text> {
        (!self.random.chance(30)).then(|| self.random.pick(values).into())
    }

    /// Mostly now; late by whole seconds, so that it meets other events and edges; a little ahead.
    fn created_at(&mut self) -> Timestamp {
        let seconds = self.random.pick(&[0, 0, 0, 0, -1, -5, -10, -20, -30, -60, -120, 1, 5, 30]);
        let micros = self.random.pick(&[0, 0, 0, 0, 1, -1]);
        self.now.plus_micros(seconds * SECOND + micros)
    }
}
