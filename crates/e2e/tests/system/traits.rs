//! What is said of a user comes back, and goes with the user.

use e2e::system::{PATIENCE, eventually};
use schema::Timestamp;
use serde_json::{Value, json};

use crate::{event, start};

#[tokio::test]
async fn the_last_word_on_a_user_is_what_is_told() {
    let system = start().await;
    let identify = async |body: Value| {
        let url = format!("{}/api/v1/identify", system.process().places().ingestion);
        let answer = system.http().post(url).timeout(PATIENCE).body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap())
    };
    let ana = system.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    for (created_at, plan) in [("2026-01-02", "pro"), ("2026-01-01", "free")] {
        let body = json!({ "id": "ana", "id_type": "cookie", "created_at": created_at, "traits": { "plan": plan } });
        let (status, answer) = identify(body).await;
        assert_eq!((status, &answer["user_id"]), (202, &json!(ana)), "{answer}");
    }
    let linked = json!({ "id": "ana", "id_type": "cookie", "traits": {}, "link": [{ "id": "a", "id_type": "email" }] });
    let (status, answer) = identify(linked).await;
    assert_eq!((status, &answer["errors"][0]["code"]), (400, &json!("link_not_supported")));

    let (asked_at, path) = (e2e::now(), format!("/api/v1/users/{ana}/traits"));
    let told = eventually(&path, || async {
        let told = system.get(&path).await?;
        let as_of = told["as_of"].as_str().and_then(|text| Timestamp::parse(text).ok());
        Ok(as_of.is_some_and(|as_of| as_of >= asked_at).then_some(told))
    })
    .await
    .unwrap();
    assert_eq!(told["traits"], json!({ "plan": "pro" }));
}
