//! Histories that fit a rule: made of the values that it names, so that it is TRUE of some users and not of others.
//!
//! Random clauses and random histories share an alphabet ([`super::alphabet`]); a clause that a person wrote
//! names a state of California and five hundred dollars, which no alphabet holds.

use std::collections::BTreeMap;

use engine::naive;
use rules::{Column, Expr, ExprKind, PathStep, Rule, UserColumn, Value};
use schema::{Decimal, Event, Payload, Timestamp, UserId};
use serde_json::value::RawValue;

use super::alphabet::MIDDLE;
use super::history::{self, Histories, Known};
use super::segments::{Question, Segment, ask_naive, memberships};
use crate::Random;

const USERS: usize = 6;
/// The greatest number of a user: they are drawn, so that every share of the users has some.
const MAX_USER_ID: usize = 500;
const MAX_EVENTS: usize = 14;
const MAX_SAID: usize = 3;
const INSTANTS: usize = 4;
/// Histories that are drawn before one is taken of which the rule tells nothing.
const MAX_DRAWN: usize = 120;
/// Memberships, and as many of users who are none, that are enough.
const ENOUGH: usize = 3;
/// JSON values for a path that no constant is compared with: few, so that two of them are equal.
const PLAIN_VALUES: [&str; 4] = ["1", "\"a\"", "null", "2.5"];
/// How many of a hundred values are those that the rule names.
const NAMED_PERCENT: usize = 65;

/// Histories and instants at which a rule is asked.
pub struct Fitting {
    /// What is known of the users.
    pub histories: Histories,
    /// Ascending.
    pub instants: Vec<Timestamp>,
    /// Memberships over all instants.
    pub members: usize,
    /// Users with events who were no members, over all instants.
    pub others: usize,
}

impl Fitting {
    /// Returns whether somebody is a member and somebody else is not.
    pub fn is_telling(&self) -> bool {
        self.members.min(self.others) > 0
    }

    /// Draws histories until the rule is TRUE of some users and not of others; the best ones if it never is.
    pub fn draw(random: &mut Random, question: &Question, segments: &[Segment]) -> Self {
        let mut named = Named::default();
        named.visit(&question.rule);
        segments.iter().for_each(|segment| named.visit(&segment.question.rule));
        let mut best = Self::draw_once(random, &named, question, segments);
        for _ in 1..MAX_DRAWN {
            if best.members.min(best.others) >= ENOUGH {
                break;
            }
            let next = Self::draw_once(random, &named, question, segments);
            if next.members.min(next.others) > best.members.min(best.others) {
                best = next;
            }
        }
        best
    }

    fn draw_once(random: &mut Random, named: &Named, question: &Question, segments: &[Segment]) -> Self {
        let mut histories = Histories::new();
        for _ in 0..USERS {
            let user_id = UserId(1 + random.below(MAX_USER_ID) as i64);
            histories.insert(user_id, named.known(random, user_id));
        }
        let instants = instants(random, &question.rule, &histories);
        let mut fitting = Self { histories, instants, members: 0, others: 0 };
        for now in &fitting.instants {
            let inside = memberships(segments, &fitting.histories, *now);
            let members = ask_naive(&question.rule, &fitting.histories, &inside, *now).len();
            fitting.members += members;
            fitting.others += fitting.histories.values().filter(|known| !known.events.is_empty()).count() - members;
        }
        fitting
    }
}

fn instants(random: &mut Random, rule: &Rule, histories: &Histories) -> Vec<Timestamp> {
    let middle = Timestamp::parse(MIDDLE).unwrap_or_default();
    let mut instants = vec![middle];
    while instants.len() < INSTANTS {
        let of = histories.values().nth(random.below(histories.len()));
        let edges = of.map(|known| {
            let said = known.said.iter().map(|said| said.created_at);
            naive::next_candidates_of(rule, &known.events, said)
        });
        let edges = edges.unwrap_or_default();
        instants.push(if edges.is_empty() { history::instant(random) } else { random.pick(&edges) });
    }
    instants.sort_unstable();
    instants
}

/// What a rule names, by what it is compared with.
#[derive(Default)]
struct Named {
    texts: BTreeMap<Column, Vec<String>>,
    totals: Vec<Decimal>,
    /// JSON texts by the path into the payload, and into the traits.
    payload: BTreeMap<Vec<PathStep>, Vec<String>>,
    traits: BTreeMap<Vec<PathStep>, Vec<String>>,
    distances: Vec<i64>,
    times: Vec<Timestamp>,
}

/// What stands in one comparison.
#[derive(Default)]
struct Compared<'r> {
    columns: Vec<Column>,
    paths: Vec<(bool, &'r [PathStep])>,
    texts: Vec<String>,
    numbers: Vec<Decimal>,
    others: Vec<String>,
}

impl Named {
    fn visit(&mut self, rule: &Rule) {
        rule.expr.walk(&mut |part| match &part.kind {
            ExprKind::Literal(Value::Interval(micros)) => self.distances.push(*micros),
            ExprKind::Literal(Value::Timestamp(time)) => self.times.push(*time),
            ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::IsTrue(_) => {}
            _ => self.compare(&Compared::of(part)),
        });
    }

