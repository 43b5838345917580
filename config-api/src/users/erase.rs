//! Erasing a user: gone here at once, then said to the log, which takes it everywhere else.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schema::{Offset, Timestamp, UserId};
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use store::UserErasure;
use utoipa::ToSchema;

use super::edit::no_user;
use super::outbox::append;
use crate::state::AppState;
use crate::web::{parse_id, store_problem};

/// What the receipt says of what is not gone at once.
const NOTICE: &str = "profile and identities are erased; memberships, state and events are erased when the record is \
                      reached; copies in the log expire with its retention";

/// The receipt of an erasure.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ErasureReceipt {
    user_id: i64,
    /// When it was accepted; profile and identities are gone since.
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// Where the deletion stands in the log; null while it still has to be written there.
    recorded: Option<RecordedErasure>,
    /// What is not gone at once.
    notice: &'static str,
}

/// Where a deletion stands in the log.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct RecordedErasure {
    partition: u16,
    offset: Offset,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Erases a user: out of every segment, events and identities gone; the id is never used again.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path)), responses(
    (status = 200, description = "The receipt; the same when asked again", body = ErasureReceipt),
    (status = 202, description = "Accepted; the log will be told as soon as it can be", body = ErasureReceipt),
    (status = 404, description = "`not_found`: there never was such a user", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete_user(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ErasureReceipt>), Problem> {
    let user_id = UserId(parse_id(&id)?);
    let mut erasure = state.store.erase_user(user_id).await.map_err(store_problem)?.ok_or_else(no_user)?;
    if erasure.recorded.is_none() {
        match append(state.store.as_ref(), state.log.as_ref(), user_id).await {
            Ok(recorded) => erasure = recorded,
            Err(error) => tracing::warn!(%error, user.id = %user_id, "an erasure waits in the outbox"),
        }
    }
    let status = if erasure.recorded.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(erasure.into())))
}

impl From<UserErasure> for ErasureReceipt {
    fn from(erasure: UserErasure) -> Self {
        let recorded = erasure.recorded.map(|(position, at)| RecordedErasure {
            partition: position.partition.0,
            offset: position.offset,
            at,
        });
        Self { user_id: erasure.user_id.0, requested_at: erasure.requested_at, recorded, notice: NOTICE }
    }
}
