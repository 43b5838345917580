//! Segments: their life, and every way to get it wrong.

use reqwest::Method;
use schema::Timestamp;
use serde_json::{Value, json};

use crate::app::{TestApp, config, eventually};
use crate::publisher::Publisher;

const SEGMENTS: &str = "/api/v1/segments";

fn body(tag: &str, clause: &str) -> Value {
    json!({
        "title": "Title", "description": "What for", "tag": tag, "whereStatement": clause, "isGeneric": false
    })
}

#[tokio::test]
async fn a_segment_is_created_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let created = app.post(SEGMENTS, body("californians", "region = 'California'")).await;
    let (location, tag) = (created.header("location").to_owned(), created.header("etag").to_owned());
    assert_eq!(tag, "\"1\"");
    let created = created.expect(201);
    let expected = [
        ("tag", json!("californians")),
        ("title", json!("Title")),
        ("description", json!("What for")),
        ("whereStatement", json!("region = 'California'")),
        ("isGeneric", json!(false)),
        ("kind", json!("rule")),
        ("version", json!(1)),
        ("generation", json!(1)),
        ("status", json!("pending")),
        ("user_count", json!(0)),
    ];
    for (field, value) in expected {
        assert_eq!(created[field], value, "{field}");
    }
    assert_eq!(app.get(&location).await.expect(200)["id"], created["id"]);

    let changed = app.put(&location, body("nevadans", "region = 'Nevada'")).await.expect(200);
    assert_eq!((&changed["version"], &changed["tag"]), (&json!(2), &json!("nevadans")));
    let versions = app.get(&format!("{location}/versions")).await.expect(200);
    let clauses: Vec<_> = versions["items"].as_array().unwrap().iter().map(|one| &one["whereStatement"]).collect();
    assert_eq!(clauses, ["region = 'Nevada'", "region = 'California'"]);
    assert_eq!(versions["items"][1]["created_by"], "anonymous");

    assert_eq!(app.delete(&location).await.expect(204), Value::Null);
    app.get(&location).await.problem(404, "not_found");
    app.delete(&location).await.problem(404, "not_found");
    app.put(&location, body("again", "region = 'Nevada'")).await.problem(404, "not_found");
    assert_eq!(app.get(&format!("{location}/versions")).await.expect(200)["items"].as_array().unwrap().len(), 2);
    // Its tag is free again, its id is not.
    assert_ne!(app.segment("nevadans").await, created["id"].as_i64().unwrap());
}

#[tokio::test]
async fn an_equal_body_makes_no_version_and_no_generation() {
    let app = TestApp::start().await;
    let created = app.post(SEGMENTS, body("a", "region = 'California'")).await.expect(201);
    let path = format!("{SEGMENTS}/{}", created["id"]);
    let same = app.put(&path, body("a", "region = 'California'")).await.expect(200);
    assert_eq!((&same["version"], &same["generation"]), (&created["version"], &created["generation"]));
}

