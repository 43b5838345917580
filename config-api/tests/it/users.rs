//! Users: profiles, look-ups by clientRefId, erasure.

use bus::EventLog;
use reqwest::Method;
use schema::{Identity, IdentityKind, LogRecord, PartitionId, Topic, UserId, partition_of};
use serde_json::{Value, json};
use store::UserStore;

use crate::app::{PARTITIONS, TestApp, config, eventually};

const USERS: &str = "/api/v1/users";

#[tokio::test]
async fn a_user_is_created_read_changed_and_found_by_its_client_ref_id() {
    let app = TestApp::start().await;
    let body = json!({ "name": "Ann", "email": "ann@example.org", "clientRefId": "u104010" });
    let created = app.post(USERS, body).await;
    let path = created.header("location").to_owned();
    let created = created.expect(201);
    assert_eq!(
        (&created["name"], &created["email"], &created["clientRefId"]),
        (&json!("Ann"), &json!("ann@example.org"), &json!("u104010"))
    );
    assert_eq!(app.get(&path).await.expect(200), created);
    assert_eq!(app.get(&format!("{USERS}?clientRefId=u104010")).await.expect(200)["items"], json!([created]));
    assert_eq!(app.get(&format!("{USERS}/client-ref-id/u104010")).await.expect(200), created);
    let identity = Identity { kind: IdentityKind::ClientRefId, value: "u104010".to_owned() };
    let resolved = app.store.resolve_identities(&[identity], false).await.unwrap();
    assert_eq!(resolved, [created["id"].as_i64().map(UserId)], "events resolve to the same user");

    let changed = app.put(&path, json!({ "name": "Anna" })).await.expect(200);
    assert_eq!((&changed["name"], &changed["clientRefId"]), (&json!("Anna"), &Value::Null));
    app.get(&format!("{USERS}/client-ref-id/u104010")).await.problem(404, "not_found");
    assert_eq!(app.get(&format!("{USERS}?clientRefId=u104010")).await.expect(200)["items"], json!([]));
    assert_eq!(app.get(USERS).await.expect(200)["items"], json!([changed]));
}

#[tokio::test]
async fn each_kind_of_bad_user_has_a_code_of_its_own() {
    let app = TestApp::start().await;
    app.post(USERS, json!({ "clientRefId": "taken" })).await.expect(201);
    let id = app.post(USERS, json!({})).await.expect(201)["id"].clone();
    for (body, status, code) in [
        (json!({ "name": 1 }), 422, "wrong_type"),
        (json!({ "clientRefId": "" }), 422, "empty_client_ref_id"),
        (json!({ "clientRefId": "c".repeat(257) }), 422, "too_long"),
        (json!({ "phone": "1" }), 422, "unknown_field"),
        (json!({ "phone": "1", "name": 1 }), 422, "invalid_user"),
        (json!({ "clientRefId": "taken" }), 409, "client_ref_id_taken"),
    ] {
        app.post(USERS, body.clone()).await.problem(status, code);
        app.put(&format!("{USERS}/{id}"), body).await.problem(status, code);
    }
    app.get(&format!("{USERS}?clientref=x")).await.problem(400, "invalid_query");
    app.get(&format!("{USERS}?limit=5000")).await.problem(400, "invalid_limit");
    for path in ["999", "999/segments", "999/events"] {
        app.get(&format!("{USERS}/{path}")).await.problem(404, "not_found");
    }
    for path in ["x", "0/segments", "-3/events"] {
        app.get(&format!("{USERS}/{path}")).await.problem(400, "invalid_id");
    }
    app.put(&format!("{USERS}/999"), json!({})).await.problem(404, "not_found");
    app.delete(&format!("{USERS}/999")).await.problem(404, "not_found");
}

/// Returns the deletions in the log, in the order of their partition.
async fn deletions(app: &TestApp, user_id: i64) -> Vec<UserId> {
    let partition = partition_of(UserId(user_id), PARTITIONS);
    let records = app.log.read(Topic::Events, partition, 0, 100).await.unwrap();
    let deletion = |value: &[u8]| match LogRecord::decode(value).unwrap() {
        LogRecord::Deletion(deletion) => Some(deletion.user_id),
        LogRecord::Event(_) | LogRecord::Traits(_) => None,
    };
    records.iter().filter_map(|record| deletion(&record.value)).collect()
}

#[tokio::test]
async fn erasing_a_user_leaves_a_receipt_and_a_record_in_the_log() {
    let app = TestApp::start().await;
    let id = app.post(USERS, json!({ "clientRefId": "u1" })).await.expect(201)["id"].as_i64().unwrap();
    let path = format!("{USERS}/{id}");
    let receipt = app.delete(&path).await.expect(200);
    assert_eq!((&receipt["user_id"], &receipt["recorded"]["offset"]), (&json!(id), &json!(0)));
    assert_eq!(receipt["recorded"]["partition"], partition_of(UserId(id), PARTITIONS).0);
    for gone in [
        &path,
        &format!("{path}/segments"),
        &format!("{path}/events"),
        &format!("{path}/traits"),
        &format!("{USERS}/client-ref-id/u1"),
    ] {
        app.get(gone).await.problem(404, "not_found");
    }
    assert_eq!(deletions(&app, id).await, [UserId(id)]);
    assert_eq!(app.delete(&path).await.expect(200), receipt, "the same receipt when asked again");
    assert_eq!(deletions(&app, id).await.len(), 1);
}

#[tokio::test]
async fn an_erasure_that_a_crash_left_in_the_outbox_is_appended_at_the_next_start() {
    let app = TestApp::start().await;
    let id = app.post(USERS, json!({})).await.expect(201)["id"].as_i64().unwrap();
    // As if the process had died between the store and the log.
    app.store.erase_user(UserId(id)).await.unwrap();
    assert_eq!(deletions(&app, id).await, []);
    let app = TestApp::start_in(app.stop().await, config()).await;
    eventually("the outbox to be empty", async || {
        app.store.pending_erasures(1).await.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(deletions(&app, id).await, [UserId(id)]);
    let receipt = app.delete(&format!("{USERS}/{id}")).await.expect(200);
    assert_eq!(receipt["recorded"]["offset"], 0);
}

#[tokio::test]
async fn a_user_that_was_never_there_cannot_be_erased_and_nothing_is_appended() {
    let app = TestApp::start().await;
    app.send(app.request(Method::DELETE, &format!("{USERS}/77"))).await.problem(404, "not_found");
    for partition in (0..PARTITIONS).map(PartitionId) {
        assert_eq!(app.log.range(Topic::Events, partition).await.unwrap().end, 0);
    }
}
