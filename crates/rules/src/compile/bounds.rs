//! The limits of a rule, checked on what was understood of it. Those of its state are the plan's.

use crate::limits::{MAX_AGGREGATES, MAX_DEPTH, MAX_NODES};
use crate::{Aggregate, Code, Diagnostic, Expr, ExprKind, Span};

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
