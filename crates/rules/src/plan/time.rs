//! Comparisons with `now()`: windows of rows, and times of users.

use schema::Timestamp;

use super::spec::WindowSpec;
use super::unsupported;
use super::walk::{Uses, children};
use crate::calendar::CalendarUnit;
use crate::eval::{Scope, evaluate};
use crate::rule::{ArithmeticOp, CastType, Comparison, ScalarFunction};
use crate::{Aggregate, Column, Diagnostic, Expr, ExprKind, SqlType, Value};

/// The longest interval from `now()`: 100 years. Longer ones look at every event anyway, and would
/// bring sums of times near the ends of what a timestamp can hold.
const MAX_INTERVAL_MICROS: i64 = 36_525 * 86_400 * 1_000_000;

/// `time op now() + offset`, whatever side `now()` stood on.
pub(super) struct AgainstNow<'a> {
    /// The time; does not name `now()`. `None` when both sides are `now()`.
    pub(super) time: Option<&'a Expr>,
    pub(super) op: Comparison,
    pub(super) offset: i64,
    /// What `now()` is cut down to before the offset is added.
    pub(super) unit: Option<CalendarUnit>,
}

/// Takes a comparison that names `now()` apart.
pub(super) fn against_now(expr: &Expr) -> Result<AgainstNow<'_>, Diagnostic> {
    let ExprKind::Compare { op, left, right } = &expr.kind else {
        return Err(unsupported::now_outside_of_comparison(expr));
    };
    let (Some(left), Some(right)) = (Side::of(left), Side::of(right)) else {
        return Err(unsupported::now_outside_of_comparison(expr));
    };
    let offset = right.offset.checked_sub(left.offset);
    let offset = offset.filter(|offset| offset.abs() <= MAX_INTERVAL_MICROS);
    let offset = offset.ok_or_else(|| unsupported::interval_too_long(expr))?;
    let against = |time, op, offset, unit| Ok(AgainstNow { time, op, offset, unit });
    match (left.time, right.time) {
        (None, None) if left.unit == right.unit => against(None, *op, offset, left.unit),
        (Some(time), None) => against(Some(time), *op, offset, right.unit),
        (None, Some(time)) => against(Some(time), op.mirrored(), -offset, left.unit),
        // Two times; or the time of the day, which no event has a part in.
        _ => Err(unsupported::now_outside_of_comparison(expr)),
    }
}

/// Returns whether a comparison is one with `now()`, and does not only hold others that are.
pub(super) fn is_against_now(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Compare { left, right, .. } if names_now(left) || names_now(right))
}

fn names_now(side: &Expr) -> bool {
    match &side.kind {
        ExprKind::Now => true,
        ExprKind::Compare { .. } => false,
        _ => children(side).into_iter().any(names_now),
    }
}

/// One side of a comparison: a time, or `now()`, and a constant added to it.
struct Side<'a> {
    time: Option<&'a Expr>,
    unit: Option<CalendarUnit>,
    offset: i64,
}

impl<'a> Side<'a> {
    fn of(expr: &'a Expr) -> Option<Self> {
        if let Some((ExprKind::Now, unit)) = cut_down(expr) {
            return Some(Self { time: None, unit, offset: 0 });
        }
        match &expr.kind {
            ExprKind::Arithmetic { op: ArithmeticOp::Add, left, right } => match constant_interval(right) {
                Some(micros) => Self::of(left)?.moved(micros),
                None => Self::of(right)?.moved(constant_interval(left)?),
            },
            ExprKind::Arithmetic { op: ArithmeticOp::Subtract, left, right } => {
                Self::of(left)?.moved(constant_interval(right)?.checked_neg()?)
            }
            _ => (matches!(expr.sql_type, SqlType::Timestamp | SqlType::Date) && !Uses::of(expr).now).then_some(Self {
                time: Some(expr),
                unit: None,
                offset: 0,
            }),
        }
    }

    fn moved(self, micros: i64) -> Option<Self> {
        Some(Self { offset: self.offset.checked_add(micros)?, ..self })
    }
}

