//! `+ - * / %`, exact for integers and decimals, with the result types that Databend gives.
//!
//! Seen on Databend 1.2.895 over columns (scales s and t; an integer has scale 0):
//!
//! - `+ -`: scale `max(s, t)`; `*`: `s + t`, but not above `max(12, s, t)`;
//!   `/`: `s + 6`, but not above 12 and not below s; both rounded half away from zero;
//! - integer `/` integer is DOUBLE; `%` of integers is an integer with the dividend's sign, of
//!   anything else DOUBLE; an operation with a DOUBLE is DOUBLE;
//! - `avg(x)` is `sum(x) / count(x)` by the same rules.
//!
//! Where Databend would raise or wrap around, the value is NULL.

use schema::Decimal;

use super::compare::to_f64;
use super::wide::multiply_divide;
use crate::rule::ArithmeticOp;
use crate::{SqlType, Value};

/// Digits behind the point that a product is cut to when its factors have fewer.
const MAX_DERIVED_SCALE: u8 = 12;
/// Digits behind the point that a quotient has more than its dividend.
const DIVISION_EXTRA_SCALE: u8 = 6;

/// Returns the type of `left op right`; `None` when the types do not meet in arithmetic.
pub fn arithmetic_type(op: ArithmeticOp, left: SqlType, right: SqlType) -> Option<SqlType> {
    use ArithmeticOp::{Add, Divide, Modulo, Multiply, Subtract};
    use SqlType::{Double, Integer, Interval, Null, Timestamp};
    match (left, right) {
        (Null, Null) => Some(Null),
        (Null, other) => arithmetic_type(op, other, other),
        (other, Null) => arithmetic_type(op, other, other),
        (Integer, Integer) => Some(if op == Divide { Double } else { Integer }),
        (Double, other) | (other, Double) => scale_of(other).or((other == Double).then_some(0)).map(|_| Double),
        (Timestamp, Interval) if matches!(op, Add | Subtract) => Some(Timestamp),
        (Interval, Timestamp) if op == Add => Some(Timestamp),
        (Timestamp, Timestamp) if op == Subtract => Some(Interval),
        (Interval, Interval) if matches!(op, Add | Subtract) => Some(Interval),
        _ => {
            let (s, t) = (scale_of(left)?, scale_of(right)?);
            match op {
                Add | Subtract => Some(s.max(t)),
                Multiply => Some((s + t).min(MAX_DERIVED_SCALE.max(s).max(t))),
                Divide => Some((s + DIVISION_EXTRA_SCALE).min(MAX_DERIVED_SCALE).max(s)),
                Modulo => None,
            }
            .map_or(Some(Double), |scale| Some(SqlType::Decimal { scale }))
        }
    }
}

fn scale_of(sql_type: SqlType) -> Option<u8> {
    match sql_type {
        SqlType::Integer => Some(0),
        SqlType::Decimal { scale } => Some(scale),
        _ => None,
    }
}

/// Returns `left op right` as a value of the type that [`arithmetic_type`] gives for it.
pub fn arithmetic(op: ArithmeticOp, left: &Value, right: &Value, result: SqlType) -> Value {
    match result {
        SqlType::Integer => integers(op, left, right),
        SqlType::Decimal { scale } => decimals(op, left, right, scale),
        SqlType::Double => doubles(op, left, right),
        SqlType::Timestamp | SqlType::Interval => times(op, left, right),
        _ => None,
    }
    .unwrap_or(Value::Null)
}

/// Returns the average of `count` values whose sum is `total`; NULL over nothing.
pub fn average(total: &Value, count: i64) -> Value {
    let total_type = match total {
        Value::Integer(_) => SqlType::Integer,
        Value::Decimal(decimal) => SqlType::Decimal { scale: decimal.scale() },
        _ => return Value::Null,
    };
    match arithmetic_type(ArithmeticOp::Divide, total_type, SqlType::Integer) {
        Some(result) => arithmetic(ArithmeticOp::Divide, total, &Value::Integer(count), result),
        None => Value::Null,
    }
}

