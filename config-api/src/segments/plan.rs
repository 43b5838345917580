//! How a rule will be evaluated, told to its author.

use rules::{AggregateFunction, AggregateSpec, Demand, Plan, Rule};
use serde::Serialize;
use utoipa::ToSchema;

/// How a rule is evaluated.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// Whether a user can enter or leave without any event.
    changes_with_time: bool,
    /// How far back it looks, in seconds; null is for ever.
    lookback_seconds: Option<f64>,
    /// What is kept per user; equal ones are shared between segments.
    aggregates: Vec<AggregateView>,
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
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        let windowed = |spec: &AggregateSpec| {
            let compared = |interpretation: &rules::Interpretation| !interpretation.now_comparisons.is_empty();
            spec.window.from.is_some()
                || spec.window.until.is_some()
                || spec.interpretation.as_deref().is_some_and(compared)
        };
        Self {
            changes_with_time: plan.membership.names_now() || plan.aggregates.iter().any(windowed),
            lookback_seconds: lookback_micros(plan).map(seconds),
            aggregates: plan.aggregates.iter().map(AggregateView::from).collect(),
        }
    }
}

/// Returns how far back the plan looks; `None` is for ever.
fn lookback_micros(plan: &Plan) -> Option<i64> {
    let edges: Option<Vec<i64>> = plan.aggregates.iter().map(|spec| spec.window.from).collect();
    edges.map(|edges| -edges.into_iter().min().unwrap_or(0))
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

impl From<&AggregateSpec> for AggregateView {
    fn from(spec: &AggregateSpec) -> Self {
        let print = |filter: &rules::Expr| rules::render::canonical(&Rule { expr: filter.clone() });
        Self {
            function: name(&spec.function),
            filter: spec.filter.as_ref().map(print),
            window_from_seconds: spec.window.from.map(|from| seconds(-from)),
            window_until_seconds: spec.window.until.map(|until| seconds(-until)),
            up_to: match spec.demand {
                Demand::UpTo(bound) => Some(bound),
                Demand::Exact => None,
            },
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
    }
}
