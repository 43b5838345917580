//! A negation of one event that may have been meant of all of them.

use crate::rule::Comparison;
use crate::{
    Aggregate, AggregateFunction, Code, Column, Diagnostic, Expr, ExprKind, Rule, Span, SqlType, Value, render,
};

/// `region <> 'CA'` alone finds everyone who was ever elsewhere, not those who were never there.
pub(super) fn about(expr: &Expr) -> Vec<Diagnostic> {
    let parts = match &expr.kind {
        ExprKind::And(parts) => parts.as_slice(),
        _ => std::slice::from_ref(expr),
    };
    // Next to another condition on the row it says which event is meant; a time says it of any.
    if parts.iter().any(|part| reads_row(part) && !is_on_time(part) && denied(part).is_none()) {
        return Vec::new();
    }
    let times: Vec<&Expr> = parts.iter().filter(|part| is_on_time(part)).collect();
    let negated = parts.iter().filter_map(|part| Some((part.span, denied(part)?)));
    negated
        .map(|(span, (column, positive))| {
            let within = std::iter::once(positive).chain(times.iter().copied().cloned()).collect();
            not_never(span, column, Expr::and(within, span))
        })
        .collect()
}

/// Whether it compares the time of the row with constants or `now()`.
fn is_on_time(part: &Expr) -> bool {
    let is_time = |expr: &Expr| matches!(expr.kind, ExprKind::Column(Column::CreatedAt | Column::ReceivedAt));
    match &part.kind {
        ExprKind::Compare { left, right, .. } => {
            (is_time(left) && !right.reads_events()) || (is_time(right) && !left.reads_events())
        }
        _ => false,
    }
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
            ExprKind::Or(ref parts) => {
                let mut columns = parts.iter().map(only_equal_column);
                let first = columns.next()??;
                columns.all(|column| column == Some(first)).then(|| (first, (**inner).clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

fn only_equal_column(condition: &Expr) -> Option<Column> {
    let equals = matches!(condition.kind, ExprKind::Compare { op: Comparison::Equal, .. } | ExprKind::Like { .. });
    only_column(condition).filter(|_| equals)
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
