//! Reading and changing profiles.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schema::UserId;
use serde::Deserialize;
use service::problem::{Problem, ProblemBody};
use utoipa::IntoParams;

use super::view::{self, UserBody, UserPage, UserView};
use crate::state::AppState;
use crate::web::{PageQuery, page_after, parse_id, read_query, store_problem};

const LIST: &str = "users";

/// Which users to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Only the user of that `clientRefId`.
    #[serde(rename = "clientRefId")]
    client_ref_id: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// The most items, 1 to 1000; 100 when absent.
    limit: Option<String>,
}

/// Lists users, ascending by id, or finds one by its `clientRefId`.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(UsersQuery), responses(
    (status = 200, description = "A page of users; empty when none has the `clientRefId`", body = UserPage),
    (status = 400, description = "`invalid_cursor`, `invalid_limit`, `invalid_query`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list_users(
    State(state): State<AppState>,
    query: Result<Query<UsersQuery>, QueryRejection>,
) -> Result<Json<UserPage>, Problem> {
    let UsersQuery { client_ref_id, cursor, limit } = read_query(query)?;
    if let Some(client_ref_id) = client_ref_id {
        let found = state.store.user_by_client_ref_id(&client_ref_id).await.map_err(store_problem)?;
        return Ok(Json(UserPage { items: found.into_iter().map(UserView::from).collect(), next_cursor: None }));
    }
    let page = PageQuery { cursor, limit };
    let limit = page.limit()?;
    let users = state.store.users(page.after(LIST)?.map(UserId), limit).await.map_err(store_problem)?;
    let next_cursor = page_after(LIST, users.last().map(|user| user.user_id.0), users.len(), limit);
    Ok(Json(UserPage { items: users.into_iter().map(UserView::from).collect(), next_cursor }))
}

/// Creates a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = UserBody, responses(
    (status = 201, description = "Created", body = UserView),
    (status = 409, description = "`client_ref_id_taken`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Faults of the body", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create_user(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let profile = view::read(&headers, &body)?;
    let user = state.store.create_user(&profile).await.map_err(store_problem)?;
    let location = format!("/api/v1/users/{}", user.user_id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(UserView::from(user))).into_response())
}

/// Returns a user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, description = "The user", body = UserView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn get_user(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<UserView>, Problem> {
    let found = state.store.user(UserId(parse_id(&id)?)).await.map_err(store_problem)?;
    found.map(|user| Json(user.into())).ok_or_else(no_user)
}

/// Returns the user of a `clientRefId`.
#[utoipa::path(get, path = "/api/v1/users/client-ref-id/{client_ref_id}", tag = "users",
    params(("client_ref_id" = String, Path)), responses(
    (status = 200, description = "The user", body = UserView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn get_user_by_client_ref_id(
    State(state): State<AppState>,
    Path(client_ref_id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    let found = state.store.user_by_client_ref_id(&client_ref_id).await.map_err(store_problem)?;
    found.map(|user| Json(user.into())).ok_or_else(no_user)
}

/// Replaces what is known of a user; a field that is left out is forgotten.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", request_body = UserBody, params(("id" = i64, Path)),
    responses(
    (status = 200, description = "The user", body = UserView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`client_ref_id_taken`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "Faults of the body", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn update_user(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<UserView>, Problem> {
    let user_id = UserId(parse_id(&id)?);
    let profile = view::read(&headers, &body)?;
    let updated = state.store.update_user(user_id, &profile).await.map_err(store_problem)?;
    updated.map(|user| Json(user.into())).ok_or_else(no_user)
}

pub(super) fn no_user() -> Problem {
    Problem::not_found("there is no such user")
}
