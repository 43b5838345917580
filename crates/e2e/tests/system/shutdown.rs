//! SIGTERM while clients post: what was acknowledged is there, once, after the next start.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::process::Installation;
use e2e::record::Recorded;
use e2e::system::{eventually, segment};
use schema::{EventId, LogRecord, UserId};
use serde_json::json;
use shoal::client::{IngestionClient, SegmentsClient};
use tokio::task::JoinSet;

use crate::{SHOAL, event};

const CLIENTS: usize = 4;
/// How many events are acknowledged before each SIGTERM.
const ENOUGH: usize = 200;
const PATIENCE: Duration = Duration::from_secs(120);

/// Posts until the process no longer answers; returns what was acknowledged.
async fn post_until_it_ends(client: IngestionClient, number: usize, count: Arc<AtomicUsize>) -> Vec<EventId> {
    let mut acknowledged = Vec::new();
    loop {
        let id = format!("visitor-{number}-{}", acknowledged.len() % 7);
        let event = event(&id, "page_viewed", &json!({ "event_id": uuid::Uuid::now_v7() }));
        match client.post(&event).await {
            Ok(accepted) => acknowledged.push(accepted.event_id),
            Err(_stopping) => return acknowledged,
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts it, lets clients post, and stops it with SIGTERM in the middle: exit code 0 is checked.
async fn stop_under_load(installation: &Installation, acknowledged: &mut Vec<EventId>) {
    let running = installation.start().await.unwrap();
    let http = reqwest::Client::new();
    let segments = SegmentsClient::new(http.clone(), &running.places().config);
    segments.create_if_absent(&segment("viewers", "count(*) >= 2")).await.unwrap();
    let (mut clients, count) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    for number in 0..CLIENTS {
        let ingestion = IngestionClient::new(http.clone(), &running.places().ingestion);
        clients.spawn(post_until_it_ends(ingestion, number, count.clone()));
    }
    eventually("enough events", || async { Ok((count.load(Ordering::Relaxed) >= ENOUGH).then_some(())) })
        .await
        .unwrap();
    running.stop().await.unwrap();
    while let Some(of_client) = clients.join_next().await {
        acknowledged.extend(of_client.unwrap());
    }
}

/// Reads the data directory when the history has caught up with the log.
async fn read_when_written(installation: &Installation) -> Recorded {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let running = installation.start().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        running.stop().await.unwrap();
        let recorded = Recorded::read(&installation.data()).await.unwrap();
        if recorded.behind() == 0 {
            return recorded;
        }
        assert!(Instant::now() < deadline, "the history is {} records behind", recorded.behind());
    }
}

#[track_caller]
fn check_once(what: &str, stored: impl Iterator<Item = EventId>, acknowledged: &[EventId]) {
    let mut counts: BTreeMap<EventId, usize> = BTreeMap::new();
    for event_id in stored {
        *counts.entry(event_id).or_default() += 1;
    }
    let lost: Vec<_> = acknowledged.iter().filter(|event_id| !counts.contains_key(event_id)).collect();
    assert!(lost.is_empty(), "{what} lacks {lost:?} of {} events", acknowledged.len());
    let repeated: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(repeated.is_empty(), "{what} has {repeated:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_load_loses_and_repeats_nothing() {
    let folder = tempfile::Builder::new().prefix("shoal-e2e-").tempdir().unwrap();
    let installation = Installation::new(Path::new(SHOAL), folder.path());
    let mut acknowledged = Vec::new();
    for _ in 0..2 {
        stop_under_load(&installation, &mut acknowledged).await;
    }
    assert!(acknowledged.len() >= 2 * ENOUGH, "{} acknowledged", acknowledged.len());
    let recorded = read_when_written(&installation).await;
    let logged = recorded.partitions.iter().flat_map(|partition| &partition.events);
    let logged = logged.filter_map(|(_, record)| match record {
        LogRecord::Event(event) => Some(event.event_id),
        LogRecord::Traits(_) | LogRecord::Deletion(_) => None,
    });
    check_once("the log", logged, &acknowledged);
    let history = recorded.partitions.iter().flat_map(|partition| &partition.history);
    check_once("the history", history.map(|row| row.event.event_id), &acknowledged);
    let mut entered: BTreeSet<UserId> = BTreeSet::new();
    for (user_id, changes) in recorded.changes() {
        assert_eq!(changes.len(), 1, "user {user_id} enters once and stays: {changes:?}");
        entered.insert(user_id);
    }
    assert_eq!(entered.len(), CLIENTS * 7, "everybody has sent two events");
}
