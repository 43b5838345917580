//! What a plan refuses, in plain words.

use crate::limits::MAX_COUNT_THRESHOLD;
use crate::{Code, Diagnostic, Expr, Severity};

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

pub(super) fn mixed(expr: &Expr) -> Diagnostic {
    let message = "one comparison of a row's column with an aggregate over the user's events is not supported yet";
    let hint = "compare columns with constants, aggregates with aggregates or constants, and join the two by AND or OR";
    refuse(Code::Unsupported, expr, message.to_owned(), Some(hint))
}

pub(super) fn now_outside_of_comparison(expr: &Expr) -> Diagnostic {
    let message = "`now()` can only stand in a comparison of a time with `now()` plus or minus an interval";
    let hint = "write it like `created_at >= now() - INTERVAL 30 DAY`";
    refuse(Code::Unsupported, expr, message.to_owned(), Some(hint))
}

pub(super) fn not_created_at(expr: &Expr) -> Diagnostic {
    let message = "of a row's times only `created_at` can be compared with `now()`";
    refuse(Code::Unsupported, expr, message.to_owned(), Some("compare `created_at` with `now()`"))
}

pub(super) fn mixed_units(expr: &Expr) -> Diagnostic {
    let message =
        "one edge of a window cannot be made of `now()` cut down to different units; this is not supported yet";
    refuse(Code::Unsupported, expr, message.to_owned(), Some("keep the nearer of the two edges"))
}

pub(super) fn not_aligned(expr: &Expr) -> Diagnostic {
    let message = "a time of a row that is cut down can be compared with `now()` only where that is cut down to the \
                   same unit, or to one made of whole ones; this is not supported yet";
    let hint = "compare `created_at` itself: `created_at >= date_trunc('month', now())`";
    refuse(Code::Unsupported, expr, message.to_owned(), Some(hint))
}

pub(super) fn interval_too_long(expr: &Expr) -> Diagnostic {
    let message = "an interval from `now()` can have at most 100 years";
    refuse(Code::Unsupported, expr, message.to_owned(), None)
}

pub(super) fn several_windows(expr: &Expr) -> Diagnostic {
    let message = "the filter of an aggregate can have one window of time; this one needs several, joined by OR";
    let hint = "add two aggregates with one window each, or write one window that holds both";
    refuse(Code::Unsupported, expr, message.to_owned(), Some(hint))
}

pub(super) fn now_in_filter(expr: &Expr) -> Diagnostic {
    let message = "in an aggregate's filter `now()` can only be compared with `created_at`";
    refuse(Code::Unsupported, expr, message.to_owned(), Some("move the condition out of the filter"))
}

pub(super) fn float_total(expr: &Expr) -> Diagnostic {
    let message = "sum and avg of a DOUBLE are not supported yet: they would depend on the order of the events";
    refuse(Code::Unsupported, expr, message.to_owned(), Some("sum an integer or a decimal"))
}

pub(super) fn too_many_terms(expr: &Expr, limit: usize) -> Diagnostic {
    let message = format!("multiplied out, the clause has more than {limit} alternatives");
    let hint = "join fewer ORs by AND, or split the segment";
    refuse(Code::Limits, expr, message, Some(hint))
}

pub(super) fn threshold_too_high(expr: &Expr) -> Diagnostic {
    let message = format!("a count can be compared with at most {MAX_COUNT_THRESHOLD}");
    refuse(Code::Limits, expr, message, None)
}
