//! The calendar of rules: UTC, weeks from Monday, ISO weeks of the year.
//!
//! Truncation is a staircase over time: [`CalendarUnit::floor`] is where the current step began and
//! [`CalendarUnit::after`] where the next one begins, which is what makes deadlines of
//! `date_trunc(unit, now())` exact.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use schema::Timestamp;
use serde::{Deserialize, Serialize};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 1970-01-01 was a Thursday: weeks begin three days before it.
const FIRST_MONDAY: i64 = -3 * DAY;

/// What a time is cut down to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum CalendarUnit {
    /// `second`
    Second,
    /// `minute`
    Minute,
    /// `hour`
    Hour,
    /// `day`
    Day,
    /// `week`, from Monday
    Week,
    /// `month`
    Month,
    /// `quarter`
    Quarter,
    /// `year`
    Year,
}

impl CalendarUnit {
    /// Every unit, the shortest first.
    pub const ALL: [Self; 8] =
        [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Returns its name in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Returns its length in microseconds, if all are of one length.
    pub const fn length_micros(self) -> Option<i64> {
        match self {
            Self::Second => Some(SECOND),
            Self::Minute => Some(60 * SECOND),
            Self::Hour => Some(3_600 * SECOND),
            Self::Day => Some(DAY),
            Self::Week => Some(7 * DAY),
            Self::Month | Self::Quarter | Self::Year => None,
        }
    }

    /// Returns whether what it cuts a time down to is a DATE.
    pub const fn is_date(self) -> bool {
        matches!(self, Self::Week | Self::Month | Self::Quarter | Self::Year)
    }

    /// Returns the last boundary not after `time`.
    pub fn floor(self, time: Timestamp) -> Timestamp {
        match self.length_micros() {
            Some(length) => {
                let origin = if self == Self::Week { FIRST_MONDAY } else { 0 };
                let into = time.as_micros().saturating_sub(origin).rem_euclid(length);
                time.plus_micros(-into)
            }
            None => self.months().map_or(time, |months| month_floor(time, months)),
        }
    }

    /// Returns the first boundary after `time`.
    pub fn after(self, time: Timestamp) -> Timestamp {
        let floor = self.floor(time);
        match self.length_micros() {
            Some(length) => floor.plus_micros(length),
            // A few days more than the unit has, cut down again.
            None => {
                let days = i64::from(self.months().unwrap_or(1)) * 31 + 3;
                self.floor(floor.plus_micros(days * DAY))
            }
        }
    }

    /// Returns the first boundary not before `time`.
    pub fn ceil(self, time: Timestamp) -> Timestamp {
        if self.floor(time) == time { time } else { self.after(time) }
    }

    const fn months(self) -> Option<u32> {
        match self {
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Year => Some(12),
            _ => None,
        }
    }
}

fn month_floor(time: Timestamp, months: u32) -> Timestamp {
    let Some(date) = time.to_datetime().map(|datetime| datetime.date_naive()) else { return time };
    let month = date.month0() / months * months + 1;
    NaiveDate::from_ymd_opt(date.year(), month, 1).map_or(time, |first| midnight(days_of(first)))
}

/// A number that a time has in the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CalendarPart {
    /// `year`
    Year,
    /// `quarter`: 1 to 4
    Quarter,
    /// `month`: 1 to 12
    Month,
    /// `week`: ISO, 1 to 53
    Week,
    /// `day`: 1 to 31
    Day,
    /// `hour`
    Hour,
    /// `minute`
    Minute,
    /// `second`: whole ones
    Second,
    /// `dow`: 0 is Sunday
    DayOfWeek,
    /// `isodow`: 1 is Monday
    IsoDayOfWeek,
    /// `doy`: from 1
    DayOfYear,
}

impl CalendarPart {
    /// Every part.
    pub const ALL: [Self; 11] = [
        Self::Year,
        Self::Quarter,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::DayOfWeek,
        Self::IsoDayOfWeek,
        Self::DayOfYear,
    ];

