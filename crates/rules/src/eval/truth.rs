//! SQL's three-valued logic.

use crate::{Truth, Value};

impl Truth {
    /// Returns the truth of a BOOLEAN value; NULL (and what is no BOOLEAN) is unknown.
    pub const fn of(value: &Value) -> Self {
        match value {
            Value::Boolean(true) => Self::True,
            Value::Boolean(false) => Self::False,
            _ => Self::Unknown,
        }
    }

    /// Returns the BOOLEAN value.
    pub const fn to_value(self) -> Value {
        match self {
            Self::True => Value::Boolean(true),
            Self::False => Value::Boolean(false),
            Self::Unknown => Value::Null,
        }
    }

    /// Returns `NOT self`.
    pub const fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Returns TRUE when all are TRUE, FALSE as soon as one is FALSE, else unknown.
pub(super) fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
    let mut result = Truth::True;
    for truth in truths {
        match truth {
            Truth::False => return Truth::False,
            Truth::Unknown => result = Truth::Unknown,
            Truth::True => {}
        }
    }
    result
}

/// Returns TRUE as soon as one is TRUE, FALSE when all are FALSE, else unknown.
pub(super) fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
    all(truths.into_iter().map(Truth::negated)).negated()
}
