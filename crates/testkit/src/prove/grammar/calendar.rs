//! Times and days: columns, shifts, what they are cut down to, and their parts.

use super::place::{Grammar, Place};
use crate::prove::alphabet::INTERVALS;
use crate::prove::{Clause, Sort};

const PARTS: [&str; 11] =
    ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "dow", "isodow", "doy"];

impl Grammar<'_> {
    pub(super) fn time(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 || self.random.chance(50) {
            return self.leaf(Sort::Time, depth, place);
        }
        match self.random.below(8) {
            0..=1 => self.choice(Sort::Time, depth - 1, place),
            2 => self.cast(Sort::Time, depth - 1, place),
            3..=4 => {
                let unit = self.random.pick(&["day", "hour", "minute", "second"]);
                let of = self.random.pick(&[Sort::Time, Sort::Time, Sort::Day]);
                let time = self.value(of, depth - 1, place);
                Clause::of(Sort::Time, [self.trunc(unit).into(), time.into(), ")".into()])
            }
            _ => {
                let of = self.random.pick(&[Sort::Time, Sort::Time, Sort::Time, Sort::Day]);
                let time = self.value(of, depth - 1, place);
                let shift = format!("{}{}", self.random.pick(&[" + ", " - "]), self.random.pick(&INTERVALS).0);
                Clause::of(Sort::Time, [time.into(), shift.into()])
            }
        }
    }

    pub(super) fn day(&mut self, depth: usize, place: Place) -> Clause {
        if depth == 0 {
            return self.leaf(Sort::Day, 0, place);
        }
        match self.random.below(5) {
            0 => self.choice(Sort::Day, depth - 1, place),
            1 => self.cast(Sort::Day, depth - 1, place),
            2 => {
                let time = self.time(depth - 1, place);
                Clause::of(Sort::Day, ["to_date(".into(), time.into(), ")".into()])
            }
            _ => {
                let unit = self.random.pick(&["week", "month", "quarter", "year"]);
                let of = self.random.pick(&[Sort::Time, Sort::Time, Sort::Day]);
                let time = self.value(of, depth - 1, place);
                Clause::of(Sort::Day, [self.trunc(unit).into(), time.into(), ")".into()])
            }
        }
    }

    fn trunc(&mut self, unit: &str) -> String {
        if self.random.chance(50) { format!("date_trunc('{unit}', ") } else { format!("date_trunc({unit}, ") }
    }

    /// A number that a time has in the calendar.
    pub(super) fn part_of_time(&mut self, depth: usize, place: Place) -> Clause {
        let part = self.random.pick(&PARTS);
        let sort = self.random.pick(&[Sort::Time, Sort::Time, Sort::Day]);
        let time = self.value(sort, depth, place);
        let head = self.random.pick(&["extract(", "date_part("]);
        let between = if head == "extract(" { " FROM " } else { ", " };
        Clause::of(Sort::Number, [format!("{head}{part}{between}").into(), time.into(), ")".into()])
    }

    /// A time that passes.
    pub(super) fn now(&mut self) -> Clause {
        let shift = self.random.pick(&INTERVALS).0;
        match self.random.below(12) {
            0 => Clause::text(Sort::Time, "now()"),
            1 => Clause::of(Sort::Time, ["now()".into(), format!(" + {shift}").into()]),
            2 => Clause::text(Sort::Day, self.random.pick(&["today()", "current_date", "to_date(now())"])),
            3 => {
                let unit = self.random.pick(&["minute", "hour", "day"]);
                Clause::text(Sort::Time, format!("{}now())", self.trunc(unit)))
            }
            4 => {
                let unit = self.random.pick(&["week", "month", "quarter", "year"]);
                Clause::text(Sort::Day, format!("{}now())", self.trunc(unit)))
            }
            5 => {
                let unit = self.random.pick(&["hour", "day", "week", "month"]);
                Clause::of(Sort::Time, [format!("{}now())", self.trunc(unit)).into(), format!(" - {shift}").into()])
            }
            _ => Clause::of(Sort::Time, ["now()".into(), format!(" - {shift}").into()]),
        }
    }
}
