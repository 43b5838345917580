//! What a rule costs whose events must be kept.

use crate::plan::Plan;
use crate::{AggregateSpec, Code, Diagnostic, Rule, Severity, Span, render};

const SECOND: i64 = 1_000_000;

/// Returns what to say about each part of a rule that is evaluated over retained events.
pub(super) fn about(plan: &Plan, rule: &Rule) -> Vec<Diagnostic> {
    plan.interpreted().map(|spec| retained(spec, span_of(spec).unwrap_or(rule.expr.span))).collect()
}

/// Returns the text that an interpreted aggregate was written as.
pub(super) fn span_of(spec: &AggregateSpec) -> Option<Span> {
    let interpretation = spec.interpretation.as_ref()?;
    let spans = interpretation.aggregate.children().map(|part| part.span);
    spans.reduce(|left, right| Span { start: left.start.min(right.start), end: left.end.max(right.end) })
}

fn retained(spec: &AggregateSpec, span: Span) -> Diagnostic {
    let which = spec.filter.as_ref().map_or_else(
        || "every event".to_owned(),
        |filter| format!("every event with `{}`", render::canonical(&Rule { expr: filter.clone() })),
    );
    match spec.window.from {
        Some(from) => {
            let message = format!("{which} is kept per user for {}, to compare events with each other", length(-from));
            Diagnostic { severity: Severity::Information, ..Diagnostic::warning(Code::RetainsEvents, span, message) }
        }
        None => {
            let message = format!("{which} is kept per user for ever, to compare events with each other");
            Diagnostic::warning(Code::RetainsEvents, span, message)
                .with_hint("bound every row with `created_at >= now() - INTERVAL …`, if older events do not matter")
        }
    }
}

fn length(micros: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let seconds = micros / SECOND;
    let fitting = UNITS.into_iter().find(|(length, _)| seconds >= *length && seconds % length == 0);
    fitting.map_or_else(|| format!("{seconds} seconds"), |(length, unit)| format!("{} {unit}", seconds / length))
}
