//! Reading segments and their versions.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schema::{SegmentId, SegmentVersion};
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;

use super::edit::no_segment;
use super::precondition::entity_tag;
use super::view::{SegmentPage, SegmentView, VersionView, segment_view, segment_views};
use crate::state::AppState;
use crate::web::{PageQuery, page_after, parse_id, read_query, store_problem};

const LIST: &str = "segments";
const VERSIONS: &str = "versions";

/// Some versions of a segment, and where the list goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VersionPage {
    items: Vec<VersionView>,
    /// For `cursor` of the next request; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists live segments, ascending by id.
#[utoipa::path(get, path = "/api/v1/segments", tag = "segments", params(PageQuery), responses(
    (status = 200, description = "A page of segments", body = SegmentPage),
    (status = 400, description = "`invalid_cursor`, `invalid_limit`, `invalid_query`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list_segments(
    State(state): State<AppState>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<SegmentPage>, Problem> {
    let query = read_query(query)?;
    let limit = query.limit()?;
    let after = query.after(LIST)?.map(SegmentId);
    let segments = state.store.segments(after, limit).await.map_err(store_problem)?;
    let last = segments.last().map(|segment| segment.segment_id.0);
    let next_cursor = page_after(LIST, last, segments.len(), limit);
    Ok(Json(SegmentPage { items: segment_views(&state, segments).await?, next_cursor }))
}

/// Returns a live segment.
#[utoipa::path(get, path = "/api/v1/segments/{id}", tag = "segments", params(("id" = i64, Path)), responses(
    (status = 200, description = "The segment; its ETag is its version", body = SegmentView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn get_segment(State(state): State<AppState>, Path(id): Path<String>) -> Result<Response, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let segment = state.store.segment(segment_id).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    let view = segment_view(&state, segment).await?;
    Ok(([(header::ETAG, entity_tag(view.version))], Json(view)).into_response())
}

/// Lists all versions of a segment, the latest first; also of a deleted one.
#[utoipa::path(get, path = "/api/v1/segments/{id}/versions", tag = "segments",
    params(("id" = i64, Path), PageQuery), responses(
    (status = 200, description = "A page of versions", body = VersionPage),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list_versions(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<VersionPage>, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let query = read_query(query)?;
    let limit = query.limit()?;
    let before = query.after(VERSIONS)?.and_then(|version| u32::try_from(version).ok()).map(SegmentVersion);
    let versions = state.store.segment_versions(segment_id, before, limit).await.map_err(store_problem)?;
    if versions.is_empty() && before.is_none() {
        return Err(no_segment());
    }
    let last = versions.last().map(|version| i64::from(version.version.0));
    let next_cursor = page_after(VERSIONS, last, versions.len(), limit);
    Ok(Json(VersionPage { items: versions.into_iter().map(VersionView::from).collect(), next_cursor }))
}
