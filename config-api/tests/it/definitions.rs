//! The definitions as the segmenter gets them.

use std::time::{Duration, Instant};

use schema::Generation;
use serde_json::json;
use store::sqlite::SqliteStore;
use store::{Actor, DefinitionStore, SegmentSpec};

use crate::app::{SOON, TestApp, config, store_file};

#[tokio::test]
async fn a_change_made_here_is_handed_out_at_once() {
    let mut config = config();
    // So that only the change itself can have done it.
    config.definitions.poll_ms = 3_600_000;
    let app = TestApp::start_with(config).await;
    let mut definitions = app.running.definitions.clone();
    assert_eq!(definitions.borrow_and_update().generation, Generation(0));
    let id = app.segment("a").await;
    tokio::time::timeout(SOON, definitions.changed()).await.unwrap().unwrap();
    let handed_out = definitions.borrow_and_update().clone();
    assert_eq!(handed_out.generation, Generation(1));
    assert_eq!(handed_out.segments[0].segment_id.0, id);
    assert_eq!(handed_out.segments[0].where_statement, "region = 'California'");
    let body = json!({ "tag": "a", "whereStatement": "region = 'Nevada'" });
    app.put(&format!("/api/v1/segments/{id}"), body).await.expect(200);
    assert_eq!(definitions.borrow_and_update().segments[0].version.0, 2, "before the answer");
    app.delete(&format!("/api/v1/segments/{id}")).await.expect(204);
    let handed_out = definitions.borrow_and_update().clone();
    assert_eq!((handed_out.generation, handed_out.segments.len()), (Generation(3), 0));
}

#[tokio::test]
async fn a_change_made_by_another_process_is_handed_out_with_the_next_poll() {
    let app = TestApp::start().await;
    let mut definitions = app.running.definitions.clone();
    let other = SqliteStore::open(store_file(&app.folder)).await.unwrap();
    let spec = SegmentSpec {
        tag: schema::SegmentTag::new("a").unwrap(),
        title: String::new(),
        description: String::new(),
        where_statement: "region = 'California'".to_owned(),
        is_generic: false,
    };
    other.create_segment(&spec, &Actor::anonymous()).await.unwrap();
    let started = Instant::now();
    tokio::time::timeout(SOON, definitions.changed()).await.unwrap().unwrap();
    println!("handed out after {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_millis(500) * 4, "far beyond what a busy machine excuses");
    assert_eq!(definitions.borrow().segments.len(), 1);
}

#[tokio::test]
async fn definitions_are_there_after_a_restart() {
    let app = TestApp::start().await;
    app.segment("a").await;
    let app = TestApp::start_in(app.stop().await, config()).await;
    assert_eq!(app.running.definitions.borrow().segments.len(), 1);
    assert_eq!(app.running.definitions.borrow().generation, Generation(1));
}
