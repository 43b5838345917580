//! A user's history, read from the warehouse.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use schema::{Event, Timestamp, UserId, partition_of};
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;
use warehouse::HistoryCursor;

use super::edit::no_user;
use crate::state::AppState;
use crate::web::{Cursor, PageQuery, bus_problem, parse_id, read_query, store_problem, warehouse_problem};

const EVENTS: &str = "events";

/// Some events of a user, and where the list goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    user_id: i64,
    /// The latest `created_at` first.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Event>,
    /// For `cursor` of the next request; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Every event accepted up to this instant is listed; null while that is not known, as when the
    /// history is being caught up with.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// Lists a user's events, the latest first.
#[utoipa::path(get, path = "/api/v1/users/{id}/events", tag = "users", params(("id" = i64, Path), PageQuery),
    responses(
    (status = 200, description = "A page of events", body = EventPage),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`history_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn user_events(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<EventPage>, Problem> {
    let user_id = UserId(parse_id(&id)?);
    let query = read_query(query)?;
    let limit = query.limit()?;
    let cursor = query.after_bytes(EVENTS)?.map(HistoryCursor);
    if state.store.user(user_id).await.map_err(store_problem)?.is_none() {
        return Err(no_user());
    }
    let as_of = written_up_to(&state, user_id).await?;
    let page = state.warehouse.user_events(user_id, cursor, limit as usize).await.map_err(warehouse_problem)?;
    Ok(Json(EventPage {
        user_id: user_id.0,
        items: page.rows.into_iter().map(|row| row.event).collect(),
        next_cursor: page.next.map(|next| Cursor::encode(EVENTS, &next.0)),
        as_of,
    }))
}

/// The owner of the partition says up to which record it has come by `as_of`; the history holds
/// every event up to then once its writer has come as far.
pub(super) async fn written_up_to(state: &AppState, user_id: UserId) -> Result<Option<Timestamp>, Problem> {
    let partition = partition_of(user_id, state.log.partitions());
    let statuses = state.log.statuses().await.map_err(bus_problem)?;
    let positions = state.warehouse.positions().await.map_err(warehouse_problem)?;
    let status = statuses.into_iter().find(|status| status.partition == partition);
    let written = positions.get(usize::from(partition.0)).copied().unwrap_or(0);
    Ok(status.filter(|status| written >= status.next_offset).map(|status| status.as_of))
}
