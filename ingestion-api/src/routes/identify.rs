//! `POST /api/v1/identify`: what a source says of a user.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use service::problem::{Problem, ProblemBody};

use super::body;
use super::document::IdentifyBody;
use super::events::{AcceptedEvent, count, invalid_utf8};
use super::state::{ApiState, wall_clock};
use crate::event::{FaultCode, parse_traits};
use crate::metrics;
use crate::refusal::Refusal;

/// Sets traits of a user
///
/// It is durable when 202 is answered; a change that it causes names its `event_id`. Each trait keeps the value that was said of the latest
/// `created_at`; traits that are not named stay as they are. Saying the same again does no harm.
/// Making two identities one user (`link`) is not supported yet, and is refused.
#[utoipa::path(
    post,
    path = "/api/v1/identify",
    tag = "users",
    request_body = IdentifyBody,
    responses(
        (status = 202, description = "Durable in the log", body = AcceptedEvent),
        (status = 400, description = "What was sent is at fault; `link_not_supported` among others", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "`request_timeout`: the body was not sent in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`event_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`, `unsupported_content_encoding`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`unknown_user`: unknown identities are refused here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`log_full`, `log_unavailable`, `identities_unavailable`, `overloaded`, `timeout`: try again after `Retry-After` seconds", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_identify(
    State(state): State<ApiState>,
    request: Request,
) -> Result<(StatusCode, Json<AcceptedEvent>), Problem> {
    let code = FaultCode::EventTooLarge.as_str();
    let body = body::read(&state, request, state.limits.max_event_bytes, code).await.inspect_err(count)?;
    let now = wall_clock();
    let said = match std::str::from_utf8(&body.bytes) {
        Ok(text) => parse_traits(text, now),
        Err(error) => Err(vec![invalid_utf8(&error)]),
    };
    let outcome = match said {
        Ok(said) => state.intake.identify(said, now).await.inspect_err(count)?,
        Err(faults) => Err(Refusal::of_faults(faults)),
    };
    match outcome {
        Ok(accepted) => Ok((StatusCode::ACCEPTED, Json(accepted.into()))),
        Err(refusal) => {
            metrics::rejected(refusal.reason());
            Err(refusal.into_identify_problem())
        }
    }
}
