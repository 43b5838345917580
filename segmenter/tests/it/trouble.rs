//! A log and messages that misbehave.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use schema::{ErrorRecord, ErrorType, PartitionId, Topic, UserId, partition_of};

use crate::rig::{PARTITIONS, Rig, Shop, at, check_stream, eventually, members};

const BUYERS: &str = "activity_type = 'product_purchased'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_refuses_commits_is_asked_again_with_the_same_commit() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.meddling.refuse_commits.store(5, Ordering::SeqCst);
    rig.send(vec![Shop::default().event(7, "product_purchased", now)]).await;
    rig.settle().await;
    let changes = rig.changes().await;
    check_stream(&changes);
    assert_eq!(changes.len(), 1);
    let refused = rig.meddling.refused.lock().unwrap();
    assert_eq!(refused.len(), 5);
    assert!(refused.iter().all(|commit| *commit == refused[0]), "{refused:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_while_the_log_refuses_commits_loses_nothing() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.meddling.refuse_commits.store(usize::MAX, Ordering::SeqCst);
    rig.send(vec![Shop::default().event(7, "product_purchased", now)]).await;
    eventually("a commit is refused", async || !rig.meddling.refused.lock().unwrap().is_empty()).await;
    rig.stop().await.expect("a clean end");
    rig.meddling.refuse_commits.store(0, Ordering::SeqCst);
    rig.start().await;
    rig.settle().await;
    assert_eq!(rig.changes().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_needs_a_restart_ends_the_process_instead_of_being_waited_for() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.meddling.break_log.store(1, Ordering::SeqCst);
    rig.send(vec![Shop::default().event(7, "product_purchased", now)]).await;
    let ended = rig.ended().await.expect_err("a loud end");
    assert!(format!("{ended:#}").contains("broken by the test"), "{ended:#}");
    rig.start().await;
    rig.settle().await;
    assert_eq!(rig.changes().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_no_record_becomes_a_dead_letter_and_the_rest_goes_on() {
    let now = at("2026-01-01T00:00:00Z");
    let rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.meddling.cut_short.lock().unwrap().insert(1);
    let mut shop = Shop::default();
    rig.send((0..3).map(|_| shop.event(7, "product_purchased", now)).collect()).await;
    rig.settle().await;
    assert_eq!(members(&rig.changes().await, 1), BTreeSet::from([UserId(7)]));
    let letters = rig.read_all(Topic::DeadLetters).await.unwrap();
    let letter: serde_json::Value = serde_json::from_slice(&letters[0].value).unwrap();
    assert_eq!((letters.len(), &letter["reason"], &letter["offset"]), (1, &"malformed".into(), &1.into()));
    let errors = rig.read_all(Topic::Errors).await.unwrap();
    let error: ErrorRecord = serde_json::from_slice(&errors[0].value).unwrap();
    assert_eq!((errors.len(), error.error_type), (1, ErrorType::SegmentComputationError));
    assert_eq!(error.data["user_id"], 7);
    assert_eq!(error.data["partition"], partition_of(UserId(7), PARTITIONS).0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_someone_else_took_is_dropped_and_the_others_go_on() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.meddling.fence.store(1, Ordering::SeqCst);
    let mut shop = Shop::default();
    rig.send(vec![shop.event(7, "product_purchased", now)]).await;
    eventually("the commit was fenced", async || rig.meddling.fence.load(Ordering::SeqCst) == 0).await;
    let lost = partition_of(UserId(7), PARTITIONS);
    let other = (1..).find(|user| partition_of(UserId(*user), PARTITIONS) != lost).unwrap();
    rig.send(vec![shop.event(other, "product_purchased", now)]).await;
    eventually("the other user is in", async || members(&rig.changes().await, 1).contains(&UserId(other))).await;
    assert_eq!(members(&rig.changes().await, 1), BTreeSet::from([UserId(other)]));
    rig.stop().await.expect("a clean end");
    rig.start().await;
    rig.settle().await;
    assert_eq!(members(&rig.changes().await, 1), BTreeSet::from([UserId(7), UserId(other)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_that_cannot_be_read_stop_the_process_loudly() {
    let now = at("2026-01-01T00:00:00Z");
    let mut rig = Rig::at(now).await;
    rig.define_and_wait(1, &[BUYERS]).await;
    rig.send(vec![Shop::default().event(7, "product_purchased", now)]).await;
    rig.settle().await;
    rig.stop().await.unwrap();
    rig.meddling.spoil_users.store(1, Ordering::SeqCst);
    rig.begin().await;
    let error = format!("{:#}", rig.ended().await.expect_err("damage is not passed over"));
    let partition: PartitionId = partition_of(UserId(7), PARTITIONS);
    assert!(error.contains(&format!("owning partition {partition}: loading user 7")), "{error}");
}
