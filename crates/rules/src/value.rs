//! SQL values and three-valued truth.

use schema::{Decimal, Timestamp};
use serde::{Deserialize, Serialize};

/// A SQL value at evaluation time. Which variants meet in an operation is settled at compile time.
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
