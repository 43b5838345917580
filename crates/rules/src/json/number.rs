//! Numbers of JSON: exact decimals as they are written, floats where they are written with an exponent.

use std::cmp::Ordering;
use std::fmt;

use schema::Decimal;
use serde::{Deserialize, Serialize};

/// A number of a JSON value.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum JsonNumber {
    /// Written without an exponent, of at most 38 digits: `1.10` keeps its zero.
    Exact {
        /// The digits, without the point.
        units: i128,
        /// How many of them are behind the point.
        scale: u8,
    },
    /// Any other; infinite when it is beyond every float.
    Float(f64),
}

impl JsonNumber {
    /// Reads a number of JSON; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::exact(text).or_else(|| text.parse().ok().map(Self::Float))
    }

    fn exact(text: &str) -> Option<Self> {
        if text.contains(['e', 'E']) {
            return None;
        }
        let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let scale = u8::try_from(scale).ok()?;
        let digits: String = text.chars().filter(|character| *character != '.').collect();
        let units = digits.parse().ok()?;
        Decimal::new(units, scale).map(|_| Self::Exact { units, scale })
    }

    /// Returns how two numbers are ordered by value.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.decimal(), other.decimal()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }

    fn decimal(&self) -> Option<Decimal> {
        match self {
            Self::Exact { units, scale } => Decimal::new(*units, *scale),
            Self::Float(_) => None,
        }
    }

    fn to_f64(self) -> f64 {
        match self {
            Self::Exact { .. } => self.decimal().map_or(0.0, Decimal::to_f64),
            // So that no zero is below another one.
            Self::Float(float) => float + 0.0,
        }
    }
}

/// As Databend writes it: what is infinite as `null`, though it is a number.
impl fmt::Display for JsonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact { .. } => match self.decimal() {
                Some(decimal) => write!(f, "{decimal}"),
                None => Ok(()),
            },
            Self::Float(float) => f.write_str(&serde_json::to_string(float).map_err(|_| fmt::Error)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(JsonNumber::parse(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn the_text_of_a_number_is_that_of_databend() {
        for (text, expected) in [
            ("1", "1"),
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("1.10", "1.10"),
            ("12345678901234567890", "12345678901234567890"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("1e3", "1000.0"),
            ("1E3", "1000.0"),
            ("-1e2", "-100.0"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("1.25e20", "1.25e+20"),
            ("123456e10", "1234560000000000.0"),
            ("1e-4", "0.0001"),
            ("1e-5", "0.00001"),
            ("12e-7", "1.2e-6"),
            ("1.5e300", "1.5e+300"),
        ] {
            check(text, expected);
        }
        check("1e400", "null");
        check("-1e400", "null");
    }

    #[test]
    fn numbers_are_ordered_by_value_and_exactly() {
        let number = |text: &str| JsonNumber::parse(text).unwrap();
        assert_eq!(number("0.30").compare(&number("0.3")), Ordering::Equal);
        assert_eq!(number("0.1").compare(&number("1e-1")), Ordering::Equal);
        assert_eq!(number("9007199254740993").compare(&number("9007199254740992.0")), Ordering::Greater);
        assert_eq!(number("-0.0").compare(&number("0e0")), Ordering::Equal);
        assert_eq!(number("2").compare(&number("1e1")), Ordering::Less);
    }
}
