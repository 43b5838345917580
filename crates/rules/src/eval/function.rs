//! Scalar functions over evaluated arguments.

use std::cmp::Ordering;

use super::compare::compare;
use crate::Value;
use crate::rule::ScalarFunction;

/// Returns the value of a function; NULL for arguments it is not defined for.
pub(super) fn call(function: ScalarFunction, arguments: Vec<Value>) -> Value {
    match function {
        ScalarFunction::Coalesce => first_not_null(arguments),
        ScalarFunction::NullIf => null_if(arguments),
        ScalarFunction::Greatest => extreme(arguments, Ordering::Greater),
        ScalarFunction::Least => extreme(arguments, Ordering::Less),
        ScalarFunction::Abs => absolute(arguments.first()),
        ScalarFunction::Concat => concat(&arguments),
        ScalarFunction::StartsWith => starts_with(&arguments),
        ScalarFunction::Length => over_text(&arguments, |text| Value::Integer(text.chars().count() as i64)),
        ScalarFunction::Lower => over_text(&arguments, |text| Value::Text(text.to_lowercase())),
        ScalarFunction::Upper => over_text(&arguments, |text| Value::Text(text.to_uppercase())),
        ScalarFunction::Trim => over_text(&arguments, |text| Value::Text(text.trim_matches(' ').to_owned())),
    }
}

fn first_not_null(arguments: Vec<Value>) -> Value {
    arguments.into_iter().find(|value| *value != Value::Null).unwrap_or(Value::Null)
}

fn null_if(arguments: Vec<Value>) -> Value {
    let mut arguments = arguments.into_iter();
    let (Some(value), Some(unwanted)) = (arguments.next(), arguments.next()) else { return Value::Null };
    if compare(&value, &unwanted) == Some(Ordering::Equal) { Value::Null } else { value }
}

/// Returns the greatest or least argument, NULL if any is NULL.
fn extreme(arguments: Vec<Value>, wanted: Ordering) -> Value {
    let better = |best: Value, value: Value| match compare(&value, &best) {
        None => Value::Null,
        Some(ordering) if ordering == wanted => value,
        Some(_) => best,
    };
    arguments.into_iter().reduce(better).unwrap_or(Value::Null)
}

fn absolute(argument: Option<&Value>) -> Value {
    match argument {
        Some(Value::Integer(whole)) => whole.checked_abs().map_or(Value::Null, Value::Integer),
        Some(Value::Decimal(decimal)) => {
            schema::Decimal::new(decimal.units().abs(), decimal.scale()).map_or(Value::Null, Value::Decimal)
        }
        Some(Value::Double(double)) => Value::Double(double.abs()),
        _ => Value::Null,
    }
}

fn concat(arguments: &[Value]) -> Value {
    let texts: Option<Vec<&str>> = arguments.iter().map(text_of).collect();
    texts.map_or(Value::Null, |texts| Value::Text(texts.concat()))
}

fn starts_with(arguments: &[Value]) -> Value {
    match arguments {
        [Value::Text(text), Value::Text(prefix)] => Value::Boolean(text.starts_with(prefix.as_str())),
        _ => Value::Null,
    }
}

fn over_text(arguments: &[Value], function: impl FnOnce(&str) -> Value) -> Value {
    arguments.first().and_then(text_of).map_or(Value::Null, function)
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
