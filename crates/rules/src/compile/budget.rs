//! What a rule costs beyond what is usual: it runs all the same, and its author is told.

use crate::limits::{BUDGET_BYTES, BUDGET_EVENTS, BUDGET_RETAINED_BYTES, BUDGET_STEPS};
use crate::plan::{Footprint, Plan};
use crate::rule::Comparison;
use crate::{Aggregate, AggregateSpec, Code, Diagnostic, Expr, ExprKind, Rule, Span};

use super::retained::span_of;

/// Returns what to say about the costs of a plan: of all that it keeps, and of each part that is computed anew.
pub(super) fn about(plan: &Plan, rule: &Rule) -> Vec<Diagnostic> {
    let interpreted = plan.interpreted().flat_map(|spec| {
        let span = span_of(spec).unwrap_or(rule.expr.span);
        retained_bytes(spec, span).into_iter().chain(steps(spec, span))
    });
    bytes(plan, rule.expr.span).into_iter().chain(interpreted).collect()
}

/// What is kept of every user, where that has a bound.
fn bytes(plan: &Plan, span: Span) -> Option<Diagnostic> {
    let bytes: usize = plan.aggregates.iter().filter_map(|spec| Footprint::of(spec).at_most()).sum();
    let message = format!(
        "up to {bytes} bytes are kept per user, more than the {BUDGET_BYTES} that are usual at most: a million such \
         users take {} GiB",
        gibibytes(bytes)
    );
    let hint = "lower the thresholds of counts in windows, or count without a window";
    (bytes > BUDGET_BYTES).then(|| Diagnostic::warning(Code::AboveBudget, span, message).with_hint(hint))
}

/// Rounded up: of a million users.
const fn gibibytes(bytes: usize) -> usize {
    (bytes * 1_000_000).div_ceil(1 << 30)
}

fn retained_bytes(spec: &AggregateSpec, span: Span) -> Option<Diagnostic> {
    let bytes = Footprint::of(spec).with_events(BUDGET_EVENTS);
    let message = format!(
        "each event that is kept takes {} bytes: a user with {BUDGET_EVENTS} of them passes {} KiB",
        Footprint::of(spec).bytes_per_event,
        BUDGET_RETAINED_BYTES / 1024
    );
    let hint = "name fewer columns, or restrict every row by `activity_type` and a window";
    (bytes > BUDGET_RETAINED_BYTES).then(|| Diagnostic::warning(Code::AboveBudget, span, message).with_hint(hint))
}

fn steps(spec: &AggregateSpec, span: Span) -> Option<Diagnostic> {
    let loops = spec.interpretation.as_ref().map_or(0, |interpretation| loops(&interpretation.aggregate));
    let steps = BUDGET_EVENTS.saturating_pow(loops);
    let message = format!(
        "events are compared in {loops} loops inside of each other: with {BUDGET_EVENTS} kept events that can take \
         {steps} steps for each event that comes, more than the {BUDGET_STEPS} that are usual at most"
    );
    let hint = "join fewer tables, or restrict every row by `activity_type` and a window so that few events are kept";
    (steps > BUDGET_STEPS).then(|| Diagnostic::warning(Code::AboveBudget, span, message).with_hint(hint))
}

/// Returns how many loops over events stand inside of each other: an aggregate that looks at no row around is
/// computed once, and what equals something of the row around is found.
fn loops(aggregate: &Aggregate) -> u32 {
    let mut deepest = 0;
    for part in aggregate.children() {
        inside(part, &mut |inner| {
            let of_inner = loops(inner);
            deepest = deepest.max(of_inner - u32::from(!inner.is_correlated() || is_found(inner)));
        });
    }
    deepest + 1
}

/// Whether something of the rows must equal something of the row around.
fn is_found(aggregate: &Aggregate) -> bool {
    let Some(filter) = &aggregate.filter else { return false };
    let parts = if let ExprKind::And(parts) = &filter.kind { parts.as_slice() } else { std::slice::from_ref(filter) };
    parts.iter().any(|part| match &part.kind {
        ExprKind::Compare { op: Comparison::Equal, left, right } | ExprKind::IsNotDistinct(left, right) => {
            let (own, around) = if left.reach() > 0 { (right, left) } else { (left, right) };
            !part.holds_aggregate() && own.reach() == 0 && around.reach() > 0 && names_row(own) && !names_row(around)
        }
        _ => false,
    })
}

fn names_row(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Column(_)) || expr.children().into_iter().any(names_row)
}

/// Calls `visit` for the aggregates directly inside of an expression.
fn inside<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Aggregate)) {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => visit(aggregate),
        _ => crate::plan::children(expr).into_iter().for_each(|child| inside(child, visit)),
    }
}
