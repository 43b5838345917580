//! Look-ups: what they answer is the fold of the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schema::{Event, EventId, Identity, IdentityKind, LogRecord, SegmentId, Timestamp, UserId, partition_of};
use serde_json::{Value, json};
use store::UserStore;
use warehouse::{Warehouse, WriteBatch};

use crate::app::{PARTITIONS, TestApp, config, eventually};
use crate::publisher::{Dice, Publisher, seed};

const USERS: u64 = 40;

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Makes users 1, 2, … as events would.
pub(crate) async fn make_users(app: &TestApp, count: u64) {
    let identity = |number| Identity { kind: IdentityKind::Cookie, value: format!("c{number}") };
    let identities: Vec<_> = (1..=count).map(identity).collect();
    app.store.resolve_identities(&identities, true).await.unwrap();
}

/// Waits until every answer is exact up to `as_of`.
async fn exact_up_to(app: &TestApp, tag: &str, as_of: &str) {
    eventually("answers to be exact", async || {
        (app.get(&format!("/segment/{tag}")).await.expect(200)["as_of"] == as_of).then_some(())
    })
    .await;
}

async fn all_members(app: &TestApp, tag: &str) -> BTreeSet<i64> {
    let (mut members, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/users/segment/{tag}?limit=7{cursor}")).await.expect(200);
        members.extend(page["items"].as_array().unwrap().iter().map(|member| member["id"].as_i64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(members.is_sorted(), "{members:?}");
    members.into_iter().collect()
}

/// Compares every look-up with what the published changes add up to.
async fn check(app: &TestApp, publisher: &Publisher, tags: &BTreeMap<SegmentId, String>) {
    for (segment_id, tag) in tags {
        let holds =
            |(user_id, segments): (&UserId, &BTreeSet<SegmentId>)| segments.contains(segment_id).then_some(user_id.0);
        let expected: BTreeSet<i64> = publisher.members.iter().filter_map(holds).collect();
        assert_eq!(all_members(app, tag).await, expected, "members of {tag}");
        assert_eq!(
            app.get(&format!("/segment/{tag}")).await.expect(200)["user_count"],
            expected.len(),
            "size of {tag}"
        );
    }
    for (user_id, segments) in &publisher.members {
        let answer = app.get(&format!("/api/v1/users/{user_id}/segments")).await.expect(200);
        let found: Vec<_> = answer["items"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
        assert_eq!(found, segments.iter().map(|id| id.0).collect::<Vec<_>>(), "segments of {user_id}");
    }
}

#[tokio::test]
async fn the_projection_is_the_fold_of_the_changes_also_across_restarts() {
    let mut dice = Dice(seed());
    let mut app = TestApp::start().await;
    make_users(&app, USERS).await;
    let mut tags = BTreeMap::new();
    for tag in ["a", "b", "c"] {
        tags.insert(SegmentId(app.segment(tag).await), tag.to_owned());
    }
    let mut publisher = Publisher::own(&app.log).await;
    for round in 1..=3 {
        for _ in 0..20 {
            let mut changes = Vec::new();
            for _ in 0..dice.roll(30) {
                let user_id = UserId(1 + dice.roll(USERS) as i64);
                let chosen: Vec<i64> = tags.keys().filter(|_| dice.roll(2) == 0).map(|id| id.0).collect();
                changes.push(publisher.change(user_id, &chosen));
            }
            publisher.publish(changes).await;
        }
        if round == 2 {
            // Stopped somewhere in between: it goes on where it was.
            publisher.release();
            app = TestApp::start_in(app.stop().await, config()).await;
            publisher.reclaim(&app.log).await;
        }
        let as_of = format!("2026-01-0{round}T00:00:00Z");
        publisher.report(instant(&as_of), 3);
        exact_up_to(&app, "a", &as_of).await;
        check(&app, &publisher, &tags).await;
    }
}

#[tokio::test]
async fn an_answer_says_how_fresh_it_is() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let segment_id = app.segment("a").await;
    let answers = async || {
        let paths = ["/api/v1/users/1/segments", "/api/v1/users/segment/a", "/segment/a"];
        let mut as_of = BTreeSet::new();
        for path in paths {
            as_of.insert(app.get(path).await.expect(200)["as_of"].as_str().map(str::to_owned));
        }
        as_of
    };
    assert_eq!(answers().await, BTreeSet::from([None]), "nobody has said how far it is");
    let mut publisher = Publisher::own(&app.log).await;
    publisher.put(1, &[segment_id]).await;
    publisher.report(instant("2026-01-01T00:00:00Z"), 1);
    eventually("all answers to be exact", async || {
        (answers().await == BTreeSet::from([Some("2026-01-01T00:00:00Z".to_owned())])).then_some(())
    })
    .await;
    let segments = app.get("/api/v1/users/1/segments").await.expect(200);
    assert_eq!((&segments["user_id"], &segments["items"][0]["tag"]), (&json!(1), &json!("a")));
    assert!(segments["items"][0]["since"].is_string());
}

#[tokio::test]
async fn a_deleted_segment_is_not_among_the_segments_of_a_user() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let segment_id = app.segment("a").await;
    let mut publisher = Publisher::own(&app.log).await;
    publisher.put(1, &[segment_id]).await;
    publisher.report(instant("2026-01-01T00:00:00Z"), 1);
    exact_up_to(&app, "a", "2026-01-01T00:00:00Z").await;
    app.delete(&format!("/api/v1/segments/{segment_id}")).await.expect(204);
    assert_eq!(app.get("/api/v1/users/1/segments").await.expect(200)["items"], json!([]));
    app.get("/segment/a").await.problem(404, "not_found");
    app.get("/api/v1/users/segment/a").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_users_events_are_listed_the_latest_first() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let user_id = UserId(1);
    let partition = partition_of(user_id, PARTITIONS);
    let event = |number: u64| {
        let created_at = Timestamp::from_micros(1_700_000_000_000_000 + number as i64);
        LogRecord::Event(Event::new(
            EventId(uuid::Uuid::from_u128(u128::from(number) + 1)),
            user_id,
            format!("activity-{number}"),
            created_at,
        ))
    };
    let records = (0..5).map(|number| (number, event(number))).collect();
    app.warehouse.write(WriteBatch { partition, from: 0, next: 5, records }).await.unwrap();
    let mut publisher = Publisher::own(&app.log).await;
    publisher.report(instant("2026-01-01T00:00:00Z"), 0);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/users/1/events?limit=2{cursor}")).await.expect(200);
        assert_eq!(page["as_of"], "2026-01-01T00:00:00Z");
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|one| one["activity_type"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["activity-4", "activity-3", "activity-2", "activity-1", "activity-0"]);
    let wrong: Value = app.get("/api/v1/users/1/events?cursor=zzz").await.problem(400, "invalid_cursor");
    assert_eq!(wrong["status"], 400);
}

#[tokio::test]
async fn a_store_that_is_ahead_of_the_log_is_refused() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let segment_id = app.segment("a").await;
    let mut publisher = Publisher::own(&app.log).await;
    publisher.put(1, &[segment_id]).await;
    publisher.report(instant("2026-01-01T00:00:00Z"), 1);
    exact_up_to(&app, "a", "2026-01-01T00:00:00Z").await;
    drop(publisher);
    let folder = app.stop().await;
    // Somebody put an old store beside a new log.
    let other = Arc::new(tempfile::tempdir().unwrap());
    for file in ["shoal.sqlite", "shoal.sqlite-wal"] {
        let from = folder.path().join(file);
        if from.exists() {
            std::fs::copy(from, other.path().join(file)).unwrap();
        }
    }
    let app = TestApp::start_in(other, config()).await;
    let error = app.running.task.await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("they do not belong together"), "{error:#}");
}
