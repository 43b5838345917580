//! Instants, in microseconds of UTC: the resolution at which every window is exact.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text that names no instant between years 0001 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a timestamp (expected like 2023-10-31T00:00:00Z)")]
pub struct TimestampError(pub String);

impl Timestamp {
    /// 0001-01-01T00:00:00Z, the earliest instant that text can name.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z, the latest instant that text can name.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// Makes the instant that lies `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the instant `micros` later (earlier when negative), stopping at the ends of `i64`.
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Returns how many microseconds `self` lies after `earlier`, negative when before.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Parses RFC 3339, or the same without a zone (then UTC), or a date alone (then midnight).
    ///
    /// A space may stand for the `T`. Digits beyond microseconds are cut off.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        if let Some(plain) = parse_plain(text.as_bytes()) {
            return Ok(plain);
        }
        let trimmed = text.trim();
        let micros = DateTime::parse_from_rfc3339(trimmed)
            // Most of what has no zone is RFC 3339 but for it, which chrono reads twenty times faster than a format.
            .or_else(|_| DateTime::parse_from_rfc3339(&format!("{trimmed}Z")))
            .map(|zoned| zoned.timestamp_micros())
            .or_else(|_| parse_naive(trimmed).map(|naive| naive.and_utc().timestamp_micros()))
            .map_err(|_| TimestampError(text.to_owned()))?;
        let parsed = Self(micros);
        if parsed < Self::MIN || parsed > Self::MAX {
            return Err(TimestampError(text.to_owned()));
        }
        Ok(parsed)
    }

    /// Returns the calendar view, `None` outside of years 0001 to 9999.
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0).filter(|_| (Self::MIN..=Self::MAX).contains(&self))
    }
}

/// Parses what [`Timestamp`] prints, and only that: `2023-10-31T00:00:00Z`, with up to six digits behind
/// a point. Nearly every text is one of these; anything else is left to the full parser.
fn parse_plain(text: &[u8]) -> Option<Timestamp> {
    let (head, tail) = text.split_at_checked("2023-10-31T00:00:00".len())?;
    let number = |from: usize, to: usize| digits(&head[from..to]);
    let punctuated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if punctuated.iter().any(|(at, sign)| head[*at] != *sign) {
        return None;
    }
    let micros = match tail {
        [b'Z'] => 0,
        [b'.', fraction @ .., b'Z'] if (1..=6).contains(&fraction.len()) => {
            digits(fraction)? * 10_u32.pow(6 - fraction.len() as u32)
        }
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?;
    let instant = date.and_hms_micro_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, micros)?;
    Some(Timestamp(instant.and_utc().timestamp_micros())).filter(|time| *time >= Timestamp::MIN)
}

fn digits(text: &[u8]) -> Option<u32> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    text.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?))
}

fn parse_naive(text: &str) -> Result<NaiveDateTime, chrono::ParseError> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|date| date.and_time(chrono::NaiveTime::MIN)))
}

/// RFC 3339 in UTC; microseconds only where they are not zero.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_datetime() {
            Some(datetime) => f.write_str(&datetime.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Text in formats for people (JSON), the integer in binary ones (state).
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let shown = Timestamp::parse(text).ok().map(|parsed| parsed.to_string());
        assert_eq!(shown.as_deref(), expected, "parsing {text:?}");
    }

    #[test]
    fn a_timestamp_without_a_zone_is_utc() {
        check("2023-10-31T00:00:00", Some("2023-10-31T00:00:00Z"));
        check("2023-10-31 01:02:03.5", Some("2023-10-31T01:02:03.500Z"));
        check("2023-10-31", Some("2023-10-31T00:00:00Z"));
        check("2026-01-01T00:00Z", Some("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn a_zone_is_turned_into_utc_and_microseconds_are_kept() {
        check("2023-10-31T02:00:00.000001+02:00", Some("2023-10-31T00:00:00.000001Z"));
    }

    #[test]
    fn plain_text_is_read_as_the_full_parser_reads_it() {
        let full = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|zoned| zoned.timestamp_micros());
        for text in [
            "2023-10-31T00:00:00Z",
            "2024-02-29T23:59:59.9Z",
            "1969-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00.01Z",
            "9999-12-31T23:59:59.123456Z",
            "2023-02-29T00:00:00Z",
            "2023-10-31T24:00:00Z",
            "2023-10-31T00:60:00Z",
        ] {
            assert_eq!(parse_plain(text.as_bytes()).map(Timestamp::as_micros), full(text), "{text}");
        }
        for text in
            ["2023-10-31T00:00:60Z", "2023-10-31T00:00:00.1234567Z", "2023-10-31T00:00:00.Z", "2023-1a-31T00:00:00Z"]
        {
            assert_eq!(parse_plain(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2023-13-01T00:00:00Z",
            "2023-02-30",
            "1698710400",
            "+12023-01-01T00:00:00Z",
            "2023-10-31T00:00:00ZZ",
        ] {
            check(text, None);
        }
    }
}
