//! A data directory into which parts of another moment or another place were put.
//!
//! What is lost shows nowhere in these: no user, definition or membership is missing. Only the marks
//! that every start and stop puts on the parts tell them apart.

use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::process::{Installation, Running};
use e2e::system::eventually;
use serde_json::{Value, json};
use shoal::client::IngestionClient;

use crate::mixed_directory::{check_message, check_told, copy_with_journal};
use crate::transfer::{check_done, shoal};
use crate::{SHOAL, event};

const PARTS: [&str; 3] = ["log", "history", "shoal.sqlite"];

/// A folder with installations in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("shoal-e2e-").tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn installation(&self, name: &str) -> Installation {
        let folder = self.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Installation::new(Path::new(SHOAL), &folder)
    }

    /// Copies parts that are at rest.
    fn copy(&self, from: &Installation, name: &str) -> Installation {
        let to = self.installation(name);
        put(from, &to, &PARTS);
        to
    }
}

/// Puts parts of one directory in the place of another's.
fn put(from: &Installation, to: &Installation, parts: &[&str]) {
    for part in parts {
        lose(to, part);
        copy_all(&from.data().join(part), &to.data().join(part));
    }
}

/// A store goes with its journal: that would be read into the one that is put there.
fn lose(installation: &Installation, part: &str) {
    for name in [part.to_owned(), format!("{part}-wal"), format!("{part}-shm")] {
        let path = installation.data().join(name);
        let _absent_is_fine = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }
}

/// Copies a file or a folder.
pub(crate) fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    if from.is_file() {
        // As it lies there after a kill, its journal belongs to it.
        return copy_with_journal(from, to);
    }
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy_all(&from.join(&name), &to.join(&name));
    }
}

async fn post(running: &Running, id: &str, url: &str) {
    let ingestion = IngestionClient::new(reqwest::Client::new(), &running.places().ingestion);
    let payload = json!({ "payload": { "activity_type": "page_viewed", "url": url } });
    ingestion.post(&event(id, "page_viewed", &payload)).await.unwrap();
}

async fn delete(running: &Running, user: u32) {
    let url = format!("{}/api/v1/users/{user}", running.places().config);
    assert!(reqwest::Client::new().delete(&url).send().await.unwrap().status().is_success());
}

/// Waits until the history has so many events of the first user; returns their addresses.
async fn pages(running: &Running, number: usize) -> Vec<String> {
    let url = format!("{}/api/v1/users/1/events", running.places().config);
    eventually("the events of the user", || async {
        let answer: Value = serde_json::from_str(&reqwest::get(&url).await?.text().await?)?;
        let events = answer["items"].as_array().into_iter().flatten();
        let mut pages: Vec<_> = events.filter_map(|event| event["url"].as_str().map(str::to_owned)).collect();
        pages.sort();
        Ok((pages.len() == number).then_some(pages))
    })
    .await
    .unwrap()
}

/// Starts, posts an event of the one user there is, and stops.
async fn run(installation: &Installation, url: &str) {
    run_with(installation, &[url]).await;
}

async fn run_with(installation: &Installation, urls: &[&str]) {
    let running = installation.start().await.unwrap();
    for url in urls {
        post(&running, "ana", url).await;
    }
    running.stop().await.unwrap();
}