    /// Of a column that several constants stand beside, the nearest ones stand there several times: also for
    /// every comparison inside of another one.
    fn compare(&mut self, compared: &Compared<'_>) {
        for column in &compared.columns {
            self.texts.entry(*column).or_default().extend(compared.texts.iter().cloned());
            if *column == Column::OrderTotal {
                self.totals.extend(&compared.numbers);
            }
        }
        for (of_user, path) in &compared.paths {
            let paths = if *of_user { &mut self.traits } else { &mut self.payload };
            let values = paths.entry(path.to_vec()).or_default();
            values.extend(compared.texts.iter().filter_map(|text| serde_json::to_string(text).ok()));
            values.extend(compared.numbers.iter().map(ToString::to_string));
            values.extend(compared.others.iter().cloned());
        }
    }

    fn known(&self, random: &mut Random, user_id: UserId) -> Known {
        let count = random.below(MAX_EVENTS + 1);
        let events = (0..count).map(|_| self.event(random, user_id)).collect();
        let mut said = history::said(random, user_id);
        said.truncate(MAX_SAID);
        for said in &mut said {
            said.created_at = self.instant(random);
            said.traits = object(random, &self.traits);
        }
        Known { events, said }
    }

    fn event(&self, random: &mut Random, user_id: UserId) -> Event {
        let created_at = self.instant(random);
        let mut event = history::event(random, user_id, created_at);
        for (column, texts) in &self.texts {
            if !texts.is_empty() && random.chance(NAMED_PERCENT) {
                set(&mut event, *column, texts[random.below(texts.len())].clone());
            }
        }
        if !self.totals.is_empty() && random.chance(NAMED_PERCENT) {
            event.order_total = Some(random.pick(&self.totals));
        }
        event.payload = object(random, &self.payload);
        event
    }

    /// At distances from the middle that the rule names, or one microsecond beside.
    fn instant(&self, random: &mut Random) -> Timestamp {
        let beside = random.pick(&[-1, 0, 0, 1]);
        match random.below(4) {
            0 if !self.times.is_empty() => random.pick(&self.times).plus_micros(beside),
            0..=2 if !self.distances.is_empty() => {
                let share = random.pick(&[1, 1, 2, 3]);
                let distance = random.pick(&self.distances) / share;
                Timestamp::parse(MIDDLE).unwrap_or_default().plus_micros(beside - distance)
            }
            _ => history::instant(random),
        }
    }
}

impl<'r> Compared<'r> {
    fn of(expr: &'r Expr) -> Self {
        let mut compared = Self::default();
        expr.walk(&mut |part| compared.add(part));
        compared
    }

    fn add(&mut self, part: &'r Expr) {
        match &part.kind {
            ExprKind::Column(column) | ExprKind::Outer { column, .. } => self.columns.push(*column),
            ExprKind::Path { value, steps } => {
                self.paths.push((value.kind == ExprKind::OfUser(UserColumn::Traits), steps));
            }
            ExprKind::Like { pattern, .. } => self.texts.push(pattern.replace('%', "").replace('_', "x")),
            ExprKind::Literal(Value::Text(text)) => self.texts.push(text.clone()),
            ExprKind::Literal(Value::Integer(whole)) => self.numbers.push(Decimal::from(*whole)),
            ExprKind::Literal(Value::Decimal(decimal)) => self.numbers.push(*decimal),
            ExprKind::Literal(Value::Boolean(truth)) => self.others.push(truth.to_string()),
            ExprKind::Literal(Value::Timestamp(time)) => self.others.push(format!("\"{time}\"")),
            _ => {}
        }
    }
}

fn set(event: &mut Event, column: Column, text: String) {
    let text = Some(text).filter(|text| !text.is_empty());
    match column {
        Column::ActivityType => event.activity_type = text.unwrap_or_default().into(),
        Column::Region => event.region = text.map(Into::into),
        Column::Country => event.country = text.map(Into::into),
        Column::DeviceType => event.device_type = text.map(Into::into),
        Column::Url => event.url = text.map(Into::into),
        Column::ElementId => event.element_id = text.map(Into::into),
        Column::OrderId => event.order_id = text.map(Into::into),
        _ => {}
    }
}

/// Draws an object that has some of the paths.
fn object(random: &mut Random, paths: &BTreeMap<Vec<PathStep>, Vec<String>>) -> Payload {
    let mut object = serde_json::Value::Object(serde_json::Map::new());
    for (path, values) in paths {
        if random.chance(80) {
            let is_named = !values.is_empty() && random.chance(NAMED_PERCENT);
            let text = if is_named { values[random.below(values.len())].as_str() } else { random.pick(&PLAIN_VALUES) };
            put(&mut object, path, serde_json::from_str(text).unwrap_or_default());
        }
    }
    RawValue::from_string(object.to_string()).map_or_else(|_| Payload::empty(), Payload::new)
}

/// Puts a value where a path leads, in the place of what was in its way.
fn put(root: &mut serde_json::Value, path: &[PathStep], value: serde_json::Value) {
    let Some((step, rest)) = path.split_first() else {
        *root = value;
        return;
    };
    match step {
        PathStep::Key(key) => {
            if !root.is_object() {
                *root = serde_json::Value::Object(serde_json::Map::new());
            }
            put(&mut root[key.as_str()], rest, value);
        }
        PathStep::Index(index) => {
            let index = *index as usize;
            let mut array = root.as_array().cloned().unwrap_or_default();
            array.resize(array.len().max(index + 1), serde_json::Value::Null);
            put(&mut array[index], rest, value);
            *root = serde_json::Value::Array(array);
        }
    }
}