fn integers(op: ArithmeticOp, left: &Value, right: &Value) -> Option<Value> {
    let (Value::Integer(left), Value::Integer(right)) = (left, right) else { return None };
    match op {
        ArithmeticOp::Add => left.checked_add(*right),
        ArithmeticOp::Subtract => left.checked_sub(*right),
        ArithmeticOp::Multiply => left.checked_mul(*right),
        // The remainder by -1 is 0 also where the quotient is too great.
        ArithmeticOp::Modulo => (*right != 0).then(|| left.wrapping_rem(*right)),
        ArithmeticOp::Divide => None,
    }
    .map(Value::Integer)
}

fn decimals(op: ArithmeticOp, left: &Value, right: &Value, scale: u8) -> Option<Value> {
    let (left, right) = (to_decimal(left)?, to_decimal(right)?);
    match op {
        ArithmeticOp::Add => left.checked_add(right)?.rescale_up(scale),
        ArithmeticOp::Subtract => left.checked_sub(right)?.rescale_up(scale),
        ArithmeticOp::Multiply => {
            let given = u32::from(left.scale()) + u32::from(right.scale());
            let (factor, divisor) = powers(i64::from(scale) - i64::from(given))?;
            // One of factor and divisor is 1.
            let units = left.units().unsigned_abs().checked_mul(factor)?;
            signed(multiply_divide(units, right.units().unsigned_abs(), divisor)?, left, right, scale)
        }
        ArithmeticOp::Divide => {
            let shift = i64::from(scale) + i64::from(right.scale()) - i64::from(left.scale());
            let (factor, divisor) = powers(shift)?;
            let by = right.units().unsigned_abs().checked_mul(divisor)?;
            signed(multiply_divide(left.units().unsigned_abs(), factor, by)?, left, right, scale)
        }
        ArithmeticOp::Modulo => None,
    }
    .map(Value::Decimal)
}

/// Returns `(10^shift, 1)`, or `(1, 10^-shift)` for a negative shift.
fn powers(shift: i64) -> Option<(u128, u128)> {
    let power = 10_u128.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?)?;
    Some(if shift >= 0 { (power, 1) } else { (1, power) })
}

fn signed(units: u128, left: Decimal, right: Decimal, scale: u8) -> Option<Decimal> {
    let magnitude = i128::try_from(units).ok()?;
    let negative = (left.units() < 0) != (right.units() < 0);
    Decimal::new(if negative { -magnitude } else { magnitude }, scale)
}

/// Returns the exact decimal of an integer or a decimal.
pub(super) fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(whole) => Some(Decimal::from(*whole)),
        Value::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

fn doubles(op: ArithmeticOp, left: &Value, right: &Value) -> Option<Value> {
    let (left, right) = (to_f64(left)?, to_f64(right)?);
    if matches!(op, ArithmeticOp::Divide | ArithmeticOp::Modulo) && right == 0.0 {
        return None;
    }
    let result = match op {
        ArithmeticOp::Add => left + right,
        ArithmeticOp::Subtract => left - right,
        ArithmeticOp::Multiply => left * right,
        ArithmeticOp::Divide => left / right,
        ArithmeticOp::Modulo => left % right,
    };
    result.is_finite().then_some(Value::Double(result))
}