/// An installation that ran twice, and copies of it after each time.
async fn two_runs(place: &Place) -> (Installation, [Installation; 2]) {
    let installation = place.installation("it");
    run(&installation, "/1").await;
    let earlier = place.copy(&installation, "earlier");
    run(&installation, "/2").await;
    let newest = place.copy(&installation, "newest");
    (installation, [earlier, newest])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_its_history_of_an_earlier_start_is_refused_though_nothing_else_shows_it() {
    let place = Place::new();
    let (installation, [earlier, newest]) = two_runs(&place).await;

    put(&earlier, &installation, &["log", "history"]);
    check_told(installation.start().await, &["the log counts 1 starts, the store 2"]);
    lose(&installation, "log");
    lose(&installation, "history");
    check_told(installation.start().await, &["it was never started with that"]);
    assert!(!installation.data().join("log").exists(), "what opening made is removed again");
    put(&newest, &installation, &["log", "history"]);
    pages(&installation.start().await.unwrap(), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_log_leaves_no_other_behind_when_the_partitions_are_other_ones() {
    let place = Place::new();
    let of_eight = |name: &str| place.installation(name).with_environment("SHOAL_PARTITIONS", "8");
    let installation = of_eight("it");
    run(&installation, "/1").await;
    lose(&installation, "log");
    let refused = format!("{:#}", place.installation("it").start().await.unwrap_err());
    assert!(refused.contains("start with the SHOAL_PARTITIONS that it was made with"), "{refused}");
    assert!(!installation.data().join("log").exists(), "what opening made is removed again");
    check_told(of_eight("it").start().await, &["the log in ", "is shorter than what was already read from it"]);
}

/// Exports; returns what was said, with the exit status, and whether there is a folder.
async fn export(installation: &Installation, place: &Place) -> (std::process::Output, bool) {
    let folder = place.path().join("export");
    let data = installation.data();
    let output = shoal(&["export", folder.to_str().unwrap(), "--data", data.to_str().unwrap()], &[]).await;
    (output, folder.exists())
}

#[track_caller]
fn check_not_exported((output, is_made): (std::process::Output, bool), told: &str) {
    check_message(&format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)), &[told]);
    assert!(!is_made, "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_start_is_not_exported_and_what_starts_is() {
    let place = Place::new();
    let (installation, [earlier, newest]) = two_runs(&place).await;

    put(&earlier, &installation, &["log", "history"]);
    check_not_exported(export(&installation, &place).await, "the log counts 1 starts, the store 2");
    put(&newest, &installation, &["log", "history"]);
    lose(&installation, "shoal.sqlite");
    check_not_exported(export(&installation, &place).await, "the log names user 1, the store has no users");
    assert!(!installation.data().join("shoal.sqlite").exists(), "what opening made is removed again");
    put(&newest, &installation, &["shoal.sqlite"]);
    lose(&installation, "log");
    std::fs::create_dir(installation.data().join("log")).unwrap();
    check_not_exported(export(&installation, &place).await, "is shorter than what was already read from it");
    put(&newest, &installation, &["log"]);
    let (output, is_made) = export(&installation, &place).await;
    check_done(&output);
    assert!(is_made, "it belongs together");
    assert_eq!(pages(&installation.start().await.unwrap(), 2).await, ["/1", "/2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_went_on_by_themselves_do_not_mix() {
    let place = Place::new();
    let one = place.installation("one");
    run(&one, "/both").await;
    let other = place.copy(&one, "other");
    run(&one, "/one").await;
    // Further than the one: what its history has more is not missing in the log of the one.
    run_with(&other, &["/other", "/further"]).await;
    for (parts, told) in [
        (&PARTS[2..], "the log counts 2 starts, the store 2, and the last one was marked differently"),
        (&PARTS[..2], "the log counts 2 starts, the store 2, and the last one was marked differently"),
        (&PARTS[1..2], "the log, which keeps its last 128 marks, lacks that of the history"),
    ] {
        let mixed = place.copy(&one, "mixed");
        put(&other, &mixed, parts);
        check_told(mixed.start().await, &["were not last used together", told]);
        if parts == &PARTS[1..2] {
            check_told(mixed.start().await, &["or move `history` away"]);
        }
        put(&one, &mixed, parts);
        assert_eq!(pages(&mixed.start().await.unwrap(), 2).await, ["/both", "/one"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_another_installation_is_refused_and_an_own_one_is_filled_from_the_log() {
    let place = Place::new();
    let installation = place.installation("it");
    run(&installation, "/1").await;
    let earlier = place.copy(&installation, "earlier");
    run(&installation, "/2").await;
    let other = place.installation("other");
    run(&other, "/elsewhere").await;

    put(&other, &installation, &["history"]);
    let told = ["the history in ", "belong to different installations", "or move `history` away"];
    check_told(installation.start().await, &told);
    for is_lost in [false, true] {
        put(&earlier, &installation, &["history"]);
        if is_lost {
            lose(&installation, "history");
        }
        let running = installation.start().await.unwrap();
        assert_eq!(pages(&running, 2).await, ["/1", "/2"]);
        running.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_copied_while_it_ran_is_refused_when_it_has_an_erased_user() {
    let place = Place::new();
    let installation = place.installation("it");
    let hot = place.path().join("hot.sqlite");
    let store = installation.data().join("shoal.sqlite");
    for (is_killed, erased, told) in
        [(false, 1, "the log erased 1 users, the store 0"), (true, 2, "the log erased 2 users, the store 1")]
    {
        let running = installation.start().await.unwrap();
        for id in ["ana", "ben"] {
            post(&running, id, "/").await;
        }
        copy_with_journal(&store, &hot);
        delete(&running, erased).await;
        if is_killed {
            running.kill().await.unwrap();
        } else {
            running.stop().await.unwrap();
        }
        let rest = place.copy(&installation, "rest");
        lose(&installation, "shoal.sqlite");
        copy_with_journal(&hot, &store);
        check_told(installation.start().await, &[told]);
        put(&rest, &installation, &["shoal.sqlite"]);
    }
    installation.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_were_copied_while_it_ran_are_known_after_it_stopped() {
    let place = Place::new();
    let installation = place.installation("it");
    run(&installation, "/1").await;
    let running = installation.start().await.unwrap();
    let hot = place.path().join("hot.sqlite");
    let store = installation.data().join("shoal.sqlite");
    copy_with_journal(&store, &hot);
    post(&running, "ana", "/2").await;
    running.stop().await.unwrap();
    copy_with_journal(&hot, &store);
    check_told(installation.start().await, &["were not last used together", "or that was made while it ran"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_that_are_killed_anywhere_one_after_the_other_leave_a_directory_that_starts() {
    let place = Place::new();
    let installation = place.installation("it");
    for killed_after_ms in (0..240).step_by(12) {
        for more_ms in [0, 5] {
            let launched = installation.launch().unwrap();
            tokio::time::sleep(Duration::from_millis(killed_after_ms + more_ms)).await;
            launched.kill().await.unwrap();
        }
        if killed_after_ms % 60 == 0 {
            let running = installation.start().await.unwrap();
            post(&running, "ana", &killed_after_ms.to_string()).await;
            running.kill().await.unwrap();
        }
    }
    let pages = pages(&installation.start().await.unwrap(), 4).await;
    assert_eq!(pages, ["0", "120", "180", "60"]);
}
