//! Which types meet, and what comes out of it.
//!
//! The results of arithmetic are [`eval`]'s. Texts become timestamps only when written as constants, and only at compile time.

use schema::Timestamp;

use crate::compile::lower::Lowering;
use crate::rule::{ArithmeticOp, CastType};
use crate::{Code, Diagnostic, Expr, ExprKind, Span, SqlType, Value, calendar, eval};

/// Returns the type's name in SQL.
pub(super) fn name(sql_type: SqlType) -> &'static str {
    match sql_type {
        SqlType::Null => "NULL",
        SqlType::Boolean => "BOOLEAN",
        SqlType::Integer => "BIGINT",
        SqlType::Decimal { .. } => "DECIMAL",
        SqlType::Double => "DOUBLE",
        SqlType::Text => "VARCHAR",
        SqlType::Timestamp => "TIMESTAMP",
        SqlType::Interval => "INTERVAL",
        SqlType::Date => "DATE",
        SqlType::Variant => "VARIANT",
    }
}

pub(super) fn is_number(sql_type: SqlType) -> bool {
    matches!(sql_type, SqlType::Null | SqlType::Integer | SqlType::Decimal { .. } | SqlType::Double)
}

/// Returns the type that values of both types have in common; none if they cannot be compared.
pub(super) fn common(left: SqlType, right: SqlType) -> Option<SqlType> {
    match (left, right) {
        (SqlType::Null, other) | (other, SqlType::Null) => Some(other),
        (left, right) if left == right => Some(left),
        (SqlType::Decimal { scale: left }, SqlType::Decimal { scale: right }) => {
            Some(SqlType::Decimal { scale: left.max(right) })
        }
        (SqlType::Integer, decimal @ SqlType::Decimal { .. })
        | (decimal @ SqlType::Decimal { .. }, SqlType::Integer) => Some(decimal),
        (SqlType::Date, SqlType::Timestamp) | (SqlType::Timestamp, SqlType::Date) => Some(SqlType::Timestamp),
        (left, right) if is_number(left) && is_number(right) => Some(SqlType::Double),
        _ => None,
    }
}

/// Returns the type of an arithmetic result, if the operands allow it.
///
/// Of times only a time shifted by an interval: the difference of two is a number in Databend, and
/// sums of intervals are constants.
pub(super) fn arithmetic(op: ArithmeticOp, left: SqlType, right: SqlType) -> Option<SqlType> {
    let shifted = matches!((left, right), (SqlType::Timestamp, SqlType::Interval));
    if shifted || (is_number(left) && is_number(right)) { eval::arithmetic_type(op, left, right) } else { None }
}

/// Returns the type of `avg` over values of a type: that of a division by their count.
pub(super) fn average(of: SqlType) -> SqlType {
    eval::arithmetic_type(ArithmeticOp::Divide, of, SqlType::Integer).unwrap_or(SqlType::Double)
}

