//! Changes that retention took while nobody projected them.

use std::collections::BTreeSet;
use std::time::Duration;

use bus::EventLog as _;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use reqwest::Method;
use schema::{PartitionId, Timestamp, Topic};

use crate::app::{PARTITIONS, TestApp, config, eventually};
use crate::publisher::Publisher;
use crate::stream::Stream;

const USERS: i64 = 30;

/// Lets retention take all changes of a log that nobody else has open; the publisher's commits are long past.
async fn trim(log: &EmbeddedLog) {
    for partition in (0..PARTITIONS).map(PartitionId) {
        eventually("the changes to be trimmed", async || {
            log.range(Topic::SegmentChanges, partition).await.unwrap().is_empty().then_some(())
        })
        .await;
    }
}

async fn check(app: &TestApp, publisher: &Publisher, tag: &str, id: i64) {
    let expected: BTreeSet<i64> = publisher
        .members
        .iter()
        .filter(|(_, segments)| segments.iter().any(|segment| segment.0 == id))
        .map(|(user_id, _)| user_id.0)
        .collect();
    let path = format!("/api/v1/users/segment/{tag}?limit=1000");
    eventually("the members", async || {
        let page = app.get(&path).await.expect(200);
        let found: BTreeSet<_> =
            page["items"].as_array().unwrap().iter().map(|member| member["id"].as_i64().unwrap()).collect();
        let size = app.get(&format!("/segment/{tag}")).await.expect(200)["user_count"].as_u64();
        (found == expected && size == Some(expected.len() as u64)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memberships_are_right_after_changes_were_trimmed_unseen() {
    let app = TestApp::start().await;
    crate::lookups::make_users(&app, USERS as u64).await;
    let (id, other) = (app.segment("a").await, app.segment("b").await);
    let mut publisher = Publisher::own(&app.log).await;
    for user in 1..=USERS {
        publisher.put(user, &[id]).await;
    }
    check(&app, &publisher, "a", id).await;
    let seen = Stream::open(&app, "", None).await.last_event_id;
    publisher.release();
    let folder = app.stop().await;

    let options = EmbeddedLogOptions {
        partitions: PARTITIONS,
        trim_interval: Duration::from_millis(5),
        ..EmbeddedLogOptions::default()
    };
    let log = EmbeddedLog::open(folder.path().join("log"), options).unwrap();
    publisher.reclaim(&log).await;
    for user in 1..=USERS {
        match user % 3 {
            0 => publisher.put(user, &[]).await,
            1 => publisher.put(user, &[id, other]).await,
            // Somebody nothing happened to.
            _ => {}
        }
    }
    publisher.put(1, &[other]).await;
    trim(&log).await;
    publisher.release();
    log.close().await.unwrap();
    drop(log);

    let app = TestApp::start_in(folder, config()).await;
    publisher.reclaim(&app.log).await;
    check(&app, &publisher, "a", id).await;
    check(&app, &publisher, "b", other).await;
    let late = app.request(Method::GET, "/api/v1/changes").header("last-event-id", seen);
    app.send(late).await.problem(410, "position_trimmed");
    publisher.put(2, &[other]).await;
    check(&app, &publisher, "b", other).await;
    let as_of = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    publisher.report(as_of, 1);
    eventually("answers to be exact", async || {
        let found = app.get("/segment/a").await.expect(200);
        (found["as_of"] == "2026-01-01T00:00:00Z").then_some(())
    })
    .await;
    publisher.release();
    app.stop().await;
}
