//! Ways to the rows that an aggregate goes over for a row around it, other than looking at all of them.
//!
//! Of the conditions that the filter joins by AND, those on the row alone are the same wherever the aggregate
//! stands: they are looked at once. What must equal something of the row around finds its rows by that value;
//! `created_at` against a time of the row around cuts the rows short, as they are in that order; and how many
//! rows stand before the one around, by time and event, is the place of it. What depends on few values of the row
//! around is computed once for each. Whatever is left is looked at row by row.

use std::cell::RefCell;
use std::collections::hash_map::Entry;

use rules::json::Json;
use rules::rule::Comparison;
use rules::{Aggregate, AggregateFunction, Column, Expr, ExprKind, SqlType, Value};
use rustc_hash::FxHashMap;
use schema::Timestamp;

/// A value as bytes: the same for values that are equal.
pub(super) type Key = Vec<u8>;

/// What a filter is made of, by what finds its rows.
#[derive(Default)]
pub(super) struct Path<'a> {
    /// On the row alone.
    pub(super) own: Vec<&'a Expr>,
    /// What of the row must be what of the row around, and whether NULL equals NULL.
    pub(super) equal: Vec<Equal<'a>>,
    /// `created_at` against something of the row around.
    pub(super) bounds: Vec<(Comparison, &'a Expr)>,
    /// Whether the rows are those that stand before (or behind) the row around.
    pub(super) rank: Option<Rank>,
    /// What is looked at row by row.
    pub(super) rest: Vec<&'a Expr>,
    /// What is named of the rows around, if few rows differ in it.
    pub(super) depends_on: Option<Vec<&'a Expr>>,
}

#[derive(Clone, Copy)]
pub(super) struct Equal<'a> {
    pub(super) own: &'a Expr,
    pub(super) around: &'a Expr,
    pub(super) nulls: bool,
}

/// On which side of the row around.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    Before,
    Behind,
}

impl<'a> Path<'a> {
    pub(super) fn of(aggregate: &'a Aggregate) -> Self {
        let mut path = Self::default();
        let mut open: Vec<&Expr> = aggregate.filter.iter().collect();
        let mut others = Vec::new();
        while let Some(part) = open.pop() {
            match &part.kind {
                ExprKind::And(parts) => open.extend(parts.iter().rev()),
                _ => others.push(part),
            }
        }
        others.into_iter().for_each(|part| path.add(part));
        // What holds an aggregate costs the most, and comes last.
        path.rest.sort_by_key(|part| part.holds_aggregate());
        if let ([only], AggregateFunction::CountAll) = (path.rest.as_slice(), &aggregate.function)
            && let Some(rank) = ranked(only)
        {
            path.rank = Some(rank);
            path.rest.clear();
        }
        path.depends_on = depends_on(aggregate);
        path
    }

    fn add(&mut self, part: &'a Expr) {
        let names = Names::of(part);
        if names.own_alone() {
            return self.own.push(part);
        }
        match &part.kind {
            ExprKind::Compare { op: Comparison::Equal, left, right } => self.add_equal(part, left, right, false),
            ExprKind::IsNotDistinct(left, right) => self.add_equal(part, left, right, true),
            ExprKind::Compare { op, left, right } if *op != Comparison::NotEqual => match (&left.kind, &right.kind) {
                (ExprKind::Column(Column::CreatedAt), _) if is_time_around(right) => self.bounds.push((*op, right)),
                (_, ExprKind::Column(Column::CreatedAt)) if is_time_around(left) => {
                    self.bounds.push((op.mirrored(), left));
                }
                _ => self.rest.push(part),
            },
            _ => self.rest.push(part),
        }
    }

    fn add_equal(&mut self, part: &'a Expr, left: &'a Expr, right: &'a Expr, nulls: bool) {
        let (own, around) = match (Names::of(left), Names::of(right)) {
            (left_names, right_names) if left_names.own_alone() && right_names.around_alone() => (left, right),
            (left_names, right_names) if left_names.around_alone() && right_names.own_alone() => (right, left),
            _ => return self.rest.push(part),
        };
        if own.sql_type != around.sql_type {
            return self.rest.push(part);
        }
        self.equal.push(Equal { own, around, nulls });
        if !is_exact(own.sql_type) {
            self.rest.push(part);
        }
    }
}

/// Whose columns an expression names.
#[derive(Clone, Copy, Default)]
struct Names {
    own: bool,
    around: bool,
    /// Aggregates, and what is compared with `now()`.
    other: bool,
}

impl Names {
    fn of(expr: &Expr) -> Self {
        let own = Self {
            own: matches!(expr.kind, ExprKind::Column(_)),
            around: matches!(expr.kind, ExprKind::Outer { .. }),
            other: matches!(
                expr.kind,
                ExprKind::Aggregate(_) | ExprKind::Slot(_) | ExprKind::OfUser(_) | ExprKind::InSegment(_)
            ),
        };
        rules::plan::children(expr).into_iter().map(Self::of).fold(own, |left, right| Self {
            own: left.own || right.own,
            around: left.around || right.around,
            other: left.other || right.other,
        })
    }

    const fn own_alone(self) -> bool {
        self.own && !self.around && !self.other
    }

    const fn around_alone(self) -> bool {
        self.around && !self.own && !self.other
    }
}

fn is_time_around(expr: &Expr) -> bool {
    expr.sql_type == SqlType::Timestamp && Names::of(expr).around_alone()
}

/// Whether two values of a type have the same key only if they are equal.
const fn is_exact(sql_type: SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Boolean
            | SqlType::Integer
            | SqlType::Decimal { .. }
            | SqlType::Text
            | SqlType::Timestamp
            | SqlType::Date
    )
}

