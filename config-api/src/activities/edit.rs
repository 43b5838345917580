//! Reading and changing activities.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use service::problem::{Problem, ProblemBody};
use store::{ActivityId, Actor};

use super::view::{self, ActivityBody, ActivityPage, ActivityView};
use crate::state::AppState;
use crate::web::{PageQuery, page_after, parse_id, read_query, store_problem};

const LIST: &str = "activities";

/// Lists activities, ascending by id.
#[utoipa::path(get, path = "/api/v1/activities", tag = "activities", params(PageQuery), responses(
    (status = 200, description = "A page of activities", body = ActivityPage),
    (status = 400, description = "`invalid_cursor`, `invalid_limit`, `invalid_query`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list_activities(
    State(state): State<AppState>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<ActivityPage>, Problem> {
    let query = read_query(query)?;
    let limit = query.limit()?;
    let after = query.after(LIST)?.map(ActivityId);
    let activities = state.store.activities(after, limit).await.map_err(store_problem)?;
    let last = activities.last().map(|activity| activity.activity_id.0);
    let next_cursor = page_after(LIST, last, activities.len(), limit);
    Ok(Json(ActivityPage { items: activities.into_iter().map(ActivityView::from).collect(), next_cursor }))
}

/// Describes an activity.
#[utoipa::path(post, path = "/api/v1/activities", tag = "activities", request_body = ActivityBody, responses(
    (status = 201, description = "Created", body = ActivityView),
    (status = 409, description = "`code_taken`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Faults of the body", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create_activity(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let spec = view::read(&headers, &body)?;
    let activity = state.store.create_activity(&spec, &Actor::anonymous()).await.map_err(store_problem)?;
    let location = format!("/api/v1/activities/{}", activity.activity_id.0);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(ActivityView::from(activity))).into_response())
}

/// Returns an activity.
#[utoipa::path(get, path = "/api/v1/activities/{id}", tag = "activities", params(("id" = i64, Path)), responses(
    (status = 200, description = "The activity", body = ActivityView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn get_activity(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<ActivityView>, Problem> {
    let found = state.store.activity(ActivityId(parse_id(&id)?)).await.map_err(store_problem)?;
    found.map(|activity| Json(activity.into())).ok_or_else(no_activity)
}

/// Replaces the description of an activity.
#[utoipa::path(put, path = "/api/v1/activities/{id}", tag = "activities", request_body = ActivityBody,
    params(("id" = i64, Path)), responses(
    (status = 200, description = "The activity", body = ActivityView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`code_taken`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Faults of the body", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn update_activity(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ActivityView>, Problem> {
    let activity_id = ActivityId(parse_id(&id)?);
    let spec = view::read(&headers, &body)?;
    let updated = state.store.update_activity(activity_id, &spec, &Actor::anonymous()).await.map_err(store_problem)?;
    updated.map(|activity| Json(activity.into())).ok_or_else(no_activity)
}

/// Deletes the description of an activity; events and rules that name its code stay as they are.
#[utoipa::path(delete, path = "/api/v1/activities/{id}", tag = "activities", params(("id" = i64, Path)), responses(
    (status = 204, description = "Deleted"),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete_activity(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let activity_id = ActivityId(parse_id(&id)?);
    let deleted = state.store.delete_activity(activity_id, &Actor::anonymous()).await.map_err(store_problem)?;
    deleted.map(|_| StatusCode::NO_CONTENT).ok_or_else(no_activity)
}

fn no_activity() -> Problem {
    Problem::not_found("there is no such activity")
}
