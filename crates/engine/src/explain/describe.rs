//! What a condition compares: its value, how, and with what.

use rules::rule::Comparison;
use rules::{AggregateFunction, Expr, ExprKind, Value};

/// A condition with the values that it came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Compared {
    /// What the user's events give.
    pub value: Value,
    /// How it is compared, as in SQL; `None` when the value itself is the condition.
    pub operator: Option<&'static str>,
    /// What it is compared with; several for IN.
    pub threshold: Vec<Value>,
}

/// Says what a condition compares; `value_of` evaluates a part of it, `counted` is how many events
/// count for it.
pub(super) fn compared<'r>(leaf: &'r Expr, counted: usize, value_of: impl Fn(&'r Expr) -> Value) -> Compared {
    let with = |value: &'r Expr, operator, threshold: Vec<Value>| Compared {
        value: value_of(value),
        operator: Some(operator),
        threshold,
    };
    match &leaf.kind {
        ExprKind::Compare { op, left, right } if left.reads_events() || !right.reads_events() => {
            with(left, op.as_str(), vec![value_of(right)])
        }
        ExprKind::Compare { op, left, right } => with(right, mirrored(*op).as_str(), vec![value_of(left)]),
        ExprKind::IsNotDistinct(left, right) => with(left, "IS NOT DISTINCT FROM", vec![value_of(right)]),
        ExprKind::InList { value, list } => with(value, "IN", list.iter().map(&value_of).collect()),
        ExprKind::Like { value, pattern } => with(value, "LIKE", vec![Value::Text(pattern.clone())]),
        ExprKind::IsNull(value) => with(value, "IS NULL", Vec::new()),
        // How many say more than whether any.
        ExprKind::Aggregate(aggregate) if aggregate.function == AggregateFunction::Exists => Compared {
            value: Value::Integer(i64::try_from(counted).unwrap_or(i64::MAX)),
            operator: Some(Comparison::GreaterOrEqual.as_str()),
            threshold: vec![Value::Integer(1)],
        },
        _ => Compared { value: value_of(leaf), operator: None, threshold: Vec::new() },
    }
}

/// `a < b` as said of `b`.
fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        op @ (Comparison::Equal | Comparison::NotEqual) => op,
    }
}
