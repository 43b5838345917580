//! A log that is shorter than what was read from it: said before anything is announced as up.

use std::path::Path;

use e2e::process::Installation;
use e2e::system::{eventually, segment};
use serde_json::json;
use shoal::client::{IngestionClient, SegmentsClient};

use crate::{SHOAL, event};

/// Posts an event that makes somebody enter, and stops when the memberships and the history have it.
async fn fill(installation: &Installation) {
    let running = installation.start().await.unwrap();
    let http = reqwest::Client::new();
    let segments = SegmentsClient::new(http.clone(), &running.places().config);
    segments.create_if_absent(&segment("everybody", "")).await.unwrap();
    let ingestion = IngestionClient::new(http.clone(), &running.places().ingestion);
    ingestion.post(&event("ana", "page_viewed", &json!({}))).await.unwrap();
    let url = format!("{}/segment/everybody", running.places().config);
    eventually("a member", || async {
        let size: serde_json::Value = serde_json::from_str(&http.get(&url).send().await?.text().await?)?;
        Ok((size["user_count"] == 1).then_some(()))
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

#[track_caller]
fn check_refused(installation: &Installation, outcome: anyhow::Result<e2e::process::Running>, reader: &str) {
    let message = format!("{:#}", outcome.unwrap_err());
    let data = installation.data();
    for told in [
        "exit status: 1",
        &format!("the log in {} is shorter than what was already read from it", data.join("log").display()),
        &data.join(reader).display().to_string(),
        "put back `log`, `history` and `shoal.sqlite` from one copy",
    ] {
        assert!(message.contains(told), "`{told}` is not in: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_its_end_is_refused_before_anything_is_announced() {
    let folder = tempfile::Builder::new().prefix("shoal-e2e-").tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let installation = Installation::new(Path::new(SHOAL), &folder);
    fill(&installation).await;
    std::fs::remove_dir_all(installation.data().join("log")).unwrap();
    check_refused(&installation, installation.start().await, "shoal.sqlite");
    let log = std::fs::read_to_string(installation.log()).unwrap();
    assert_eq!(log.matches("is up").count(), 1, "only the first start was announced: {log}");

    // A store that was made anew does not hide that the history is ahead.
    std::fs::remove_file(installation.data().join("shoal.sqlite")).unwrap();
    check_refused(&installation, installation.start().await, "history");
}
