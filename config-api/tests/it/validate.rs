//! Looking at a clause without saving it.

use std::collections::BTreeMap;

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
    assert!(told["databend"].as_str().unwrap().starts_with("SELECT DISTINCT events.user_id FROM events "), "{told}");
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
    let this_month = validate(&app, "created_at >= date_trunc('month', now())").await;
    assert_eq!(plan(this_month), (json!(true), json!(31.0 * 86_400.0)), "a month at most");
}

const VIEWS: &str = "count(*) FILTER (WHERE activity_type = 'page_viewed' AND created_at > now() - INTERVAL 1 DAY)";

/// What a plan says in that field of its aggregates, by their functions.
fn aggregates<'v>(told: &'v Value, field: &str) -> BTreeMap<&'v str, &'v Value> {
    let aggregates = told["plan"]["aggregates"].as_array().unwrap().iter();
    aggregates.map(|one| (one["function"].as_str().unwrap(), &one[field])).collect()
}

#[tokio::test]
async fn the_plan_names_the_segments_that_keep_the_same() {
    let app = TestApp::start().await;
    let create = async |tag: &str, clause: String| {
        let body = json!({ "tag": tag, "whereStatement": clause });
        app.post("/api/v1/segments", body).await.expect(201)["id"].as_i64().unwrap()
    };
    let ten = create("ten-views", format!("{VIEWS} >= 10")).await;
    create("few-views", format!("NOT ({VIEWS} >= 3)")).await;
    create("others", "count(*) > 3".to_owned()).await;

    // Another threshold, and the filter the other way round.
    let turned = "count(*) FILTER (WHERE created_at > now() - INTERVAL 1 DAY AND activity_type = 'page_viewed') >= 5";
    let told = validate(&app, turned).await;
    let shared = json!(["ten-views", "few-views"]);
    // Everybody needs an event at all.
    let everybody = json!(["ten-views", "few-views", "others"]);
    assert_eq!(
        aggregates(&told, "shared_with"),
        BTreeMap::from([("exists", &everybody), ("count", &shared)]),
        "{told}"
    );
    assert_eq!(told["plan"]["added_bytes_per_user"], json!({ "fixed": 0, "per_event": 0, "at_most": 0 }));

    let plan = app.get(&format!("/api/v1/segments/{ten}/plan")).await.expect(200);
    assert_eq!((&plan["segment"], &plan["version"], &plan["valid"]), (&json!("ten-views"), &json!(1), &json!(true)));
    assert_eq!(aggregates(&plan, "shared_with")["count"], &json!(["few-views"]), "all but itself: {plan}");
    app.get("/api/v1/segments/99/plan").await.problem(404, "not_found");

    // A version that is no more shares nothing.
    let body = json!({ "tag": "ten-views", "whereStatement": "region = 'Texas'" });
    app.put(&format!("/api/v1/segments/{ten}"), body).await.expect(200);
    let told = validate(&app, turned).await;
    assert_eq!(aggregates(&told, "shared_with")["count"], &json!(["few-views"]), "{told}");
}

#[tokio::test]
async fn the_plan_says_what_it_costs_per_user_and_where_that_grows() {
    let app = TestApp::start().await;
    let told = validate(&app, &format!("{VIEWS} >= 10")).await;
    let kept = BTreeMap::from([("exists", json!(0)), ("count", json!(10))]);
    assert_eq!(aggregates(&told, "kept_events"), kept.iter().map(|(name, kept)| (*name, kept)).collect(), "{told}");
    let bytes = &told["plan"]["bytes_per_user"];
    let [fixed, per_event, at_most] = ["fixed", "per_event", "at_most"].map(|part| bytes[part].as_u64().unwrap());
    assert!(fixed > 0 && per_event > 0, "{bytes}");
    assert_eq!(at_most, fixed + 10 * per_event);
    assert_eq!(&told["plan"]["added_bytes_per_user"], bytes, "nobody else keeps any of it");

    let told = validate(&app, "sum(order_total) FILTER (WHERE created_at > now() - INTERVAL 1 DAY) > 500").await;
    assert_eq!(told["plan"]["bytes_per_user"]["at_most"], Value::Null, "as many as there are orders in a day: {told}");
}

#[tokio::test]
async fn the_plan_says_of_each_condition_how_it_is_evaluated() {
    let app = TestApp::start().await;
    let clause = "region = 'Texas' AND NOT (order_total > (SELECT avg(order_total) FROM events e WHERE \
                  e.user_id = events.user_id))";
    let told = validate(&app, clause).await;
    let plan = &told["plan"];
    assert_eq!((&plan["evaluation"], &plan["condition"]["kind"]), (&json!("interpreted"), &json!("and")), "{told}");
    let [region, not] = &plan["condition"]["parts"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!((&region["evaluation"], &region["about"]), (&json!("incremental"), &json!("event")));
    assert_eq!(region["span"], json!({ "start": 0, "end": 16 }));
    assert_eq!((&not["kind"], &not["evaluation"]), (&json!("not"), &json!("interpreted")));
    let retained: Vec<_> = aggregates(&told, "retained_columns").into_values().collect();
    assert!(retained.contains(&&json!(["region", "order_total"])), "{told}");
    let incremental = validate(&app, "region = 'Texas'").await;
    assert_eq!(incremental["plan"]["evaluation"], "incremental");
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
