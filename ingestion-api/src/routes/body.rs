//! Reading a request's body: its media type, its size, and how long it may take.

use std::error::Error;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use service::problem::{Fault, Problem};
use tokio::sync::OwnedSemaphorePermit;

use super::state::ApiState;

/// How a body says it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MediaType {
    /// JSON, or nothing was said. Pages that are being left send `text/plain`: it needs no preflight.
    Json,
    /// One JSON object per line.
    Ndjson,
}

impl MediaType {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(Self::Json) };
        let text = value.to_str().unwrap_or_default();
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Self::Ndjson),
            "application/json" | "text/plain" | "application/octet-stream" => Ok(Self::Json),
            other if other.starts_with("application/") && other.ends_with("+json") => Ok(Self::Json),
            _ => Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        }
    }
}

/// A whole body, and the memory that was set aside for it.
pub(super) struct ReceivedBody {
    pub(super) bytes: Bytes,
    pub(super) media_type: MediaType,
    _memory: OwnedSemaphorePermit,
}

/// Reads a body of at most `max_bytes`; a larger one is 413 with that code.
pub(super) async fn read(
    state: &ApiState,
    request: Request,
    max_bytes: usize,
    too_large: &'static str,
) -> Result<ReceivedBody, Problem> {
    let media_type = MediaType::of(request.headers())?;
    refuse_encodings(request.headers())?;
    let announced = content_length(request.headers());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(body_too_large(too_large, max_bytes));
    }
    let memory = state.reserve(announced.unwrap_or(max_bytes))?;
    let limit = Duration::from_millis(state.limits.body_timeout_ms);
    let read = tokio::time::timeout(limit, to_bytes(request.into_body(), max_bytes));
    let bytes = match read.await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_length_limit(&error) => return Err(body_too_large(too_large, max_bytes)),
        Ok(Err(error)) => return Err(incomplete(&error)),
        Err(_) => return Err(Problem::of_status(StatusCode::REQUEST_TIMEOUT)),
    };
    Ok(ReceivedBody { bytes, media_type, _memory: memory })
}

fn refuse_encodings(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_content_encoding",
            "the request body must not be compressed",
        )),
        _ => Ok(()),
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn body_too_large(code: &'static str, max_bytes: usize) -> Problem {
    let fault = Fault::new(code, format!("the request body has more than {max_bytes} bytes"));
    Problem::of_faults(StatusCode::PAYLOAD_TOO_LARGE, code, vec![fault])
}

fn incomplete(error: &axum::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "incomplete_body", "the request body ended early").because(error)
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
