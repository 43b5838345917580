//! Which comparisons are conditions on series: what nearly all rules are made of.
//!
//! Whatever is not recognised here is a general condition, slower and just as exact.

use rules::rule::{ArithmeticOp, Comparison, ScalarFunction};
use rules::{AggregateFunction, AggregateSpec, Column, Expr, ExprKind, SqlType, Value};
use schema::{Event, Timestamp};

use super::condition::LatestTime;
use super::draft::Draft;
use super::formula::Formula;
use super::series::{MAX_DEPTH, SINCE_EVER, plain_edge};

/// The aggregates of the rule that is being added.
#[derive(Clone, Copy)]
pub(super) struct Recogniser<'a> {
    pub(super) aggregates: &'a [AggregateSpec],
}

impl<'a> Recogniser<'a> {
    /// Returns the formula that holds exactly when a comparison is TRUE, if it is one that series answer.
    pub(super) fn comparison(self, draft: &mut Draft, op: Comparison, left: &Expr, right: &Expr) -> Option<Formula> {
        self.sided(draft, op, left, right).or_else(|| self.sided(draft, op.mirrored(), right, left))
    }

    fn sided(self, draft: &mut Draft, op: Comparison, left: &Expr, right: &Expr) -> Option<Formula> {
        match &right.kind {
            ExprKind::Literal(Value::Text(text)) => self.latest(draft, op, left, text),
            ExprKind::Literal(threshold) => match self.count(draft, op, left, threshold) {
                Some(formula) => Some(formula),
                None => self.total(draft, op, left, threshold),
            },
            _ => match now_offset(right) {
                Some(offset) => self.since(draft, op, left, offset),
                None => self.order(draft, op, left, right),
            },
        }
    }

    fn spec(self, expr: &Expr) -> Option<&'a AggregateSpec> {
        match expr.kind {
            ExprKind::Slot(index) => self.aggregates.get(index).filter(|spec| spec.interpretation.is_none()),
            _ => None,
        }
    }

    /// Whether there is an event: never NULL.
    pub(super) fn exists(self, draft: &mut Draft, slot: &Expr) -> Option<Formula> {
        let spec = self.spec(slot).filter(|spec| spec.function == AggregateFunction::Exists)?;
        let from = plain_edge(spec.window)?;
        if from == SINCE_EVER && spec.filter.is_none() {
            // Who has no event is no user.
            return Some(Formula::ALWAYS);
        }
        Some(at_least(draft, spec, from, 1, 1))
    }

    /// A count against a number: a count is never NULL.
    fn count(self, draft: &mut Draft, op: Comparison, left: &Expr, threshold: &Value) -> Option<Formula> {
        let spec = self.spec(left).filter(|spec| spec.function == AggregateFunction::CountAll)?;
        let (Value::Integer(threshold), Some(from)) = (threshold, plain_edge(spec.window)) else { return None };
        let next = threshold.checked_add(1)?;
        if from != SINCE_EVER && next > i64::from(MAX_DEPTH) {
            return None;
        }
        let mut reaches = |count: i64| match u64::try_from(count) {
            Ok(0) | Err(_) => Formula::ALWAYS,
            Ok(count) => at_least(draft, spec, from, count, u64::MAX),
        };
        Some(match op {
            Comparison::GreaterOrEqual => reaches(*threshold),
            Comparison::Greater => reaches(next),
            Comparison::Less => reaches(*threshold).negated(),
            Comparison::LessOrEqual => reaches(next).negated(),
            Comparison::Equal => Formula::All(vec![reaches(*threshold), reaches(next).negated()]),
            Comparison::NotEqual => Formula::Any(vec![reaches(*threshold).negated(), reaches(next)]),
        })
    }

    /// The latest value of a column against a constant; not TRUE where there is none.
    fn latest(self, draft: &mut Draft, op: Comparison, left: &Expr, text: &str) -> Option<Formula> {
        let spec = self.spec(left)?;
        let AggregateFunction::Last(argument) = &spec.function else { return None };
        let ExprKind::Column(column) = argument.kind else { return None };
        if plain_edge(spec.window)? != SINCE_EVER || !is_kept_as_text(column) {
            return None;
        }
        let is = Formula::Is(draft.latest(spec, column, Some(text)));
        match op {
            Comparison::Equal => Some(is),
            Comparison::NotEqual => {
                let is_known = Formula::Is(draft.latest(spec, column, None));
                Some(Formula::All(vec![is_known, is.negated()]))
            }
            _ => None,
        }
    }

    /// The latest time against `now() + offset`; not TRUE where there is none.
    fn since(self, draft: &mut Draft, op: Comparison, left: &Expr, offset: i64) -> Option<Formula> {
        let spec = self.latest_time_of(left)?;
        let after = offset.checked_add(1)?;
        let mut lies_from = |from| Formula::Is(draft.recent(spec, 1, from));
        let formula = match op {
            Comparison::GreaterOrEqual => return Some(lies_from(offset)),
            Comparison::Greater => return Some(lies_from(after)),
            Comparison::Less => lies_from(offset).negated(),
            Comparison::LessOrEqual => lies_from(after).negated(),
            Comparison::Equal | Comparison::NotEqual => return None,
        };
        Some(Formula::All(vec![at_least(draft, spec, SINCE_EVER, 1, 1), formula]))
    }

    /// The total of the orders against a number.
    fn total(self, draft: &mut Draft, op: Comparison, left: &Expr, threshold: &Value) -> Option<Formula> {
        let threshold = order_total_units(threshold)?;
        let (left, otherwise) = match coalesced(left) {
            Some((inner, otherwise)) => (inner, Some(order_total_units(otherwise)?)),
            None => (left, None),
        };
        let spec = self.spec(left)?;
        let AggregateFunction::Sum(argument) = &spec.function else { return None };
        if argument.kind != ExprKind::Column(Column::OrderTotal) {
            return None;
        }
        let from = plain_edge(spec.window)?;
        let over_nothing = otherwise.is_some_and(|otherwise| op.holds(otherwise.cmp(&threshold)));
        Some(Formula::Is(draft.total(spec, from, op, threshold, over_nothing)))
    }

    /// Two latest times against each other.
    fn order(self, draft: &mut Draft, op: Comparison, left: &Expr, right: &Expr) -> Option<Formula> {
        let (left, right) = (self.time_side(left)?, self.time_side(right)?);
        let mut latest =
            |(spec, otherwise): (&AggregateSpec, _)| LatestTime { series: draft.latest_time(spec), otherwise };
        let (left, right) = (latest(left), latest(right));
        Some(Formula::Is(draft.order(left, op, right)))
    }

    fn time_side(self, expr: &Expr) -> Option<(&'a AggregateSpec, Option<Timestamp>)> {
        match coalesced(expr) {
            Some((inner, Value::Timestamp(otherwise))) => Some((self.latest_time_of(inner)?, Some(*otherwise))),
            Some(_) => None,
            None => Some((self.latest_time_of(expr)?, None)),
        }
    }

    /// Returns the aggregate when it is `max(created_at)` of all events of a filter.
    fn latest_time_of(self, expr: &Expr) -> Option<&'a AggregateSpec> {
        let spec = self.spec(expr)?;
        let AggregateFunction::Max(argument) = &spec.function else { return None };
        let is_it = argument.kind == ExprKind::Column(Column::CreatedAt) && plain_edge(spec.window)? == SINCE_EVER;
        is_it.then_some(spec)
    }
}

