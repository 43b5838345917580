//! Numbers written in texts: which texts are numbers, and what they round to.
//!
//! The renderer lets Databend see only texts of the same form ([`NUMERAL`]), because Databend reads
//! more than numbers (`1.5e`, `nan`) and some of these differently for each type.

/// The texts that are numbers, as a regular expression: up to 38 digits before the point; before an
/// exponent, which is below 30, up to 18 and no leading zero.
///
/// In Databend the power of a longer number passes 128 bits, and -1e-9 comes out of 4e-53.
pub(crate) const NUMERAL: &str = "^[+-]?([0-9]{1,38}([.][0-9]{0,400})?|[.][0-9]{1,400}|\
    [1-9][0-9]{0,17}([.][0-9]{0,18})?[eE]([+]?[012]?[0-9]|-[0-9]{1,2}))$";

/// The most digits before and behind the point.
const MAX_WHOLE_DIGITS: usize = 38;
const MAX_FRACTION_DIGITS: usize = 400;
/// Likewise before an exponent.
const MAX_SCIENTIFIC_DIGITS: usize = 18;
const MAX_EXPONENT: i32 = 29;
const MIN_EXPONENT: i32 = -99;

/// A number as it is written.
#[derive(Debug)]
pub(super) struct Numeral<'a> {
    text: &'a str,
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i32,
}

impl<'a> Numeral<'a> {
    /// Reads a text of the form [`NUMERAL`].
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(self::exponent(exponent)?)),
            None => (text, None),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        let fits = match exponent {
            Some(_) => {
                let longest = whole.len().max(fraction.len());
                longest <= MAX_SCIENTIFIC_DIGITS && whole.starts_with(|digit| digit != '0')
            }
            None => whole.len() <= MAX_WHOLE_DIGITS && fraction.len() <= MAX_FRACTION_DIGITS,
        };
        let any = !whole.is_empty() || !fraction.is_empty();
        (digits_only && fits && any).then_some(Self {
            text,
            negative,
            whole,
            fraction,
            exponent: exponent.unwrap_or(0),
        })
    }

    /// Returns it times `10^scale`, rounded half away from zero; `None` past 128 bits.
    pub(super) fn units(&self, scale: u8) -> Option<i128> {
        let kept = self.whole.len() as i64 + i64::from(self.exponent) + i64::from(scale);
        let mut digits = self.whole.bytes().chain(self.fraction.bytes());
        let mut units = 0_i128;
        if kept < 0 {
            return Some(0);
        }
        for _ in 0..kept {
            let digit = i128::from(digits.next().unwrap_or(b'0') - b'0');
            units = units.checked_mul(10)?.checked_add(digit)?;
        }
        let units = if digits.next().is_some_and(|next| next >= b'5') { units.checked_add(1)? } else { units };
        Some(if self.negative { -units } else { units })
    }

    /// Returns the nearest DOUBLE.
    pub(super) fn to_f64(&self) -> Option<f64> {
        self.text.parse().ok()
    }
}

/// At most two digits; a negative one may be greater.
fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let exponent = if (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()?
    } else {
        return None;
    };
    (MIN_EXPONENT..=MAX_EXPONENT).contains(&exponent).then_some(exponent)
}
