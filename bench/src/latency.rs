//! From a POST to its change at a subscriber, at a given rate.
//!
//! Open loop: events are due at fixed instants whether or not earlier ones were answered, and the
//! time runs from the instant at which an event was due. So a stall counts for every event it delays.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use schema::{Cause, EventId};
use shoal::client::ChangeStream;
use tokio::task::{JoinError, JoinSet};

use crate::quantiles::Quantiles;
use crate::report::Latency;
use crate::shop::Shop;

/// After the last event, changes are waited for so long.
const TAIL: Duration = Duration::from_secs(3);

/// More requests at once than this say only that the rate is too high for the machine; the next event
/// then waits, and its time runs.
const MAX_UNDER_WAY: usize = 512;

/// When the change of each event was received.
type Received = Arc<Mutex<HashMap<EventId, Instant>>>;

/// Posts at `rate` for `each`, and times every change by the event that caused it.
pub(crate) async fn measure(shop: &Shop, rate: u32, each: Duration) -> anyhow::Result<Latency> {
    let received = Received::default();
    let stream = ChangeStream::open(&shop.http, &shop.config_url, None).await?;
    let receiving = tokio::spawn(receive(stream, received.clone()));
    let posted = post(shop, rate, each).await?;
    tokio::time::sleep(TAIL).await;
    receiving.abort();

    let received = received.lock().unwrap_or_else(PoisonError::into_inner);
    let to_change: Vec<Duration> = posted
        .due
        .iter()
        .filter_map(|(event_id, due)| received.get(event_id).map(|received| received.duration_since(*due)))
        .collect();
    Ok(Latency {
        rate_per_second: rate,
        reached_per_second: posted.answers.len() as f64 / posted.took.as_secs_f64(),
        changes: to_change.len(),
        missing: posted.due.len() - to_change.len(),
        post_to_change: Quantiles::of(to_change),
        post_to_answer: Quantiles::of(posted.answers),
    })
}

async fn receive(mut stream: ChangeStream, received: Received) {
    while let Ok(Some(change)) = stream.next().await {
        if let Cause::Event { event_id } = change.cause {
            received.lock().unwrap_or_else(PoisonError::into_inner).entry(event_id).or_insert_with(Instant::now);
        }
    }
}

/// What was posted.
struct Posted {
    due: Vec<(EventId, Instant)>,
    /// From due to 202, of those that were accepted.
    answers: Vec<Duration>,
    took: Duration,
}

async fn post(shop: &Shop, rate: u32, each: Duration) -> anyhow::Result<Posted> {
    let (started, step) = (Instant::now(), Duration::from_secs(1) / rate);
    let mut under_way = JoinSet::new();
    let mut posted = Posted { due: Vec::new(), answers: Vec::new(), took: Duration::ZERO };
    while started.elapsed() < each {
        let due = started + step * posted.due.len() as u32;
        tokio::time::sleep_until(due.into()).await;
        while under_way.len() >= MAX_UNDER_WAY {
            posted.take(under_way.join_next().await)?;
        }
        let posting = shop.next_posting();
        posted.due.push((posting.event_id, due));
        let ingestion = shop.ingestion.clone();
        under_way.spawn(async move { ingestion.post(&posting.body).await.ok().map(|_| due.elapsed()) });
    }
    while let Some(ended) = under_way.join_next().await {
        posted.take(Some(ended))?;
    }
    posted.took = started.elapsed();
    Ok(posted)
}

impl Posted {
    fn take(&mut self, ended: Option<Result<Option<Duration>, JoinError>>) -> anyhow::Result<()> {
        self.answers.extend(ended.transpose().context("a client")?.flatten());
        Ok(())
    }
}