/// Makes "at least so many": of events that leave again by their times, else by their number.
fn at_least(draft: &mut Draft, spec: &AggregateSpec, from: i64, count: u64, ever_up_to: u64) -> Formula {
    if from == SINCE_EVER {
        return Formula::Is(draft.ever(spec, count, ever_up_to));
    }
    Formula::Is(draft.recent(spec, count as u32, from))
}

/// Returns x and c of `coalesce(x, c)`.
fn coalesced(expr: &Expr) -> Option<(&Expr, &Value)> {
    let ExprKind::Function { function: ScalarFunction::Coalesce, arguments } = &expr.kind else { return None };
    match arguments.as_slice() {
        [inner, Expr { kind: ExprKind::Literal(otherwise), .. }] => Some((inner, otherwise)),
        _ => None,
    }
}

/// Returns a number in units of `order_total`, if it is a whole number of them.
fn order_total_units(value: &Value) -> Option<i128> {
    let scale = Event::ORDER_TOTAL_SCALE;
    match value {
        Value::Integer(whole) => Some(i128::from(*whole) * 10_i128.pow(u32::from(scale))),
        Value::Decimal(decimal) => {
            decimal.rescale_up(scale).filter(|decimal| decimal.scale() == scale).map(schema::Decimal::units)
        }
        _ => None,
    }
}

/// Returns x of `now() + x`.
fn now_offset(expr: &Expr) -> Option<i64> {
    let ExprKind::Arithmetic { op, left, right } = &expr.kind else {
        return (expr.kind == ExprKind::Now && expr.sql_type == SqlType::Timestamp).then_some(0);
    };
    let ExprKind::Literal(Value::Interval(micros)) = right.kind else { return None };
    match op {
        ArithmeticOp::Add => now_offset(left)?.checked_add(micros),
        ArithmeticOp::Subtract => now_offset(left)?.checked_sub(micros),
        _ => None,
    }
}

/// The columns that an event holds as text already.
fn is_kept_as_text(column: Column) -> bool {
    column.sql_type() == SqlType::Text && column != Column::EventId
}