#[tokio::test]
async fn a_clause_is_refused_with_every_fault_and_its_place() {
    let app = TestApp::start().await;
    let clause = "regio = 'California' AND colour = 1";
    let refused = app.post(SEGMENTS, body("a", clause)).await.problem(422, "invalid_segment");
    let faults = refused["errors"].as_array().unwrap();
    let places: Vec<_> = faults
        .iter()
        .map(|fault| {
            let place = |end: &str| fault["span"][end].as_u64().unwrap() as usize;
            assert_eq!((&fault["code"], &fault["field"]), (&json!("unknown_column"), &json!("whereStatement")));
            &clause[place("start")..place("end")]
        })
        .collect();
    assert_eq!(places, ["regio", "colour"]);
    assert_eq!(app.get(SEGMENTS).await.expect(200)["items"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn faults_of_the_clause_and_of_the_other_fields_are_told_together() {
    let app = TestApp::start().await;
    let body = json!({ "tag": "No Tag", "whereStatement": "nope = 1", "isGeneric": "yes", "rollout": 3 });
    let refused = app.post(SEGMENTS, body).await.problem(422, "invalid_segment");
    let codes: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["invalid_tag", "unknown_column", "wrong_type", "unknown_field"]);
}

#[tokio::test]
async fn each_kind_of_bad_request_has_a_code_of_its_own() {
    let app = TestApp::start().await;
    app.segment("taken").await;
    let id = app.segment("mine").await;
    let path = format!("{SEGMENTS}/{id}");
    let ok = "region = 'California'";
    let posts = [
        (json!([]), 400, "not_an_object"),
        (json!({ "whereStatement": ok }), 422, "missing_field"),
        (json!({ "tag": "x" }), 422, "missing_field"),
        (json!({ "tag": "X y", "whereStatement": ok }), 422, "invalid_tag"),
        (json!({ "tag": 7, "whereStatement": ok }), 422, "wrong_type"),
        (json!({ "tag": "x", "whereStatement": ok, "title": "t".repeat(201) }), 422, "too_long"),
        (json!({ "tag": "x", "whereStatement": ok, "title": "a\u{0}" }), 422, "control_character"),
        (json!({ "tag": "x", "whereStatement": ok, "paused": true }), 422, "unknown_field"),
        (body("x", "region = "), 422, "syntax"),
        (body("taken", ok), 409, "tag_taken"),
    ];
    for (body, status, code) in posts {
        app.post(SEGMENTS, body).await.problem(status, code);
    }
    app.put(&path, body("taken", ok)).await.problem(409, "tag_taken");
    for (query, code) in [
        ("cursor=zzz", "invalid_cursor"),
        ("limit=0", "invalid_limit"),
        ("limit=1001", "invalid_limit"),
        ("limit=ten", "invalid_limit"),
        ("offset=3", "invalid_query"),
    ] {
        app.get(&format!("{SEGMENTS}?{query}")).await.problem(400, code);
    }
    for id in ["0", "-1", "x", "99999999999999999999"] {
        app.get(&format!("{SEGMENTS}/{id}")).await.problem(400, "invalid_id");
    }
    app.get(&format!("{SEGMENTS}/999/versions")).await.problem(404, "not_found");
    app.get(&format!("{SEGMENTS}/999/stats")).await.problem(404, "not_found");
    app.get(&format!("{SEGMENTS}/999/backfill")).await.problem(404, "not_found");
    app.get(&format!("{SEGMENTS}/x/backfill")).await.problem(400, "invalid_id");
    app.get(&format!("{path}/stats?from=yesterday")).await.problem(400, "invalid_time");
    app.get("/segment/unknown").await.problem(404, "not_found");
    app.get("/segment/No%20Tag").await.problem(400, "invalid_tag");
    app.get("/nowhere").await.problem(404, "not_found");
    app.send(app.request(Method::PATCH, &path)).await.problem(405, "method_not_allowed");
    let malformed = app.request(Method::POST, SEGMENTS).header("content-type", "application/json").body("{\"tag\":");
    app.send(malformed).await.problem(400, "malformed_json");
    let form = app.request(Method::POST, SEGMENTS).header("content-type", "text/plain").body("{}");
    app.send(form).await.problem(415, "unsupported_media_type");
    let giant = json!({ "tag": "x", "whereStatement": " ".repeat(300_000) });
    app.post(SEGMENTS, giant).await.problem(413, "body_too_large");
    let long = body("x", &format!("region = '{}'", "x".repeat(17_000)));
    app.post(SEGMENTS, long).await.problem(422, "limits");
    assert_eq!(app.get(SEGMENTS).await.expect(200)["items"].as_array().unwrap().len(), 2, "nothing was stored");
}

#[tokio::test]
async fn a_writer_that_saw_an_older_version_is_refused() {
    let app = TestApp::start().await;
    let path = format!("{SEGMENTS}/{}", app.segment("a").await);
    let write = async |method: Method, clause: &str, if_match: &str| {
        let request = app.request(method, &path).header("if-match", if_match).json(&body("a", clause));
        app.send(request).await
    };
    write(Method::PUT, "region = 'Nevada'", "\"1\"").await.expect(200);
    write(Method::PUT, "region = 'Oregon'", "\"1\"").await.problem(412, "version_mismatch");
    write(Method::DELETE, "", "\"1\"").await.problem(412, "version_mismatch");
    write(Method::PUT, "region = 'Oregon'", "one").await.problem(400, "invalid_if_match");
    write(Method::PUT, "region = 'Oregon'", "*").await.expect(200);
    write(Method::DELETE, "", "3").await.expect(204);
}

#[tokio::test]
async fn there_are_no_more_segments_than_allowed() {
    let mut config = config();
    config.definitions.max_segments = 1;
    let app = TestApp::start_with(config).await;
    let id = app.segment("a").await;
    app.post(SEGMENTS, body("b", "region = 'Nevada'")).await.problem(409, "too_many_segments");
    app.delete(&format!("{SEGMENTS}/{id}")).await.expect(204);
    app.segment("b").await;
}

#[tokio::test]
async fn pages_follow_each_other() {
    let app = TestApp::start().await;
    for number in 0..5 {
        app.segment(&format!("s{number}")).await;
    }
    let (mut tags, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{SEGMENTS}?limit=2{cursor}")).await.expect(200);
        tags.extend(page["items"].as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(tags, ["s0", "s1", "s2", "s3", "s4"]);
}

#[tokio::test]
async fn a_version_is_live_when_all_partitions_have_switched_to_it() {
    let app = TestApp::start().await;
    let path = format!("{SEGMENTS}/{}", app.segment("a").await);
    let mut publisher = Publisher::own(&app.log).await;
    let status = async || {
        let segment = app.get(&path).await.expect(200);
        let stats = app.get(&format!("{path}/stats")).await.expect(200);
        assert_eq!(segment["status"], stats["status"]);
        (segment["status"].as_str().unwrap().to_owned(), segment["progress"].clone())
    };
    let now = Timestamp::from_micros(1);
    publisher.report(now, 0);
    assert_eq!(status().await.0, "pending");
    publisher.report_some(1, now, 0, Some(1));
    let progress = json!({
        "partitions_live": 0, "partitions": 4, "absorbed_rows": 0,
        "total_rows": null, "share": null, "rows_per_second": null, "eta": null, "eta_seconds": null
    });
    assert_eq!(status().await, ("backfilling".to_owned(), progress));
    publisher.report_some(3, now, 1, None);
    assert_eq!(status().await.1["partitions_live"], 3);
    publisher.report(now, 1);
    assert_eq!(status().await, ("live".to_owned(), Value::Null));
    // The next version has its own way to go.
    app.put(&path, body("a", "region = 'Nevada'")).await.expect(200);
    assert_eq!(status().await.0, "pending");
}

#[tokio::test]
async fn the_numbers_of_a_segment_are_exact_and_say_how_fresh_they_are() {
    let app = TestApp::start().await;
    let id = app.segment("a").await;
    let mut publisher = Publisher::own(&app.log).await;
    for user_id in 1..=30 {
        publisher.put(user_id, &[id]).await;
    }
    publisher.put(7, &[]).await;
    assert_eq!(app.get("/segment/a").await.expect(200)["as_of"], Value::Null, "nobody has said how far it is");
    let as_of = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    publisher.report(as_of, 1);
    let size = eventually("the size to be exact", async || {
        let size = app.get("/segment/a").await.expect(200);
        (size["as_of"] == "2026-01-01T00:00:00Z").then_some(size)
    })
    .await;
    assert_eq!((&size["segment"], &size["user_count"]), (&json!("a"), &json!(29)));
    let stats = app.get(&format!("{SEGMENTS}/{id}/stats")).await.expect(200);
    assert_eq!((&stats["user_count"], &stats["as_of"]), (&json!(29), &json!("2026-01-01T00:00:00Z")));
    let flows = stats["intervals"].as_array().unwrap();
    assert_eq!((&flows[0]["entered"], &flows[0]["left"]), (&json!(30), &json!(1)));
    let later = app.get(&format!("{SEGMENTS}/{id}/stats?from=2026-01-01T00:00:00Z")).await.expect(200);
    assert_eq!(later["intervals"], json!([]));
}
