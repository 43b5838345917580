//! Looking at a clause without saving it.

use serde_json::{Value, json};

use crate::app::TestApp;

async fn validate(app: &TestApp, clause: &str) -> Value {
    app.post("/api/v1/segments/validate", json!({ "whereStatement": clause })).await.expect(200)
}

#[tokio::test]
async fn a_clause_is_shown_as_it_was_understood() {
    let app = TestApp::start().await;
    let clause = "REGION='California' and not exists (select 1 from events e where e.user_id = events.user_id \
                  and e.activity_type = 'product_purchased' and e.created_at >= now() - interval 30 day)";
    let told = validate(&app, clause).await;
    assert_eq!(told["valid"], true, "{told}");
    let canonical = told["canonical"].as_str().unwrap();
    assert!(canonical.contains("region = 'California'"), "{canonical}");
    assert_eq!(validate(&app, canonical).await["canonical"], canonical, "the canonical text is a fixed point");
    assert!(told["databend"].as_str().unwrap().starts_with("SELECT DISTINCT user_id FROM events WHERE"), "{told}");
    assert_eq!(told["plan"]["changes_with_time"], true);
    let windows: Vec<_> =
        told["plan"]["aggregates"].as_array().unwrap().iter().map(|one| &one["window_from_seconds"]).collect();
    assert!(windows.contains(&&json!(2_592_000.0)), "{told}");
    assert_eq!(app.get("/api/v1/segments").await.expect(200)["items"], json!([]), "nothing was saved");
}

#[tokio::test]
async fn the_plan_says_how_far_back_it_looks() {
    let app = TestApp::start().await;
    let plan = |told: Value| (told["plan"]["changes_with_time"].clone(), told["plan"]["lookback_seconds"].clone());
    let recent = validate(&app, "created_at >= now() - INTERVAL 30 MINUTE").await;
    assert_eq!(plan(recent), (json!(true), json!(1_800.0)));
    let ever = validate(&app, "region = 'California'").await;
    assert_eq!(plan(ever), (json!(false), Value::Null));
}

#[tokio::test]
async fn a_clause_with_faults_is_answered_with_its_diagnostics() {
    let app = TestApp::start().await;
    let told = validate(&app, "regio = 'x'").await;
    assert_eq!(told["valid"], false);
    let diagnostic = &told["diagnostics"][0];
    assert_eq!((&diagnostic["code"], &diagnostic["severity"]), (&json!("unknown_column"), &json!("error")));
    assert_eq!(diagnostic["span"], json!({ "start": 0, "end": 5 }));
    assert_eq!(diagnostic["replacement"], "region");
    for absent in ["canonical", "databend", "plan"] {
        assert_eq!(told[absent], Value::Null);
    }
    app.post("/api/v1/segments/validate", json!({ "where": "x" })).await.problem(422, "invalid_request");
}
