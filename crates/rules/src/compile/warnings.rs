//! What can be saved but may not be what was meant.

use crate::compile::possible::{Possible, is_null, possible};
use crate::rule::Comparison;
use crate::{
    Aggregate, AggregateFunction, Code, Column, Diagnostic, Expr, ExprKind, Rule, Span, SqlType, Value, render,
};

/// Returns what to say about a rule without errors.
pub(super) fn about(expr: &Expr) -> Vec<Diagnostic> {
    let mut warnings: Vec<Diagnostic> = constant(expr).into_iter().chain(timeless(expr)).collect();
    expr.walk(&mut |part| warnings.extend(compared_with_null(part)));
    warnings.extend(bare_negations(expr));
    warnings.extend(about_user_alone(expr));
    warnings
}

fn constant(expr: &Expr) -> Option<Diagnostic> {
    let possible = possible(expr);
    if !possible.allows(Possible::TRUE) {
        let message = "no user can ever be in this segment: the clause is never TRUE";
        return Some(Diagnostic::warning(Code::AlwaysFalse, expr.span, message));
    }
    let message = "every user that has an event is in this segment: the clause is always TRUE";
    (possible == Possible::TRUE).then(|| Diagnostic::warning(Code::AlwaysTrue, expr.span, message))
}

fn about_user_alone(expr: &Expr) -> Option<Diagnostic> {
    let mut names_events = false;
    expr.walk(&mut |part| {
        names_events |= match &part.kind {
            ExprKind::Column(column) | ExprKind::Outer { column, .. } => *column != Column::UserId,
            ExprKind::Aggregate(_) => true,
            _ => false,
        };
    });
    let message = "the clause names no event, and selects only users with at least one event";
    (!names_events && expr.reads_user()).then(|| Diagnostic::warning(Code::OnlyUsersWithEvents, expr.span, message))
}

fn timeless(expr: &Expr) -> Option<Diagnostic> {
    let message = "the clause names `now()`, but time alone never changes who is in the segment";
    (expr.names_now() && !is_moved_by_time(expr))
        .then(|| Diagnostic::warning(Code::NeverChangesWithTime, expr.span, message))
}

/// Whether `now()` stands where it can matter: not in a part whose truth is settled.
fn is_moved_by_time(expr: &Expr) -> bool {
    let condition = expr.sql_type == SqlType::Boolean;
    if condition && possible(expr).is_settled() {
        return false;
    }
    matches!(expr.kind, ExprKind::Now) || expr.children().into_iter().any(is_moved_by_time)
}

fn compared_with_null(part: &Expr) -> Option<Diagnostic> {
    let ExprKind::Compare { op, left, right } = &part.kind else { return None };
    let other = match (is_null(left), is_null(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    let test = match op {
        Comparison::Equal => "IS NULL",
        Comparison::NotEqual => "IS NOT NULL",
        _ => "",
    };
    let warning = Diagnostic::warning(
        Code::AlwaysFalse,
        part.span,
        "nothing compares with NULL: this is never TRUE, nor is its NOT",
    );
    Some(match (&other.kind, test) {
        (_, "") => warning,
        (ExprKind::Column(column), test) => {
            warning.with_hint(format!("use {test}")).with_replacement(format!("{} {test}", column.as_str()))
        }
        _ => warning.with_hint(format!("use {test}")),
    })
}

/// `region <> 'CA'` alone finds everyone who was ever elsewhere, not those who were never there.
fn bare_negations(expr: &Expr) -> Vec<Diagnostic> {
    let parts = match &expr.kind {
        ExprKind::And(parts) => parts.as_slice(),
        _ => std::slice::from_ref(expr),
    };
    // Next to another condition on the row it says which event is meant.
    if parts.iter().any(|part| reads_row(part) && denied(part).is_none()) {
        return Vec::new();
    }
    parts
        .iter()
        .filter_map(|part| denied(part).map(|(column, positive)| not_never(part.span, column, positive)))
        .collect()
}

fn reads_row(expr: &Expr) -> bool {
    match expr.kind {
        ExprKind::Column(_) => true,
        ExprKind::Aggregate(ref aggregate) => aggregate.is_correlated(),
        _ => expr.children().into_iter().any(reads_row),
    }
}

/// Returns the column and the condition that a part denies.
fn denied(part: &Expr) -> Option<(Column, Expr)> {
    match &part.kind {
        ExprKind::Compare { op: Comparison::NotEqual, left, right } => {
            let kind = ExprKind::Compare { op: Comparison::Equal, left: left.clone(), right: right.clone() };
            let positive = Expr { kind, ..part.clone() };
            Some((only_column(&positive)?, positive))
        }
        ExprKind::Not(inner) => match inner.kind {
            ExprKind::Compare { op: Comparison::Equal, .. }
            | ExprKind::InList { .. }
            | ExprKind::Like { .. }
            | ExprKind::IsNotDistinct(..) => Some((only_column(inner)?, (**inner).clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The text column that a condition compares with constants, if it does just that.
fn only_column(condition: &Expr) -> Option<Column> {
    let mut column = None;
    for part in condition.children() {
        match &part.kind {
            ExprKind::Column(found) if column.is_none() => column = Some(*found),
            ExprKind::Literal(Value::Text(_)) => {}
            _ => return None,
        }
    }
    column.filter(|column| *column != Column::EventId)
}

fn not_never(span: Span, column: Column, positive: Expr) -> Diagnostic {
    let message = format!(
        "this selects users with at least one event of another {}, whatever their other events are",
        column.as_str()
    );
    let filter = Some(positive);
    let exists = ExprKind::Aggregate(Box::new(Aggregate { function: AggregateFunction::Exists, filter }));
    let expr = Expr { kind: exists, sql_type: SqlType::Boolean, span };
    let never = format!("NOT {}", render::canonical(&Rule { expr }));
    Diagnostic::warning(Code::NegationIsNotNever, span, message)
        .with_hint("to say *never*, use NOT EXISTS")
        .with_replacement(never)
}
