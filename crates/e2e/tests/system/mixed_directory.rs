//! A directory of which one part is older than another: said before anything is announced as up.

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
    let data = installation.data();
    let log = format!("the log in {} is shorter than what was already read from it", data.join("log").display());
    check_told(outcome, &[&log, &data.join(reader).display().to_string()]);
}

/// Checks that a start was refused, in these words.
#[track_caller]
pub(crate) fn check_told(outcome: anyhow::Result<e2e::process::Running>, what: &[&str]) {
    check_message(&format!("{:#}", outcome.unwrap_err()), what);
}

/// Checks that a directory was refused, in these words.
#[track_caller]
pub(crate) fn check_message(message: &str, what: &[&str]) {
    let untouched = "nothing was started, no event, user or definition was changed";
    let always = ["exit status: 1", untouched, "put back `log`, `history` and `shoal.sqlite` from one copy"];
    for told in always.iter().chain(what) {
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
    check_told(installation.start().await, &["it is empty, and so is the store, and the history is not"]);
    assert!(!installation.data().join("log").exists(), "what opening made is removed again");
    assert!(!installation.data().join("shoal.sqlite").exists(), "what opening made is removed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_know_the_users_of_the_log_is_refused() {
    let folder = tempfile::Builder::new().prefix("shoal-e2e-").tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let installation = Installation::new(Path::new(SHOAL), &folder);
    let store = installation.data().join("shoal.sqlite");
    let older = folder.join("older.sqlite");
    installation.start().await.unwrap().stop().await.unwrap();
    std::fs::copy(&store, &older).unwrap();
    fill(&installation).await;
    let told = format!("the store {} is older than the log in ", store.display());
    std::fs::rename(&store, folder.join("newer.sqlite")).unwrap();
    check_told(installation.start().await, &[&told, "the log names user 1, the store has no users"]);
    std::fs::rename(&older, &store).unwrap();
    check_told(installation.start().await, &[&told]);
    std::fs::rename(folder.join("newer.sqlite"), &store).unwrap();
    installation.start().await.unwrap().stop().await.unwrap();
}

/// Copies a store that is open, and at rest.
pub(crate) fn copy_with_journal(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
    let journal = |path: &Path| path.with_extension("sqlite-wal");
    if journal(from).exists() {
        std::fs::copy(journal(from), journal(to)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_a_definition_a_deletion_or_its_log_is_refused() {
    let folder = tempfile::Builder::new().prefix("shoal-e2e-").tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let installation = Installation::new(Path::new(SHOAL), &folder);
    let store = installation.data().join("shoal.sqlite");
    fill(&installation).await;
    let newest = folder.join("newest.sqlite");
    let stopped = folder.join("stopped.sqlite");
    std::fs::copy(&store, &stopped).unwrap();

    // Nothing but a deletion since: no user and no definition is missing.
    let running = installation.start().await.unwrap();
    let user = format!("{}/api/v1/users/1", running.places().config);
    assert!(reqwest::Client::new().delete(&user).send().await.unwrap().status().is_success());
    running.stop().await.unwrap();
    std::fs::rename(&store, &newest).unwrap();
    std::fs::copy(&stopped, &store).unwrap();
    check_told(installation.start().await, &["the log erased 1 users, the store 0"]);

    // Of another installation, as often started.
    let other_folder = folder.join("other");
    std::fs::create_dir(&other_folder).unwrap();
    let other = Installation::new(Path::new(SHOAL), &other_folder);
    fill(&other).await;
    other.start().await.unwrap().stop().await.unwrap();
    std::fs::copy(other.data().join("shoal.sqlite"), &store).unwrap();
    check_told(installation.start().await, &["belong to different installations"]);

    // Copied while it ran, before a definition was made.
    std::fs::copy(&newest, &store).unwrap();
    let running = installation.start().await.unwrap();
    let older = folder.join("older.sqlite");
    copy_with_journal(&store, &older);
    let segments = SegmentsClient::new(reqwest::Client::new(), &running.places().config);
    let later = segments.create(&segment("later", "")).await.unwrap();
    let url = format!("{}/api/v1/segments/{}/stats", running.places().config, later.id);
    eventually("the segment to be live", || async {
        let found: serde_json::Value = serde_json::from_str(&reqwest::get(&url).await?.text().await?)?;
        Ok((found["status"] == "live").then_some(()))
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
    std::fs::rename(&store, &newest).unwrap();
    copy_with_journal(&older, &store);
    check_told(installation.start().await, &["the memberships were decided by generation 2 of the definitions"]);
    std::fs::rename(&newest, &store).unwrap();
    installation.start().await.unwrap().stop().await.unwrap();
}
