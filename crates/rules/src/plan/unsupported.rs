//! What a plan refuses, in plain words.

use crate::limits::MAX_COUNT_THRESHOLD;
use crate::{AggregateFunction, Code, Diagnostic, Expr, Severity, SqlType};

fn refuse(code: Code, expr: &Expr, message: String, hint: Option<&str>) -> Diagnostic {
    Diagnostic {
        code,
        severity: Severity::Error,
        message,
        span: expr.span,
        hint: hint.map(str::to_owned),
        replacement: None,
    }
}

pub(super) fn now_outside_of_comparison(expr: &Expr) -> Diagnostic {
    let message = "`now()` can only stand in a comparison of a time with `now()` plus or minus an interval";
    let hint = "write it like `created_at >= now() - INTERVAL 30 DAY`";
    refuse(Code::Unsupported, expr, message.to_owned(), Some(hint))
}

pub(super) fn interval_too_long(expr: &Expr) -> Diagnostic {
    let message = "an interval from `now()` can have at most 100 years";
    let hint = "no event is that far away: leave the bound out, or name an instant, `TIMESTAMP '1900-01-01 00:00:00'`";
    refuse(Code::Unsupported, expr, message.to_owned(), Some(hint))
}

/// Returns what is wrong with an aggregate that adds values up, if anything is.
pub(super) fn total(function: &AggregateFunction) -> Option<Diagnostic> {
    let (AggregateFunction::Sum(argument) | AggregateFunction::Avg(argument)) = function else { return None };
    let message = "sum and avg of a DOUBLE are not supported yet: they would depend on the order of the events";
    let hint = Some("sum an integer or a decimal");
    let refused = || refuse(Code::Unsupported, argument, message.to_owned(), hint);
    (argument.sql_type == SqlType::Double).then(refused)
}

pub(super) fn threshold_too_high(expr: &Expr) -> Diagnostic {
    let message = format!("a count can be compared with at most {MAX_COUNT_THRESHOLD}");
    refuse(Code::Limits, expr, message, None)
}
