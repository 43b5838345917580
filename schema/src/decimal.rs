//! Exact decimals: a whole number of units and how many of its digits stand behind the point.
//!
//! Money is never a float here. `order_total` is DECIMAL(18,4); sums are DECIMAL(38, s) as in
//! Databend, which 128 bits hold. An operation that would pass 38 digits returns `None`; the
//! caller makes that SQL NULL.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The most digits a decimal has, as in Databend's DECIMAL(38, s).
const MAX_DIGITS: u32 = 38;
const LIMIT: i128 = 10_i128.pow(MAX_DIGITS);

/// An exact decimal number: `units / 10^scale`.
///
/// Equality and order are numeric: `1.50` equals `1.5`.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Decimal {
    units: i128,
    scale: u8,
}

/// Why a text or a number is not an acceptable decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is not a plain or scientific decimal number.
    #[error("is not a decimal number")]
    NotANumber,
    /// It has more digits than the column holds.
    #[error("has more digits than the column holds")]
    TooManyDigits,
    /// It has more digits behind the point than the column holds.
    #[error("has more digits behind the point than the column holds")]
    TooManyFractionDigits,
}

impl Decimal {
    /// Makes `units / 10^scale`; `None` when it has more than 38 digits.
    pub const fn new(units: i128, scale: u8) -> Option<Self> {
        if units <= -LIMIT || units >= LIMIT || scale as u32 > MAX_DIGITS {
            return None;
        }
        Some(Self { units, scale })
    }

    /// Returns the units: the number without its point.
    pub const fn units(self) -> i128 {
        self.units
    }

    /// Returns how many digits stand behind the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Parses `-12.50` or `1.25e3` exactly; trailing zeros behind the point are dropped.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => {
                let exponent: i32 = text[at + 1..].parse().map_err(|_| DecimalError::NotANumber)?;
                (&text[..at], exponent)
            }
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.as_bytes().first() {
            Some(b'-') => (true, &mantissa[1..]),
            Some(b'+') => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(DecimalError::NotANumber);
        }
        if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        let joined = [whole, fraction].concat();
        let significant = joined.trim_start_matches('0');
        let kept = significant.trim_end_matches('0');
        if kept.is_empty() {
            return Ok(Self { units: 0, scale: 0 });
        }
        let fraction_length = i64::try_from(fraction.len()).map_err(|_| DecimalError::TooManyDigits)?;
        let dropped = i64::try_from(significant.len() - kept.len()).map_err(|_| DecimalError::TooManyDigits)?;
        // value = kept * 10^power
        let power = i64::from(exponent) - fraction_length + dropped;
        if kept.len() as i64 + power.max(0) > i64::from(MAX_DIGITS) || power < -i64::from(MAX_DIGITS) {
            return Err(DecimalError::TooManyDigits);
        }
        let mut units: i128 = kept.parse().map_err(|_| DecimalError::TooManyDigits)?;
        let scale = if power > 0 {
            units *= 10_i128.pow(power as u32);
            0
        } else {
            (-power) as u8
        };
        let signed = if negative { -units } else { units };
        Self::new(signed, scale).ok_or(DecimalError::TooManyDigits)
    }

    /// Parses what a DECIMAL(precision, scale) column accepts exactly, and gives it that scale.
    pub fn parse_column(text: &str, precision: u32, scale: u8) -> Result<Self, DecimalError> {
        let parsed = Self::parse(text)?;
        if parsed.scale > scale {
            return Err(DecimalError::TooManyFractionDigits);
        }
        let rescaled = parsed.rescale_up(scale).ok_or(DecimalError::TooManyDigits)?;
        if rescaled.units.unsigned_abs() >= 10_u128.pow(precision) {
            return Err(DecimalError::TooManyDigits);
        }
        Ok(rescaled)
    }

    /// Returns the same number with at least `scale` digits behind the point.
    pub fn rescale_up(self, scale: u8) -> Option<Self> {
        if scale <= self.scale {
            return Some(self);
        }
        let factor = 10_i128.checked_pow(u32::from(scale - self.scale))?;
        Self::new(self.units.checked_mul(factor)?, scale)
    }

    /// Returns the sum, `None` past 38 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.rescale_up(scale)?, other.rescale_up(scale)?);
        Self::new(left.units.checked_add(right.units)?, scale)
    }

    /// Returns the difference, `None` past 38 digits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { units: -other.units, scale: other.scale })
    }

    /// Returns the nearest DOUBLE.
    pub fn to_f64(self) -> f64 {
        // Through the text: the only way that is correctly rounded for 38 digits.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self { units: i128::from(whole), scale: 0 }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let factor = |number: &Self| 10_i128.pow(u32::from(scale - number.scale));
        match (self.units.checked_mul(factor(self)), other.units.checked_mul(factor(other))) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Only the number of smaller scale is multiplied, so the one that overflows is the
            // larger in magnitude: its sign decides.
            (None, _) => self.units.cmp(&0),
            (_, None) => 0.cmp(&other.units),
        }
    }
}

impl std::hash::Hash for Decimal {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let (mut units, mut scale) = (self.units, self.scale);
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        (units, scale).hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.units);
        }
        let sign = if self.units < 0 { "-" } else { "" };
        let divisor = 10_u128.pow(u32::from(self.scale));
        let magnitude = self.units.unsigned_abs();
        let width = usize::from(self.scale);
        write!(f, "{sign}{}.{:0width$}", magnitude / divisor, magnitude % divisor)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, DecimalError>) {
        let shown = Decimal::parse_column(text, 18, 4).map(|parsed| parsed.to_string());
        assert_eq!(shown, expected.map(str::to_owned), "parsing {text:?}");
    }

    #[test]
    fn an_order_total_is_exact_or_refused() {
        check("12.5", Ok("12.5000"));
        check("-0.0001", Ok("-0.0001"));
        check("1.25e3", Ok("1250.0000"));
        check("0.30000", Ok("0.3000"));
        check("99999999999999.9999", Ok("99999999999999.9999"));
        check("100000000000000", Err(DecimalError::TooManyDigits));
        check("1e999999999", Err(DecimalError::TooManyDigits));
        check("0.00001", Err(DecimalError::TooManyFractionDigits));
        check("1e-400", Err(DecimalError::TooManyDigits));
        for text in ["", ".", "-", "1,5", "NaN", "0x10", "1e", " 1"] {
            check(text, Err(DecimalError::NotANumber));
        }
    }

    #[test]
    fn order_is_numeric_across_scales_and_at_the_limits() {
        let parse = |text: &str| Decimal::parse(text).unwrap();
        assert_eq!(parse("1.50"), parse("1.5"));
        assert!(parse("-1") < parse("0.0001"));
        assert!(parse("99999999999999999999999999999999999999") > parse("0.00000000000000000001"));
        assert!(parse("-99999999999999999999999999999999999999") < parse("0.00000000000000000001"));
    }
}
