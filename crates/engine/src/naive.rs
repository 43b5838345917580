//! The evaluator that keeps every event and re-evaluates the rule from scratch: slow and plain.
//!
//! It is the definition of membership in code. The incremental engine must agree with it after
//! every step; nothing of the engine and nothing of its plans is used here. What a scalar operator
//! means is shared (`rules::eval`), how rows, aggregates and time come together is not.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::rc::Rc;

use rules::calendar::CalendarUnit;
use rules::eval::{Scope, average, compare, evaluate, is_true, order};
use rules::json::Json;
use rules::plan::argument_of;
use rules::rule::{CastType, ScalarFunction};
use rules::{Aggregate, AggregateFunction, Column, Expr, ExprKind, Rule, UserColumn, Value};
use schema::{Decimal, Event, StandingTraits, Text, Timestamp};

/// Returns whether a user with these events, in any order, is in the segment at `now`.
///
/// Duplicates count here: leaving them out is the caller's business.
pub fn is_member(rule: &Rule, events: &[Event], now: Timestamp) -> bool {
    is_member_of(rule, &Person { events, ..Person::default() }, now)
}

/// Everything that is known of a user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person<'a> {
    /// In any order.
    pub events: &'a [Event],
    /// What was said of the user, in any order: when, by event time, and the JSON.
    pub traits: &'a [(Timestamp, String)],
    /// The tags of the segments that the user is in.
    pub segments: &'a [String],
}

/// Returns likewise for a user of whom more is known than events.
pub fn is_member_of(rule: &Rule, person: &Person<'_>, now: Timestamp) -> bool {
    let known = Known::default();
    person.events.iter().any(|row| is_true(&rule.expr, &Row { row, around: None, person, now, known: &known }))
}

/// One row among the user's events, at one instant.
struct Row<'a> {
    row: &'a Event,
    /// The row that the aggregate over this one stands at.
    around: Option<&'a Row<'a>>,
    person: &'a Person<'a>,
    now: Timestamp,
    known: &'a Known,
}

/// Columns of the rows around: of the nearest one, 0, and further out.
type Around = Rc<[(usize, Column)]>;

/// What aggregates have come to within one evaluation, by their address and what they name of the rows around.
///
/// Nothing else can make one come to something else, and without it a group of pairs takes the fourth power of the
/// number of events.
#[derive(Default)]
struct Known {
    values: RefCell<HashMap<(*const Aggregate, String), Value>>,
    named: RefCell<HashMap<*const Aggregate, Around>>,
}

impl Known {
    /// Returns which columns an aggregate names of the row that it stands at, and further out.
    fn named_by(&self, aggregate: &Aggregate) -> Around {
        let name = || {
            let mut columns = BTreeSet::new();
            aggregate.children().for_each(|part| named_around(part, 1, &mut columns));
            columns.into_iter().collect()
        };
        Rc::clone(self.named.borrow_mut().entry(std::ptr::from_ref(aggregate)).or_insert_with(name))
    }
}

/// `inside` is how many aggregates stand around the part, up to the one that is asked about.
fn named_around(part: &Expr, inside: usize, columns: &mut BTreeSet<(usize, Column)>) {
    match &part.kind {
        ExprKind::Outer { distance, column } if *distance >= inside => {
            columns.insert((distance - inside, *column));
        }
        ExprKind::Aggregate(inner) => inner.children().for_each(|part| named_around(part, inside + 1, columns)),
        _ => part.children().into_iter().for_each(|part| named_around(part, inside, columns)),
    }
}

