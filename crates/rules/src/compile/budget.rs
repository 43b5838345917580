//! What a rule costs beyond what is usual: it runs all the same, and its author is told.

use crate::limits::{BUDGET_BYTES, BUDGET_EVENTS, BUDGET_RETAINED_BYTES, BUDGET_STEPS};
use crate::plan::{Footprint, Plan};
use crate::{AggregateSpec, Code, Diagnostic, Rule, Span};

use super::retained::span_of;
use super::steps;

/// Returns what to say about the costs of a plan: of all that it keeps, and of each part that is computed anew.
pub(super) fn about(plan: &Plan, rule: &Rule) -> Vec<Diagnostic> {
    let interpreted = plan.interpreted().flat_map(|spec| {
        let span = span_of(spec).unwrap_or(rule.expr.span);
        retained_bytes(spec, span).into_iter().chain(too_many_steps(spec, span))
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

fn too_many_steps(spec: &AggregateSpec, span: Span) -> Option<Diagnostic> {
    let steps = spec.interpretation.as_ref().map_or(0, |interpretation| steps::steps(interpretation));
    let message = format!(
        "events are compared with each other: with {BUDGET_EVENTS} kept events that can take {steps} steps for each \
         event that comes, more than the {BUDGET_STEPS} that are usual at most"
    );
    let hint = "join or group fewer rows with each other, or restrict every row by `activity_type` and a window so that \
                few events are kept";
    (steps > BUDGET_STEPS).then(|| Diagnostic::warning(Code::AboveBudget, span, message).with_hint(hint))
}
