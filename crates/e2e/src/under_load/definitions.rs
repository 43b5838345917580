//! Segments that are created and edited while events keep coming, and how long each took to go live.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use schema::SegmentId;
use shoal::client::SegmentsClient;

use super::posting::Poster;
use super::rig::{PARTITIONS, Rig};
use super::run::LoadOptions;
use super::switches::{StateWatch, Switch};
use super::traffic::Traffic;
use super::way::{Answer, Way};
use crate::now;
use crate::system::segment;

/// How long a definition may take without getting any further.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(50);
/// How often it is said how far it is.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// What a segment is to become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'c> {
    pub(super) tag: &'c str,
    /// `None` for one that is new.
    pub(super) segment_id: Option<SegmentId>,
    pub(super) clause: &'c str,
}

/// A definition that went live.
#[derive(Clone, Debug)]
pub(super) struct WentLive {
    pub(super) segment_id: SegmentId,
    /// From the request to the switch of the last partition.
    pub(super) took: Duration,
    /// How many events were acknowledged a second meanwhile.
    pub(super) events_per_second: f64,
    pub(super) switches: BTreeMap<u16, Switch>,
    /// How far it said that it was.
    pub(super) way: Way,
}

impl WentLive {
    /// Returns how many records lay before the switches.
    pub(super) fn records(&self) -> u64 {
        self.switches.values().map(|switch| switch.next_offset).sum()
    }
}

/// Creates or edits a segment and waits until every partition has switched to it.
pub(super) async fn define(
    wanted: Wanted<'_>,
    options: &LoadOptions<'_>,
    rig: &Rig,
    (poster, traffic): (&Poster, &Traffic),
    progress: &mut impl FnMut(String),
) -> anyhow::Result<WentLive> {
    let (brokers, prefix) = (options.kafka.brokers(), rig.prefix.clone());
    let watch = tokio::task::spawn_blocking(move || StateWatch::open(&brokers, &prefix, PARTITIONS));
    let watch = watch.await.context("watching the state")??;
    let segments = SegmentsClient::new(rig.http.clone(), rig.config.url());
    let (asked, asked_at, acknowledged) = (Instant::now(), now(), poster.acknowledged());
    let body = segment(wanted.tag, wanted.clause);
    let segment_id = match wanted.segment_id {
        None => segments.create(&body).await?.id,
        Some(segment_id) => segments.update(segment_id, &body).await?.id,
    };
    let way = until_live(segment_id, asked, rig, traffic, progress).await?;
    let events_per_second = (poster.acknowledged() - acknowledged) as f64 / asked.elapsed().as_secs_f64();
    let clause = wanted.clause.to_owned();
    let finding = tokio::task::spawn_blocking(move || watch.switches(segment_id, &clause));
    let switches = finding.await.context("reading the state")??;
    let last = switches.values().map(|switch| switch.now.micros_since(asked_at)).max().unwrap_or_default();
    let took = Duration::from_micros(last.max(0).unsigned_abs());
    Ok(WentLive { segment_id, took, events_per_second, switches, way })
}

async fn until_live(
    segment_id: SegmentId,
    asked: Instant,
    rig: &Rig,
    traffic: &Traffic,
    progress: &mut impl FnMut(String),
) -> anyhow::Result<Way> {
    let (url, mut way) = (rig.backfill_of(segment_id), Way::default());
    let (mut said, mut moved) = (Instant::now(), Instant::now());
    loop {
        let answer: Answer = rig.http.get(&url).send().await?.error_for_status()?.json().await?;
        if way.last() != Some(&answer) {
            moved = Instant::now();
        }
        if said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            progress(format!("{url}: {answer:?}"));
        }
        ensure!(!traffic.has_failed(), "the traffic ended");
        ensure!(moved.elapsed() < PATIENCE, "{url} says the same for {PATIENCE:?}: {answer:?}");
        let is_live = answer.is_live();
        way.take(asked.elapsed().as_secs_f64(), now(), answer);
        if is_live {
            return Ok(way);
        }
        tokio::time::sleep(POLL).await;
    }
}
