//! `POST /api/v1/events`: one event.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Serialize;
use service::problem::{Fault, Problem, ProblemBody};
use utoipa::ToSchema;

use super::body;
use super::document::EventBody;
use super::state::{ApiState, wall_clock};
use crate::accept::Accepted;
use crate::event::{self, FaultCode, SentEvent};
use crate::metrics;
use crate::refusal::Refusal;

/// An event that is durable.
#[derive(Serialize, ToSchema)]
pub(super) struct AcceptedEvent {
    /// The event's id: the one that was sent, or a new one.
    #[schema(value_type = uuid::Uuid)]
    pub(super) event_id: schema::EventId,
    /// The user whose event it is.
    #[schema(value_type = i64, example = 7)]
    pub(super) user_id: schema::UserId,
}

impl From<Accepted> for AcceptedEvent {
    fn from(accepted: Accepted) -> Self {
        Self { event_id: accepted.event_id, user_id: accepted.user_id }
    }
}

/// Accepts one event
///
/// It is durable when 202 is answered. Sending it again with the same `event_id` does no harm for a
/// day. Keys of the payload that are not columns are kept; top-level keys that are not listed here
/// are ignored and counted. All faults of an event are named at once.
#[utoipa::path(
    post,
    path = "/api/v1/events",
    tag = "events",
    request_body = EventBody,
    responses(
        (status = 202, description = "Durable in the log", body = AcceptedEvent),
        (status = 400, description = "The event is at fault", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "`request_timeout`: the body was not sent in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`event_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`, `unsupported_content_encoding`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`unknown_user`: unknown identities are refused here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`log_full`, `log_unavailable`, `identities_unavailable`, `overloaded`, `timeout`: try again after `Retry-After` seconds", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_event(
    State(state): State<ApiState>,
    request: Request,
) -> Result<(StatusCode, Json<AcceptedEvent>), Problem> {
    let code = FaultCode::EventTooLarge.as_str();
    let body = body::read(&state, request, state.limits.max_event_bytes, code).await.inspect_err(count)?;
    let now = wall_clock();
    let event = parse(&body.bytes, now);
    let outcomes = state.intake.accept(vec![event], now).await.inspect_err(count)?;
    match outcomes.into_iter().next() {
        Some(Ok(accepted)) => Ok((StatusCode::ACCEPTED, Json(accepted.into()))),
        Some(Err(refusal)) => Err(refusal.into_problem()),
        None => Err(Problem::internal("one event had no outcome")),
    }
}

/// Counts a request that was refused as a whole.
pub(super) fn count(problem: &Problem) {
    metrics::rejected(problem.code);
}

/// Reads one event out of bytes.
pub(super) fn parse(bytes: &[u8], now: schema::Timestamp) -> Result<SentEvent, Refusal> {
    let parsed = match std::str::from_utf8(bytes) {
        Ok(text) => event::parse(text, now),
        Err(error) => Err(vec![invalid_utf8(&error)]),
    };
    parsed.map_err(Refusal::of_faults)
}

pub(super) fn invalid_utf8(error: &std::str::Utf8Error) -> Fault {
    FaultCode::InvalidUtf8.because(format!("byte {} is not UTF-8", error.valid_up_to()))
}
