//! Creating, changing and deleting segments.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schema::{SegmentId, SegmentTag};
use service::problem::{Problem, ProblemBody};
use store::{Actor, Segment};

use super::body::{self, SegmentBody};
use super::clause::{Clause, DiagnosticView, named_activities};
use super::dependencies::{Dependencies, in_use};
use super::precondition::{entity_tag, expected_version};
use super::view::{SegmentView, segment_view};
use crate::state::AppState;
use crate::web::{parse_id, store_problem};

/// Creates a segment; it takes effect on all users, with their history.
#[utoipa::path(post, path = "/api/v1/segments", tag = "segments", request_body = SegmentBody, responses(
    (status = 201, description = "Created; `status` says how far it is on its way to its users", body = SegmentView),
    (status = 409, description = "`tag_taken`, `too_many_segments`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Faults of the body or of its clause, each with its span", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create_segment(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let (spec, clause) = body::read(&headers, &body)?;
    require_room(&state)?;
    let _alone = state.editing.lock().await;
    dependencies(&state, None).await?.require(&spec.tag, &clause)?;
    let segment = state.store.create_segment(&spec, &Actor::anonymous()).await.map_err(store_problem)?;
    let location = format!("/api/v1/segments/{}", segment.segment_id);
    let view = saved(&state, segment, &clause).await?;
    Ok((StatusCode::CREATED, [(header::ETAG, entity_tag(view.version))], [(header::LOCATION, location)], Json(view))
        .into_response())
}

/// Replaces a segment by its next version; the one before serves until every user is decided anew.
#[utoipa::path(put, path = "/api/v1/segments/{id}", tag = "segments", request_body = SegmentBody,
    params(("id" = i64, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was seen")), responses(
    (status = 200, description = "The segment at its new version; an equal body changes nothing", body = SegmentView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`tag_taken`; `segment_in_use` when the tag changes and others name it", body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, description = "`version_mismatch`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Faults of the body or of its clause, each with its span", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn update_segment(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let expected = expected_version(&headers)?;
    let (spec, clause) = body::read(&headers, &body)?;
    let _alone = state.editing.lock().await;
    let before = state.store.segment(segment_id).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    let others = dependencies(&state, Some(segment_id)).await?;
    others.require(&spec.tag, &clause)?;
    if spec.tag != before.spec.tag {
        others.require_unnamed(&before.spec.tag)?;
    }
    let updated = state.store.update_segment(segment_id, &spec, expected, &Actor::anonymous()).await;
    let segment = updated.map_err(store_problem)?.ok_or_else(no_segment)?;
    let view = saved(&state, segment, &clause).await?;
    Ok(([(header::ETAG, entity_tag(view.version))], Json(view)).into_response())
}

/// Deletes a segment: every member leaves it, published with cause `definition`.
#[utoipa::path(delete, path = "/api/v1/segments/{id}", tag = "segments",
    params(("id" = i64, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was seen")), responses(
    (status = 204, description = "Deleted"),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`segment_in_use`: `errors` has the segments whose clauses name it", body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, description = "`version_mismatch`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete_segment(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let expected = expected_version(&headers)?;
    let _alone = state.editing.lock().await;
    let segment = state.store.segment(segment_id).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    dependencies(&state, Some(segment_id)).await?.require_unnamed(&segment.spec.tag)?;
    let archived = state.store.archive_segment(segment_id, expected, &Actor::anonymous()).await;
    archived.map_err(store_problem)?.ok_or_else(no_segment)?;
    announce(&state).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns what the other live segments name, as the store has them now.
async fn dependencies(state: &AppState, except: Option<SegmentId>) -> Result<Dependencies, Problem> {
    let definitions = state.store.definitions().await.map_err(store_problem)?;
    Ok(state.known_rules.look_at(Arc::new(definitions), except).await.1)
}

impl Dependencies {
    fn require(&self, tag: &SegmentTag, clause: &Clause) -> Result<(), Problem> {
        let faults = self.check(Some(tag), &clause.rule).faults;
        if faults.is_empty() {
            return Ok(());
        }
        Err(Problem::of_faults(StatusCode::UNPROCESSABLE_ENTITY, "invalid_segment", faults))
    }

    fn require_unnamed(&self, tag: &SegmentTag) -> Result<(), Problem> {
        let dependents = self.dependents(tag);
        if dependents.is_empty() { Ok(()) } else { Err(in_use(tag, &dependents)) }
    }
}

pub(super) fn no_segment() -> Problem {
    Problem::not_found("there is no such segment")
}

fn require_room(state: &AppState) -> Result<(), Problem> {
    let max_segments = state.config.definitions.max_segments;
    if state.feed.segment_count() < max_segments {
        return Ok(());
    }
    let detail = format!("there are {max_segments} live segments, as many as are allowed");
    Err(Problem::new(StatusCode::CONFLICT, "too_many_segments", detail))
}

async fn saved(state: &AppState, segment: Segment, clause: &Clause) -> Result<SegmentView, Problem> {
    announce(state).await;
    // A segment about everything names nothing in particular.
    let named = if segment.spec.is_generic { Vec::new() } else { named_activities(&clause.rule) };
    state.store.set_named_activities(segment.segment_id, &named).await.map_err(store_problem)?;
    let mut view = segment_view(state, segment).await?;
    view.diagnostics = clause.diagnostics.iter().map(DiagnosticView::from).collect();
    Ok(view)
}

/// Hands the definitions out at once; should that fail, the poll does it.
async fn announce(state: &AppState) {
    if let Err(error) = state.feed.refresh().await {
        tracing::warn!(%error, "a changed definition is handed out with the next poll");
    }
}
