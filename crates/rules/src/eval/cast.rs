//! CAST: from a value to a value of another type, NULL when there is none.
//!
//! Databend's rules where it has any, narrowed to forms of text that both read alike: numbers as in
//! [`super::numeral`], times as in [`INSTANT`]. A DOUBLE becomes a decimal by its shortest text, as
//! 1e16 would otherwise be 10000000000000000.905969664. A VARIANT is cast by its text.

use chrono::{NaiveDate, NaiveTime};
use schema::{Decimal, Timestamp};

use super::compare::to_f64;
use super::numeral::Numeral;
use super::wide::multiply_divide;
use crate::json::Json;
use crate::rule::CastType;
use crate::{Value, calendar};

/// The texts that are times, as a regular expression: a date, and a time of the day in UTC.
pub(crate) const INSTANT: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z?)?$";

/// The texts that are dates, as a regular expression.
pub(crate) const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

/// The last second that Databend's TIMESTAMP holds: 9999-12-30 22:00:00.
const LAST_SECOND: Timestamp = Timestamp::from_micros(253_402_207_200_999_999);

/// Returns the value as one of the type; NULL when it is none.
pub(super) fn cast(value: &Value, to: CastType) -> Value {
    if let Value::Variant(json) = value {
        return of_json(json, to);
    }
    match to {
        CastType::Boolean => boolean(value).map(Value::Boolean),
        CastType::Integer { bits } => units(value, 0).and_then(|units| integer(units, bits)),
        CastType::Decimal { precision, scale } => {
            units(value, scale).and_then(|units| decimal(units, precision, scale)).map(Value::Decimal)
        }
        CastType::Double => double(value).map(Value::Double),
        CastType::Text => text(value).map(Value::Text),
        CastType::Timestamp => timestamp(value).map(Value::Timestamp),
        CastType::Date => date(value).map(Value::Date),
    }
    .unwrap_or(Value::Null)
}

fn of_json(json: &Json, to: CastType) -> Value {
    match (json, to) {
        // A number for Databend, though its text is none.
        (Json::Boolean(truth), CastType::Integer { .. } | CastType::Decimal { .. } | CastType::Double) => {
            cast(&Value::Boolean(*truth), to)
        }
        _ => json.to_text().map_or(Value::Null, |text| cast(&Value::Text(text), to)),
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(*truth),
        Value::Integer(number) => Some(*number != 0),
        Value::Decimal(number) => Some(number.units() != 0),
        Value::Double(number) => Some(*number != 0.0),
        Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn integer(units: i128, bits: u8) -> Option<Value> {
    let whole = i64::try_from(units).ok()?;
    let greatest = i64::MAX >> (64 - u32::from(bits.clamp(1, 64)));
    (-greatest - 1..=greatest).contains(&whole).then_some(Value::Integer(whole))
}

fn decimal(units: i128, precision: u8, scale: u8) -> Option<Decimal> {
    let limit = 10_u128.checked_pow(u32::from(precision))?;
    if units.unsigned_abs() < limit { Decimal::new(units, scale) } else { None }
}

/// Returns a value times `10^scale`, rounded half away from zero.
fn units(value: &Value, scale: u8) -> Option<i128> {
    match value {
        Value::Boolean(truth) => Decimal::from(i64::from(*truth)).rescale_up(scale).map(Decimal::units),
        Value::Integer(number) => Decimal::from(*number).rescale_up(scale).map(Decimal::units),
        Value::Decimal(number) => rescaled(*number, scale),
        Value::Double(number) if scale == 0 => whole(*number),
        Value::Double(number) => Numeral::parse(&number.to_string())?.units(scale),
        Value::Text(text) => Numeral::parse(text)?.units(scale),
        Value::Timestamp(time) => Some(i128::from(time.as_micros())),
        _ => None,
    }
}

/// Returns a decimal's units at another scale, rounded half away from zero.
pub(super) fn rescaled(number: Decimal, scale: u8) -> Option<i128> {
    if scale >= number.scale() {
        return number.rescale_up(scale).map(Decimal::units);
    }
    let divisor = 10_u128.checked_pow(u32::from(number.scale() - scale))?;
    let magnitude = i128::try_from(multiply_divide(number.units().unsigned_abs(), 1, divisor)?).ok()?;
    Some(if number.units() < 0 { -magnitude } else { magnitude })
}

fn whole(number: f64) -> Option<i128> {
    let rounded = number.round();
    // From 2^63 on nothing fits an integer; below, the conversion is exact.
    (rounded.abs() <= 9.3e18).then_some(rounded as i128)
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Boolean(truth) => Some(f64::from(u8::from(*truth))),
        Value::Text(text) => Numeral::parse(text)?.to_f64(),
        number => to_f64(number),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Decimal(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Timestamp(time) => calendar::shown_time(*time),
        Value::Date(day) => Some(calendar::shown(*day)),
        _ => None,
    }
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Timestamp(time) => Some(*time),
        Value::Date(day) => Some(calendar::midnight(*day)),
        Value::Text(text) => instant(text).filter(|time| *time <= LAST_SECOND),
        _ => None,
    }
}

fn date(value: &Value) -> Option<i32> {
    match value {
        Value::Date(day) => Some(*day),
        Value::Timestamp(time) => Some(calendar::day_of(*time)),
        Value::Text(text) => day(text),
        _ => None,
    }
}

/// Reads `2026-01-31`.
pub(crate) fn day(text: &str) -> Option<i32> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let date = NaiveDate::from_ymd_opt(number(year, 4)? as i32, number(month, 2)?, number(day, 2)?)?;
    (date >= NaiveDate::from_ymd_opt(1, 1, 1)?).then_some(calendar::days_of(date))
}

