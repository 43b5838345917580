//! How a rule is evaluated and what it costs, told to its author.

use engine::Footprint;
use engine::explain::Condition;
use rules::{AggregateFunction, AggregateSpec, Demand, Plan, Rule};
use schema::SegmentTag;
use serde::Serialize;
use utoipa::ToSchema;

use super::clause::SpanView;
use super::known::Sharing;
use super::lookback::lookback_micros;

/// How a rule is evaluated and what it costs.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// `interpreted` when at least one condition is.
    evaluation: Evaluation,
    /// Whether a user can enter or leave without any event.
    changes_with_time: bool,
    /// How far back it looks, in seconds; null is for ever.
    lookback_seconds: Option<f64>,
    /// What the aggregates take in memory for each user with such events: an estimate.
    bytes_per_user: BytesView,
    /// The part of it that no other segment takes already.
    added_bytes_per_user: BytesView,
    /// The clause, taken apart where AND, OR and NOT join conditions.
    condition: ConditionView,
    /// What is kept per user; equal ones are shared between segments.
    aggregates: Vec<AggregateView>,
}

/// How a condition is kept up to date.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evaluation {
    /// Folded event by event.
    Incremental,
    /// Computed anew, over retained events, when one of them comes or time can change it.
    Interpreted,
}

/// Memory in bytes, estimated from what is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub(crate) struct BytesView {
    /// Whatever the user does.
    fixed: usize,
    /// And for each event that counts everywhere, or each different value, as long as it is kept.
    per_event: usize,
    /// The most it can be; null when it grows with the events in the window.
    at_most: Option<usize>,
}

/// A part of the clause.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct ConditionView {
    /// `and`, `or`, `not`, `is_true`, or `condition` for what is not made of others.
    kind: &'static str,
    /// As it was understood.
    text: String,
    span: SpanView,
    /// `event`: some event must make it true; `user`: it is about all events of the user.
    about: &'static str,
    evaluation: Evaluation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    parts: Vec<Self>,
}

/// An aggregate that is kept per user.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct AggregateView {
    /// `exists`, `count`, `sum`, …
    function: &'static str,
    /// The events that count, as SQL; absent when all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    /// The oldest events that count, in seconds before now; absent without such an edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_from_seconds: Option<f64>,
    /// The latest events that count, in seconds before now; absent without such an edge.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_until_seconds: Option<f64>,
    /// The greatest value that must be known; absent when the exact value must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to: Option<u32>,
    evaluation: Evaluation,
    /// The columns that are retained of each event; absent unless it is interpreted.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_columns: Option<Vec<&'static str>>,
    /// Of how many events something is kept; null is of all in the window.
    kept_events: Option<usize>,
    bytes: BytesView,
    /// The tags of the other segments that use it too.
    #[schema(value_type = Vec<String>)]
    shared_with: Vec<SegmentTag>,
}

impl PlanView {
    /// Tells how `rule` is evaluated among the segments of `sharing`.
    pub(super) fn of(rule: &Rule, plan: &Plan, sharing: &Sharing) -> Self {
        let aggregates: Vec<AggregateView> =
            plan.aggregates.iter().map(|spec| AggregateView::of(spec, sharing.readers(spec.key()))).collect();
        let bytes = |of: &dyn Fn(&&AggregateView) -> bool| {
            aggregates.iter().filter(of).map(|aggregate| aggregate.bytes).fold(BytesView::NOTHING, BytesView::plus)
        };
        Self {
            evaluation: Evaluation::of(plan.interpreted().next().is_some()),
            changes_with_time: changes_with_time(plan),
            lookback_seconds: lookback_micros(plan).map(seconds),
            bytes_per_user: bytes(&|_| true),
            added_bytes_per_user: bytes(&|aggregate| aggregate.shared_with.is_empty()),
            condition: ConditionView::from(&Condition::of(rule)),
            aggregates,
        }
    }
}

impl Evaluation {
    pub(crate) const fn of(is_interpreted: bool) -> Self {
        if is_interpreted { Self::Interpreted } else { Self::Incremental }
    }
}

impl BytesView {
    const NOTHING: Self = Self { fixed: 0, per_event: 0, at_most: Some(0) };

    fn plus(self, other: Self) -> Self {
        let at_most = self.at_most.zip(other.at_most).map(|(left, right)| left + right);
        Self { fixed: self.fixed + other.fixed, per_event: self.per_event + other.per_event, at_most }
    }
}

fn changes_with_time(plan: &Plan) -> bool {
    let windowed = |spec: &AggregateSpec| {
        let compared = |interpretation: &rules::Interpretation| !interpretation.now_comparisons.is_empty();
        spec.window.from.is_some()
            || spec.window.until.is_some()
            || spec.interpretation.as_deref().is_some_and(compared)
    };
    plan.membership.names_now() || plan.aggregates.iter().any(windowed)
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// Prints a part of a rule.
pub(crate) fn print(expr: &rules::Expr) -> String {
    rules::render::canonical(&Rule { expr: expr.clone() })
}

impl AggregateView {
    fn of(spec: &AggregateSpec, shared_with: Vec<SegmentTag>) -> Self {
        let footprint = Footprint::of(spec);
        let columns = |interpretation: &rules::Interpretation| {
            interpretation.columns.iter().map(|column| column.as_str()).collect()
        };
        Self {
            function: name(&spec.function),
            filter: spec.filter.as_ref().map(print),
            window_from_seconds: spec.window.from.map(|from| seconds(-from)),
            window_until_seconds: spec.window.until.map(|until| seconds(-until)),
            up_to: match spec.demand {
                Demand::UpTo(bound) => Some(bound),
                Demand::Exact => None,
            },
            evaluation: Evaluation::of(spec.interpretation.is_some()),
            retained_columns: spec.interpretation.as_deref().map(columns),
            kept_events: footprint.max_events,
            bytes: BytesView {
                fixed: footprint.fixed_bytes,
                per_event: footprint.bytes_per_event,
                at_most: footprint.at_most(),
            },
            shared_with,
        }
    }
}

impl From<&Condition<'_>> for ConditionView {
    fn from(condition: &Condition<'_>) -> Self {
        Self {
            kind: condition.joint.as_str(),
            text: print(condition.expr),
            span: SpanView::from(condition.expr.span),
            about: condition.scope.as_str(),
            evaluation: Evaluation::of(condition.is_interpreted()),
            parts: condition.parts.iter().map(Self::from).collect(),
        }
    }
}

fn name(function: &AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::Exists => "exists",
        AggregateFunction::CountAll | AggregateFunction::Count(_) => "count",
        AggregateFunction::CountDistinct(_) => "count_distinct",
        AggregateFunction::Sum(_) => "sum",
        AggregateFunction::Avg(_) => "avg",
        AggregateFunction::Min(_) => "min",
        AggregateFunction::Max(_) => "max",
        AggregateFunction::Last(_) => "arg_max",
        AggregateFunction::First(_) => "arg_min",
        AggregateFunction::Funnel { .. } => "window_funnel",
    }
}
