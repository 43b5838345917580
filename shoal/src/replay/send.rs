//! Posting batches, several at a time, until each of their events is accepted or refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use super::refused::{Refusal, RefusedFile};
use super::source::Line;
use crate::client::{Backoff, BatchAnswer, CallError, IngestionClient, ItemOutcome};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What came of the events so far.
#[derive(Debug, Default)]
pub(super) struct Totals {
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl Totals {
    /// Returns how many events are durable.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Returns how many events were refused for good.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// What every worker needs.
#[derive(Clone, Debug)]
pub(super) struct Poster {
    pub(super) ingestion: IngestionClient,
    pub(super) refused: Arc<RefusedFile>,
    pub(super) totals: Arc<Totals>,
    pub(super) bar: ProgressBar,
    /// How long one batch is tried again.
    pub(super) patience: Duration,
}

/// Posts everything received, with so many workers; ends at the first batch that cannot be delivered.
pub(super) async fn post_all(poster: Poster, batches: Receiver<Vec<Line>>, workers: usize) -> anyhow::Result<()> {
    let batches = Arc::new(Mutex::new(batches));
    let mut running = JoinSet::new();
    for _ in 0..workers {
        let (poster, batches) = (poster.clone(), batches.clone());
        running.spawn(async move {
            loop {
                let next = batches.lock().await.recv().await;
                match next {
                    Some(lines) => poster.post(lines).await?,
                    None => return anyhow::Ok(()),
                }
            }
        });
    }
    drop(batches);
    while let Some(ended) = running.join_next().await {
        // Dropping the set stops the other workers; their batches are resumed by the next run.
        ended.context("posting a batch")??;
    }
    Ok(())
}

impl Poster {
    async fn post(&self, mut lines: Vec<Line>) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        while !lines.is_empty() {
            let asked_for = match self.ingestion.post_batch(lines.iter().map(|line| line.text.as_str())).await {
                Ok(answer) => {
                    lines = self.settle(lines, answer)?;
                    None
                }
                Err(CallError::Refused { status, body }) => bail!("the batch is refused: {status}: {body}"),
                Err(error) if started.elapsed() > self.patience => return Err(error).context("giving up"),
                Err(CallError::TryLater { retry_after, .. }) => retry_after,
                Err(CallError::NoAnswer(_)) => None,
            };
            if !lines.is_empty() {
                anyhow::ensure!(started.elapsed() <= self.patience, "giving up on events that are answered 503");
                self.bar.set_message("waiting for the server");
                tokio::time::sleep(backoff.wait(asked_for)).await;
            }
        }
        self.bar.set_message(format!("{} accepted, {} refused", self.totals.accepted(), self.totals.refused()));
        Ok(())
    }

    /// Counts what is settled and returns the lines to try again.
    fn settle(&self, lines: Vec<Line>, answer: BatchAnswer) -> anyhow::Result<Vec<Line>> {
        anyhow::ensure!(
            answer.results.len() == lines.len(),
            "{} events were sent and {} answered",
            lines.len(),
            answer.results.len()
        );
        let mut again = Vec::new();
        for (line, outcome) in lines.into_iter().zip(answer.results) {
            match outcome.status {
                ..300 => _ = self.totals.accepted.fetch_add(1, Ordering::Relaxed),
                429 | 500.. => again.push(line),
                _ => self.refuse(&line, &outcome)?,
            }
        }
        Ok(again)
    }

    fn refuse(&self, line: &Line, outcome: &ItemOutcome) -> anyhow::Result<()> {
        self.totals.refused.fetch_add(1, Ordering::Relaxed);
        self.refused.add(&Refusal {
            line: line.number,
            code: outcome.code.as_deref().unwrap_or("unknown"),
            errors: &outcome.errors,
            event: &line.text,
        })
    }
}
