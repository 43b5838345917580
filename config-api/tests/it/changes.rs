//! The stream of changes: complete, in order, resumable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bus::EventLog;
use bus::meddled::MeddledLog;
use reqwest::Method;
use schema::{SegmentChange, Topic, UserId};
use serde_json::Value;

use crate::app::{PARTITIONS, TestApp, config};
use crate::publisher::{Dice, Publisher, seed};
use crate::stream::Stream;
use crate::trimmed::Trimming;

const CHANGES: &str = "/api/v1/changes";

/// Sorts changes by user, after checking that each user's are in order without gap or repetition.
#[track_caller]
fn by_user(changes: &[SegmentChange]) -> BTreeMap<UserId, Vec<SegmentChange>> {
    let mut sorted: BTreeMap<UserId, Vec<SegmentChange>> = BTreeMap::new();
    for change in changes {
        let own = sorted.entry(change.user_id).or_default();
        assert_eq!(change.seq, own.len() as u64 + 1, "user {}", change.user_id);
        own.push(change.clone());
    }
    sorted
}

#[tokio::test]
async fn a_subscriber_that_reconnects_again_and_again_misses_and_repeats_nothing() {
    const COUNT: usize = 600;
    let mut dice = Dice(seed());
    let app = TestApp::start().await;
    let mut publisher = Publisher::own(&app.log).await;
    let mut published = Vec::new();
    for number in 0..COUNT as i64 {
        published.push(publisher.change(UserId(1 + dice.roll(25) as i64), &[1 + number % 2, 3]));
    }
    let publishing = {
        let published = published.clone();
        let lengths: Vec<usize> = (0..COUNT).map(|_| 1 + dice.roll(9) as usize).collect();
        async move {
            let mut rest = published.as_slice();
            for length in lengths {
                let (now, later) = rest.split_at(length.min(rest.len()));
                publisher.publish(now.to_vec()).await;
                rest = later;
            }
        }
    };
    let mut stream = Stream::open(&app, "", None).await;
    let reading = async {
        let mut received = Vec::new();
        let mut reconnects = 0;
        while received.len() < COUNT {
            received.push(stream.change().await);
            if dice.roll(20) == 0 {
                let last = stream.last_event_id.clone();
                stream = Stream::open(&app, "", Some(&last)).await;
                reconnects += 1;
            }
        }
        assert!(reconnects > 3, "only {reconnects} reconnects");
        received
    };
    let (received, ()) = tokio::join!(reading, publishing);
    assert_eq!(by_user(&received), by_user(&published));
}

#[tokio::test]
async fn a_position_is_good_for_another_process_after_a_restart() {
    let app = TestApp::start().await;
    let mut publisher = Publisher::own(&app.log).await;
    let mut stream = Stream::open(&app, "", None).await;
    for user_id in 1..=10 {
        publisher.put(user_id, &[1]).await;
    }
    let mut received = Vec::new();
    for _ in 0..4 {
        received.push(stream.change().await);
    }
    let last = stream.last_event_id.clone();
    drop((stream, publisher));
    let app = TestApp::start_in(app.stop().await, config()).await;
    let mut stream = Stream::open(&app, "", Some(&last)).await;
    for _ in 0..6 {
        received.push(stream.change().await);
    }
    assert_eq!(by_user(&received).len(), 10);
}

#[tokio::test]
async fn a_stream_begins_now_or_at_the_beginning() {
    let app = TestApp::start().await;
    let mut publisher = Publisher::own(&app.log).await;
    publisher.put(1, &[1]).await;
    let mut from_now = Stream::open(&app, "?from=now", None).await;
    let mut from_beginning = Stream::open(&app, "?from=beginning", None).await;
    publisher.put(1, &[2]).await;
    assert_eq!(from_now.change().await.seq, 2);
    assert_eq!((from_beginning.change().await.seq, from_beginning.change().await.seq), (1, 2));
    // A client that saw no change yet resumes from where it was told the stream begins.
    let silent = Stream::open(&app, "", None).await;
    let begin = silent.last_event_id.clone();
    drop(silent);
    publisher.put(1, &[3]).await;
    let mut resumed = Stream::open(&app, &format!("?last_event_id={begin}"), None).await;
    assert_eq!(resumed.change().await.seq, 3);
}

