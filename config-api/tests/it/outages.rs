//! What is answered while a part is away.

use bus::EventLog;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Store as _, UserStore};

use crate::app::TestApp;

#[tokio::test]
async fn without_the_store_requests_are_answered_503_and_can_be_tried_again() {
    let app = TestApp::start().await;
    app.segment("a").await;
    app.store.close().await;
    for path in ["/api/v1/segments", "/api/v1/users", "/api/v1/users/1/segments", "/segment/a", "/api/v1/activities"] {
        let refused = app.get(path).await;
        assert_eq!(refused.header("retry-after"), "1");
        let problem = refused.problem(503, "store_unavailable");
        assert!(problem["request_id"].is_string());
        assert!(!problem.to_string().contains("pool"), "the cause stays inside: {problem}");
    }
    let body = json!({ "tag": "b", "whereStatement": "region = 'x'" });
    app.post("/api/v1/segments", body).await.problem(503, "store_unavailable");
    app.send(app.request(Method::GET, "/readyz")).await.problem(503, "not_ready");
    assert_eq!(app.running.definitions.borrow().segments.len(), 1, "the last known definitions stay");
    // What needs no store still works.
    app.post("/api/v1/segments/validate", json!({ "whereStatement": "region = 'x'" })).await.expect(200);
}

#[tokio::test]
async fn without_the_log_an_erasure_is_accepted_and_waits() {
    let app = TestApp::start().await;
    let id = app.post("/api/v1/users", json!({})).await.expect(201)["id"].clone();
    app.log.close().await.unwrap();
    let receipt = app.delete(&format!("/api/v1/users/{id}")).await.expect(202);
    assert_eq!((&receipt["user_id"], &receipt["recorded"]), (&id, &Value::Null));
    assert_eq!(app.store.pending_erasures(10).await.unwrap().len(), 1);
    app.get(&format!("/api/v1/users/{id}")).await.problem(404, "not_found");
    assert_eq!(app.log.partitions(), crate::app::PARTITIONS);
}
