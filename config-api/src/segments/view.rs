//! A segment as it is shown.

use std::collections::HashMap;

use schema::{SegmentId, Timestamp};
use serde::Serialize;
use service::problem::Problem;
use store::{Segment, SegmentActivity, StoredVersion};
use utoipa::ToSchema;

use super::clause::DiagnosticView;
use super::missing::{SegmentWarning, warnings};
use crate::definitions::{Progress, SegmentStatus};
use crate::state::AppState;
use crate::web::{bus_problem, now, store_problem};

/// A live segment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentView {
    /// Positive, never used again.
    pub(super) id: i64,
    /// Stable name.
    tag: String,
    title: String,
    description: String,
    /// The clause as written.
    #[serde(rename = "whereStatement")]
    where_statement: String,
    #[serde(rename = "isGeneric")]
    is_generic: bool,
    /// `rule`: membership is decided by the clause.
    kind: &'static str,
    /// The current version, from 1.
    pub(super) version: u32,
    /// The generation of the definitions that first held this version.
    generation: u64,
    /// Whether memberships are decided by this version yet.
    status: SegmentStatus,
    /// Present until it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// Members now; exact up to `as_of`.
    user_count: u64,
    /// Up to which instant `user_count` is exact; null while no segmenter has reported.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// The activities it is about.
    activities: Vec<SegmentActivityView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// What whoever relies on it has to know; absent when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<SegmentWarning>,
    /// What the compiler has to say; in answers to a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) diagnostics: Vec<DiagnosticView>,
}

/// An activity that a segment is about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentActivityView {
    /// The activity type that events carry.
    code: String,
    /// The described activity, if there is one of that code.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    /// `rule`: the clause names it; `assigned`: somebody said so.
    source: &'static str,
}

/// Some segments, and where the list goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentPage {
    pub(crate) items: Vec<SegmentView>,
    /// For `cursor` of the next request; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// One version of a segment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    version: u32,
    tag: String,
    title: String,
    description: String,
    #[serde(rename = "whereStatement")]
    where_statement: String,
    #[serde(rename = "isGeneric")]
    is_generic: bool,
    /// The generation of the definitions that first held it.
    generation: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who made it.
    created_by: String,
}

/// Shows segments with their status, sizes and activities; one look-up of each for all of them.
pub(crate) async fn segment_views(state: &AppState, segments: Vec<Segment>) -> Result<Vec<SegmentView>, Problem> {
    let statuses = state.log.statuses().await.map_err(bus_problem)?;
    let segment_ids: Vec<_> = segments.iter().map(|segment| segment.segment_id).collect();
    // Before the sizes: they are at least as fresh as what is said of them.
    let as_of = state.freshness.of_all();
    let sizes = state.store.segment_sizes(&segment_ids).await.map_err(store_problem)?;
    let mut activities = activities(state, &segment_ids).await?;
    let mut warnings = warnings(state).await;
    let (partitions, now) = (state.log.partitions(), now());
    let view = |(segment, user_count): (Segment, u64)| {
        let activities = activities.remove(&segment.segment_id).unwrap_or_default();
        let warnings = warnings.remove(&segment.segment_id).unwrap_or_default();
        let progress = Progress::of(segment.generation, &statuses, partitions, now);
        SegmentView { user_count, as_of, activities, warnings, ..plain(segment, progress) }
    };
    Ok(segments.into_iter().zip(sizes).map(view).collect())
}

/// Shows one segment.
pub(super) async fn segment_view(state: &AppState, segment: Segment) -> Result<SegmentView, Problem> {
    let views = segment_views(state, vec![segment]).await?;
    views.into_iter().next().ok_or_else(|| Problem::internal("a segment was not shown"))
}

async fn activities(
    state: &AppState,
    segment_ids: &[SegmentId],
) -> Result<HashMap<SegmentId, Vec<SegmentActivityView>>, Problem> {
    let mut by_segment: HashMap<_, Vec<_>> = HashMap::new();
    for activity in state.store.activities_of_segments(segment_ids).await.map_err(store_problem)? {
        by_segment.entry(activity.segment_id).or_default().push(SegmentActivityView::from(activity));
    }
    Ok(by_segment)
}

fn plain(segment: Segment, progress: Progress) -> SegmentView {
    SegmentView {
        id: segment.segment_id.0,
        tag: segment.spec.tag.to_string(),
        title: segment.spec.title,
        description: segment.spec.description,
        where_statement: segment.spec.where_statement,
        is_generic: segment.spec.is_generic,
        kind: "rule",
        version: segment.version.0,
        generation: segment.generation.0,
        status: progress.status,
        progress: (progress.status != SegmentStatus::Live).then_some(progress),
        user_count: 0,
        as_of: None,
        activities: Vec::new(),
        created_at: segment.created_at,
        updated_at: segment.updated_at,
        warnings: Vec::new(),
        diagnostics: Vec::new(),
    }
}

impl From<SegmentActivity> for SegmentActivityView {
    fn from(activity: SegmentActivity) -> Self {
        Self { code: activity.code, id: activity.activity_id.map(|id| id.0), source: activity.source.as_str() }
    }
}

impl From<StoredVersion> for VersionView {
    fn from(version: StoredVersion) -> Self {
        Self {
            version: version.version.0,
            tag: version.spec.tag.to_string(),
            title: version.spec.title,
            description: version.spec.description,
            where_statement: version.spec.where_statement,
            is_generic: version.spec.is_generic,
            generation: version.generation.0,
            created_at: version.created_at,
            created_by: version.created_by.0,
        }
    }
}
