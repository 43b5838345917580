//! The limits of a rule, checked on what was understood of it.

use crate::limits::{MAX_AGGREGATES, MAX_COUNT_THRESHOLD, MAX_DEPTH, MAX_NODES};
use crate::{Aggregate, AggregateFunction, Code, Diagnostic, Expr, ExprKind, Span, Value};

/// Returns the expression if it is within every limit.
pub(super) fn within(expr: Expr, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
    let before = diagnostics.len();
    if expr.depth() > MAX_DEPTH {
        diagnostics.push(too_deep(expr.span));
    }
    if expr.node_count() > MAX_NODES {
        diagnostics.push(too_many_nodes(expr.span));
    }
    diagnostics.extend(too_many_aggregates(&expr));
    expr.walk(&mut |part| diagnostics.extend(threshold(part)));
    (diagnostics.len() == before).then_some(expr)
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(Code::Limits, span, format!("the clause nests deeper than {MAX_DEPTH} levels"))
        .with_hint("split it into several segments")
}

pub(super) fn too_many_nodes(span: Span) -> Diagnostic {
    Diagnostic::error(Code::Limits, span, format!("the rule has more than {MAX_NODES} parts"))
        .with_hint("split it into several segments; a long list of values belongs into a static segment")
}

fn too_many_aggregates(expr: &Expr) -> Option<Diagnostic> {
    let mut different: Vec<&Aggregate> = Vec::new();
    expr.walk(&mut |part| {
        if let ExprKind::Aggregate(aggregate) = &part.kind
            && !different.contains(&&**aggregate)
        {
            different.push(aggregate);
        }
    });
    let message =
        format!("the rule has {} different aggregates; at most {MAX_AGGREGATES} are allowed", different.len());
    (different.len() > MAX_AGGREGATES)
        .then(|| Diagnostic::error(Code::Limits, expr.span, message).with_hint("split it into several segments"))
}

/// A windowed count that is compared with a constant past the limit.
fn threshold(part: &Expr) -> Option<Diagnostic> {
    let ExprKind::Compare { left, right, .. } = &part.kind else { return None };
    let constant = if is_windowed_count(left) {
        right
    } else if is_windowed_count(right) {
        left
    } else {
        return None;
    };
    let ExprKind::Literal(Value::Integer(asked)) = constant.kind else { return None };
    let message = format!("{asked} is more than a count in a window can be compared with ({MAX_COUNT_THRESHOLD})");
    (asked > MAX_COUNT_THRESHOLD).then(|| {
        Diagnostic::error(Code::Limits, constant.span, message)
            .with_hint("that many events are kept per user; ask for fewer, or count without a window")
    })
}

fn is_windowed_count(expr: &Expr) -> bool {
    let ExprKind::Aggregate(aggregate) = &expr.kind else { return false };
    let counts = matches!(
        aggregate.function,
        AggregateFunction::CountAll | AggregateFunction::Count(_) | AggregateFunction::CountDistinct(_)
    );
    counts && aggregate.children().any(Expr::names_now)
}
