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
    let given_up = Instant::now();

    let received = received.lock().unwrap_or_else(PoisonError::into_inner);
    let (to_change, missing) = to_change(&posted.due, &received, given_up);
    Ok(Latency {
        rate_per_second: rate,
        reached_per_second: posted.answers.len() as f64 / posted.took.as_secs_f64(),
        changes: to_change.len() - missing,
        missing,
        post_to_change: Quantiles::of(to_change),
        post_to_answer: Quantiles::of(posted.answers),
    })
}

/// Returns how long each change took, and how many never came. Those took at least until they were
/// given up, and count so: left out, they would make a system that loses its slowest look fast.
fn to_change(
    due: &[(EventId, Instant)],
    received: &HashMap<EventId, Instant>,
    given_up: Instant,
) -> (Vec<Duration>, usize) {
    let missing = due.iter().filter(|(event_id, _)| !received.contains_key(event_id)).count();
    let until = |event_id| received.get(event_id).copied().unwrap_or(given_up);
    (due.iter().map(|(event_id, due)| until(event_id).duration_since(*due)).collect(), missing)
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_change_that_never_came_counts_until_it_was_given_up() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let [came, lost] = [1, 2].map(|number| EventId(Uuid::from_u128(number)));
        let received = HashMap::from([(came, start + second)]);
        let (took, missing) = to_change(&[(came, start), (lost, start + second)], &received, start + 5 * second);
        assert_eq!((took, missing), (vec![second, 4 * second], 1));
    }
}