fn times(op: ArithmeticOp, left: &Value, right: &Value) -> Option<Value> {
    use Value::{Interval, Timestamp};
    let by = |micros: i64| match op {
        ArithmeticOp::Add => Some(micros),
        ArithmeticOp::Subtract => micros.checked_neg(),
        _ => None,
    };
    match (left, right) {
        (Timestamp(time), Interval(micros)) => {
            let moved = time.as_micros().checked_add(by(*micros)?)?;
            Some(Timestamp(schema::Timestamp::from_micros(moved)))
        }
        (Interval(_), Timestamp(_)) if op == ArithmeticOp::Add => times(op, right, left),
        (Timestamp(left), Timestamp(right)) if op == ArithmeticOp::Subtract => {
            left.as_micros().checked_sub(right.as_micros()).map(Interval)
        }
        (Interval(left), Interval(right)) => left.checked_add(by(*right)?).map(Interval),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> (Value, SqlType) {
        if let Ok(whole) = text.parse::<i64>() {
            return (Value::Integer(whole), SqlType::Integer);
        }
        // Trailing zeros are significant here: they are the scale of the column.
        let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len() as u8);
        let decimal = Decimal::parse(text).unwrap().rescale_up(scale).unwrap();
        (Value::Decimal(decimal), SqlType::Decimal { scale })
    }

    #[track_caller]
    fn check(left: &str, op: ArithmeticOp, right: &str, expected: &str) {
        let ((left_value, left_type), (right_value, right_type)) = (number(left), number(right));
        let result = arithmetic_type(op, left_type, right_type).unwrap();
        let shown = match arithmetic(op, &left_value, &right_value, result) {
            Value::Integer(whole) => whole.to_string(),
            Value::Decimal(decimal) => decimal.to_string(),
            Value::Double(double) => format!("{double:?}e"),
            Value::Null => "NULL".to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown, expected, "{left} {op:?} {right}");
    }

    #[test]
    fn results_and_their_scales_are_those_of_databend() {
        use ArithmeticOp::{Add, Divide, Modulo, Multiply, Subtract};
        check("2.0000", Divide, "3.00", "0.6666666667");
        check("-2.0000", Divide, "3.00", "-0.6666666667");
        check("3", Divide, "2.0000", "1.500000");
        check("2.000000000000", Divide, "2.0000", "1.000000000000");
        check("2.0000", Multiply, "2.000000000000", "4.000000000000");
        check("2.0000", Multiply, "3.00", "6.000000");
        check("0.6666666667", Multiply, "0.6666666667", "0.444444444489");
        check("2.0000", Add, "3", "5.0000");
        check("2.0000", Subtract, "3.00", "-1.0000");
        check("-10", Modulo, "3", "-1");
        check("10", Divide, "3", "3.3333333333333335e");
        check("2.0000", Modulo, "3.00", "2.0e");
    }

    #[test]
    fn what_sql_would_raise_is_null() {
        use ArithmeticOp::{Add, Divide, Modulo, Multiply};
        check("1", Divide, "0", "NULL");
        check("1.0", Divide, "0", "NULL");
        check("1", Modulo, "0", "NULL");
        check("9223372036854775807", Add, "1", "NULL");
        check("9223372036854775807", Multiply, "2", "NULL");
        check("99999999999999999999999999.999999999999", Add, "0.1", "NULL");
        check(
            "99999999999999999999999999.000000000000",
            Multiply,
            "1.000000000000",
            "99999999999999999999999999.000000000000",
        );
        check("99999999999999999999999999.000000000000", Multiply, "10.000000000000", "NULL");
    }

    #[test]
    fn an_average_is_the_sum_divided_by_the_count() {
        let total = Value::Decimal(Decimal::parse_column("5.5", 18, 4).unwrap());
        assert_eq!(average(&total, 3), Value::Decimal(Decimal::parse("1.8333333333").unwrap()));
        assert_eq!(average(&Value::Integer(5), 3), Value::Double(5.0 / 3.0));
        assert_eq!(average(&Value::Null, 0), Value::Null);
    }

    #[test]
    fn a_remainder_by_minus_one_is_nothing_also_of_the_least_integer() {
        check("-9223372036854775808", ArithmeticOp::Modulo, "-1", "0");
        check("-9223372036854775808", ArithmeticOp::Modulo, "10", "-8");
    }
}
