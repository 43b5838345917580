//! What a clause would select, before anybody saves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::EventLog;
use bus::meddled::MeddledLog;
use reqwest::Method;
use schema::{Event, EventId, LogRecord, Timestamp, UserId, partition_of};
use serde_json::{Value, json};
use tokio::sync::watch;
use warehouse::{Warehouse, WriteBatch};

use crate::app::{Answer, PARTITIONS, TestApp, config, eventually};
use crate::lookups::make_users;
use crate::stalled::Stall;

const USERS: i64 = 12;
/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;

async fn preview(app: &TestApp, body: Value) -> Answer {
    app.post("/api/v1/segments/preview", body).await
}

/// User n has n views; the even ones are from California.
async fn fill(app: &TestApp) {
    make_users(app, USERS as u64).await;
    for user_id in (1..=USERS).map(UserId) {
        let views = (0..user_id.0).map(|number| {
            let id = EventId(uuid::Uuid::from_u128(user_id.0 as u128 * 1_000 + number as u128));
            let region = Some("California".into()).filter(|_| user_id.0 % 2 == 0);
            let view = Event::new(id, user_id, "page_viewed", Timestamp::from_micros(START + number));
            LogRecord::Event(Event { region, ..view })
        });
        app.log.append(views.collect()).await.unwrap();
    }
    write_all(app).await;
}

/// Writes what the log has into the history, as ingestion-api does.
async fn write_all(app: &TestApp) {
    let positions = app.warehouse.positions().await.unwrap();
    for (partition, from) in (0..PARTITIONS).map(schema::PartitionId).zip(positions) {
        let stored = app.log.read(schema::Topic::Events, partition, from, 10_000).await.unwrap();
        let Some(last) = stored.last() else { continue };
        let next = last.offset + 1;
        let records = stored.iter().map(|stored| (stored.offset, LogRecord::decode(&stored.value).unwrap())).collect();
        app.warehouse.write(WriteBatch { partition, from, next, records }).await.unwrap();
    }
}

/// Checks that a group is these users, all of whom are named.
#[track_caller]
fn is(group: &Value, expected: &[i64]) {
    let mut sample: Vec<i64> =
        group["sample"].as_array().unwrap().iter().map(|user| user["id"].as_i64().unwrap()).collect();
    sample.sort_unstable();
    assert_eq!((group["size"].as_u64(), sample.as_slice()), (Some(expected.len() as u64), expected), "{group}");
}

#[tokio::test]
async fn a_clause_is_told_who_and_how_many_of_all_as_of_one_instant() {
    let app = TestApp::start().await;
    fill(&app).await;
    let before = Timestamp::from_micros(START);
    let told = preview(&app, json!({ "whereStatement": "count(*) >= 10" })).await.expect(200);
    is(&told, &[10, 11, 12]);
    assert_eq!((&told["users"], &told["share"]), (&json!(USERS), &json!(0.25)));
    assert!(Timestamp::parse(told["as_of"].as_str().unwrap()).unwrap() > before, "{told}");
    let history = &told["history"];
    assert_eq!((&history["behind"], &history["events"]), (&json!(0), &json!(78)), "{told}");
    assert_eq!(history["evaluated_by"], "engine");
    assert_eq!(history["positions"], json!(app.warehouse.positions().await.unwrap()));
    // As the users API shows them.
    let shown = &told["sample"][0];
    assert_eq!(app.get(&format!("/api/v1/users/{}", shown["id"])).await.expect(200), *shown);
    assert_eq!(told.get("compared_to"), None);

    is(&preview(&app, json!({ "whereStatement": "" , "sample": 100 })).await.expect(200), &Vec::from_iter(1..=USERS));
    let few = preview(&app, json!({ "whereStatement": "", "sample": 2 })).await.expect(200);
    assert_eq!((&few["size"], few["sample"].as_array().unwrap().len()), (&json!(USERS), 2));
    assert_eq!(app.get("/api/v1/segments").await.expect(200)["items"], json!([]), "nothing was saved");
}