impl Lowering<'_> {
    /// Demands a truth value.
    pub(super) fn boolean(&mut self, expr: Expr) -> Option<Expr> {
        if matches!(expr.sql_type, SqlType::Boolean | SqlType::Null) {
            return Some(expr);
        }
        let message = format!("this is {}, not a condition", name(expr.sql_type));
        let problem = Diagnostic::error(Code::TypeMismatch, expr.span, message);
        self.report(problem.with_hint("compare it with something, such as `> 0` or `IS NOT NULL`"))
    }

    /// Demands a type of some kind.
    pub(super) fn demand(&mut self, expr: Expr, wanted: &str, fits: impl Fn(SqlType) -> bool) -> Option<Expr> {
        if expr.sql_type == SqlType::Null || fits(expr.sql_type) {
            return Some(expr);
        }
        let message = format!("this is {}; {wanted} is needed here", name(expr.sql_type));
        self.report(Diagnostic::error(Code::TypeMismatch, expr.span, message))
    }

    /// Brings two values to types that compare, for equality or for order.
    pub(super) fn pair(&mut self, left: Expr, right: Expr, equality: bool, span: Span) -> Option<(Expr, Expr)> {
        let mut both = self.compared(vec![left, right], equality, span)?.into_iter();
        Some((both.next()?, both.next()?))
    }

    /// Brings values to types that compare with each other, for equality or for order.
    pub(super) fn compared(&mut self, values: Vec<Expr>, equality: bool, span: Span) -> Option<Vec<Expr>> {
        let values = self.without_variants(values, equality)?;
        let constant_texts = |value: &Expr| matches!(value.kind, ExprKind::Literal(Value::Text(_) | Value::Null));
        let mut variants = values.iter().filter(|value| value.sql_type == SqlType::Variant).peekable();
        let stays = |value: &Expr| value.sql_type == SqlType::Variant || constant_texts(value);
        if equality && variants.peek().is_some() && values.iter().all(stays) {
            return Some(values);
        }
        Some(self.meet(values, span)?.0)
    }

    /// Brings values to types that compare with each other, and returns the one they have in common.
    pub(super) fn meet(&mut self, values: Vec<Expr>, span: Span) -> Option<(Vec<Expr>, SqlType)> {
        let is_any = |wanted| values.iter().any(|value| value.sql_type == wanted);
        let (timed, dated) = (is_any(SqlType::Timestamp), is_any(SqlType::Date));
        let values = match (timed, dated) {
            (true, _) => self.each(values, Self::as_instant)?,
            (false, true) => self.each(values, Self::as_day)?,
            _ => values,
        };
        let mut together = SqlType::Null;
        for value in &values {
            match common(together, value.sql_type) {
                Some(found) => together = found,
                None => return self.report(cannot_compare(together, value, &values, span)),
            }
        }
        Some((values, together))
    }

    fn each(&mut self, values: Vec<Expr>, step: impl Fn(&mut Self, Expr) -> Option<Expr>) -> Option<Vec<Expr>> {
        // All of them, so that every problem is reported.
        let done: Vec<Option<Expr>> = values.into_iter().map(|value| step(self, value)).collect();
        done.into_iter().collect()
    }

    /// Reads a constant text, or a constant day, as the timestamp that it is compared with.
    fn as_instant(&mut self, expr: Expr) -> Option<Expr> {
        let instant = match &expr.kind {
            ExprKind::Literal(Value::Text(text)) => self.instant(text, expr.span)?,
            ExprKind::Literal(Value::Date(day)) => calendar::midnight(*day),
            _ => return Some(expr),
        };
        Some(Expr { kind: ExprKind::Literal(Value::Timestamp(instant)), sql_type: SqlType::Timestamp, ..expr })
    }

    /// Reads a constant text as the day that it is compared with.
    fn as_day(&mut self, expr: Expr) -> Option<Expr> {
        let ExprKind::Literal(Value::Text(text)) = &expr.kind else { return Some(expr) };
        let day = self.day(text, expr.span)?;
        Some(Expr { kind: ExprKind::Literal(Value::Date(day)), sql_type: SqlType::Date, ..expr })
    }

    /// Turns a day into its first instant; what is no day stays.
    pub(super) fn midnight(&mut self, expr: Expr) -> Option<Expr> {
        match &expr.kind {
            _ if expr.sql_type != SqlType::Date => Some(expr),
            ExprKind::Literal(Value::Date(_)) => self.as_instant(expr),
            _ => {
                let span = expr.span;
                self.cast_to(expr, CastType::Timestamp, span)
            }
        }
    }

    /// Reads the text of a day.
    pub(super) fn day(&mut self, text: &str, span: Span) -> Option<i32> {
        match eval::day(text) {
            Some(day) => Some(day),
            None => {
                let problem = Diagnostic::error(Code::InvalidLiteral, span, format!("'{text}' is not a date"));
                self.report(problem.with_hint("write it as '2026-01-31'"))
            }
        }
    }

    /// Reads the text of a timestamp.
    pub(super) fn instant(&mut self, text: &str, span: Span) -> Option<Timestamp> {
        match Timestamp::parse(text) {
            Ok(instant) => Some(instant),
            Err(_) => {
                let message = format!("'{text}' is not a timestamp");
                let problem = Diagnostic::error(Code::InvalidLiteral, span, message);
                self.report(problem.with_hint("write it as '2026-01-31' or '2026-01-31 12:00:00', in UTC"))
            }
        }
    }
}

fn cannot_compare(together: SqlType, value: &Expr, values: &[Expr], span: Span) -> Diagnostic {
    let message = format!("{} and {} cannot be compared", name(together), name(value.sql_type));
    let problem = Diagnostic::error(Code::TypeMismatch, span, message);
    match instead_of_comparing(together, value.sql_type, values) {
        Some(instead) => problem.with_hint(instead),
        None => problem,
    }
}

/// Returns what to write instead of comparing values of two types.
fn instead_of_comparing(left: SqlType, right: SqlType, values: &[Expr]) -> Option<String> {
    let is_either = |fits: fn(SqlType) -> bool| fits(left) || fits(right);
    if is_either(|side| side == SqlType::Variant) {
        let plain =
            "say what the payload's value is: its text is `payload->>'k'`, its number `CAST(payload['k'] AS DOUBLE)`";
        return Some(plain.to_owned());
    }
    if let Some(text) = values.iter().find_map(number_in).filter(|_| is_either(is_number)) {
        return Some(format!("numbers stand without quotes: `{text}`"));
    }
    if is_either(is_number) && is_either(|side| side == SqlType::Text) {
        let number = values.iter().find_map(written_number);
        let quoted = number.map_or_else(String::new, |number| format!("; as a text a number is `'{number}'`"));
        return Some(format!("a text is a number by a cast: `CAST(x AS DECIMAL(18, 4))`, NULL if it is none{quoted}"));
    }
    let of_time = |side| matches!(side, SqlType::Timestamp | SqlType::Interval);
    (of_time(left) && of_time(right)).then(|| "compare a time with `now() - INTERVAL …`".to_owned())
}

/// Returns a constant number as it is written.
fn written_number(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Value::Integer(whole)) => Some(whole.to_string()),
        ExprKind::Literal(Value::Decimal(decimal)) => Some(decimal.to_string()),
        _ => None,
    }
}

fn number_in(expr: &Expr) -> Option<&str> {
    let ExprKind::Literal(Value::Text(text)) = &expr.kind else { return None };
    text.parse::<f64>().is_ok().then_some(text.as_str())
}
