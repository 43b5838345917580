//! Two conditions on one value that no value meets: `order_total > 5 AND order_total < 3`.
//!
//! Says so only where it is certain: both compare the same expression, with constants or with `now()` plus or minus
//! an interval.

use std::cmp::Ordering;

use crate::rule::{ArithmeticOp, Comparison};
use crate::{Expr, ExprKind, SqlType, Value, eval};

/// Two parts of a conjunction that are never both TRUE.
#[derive(Clone, Copy)]
pub(super) struct Contradiction<'a> {
    pub(super) first: &'a Expr,
    pub(super) second: &'a Expr,
    /// Whether they are the edges of one BETWEEN, the higher one first.
    pub(super) swapped: bool,
}

/// Returns the first two parts that are never both TRUE.
pub(super) fn among(parts: &[Expr]) -> Option<Contradiction<'_>> {
    let pairs = parts.iter().enumerate().flat_map(|(at, first)| {
        parts.iter().skip(at + 1).map(move |second| Contradiction {
            first,
            second,
            swapped: are_swapped(first, second),
        })
    });
    pairs.into_iter().find(|Contradiction { first, second, .. }| exclude(first, second))
}

fn exclude(first: &Expr, second: &Expr) -> bool {
    is_not(first, second) || is_not(second, first) || demands_null(first, second) || demands_null(second, first) || {
        let bounds = bound(first).zip(bound(second));
        bounds.is_some_and(|(first, second)| first.value == second.value && first.excludes(&second))
    }
}

fn is_not(negation: &Expr, part: &Expr) -> bool {
    matches!(&negation.kind, ExprKind::Not(inner) if **inner == *part)
}

/// Whether one asks for NULL of what the other compares.
fn demands_null(null: &Expr, compared: &Expr) -> bool {
    match (&null.kind, &compared.kind) {
        // Of a row that may be missing a column is such a CASE: that it is is no mistake of anyone's.
        (ExprKind::IsNull(value), _) if matches!(value.kind, ExprKind::Case { .. }) => false,
        (ExprKind::IsNull(value), ExprKind::Compare { left, right, .. }) => value == left || value == right,
        _ => false,
    }
}

/// Whether two bounds with their edges included exclude each other only because the higher one is the lower bound.
fn are_swapped(first: &Expr, second: &Expr) -> bool {
    let op = |part| bound(part).map(|bound| bound.op);
    op(first) == Some(Comparison::GreaterOrEqual) && op(second) == Some(Comparison::LessOrEqual)
}

/// `value op edge`
struct Bound<'a> {
    value: &'a Expr,
    op: Comparison,
    edge: Edge<'a>,
}

enum Edge<'a> {
    Constant(&'a Value),
    /// `now()` and so many microseconds.
    FromNow(i64),
}

fn bound(part: &Expr) -> Option<Bound<'_>> {
    let ExprKind::Compare { op, left, right } = &part.kind else { return None };
    match (edge(left), edge(right)) {
        (None, Some(edge)) => Some(Bound { value: left, op: *op, edge }),
        (Some(edge), None) => Some(Bound { value: right, op: op.mirrored(), edge }),
        _ => None,
    }
}

fn edge(expr: &Expr) -> Option<Edge<'_>> {
    match &expr.kind {
        ExprKind::Literal(value) if *value != Value::Null => Some(Edge::Constant(value)),
        ExprKind::Now => Some(Edge::FromNow(0)),
        ExprKind::Arithmetic { op, left, right } if left.kind == ExprKind::Now => match (op, &right.kind) {
            (ArithmeticOp::Add, ExprKind::Literal(Value::Interval(micros))) => Some(Edge::FromNow(*micros)),
            (ArithmeticOp::Subtract, ExprKind::Literal(Value::Interval(micros))) => {
                micros.checked_neg().map(Edge::FromNow)
            }
            _ => None,
        },
        _ => None,
    }
}

impl Bound<'_> {
    /// Whether nothing meets both, as their edges lie.
    fn excludes(&self, other: &Self) -> bool {
        let order = match (&self.edge, &other.edge) {
            (Edge::Constant(own), Edge::Constant(other)) if self.value.sql_type == SqlType::Double => {
                // As the value is compared with them.
                eval::compare(&as_double(own), &as_double(other))
            }
            (Edge::Constant(own), Edge::Constant(other)) => eval::compare(own, other),
            (Edge::FromNow(own), Edge::FromNow(other)) => Some(own.cmp(other)),
            _ => None,
        };
        order.is_some_and(|order| exclude_each_other(self.op, order, other.op))
    }
}

fn as_double(value: &Value) -> Value {
    match value {
        Value::Integer(whole) => Value::Double(*whole as f64),
        Value::Decimal(decimal) => Value::Double(decimal.to_f64()),
        other => other.clone(),
    }
}

/// Whether no value is both `op` to one edge and `other` to another one, where the first lies so to the second.
fn exclude_each_other(op: Comparison, order: Ordering, other: Comparison) -> bool {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    match (op, other) {
        (Equal, NotEqual) | (NotEqual, Equal) => order.is_eq(),
        (Equal, _) => !other.holds(order),
        (_, Equal) => !op.holds(order.reverse()),
        (GreaterOrEqual, LessOrEqual) => order.is_gt(),
        (Greater | GreaterOrEqual, Less | LessOrEqual) => order.is_ge(),
        (LessOrEqual, GreaterOrEqual) => order.is_lt(),
        (Less | LessOrEqual, Greater | GreaterOrEqual) => order.is_le(),
        _ => false,
    }
}