#[tokio::test]
async fn against_a_segment_it_is_told_who_enters_and_who_leaves() {
    let app = TestApp::start().await;
    fill(&app).await;
    let create = async |tag: &str, clause: &str| {
        let body = json!({ "tag": tag, "whereStatement": clause });
        app.post("/api/v1/segments", body).await.expect(201)["id"].as_i64().unwrap()
    };
    let californians = create("californians", "region = 'California'").await;
    let in_segment = "user_id IN (SELECT user_id FROM segment_members WHERE segment = 'californians')";
    let loyal = create("loyal", &format!("{in_segment} AND count(*) >= 6")).await;

    let clause = format!("{in_segment} AND count(*) BETWEEN 4 AND 10");
    let by_id = preview(&app, json!({ "whereStatement": clause, "compare_to": loyal })).await.expect(200);
    is(&by_id, &[4, 6, 8, 10]);
    let diff = &by_id["compared_to"];
    assert_eq!((&diff["segment"], &diff["id"], &diff["version"]), (&json!("loyal"), &json!(loyal), &json!(1)));
    assert_eq!(diff["size"], 4, "6, 8, 10 and 12");
    is(&diff["entering"], &[4]);
    is(&diff["leaving"], &[12]);
    let by_tag = preview(&app, json!({ "whereStatement": clause, "compare_to": "loyal" })).await.expect(200);
    assert_eq!(by_tag["compared_to"], *diff);

    // The next version is compared with the one before, whoever depends on it.
    let clause = "region IS NULL AND count(*) > 6";
    let told = preview(&app, json!({ "whereStatement": clause, "compare_to": californians })).await.expect(200);
    is(&told["compared_to"]["entering"], &[7, 9, 11]);
    is(&told["compared_to"]["leaving"], &[2, 4, 6, 8, 10, 12]);
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused_as_saving_refuses_it() {
    let app = TestApp::start().await;
    app.segment("west").await;
    let clause = "regoin = 'California' AND frobnicate(url) AND user_id IN (SELECT user_id FROM purchases)";
    let refused = preview(&app, json!({ "whereStatement": clause })).await.expect(422);
    let saved = app.post("/api/v1/segments", json!({ "tag": "s", "whereStatement": clause })).await.expect(422);
    assert_eq!(refused["errors"], saved["errors"]);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 3, "{refused}");

    let named = |tag: &str| format!("user_id IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')");
    preview(&app, json!({ "whereStatement": named("east") })).await.problem(422, "unknown_segment");
    preview(&app, json!({ "whereStatement": named("west") })).await.expect(200);
    let itself = preview(&app, json!({ "whereStatement": named("west"), "compare_to": "west" })).await;
    itself.problem(422, "segment_cycle");
    preview(&app, json!({ "whereStatement": "", "compare_to": "east" })).await.problem(422, "unknown_segment");
    preview(&app, json!({ "whereStatement": "", "compare_to": 17 })).await.problem(422, "unknown_segment");
    preview(&app, json!({ "whereStatement": "", "compare_to": [1] })).await.problem(422, "wrong_type");
    preview(&app, json!({ "whereStatement": "", "sample": 101 })).await.problem(422, "wrong_type");
    let several = preview(&app, json!({ "sample": -1, "title": "x" })).await.problem(422, "invalid_request");
    assert_eq!(several["errors"].as_array().unwrap().len(), 3, "{several}");
    let warned = preview(&app, json!({ "whereStatement": "1 = 1" })).await.expect(200);
    assert_eq!(warned["diagnostics"][0]["severity"], "warning", "{warned}");
}

#[tokio::test]
async fn events_that_the_history_does_not_have_yet_are_told_and_not_counted() {
    let app = TestApp::start().await;
    fill(&app).await;
    let late = Event::new(EventId(uuid::Uuid::nil()), UserId(1), "page_viewed", Timestamp::from_micros(START));
    app.log.append(vec![LogRecord::Event(late)]).await.unwrap();
    let clause = json!({ "whereStatement": "count(*) = 2" });
    let told = preview(&app, clause.clone()).await.expect(200);
    is(&told, &[2]);
    assert_eq!(told["history"]["behind"], 1);
    let partition = usize::from(partition_of(UserId(1), PARTITIONS).0);
    let position = told["history"]["positions"][partition].as_u64().unwrap();
    write_all(&app).await;
    let told = preview(&app, clause).await.expect(200);
    is(&told, &[1, 2]);
    assert_eq!(
        (&told["history"]["behind"], &told["history"]["positions"][partition]),
        (&json!(0), &json!(position + 1))
    );
}

/// Longer than a preview takes of nothing, on a busy machine or not.
const LONG: Duration = Duration::from_millis(500);

#[tokio::test]
async fn who_comes_too_many_is_refused_and_who_goes_away_leaves_the_turn_to_the_next() {
    let mut config = config();
    config.preview.max_waiting = 0;
    let (asked, (free, is_free)) = (Arc::new(AtomicUsize::new(0)), watch::channel(false));
    let counted = Arc::clone(&asked);
    let app = TestApp::start_over(Arc::new(tempfile::tempdir().unwrap()), config, |inner| {
        Arc::new(MeddledLog { log: inner, meddler: Stall { asked: counted, is_free } })
    })
    .await;
    let body = json!({ "whereStatement": "" });
    let first = app.request(Method::POST, "/api/v1/segments/preview").json(&body).send();
    let first = tokio::spawn(first);
    eventually("the first to have its turn", async || (asked.load(Ordering::SeqCst) > 0).then_some(())).await;
    let refused = preview(&app, body.clone()).await;
    assert_eq!(refused.header("retry-after"), "5");
    refused.problem(503, "too_many_previews");

    first.abort();
    eventually("somebody else to have a turn", async || {
        match tokio::time::timeout(LONG, preview(&app, body.clone())).await {
            Ok(refused) => drop(refused.problem(503, "too_many_previews")),
            Err(_) => return Some(()),
        }
        None
    })
    .await;
    free.send(true).unwrap();
    let told = eventually("an answer", async || {
        let answer = preview(&app, body.clone()).await;
        (answer.status == 200).then_some(answer.json)
    })
    .await;
    is(&told, &[]);
    let metrics = reqwest::get(format!("http://{}/metrics", app.running.metrics)).await.unwrap().text().await.unwrap();
    let told = |outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        metrics.lines().any(|line| line.starts_with("shoal_preview_duration_seconds_count") && line.contains(&label))
    };
    assert!(told("cancelled") && told("done") && told("too_many_previews"), "{metrics}");
}
