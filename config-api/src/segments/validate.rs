//! Looking at a clause without saving it, and at a saved one in the same way.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use schema::{SegmentDefinition, SegmentId, SegmentTag};
use serde::{Deserialize, Serialize};
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;

use super::body::read_where_statement;
use super::clause::DiagnosticView;
use super::dependencies::Dependencies;
use super::edit::no_segment;
use super::known::Sharing;
use super::plan::PlanView;
use crate::state::AppState;
use crate::web::{now, parse_id, store_problem};

/// A clause to look at.
///
/// Read field by field; this type only documents it.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents the fields for OpenAPI")]
pub(crate) struct ValidateBody {
    /// SQL over `events`.
    #[serde(rename = "whereStatement")]
    where_statement: String,
    /// The tag of the segment that it is for; then it must not depend on itself.
    tag: Option<String>,
}

/// What there is to tell of a clause.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Validation {
    /// Whether a segment can be saved with it.
    valid: bool,
    /// Everything the compiler has to say, in the order of the text.
    diagnostics: Vec<DiagnosticView>,
    /// The clause as it was understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical: Option<String>,
    /// The query that means the same on Databend, with `now()` as a literal.
    #[serde(skip_serializing_if = "Option::is_none")]
    databend: Option<String>,
    /// How it will be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanView>,
}

/// How the current version of a segment is evaluated.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentPlan {
    id: i64,
    /// The tag.
    segment: String,
    version: u32,
    #[serde(flatten)]
    validation: Validation,
}

/// Says what a clause means, or everything that is wrong with it, and saves nothing.
#[utoipa::path(post, path = "/api/v1/segments/validate", tag = "segments", request_body = ValidateBody, responses(
    (status = 200, description = "`valid` says whether it can be saved", body = Validation),
    (status = 422, description = "Faults of the body; those of the clause are diagnostics", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn validate_clause(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Validation>, Problem> {
    let (text, tag) = read_where_statement(&headers, &body)?;
    let definitions = state.feed.definitions();
    let is_it = |definition: &&SegmentDefinition| tag.as_ref() == Some(&definition.tag);
    let itself = definitions.segments.iter().find(is_it).map(|definition| definition.segment_id);
    let (sharing, dependencies) = state.known_rules.look_at(definitions, itself).await;
    Ok(Json(validation(&text, tag.as_ref(), &sharing, &dependencies)))
}

/// Returns how the current version of a segment is evaluated, what it shares and what it costs.
#[utoipa::path(get, path = "/api/v1/segments/{id}/plan", tag = "segments", params(("id" = i64, Path)), responses(
    (status = 200, description = "What `validate` says of its clause", body = SegmentPlan),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn segment_plan(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<SegmentPlan>, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let segment = state.store.segment(segment_id).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    let (sharing, dependencies) = state.known_rules.look_at(state.feed.definitions(), Some(segment_id)).await;
    let tag = &segment.spec.tag;
    Ok(Json(SegmentPlan {
        id: segment_id.0,
        segment: tag.to_string(),
        version: segment.version.0,
        validation: validation(&segment.spec.where_statement, Some(tag), &sharing, &dependencies),
    }))
}

fn validation(text: &str, tag: Option<&SegmentTag>, sharing: &Sharing, dependencies: &Dependencies) -> Validation {
    let rules::Compiled { rule, diagnostics } = rules::compile(text);
    let mut diagnostics: Vec<_> = diagnostics.iter().map(DiagnosticView::from).collect();
    let wrong = rule.as_ref().map(|rule| dependencies.check(tag, rule).diagnostics).unwrap_or_default();
    let valid = rule.is_some() && wrong.is_empty();
    diagnostics.extend(wrong);
    // Nothing is told of how a clause runs that cannot be saved.
    let rule = rule.filter(|_| valid);
    let plan = rule.as_ref().and_then(|rule| Some((rule, rules::plan::plan(rule).ok()?)));
    Validation {
        valid,
        diagnostics,
        canonical: rule.as_ref().map(rules::render::canonical),
        databend: rule.as_ref().map(|rule| rules::render::databend(rule, now())),
        plan: plan.as_ref().map(|(rule, plan)| PlanView::of(rule, plan, sharing)),
    }
}
