//! Segments in segments: what may be named, and what must stay because it is.

use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const SEGMENTS: &str = "/api/v1/segments";

fn in_segment(tag: &str) -> String {
    format!("user_id IN (SELECT user_id FROM segment_members WHERE segment = '{tag}')")
}

async fn create(app: &TestApp, tag: &str, clause: &str) -> i64 {
    let body = json!({ "tag": tag, "whereStatement": clause });
    app.post(SEGMENTS, body).await.expect(201)["id"].as_i64().unwrap()
}

async fn put(app: &TestApp, id: i64, tag: &str, clause: &str) -> Answer {
    app.put(&format!("{SEGMENTS}/{id}"), json!({ "tag": tag, "whereStatement": clause })).await
}

#[track_caller]
fn check_fault(problem: &Value, code: &str, detail: &str, underlined: &str, clause: &str) {
    let fault = &problem["errors"][0];
    assert_eq!((&fault["code"], &fault["field"]), (&json!(code), &json!("whereStatement")), "{problem}");
    assert!(fault["detail"].as_str().unwrap().contains(detail), "{problem}");
    let place = |end: &str| fault["span"][end].as_u64().unwrap() as usize;
    assert_eq!(&clause[place("start")..place("end")], underlined);
}

#[tokio::test]
async fn a_clause_names_live_segments_only() {
    let app = TestApp::start().await;
    let loyal = in_segment("loyal");
    let clause = format!("region = 'x' AND {loyal}");
    let body = json!({ "tag": "a", "whereStatement": clause });
    let refused = app.post(SEGMENTS, body.clone()).await.problem(422, "unknown_segment");
    check_fault(&refused, "unknown_segment", "`loyal`", &loyal, &clause);
    let told = app.post(&format!("{SEGMENTS}/validate"), json!({ "whereStatement": clause })).await.expect(200);
    assert_eq!((&told["valid"], &told["plan"]), (&json!(false), &Value::Null), "{told}");
    assert_eq!(told["diagnostics"].as_array().unwrap().last().unwrap()["code"], "unknown_segment");

    create(&app, "loyal", "count(*) >= 3").await;
    let told = app.post(&format!("{SEGMENTS}/validate"), json!({ "whereStatement": clause })).await.expect(200);
    assert_eq!((&told["valid"], &told["plan"]["evaluation"]), (&json!(true), &json!("incremental")), "{told}");
    app.post(SEGMENTS, body).await.expect(201);
}

#[tokio::test]
async fn a_segment_never_depends_on_itself_and_the_way_is_told() {
    let app = TestApp::start().await;
    let a = create(&app, "a", "count(*) >= 3").await;
    let b = create(&app, "b", &in_segment("a")).await;
    create(&app, "c", &format!("region = 'x' OR NOT ({})", in_segment("b"))).await;

    let clause = format!("count(*) >= 3 AND {}", in_segment("c"));
    let refused = put(&app, a, "a", &clause).await.problem(422, "segment_cycle");
    check_fault(&refused, "segment_cycle", "a → c → b → a", &in_segment("c"), &clause);
    let itself = app.post(SEGMENTS, json!({ "tag": "d", "whereStatement": in_segment("d") })).await;
    let itself = itself.problem(422, "segment_cycle");
    assert!(itself["errors"][0]["detail"].as_str().unwrap().contains("d → d"), "{itself}");

    let validate = async |tag: &str| {
        let body = json!({ "whereStatement": clause, "tag": tag });
        app.post(&format!("{SEGMENTS}/validate"), body).await.expect(200)
    };
    let told = validate("a").await;
    assert_eq!((&told["valid"], &told["diagnostics"][0]["code"]), (&json!(false), &json!("segment_cycle")), "{told}");
    assert_eq!(validate("e").await["valid"], true, "for another segment it is none");
    let refused = app.post(&format!("{SEGMENTS}/validate"), json!({ "whereStatement": "", "tag": "No" })).await;
    refused.problem(422, "invalid_tag");

    // Without the way through `b` there is no cycle.
    put(&app, b, "b", "count(*) >= 5").await.expect(200);
    put(&app, a, "a", &clause).await.expect(200);
}

#[tokio::test]
async fn a_tag_stays_while_others_name_it() {
    let app = TestApp::start().await;
    let loyal = create(&app, "loyal", "count(*) >= 3").await;
    let vip = create(&app, "vip", &in_segment("loyal")).await;
    create(&app, "other", &format!("NOT ({})", in_segment("loyal"))).await;

    let path = format!("{SEGMENTS}/{loyal}");
    for refused in [app.delete(&path).await, put(&app, loyal, "faithful", "count(*) >= 3").await] {
        let refused = refused.problem(409, "segment_in_use");
        assert!(refused["detail"].as_str().unwrap().contains("vip"), "{refused}");
        let names: Vec<_> =
            refused["errors"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert_eq!(names, ["other", "vip"], "{refused}");
    }
    app.get(&path).await.expect(200);
    put(&app, loyal, "loyal", "count(*) >= 4").await.expect(200);

    put(&app, vip, "vip", "count(*) >= 9").await.expect(200);
    let other = app.get(&format!("{SEGMENTS}?limit=10")).await.expect(200)["items"][2]["id"].as_i64().unwrap();
    app.delete(&format!("{SEGMENTS}/{other}")).await.expect(204);
    put(&app, loyal, "faithful", "count(*) >= 4").await.expect(200);
    app.delete(&path).await.expect(204);
}
