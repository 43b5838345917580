//! SQL values and three-valued truth.

use schema::{Decimal, Timestamp};
use serde::{Deserialize, Serialize};

use crate::json::Json;

/// A SQL value at evaluation time. Which variants meet in an operation is settled at compile time.
///
/// Stored in users' states: the order of the variants is a format, new ones go to the end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// BOOLEAN.
    Boolean(bool),
    /// BIGINT (also what Databend calls BIGINT UNSIGNED: counts).
    Integer(i64),
    /// DECIMAL(38, s).
    Decimal(Decimal),
    /// DOUBLE; never NaN (an operation that would make one is NULL).
    Double(f64),
    /// VARCHAR, compared by bytes.
    Text(String),
    /// TIMESTAMP.
    Timestamp(Timestamp),
    /// INTERVAL, in microseconds.
    Interval(i64),
    /// DATE, in days since 1970-01-01.
    Date(i32),
    /// VARIANT; never SQL's NULL.
    Variant(Json),
}

/// SQL's three truth values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Truth {
    /// TRUE.
    True,
    /// FALSE.
    False,
    /// NULL.
    Unknown,
}
