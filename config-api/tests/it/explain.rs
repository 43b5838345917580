//! Why a user is in a segment, or is not.

use bus::EventLog;
use schema::{Event, EventId, LogRecord, Timestamp, UserId, partition_of};
use serde_json::{Value, json};
use warehouse::{Warehouse, WriteBatch};

use crate::app::{PARTITIONS, TestApp, eventually};
use crate::lookups::make_users;
use crate::publisher::Publisher;

const USER: UserId = UserId(1);
/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;
const VIEWS: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed') >= 3";

fn id(number: u64) -> EventId {
    EventId(uuid::Uuid::from_u128(u128::from(number) + 1))
}

fn view(number: u64) -> LogRecord {
    let created_at = Timestamp::from_micros(START + number as i64);
    LogRecord::Event(Event {
        region: Some("California".into()).filter(|_| number == 1),
        ..Event::new(id(number), USER, "page_viewed", created_at)
    })
}

/// Appends records to the log; the history gets the first `written` of them.
async fn fill(app: &TestApp, records: Vec<LogRecord>, written: u64) {
    app.log.append(records.clone()).await.unwrap();
    let records = (0..written).zip(records).collect();
    let batch = WriteBatch { partition: partition_of(USER, PARTITIONS), from: 0, next: written, records };
    app.warehouse.write(batch).await.unwrap();
}

async fn create(app: &TestApp, tag: &str, clause: &str) -> i64 {
    let body = json!({ "tag": tag, "whereStatement": clause });
    app.post("/api/v1/segments", body).await.expect(201)["id"].as_i64().unwrap()
}

async fn explain(app: &TestApp, tag: &str) -> Value {
    app.get(&format!("/api/v1/users/{USER}/segments/{tag}/explain")).await.expect(200)
}

#[tokio::test]
async fn events_count_from_the_history_and_from_the_end_of_the_log_and_duplicates_do_not() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let segment_id = create(&app, "viewers", VIEWS).await;
    let twice = view(0);
    fill(&app, vec![view(0), view(1), view(2), twice], 2).await;

    let told = explain(&app, "viewers").await;
    assert_eq!((&told["holds"], &told["event_count"]), (&json!(true), &json!(3)), "{told}");
    assert_eq!(told["position"]["offset"], 4);
    let condition = &told["condition"];
    assert_eq!(
        (&condition["value"], &condition["operator"], &condition["threshold"], &condition["holds"]),
        (&json!(3), &json!(">="), &json!(3), &json!("true"))
    );
    assert_eq!(condition["events"], json!({ "total": 3, "ids": [id(2), id(1), id(0)] }));
    assert_eq!((&condition["text"], &told["whereStatement"]), (&json!(VIEWS), &json!(VIEWS)));
    assert_eq!(told["until"], Value::Null);

    // Nobody has decided yet: that is said, and no longer when it is published.
    assert_eq!((&told["in_segment"], &told["in_flight"]["code"]), (&json!(false), &json!("records_not_decided")));
    let mut publisher = Publisher::own(&app.log).await;
    publisher.put(USER.0, &[segment_id]).await;
    publisher.report(Timestamp::from_micros(START + 10), 9);
    let told = eventually("the projection", async || {
        let told = explain(&app, "viewers").await;
        (told["in_segment"] == true).then_some(told)
    })
    .await;
    assert_eq!((&told["in_flight"], told["since"].is_string()), (&Value::Null, true), "{told}");
}

