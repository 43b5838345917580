//! An explanation as it is shown.

use engine::explain::{Asked, Compared, Explained, Explanation, Listed, Looked, Until};
use rules::render::canonical_inside;
use rules::rule::Rule;
use rules::{Expr, ExprKind, SqlType, Truth, Value};
use schema::{EventId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::segments::{Evaluation, SpanView, print};

/// Until when something stays as it is while no event comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(super) struct UntilView {
    /// The first instant at which time alone changes it; null when it never does, as far as was looked.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How far was looked, when nothing changes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until_at_least: Option<Timestamp>,
}

/// Some events, the latest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(super) struct EventsView {
    /// How many there are.
    total: usize,
    /// At most twenty of them.
    #[schema(value_type = Vec<String>)]
    ids: Vec<EventId>,
}

/// A part of the clause and what it came to.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(super) struct ExplainedView {
    /// `and`, `or`, `not`, `is_true`, or `condition` for what is not made of others.
    kind: &'static str,
    /// As it was understood.
    text: String,
    /// Where it stands in the stored clause.
    span: SpanView,
    /// `event`: some event must make it true; `user`: it is about all events of the user.
    about: &'static str,
    /// `true`, `false` or `unknown`, SQL's NULL. What is about one event is true when some event makes it so.
    holds: &'static str,
    /// When time alone makes it true, or no longer true.
    #[serde(flatten)]
    until: UntilView,
    /// About one event: those that make it true. Else those that count for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<EventsView>,
    #[serde(flatten)]
    condition: Option<ConditionValues>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    parts: Vec<Self>,
}

/// What a condition compares.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
struct ConditionValues {
    evaluation: Evaluation,
    /// What the events give. Decimals, times and intervals are strings.
    value: serde_json::Value,
    /// How it is compared, as in SQL; absent when the value itself is the condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'static str>,
    /// What it is compared with; a list for IN; absent when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<serde_json::Value>,
    /// Of which event the value is: the latest that makes the condition true, or else the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    value_of: Option<EventId>,
    /// The events that it is computed over, when it is interpreted.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained: Option<EventsView>,
    /// What an interpreted condition looks at, of that event: the rows of its subqueries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    looks_at: Vec<LookedView>,
}

/// The rows of a subquery inside of a condition.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
struct LookedView {
    /// As it was understood.
    text: String,
    /// What it came to.
    value: serde_json::Value,
    /// The rows that its filter lets pass.
    rows: EventsView,
    /// What the filter asks of a row.
    asked: Vec<AskedView>,
}

/// A comparison of a row inside of a condition.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
struct AskedView {
    /// As it was understood.
    text: String,
    /// Where it stands in the stored clause.
    span: SpanView,
    /// The rows of which it is true, whatever else is asked.
    rows: EventsView,
    /// Of which row the rest is: the latest that passes the filter, or else the one that passes the most of it.
    #[schema(value_type = String)]
    of: EventId,
    /// `true`, `false` or `unknown` of that row.
    holds: &'static str,
    #[serde(flatten)]
    until: UntilView,
    /// What the row gives.
    value: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<serde_json::Value>,
    /// The rows of the subqueries in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    looks_at: Vec<LookedView>,
}

/// What an explanation says of the whole.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub(super) struct WholeView {
    /// Whether the user is in the segment at `as_of`, computed from its events.
    pub(super) holds: bool,
    /// When time alone changes that.
    #[serde(flatten)]
    until: UntilView,
    /// The whole clause.
    condition: ExplainedView,
}

impl From<Explanation<'_>> for WholeView {
    fn from(explanation: Explanation<'_>) -> Self {
        Self {
            holds: explanation.holds,
            until: explanation.until.into(),
            condition: ExplainedView::from(&explanation.root),
        }
    }
}

impl From<&Explained<'_>> for ExplainedView {
    fn from(part: &Explained<'_>) -> Self {
        Self {
            kind: part.joint.as_str(),
            text: print(part.expr),
            span: SpanView::from(part.expr.span),
            about: part.scope.as_str(),
            holds: word(part.truth),
            until: part.until.into(),
            events: part.events.as_ref().map(EventsView::from),
            condition: part.compared.as_ref().map(|compared| values(part, compared)),
            parts: part.parts.iter().map(Self::from).collect(),
        }
    }
}

fn values(part: &Explained<'_>, compared: &Compared) -> ConditionValues {
    ConditionValues {
        evaluation: Evaluation::of(part.retained.is_some()),
        value: shown(&compared.value),
        operator: compared.operator,
        threshold: threshold(compared),
        value_of: part.compared_of,
        retained: part.retained.as_ref().map(EventsView::from),
        looks_at: part.looks_at.iter().map(LookedView::from).collect(),
    }
}

fn threshold(compared: &Compared) -> Option<serde_json::Value> {
    match &compared.threshold[..] {
        [] => None,
        [one] if compared.operator != Some("IN") => Some(shown(one)),
        several => Some(several.iter().map(shown).collect()),
    }
}

const fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

impl From<&Looked<'_>> for LookedView {
    fn from(looked: &Looked<'_>) -> Self {
        Self {
            text: canonical_inside(looked.aggregate, looked.inside),
            value: shown(&looked.value),
            rows: EventsView::from(&looked.rows),
            asked: looked.asked.iter().map(AskedView::from).collect(),
        }
    }
}

impl From<&Asked<'_>> for AskedView {
    fn from(asked: &Asked<'_>) -> Self {
        Self {
            text: canonical_inside(asked.expr, asked.inside),
            span: SpanView::from(asked.expr.span),
            rows: EventsView::from(&asked.rows),
            of: asked.of,
            holds: word(asked.truth),
            until: asked.until.into(),
            value: shown(&asked.compared.value),
            operator: asked.compared.operator,
            threshold: threshold(&asked.compared),
            looks_at: asked.looks_at.iter().map(LookedView::from).collect(),
        }
    }
}

fn shown(value: &Value) -> serde_json::Value {
    let literal = |value: &Value, sql_type| Expr {
        kind: ExprKind::Literal(value.clone()),
        sql_type,
        span: rules::Span { start: 0, end: 0 },
    };
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(truth) => (*truth).into(),
        Value::Integer(whole) => (*whole).into(),
        Value::Decimal(decimal) => decimal.to_string().into(),
        Value::Double(double) => (*double).into(),
        Value::Text(text) => text.clone().into(),
        Value::Timestamp(time) => time.to_string().into(),
        Value::Interval(_) => rules::render::canonical(&Rule { expr: literal(value, SqlType::Interval) }).into(),
        Value::Date(day) => rules::calendar::shown(*day).into(),
        Value::Variant(json) => serde_json::from_str(&json.to_string()).unwrap_or_default(),
    }
}

impl From<&Listed> for EventsView {
    fn from(listed: &Listed) -> Self {
        Self { total: listed.total, ids: listed.first.clone() }
    }
}

impl From<Until> for UntilView {
    fn from(until: Until) -> Self {
        match until {
            Until::At(instant) => Self { until: Some(instant), until_at_least: None },
            Until::Forever => Self { until: None, until_at_least: None },
            Until::AtLeast(instant) => Self { until: None, until_at_least: Some(instant) },
        }
    }
}