impl Scope for Row<'_> {
    fn column(&self, column: Column) -> Value {
        column_of(self.row, column)
    }

    fn payload(&self) -> Option<&str> {
        Some(self.row.payload.as_str())
    }

    fn outer(&self, distance: usize, column: Column) -> Value {
        match (self.around, distance) {
            (Some(around), 1) => around.column(column),
            (Some(around), _) => around.outer(distance - 1, column),
            (None, _) => Value::Null,
        }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Value {
        let mut around = String::new();
        for (distance, column) in self.known.named_by(aggregate).iter() {
            let value = if *distance == 0 { self.column(*column) } else { self.outer(*distance, *column) };
            // Writing into a String has no way to fail.
            let _ = write!(around, "{value:?};");
        }
        let key = (std::ptr::from_ref(aggregate), around);
        if let Some(value) = self.known.values.borrow().get(&key) {
            return value.clone();
        }
        let value = aggregated(aggregate, self);
        self.known.values.borrow_mut().insert(key, value.clone());
        value
    }

    fn slot(&self, _: usize) -> Value {
        Value::Null
    }

    fn of_user(&self, column: UserColumn) -> Value {
        of_user(self.person, column)
    }

    fn is_in_segment(&self, tag: &str) -> bool {
        self.person.segments.iter().any(|known| known == tag)
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

fn of_user(person: &Person<'_>, column: UserColumn) -> Value {
    let mut standing = StandingTraits::default();
    for (at, json) in person.traits {
        standing.fold_text(*at, json);
    }
    match (standing.first(), column) {
        (first, UserColumn::Known) => Value::Boolean(first.is_some()),
        (None, _) => Value::Null,
        (Some(first), UserColumn::CreatedAt) => Value::Timestamp(first),
        (Some(_), UserColumn::Traits) => Json::parse(&standing.to_json()).map_or(Value::Null, Value::Variant),
    }
}

fn column_of(event: &Event, column: Column) -> Value {
    let text = |text: &Option<Text>| text.as_ref().map_or(Value::Null, |text| Value::Text(text.to_string()));
    match column {
        Column::EventId => Value::Text(event.event_id.to_string()),
        Column::UserId => Value::Integer(event.user_id.0),
        Column::ActivityType => Value::Text(event.activity_type.to_string()),
        Column::Region => text(&event.region),
        Column::Country => text(&event.country),
        Column::DeviceType => text(&event.device_type),
        Column::Url => text(&event.url),
        Column::ElementId => text(&event.element_id),
        Column::OrderId => text(&event.order_id),
        Column::OrderTotal => event.order_total.map_or(Value::Null, Value::Decimal),
        Column::CreatedAt => Value::Timestamp(event.created_at),
        Column::ReceivedAt => Value::Timestamp(event.received_at),
        Column::Payload => Json::parse(event.payload.as_str()).map_or(Value::Null, Value::Variant),
    }
}

/// Computes an aggregate that stands at a row over all events for which its filter is TRUE.
fn aggregated(aggregate: &Aggregate, at: &Row<'_>) -> Value {
    let Row { person, now, known, .. } = *at;
    let scope = |row| Row { row, around: Some(at), person, now, known };
    let passes = |row| aggregate.filter.as_ref().is_none_or(|filter| is_true(filter, &scope(row)));
    if aggregate.function == AggregateFunction::Exists {
        return Value::Boolean(person.events.iter().any(passes));
    }
    let mut rows: Vec<&Event> = person.events.iter().collect();
    rows.retain(|row| passes(*row));
    let values = |argument: &Expr| -> Vec<Value> {
        let all = rows.iter().map(|row| evaluate(argument, &scope(row)));
        all.filter(|value| *value != Value::Null).collect()
    };
    match &aggregate.function {
        AggregateFunction::Exists => Value::Boolean(!rows.is_empty()),
        AggregateFunction::CountAll => Value::Integer(rows.len() as i64),
        AggregateFunction::Count(argument) => Value::Integer(values(argument).len() as i64),
        AggregateFunction::CountDistinct(argument) => Value::Integer(distinct(values(argument)).len() as i64),
        AggregateFunction::Sum(argument) => total(&values(argument)),
        AggregateFunction::Avg(argument) => {
            let values = values(argument);
            average(&total(&values), values.len() as i64)
        }
        AggregateFunction::Min(argument) => best(values(argument), Ordering::Less),
        AggregateFunction::Max(argument) => best(values(argument), Ordering::Greater),
        AggregateFunction::Funnel { window, steps } => Value::Integer(steps_made(*window, steps, &rows, scope)),
        AggregateFunction::Last(argument) => {
            rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.event_id)));
            first_not_null(argument, &rows, scope)
        }
        AggregateFunction::First(argument) => {
            rows.sort_by_key(|row| (row.created_at, row.event_id));
            first_not_null(argument, &rows, scope)
        }
    }
}

