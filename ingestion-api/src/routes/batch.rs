//! `POST /api/v1/events/batch`: many events, a JSON array or one object per line.

use std::fmt;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use schema::Timestamp;
use serde::Serialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use service::problem::{Fault, Problem, ProblemBody};
use utoipa::ToSchema;

use super::body::{self, MediaType};
use super::document::EventBody;
use super::events::{AcceptedEvent, count, invalid_utf8, parse};
use super::state::{ApiState, wall_clock};
use crate::accept::Outcome;
use crate::event::{FaultCode, SentEvent};
use crate::refusal::{Refusal, problem_of_batch};

/// After so many events the thread looks at other requests too.
const EVENTS_PER_TURN: usize = 256;

/// What became of each event of a batch.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchAnswer {
    /// How many were accepted.
    accepted: usize,
    /// How many were refused.
    refused: usize,
    /// One per event, in the order in which they were sent.
    results: Vec<BatchResult>,
}

/// What became of one event of a batch.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum BatchResult {
    /// It is durable.
    Accepted {
        /// 202.
        #[schema(example = 202)]
        status: u16,
        #[serde(flatten)]
        event: AcceptedEvent,
    },
    /// It was refused, and nothing of it stored.
    Refused {
        /// The status that it alone would have been answered with.
        #[schema(example = 400)]
        status: u16,
        /// The code of its first fault.
        code: &'static str,
        /// Each of its faults.
        errors: Vec<Fault>,
    },
}

impl From<Outcome> for BatchResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(accepted) => Self::Accepted { status: StatusCode::ACCEPTED.as_u16(), event: accepted.into() },
            Err(refusal) => {
                Self::Refused { status: refusal.status.as_u16(), code: refusal.reason(), errors: refusal.faults }
            }
        }
    }
}

/// Accepts many events
///
/// A JSON array, or one JSON object per line (`application/x-ndjson`, or a body that starts with
/// `{`). Good events are kept when others are bad: 202 says that at least one was accepted, and
/// `results` what became of each. When none was, the answer is a problem whose `errors` name the
/// events by position, such as `[3].payload.order_total`.
#[utoipa::path(
    post,
    path = "/api/v1/events/batch",
    tag = "events",
    request_body(content((Vec<EventBody> = "application/json"), (String = "application/x-ndjson"))),
    responses(
        (status = 202, description = "At least one event is durable in the log", body = BatchAnswer),
        (status = 400, description = "`no_event_accepted`, or the batch cannot be read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "`request_timeout`: the body was not sent in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`, `too_many_events`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`, `unsupported_content_encoding`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`no_event_accepted`: all identities are unknown and refused here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`log_full`, `log_unavailable`, `identities_unavailable`, `overloaded`, `timeout`: try again after `Retry-After` seconds", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_batch(
    State(state): State<ApiState>,
    request: Request,
) -> Result<(StatusCode, Json<BatchAnswer>), Problem> {
    let body = body::read(&state, request, state.max_body_bytes, "body_too_large").await.inspect_err(count)?;
    let items = split(&body.bytes, body.media_type, state.limits.max_batch_events).inspect_err(count)?;
    let now = wall_clock();
    let events = parse_all(items, state.limits.max_event_bytes, now).await;
    let outcomes = state.intake.accept(events, now).await.inspect_err(count)?;
    answer(outcomes)
}

fn answer(outcomes: Vec<Outcome>) -> Result<(StatusCode, Json<BatchAnswer>), Problem> {
    let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    if accepted == 0 {
        return Err(problem_of_batch(outcomes.into_iter().filter_map(Result::err).collect()));
    }
    let refused = outcomes.len() - accepted;
    let results = outcomes.into_iter().map(BatchResult::from).collect();
    Ok((StatusCode::ACCEPTED, Json(BatchAnswer { accepted, refused, results })))
}

async fn parse_all(items: Vec<&[u8]>, max_event_bytes: usize, now: Timestamp) -> Vec<Result<SentEvent, Refusal>> {
    let mut events = Vec::with_capacity(items.len());
    for turn in items.chunks(EVENTS_PER_TURN) {
        events.extend(turn.iter().map(|item| parse_item(item, max_event_bytes, now)));
        tokio::task::yield_now().await;
    }
    events
}

fn parse_item(item: &[u8], max_event_bytes: usize, now: Timestamp) -> Result<SentEvent, Refusal> {
    if item.len() > max_event_bytes {
        let fault = FaultCode::EventTooLarge.because(format!("the event has more than {max_event_bytes} bytes"));
        return Err(Refusal::of_faults(vec![fault]));
    }
    parse(item, now)
}

/// Splits a batch into its events, at least one.
fn split(body: &[u8], media_type: MediaType, max_events: usize) -> Result<Vec<&[u8]>, Problem> {
    let body = body.trim_ascii();
    let items = match (media_type, body.first()) {
        (_, None) => {
            return Err(refused(StatusCode::BAD_REQUEST, FaultCode::EmptyBody.because("there is nothing to read")));
        }
        (MediaType::Ndjson, _) | (_, Some(b'{')) => lines(body, max_events)?,
        (_, Some(b'[')) => array(body, max_events)?,
        _ => {
            return Err(refused(
                StatusCode::BAD_REQUEST,
                Fault::new("not_a_batch", "a batch is a JSON array or one object per line"),
            ));
        }
    };
    if items.is_empty() {
        return Err(refused(StatusCode::BAD_REQUEST, Fault::new("empty_batch", "the batch has no events")));
    }
    Ok(items)
}

fn refused(status: StatusCode, fault: Fault) -> Problem {
    Problem::of_faults(status, fault.code, vec![fault])
}

fn too_many_events(max_events: usize) -> Problem {
    let fault = Fault::new("too_many_events", format!("the batch has more than {max_events} events"));
    refused(StatusCode::PAYLOAD_TOO_LARGE, fault)
}

fn lines(body: &[u8], max_events: usize) -> Result<Vec<&[u8]>, Problem> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let items: Vec<_> = lines.take(max_events + 1).collect();
    if items.len() > max_events { Err(too_many_events(max_events)) } else { Ok(items) }
}

fn array(body: &[u8], max_events: usize) -> Result<Vec<&[u8]>, Problem> {
    let bad = |fault| refused(StatusCode::BAD_REQUEST, fault);
    let text = std::str::from_utf8(body).map_err(|error| bad(invalid_utf8(&error)))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut visitor = ArrayVisitor { max_events, overflow: false };
    let items = json.deserialize_seq(&mut visitor).map_err(|error| match visitor.overflow {
        true => too_many_events(max_events),
        false => bad(FaultCode::MalformedJson.because(format!("the batch is not JSON: {error}"))),
    })?;
    json.end().map_err(|error| bad(FaultCode::TrailingText.because(format!("text after the batch: {error}"))))?;
    Ok(items)
}

struct ArrayVisitor {
    max_events: usize,
    overflow: bool,
}

impl<'de> Visitor<'de> for &mut ArrayVisitor {
    type Value = Vec<&'de [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            if items.len() == self.max_events {
                self.overflow = true;
                return Err(A::Error::custom("too many events"));
            }
            items.push(raw.get().as_bytes());
        }
        Ok(items)
    }
}
