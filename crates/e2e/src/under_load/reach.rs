//! How long it is from the API's answer until every segmenter has heard of a definition.
//!
//! Each process says itself what it has heard of; a partition may decide by it later, when it has the history.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use shoal::client::SegmentsClient;

use super::rig::Rig;
use super::way::Answer;
use crate::system::segment;

/// How many definitions are put, one after the other.
const DEFINITIONS: usize = 7;
/// The segment that they are of.
const TAG: &str = "told";
/// The newest definitions that came to a segmenter.
const GAUGE: &str = "segmenter_definitions_generation";
const POLL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);
/// A definition must reach all within this, in the middle of several.
const MEDIAN_AT_MOST: Duration = Duration::from_secs(1);
/// And each of them within this, however busy the machine is.
const EACH_AT_MOST: Duration = Duration::from_secs(3);

/// How long each definition took, ascending.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    pub(super) segmenters: usize,
    pub(super) took: Vec<Duration>,
}

impl Reach {
    pub(super) fn median(&self) -> Duration {
        self.took.get(self.took.len() / 2).copied().unwrap_or_default()
    }

    pub(super) fn slowest(&self) -> Duration {
        self.took.last().copied().unwrap_or_default()
    }

    /// Returns whether several definitions were heard of by several segmenters in time.
    pub fn is_within_a_second(&self) -> bool {
        let is_shown = self.segmenters >= 2 && self.took.len() == DEFINITIONS;
        is_shown && self.median() < MEDIAN_AT_MOST && self.slowest() < EACH_AT_MOST
    }
}

/// Creates a segment that has no members and edits it, each time waiting until all segmenters know.
pub(super) async fn put_definitions(rig: &Rig) -> anyhow::Result<Reach> {
    let segments = SegmentsClient::new(rig.http.clone(), rig.config.url());
    let (mut segment_id, mut took) = (None, Vec::new());
    for number in 0..DEFINITIONS {
        let body = segment(TAG, &format!("activity_type = 'never_{number}'"));
        let defined = match segment_id {
            None => segments.create(&body).await?,
            Some(segment_id) => segments.update(segment_id, &body).await?,
        };
        let answered = Instant::now();
        segment_id = Some(defined.id);
        let said = rig.http.get(rig.backfill_of(defined.id)).send().await?.error_for_status()?;
        let Answer { generation, .. } = said.json().await.context("reading which generation it is")?;
        until_all_know(rig, generation, answered).await?;
        took.push(answered.elapsed());
    }
    took.sort_unstable();
    Ok(Reach { segmenters: rig.segmenters.len(), took })
}

async fn until_all_know(rig: &Rig, generation: u64, since: Instant) -> anyhow::Result<()> {
    for segmenter in &rig.segmenters {
        let url = segmenter.metrics_url();
        while known(&rig.http, &url).await? < generation {
            ensure!(since.elapsed() < PATIENCE, "{url} does not know generation {generation} after {PATIENCE:?}");
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(())
}

/// Returns what a segmenter has heard of; 0 before it has heard of anything.
async fn known(http: &reqwest::Client, url: &str) -> anyhow::Result<u64> {
    let text = http.get(url).send().await?.error_for_status()?.text().await?;
    let line = text.lines().find(|line| line.starts_with(GAUGE));
    let Some(value) = line.and_then(|line| line.split_whitespace().last()) else { return Ok(0) };
    Ok(value.parse::<f64>().with_context(|| format!("{GAUGE} is {value}"))? as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(millis: [u64; DEFINITIONS], segmenters: usize, expected: bool) {
        let took = millis.map(Duration::from_millis).to_vec();
        assert_eq!(Reach { segmenters, took }.is_within_a_second(), expected, "{millis:?}");
    }

    #[test]
    fn definitions_are_in_time_if_most_take_less_than_a_second_and_none_very_long() {
        check([5, 9, 20, 40, 900, 2_000, 2_900], 2, true);
        check([5, 9, 20, 1_001, 1_002, 1_003, 1_004], 2, false);
        check([5, 9, 20, 40, 50, 60, 3_001], 2, false);
        check([5; DEFINITIONS], 1, false);
        assert!(!Reach::default().is_within_a_second());
    }
}
