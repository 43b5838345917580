//! What a rule costs whose events must be kept, or all their different values.

use crate::plan::{Footprint, Plan};
use crate::{AggregateFunction, AggregateSpec, Code, Diagnostic, Rule, Severity, Span, WindowSpec, render};

const SECOND: i64 = 1_000_000;

/// Returns which events a rule retains to be evaluated over, each at the first part that wants them.
pub(super) fn about(plan: &Plan, rule: &Rule) -> Vec<Diagnostic> {
    let specs: Vec<&AggregateSpec> = plan.interpreted().collect();
    let is_news = |at: usize, spec: &AggregateSpec| {
        let mut others = specs.iter().enumerate();
        !others.any(|(other_at, other)| retains_all_of(other, spec) && (other_at < at || !retains_all_of(spec, other)))
    };
    let news = specs.iter().enumerate().filter(|(at, spec)| is_news(*at, spec));
    let events = news.map(|(_, spec)| retained(spec, span_of(spec).unwrap_or(rule.expr.span)));
    events.chain(plan.aggregates.iter().filter_map(values)).collect()
}

/// Says of different values that are counted for ever that all of them are kept.
fn values(spec: &AggregateSpec) -> Option<Diagnostic> {
    let AggregateFunction::CountDistinct(value) = &spec.function else { return None };
    let is_unbounded = spec.window == WindowSpec::default() && Footprint::of(spec).max_events.is_none();
    if spec.interpretation.is_some() || !is_unbounded {
        return None;
    }
    let shown = render::canonical(&Rule { expr: value.clone() });
    let message = format!("every different value of `{shown}` is kept per user for ever, to count them");
    let hint = "compare the count with a number, and only so many are kept; or count those of a window";
    Some(Diagnostic::warning(Code::RetainsEvents, value.span, message).with_hint(hint))
}

/// Whether what one retains is there for the other as well.
fn retains_all_of(one: &AggregateSpec, other: &AggregateSpec) -> bool {
    let as_long = match (one.window.from, other.window.from) {
        (None, _) => true,
        (Some(one), Some(other)) => one <= other,
        (Some(_), None) => false,
    };
    as_long && (one.filter.is_none() || one.filter == other.filter)
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
