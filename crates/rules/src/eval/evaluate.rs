//! The walk over an expression.

use std::borrow::Cow;

use schema::Timestamp;

use super::compare::compared;
use super::{arithmetic, cast, compare, function, like, truth};
use crate::{Aggregate, Column, Expr, ExprKind, PathStep, SqlType, Truth, UserColumn, Value, calendar, json};

/// Where an expression gets what it names.
pub trait Scope {
    /// Returns the value of a column of the current row.
    fn column(&self, column: Column) -> Value;

    /// Returns the text of the current row's payload, if that is what there is of it.
    fn payload(&self) -> Option<&str> {
        None
    }

    /// Returns the value of a column of a row so many aggregates further out, from 1.
    fn outer(&self, _distance: usize, _column: Column) -> Value {
        Value::Null
    }

    /// Returns the value of an aggregate over the user's events.
    fn aggregate(&self, aggregate: &Aggregate) -> Value;

    /// Returns the value of a plan's aggregate by its index.
    fn slot(&self, index: usize) -> Value;

    /// Returns what is known of the user besides the events.
    fn of_user(&self, column: UserColumn) -> Value {
        if column == UserColumn::Known { Value::Boolean(false) } else { Value::Null }
    }

    /// Returns whether the user is in the segment of a tag.
    fn is_in_segment(&self, _tag: &str) -> bool {
        false
    }

    /// Returns the instant of this evaluation.
    fn now(&self) -> Timestamp;
}

/// Evaluates an expression. Total: what SQL would raise (overflow, division by zero) is NULL.
pub fn evaluate(expr: &Expr, scope: &impl Scope) -> Value {
    match &expr.kind {
        ExprKind::Literal(value) => value.clone(),
        ExprKind::Column(column) => conform(scope.column(*column), expr.sql_type),
        ExprKind::Outer { distance, column } => conform(scope.outer(*distance, *column), expr.sql_type),
        ExprKind::Aggregate(aggregate) => conform(scope.aggregate(aggregate), expr.sql_type),
        ExprKind::Slot(index) => conform(scope.slot(*index), expr.sql_type),
        ExprKind::OfUser(column) => scope.of_user(*column),
        ExprKind::InSegment(tag) => Value::Boolean(scope.is_in_segment(tag)),
        ExprKind::Now => Value::Timestamp(scope.now()),
        ExprKind::Arithmetic { op, left, right } => {
            arithmetic(*op, &operand(left, scope), &operand(right, scope), expr.sql_type)
        }
        ExprKind::Negate(inner) => negate(evaluate(inner, scope)),
        ExprKind::Case { branches, otherwise } => {
            let taken = branches.iter().find(|(condition, _)| is_true(condition, scope)).map(|(_, result)| result);
            let result = taken.or(otherwise.as_deref()).map_or(Value::Null, |result| evaluate(result, scope));
            conform(result, expr.sql_type)
        }
        ExprKind::Function { function, arguments } => {
            let values = arguments.iter().map(|argument| evaluate(argument, scope)).collect();
            conform(function::call(*function, values), expr.sql_type)
        }
        ExprKind::Cast { value, to } => cast::cast(&operand(value, scope), *to),
        ExprKind::Path { value, steps } => at_path(value, steps, scope),
        _ => truth(expr, scope).to_value(),
    }
}

/// Goes into the payload's text, so that only what is asked for is made of it.
fn at_path(value: &Expr, steps: &[PathStep], scope: &impl Scope) -> Value {
    let text = if value.kind == ExprKind::Column(Column::Payload) { scope.payload() } else { None };
    let found = match text {
        Some(text) => json::find(text, steps),
        None => match &*operand(value, scope) {
            Value::Variant(json) => json.at(steps).cloned(),
            _ => None,
        },
    };
    found.map_or(Value::Null, Value::Variant)
}

/// Returns whether a condition is TRUE, which NULL is not.
pub fn is_true(expr: &Expr, scope: &impl Scope) -> bool {
    truth(expr, scope) == Truth::True
}

fn truth(expr: &Expr, scope: &impl Scope) -> Truth {
    match &expr.kind {
        ExprKind::Not(inner) => truth(inner, scope).negated(),
        ExprKind::And(parts) => truth::all(parts.iter().map(|part| truth(part, scope))),
        ExprKind::Or(parts) => truth::any(parts.iter().map(|part| truth(part, scope))),
        ExprKind::Compare { op, left, right } => compared(*op, &operand(left, scope), &operand(right, scope)),
        ExprKind::IsNull(inner) => Truth::from(*operand(inner, scope) == Value::Null),
        ExprKind::IsTrue(inner) => Truth::from(is_true(inner, scope)),
        ExprKind::IsNotDistinct(left, right) => Truth::from(same(&operand(left, scope), &operand(right, scope))),
        ExprKind::InList { value, list } => in_list(&operand(value, scope), list, scope),
        ExprKind::Like { value, pattern } => match &*operand(value, scope) {
            Value::Text(text) => Truth::from(like::like(text, pattern)),
            _ => Truth::Unknown,
        },
        _ => Truth::of(&operand_of_boolean(expr, scope)),
    }
}

/// The expressions that are BOOLEAN by their value: literals, columns, CASE, CAST, functions, aggregates.
fn operand_of_boolean<'a>(expr: &'a Expr, scope: &impl Scope) -> Cow<'a, Value> {
    match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::Outer { .. }
        | ExprKind::Aggregate(_)
        | ExprKind::Slot(_)
        | ExprKind::OfUser(_)
        | ExprKind::InSegment(_)
        | ExprKind::Case { .. }
        | ExprKind::Cast { .. }
        | ExprKind::Function { .. } => operand(expr, scope),
        _ => Cow::Owned(Value::Null),
    }
}

/// Evaluates without copying constants.
fn operand<'a>(expr: &'a Expr, scope: &impl Scope) -> Cow<'a, Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Cow::Borrowed(value),
        _ => Cow::Owned(evaluate(expr, scope)),
    }
}

fn in_list(value: &Value, list: &[Expr], scope: &impl Scope) -> Truth {
    truth::any(list.iter().map(|entry| compared(crate::rule::Comparison::Equal, value, &operand(entry, scope))))
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        _ => compare(left, right).is_some_and(std::cmp::Ordering::is_eq),
    }
}

fn negate(value: Value) -> Value {
    match value {
        Value::Integer(whole) => whole.checked_neg().map_or(Value::Null, Value::Integer),
        Value::Decimal(decimal) => {
            schema::Decimal::new(-decimal.units(), decimal.scale()).map_or(Value::Null, Value::Decimal)
        }
        Value::Double(double) => Value::Double(-double),
        Value::Interval(micros) => micros.checked_neg().map_or(Value::Null, Value::Interval),
        _ => Value::Null,
    }
}

/// Returns a number as a value of the wider type that its expression has: the 5 of
/// `coalesce(order_total, 5) / 3` is a decimal, and is divided like one.
pub fn conform(value: Value, sql_type: SqlType) -> Value {
    match (&value, sql_type) {
        (Value::Integer(_) | Value::Decimal(_), SqlType::Decimal { scale }) => super::arithmetic::to_decimal(&value)
            .and_then(|decimal| decimal.rescale_up(scale))
            .map_or(Value::Null, Value::Decimal),
        (Value::Date(day), SqlType::Timestamp) => Value::Timestamp(calendar::midnight(*day)),
        (Value::Integer(_) | Value::Decimal(_), SqlType::Double) => {
            super::compare::to_f64(&value).map_or(Value::Null, Value::Double)
        }
        _ => value,
    }
}
