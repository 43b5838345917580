//! The OpenAPI document: what it says is a file under review.

use std::path::Path;

use axum::http::{Method, StatusCode};

use crate::app::{SAMPLE, TestApp, request};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

/// `UPDATE_SNAPSHOTS=1 cargo test -p ingestion-api` writes the file anew.
#[test]
fn the_document_is_the_reviewed_one() {
    let document = ingestion_api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(SNAPSHOT, &document).unwrap();
    }
    let reviewed = std::fs::read_to_string(Path::new(SNAPSHOT)).unwrap_or_default();
    assert_eq!(document, reviewed, "the document changed: look at it, then run this with UPDATE_SNAPSHOTS=1");
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let app = TestApp::start().await;
    let document = app.call(request(Method::GET, "/openapi.json", "")).await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.json(), serde_json::to_value(ingestion_api::openapi()).unwrap());
    let page = app.call(request(Method::GET, "/docs/", "")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("swagger"), "{}", page.text);
}

#[test]
fn the_documented_example_is_the_sample_body_and_all_identity_kinds_are_listed() {
    let document = serde_json::to_value(ingestion_api::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let sample: serde_json::Value = serde_json::from_str(SAMPLE).unwrap();
    assert_eq!(schemas["EventBody"]["example"], sample);
    let kinds: Vec<_> = schema::IdentityKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(schemas["IdType"]["enum"], serde_json::json!(kinds));
}
