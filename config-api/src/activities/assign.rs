//! Which segments are about which activities; both paths say the same.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use schema::SegmentId;
use service::problem::{Problem, ProblemBody};
use store::{ActivityId, Actor};

use crate::segments::{SegmentPage, segment_views};
use crate::state::AppState;
use crate::web::{PageQuery, page_after, parse_id, read_query, store_problem};

const LIST: &str = "about";

/// Says that a segment is about an activity.
#[utoipa::path(put, path = "/api/v1/segments/{segment_id}/activities/{activity_id}", tag = "activities",
    params(("segment_id" = i64, Path), ("activity_id" = i64, Path)), responses(
    (status = 204, description = "Assigned, or it was before"),
    (status = 404, description = "`not_found`: the segment or the activity", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn assign_to_segment(
    State(state): State<AppState>,
    Path((segment_id, activity_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    assign(&state, &segment_id, &activity_id).await
}

/// Says that a segment is about an activity.
#[utoipa::path(put, path = "/api/v1/activities/{activity_id}/segments/{segment_id}", tag = "activities",
    params(("segment_id" = i64, Path), ("activity_id" = i64, Path)), responses(
    (status = 204, description = "Assigned, or it was before"),
    (status = 404, description = "`not_found`: the segment or the activity", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn assign_to_activity(
    State(state): State<AppState>,
    Path((activity_id, segment_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    assign(&state, &segment_id, &activity_id).await
}

/// Says that a segment is not about an activity.
#[utoipa::path(delete, path = "/api/v1/segments/{segment_id}/activities/{activity_id}", tag = "activities",
    params(("segment_id" = i64, Path), ("activity_id" = i64, Path)), responses(
    (status = 204, description = "Taken away, or it was not there"),
    (status = 404, description = "`not_found`: the segment or the activity", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn unassign_from_segment(
    State(state): State<AppState>,
    Path((segment_id, activity_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    unassign(&state, &segment_id, &activity_id).await
}

/// Says that a segment is not about an activity.
#[utoipa::path(delete, path = "/api/v1/activities/{activity_id}/segments/{segment_id}", tag = "activities",
    params(("segment_id" = i64, Path), ("activity_id" = i64, Path)), responses(
    (status = 204, description = "Taken away, or it was not there"),
    (status = 404, description = "`not_found`: the segment or the activity", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn unassign_from_activity(
    State(state): State<AppState>,
    Path((activity_id, segment_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    unassign(&state, &segment_id, &activity_id).await
}

/// Lists the segments that are generic or about the activity of that code, ascending by id.
#[utoipa::path(get, path = "/api/v1/segments/generics-and-by/{code}", tag = "activities",
    params(("code" = String, Path), PageQuery), responses(
    (status = 200, description = "A page of segments", body = SegmentPage),
))]
pub(crate) async fn segments_about(
    State(state): State<AppState>,
    Path(code): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<SegmentPage>, Problem> {
    let query = read_query(query)?;
    let limit = query.limit()?;
    let after = query.after(LIST)?.map(SegmentId);
    let segments = state.store.segments_about(&code, after, limit).await.map_err(store_problem)?;
    let last = segments.last().map(|segment| segment.segment_id.0);
    let next_cursor = page_after(LIST, last, segments.len(), limit);
    Ok(Json(SegmentPage { items: segment_views(&state, segments).await?, next_cursor }))
}

async fn assign(state: &AppState, segment_id: &str, activity_id: &str) -> Result<StatusCode, Problem> {
    let (segment_id, activity_id) = (SegmentId(parse_id(segment_id)?), ActivityId(parse_id(activity_id)?));
    let done = state.store.assign_activity(segment_id, activity_id, &Actor::anonymous()).await;
    answer(done.map_err(store_problem)?)
}

async fn unassign(state: &AppState, segment_id: &str, activity_id: &str) -> Result<StatusCode, Problem> {
    let (segment_id, activity_id) = (SegmentId(parse_id(segment_id)?), ActivityId(parse_id(activity_id)?));
    let done = state.store.unassign_activity(segment_id, activity_id, &Actor::anonymous()).await;
    answer(done.map_err(store_problem)?)
}

fn answer(done: Option<()>) -> Result<StatusCode, Problem> {
    done.map(|()| StatusCode::NO_CONTENT)
        .ok_or_else(|| Problem::not_found("there is no such segment or no such activity"))
}
