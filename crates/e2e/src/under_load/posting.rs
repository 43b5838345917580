//! Posting batches until they are acknowledged, and the history before everything else.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use shoal::client::{CallError, IngestionClient};
use tokio::task::JoinSet;

use super::shop::Shop;
use crate::now;

/// How many events of the history one request has.
const BATCH: usize = 1_000;
/// How many requests of the history are under way at once.
const TOGETHER: u64 = 4;
/// The pause before a batch is posted again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long a batch may go without an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Posts to one instance after the other, and counts what was acknowledged.
pub(super) struct Poster {
    ingestion: Vec<IngestionClient>,
    turn: AtomicU64,
    acknowledged: AtomicU64,
}

impl Poster {
    /// Talks to these instances.
    pub(super) fn new(http: &reqwest::Client, urls: impl Iterator<Item = String>) -> Arc<Self> {
        let ingestion = urls.map(|url| IngestionClient::new(http.clone(), &url)).collect();
        Arc::new(Self { ingestion, turn: AtomicU64::new(0), acknowledged: AtomicU64::new(0) })
    }

    /// Returns how many events were acknowledged so far.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Posts until every line is acknowledged; a line that was not is posted again with the same id.
    pub(super) async fn post(&self, mut lines: Vec<String>) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !lines.is_empty() {
            ensure!(Instant::now() < deadline, "{} events are not acknowledged after {PATIENCE:?}", lines.len());
            let posted = lines.len();
            lines = self.post_once(lines).await?;
            self.acknowledged.fetch_add((posted - lines.len()) as u64, Ordering::Relaxed);
            if !lines.is_empty() {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
        Ok(())
    }

    /// Returns the lines to post again.
    async fn post_once(&self, lines: Vec<String>) -> anyhow::Result<Vec<String>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) as usize;
        let ingestion = self.ingestion.get(turn % self.ingestion.len().max(1)).context("nobody to post to")?;
        let answer = match ingestion.post_batch(lines.iter().map(String::as_str)).await {
            Ok(answer) => answer,
            Err(error @ CallError::Refused { .. }) => bail!("a good batch was refused: {error}"),
            Err(_) => return Ok(lines),
        };
        let mut again = Vec::new();
        for (line, outcome) in lines.into_iter().zip(answer.results) {
            match outcome.status {
                200..300 => {}
                500.. => again.push(line),
                _ => bail!("a good event was answered {outcome:?}: {line}"),
            }
        }
        Ok(again)
    }
}

/// Posts so many events of the past, as fast as it goes.
pub(super) async fn post_history(poster: &Arc<Poster>, seed: u64, users: u64, events: u64) -> anyhow::Result<()> {
    let (shop, left) = (Arc::new(Mutex::new(Shop::new(seed, users))), Arc::new(AtomicU64::new(events)));
    let now = now();
    let next = move || {
        let claimed = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(BATCH as u64)).filter(|_| left > 0)
        });
        let length = claimed.ok()?.min(BATCH as u64);
        let mut shop = shop.lock().unwrap_or_else(PoisonError::into_inner);
        Some((0..length).map(|_| shop.past(now)).collect::<Vec<_>>())
    };
    let mut posting = JoinSet::new();
    for _ in 0..TOGETHER {
        let (poster, next) = (Arc::clone(poster), next.clone());
        posting.spawn(async move {
            while let Some(lines) = next() {
                poster.post(lines).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(posted) = posting.join_next().await {
        posted.context("posting history")??;
    }
    Ok(())
}
