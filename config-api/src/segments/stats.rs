//! How many users are in a segment, and how many came and went.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use schema::{SegmentId, Timestamp};
use serde::{Deserialize, Serialize};
use service::problem::{Problem, ProblemBody};
use store::{FLOW_INTERVAL_MICROS, Flow, Segment};
use utoipa::{IntoParams, ToSchema};

use super::edit::no_segment;
use crate::definitions::{Progress, SegmentStatus};
use crate::state::AppState;
use crate::web::{bus_problem, now, parse_id, parse_tag, read_query, store_problem};

/// The most intervals of one answer: six weeks of hours.
const MAX_INTERVALS: u32 = 1_008;

/// Which intervals to tell.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// RFC 3339; intervals that begin before it are left out.
    from: Option<String>,
    /// RFC 3339; intervals that begin at it or later are left out.
    until: Option<String>,
}

/// The numbers of a segment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentStats {
    id: i64,
    segment: String,
    version: u32,
    /// Members now, exactly.
    user_count: u64,
    /// Up to which instant the numbers are exact; null while no segmenter has reported.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// Whether memberships are decided by the current version on all partitions.
    status: SegmentStatus,
    /// How far the current version is.
    progress: Progress,
    interval_seconds: i64,
    /// The latest first; intervals without entries and exits are left out; at most six weeks.
    intervals: Vec<FlowView>,
}

/// Entries and exits of an interval, by the instants at which they became true.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct FlowView {
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    entered: u64,
    left: u64,
}

/// How many users a segment has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentSize {
    /// The tag.
    segment: String,
    /// Members now, exactly.
    user_count: u64,
    /// Up to which instant that is exact; null while no segmenter has reported.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// Returns the numbers of a segment.
#[utoipa::path(get, path = "/api/v1/segments/{id}/stats", tag = "segments",
    params(("id" = i64, Path), StatsQuery), responses(
    (status = 200, description = "Size, status, entries and exits", body = SegmentStats),
    (status = 400, description = "`invalid_time`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn segment_stats(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Result<Query<StatsQuery>, QueryRejection>,
) -> Result<Json<SegmentStats>, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let query = read_query(query)?;
    let (from, until) = (instant(query.from, Timestamp::MIN)?, instant(query.until, Timestamp::MAX)?);
    let segment = state.store.segment(segment_id).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    let statuses = state.log.statuses().await.map_err(bus_problem)?;
    let progress = Progress::of(segment.generation, &statuses, state.log.partitions(), now());
    let (user_count, as_of) = size(&state, &segment).await?;
    let flows = state.store.segment_flows(segment_id, from, until, MAX_INTERVALS).await.map_err(store_problem)?;
    Ok(Json(SegmentStats {
        id: segment_id.0,
        segment: segment.spec.tag.to_string(),
        version: segment.version.0,
        user_count,
        as_of,
        status: progress.status,
        progress,
        interval_seconds: FLOW_INTERVAL_MICROS / 1_000_000,
        intervals: flows.into_iter().map(FlowView::from).collect(),
    }))
}

/// Returns how many users a segment has, by its tag.
#[utoipa::path(get, path = "/segment/{tag}", tag = "segments", params(("tag" = String, Path)), responses(
    (status = 200, description = "Its exact size", body = SegmentSize),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn segment_size(
    State(state): State<AppState>,
    Path(tag): Path<String>,
) -> Result<Json<SegmentSize>, Problem> {
    let tag = parse_tag(&tag)?;
    let segment = state.store.segment_by_tag(&tag).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    let (user_count, as_of) = size(&state, &segment).await?;
    Ok(Json(SegmentSize { segment: tag.to_string(), user_count, as_of }))
}

async fn size(state: &AppState, segment: &Segment) -> Result<(u64, Option<Timestamp>), Problem> {
    // Before the count: it is at least as fresh as what is said of it.
    let as_of = state.freshness.of_all();
    let sizes = state.store.segment_sizes(&[segment.segment_id]).await.map_err(store_problem)?;
    Ok((sizes.first().copied().unwrap_or(0), as_of))
}

fn instant(text: Option<String>, absent: Timestamp) -> Result<Timestamp, Problem> {
    let Some(text) = text else { return Ok(absent) };
    Timestamp::parse(&text).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_time", error.to_string()))
}

impl From<Flow> for FlowView {
    fn from(flow: Flow) -> Self {
        Self { start: flow.interval_start, entered: flow.entered, left: flow.exited }
    }
}
