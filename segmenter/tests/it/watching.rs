//! What people and machines can see of a running segmenter.

use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Ownership, OwnershipChange};
use schema::UserId;
use tokio::sync::oneshot;

use crate::rig::{Rig, Shop, TestClock, at, eventually};

const BUYERS: &str = "activity_type = 'product_purchased'";

async fn get(url: String) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_partition_says_that_it_is_exact_now_and_commits_nothing() {
    let rig = Rig::with_clock(TestClock::Real).await;
    rig.settle().await;
    let commits = rig.meddling.commits.load(Ordering::SeqCst);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        rig.settle().await;
    }
    assert_eq!(rig.meddling.commits.load(Ordering::SeqCst), commits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_of_stands_still_while_a_commit_is_refused() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.settle().await;
    rig.meddling.refuse_commits.store(usize::MAX, Ordering::SeqCst);
    let partition = schema::partition_of(UserId(7), crate::rig::PARTITIONS);
    rig.clock.set(now.plus_micros(1_000_000));
    rig.send(vec![Shop::default().event(7, "product_purchased", now)]).await;
    eventually("a commit is refused", async || !rig.meddling.refused.lock().unwrap().is_empty()).await;
    rig.clock.set(now.plus_micros(2_000_000));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let statuses = rig.statuses().await;
    let held = statuses.iter().find(|status| status.partition == partition).unwrap();
    assert!(held.as_of < now.plus_micros(2_000_000), "{held:?}");
    assert_eq!(held.next_offset, 0);
    rig.meddling.refuse_commits.store(0, Ordering::SeqCst);
    rig.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_readiness_and_metrics_are_served() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.send(vec![Shop::default().event(7, "product_purchased", now)]).await;
    rig.settle().await;
    assert_eq!(get(rig.url("/healthz")).await.0, 200);
    assert_eq!(get(rig.url("/readyz")).await.0, 200);
    let (_, text) = get(rig.url("/metrics")).await;
    for metric in [
        r#"segmenter_changes_total{cause="event"}"#,
        "segmenter_records_applied_total",
        r#"segmenter_event_to_change_duration_seconds_bucket{of="received_at""#,
        "segmenter_commit_duration_seconds_count",
        r#"segmenter_lag_records{partition="0"}"#,
        r#"segmenter_users{partition="0"}"#,
        r#"segmenter_users_large{partition="0"}"#,
        r#"segmenter_users_large_size_bytes{partition="0"}"#,
        r#"segmenter_users_spilled{partition="0"}"#,
        r#"segmenter_users_spilled_size_bytes{partition="0"}"#,
    ] {
        assert!(text.contains(metric), "{metric} is missing from\n{text}");
    }
}

/// Hands out nothing, and says so when it is told to.
struct NothingLeft(Option<oneshot::Receiver<()>>);

#[async_trait]
impl Ownership for NothingLeft {
    async fn next(&mut self) -> Result<Option<OwnershipChange>, BusError> {
        let Some(told) = self.0.take() else { return pending().await };
        told.await.unwrap();
        Ok(Some(OwnershipChange::Idle))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segmenter_that_no_partition_is_left_for_is_ready_and_says_why_it_does_nothing() {
    let rig = Rig::at(at("2026-01-01T00:00:00Z")).await;
    let (tell, told) = oneshot::channel();
    let idle = rig.start_beside(NothingLeft(Some(told))).await;
    let url = format!("http://{}/readyz", idle.metrics);
    // Longer than partitions that are handed out one by one are waited for.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (status, text) = get(url.clone()).await;
    assert_eq!(status, 503, "nobody has shared out anything: {text}");
    tell.send(()).unwrap();
    let waiting = "/readyz answers 200 once the log has said that nothing is left";
    eventually(waiting, async || get(url.clone()).await.0 == 200).await;
    assert!(*idle.ready.borrow(), "who watches it is told as well");
    let (status, text) = get(url).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("idle: others own every partition"), "{text}");
}
