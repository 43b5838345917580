//! Dates: what a time is cut down to, and its parts.

use sqlparser::ast::{self, DateTimeField};

use crate::calendar::{CalendarPart, CalendarUnit};
use crate::compile::lower::{Lowering, unwrapped};
use crate::compile::names;
use crate::compile::scope::Scope;
use crate::rule::{CastType, ScalarFunction};
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType};

/// Calls that are one of the functions here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DateCall {
    /// `date_trunc(unit, time)`
    Trunc,
    /// `date_part(part, time)`
    Part,
    /// `to_date(time)`, `date(time)`
    ToDate,
    /// `today()`, `current_date`
    Today,
}

impl DateCall {
    /// Every name that is completed from.
    pub(super) const ALL_NAMES: [&'static str; 5] = ["date_trunc", "date_part", "to_date", "today", "current_date"];

    /// Returns what a name calls.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "date_trunc" => Some(Self::Trunc),
            "date_part" => Some(Self::Part),
            "to_date" => Some(Self::ToDate),
            "today" | "current_date" => Some(Self::Today),
            _ => None,
        }
    }
}

impl Lowering<'_> {
    pub(super) fn date_call(
        &mut self,
        call: DateCall,
        arguments: &[&ast::Expr],
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        match (call, arguments) {
            (DateCall::Trunc, [unit, time]) => {
                let unit = self.unit(unit);
                let time = self.time(time, scope);
                self.truncated(time?, unit?, span)
            }
            (DateCall::Part, [part, time]) => {
                let part = self.part_of(part);
                let time = self.time(time, scope);
                self.part(time?, part?, span)
            }
            (DateCall::ToDate, [time]) => {
                let time = self.expression(time, scope)?;
                let fits =
                    |found| matches!(found, SqlType::Timestamp | SqlType::Date | SqlType::Text | SqlType::Variant);
                let time = self.demand(time, "a time", fits)?;
                self.cast_to(time, CastType::Date, span)
            }
            (DateCall::Today, []) => {
                let now = self.node(ExprKind::Now, SqlType::Timestamp, span)?;
                self.cast_to(now, CastType::Date, span)
            }
            (DateCall::Trunc, _) => self.wrong_arguments("date_trunc", "a unit and a time", span),
            (DateCall::Part, _) => self.wrong_arguments("date_part", "a part and a time", span),
            (DateCall::ToDate, _) => self.wrong_arguments("to_date", "a time", span),
            (DateCall::Today, _) => self.wrong_arguments("today", "no argument", span),
        }
    }

    /// `extract(hour FROM created_at)`.
    pub(super) fn extract(
        &mut self,
        field: &DateTimeField,
        time: &ast::Expr,
        scope: &Scope<'_>,
        span: Span,
    ) -> Option<Expr> {
        let part = self.named_part(&field.to_string().to_lowercase(), span);
        let time = self.time(time, scope);
        self.part(time?, part?, span)
    }

    fn time(&mut self, time: &ast::Expr, scope: &Scope<'_>) -> Option<Expr> {
        let time = self.expression(time, scope)?;
        self.demand(time, "a time", |found| matches!(found, SqlType::Timestamp | SqlType::Date))
    }

    fn truncated(&mut self, time: Expr, unit: CalendarUnit, span: Span) -> Option<Expr> {
        // A DATE is cut down like its midnight, so that the result's type hangs on the unit alone.
        let time = self.cast_to(time, CastType::Timestamp, span)?;
        let sql_type = if unit.is_date() { SqlType::Date } else { SqlType::Timestamp };
        let function = ScalarFunction::DateTrunc(unit);
        self.node(ExprKind::Function { function, arguments: vec![time] }, sql_type, span)
    }

    fn part(&mut self, time: Expr, part: CalendarPart, span: Span) -> Option<Expr> {
        let time = self.cast_to(time, CastType::Timestamp, span)?;
        let function = ScalarFunction::Extract(part);
        self.node(ExprKind::Function { function, arguments: vec![time] }, SqlType::Integer, span)
    }

    /// A unit is written as a text or as a bare word.
    fn unit(&mut self, written: &ast::Expr) -> Option<CalendarUnit> {
        let span = self.tokens.span_of(written);
        let name = word(written).unwrap_or_default();
        let found = CalendarUnit::ALL.into_iter().find(|unit| unit.as_str() == name);
        found.or_else(|| self.no_such_word(&name, &CalendarUnit::ALL.map(CalendarUnit::as_str), span))
    }

    fn part_of(&mut self, written: &ast::Expr) -> Option<CalendarPart> {
        let span = self.tokens.span_of(written);
        self.named_part(&word(written).unwrap_or_default(), span)
    }

    fn named_part(&mut self, name: &str, span: Span) -> Option<CalendarPart> {
        let name = match name {
            "dayofweek" => "dow",
            "dayofyear" => "doy",
            name => name,
        };
        let found = CalendarPart::ALL.into_iter().find(|part| part.as_str() == name);
        found.or_else(|| self.no_such_word(name, &CalendarPart::ALL.map(CalendarPart::as_str), span))
    }

    fn no_such_word<T>(&mut self, name: &str, known: &[&'static str], span: Span) -> Option<T> {
        let problem =
            Diagnostic::error(Code::InvalidLiteral, span, "this is no unit of the calendar that is known here");
        self.report(match names::nearest(name, known.iter().copied()) {
            Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
            None => problem.with_hint(format!("known are {}", known.join(", "))),
        })
    }
}

fn word(written: &ast::Expr) -> Option<String> {
    match unwrapped(written) {
        ast::Expr::Identifier(ident) => Some(ident.value.to_lowercase()),
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) => Some(text.to_lowercase()),
            _ => None,
        },
        _ => None,
    }
}