fn first_not_null<'a, S: Scope>(argument: &Expr, rows: &[&'a Event], scope: impl Fn(&'a Event) -> S) -> Value {
    let values = rows.iter().map(|row| evaluate(argument, &scope(row)));
    values.into_iter().find(|value| *value != Value::Null).unwrap_or(Value::Null)
}

/// Follows every way from every first step.
fn steps_made<'a, S: Scope>(window: i64, steps: &[Expr], rows: &[&'a Event], scope: impl Fn(&'a Event) -> S) -> i64 {
    let makes = |step: &Expr| -> Vec<Timestamp> {
        rows.iter().filter(|row| is_true(step, &scope(row))).map(|row| row.created_at).collect()
    };
    let made: Vec<Vec<Timestamp>> = steps.iter().map(makes).collect();
    let from = |first: &Timestamp| {
        let (mut at, mut count) = (*first, 0);
        for times in &made {
            let in_time = times.iter().filter(|time| **time >= at && time.micros_since(*first) <= window);
            let Some(next) = in_time.min() else { break };
            (at, count) = (*next, count + 1);
        }
        count
    };
    made.first().into_iter().flatten().map(from).max().unwrap_or(0)
}

fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for value in values {
        if seen.iter().all(|known| compare(known, &value) != Some(Ordering::Equal)) {
            seen.push(value);
        }
    }
    seen
}

fn best(values: Vec<Value>, wanted: Ordering) -> Value {
    let better = |best: Value, value: Value| if order(&value, &best) == Some(wanted) { value } else { best };
    values.into_iter().reduce(better).unwrap_or(Value::Null)
}

/// Adds integers and decimals up without passing 128 bits on the way: high and low digits apart.
fn total(values: &[Value]) -> Value {
    const BASE: i128 = 10_i128.pow(19);
    let decimals: Vec<Decimal> = values.iter().filter_map(to_decimal).collect();
    if decimals.is_empty() {
        return Value::Null;
    }
    let scale = decimals.iter().map(|decimal| decimal.scale()).max().unwrap_or(0);
    let units = decimals.iter().filter_map(|decimal| decimal.rescale_up(scale)).map(Decimal::units);
    let (high, low) = units.fold((0, 0), |(high, low), units| (high + units / BASE, low + units % BASE));
    let sum = high.checked_mul(BASE).and_then(|high| high.checked_add(low));
    if matches!(values[0], Value::Integer(_)) {
        return sum.and_then(|sum| i64::try_from(sum).ok()).map_or(Value::Null, Value::Integer);
    }
    sum.and_then(|sum| Decimal::new(sum, scale)).map_or(Value::Null, Value::Decimal)
}

fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(whole) => Some(Decimal::from(*whole)),
        Value::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

/// What is known of a user at one instant, over which parts of a rule are evaluated one by one.
pub struct Evaluation<'a> {
    person: Person<'a>,
    now: Timestamp,
    known: Known,
}

impl<'a> Evaluation<'a> {
    /// Begins without knowing the value of any aggregate.
    pub fn new(person: Person<'a>, now: Timestamp) -> Self {
        Self { person, now, known: Known::default() }
    }

    /// Evaluates a part of a rule at one of the events.
    pub fn value(&self, expr: &'a Expr, row: &Event) -> Value {
        evaluate(expr, &self.at(row))
    }

    /// Evaluates a part of an aggregate at its row, the last one; those before it are the rows around, from the
    /// outermost on.
    pub fn value_within(&self, expr: &'a Expr, rows: &[&Event]) -> Value {
        self.within(expr, None, rows)
    }

