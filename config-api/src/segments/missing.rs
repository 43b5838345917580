//! What the history lacks because it could not take it, and which segments depend on that.
//!
//! Memberships were decided when the events came and lack nothing. What is read from the history does: a version whose
//! backfill passed these rows, previews, timelines. So each segment whose rule looks at such events, by itself or
//! through others, says so for as long as the rows are missing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use schema::{SegmentId, Timestamp};
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use warehouse::{RefusedKind, RefusedRows, Warehouse};

use crate::metrics;
use crate::state::AppState;

/// How often the history is asked.
const INTERVAL: Duration = Duration::from_secs(5);
/// The code of the warning.
const HISTORY_INCOMPLETE: &str = "history_incomplete";

/// What the history lacked when it was asked last; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Missing(watch::Sender<Arc<Vec<RefusedRows>>>);

/// Something that whoever relies on a segment has to know.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SegmentWarning {
    /// `history_incomplete`: events that the rule looks at are missing from the history.
    code: &'static str,
    /// For people.
    detail: String,
    /// Of which activity type they are; absent of what was said of users, and of what cannot be read any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_type: Option<String>,
    /// How many rows are missing.
    rows: u64,
    /// The log's time when the first of them came; null where that is not known.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
}

impl Missing {
    fn rows(&self) -> Arc<Vec<RefusedRows>> {
        self.0.borrow().clone()
    }
}

/// Asks the history again and again until shutdown; while it is away, what it said last stands.
pub(crate) async fn watch_missing(warehouse: Arc<dyn Warehouse>, missing: Missing, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        let Some(refused) = shutdown.run_until_cancelled(warehouse.refused()).await else { return };
        match (&refused, failing) {
            (Err(error), false) => tracing::warn!(%error, "the history cannot be asked what it lacks"),
            (Ok(_), true) => tracing::info!("the history can be asked again what it lacks"),
            _ => {}
        }
        failing = refused.is_err();
        if let Ok(rows) = refused {
            metrics::HISTORY_REFUSED_ROWS.record(rows.iter().map(|of_kind| of_kind.rows).sum(), &[]);
            missing.0.send_replace(Arc::new(rows));
        }
    }
}

/// Returns what to warn of, by segment.
pub(super) async fn warnings(state: &AppState) -> HashMap<SegmentId, Vec<SegmentWarning>> {
    let rows = state.missing.rows();
    if rows.is_empty() {
        return HashMap::new();
    }
    let mut affected = state.known_rules.affected(state.feed.definitions(), rows).await;
    affected.drain().map(|(segment_id, rows)| (segment_id, rows.iter().map(SegmentWarning::from).collect())).collect()
}

impl From<&RefusedRows> for SegmentWarning {
    fn from(refused: &RefusedRows) -> Self {
        let RefusedRows { kind, rows, since } = refused;
        let (what, activity_type) = match kind {
            RefusedKind::Event(Some(activity_type)) => {
                (format!("events `{activity_type}`"), Some(activity_type.to_string()))
            }
            RefusedKind::Event(None) => ("events of some activity type".to_owned(), None),
            RefusedKind::Traits => ("things that were said of users".to_owned(), None),
        };
        let detail = format!(
            "the history could not take {rows} {what}: what is read from it, a backfill or a preview, lacks them; \
             what was decided when they came does not"
        );
        Self { code: HISTORY_INCOMPLETE, detail, activity_type, rows: *rows, since: *since }
    }
}
