//! The preview as it is told.

use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use futures::future::try_join_all;
use opentelemetry::KeyValue;
use schema::{Offset, PartitionId, SegmentDefinition, Timestamp, Topic};
use serde::Serialize;
use service::problem::{Problem, ProblemBody};
use utoipa::ToSchema;
use warehouse::{Selection, Selections};

use super::fold::{Folded, Folder};
use super::question::Question;
use super::request::{Asked, PreviewBody, PreviewRequest, read};
use super::tally::{Group, Tally};
use crate::metrics::PREVIEW_DURATION;
use crate::segments::clause::DiagnosticView;
use crate::state::AppState;
use crate::users::UserView;
use crate::web::{bus_problem, now, store_problem, warehouse_problem};

/// What a clause would select.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// The instant at which every user was decided.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// How many users the clause selects, exactly.
    size: u64,
    /// How many users have an event: those that any clause can select.
    users: u64,
    /// `size` of `users`, 0 to 1; 0 when there are none.
    share: f64,
    /// Some whom it selects: neither the first nor the last ones, and the same each time.
    sample: Vec<UserView>,
    /// Against the segment that was named in `compare_to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_to: Option<MembershipDiff>,
    history: HistoryView,
    /// What the compiler has to say of the clause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<DiagnosticView>,
}

/// What saving the clause as the next version of a segment would change, as of the same instant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MembershipDiff {
    id: i64,
    /// The tag.
    segment: String,
    /// The version that is compared: the current one.
    version: u32,
    /// How many users that version selects.
    size: u64,
    /// Whom the clause selects and that version does not.
    entering: GroupView,
    /// Whom that version selects and the clause does not.
    leaving: GroupView,
}

/// Some users: how many, and a few of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct GroupView {
    size: u64,
    sample: Vec<UserView>,
}

/// Which events were looked at.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct HistoryView {
    /// By partition of the log: the first record that was not looked at.
    #[schema(value_type = Vec<u64>)]
    positions: Vec<Offset>,
    /// How many records of the log lay behind them at `as_of`; with 0, everything that was accepted was looked at.
    behind: u64,
    /// How many events there were.
    events: u64,
    /// By whom everybody was decided.
    evaluated_by: EvaluatedBy,
}

/// Who decides; both decide alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EvaluatedBy {
    /// Databend, by the query that `validate` shows.
    Databend,
    /// The engine, which the history was read into.
    Engine,
}

/// Says how many users a clause selects now and who some of them are, and saves nothing.
#[utoipa::path(post, path = "/api/v1/segments/preview", tag = "segments", request_body = PreviewBody, responses(
    (status = 200, description = "Exact as of `as_of`, for the events before `history.positions`", body = PreviewView),
    (status = 422, description = "Faults of the body or of its clause, each with its span, as of a segment that is saved", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`too_many_previews`, `preview_took_too_long`, `history_unavailable`, `log_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn preview_clause(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<PreviewView>, Problem> {
    let request = read(&headers, &body)?;
    let measured = Measured::begin();
    let previewed = state.previewing.within(&state.shutdown, preview(&state, &request)).await;
    measured.end(previewed.as_ref().map_or_else(|problem| problem.code, |_| "done"));
    previewed.map(Json)
}

async fn preview(state: &AppState, request: &PreviewRequest) -> Result<PreviewView, Problem> {
    let Asked { question, live, diagnostics } = request.asked(state).await?;
    let _turn = state.previewing.take().await?;
    // In this order: what the history has is in the log, and was accepted before the instant.
    let positions = state.warehouse.positions().await.map_err(warehouse_problem)?;
    let ends = ends(state).await?;
    let as_of = now();
    let (evaluated_by, counted) = match selected(state, &question, &positions, as_of, request.sample).await? {
        Some(selections) => {
            let tally = Tally::of(&selections, request.sample);
            (EvaluatedBy::Databend, Folded { tally, events: selections.events, positions })
        }
        None => {
            let folder = Folder::new(&*state.warehouse, &question, as_of, request.sample);
            (EvaluatedBy::Engine, folder.fold(positions).await?)
        }
    };
    let Folded { tally, events, positions } = counted;
    let compared_to = match live {
        Some(live) => Some(compared(state, &live, tally.live, &tally.entering, &tally.leaving).await?),
        None => None,
    };
    let behind = ends.iter().zip(&positions).map(|(end, position)| end.saturating_sub(*position)).sum();
    Ok(PreviewView {
        as_of,
        size: tally.members.size,
        users: tally.users,
        share: share(tally.members.size, tally.users),
        sample: named(state, &tally.members).await?,
        compared_to,
        history: HistoryView { positions, behind, events, evaluated_by },
        diagnostics,
    })
}

/// Asks the history itself, where it can answer.
async fn selected(
    state: &AppState,
    question: &Question,
    positions: &[Offset],
    as_of: Timestamp,
    sample: usize,
) -> Result<Option<Selections>, Problem> {
    let Some((asked, other)) = question.rendered(as_of) else { return Ok(None) };
    let (positions, timeout) = (positions.to_vec(), state.config.preview.timeout());
    let selection = Selection { positions, asked, other, named: sample, timeout };
    state.warehouse.select(&selection).await.map_err(warehouse_problem)
}

/// Returns where each partition of the log ends.
async fn ends(state: &AppState) -> Result<Vec<Offset>, Problem> {
    let end = async |partition| Ok(state.log.range(Topic::Events, partition).await.map_err(bus_problem)?.end);
    try_join_all((0..state.log.partitions()).map(PartitionId).map(end)).await
}

async fn compared(
    state: &AppState,
    live: &SegmentDefinition,
    size: u64,
    entering: &Group,
    leaving: &Group,
) -> Result<MembershipDiff, Problem> {
    Ok(MembershipDiff {
        id: live.segment_id.0,
        segment: live.tag.to_string(),
        version: live.version.0,
        size,
        entering: GroupView { size: entering.size, sample: named(state, entering).await? },
        leaving: GroupView { size: leaving.size, sample: named(state, leaving).await? },
    })
}

/// Shows those who are named; whoever was erased meanwhile is not.
async fn named(state: &AppState, group: &Group) -> Result<Vec<UserView>, Problem> {
    let mut shown = Vec::new();
    for user_id in group.sample() {
        shown.extend(state.store.user(user_id).await.map_err(store_problem)?.map(UserView::from));
    }
    Ok(shown)
}

#[expect(clippy::cast_precision_loss, reason = "a share is for people; the numbers beside it are exact")]
fn share(size: u64, users: u64) -> f64 {
    if users == 0 { 0.0 } else { size as f64 / users as f64 }
}

/// Measures a preview, also one that nobody waits for any more.
struct Measured {
    began: Instant,
    outcome: &'static str,
}

impl Measured {
    fn begin() -> Self {
        Self { began: Instant::now(), outcome: "cancelled" }
    }

    fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        PREVIEW_DURATION.record(self.began.elapsed().as_secs_f64(), &[KeyValue::new("outcome", self.outcome)]);
    }
}
