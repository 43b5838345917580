//! Values as bytes, by which rows are filed.

use rules::Value;
use rules::json::Json;

/// A value as bytes: the same for values that are equal.
pub(super) type Key = Vec<u8>;

/// Adds a value to a key.
pub(super) fn push(key: &mut Key, value: &Value) {
    let text = |key: &mut Key, tag, text: &str| {
        key.push(tag);
        key.extend((text.len() as u64).to_le_bytes());
        key.extend(text.as_bytes());
    };
    match value {
        Value::Null => key.push(0),
        Value::Boolean(value) => key.extend([1, u8::from(*value)]),
        Value::Integer(value) | Value::Interval(value) => {
            key.push(2);
            key.extend(value.to_le_bytes());
        }
        Value::Decimal(value) => {
            key.extend([3, value.scale()]);
            key.extend(value.units().to_le_bytes());
        }
        Value::Double(value) => {
            key.push(4);
            key.extend(whole_zero(*value).to_le_bytes());
        }
        Value::Text(value) => text(key, 5, value),
        Value::Timestamp(value) => {
            key.push(6);
            key.extend(value.as_micros().to_le_bytes());
        }
        Value::Date(value) => {
            key.push(7);
            key.extend(value.to_le_bytes());
        }
        Value::Variant(Json::String(value)) => text(key, 8, value),
        // By value, whatever the notation.
        Value::Variant(Json::Number(number)) => {
            key.push(9);
            key.extend(whole_zero(number.to_string().parse().unwrap_or(f64::INFINITY)).to_le_bytes());
        }
        Value::Variant(_) => key.push(10),
    }
}

/// There is one zero.
fn whole_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}
