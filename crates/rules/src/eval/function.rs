//! Scalar functions over evaluated arguments.

use std::cmp::Ordering;

use schema::{Decimal, Timestamp};
use xxhash_rust::xxh64::xxh64;

use super::cast::rescaled;
use super::compare::{compare, to_f64};
use crate::Value;
use crate::calendar::{CalendarUnit, day_of, midnight};
use crate::rule::ScalarFunction;

/// A share of users is one ten-thousandth: a hundredth of a percent.
const ROLLOUT_SHARES: u64 = 10_000;

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
        ScalarFunction::Substr => over_text(&arguments, |text| substr(text, &arguments[1..])),
        ScalarFunction::Round => round(&arguments),
        ScalarFunction::Floor => whole(arguments.first(), f64::floor, Round::Down),
        ScalarFunction::Ceil => whole(arguments.first(), f64::ceil, Round::Up),
        ScalarFunction::DateTrunc(unit) => over_time(&arguments, |time| truncated(unit, time)),
        ScalarFunction::Extract(part) => {
            over_time(&arguments, |time| part.of(time).map_or(Value::Null, Value::Integer))
        }
        ScalarFunction::Rollout => rollout(&arguments),
    }
}

/// Counts characters from 1, from the end when negative; there is nothing at 0 and before the start.
fn substr(text: &str, bounds: &[Value]) -> Value {
    let (start, length) = match bounds {
        [Value::Integer(start)] => (*start, i64::MAX),
        [Value::Integer(start), Value::Integer(length)] => (*start, *length),
        _ => return Value::Null,
    };
    let characters = text.chars().count() as i64;
    let first = if start > 0 { start - 1 } else { characters.saturating_add(start) };
    if start == 0 || first < 0 || length <= 0 {
        return Value::Text(String::new());
    }
    let wanted = text.chars().skip(usize::try_from(first).unwrap_or(usize::MAX));
    Value::Text(wanted.take(usize::try_from(length).unwrap_or(usize::MAX)).collect())
}

/// Rounds half away from zero, to digits behind the point.
fn round(arguments: &[Value]) -> Value {
    let digits = match arguments.get(1) {
        Some(Value::Integer(digits)) => *digits as i32,
        _ => 0,
    };
    match arguments.first() {
        Some(Value::Decimal(number)) => rounded(*number, digits).map_or(Value::Null, Value::Decimal),
        Some(number @ (Value::Integer(_) | Value::Double(_))) => {
            let Some(number) = to_f64(number) else { return Value::Null };
            let power = 10_f64.powi(digits.abs());
            let rounded = match digits {
                0 => number.round(),
                1.. => (number * power).round() / power,
                _ => (number / power).round() * power,
            };
            if rounded.is_finite() { Value::Double(rounded) } else { Value::Null }
        }
        _ => Value::Null,
    }
}

fn rounded(number: Decimal, digits: i32) -> Option<Decimal> {
    if let Ok(digits) = u8::try_from(digits) {
        let scale = digits.min(number.scale());
        return Decimal::new(rescaled(number, scale)?, scale);
    }
    let power = 10_i128.checked_pow(digits.unsigned_abs())?;
    // As a number of tens, hundreds, …: their scale is that much greater.
    let shift = digits.unsigned_abs() + u32::from(number.scale());
    let Some(tens) = u8::try_from(shift).ok().and_then(|scale| Decimal::new(number.units(), scale)) else {
        return Some(Decimal::from(0));
    };
    Decimal::new(rescaled(tens, 0)?.checked_mul(power)?, 0)
}

#[derive(Clone, Copy)]
enum Round {
    Down,
    Up,
}

/// The next whole number in a direction; an integer is one already.
fn whole(argument: Option<&Value>, of_double: fn(f64) -> f64, direction: Round) -> Value {
    match argument {
        Some(Value::Double(number)) => Value::Double(of_double(*number)),
        Some(Value::Integer(number)) => Value::Integer(*number),
        Some(Value::Decimal(number)) => {
            let one = 10_i128.checked_pow(u32::from(number.scale())).unwrap_or(i128::MAX);
            let below = number.units().div_euclid(one);
            let above = i128::from(number.units().rem_euclid(one) != 0);
            let units = match direction {
                Round::Down => below,
                Round::Up => below + above,
            };
            Decimal::new(units, 0).map_or(Value::Null, Value::Decimal)
        }
        _ => Value::Null,
    }
}

fn truncated(unit: CalendarUnit, time: Timestamp) -> Value {
    let floor = unit.floor(time);
    if unit.is_date() { Value::Date(day_of(floor)) } else { Value::Timestamp(floor) }
}

/// Of ten thousand shares, as many belong to the users of a rollout as its percentage has hundredths.
fn rollout(arguments: &[Value]) -> Value {
    let [percent, Value::Text(salt), Value::Integer(user_id)] = arguments else { return Value::Null };
    let hundredths = match percent {
        Value::Integer(whole) => whole.checked_mul(100).map(i128::from),
        Value::Decimal(percent) => rescaled(*percent, 2),
        _ => None,
    };
    let share = i128::from(xxh64(format!("{salt}:{user_id}").as_bytes(), 0) % ROLLOUT_SHARES);
    hundredths.map_or(Value::Null, |hundredths| Value::Boolean(share < hundredths))
}

fn over_time(arguments: &[Value], function: impl FnOnce(Timestamp) -> Value) -> Value {
    match arguments.first() {
        Some(Value::Timestamp(time)) => function(*time),
        Some(Value::Date(day)) => function(midnight(*day)),
        _ => Value::Null,
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
