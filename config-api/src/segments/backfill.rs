//! How far the current version of a segment is on its way through the history, and when it is there.

use axum::Json;
use axum::extract::{Path, State};
use schema::SegmentId;
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;

use super::edit::no_segment;
use crate::definitions::{Progress, SegmentStatus};
use crate::state::AppState;
use crate::web::{bus_problem, now, parse_id, store_problem};

/// The way of a segment's current version to its users.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentBackfill {
    id: i64,
    segment: String,
    version: u32,
    /// The generation of the definitions that first held this version.
    generation: u64,
    /// Whether memberships are decided by it on all partitions.
    status: SegmentStatus,
    #[serde(flatten)]
    progress: Progress,
}

/// Returns how much of the history is absorbed for a segment's current version, and when all of it will be.
#[utoipa::path(get, path = "/api/v1/segments/{id}/backfill", tag = "segments", params(("id" = i64, Path)), responses(
    (status = 200, description = "Progress and the time that is left", body = SegmentBackfill),
    (status = 404, description = "`not_found`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn segment_backfill(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<SegmentBackfill>, Problem> {
    let segment_id = SegmentId(parse_id(&id)?);
    let segment = state.store.segment(segment_id).await.map_err(store_problem)?.ok_or_else(no_segment)?;
    let statuses = state.log.statuses().await.map_err(bus_problem)?;
    let progress = Progress::of(segment.generation, &statuses, state.log.partitions(), now());
    Ok(Json(SegmentBackfill {
        id: segment_id.0,
        segment: segment.spec.tag.to_string(),
        version: segment.version.0,
        generation: segment.generation.0,
        status: progress.status,
        progress,
    }))
}