#[tokio::test]
async fn a_subscriber_gets_what_it_asked_for() {
    let app = TestApp::start().await;
    let (a, b) = (app.segment("a").await, app.segment("b").await);
    let mut publisher = Publisher::own(&app.log).await;
    let mut of_b = Stream::open(&app, "?segment=b", None).await;
    let mut of_both = Stream::open(&app, &format!("?segment_id={a}&segment=b&user_id=2"), None).await;
    let mut of_user = Stream::open(&app, "?user_id=2", None).await;
    publisher.put(1, &[a]).await;
    publisher.put(1, &[a, b]).await;
    publisher.put(2, &[a]).await;
    publisher.put(2, &[]).await;
    publisher.put(1, &[a]).await;
    let told = |change: SegmentChange| (change.user_id.0, change.seq);
    // Entering and leaving alike, and nothing else; each stream's order is each user's.
    assert_eq!((told(of_b.change().await), told(of_b.change().await)), ((1, 2), (1, 3)));
    assert_eq!((told(of_user.change().await), told(of_user.change().await)), ((2, 1), (2, 2)));
    assert_eq!((told(of_both.change().await), told(of_both.change().await)), ((2, 1), (2, 2)));
}

#[tokio::test]
async fn a_keep_alive_moves_the_position_past_what_was_not_wanted() {
    let mut config = config();
    config.changes.keep_alive_ms = 50;
    let app = TestApp::start_with(config).await;
    let mut publisher = Publisher::own(&app.log).await;
    let mut stream = Stream::open(&app, "?segment_id=99", None).await;
    let begin = stream.last_event_id.clone();
    publisher.put(1, &[1]).await;
    while stream.last_event_id == begin {
        assert_eq!(stream.block().await.unwrap().event, "");
    }
    let mut resumed = Stream::open(&app, "", Some(&stream.last_event_id)).await;
    publisher.put(1, &[2]).await;
    assert_eq!(resumed.change().await.seq, 2, "the first change lies before the position");
}

#[tokio::test]
async fn each_way_to_ask_wrongly_has_a_code_of_its_own() {
    let app = TestApp::start().await;
    for (query, status, code) in [
        ("from=yesterday", 400, "invalid_from"),
        ("user_id=x", 400, "invalid_id"),
        ("segment_id=0", 400, "invalid_id"),
        ("segment=No%20Tag", 400, "invalid_tag"),
        ("segment=unknown", 404, "not_found"),
        ("segmnet=a", 400, "invalid_query"),
        ("last_event_id=zzz", 400, "invalid_last_event_id"),
    ] {
        app.get(&format!("{CHANGES}?{query}")).await.problem(status, code);
    }
    let many = vec!["1"; 101].join(",");
    app.get(&format!("{CHANGES}?segment_id={many}")).await.problem(400, "too_many_segments");
    // A position beyond the end of this log was given out by another one.
    let mut publisher = Publisher::own(&app.log).await;
    let mut stream = Stream::open(&app, "", None).await;
    publisher.put(1, &[1]).await;
    stream.change().await;
    let other = TestApp::start().await;
    let foreign = other.request(Method::GET, CHANGES).header("last-event-id", &stream.last_event_id);
    other.send(foreign).await.problem(400, "invalid_last_event_id");
}

