//! `INTERVAL 30 DAY` and `INTERVAL '1 day 2 hours'`: lengths of time, in microseconds.

use schema::Decimal;
use sqlparser::ast::{self, Interval, UnaryOperator};

use crate::compile::lower::{Lowering, unwrapped};
use crate::{Code, Diagnostic, Expr, Span, SqlType, Value};

const SECOND: i64 = 1_000_000;

/// Units of a fixed length, the greatest first.
pub(crate) const UNITS: [(&str, i64); 7] = [
    ("week", 7 * 86_400 * SECOND),
    ("day", 86_400 * SECOND),
    ("hour", 3_600 * SECOND),
    ("minute", 60 * SECOND),
    ("second", SECOND),
    ("millisecond", 1_000),
    ("microsecond", 1),
];

/// Units whose length depends on the calendar, with a number of days near it.
const CALENDAR: [(&str, i64); 5] =
    [("month", 30), ("quarter", 91), ("year", 365), ("decade", 3_652), ("century", 36_524)];

enum Unit {
    Micros(i64),
    Calendar { days: i64 },
}

/// Why a text names no length.
enum Trouble {
    Unreadable,
    TooLong,
    Calendar { days: i64, count: String },
}

impl Trouble {
    /// Keeps the count only if it is all there is: then days can stand in for the text.
    fn of(self, text: &str) -> Self {
        match self {
            Self::Calendar { days, .. } if text.split_whitespace().count() > 2 => {
                Self::Calendar { days, count: String::new() }
            }
            other => other,
        }
    }
}

impl Lowering<'_> {
    pub(super) fn interval(&mut self, interval: &Interval, span: Span) -> Option<Expr> {
        if interval.last_field.is_some() || interval.leading_precision.is_some() {
            return self.unreadable_interval(span);
        }
        let Some(count) = count_text(&interval.value) else { return self.unreadable_interval(span) };
        let text = match &interval.leading_field {
            Some(field) => format!("{count} {field}"),
            None => count,
        };
        match micros(&text) {
            Ok(micros) => self.interval_of(Some(micros), span),
            Err(Trouble::Unreadable) => self.unreadable_interval(span),
            Err(Trouble::TooLong) => {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, "this length of time is too great");
                self.report(problem.with_hint("no event is that far away: leave the bound out"))
            }
            Err(Trouble::Calendar { days, count }) => self.calendar_interval(days, &count, span),
        }
    }

    pub(super) fn interval_of(&mut self, micros: Option<i64>, span: Span) -> Option<Expr> {
        match micros {
            Some(micros) => self.constant(Value::Interval(micros), SqlType::Interval, span),
            None => self.unreadable_interval(span),
        }
    }

    fn unreadable_interval(&mut self, span: Span) -> Option<Expr> {
        let problem = Diagnostic::error(Code::InvalidLiteral, span, "this is not a length of time");
        self.report(problem.with_hint("write it as `INTERVAL 30 DAY` or `INTERVAL '1 day 12 hours'`"))
    }

    fn calendar_interval(&mut self, days: i64, count: &str, span: Span) -> Option<Expr> {
        let message = "months and years differ in length, so that a window of them would not slide evenly";
        let problem = Diagnostic::error(Code::CalendarInterval, span, message);
        let replacement = count.parse::<i64>().ok().and_then(|count| count.checked_mul(days));
        let hint = format!("say it in days: about {days} each");
        self.report(match replacement {
            Some(days) => problem.with_hint(hint).with_replacement(format!("INTERVAL {days} DAY")),
            None => problem.with_hint(hint),
        })
    }
}

fn count_text(value: &ast::Expr) -> Option<String> {
    match unwrapped(value) {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(digits, false) => Some(digits.clone()),
            ast::Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr } => count_text(expr).map(|count| format!("-{count}")),
        _ => None,
    }
}

/// Reads `1 day 2 hours`, in any case, singular or plural.
fn micros(text: &str) -> Result<i64, Trouble> {
    let mut words = text.split_whitespace();
    let mut total = 0_i64;
    let mut any = false;
    while let Some(count) = words.next() {
        let unit = words.next().ok_or(Trouble::Unreadable)?;
        let part = part(count, &unit.to_lowercase()).map_err(|trouble| trouble.of(text))?;
        total = total.checked_add(part).ok_or(Trouble::TooLong)?;
        any = true;
    }
    if any { Ok(total) } else { Err(Trouble::Unreadable) }
}

fn part(count: &str, unit: &str) -> Result<i64, Trouble> {
    match unit_named(unit).ok_or(Trouble::Unreadable)? {
        Unit::Calendar { days } => Err(Trouble::Calendar { days, count: count.to_owned() }),
        Unit::Micros(length) => {
            let count = Decimal::parse(count).map_err(|_| Trouble::Unreadable)?;
            whole_micros(count, length)
        }
    }
}

/// `1.5 hours`, if it is a whole number of microseconds.
fn whole_micros(count: Decimal, length: i64) -> Result<i64, Trouble> {
    let divisor = 10_i128.checked_pow(u32::from(count.scale())).ok_or(Trouble::Unreadable)?;
    let scaled = count.units().checked_mul(i128::from(length)).ok_or(Trouble::TooLong)?;
    if scaled % divisor != 0 {
        return Err(Trouble::Unreadable);
    }
    i64::try_from(scaled / divisor).map_err(|_| Trouble::TooLong)
}

fn unit_named(unit: &str) -> Option<Unit> {
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    let found = |units: &[(&str, i64)]| units.iter().find(|(name, _)| *name == singular).map(|(_, length)| *length);
    let calendar = || found(&CALENDAR).map(|days| Unit::Calendar { days });
    found(&UNITS).map(Unit::Micros).or_else(calendar)
}
