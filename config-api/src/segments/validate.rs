//! Looking at a clause without saving it.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Bytes;
use axum::http::HeaderMap;
use schema::Timestamp;
use serde::{Deserialize, Serialize};
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;

use super::body::read_where_statement;
use super::clause::DiagnosticView;
use super::plan::PlanView;

/// A clause to look at.
///
/// Read field by field; this type only documents it.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "documents the fields for OpenAPI")]
pub(crate) struct ValidateBody {
    /// SQL over `events`.
    #[serde(rename = "whereStatement")]
    where_statement: String,
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

/// Says what a clause means, or everything that is wrong with it, and saves nothing.
#[utoipa::path(post, path = "/api/v1/segments/validate", tag = "segments", request_body = ValidateBody, responses(
    (status = 200, description = "`valid` says whether it can be saved", body = Validation),
    (status = 422, description = "Faults of the body; those of the clause are diagnostics", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn validate_clause(headers: HeaderMap, body: Bytes) -> Result<Json<Validation>, Problem> {
    let text = read_where_statement(&headers, &body)?;
    let rules::Compiled { rule, diagnostics } = rules::compile(&text);
    let plan = rule.as_ref().and_then(|rule| rules::plan::plan(rule).ok());
    Ok(Json(Validation {
        valid: rule.is_some(),
        diagnostics: diagnostics.iter().map(DiagnosticView::from).collect(),
        canonical: rule.as_ref().map(rules::render::canonical),
        databend: rule.as_ref().map(|rule| rules::render::databend(rule, now())),
        plan: plan.as_ref().map(PlanView::from),
    }))
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
