//! `GET /api/v1/changes`.

use std::convert::Infallible;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::Sse;
use axum::response::{IntoResponse, Response};
use bus::BusError;
use schema::{PartitionId, SegmentId, Topic, UserId};
use serde::Deserialize;
use service::problem::{Problem, ProblemBody};
use utoipa::IntoParams;

use super::end::StreamEnd;
use super::filter::Filter;
use super::position::{Position, kept_from};
use super::subscription::{Place, Source, Subscription};
use crate::state::AppState;
use crate::web::{bus_problem, parse_id, parse_tag, read_query, store_problem};

/// The most segments that one subscriber names.
const MAX_SEGMENTS: usize = 100;
/// After how many seconds to try again when all places are taken.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Which changes to stream, and from where.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// Tags of segments, separated by commas: only changes in which one of them is entered or left.
    segment: Option<String>,
    /// The same by ids.
    segment_id: Option<String>,
    /// Only changes of this user.
    user_id: Option<String>,
    /// `now` (the default) or `beginning`: where to start without a `Last-Event-ID`.
    from: Option<String>,
    /// What `Last-Event-ID` says, for clients that cannot set headers.
    last_event_id: Option<String>,
}

/// Streams changes of memberships as server-sent events.
///
/// Each `change` event carries a record of the topic `segment-changes`; per user they are in order.
/// Its `id`, sent back as `Last-Event-ID`, resumes behind it without loss or repetition. An `error`
/// event says why the stream ends.
#[utoipa::path(get, path = "/api/v1/changes", tag = "live",
    params(ChangesQuery, ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event seen")),
    responses(
    (status = 200, description = "The stream", content_type = "text/event-stream"),
    (status = 400, description = "`invalid_last_event_id`, `invalid_from`, `invalid_id`, `invalid_tag`, `invalid_query`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`: a segment that is named", body = ProblemBody, content_type = "application/problem+json"),
    (status = 410, description = "`position_trimmed`: changes after it are no longer kept", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`too_many_subscribers`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn stream_changes(
    State(state): State<AppState>,
    headers: HeaderMap,
    query: Result<Query<ChangesQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let query = read_query(query)?;
    let filter = filter(&state, &query).await?;
    let position = start(&state, last_event_id(&headers, &query), query.from.as_deref()).await?;
    let Ok(permit) = state.subscribers.clone().try_acquire_owned() else {
        let detail = "there are as many subscribers as are allowed";
        return Err(Problem::unavailable("too_many_subscribers", detail, RETRY_AFTER_SECONDS));
    };
    let source = Source {
        log: state.log,
        tail: state.tail,
        shutdown: state.shutdown,
        keep_alive: state.config.changes.keep_alive(),
    };
    let subscription = Subscription::new(source, filter, position, Place::new(permit));
    let events = futures::stream::unfold(subscription, |mut subscription| async move {
        let event = subscription.next().await?;
        Some((Ok::<_, Infallible>(event), subscription))
    });
    // Proxies that buffer would turn milliseconds into minutes.
    let unbuffered = ("x-accel-buffering", HeaderValue::from_static("no"));
    let uncached = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([unbuffered], [uncached], Sse::new(events)).into_response())
}

fn last_event_id(headers: &HeaderMap, query: &ChangesQuery) -> Option<String> {
    let header = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").to_owned());
    header.or_else(|| query.last_event_id.clone()).filter(|id| !id.is_empty())
}

async fn filter(state: &AppState, query: &ChangesQuery) -> Result<Filter, Problem> {
    let mut segments = Vec::new();
    for id in parts(query.segment_id.as_deref())? {
        segments.push(SegmentId(parse_id(id)?));
    }
    for tag in parts(query.segment.as_deref())? {
        let found = state.store.segment_by_tag(&parse_tag(tag)?).await.map_err(store_problem)?;
        let segment = found.ok_or_else(|| Problem::not_found(format!("there is no segment `{tag}`")))?;
        segments.push(segment.segment_id);
    }
    let user = query.user_id.as_deref().map(parse_id).transpose()?.map(UserId);
    Ok(Filter { segments, user })
}

fn parts(list: Option<&str>) -> Result<Vec<&str>, Problem> {
    let parts: Vec<_> = list.into_iter().flat_map(|list| list.split(',')).collect();
    if parts.len() <= MAX_SEGMENTS {
        return Ok(parts);
    }
    let detail = format!("at most {MAX_SEGMENTS} segments can be named");
    Err(Problem::new(StatusCode::BAD_REQUEST, "too_many_segments", detail))
}

/// Returns where to begin, after making sure that the log can be read from there.
async fn start(state: &AppState, last_event_id: Option<String>, from: Option<&str>) -> Result<Position, Problem> {
    let mut ranges = Vec::with_capacity(usize::from(state.log.partitions()));
    for partition in (0..state.log.partitions()).map(PartitionId) {
        ranges.push(state.log.range(Topic::SegmentChanges, partition).await.map_err(bus_problem)?);
    }
    match (last_event_id, from) {
        (Some(id), _) => {
            let mut position = Position::decode(&id, state.log.partitions()).ok_or_else(invalid_last_event_id)?;
            let within = |(next, range): (&u64, &std::ops::Range<u64>)| *next <= range.end;
            if !position.0.iter().zip(&ranges).all(within) {
                return Err(invalid_last_event_id());
            }
            for ((partition, next), range) in (0..).map(PartitionId).zip(&mut position.0).zip(&ranges) {
                if *next >= range.start {
                    continue;
                }
                *next = kept_from(state.log.as_ref(), partition, *next).await.map_err(|error| match error {
                    BusError::Trimmed { .. } => {
                        Problem::new(StatusCode::GONE, StreamEnd::Trimmed.code(), StreamEnd::Trimmed.detail())
                    }
                    error => bus_problem(error),
                })?;
            }
            Ok(position)
        }
        (None, None | Some("now")) => Ok(Position(ranges.iter().map(|range| range.end).collect())),
        (None, Some("beginning")) => Ok(Position(ranges.iter().map(|range| range.start).collect())),
        (None, Some(_)) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_from", "`from` must be `now` or `beginning`"))
        }
    }
}

fn invalid_last_event_id() -> Problem {
    let detail = "`Last-Event-ID` is none that this installation gave out";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_last_event_id", detail)
}
