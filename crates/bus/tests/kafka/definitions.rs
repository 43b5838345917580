//! Definitions on their way to segmenters in other processes.

use std::time::Duration;

use bus::EventLog as _;
use schema::{Definitions, Generation, SegmentDefinition, SegmentId, SegmentTag, SegmentVersion};

use crate::installed::OnKafka;

const PATIENCE: Duration = Duration::from_secs(30);

fn definitions(generation: u64) -> Definitions {
    let segment = SegmentDefinition {
        segment_id: SegmentId(1),
        tag: SegmentTag::new("viewers").unwrap(),
        version: SegmentVersion(1),
        where_statement: format!("count(*) >= {generation}"),
    };
    Definitions { generation: Generation(generation), segments: vec![segment] }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_comes_later_finds_the_latest_definitions() {
    let Some(installed) = OnKafka::new() else { return };
    let publishing = installed.log().await;
    for generation in [1, 3, 3, 2] {
        publishing.publish_definitions(&definitions(generation)).await.unwrap();
    }
    drop(publishing);
    let log = installed.log().await;
    let found = tokio::time::timeout(PATIENCE, log.definitions_after(Generation(0))).await.unwrap().unwrap();
    assert_eq!(found, definitions(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_of_later_definitions_only() {
    let Some(installed) = OnKafka::new() else { return };
    let (publishing, waiting) = (installed.log().await, installed.log().await);
    publishing.publish_definitions(&definitions(4)).await.unwrap();
    let told = tokio::spawn(async move { waiting.definitions_after(Generation(4)).await });
    // It cannot end before there is something to tell.
    publishing.publish_definitions(&definitions(4)).await.unwrap();
    assert!(!told.is_finished());
    publishing.publish_definitions(&definitions(5)).await.unwrap();
    let found = tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap().unwrap();
    assert_eq!(found, definitions(5));
}