/// Reads a text of the form [`INSTANT`].
fn instant(text: &str) -> Option<Timestamp> {
    let Some((date, clock)) = text.split_once([' ', 'T']) else { return day(text).map(calendar::midnight) };
    let clock = clock.strip_suffix('Z').unwrap_or(clock);
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, micros(fraction)?),
        None => (clock, 0),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else { return None };
    let time = NaiveTime::from_hms_opt(number(hour, 2)?, number(minute, 2)?, number(second, 2)?)?;
    let seconds = time.signed_duration_since(NaiveTime::MIN).num_seconds();
    Some(calendar::midnight(day(date)?).plus_micros(seconds * 1_000_000 + fraction))
}

fn micros(fraction: &str) -> Option<i64> {
    let missing = 6_usize.checked_sub(fraction.len())?;
    Some(i64::from(number(fraction, fraction.len())?) * 10_i64.pow(missing as u32))
}

fn number(digits: &str, length: usize) -> Option<u32> {
    let fits = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Value, to: CastType, expected: &str) {
        assert_eq!(format!("{:?}", cast(&value, to)), expected, "{value:?} as {to:?}");
    }

    fn text_of(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    const BIGINT: CastType = CastType::Integer { bits: 64 };
    const MONEY: CastType = CastType::Decimal { precision: 10, scale: 2 };

    #[test]
    fn a_text_becomes_the_number_that_databend_reads() {
        for (text, expected) in [
            ("12", "Integer(12)"),
            ("+5", "Integer(5)"),
            ("-2.5", "Integer(-3)"),
            (".5", "Integer(1)"),
            ("5.", "Integer(5)"),
            ("1e3", "Integer(1000)"),
            ("25e-1", "Integer(3)"),
            ("2.4999999999999999999999", "Integer(2)"),
            ("9223372036854775807.4", "Integer(9223372036854775807)"),
            ("9223372036854775807.5", "Null"),
            ("-9223372036854775808", "Integer(-9223372036854775808)"),
            ("", "Null"),
            (" 12", "Null"),
            ("1_000", "Null"),
            ("0x10", "Null"),
            ("1.5e", "Null"),
            ("e5", "Null"),
            (".5e1", "Null"),
            ("0e1", "Null"),
            ("1e30", "Null"),
            (".", "Null"),
            ("+-5", "Null"),
            ("nan", "Null"),
        ] {
            check(text_of(text), BIGINT, expected);
        }
        check(text_of("300"), CastType::Integer { bits: 8 }, "Null");
        check(text_of("-128"), CastType::Integer { bits: 8 }, "Integer(-128)");
        check(text_of("5e-3"), MONEY, "Decimal(0.01)");
        check(text_of("99999999.994"), MONEY, "Decimal(99999999.99)");
        check(text_of("99999999.995"), MONEY, "Null");
        check(text_of("-1.235"), MONEY, "Decimal(-1.24)");
        check(text_of("1e5"), CastType::Double, "Double(100000.0)");
        check(text_of("inf"), CastType::Double, "Null");
    }

    #[test]
    fn numbers_become_each_other_rounded_or_not_at_all() {
        check(Value::Double(-2.5), BIGINT, "Integer(-3)");
        check(Value::Double(9_223_372_036_854_775_807.0), BIGINT, "Null");
        check(Value::Double(1.005), MONEY, "Decimal(1.01)");
        check(
            Value::Double(1e16),
            CastType::Decimal { precision: 38, scale: 9 },
            "Decimal(10000000000000000.000000000)",
        );
        check(Value::Integer(100_000_000), MONEY, "Null");
        check(Value::Integer(0), CastType::Boolean, "Boolean(false)");
        check(Value::Boolean(true), MONEY, "Decimal(1.00)");
        check(Value::Double(1e21), CastType::Text, "Text(\"1000000000000000000000\")");
        check(Value::Double(-0.0), CastType::Text, "Text(\"-0\")");
    }

    #[test]
    fn times_are_read_in_one_form_only() {
        check(text_of("2026-01-01"), CastType::Timestamp, "Timestamp(2026-01-01T00:00:00Z)");
        check(text_of("2026-01-01T12:00:00.5Z"), CastType::Timestamp, "Timestamp(2026-01-01T12:00:00.500Z)");
        for text in ["2026-1-1", "2026-02-30", "2026-01-01 24:00:00", "2026-01-01 00:00:60", "2026-01-01 00:00", "x"] {
            check(text_of(text), CastType::Timestamp, "Null");
        }
        check(text_of("2026-01-02"), CastType::Date, "Date(20455)");
        check(text_of("0000-01-02"), CastType::Date, "Null");
        check(Value::Date(20_455), CastType::Text, "Text(\"2026-01-02\")");
    }

    #[test]
    fn json_is_cast_by_its_text() {
        let json = |text: &str| Value::Variant(Json::parse(text).unwrap());
        check(json("1.5"), BIGINT, "Integer(2)");
        check(json("\"1.5\""), CastType::Double, "Double(1.5)");
        check(json("true"), CastType::Double, "Double(1.0)");
        check(json("\"true\""), CastType::Double, "Null");
        check(json("\"TRUE\""), CastType::Boolean, "Boolean(true)");
        check(json("1"), CastType::Boolean, "Null");
        check(json("null"), CastType::Text, "Null");
        check(json("[1, 2]"), CastType::Text, "Text(\"[1,2]\")");
        check(json("1.10"), CastType::Decimal { precision: 38, scale: 9 }, "Decimal(1.100000000)");
    }
}