#[tokio::test]
async fn there_are_no_more_subscribers_than_allowed() {
    let mut config = config();
    config.changes.max_subscribers = 1;
    config.changes.keep_alive_ms = 20;
    let app = TestApp::start_with(config).await;
    let stream = Stream::open(&app, "", None).await;
    let refused = app.get(CHANGES).await;
    assert_eq!(refused.header("retry-after"), "5");
    refused.problem(503, "too_many_subscribers");
    drop(stream);
    crate::app::eventually("the place to be free", async || {
        let response = app.request(Method::GET, CHANGES).send().await.unwrap();
        (response.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_position_that_retention_has_passed_is_gone_for_good() {
    let log = Arc::new(std::sync::OnceLock::new());
    let app = TestApp::start_over(Arc::new(tempfile::tempdir().unwrap()), config(), |inner| {
        let trimmed = Arc::new(MeddledLog { log: inner, meddler: Trimming { begin: AtomicU64::new(0) } });
        log.set(trimmed.clone()).ok();
        trimmed
    })
    .await;
    let log = log.get().unwrap();
    let mut publisher = Publisher::own(&app.log).await;
    let mut stream = Stream::open(&app, "?user_id=1", None).await;
    let begin = stream.last_event_id.clone();
    publisher.put(1, &[1]).await;
    stream.change().await;
    let partition = schema::partition_of(UserId(1), PARTITIONS);
    // Its next read comes too late: it is told, and the stream ends.
    log.meddler.begin.store(5, Ordering::SeqCst);
    publisher.put(1, &[2]).await;
    let last = stream.event().await.unwrap();
    let data: Value = serde_json::from_str(&last.data).unwrap();
    assert_eq!((last.event.as_str(), data["code"].as_str(), last.id), ("error", Some("position_trimmed"), None));
    assert_eq!(stream.block().await, None);
    for _ in 0..5 {
        publisher.put(1, &[1]).await;
        publisher.put(1, &[2]).await;
    }
    assert!(app.log.range(Topic::SegmentChanges, partition).await.unwrap().end > 5);
    let late = app.request(Method::GET, CHANGES).header("last-event-id", begin);
    app.send(late).await.problem(410, "position_trimmed");
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_loses_nothing_and_holds_nobody_up() {
    const COUNT: i64 = 3_000;
    let app = TestApp::start().await;
    let mut publisher = Publisher::own(&app.log).await;
    let mut slow = Stream::open(&app, "", None).await;
    let mut quick = Stream::open(&app, "", None).await;
    let changes: Vec<_> = (1..=COUNT).map(|user_id| publisher.change(UserId(user_id), &[1, 2, 3])).collect();
    publisher.publish(changes).await;
    let mut received = Vec::new();
    for _ in 0..COUNT {
        received.push(quick.change().await);
    }
    assert_eq!(by_user(&received).len(), COUNT as usize);
    let mut received = Vec::new();
    for _ in 0..COUNT {
        received.push(slow.change().await);
    }
    assert_eq!(by_user(&received).len(), COUNT as usize);
}

#[tokio::test]
async fn open_streams_end_when_the_service_stops() {
    let app = TestApp::start().await;
    let mut stream = Stream::open(&app, "", None).await;
    let started = Instant::now();
    app.stop().await;
    assert_eq!(stream.block().await, None);
    println!("stopped in {:?}", started.elapsed());
    assert!(started.elapsed().as_millis() < 4_000, "the drain time was waited for");
}

#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn latency_from_commit_to_subscriber() {
    let app = TestApp::start().await;
    let mut publisher = Publisher::own(&app.log).await;
    let mut stream = Stream::open(&app, "", None).await;
    let mut latencies = Vec::new();
    for number in 0..500 {
        let change = publisher.change(UserId(1 + number % 50), &[1 + number % 2]);
        publisher.publish(vec![change]).await;
        let committed = Instant::now();
        stream.change().await;
        latencies.push(committed.elapsed());
    }
    latencies.sort();
    println!("commit to subscriber: p50 {:?}, p99 {:?}", latencies[250], latencies[495]);
}