/// Returns a column or `now()`, and what it is cut down to: `date_trunc(unit, x)`, `to_date(x)`.
fn cut_down(expr: &Expr) -> Option<(&ExprKind, Option<CalendarUnit>)> {
    match &expr.kind {
        kind @ (ExprKind::Now | ExprKind::Column(_)) => Some((kind, None)),
        // A day is its midnight.
        ExprKind::Cast { value, to: CastType::Timestamp } if value.sql_type == SqlType::Date => cut_down(value),
        ExprKind::Cast { value, to: CastType::Date } if value.sql_type == SqlType::Timestamp => {
            not_cut_down(value).map(|kind| (kind, Some(CalendarUnit::Day)))
        }
        ExprKind::Function { function: ScalarFunction::DateTrunc(unit), arguments } => {
            not_cut_down(arguments.first()?).map(|kind| (kind, Some(*unit)))
        }
        _ => None,
    }
}

fn not_cut_down(expr: &Expr) -> Option<&ExprKind> {
    cut_down(expr).filter(|(_, unit)| unit.is_none()).map(|(kind, _)| kind)
}

fn constant_interval(expr: &Expr) -> Option<i64> {
    match constant(expr)? {
        Value::Interval(micros) => Some(micros),
        _ => None,
    }
}

/// Returns the value of an expression that depends on nothing.
pub(super) fn constant(expr: &Expr) -> Option<Value> {
    Uses::of(expr).nothing().then(|| evaluate(expr, &Nowhere))
}

struct Nowhere;

impl Scope for Nowhere {
    fn column(&self, _: Column) -> Value {
        Value::Null
    }

    fn aggregate(&self, _: &Aggregate) -> Value {
        Value::Null
    }

    fn slot(&self, _: usize) -> Value {
        Value::Null
    }

    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

/// Returns the windows one of which an event's `created_at` must lie in, so that a comparison of it
/// with `now()` is TRUE (FALSE, unless `wanted`). Neither side is ever NULL. `None` where no windows say that.
pub(super) fn windows(expr: &Expr, wanted: bool) -> Option<Vec<WindowSpec>> {
    let against = against_now(expr).ok()?;
    let Some((ExprKind::Column(Column::CreatedAt), cut_to)) = against.time.and_then(cut_down) else {
        return None;
    };
    let op = if wanted { against.op } else { against.op.negated() };
    // Cut down, a time equals the edge from the edge on until the next boundary.
    let length = match cut_to {
        Some(unit) => step_from_edge(unit, &against, op)?,
        None => 1,
    };
    let (before, at, after) = (against.offset - 1, against.offset, against.offset + length);
    let until = |until| WindowSpec { until: Some(until), until_unit: against.unit, ..WindowSpec::default() };
    let from = |from| WindowSpec { from: Some(from), from_unit: against.unit, ..WindowSpec::default() };
    Some(match op {
        Comparison::Less => vec![until(before)],
        Comparison::LessOrEqual => vec![until(after - 1)],
        Comparison::Greater => vec![from(after)],
        Comparison::GreaterOrEqual => vec![from(at)],
        Comparison::Equal => vec![WindowSpec { until: Some(after - 1), until_unit: against.unit, ..from(at) }],
        Comparison::NotEqual => vec![until(before), from(after)],
    })
}

/// Returns how long the unit is that begins at the edge, if the edge always is a boundary of the unit
/// and it matters for `op` only where units are of one length.
fn step_from_edge(unit: CalendarUnit, against: &AgainstNow<'_>, op: Comparison) -> Option<i64> {
    let edge_unit = against.unit?;
    match unit.length_micros() {
        Some(length) => {
            let whole = edge_unit == unit || (unit <= CalendarUnit::Day && unit < edge_unit);
            (whole && against.offset % length == 0).then_some(length)
        }
        None => {
            let at_the_edge = matches!(op, Comparison::Less | Comparison::GreaterOrEqual);
            (edge_unit == unit && against.offset == 0 && at_the_edge).then_some(1)
        }
    }
}
