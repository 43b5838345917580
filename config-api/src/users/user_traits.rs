//! What was said of a user, read from the warehouse.

use axum::Json;
use axum::extract::{Path, State};
use schema::{Timestamp, UserId};
use serde::Serialize;
use serde_json::value::RawValue;
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;

use super::edit::no_user;
use super::events::written_up_to;
use crate::state::AppState;
use crate::web::{parse_id, store_problem, warehouse_problem};

/// The traits of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UserTraitsView {
    user_id: i64,
    /// Each trait with the value that was said of the latest `created_at`, as it was sent.
    #[schema(value_type = Object)]
    traits: Box<RawValue>,
    /// Everything accepted up to this instant is in it; null while that is not known, as when the
    /// history is being caught up with.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// Returns what was said of a user by `identify`.
#[utoipa::path(get, path = "/api/v1/users/{id}/traits", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, description = "All traits; empty when nothing was said", body = UserTraitsView),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`history_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn user_traits(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<UserTraitsView>, Problem> {
    let user_id = UserId(parse_id(&id)?);
    if state.store.user(user_id).await.map_err(store_problem)?.is_none() {
        return Err(no_user());
    }
    let as_of = written_up_to(&state, user_id).await?;
    let standing = state.warehouse.user_traits(user_id).await.map_err(warehouse_problem)?;
    let traits = RawValue::from_string(standing.to_json()).map_err(Problem::internal)?;
    Ok(Json(UserTraitsView { user_id: user_id.0, traits, as_of }))
}
