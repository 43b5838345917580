//! The segments of a crash run: some that stay, one that is edited, one that comes and goes.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use schema::SegmentId;
use shoal::Dice;
use shoal::client::{CallError, NewSegment, SegmentsClient};
use tokio::sync::watch;

use super::staying::{STAYING, Staying};
use crate::process::Places;

/// How long new segments may take on a busy machine until they decide memberships.
const LIVE_WITHIN: Duration = Duration::from_secs(60);
const EDITED: &str = "edited";
const EDITS: [&str; 4] = [
    "created_at >= now() - INTERVAL 1 SECOND",
    "count(*) >= 10",
    "region = 'Texas' AND created_at >= now() - INTERVAL 3 SECOND",
    "sum(order_total) FILTER (WHERE created_at >= now() - INTERVAL 5 SECOND) > 20",
];
const PASSING: &str = "passing";
const PASSING_CLAUSE: &str = "activity_type = 'added_to_cart' AND created_at >= now() - INTERVAL 4 SECOND";

/// What a segment may be: what was acknowledged last, and what was asked for since without an answer.
///
/// `None` stands for a segment that is not there.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) tag: &'static str,
    pub(super) possible: Vec<Option<&'static str>>,
}

/// Edits definitions now and then.
pub(super) struct Editor {
    pub(super) http: reqwest::Client,
    pub(super) places: watch::Receiver<Option<Places>>,
    expected: Mutex<[Expected; 2]>,
}

impl Editor {
    /// Makes the editor; nothing is defined yet.
    pub(super) fn new(http: reqwest::Client, places: watch::Receiver<Option<Places>>) -> Self {
        let nothing = |tag| Expected { tag, possible: vec![None] };
        Self { http, places, expected: Mutex::new([nothing(EDITED), nothing(PASSING)]) }
    }

    /// Returns what the edited segments may be now.
    pub(super) fn expected(&self) -> [Expected; 2] {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Creates the segments that stay, and waits until they decide memberships: from the first event
    /// on, every change is explained by all of them.
    pub(super) async fn create_staying(&self) -> anyhow::Result<()> {
        let Some(segments) = self.segments().await else { return Ok(()) };
        for Staying { tag, clause, .. } in &STAYING {
            segments.create_if_absent(&definition(tag, clause)).await?;
        }
        self.until_live().await
    }

    /// Waits until every segment there is decides memberships.
    pub(super) async fn until_live(&self) -> anyhow::Result<()> {
        let Some(segments) = self.segments().await else { return Ok(()) };
        let live = tokio::time::timeout(LIVE_WITHIN, segments.until_live()).await;
        live.with_context(|| format!("segments that do not decide memberships after {LIVE_WITHIN:?}"))??;
        Ok(())
    }

    /// Edits until stopped.
    pub(super) async fn edit(&self, mut dice: Dice, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let Some(segments) = self.segments().await else { return };
            if dice.chance(50) {
                self.set(&segments, 0, Some(*dice.pick(&EDITS))).await;
            } else {
                let wanted = dice.chance(50).then_some(PASSING_CLAUSE);
                self.set(&segments, 1, wanted).await;
            }
            tokio::time::sleep(Duration::from_millis(300 + dice.below(1500))).await;
        }
    }

    async fn segments(&self) -> Option<SegmentsClient> {
        let mut places = self.places.clone();
        let places = places.wait_for(Option::is_some).await.ok()?.clone()?;
        Some(SegmentsClient::new(self.http.clone(), &places.config))
    }

    /// Makes a segment what is wanted, and notes what is known of it then.
    async fn set(&self, segments: &SegmentsClient, which: usize, wanted: Option<&'static str>) {
        let tag = self.expected()[which].tag;
        let Ok(listed) = segments.list().await else { return };
        let existing = listed.into_iter().find(|segment| segment.tag == tag).map(|segment| segment.id);
        // Before the call, so that a crash within it leaves both answers possible.
        self.note(which, |possible| possible.push(wanted));
        if let Ok(()) = change(segments, tag, existing, wanted).await {
            self.note(which, |possible| *possible = vec![wanted]);
        }
    }

    fn note(&self, which: usize, change: impl FnOnce(&mut Vec<Option<&'static str>>)) {
        change(&mut self.expected.lock().unwrap_or_else(PoisonError::into_inner)[which].possible);
    }
}

async fn change(
    segments: &SegmentsClient,
    tag: &str,
    existing: Option<SegmentId>,
    wanted: Option<&str>,
) -> Result<(), CallError> {
    match (existing, wanted) {
        (None, None) => Ok(()),
        (None, Some(clause)) => segments.create(&definition(tag, clause)).await.map(drop),
        (Some(id), Some(clause)) => segments.update(id, &definition(tag, clause)).await.map(drop),
        (Some(id), None) => segments.delete(id).await,
    }
}

fn definition(tag: &str, clause: &str) -> NewSegment {
    NewSegment {
        title: tag.to_owned(),
        description: "part of a crash run".to_owned(),
        tag: tag.to_owned(),
        where_statement: clause.to_owned(),
        is_generic: true,
    }
}