    fn within<'b>(&'b self, expr: &Expr, around: Option<&'b Row<'b>>, rows: &[&'b Event]) -> Value {
        let Some((row, inner)) = rows.split_first() else { return Value::Null };
        let at = Row { row, around, person: &self.person, now: self.now, known: &self.known };
        if inner.is_empty() { evaluate(expr, &at) } else { self.within(expr, Some(&at), inner) }
    }

    /// Returns the places of the events that count for an aggregate which stands outside of any other:
    /// those that pass its filter and have an argument.
    pub fn counted(&self, aggregate: &'a Aggregate) -> Vec<usize> {
        let counts = |row: &Event| {
            let scope = self.at(row);
            aggregate.filter.as_ref().is_none_or(|filter| is_true(filter, &scope))
                && argument_of(&aggregate.function).is_none_or(|argument| evaluate(argument, &scope) != Value::Null)
        };
        (0..self.person.events.len()).filter(|at| counts(&self.person.events[*at])).collect()
    }

    /// Returns what is known of the user besides the events.
    pub fn of_user(&self, column: UserColumn) -> Value {
        of_user(&self.person, column)
    }

    /// Returns whether the user is in the segment of a tag.
    pub fn is_in_segment(&self, tag: &str) -> bool {
        self.person.segments.iter().any(|known| known == tag)
    }

    fn at<'b>(&'b self, row: &'b Event) -> Row<'b> {
        Row { row, around: None, person: &self.person, now: self.now, known: &self.known }
    }
}

/// Returns every instant at which time alone could flip the rule for these events, ascending.
///
/// More than needed, never less: around every time that the events or the rule name, at the
/// distance of every interval of the rule and of every sum of two of them, one microsecond before
/// and after as well. Between two neighbours of the result nothing changes.
pub fn next_candidates(rule: &Rule, events: &[Event]) -> Vec<Timestamp> {
    next_candidates_of(rule, events, std::iter::empty())
}

/// Returns likewise, around other times as well.
pub fn next_candidates_of(rule: &Rule, events: &[Event], others: impl Iterator<Item = Timestamp>) -> Vec<Timestamp> {
    let mut named = Named::default();
    named.visit(&rule.expr);
    let times = events.iter().flat_map(|event| [event.created_at, event.received_at]);
    let times = times.chain(named.times).chain(others);
    let offsets = offsets(&named.intervals);
    let instants = times.flat_map(|time| offsets.iter().map(move |offset| time.plus_micros(*offset)));
    let units = &named.units;
    let instants = instants.flat_map(|instant| {
        let boundaries =
            units.iter().flat_map(move |unit| [unit.floor(instant), unit.ceil(instant), unit.after(instant)]);
        [instant].into_iter().chain(boundaries)
    });
    let around = instants.flat_map(|instant| [-1, 0, 1].map(|micros| instant.plus_micros(micros)));
    around.collect::<BTreeSet<_>>().into_iter().collect()
}

fn offsets(intervals: &BTreeSet<i64>) -> BTreeSet<i64> {
    let signed: BTreeSet<i64> = intervals.iter().flat_map(|micros| [*micros, micros.saturating_neg(), 0]).collect();
    let sums = signed.iter().flat_map(|left| signed.iter().map(move |right| left.saturating_add(*right)));
    sums.chain([0]).collect()
}

/// The times and intervals that a rule names.
#[derive(Default)]
struct Named {
    times: BTreeSet<Timestamp>,
    intervals: BTreeSet<i64>,
    /// What times are cut down to.
    units: BTreeSet<CalendarUnit>,
}

impl Named {
    fn visit(&mut self, expr: &Expr) {
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Literal(Value::Timestamp(time)) => {
                self.times.insert(*time);
            }
            ExprKind::Function { function: ScalarFunction::DateTrunc(unit), .. } => self.cuts_down_to(*unit),
            ExprKind::Cast { to: CastType::Date, .. } => self.cuts_down_to(CalendarUnit::Day),
            ExprKind::Literal(Value::Interval(micros)) => {
                self.intervals.insert(*micros);
            }
            _ => {}
        });
    }

    fn cuts_down_to(&mut self, unit: CalendarUnit) {
        self.units.insert(unit);
        self.intervals.extend(unit.length_micros());
    }
}