#[tokio::test]
async fn a_non_member_is_told_what_is_missing_and_when_time_will_change_it() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let clause = "region = 'California' AND NOT (max(created_at) < TIMESTAMP '2026-01-02' OR count(*) >= 4) \
                  AND now() < TIMESTAMP '2099-01-01'";
    create(&app, "late", clause).await;
    fill(&app, vec![view(0), view(1)], 2).await;
    let told = explain(&app, "late").await;
    assert_eq!((&told["holds"], &told["in_segment"]), (&json!(false), &json!(false)), "{told}");
    assert_eq!(told["in_flight"], Value::Null);
    let [region, not, clock] = &told["condition"]["parts"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!((&region["holds"], &region["about"]), (&json!("true"), &json!("event")));
    assert_eq!((&region["events"]["ids"], &region["value_of"]), (&json!([id(1)]), &json!(id(1))));
    assert_eq!(region["span"], json!({ "start": 0, "end": 21 }));
    assert_eq!((&not["kind"], &not["holds"]), (&json!("not"), &json!("false")));
    let last = &not["parts"][0]["parts"][0];
    assert_eq!(
        (&last["value"], &last["threshold"]),
        (&json!("2026-01-01T00:00:00.000001Z"), &json!("2026-01-02T00:00:00Z"))
    );
    assert_eq!((&clock["until"], &told["until"]), (&json!("2099-01-01T00:00:00Z"), &Value::Null));
}

#[tokio::test]
async fn an_interpreted_condition_tells_what_it_compares_of_its_rows() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    let clause = "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.region = 'California' \
                  AND e.created_at > events.created_at)";
    create(&app, "again", clause).await;
    fill(&app, vec![view(0), view(1)], 2).await;
    let told = explain(&app, "again").await;
    let condition = &told["condition"];
    assert_eq!((&told["holds"], &condition["value_of"]), (&json!(true), &json!(id(0))), "{told}");
    let [looked] = &condition["looks_at"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!((&looked["value"], &looked["rows"]), (&json!(true), &json!({ "total": 1, "ids": [id(1)] })));
    let [_, later] = &looked["asked"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!((&later["text"], &later["operator"]), (&json!("created_at > events.created_at"), &json!(">")));
    assert_eq!(
        (&later["value"], &later["threshold"], &later["of"], &later["holds"], &later["until"]),
        (
            &json!("2026-01-01T00:00:00.000001Z"),
            &json!("2026-01-01T00:00:00Z"),
            &json!(id(1)),
            &json!("true"),
            &Value::Null
        )
    );
    let span = &later["span"];
    let at = |edge: &str| usize::try_from(span[edge].as_u64().unwrap()).unwrap();
    assert_eq!(&clause[at("start")..at("end")], "e.created_at > events.created_at");
}

#[tokio::test]
async fn a_user_with_too_many_events_gets_an_answer_that_says_so() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    // Compared with each other, a thousand are a million pairs.
    let clause =
        "EXISTS (SELECT 1 FROM events e WHERE e.user_id = events.user_id AND e.created_at > events.created_at)";
    create(&app, "again", clause).await;
    create(&app, "viewers", VIEWS).await;
    fill(&app, (0..1_001).map(view).collect(), 1_001).await;
    let told = explain(&app, "again").await;
    assert_eq!((&told["not_explained"]["code"], &told["in_segment"]), (&json!("too_many_events"), &json!(false)));
    for absent in ["holds", "condition", "position", "event_count"] {
        assert_eq!(told[absent], Value::Null, "{absent}");
    }
    assert_eq!(explain(&app, "viewers").await["condition"]["value"], 1_001);
}

#[tokio::test]
async fn nobody_and_nothing_are_not_found() {
    let app = TestApp::start().await;
    make_users(&app, 1).await;
    create(&app, "viewers", VIEWS).await;
    let told = explain(&app, "viewers").await;
    assert_eq!(
        (&told["holds"], &told["condition"]["value"], &told["event_count"]),
        (&json!(false), &json!(0), &json!(0))
    );
    app.get("/api/v1/users/2/segments/viewers/explain").await.problem(404, "not_found");
    app.get("/api/v1/users/1/segments/others/explain").await.problem(404, "not_found");
    app.get("/api/v1/users/x/segments/viewers/explain").await.problem(400, "invalid_id");
}
