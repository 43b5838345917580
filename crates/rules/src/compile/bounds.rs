//! The limits of a rule, checked on what was understood of it. Those of its state are the plan's.

use crate::compile::tokens::Tokens;
use crate::limits::{MAX_AGGREGATES, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES};
use crate::{Aggregate, Code, Diagnostic, Expr, ExprKind, Rule, Span, render};

/// Returns the expression if it is within every limit.
pub(crate) fn within(expr: Expr, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
    let before = diagnostics.len();
    if expr.depth() > MAX_DEPTH {
        diagnostics.push(too_deep(expr.span));
    }
    diagnostics.extend(first_beyond(&expr).map(too_many_nodes));
    diagnostics.extend(too_many_aggregates(&expr));
    let rule = (diagnostics.len() == before).then_some(Rule { expr })?;
    // Nobody could save it again as it is shown.
    if Tokens::scan(&render::canonical(&rule)).is_err() {
        diagnostics.push(too_long(rule.expr.span));
        return None;
    }
    Some(rule.expr)
}

fn too_long(span: Span) -> Diagnostic {
    let message = format!("written out, the rule has more than {MAX_TEXT_BYTES} bytes");
    Diagnostic::error(Code::Limits, span, message).with_hint("split it into several segments")
}

/// Returns where the first part stands that is one too many.
fn first_beyond(expr: &Expr) -> Option<Span> {
    let (mut count, mut beyond) = (0, None);
    expr.walk(&mut |part| {
        count += 1;
        if count == MAX_NODES + 1 {
            beyond = Some(part.span);
        }
    });
    beyond
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