/// `created_at < around.created_at OR (created_at IS NOT DISTINCT FROM … AND event_id < around.event_id)`
fn ranked(part: &Expr) -> Option<Rank> {
    let ExprKind::Or(parts) = &part.kind else { return None };
    let [first, tied] = parts.as_slice() else { return None };
    let ExprKind::And(tied) = &tied.kind else { return None };
    let [same, second] = tied.as_slice() else { return None };
    let ExprKind::IsNotDistinct(left, right) = &same.kind else { return None };
    let of_row = |expr: &Expr, column| expr.kind == ExprKind::Column(column);
    let of_around = |expr: &Expr, column| expr.kind == ExprKind::Outer { distance: 1, column };
    let rank = |part: &Expr, column| match &part.kind {
        ExprKind::Compare { op, left, right } if of_row(left, column) && of_around(right, column) => match op {
            Comparison::Less => Some(Rank::Before),
            Comparison::Greater => Some(Rank::Behind),
            _ => None,
        },
        _ => None,
    };
    let by_time = rank(first, Column::CreatedAt)?;
    let same_time = of_row(left, Column::CreatedAt) && of_around(right, Column::CreatedAt);
    (same_time && rank(second, Column::EventId)? == by_time).then_some(by_time)
}

/// Returns what an aggregate names of the rows around, if rows can be expected to have it in common.
fn depends_on(aggregate: &Aggregate) -> Option<Vec<&Expr>> {
    let mut named = Vec::new();
    let few = aggregate.children().all(|part| collect(part, &mut named));
    (few && !named.is_empty() && named.iter().all(|part| is_exact(part.sql_type))).then_some(named)
}

/// Collects the greatest parts that only name rows around; `false` when that is no use.
fn collect<'a>(part: &'a Expr, named: &mut Vec<&'a Expr>) -> bool {
    let names = Names::of(part);
    if names.around_alone() {
        let unlike = matches!(
            part.kind,
            ExprKind::Outer { column: Column::EventId | Column::CreatedAt | Column::ReceivedAt | Column::Payload, .. }
        );
        if !named.contains(&part) {
            named.push(part);
        }
        return !unlike;
    }
    // What they name cannot be told apart from here.
    let hidden = matches!(part.kind, ExprKind::Aggregate(_) | ExprKind::Slot(_));
    !hidden && rules::plan::children(part).into_iter().all(|child| collect(child, named))
}

/// Adds a value to a key.
pub(super) fn push(key: &mut Key, value: &Value) {
    let text = |key: &mut Key, tag, text: &str| {
        key.push(tag);
        key.extend((text.len() as u64).to_le_bytes());
        key.extend(text.as_bytes());
    };
    match value {
        Value::Null => key.push(0),
        Value::Boolean(value) => key.extend([1, u8::from(*value)]),
        Value::Integer(value) | Value::Interval(value) => {
            key.push(2);
            key.extend(value.to_le_bytes());
        }
        Value::Decimal(value) => {
            key.extend([3, value.scale()]);
            key.extend(value.units().to_le_bytes());
        }
        Value::Double(value) => {
            key.push(4);
            key.extend(whole_zero(*value).to_le_bytes());
        }
        Value::Text(value) => text(key, 5, value),
        Value::Timestamp(value) => {
            key.push(6);
            key.extend(value.as_micros().to_le_bytes());
        }
        Value::Date(value) => {
            key.push(7);
            key.extend(value.to_le_bytes());
        }
        Value::Variant(Json::String(value)) => text(key, 8, value),
        // By value, whatever the notation.
        Value::Variant(Json::Number(number)) => {
            key.push(9);
            key.extend(whole_zero(number.to_string().parse().unwrap_or(f64::INFINITY)).to_le_bytes());
        }
        Value::Variant(_) => key.push(10),
    }
}

/// There is one zero.
fn whole_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}

/// The rows of an aggregate, found once.
pub(super) struct Found {
    /// Their places, ascending, by what must equal something of the row around.
    by_key: FxHashMap<Key, Vec<u32>>,
    /// The value, by what it depends on.
    known: RefCell<FxHashMap<Key, Value>>,
}

impl Found {
    /// Sorts the places of rows, ascending, by their keys; a row without one is never found.
    pub(super) fn new(rows: impl Iterator<Item = (u32, Option<Key>)>) -> Self {
        let mut by_key: FxHashMap<Key, Vec<u32>> = FxHashMap::default();
        for (place, key) in rows {
            let Some(key) = key else { continue };
            match by_key.entry(key) {
                Entry::Occupied(mut places) => places.get_mut().push(place),
                Entry::Vacant(places) => drop(places.insert(vec![place])),
            }
        }
        Self { by_key, known: RefCell::default() }
    }

    pub(super) fn places(&self, key: &Key) -> &[u32] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn known(&self, key: &Key) -> Option<Value> {
        self.known.borrow().get(key).cloned()
    }

    pub(super) fn learn(&self, key: Key, value: Value) {
        self.known.borrow_mut().insert(key, value);
    }
}

/// Cuts places down to those of times that compare so; they are ascending by time.
pub(super) fn within(places: &[u32], op: Comparison, bound: Timestamp, time: impl Fn(u32) -> Timestamp) -> &[u32] {
    let first_from = places.partition_point(|place| time(*place) < bound);
    let first_after = places.partition_point(|place| time(*place) <= bound);
    match op {
        Comparison::Less => &places[..first_from],
        Comparison::LessOrEqual => &places[..first_after],
        Comparison::Greater => &places[first_after..],
        Comparison::GreaterOrEqual => &places[first_from..],
        Comparison::Equal => &places[first_from..first_after],
        // Never a bound: what lies on both sides is looked at row by row.
        Comparison::NotEqual => places,
    }
}