    /// Returns its name in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::DayOfWeek => "dow",
            Self::IsoDayOfWeek => "isodow",
            Self::DayOfYear => "doy",
        }
    }

    /// Returns it of a time; `None` outside of years 0001 to 9999.
    pub fn of(self, time: Timestamp) -> Option<i64> {
        let time = time.to_datetime()?;
        Some(match self {
            Self::Year => i64::from(time.year()),
            Self::Quarter => i64::from(time.month0() / 3 + 1),
            Self::Month => i64::from(time.month()),
            Self::Week => i64::from(time.iso_week().week()),
            Self::Day => i64::from(time.day()),
            Self::Hour => i64::from(time.hour()),
            Self::Minute => i64::from(time.minute()),
            Self::Second => i64::from(time.second()),
            Self::DayOfWeek => i64::from(time.weekday().num_days_from_sunday()),
            Self::IsoDayOfWeek => i64::from(time.weekday().number_from_monday()),
            Self::DayOfYear => i64::from(time.ordinal()),
        })
    }
}

/// Returns the day that a time lies in.
pub fn day_of(time: Timestamp) -> i32 {
    i32::try_from(time.as_micros().div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// Returns the first instant of a day.
pub fn midnight(day: i32) -> Timestamp {
    Timestamp::from_micros(i64::from(day) * DAY)
}

/// Returns the day as `2026-01-31`; empty outside of years 0001 to 9999.
pub fn shown(day: i32) -> String {
    midnight(day).to_datetime().map(|date| date.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// Returns the time as Databend writes it: `2026-01-31 12:00:00.000000`.
pub fn shown_time(time: Timestamp) -> Option<String> {
    time.to_datetime().map(|time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

/// Returns the day of a date.
pub fn days_of(date: NaiveDate) -> i32 {
    // 719_163 days lie between 0001-01-01, which is day 1, and 1970-01-01.
    date.num_days_from_ce() - 719_163
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[track_caller]
    fn check(unit: CalendarUnit, time: &str, floor: &str, after: &str) {
        assert_eq!(unit.floor(at(time)), at(floor), "{unit:?} of {time}");
        assert_eq!(unit.after(at(time)), at(after), "after the {unit:?} of {time}");
        assert_eq!(unit.ceil(at(floor)), at(floor));
        assert_eq!(unit.floor(at(after).plus_micros(-1)), at(floor), "the last instant before {after}");
        assert_eq!(unit.floor(at(after)), at(after));
    }

    #[test]
    fn a_unit_reaches_from_one_boundary_to_the_next() {
        check(CalendarUnit::Hour, "1969-12-31 23:30:00.5", "1969-12-31 23:00:00", "1970-01-01");
        check(CalendarUnit::Day, "2024-02-29 00:00:00", "2024-02-29", "2024-03-01");
        check(CalendarUnit::Week, "2026-01-04 23:59:59.999999", "2025-12-29", "2026-01-05");
        check(CalendarUnit::Week, "1969-12-31 23:00:00", "1969-12-29", "1970-01-05");
        check(CalendarUnit::Month, "2024-02-29 12:00:00", "2024-02-01", "2024-03-01");
        check(CalendarUnit::Month, "2025-12-31", "2025-12-01", "2026-01-01");
        check(CalendarUnit::Quarter, "2025-05-31 01:00:00", "2025-04-01", "2025-07-01");
        check(CalendarUnit::Year, "2024-12-31 23:59:59.999999", "2024-01-01", "2025-01-01");
    }

    #[test]
    fn parts_are_those_of_databend() {
        let part = |part: CalendarPart, time: &str| part.of(at(time)).unwrap();
        assert_eq!(part(CalendarPart::DayOfWeek, "2026-01-04 23:59:59"), 0);
        assert_eq!(part(CalendarPart::IsoDayOfWeek, "2026-01-04"), 7);
        assert_eq!(part(CalendarPart::Week, "2026-01-04"), 1);
        assert_eq!(part(CalendarPart::Quarter, "2026-12-31"), 4);
        assert_eq!(part(CalendarPart::DayOfYear, "2024-12-31"), 366);
        assert_eq!(part(CalendarPart::Second, "2026-01-04 23:59:59.999999"), 59);
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!(day_of(at("1969-12-31 23:59:59.999999")), -1);
        assert_eq!(days_of(NaiveDate::from_ymd_opt(1970, 1, 2).unwrap()), 1);
        assert_eq!(shown(20_454), "2026-01-01");
        assert_eq!(shown_time(at("2026-01-01 00:00:00.5")).unwrap(), "2026-01-01 00:00:00.500000");
    }
}
