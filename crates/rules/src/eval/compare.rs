//! Order and equality of values.
//!
//! Numbers compare by value: integers with decimals exactly, either with a DOUBLE as DOUBLEs, as in
//! Databend. Strings compare by bytes, FALSE lies before TRUE.

use std::cmp::Ordering;

use schema::Decimal;

use crate::calendar::midnight;
use crate::json::Json;
use crate::rule::Comparison;
use crate::{Truth, Value};

/// Returns how two values are ordered; `None` when one is NULL or they are of kinds that never meet.
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    use Value::{Boolean, Date, Decimal as Exact, Double, Integer, Interval, Text, Timestamp, Variant};
    match (left, right) {
        (Integer(left), Integer(right)) | (Interval(left), Interval(right)) => Some(left.cmp(right)),
        (Exact(left), Exact(right)) => Some(left.cmp(right)),
        (Integer(left), Exact(right)) => Some(Decimal::from(*left).cmp(right)),
        (Exact(left), Integer(right)) => Some(left.cmp(&Decimal::from(*right))),
        (Double(_), Integer(_) | Exact(_) | Double(_)) | (Integer(_) | Exact(_), Double(_)) => {
            to_f64(left)?.partial_cmp(&to_f64(right)?)
        }
        (Text(left), Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Timestamp(left), Timestamp(right)) => Some(left.cmp(right)),
        (Boolean(left), Boolean(right)) => Some(left.cmp(right)),
        (Date(left), Date(right)) => Some(left.cmp(right)),
        (Date(left), Timestamp(right)) => Some(midnight(*left).cmp(right)),
        (Timestamp(left), Date(right)) => Some(left.cmp(&midnight(*right))),
        (Variant(left), Variant(right)) => Some(left.compare(right)),
        // Of the two only the equality is asked for: a constant text equals the JSON string.
        (Variant(left), Text(right)) => Some(left.compare(&Json::String(right.clone()))),
        (Text(left), Variant(right)) => Some(Json::String(left.clone()).compare(right)),
        _ => None,
    }
}

/// Returns how two values are ordered where one of them is picked: JSON values that are equal, such as `10` and
/// `10.0`, by their texts.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let ordering = compare(left, right)?;
    Some(match (left, right) {
        (Value::Variant(left), Value::Variant(right)) => ordering.then_with(|| left.to_text().cmp(&right.to_text())),
        _ => ordering,
    })
}

/// Returns the nearest DOUBLE of a number.
pub(super) fn to_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(whole) => Some(*whole as f64),
        Value::Decimal(decimal) => Some(decimal.to_f64()),
        Value::Double(double) => Some(*double),
        _ => None,
    }
}

/// Returns the truth of `left op right`.
pub(super) fn compared(op: Comparison, left: &Value, right: &Value) -> Truth {
    compare(left, right).map_or(Truth::Unknown, |ordering| Truth::from(op.holds(ordering)))
}

impl Comparison {
    /// Returns whether the comparison holds for a left side that is so ordered to the right one.
    pub const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// Returns the comparison that holds for `(b, a)` exactly when this one holds for `(a, b)`.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// Returns the comparison that holds exactly when this one does not, between values that are not NULL.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }
}
