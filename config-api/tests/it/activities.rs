//! Activities and their association with segments.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;

const ACTIVITIES: &str = "/api/v1/activities";

async fn activity(app: &TestApp, code: &str) -> i64 {
    app.post(ACTIVITIES, json!({ "code": code })).await.expect(201)["id"].as_i64().unwrap()
}

async fn codes(app: &TestApp, segment_id: i64) -> Vec<(String, String)> {
    let segment = app.get(&format!("/api/v1/segments/{segment_id}")).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    segment["activities"].as_array().unwrap().iter().map(|one| (text(&one["code"]), text(&one["source"]))).collect()
}

fn named(codes: &[(&str, &str)]) -> Vec<(String, String)> {
    codes.iter().map(|(code, source)| ((*code).to_owned(), (*source).to_owned())).collect()
}

#[tokio::test]
async fn an_activity_is_created_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let created = app.post(ACTIVITIES, json!({ "code": "viewed", "title": "Viewed", "description": "Saw it" })).await;
    let path = created.header("location").to_owned();
    let created = created.expect(201);
    assert_eq!((&created["code"], &created["title"]), (&json!("viewed"), &json!("Viewed")));
    assert_eq!(app.get(&path).await.expect(200), created);
    let changed = app.put(&path, json!({ "code": "seen" })).await.expect(200);
    assert_eq!(
        (&changed["code"], &changed["title"], &changed["description"]),
        (&json!("seen"), &json!("seen"), &json!(""))
    );
    assert_eq!(app.get(ACTIVITIES).await.expect(200)["items"], json!([changed]));
    app.delete(&path).await.expect(204);
    for method in [Method::GET, Method::DELETE] {
        app.send(app.request(method, &path)).await.problem(404, "not_found");
    }
    app.put(&path, json!({ "code": "x" })).await.problem(404, "not_found");
}

#[tokio::test]
async fn each_kind_of_bad_activity_has_a_code_of_its_own() {
    let app = TestApp::start().await;
    activity(&app, "taken").await;
    let id = activity(&app, "mine").await;
    for (body, status, code) in [
        (json!({}), 422, "missing_field"),
        (json!({ "code": "" }), 422, "empty_code"),
        (json!({ "code": 1 }), 422, "wrong_type"),
        (json!({ "code": "c".repeat(129) }), 422, "too_long"),
        (json!({ "code": "x", "colour": "red" }), 422, "unknown_field"),
        (json!({ "code": 1, "title": 1 }), 422, "invalid_activity"),
        (json!({ "code": "taken" }), 409, "code_taken"),
    ] {
        app.post(ACTIVITIES, body).await.problem(status, code);
    }
    app.put(&format!("{ACTIVITIES}/{id}"), json!({ "code": "taken" })).await.problem(409, "code_taken");
    app.get(&format!("{ACTIVITIES}/x")).await.problem(400, "invalid_id");
    app.get(&format!("{ACTIVITIES}?cursor=x")).await.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn a_segment_lists_the_activities_that_its_rule_names() {
    let app = TestApp::start().await;
    let clause = "activity_type IN ('viewed', 'carted') AND NOT EXISTS (SELECT 1 FROM events e \
                  WHERE e.user_id = events.user_id AND e.activity_type = 'bought')";
    let body = |clause: &str, generic: bool| json!({ "tag": "a", "whereStatement": clause, "isGeneric": generic });
    let id = app.post("/api/v1/segments", body(clause, false)).await.expect(201)["id"].as_i64().unwrap();
    let all = named(&[("bought", "rule"), ("carted", "rule"), ("viewed", "rule")]);
    assert_eq!(codes(&app, id).await, all);
    let path = format!("/api/v1/segments/{id}");
    app.put(&path, body("activity_type = 'left'", false)).await.expect(200);
    assert_eq!(codes(&app, id).await, named(&[("left", "rule")]));
    app.put(&path, body("activity_type = 'left'", true)).await.expect(200);
    assert_eq!(codes(&app, id).await, [], "a generic segment is about every activity");
}

#[tokio::test]
async fn both_paths_assign_and_take_away() {
    let app = TestApp::start().await;
    let (segment, activity_id) = (app.segment("a").await, activity(&app, "viewed").await);
    let paths = [
        format!("/api/v1/segments/{segment}/activities/{activity_id}"),
        format!("{ACTIVITIES}/{activity_id}/segments/{segment}"),
    ];
    for (assigning, taking) in [(&paths[0], &paths[1]), (&paths[1], &paths[0])] {
        for _ in 0..2 {
            app.put(assigning, Value::Null).await.expect(204);
            assert_eq!(codes(&app, segment).await, named(&[("viewed", "assigned")]));
        }
        for _ in 0..2 {
            app.delete(taking).await.expect(204);
            assert_eq!(codes(&app, segment).await, []);
        }
    }
    for missing in ["/api/v1/segments/999/activities/1", "/api/v1/segments/1/activities/999"] {
        app.put(missing, Value::Null).await.problem(404, "not_found");
        app.delete(missing).await.problem(404, "not_found");
    }
    app.put(&format!("{ACTIVITIES}/x/segments/1"), Value::Null).await.problem(400, "invalid_id");
}

#[tokio::test]
async fn segments_are_found_by_activity_with_the_generic_ones() {
    let app = TestApp::start().await;
    let create = async |tag: &str, clause: &str, generic: bool| {
        let body = json!({ "tag": tag, "whereStatement": clause, "isGeneric": generic });
        app.post("/api/v1/segments", body).await.expect(201);
    };
    create("bought", "activity_type = 'product_purchased'", false).await;
    create("viewed", "activity_type = 'page_viewed'", false).await;
    create("any", "region = 'California'", true).await;
    let found = async |code: &str| {
        let page = app.get(&format!("/api/v1/segments/generics-and-by/{code}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("product_purchased").await, ["bought", "any"]);
    assert_eq!(found("unheard_of").await, ["any"]);
    let page = app.get("/api/v1/segments/generics-and-by/product_purchased?limit=1").await.expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/segments/generics-and-by/product_purchased?cursor={next}")).await.expect(200);
    assert_eq!(rest["items"][0]["tag"], "any");
}
