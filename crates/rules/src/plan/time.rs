//! Comparisons with `now()`: windows of rows, and times of users.

use schema::Timestamp;

use super::spec::WindowSpec;
use super::unsupported;
use super::walk::Uses;
use crate::eval::{Scope, evaluate};
use crate::rule::{ArithmeticOp, Comparison};
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
    match (left.time, right.time) {
        (None, None) => Ok(AgainstNow { time: None, op: *op, offset }),
        (Some(time), None) => Ok(AgainstNow { time: Some(time), op: *op, offset }),
        (None, Some(time)) => Ok(AgainstNow { time: Some(time), op: op.mirrored(), offset: -offset }),
        (Some(_), Some(_)) => Err(unsupported::now_outside_of_comparison(expr)),
    }
}

/// One side of a comparison: a time, or `now()`, and a constant added to it.
struct Side<'a> {
    time: Option<&'a Expr>,
    offset: i64,
}

impl<'a> Side<'a> {
    fn of(expr: &'a Expr) -> Option<Self> {
        match &expr.kind {
            ExprKind::Now => Some(Self { time: None, offset: 0 }),
            ExprKind::Arithmetic { op: ArithmeticOp::Add, left, right } => match constant_interval(right) {
                Some(micros) => Self::of(left)?.moved(micros),
                None => Self::of(right)?.moved(constant_interval(left)?),
            },
            ExprKind::Arithmetic { op: ArithmeticOp::Subtract, left, right } => {
                Self::of(left)?.moved(constant_interval(right)?.checked_neg()?)
            }
            _ => (expr.sql_type == SqlType::Timestamp && !Uses::of(expr).now)
                .then_some(Self { time: Some(expr), offset: 0 }),
        }
    }

    fn moved(self, micros: i64) -> Option<Self> {
        Some(Self { time: self.time, offset: self.offset.checked_add(micros)? })
    }
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
/// with `now()` is TRUE (FALSE, unless `wanted`). Neither side is ever NULL.
pub(super) fn windows(expr: &Expr, wanted: bool) -> Result<Vec<WindowSpec>, Diagnostic> {
    let against = against_now(expr)?;
    if against.time.is_none_or(|time| time.kind != ExprKind::Column(Column::CreatedAt)) {
        return Err(unsupported::not_created_at(expr));
    }
    let op = if wanted { against.op } else { against.op.negated() };
    let (before, at, after) = (against.offset - 1, against.offset, against.offset + 1);
    let until = |until| WindowSpec { from: None, until: Some(until) };
    let from = |from| WindowSpec { from: Some(from), until: None };
    Ok(match op {
        Comparison::Less => vec![until(before)],
        Comparison::LessOrEqual => vec![until(at)],
        Comparison::Greater => vec![from(after)],
        Comparison::GreaterOrEqual => vec![from(at)],
        Comparison::Equal => vec![WindowSpec { from: Some(at), until: Some(at) }],
        Comparison::NotEqual => vec![until(before), from(after)],
    })
}
