//! An installation that goes elsewhere: exported, imported, and going on as if nothing had happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use bus::EventLog as _;
use bus::embedded::{EmbeddedLog, EmbeddedLogOptions};
use e2e::process::{Installation, Running};
use e2e::record::Recorded;
use e2e::system::{eventually, segment};
use schema::{Cause, PartitionId, SegmentChange, Timestamp, Topic, UserId};
use serde_json::{Value, json};
use shoal::client::{IngestionClient, SegmentsClient};
use tempfile::TempDir;
use tokio::process::Command;
use warehouse::Warehouse as _;
use warehouse::embedded::EmbeddedWarehouse;

use crate::{SHOAL, event};

/// How long a view keeps its user among the viewers: long enough to be in the middle of it when all moves.
const WINDOW_SECONDS: i64 = 12;
const VISITORS: usize = 25;

/// What speaks to a running installation, in whatever form.
pub(crate) struct Clients {
    ingestion: IngestionClient,
    ingestion_url: String,
    config: String,
    http: reqwest::Client,
}

impl Clients {
    pub(crate) fn new(ingestion: &str, config: &str) -> Self {
        let http = reqwest::Client::new();
        let client = IngestionClient::new(http.clone(), ingestion);
        Self { ingestion: client, ingestion_url: ingestion.to_owned(), config: config.to_owned(), http }
    }

    pub(crate) fn of(running: &Running) -> Self {
        Self::new(&running.places().ingestion, &running.places().config)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.http.get(format!("{}{path}", self.config)).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    async fn view(&self, visitor: &str) -> UserId {
        self.ingestion.post(&event(visitor, "page_viewed", &json!({}))).await.unwrap().user_id
    }

    pub(crate) async fn create(&self, tag: &str, clause: &str) {
        let created = SegmentsClient::new(self.http.clone(), &self.config).create(&segment(tag, clause)).await.unwrap();
        let path = format!("/api/v1/segments/{}/stats", created.id);
        let live = eventually(&path, || async { Ok((self.get(&path).await?["status"] == "live").then_some(())) });
        live.await.unwrap();
    }

    /// Waits until as many are in a segment.
    pub(crate) async fn until_size(&self, tag: &str, size: usize) {
        let path = format!("/segment/{tag}");
        let reached = eventually(&path, || async { Ok((self.get(&path).await?["user_count"] == size).then_some(())) });
        reached.await.unwrap();
    }

    pub(crate) async fn erase(&self, user_id: UserId) {
        let url = format!("{}/api/v1/users/{user_id}", self.config);
        assert!(self.http.delete(url).send().await.unwrap().status().is_success());
    }

    /// Reads who is in a segment, page by page.
    pub(crate) async fn members(&self, tag: &str) -> anyhow::Result<BTreeSet<UserId>> {
        let (mut members, mut cursor) = (BTreeSet::new(), String::new());
        loop {
            let page = self.get(&format!("/api/v1/users/segment/{tag}?limit=100{cursor}")).await?;
            for item in page["items"].as_array().into_iter().flatten() {
                members.insert(serde_json::from_value(item["id"].clone())?);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(members),
            }
        }
    }

    /// Makes what an installation may hold; returns the visitors and their users.
    pub(crate) async fn fill(&self) -> BTreeMap<String, UserId> {
        self.create("viewers", &format!("created_at >= now() - INTERVAL {WINDOW_SECONDS} SECOND")).await;
        self.create("regulars", "count(*) >= 1").await;
        self.create("pros", "user_id IN (SELECT user_id FROM users WHERE traits['plan'] = 'pro')").await;
        let mut users = BTreeMap::new();
        for number in 0..VISITORS {
            let visitor = format!("visitor-{number}");
            let user_id = self.view(&visitor).await;
            users.insert(visitor, user_id);
        }
        let said = json!({ "id": "visitor-3", "id_type": "cookie", "traits": { "plan": "pro" } });
        let url = format!("{}/api/v1/identify", self.ingestion_url);
        assert!(self.http.post(url).json(&said).send().await.unwrap().status().is_success());
        self.erase(users.remove("visitor-7").unwrap()).await;
        self.until_size("regulars", VISITORS - 1).await;
        self.until_size("pros", 1).await;
        users
    }

    /// Sees that an installation goes on: the same users, times of their own, ids that were never given.
    pub(crate) async fn goes_on(&self, users: &BTreeMap<String, UserId>, newcomer: &str) -> UserId {
        for (visitor, user_id) in users.iter().take(5) {
            assert_eq!(self.view(visitor).await, *user_id, "{visitor} is somebody else now");
        }
        let new = self.view(newcomer).await;
        assert!(users.values().all(|user_id| *user_id < new), "user {new} is not new");
        self.until_size("regulars", users.len() + 1).await;
        self.until_size("pros", 1).await;
        self.until_size("viewers", 0).await;
        let user = users["visitor-3"];
        let said = self.get(&format!("/api/v1/users/{user}/traits")).await.unwrap();
        assert_eq!(said["traits"]["plan"], "pro", "{said}");
        let timeline = self.get(&format!("/api/v1/users/{user}/events")).await.unwrap();
        assert!(!timeline["items"].as_array().unwrap().is_empty(), "{timeline}");
        new
    }
}

/// Runs `shoal` with an environment.
pub(crate) async fn shoal(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(SHOAL).args(arguments).envs(environment.iter().copied()).output().await.unwrap()
}

#[track_caller]
pub(crate) fn check_done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
pub(crate) fn check_refused(output: &Output, told: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(told), "`{told}` is not in: {error}");
}

pub(crate) fn folder(name: &str) -> (TempDir, Installation, PathBuf) {
    let folder = tempfile::Builder::new().prefix("shoal-e2e-").tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir(&path).unwrap();
    let installation = Installation::new(Path::new(SHOAL), &path);
    let export = folder.path().join("export");
    (folder, installation, export)
}

/// Sees that every user's changes are gapless and contradict nothing, and that time made each exit from
/// the viewers at its own instant.
#[track_caller]
pub(crate) fn check_changes(recorded: &Recorded) {
    let mut last_views: BTreeMap<UserId, BTreeSet<Timestamp>> = BTreeMap::new();
    for (_, record) in recorded.partitions.iter().flat_map(|partition| &partition.events) {
        if let schema::LogRecord::Event(event) = record {
            last_views.entry(event.user_id).or_default().insert(event.created_at);
        }
    }
    for (user_id, changes) in recorded.changes() {
        let mut segments = BTreeSet::new();
        for (seq, change) in (1..).zip(&changes) {
            assert_eq!(change.seq, seq, "user {user_id}: {changes:#?}");
            assert!(change.in_segments.iter().all(|id| segments.insert(*id)), "user {user_id}: {changes:#?}");
            assert!(change.out_segments.iter().all(|id| segments.remove(id)), "user {user_id}: {changes:#?}");
            assert!(change.segments.iter().eq(&segments), "user {user_id}: {changes:#?}");
            if change.cause == Cause::Time {
                let due = change.evaluated_at.plus_micros(-WINDOW_SECONDS * 1_000_000);
                let views = &last_views[&user_id];
                let after_a_view = views.iter().any(|at| (0..=1).contains(&due.micros_since(*at)));
                assert!(after_a_view, "user {user_id} left at {}, viewed at {views:?}", change.evaluated_at);
            }
        }
    }
}

/// Sees that what was published before still stands, and that nothing of it was published again.
#[track_caller]
pub(crate) fn check_begins_with(
    later: &BTreeMap<UserId, Vec<SegmentChange>>,
    before: &BTreeMap<UserId, Vec<SegmentChange>>,
) {
    for (user_id, changes) in before {
        assert_eq!(&later[user_id][..changes.len()], changes, "user {user_id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_goes_elsewhere_and_on_as_if_nothing_had_happened() {
    let (folder, old, export) = folder("old");
    let export = export.to_str().unwrap();
    let running = old.start().await.unwrap();
    let users = Clients::of(&running).fill().await;
    let refused = shoal(&["export", export, "--data", old.data().to_str().unwrap()], &[]).await;
    assert!(!refused.status.success(), "it runs");
    std::fs::remove_dir_all(export).ok();
    running.stop().await.unwrap();
    check_done(&shoal(&["export", export, "--data", old.data().to_str().unwrap()], &[]).await);

    let new_folder = folder.path().join("new");
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder);
    let data = new.data();
    let data = data.to_str().unwrap();
    check_done(&shoal(&["import", export, "--data", data], &[]).await);
    let (before, after) = (Recorded::read(&old.data()).await.unwrap(), Recorded::read(&new.data()).await.unwrap());
    for (before, after) in before.partitions.iter().zip(&after.partitions) {
        assert_eq!((&before.events, &before.changes), (&after.events, &after.changes));
        assert_eq!((&before.states, &before.memberships), (&after.states, &after.memberships));
        assert_eq!(before.restored, after.restored);
    }
    check_refused(&shoal(&["import", export, "--data", data], &[]).await, "the store is not empty");

    let running = new.start().await.unwrap();
    Clients::of(&running).goes_on(&users, "newcomer").await;
    running.stop().await.unwrap();
    let later = Recorded::read(&new.data()).await.unwrap();
    check_changes(&later);
    check_begins_with(&later.changes(), &before.changes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_partitions_is_an_import_too() {
    let (folder, old, export) = folder("old");
    let export = export.to_str().unwrap();
    let running = old.start().await.unwrap();
    let users = Clients::of(&running).fill().await;
    running.stop().await.unwrap();
    check_done(&shoal(&["export", export, "--data", old.data().to_str().unwrap()], &[]).await);
    let before = Recorded::read(&old.data()).await.unwrap();

    let new_folder = folder.path().join("new");
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder).with_environment("SHOAL_PARTITIONS", "5");
    let data = new.data();
    let environment = [("SHOAL_PARTITIONS", "5")];
    check_done(&shoal(&["import", export, "--data", data.to_str().unwrap()], &environment).await);
    let running = new.start().await.unwrap();
    Clients::of(&running).goes_on(&users, "newcomer").await;
    running.stop().await.unwrap();
    let later = Recorded::read_partitions(&data, 5).await.unwrap();
    check_changes(&later);
    check_begins_with(&later.changes(), &before.changes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_interrupted_goes_on_and_one_of_damaged_files_never_begins() {
    let (folder, old, export) = folder("old");
    let export_folder = export.clone();
    let export = export.to_str().unwrap();
    let running = old.start().await.unwrap();
    let users = Clients::of(&running).fill().await;
    running.stop().await.unwrap();
    check_done(&shoal(&["export", export, "--data", old.data().to_str().unwrap()], &[]).await);
    check_refused(&shoal(&["export", export, "--data", old.data().to_str().unwrap()], &[]).await, "is not empty");

    let file = export_folder.join("store/users-0001.ndjson");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.replacen("null", "NULL", 1)).unwrap();
    let new_folder = folder.path().join("new");
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder);
    let data = new.data();
    let data = data.to_str().unwrap();
    let refused = shoal(&["import", export, "--data", data], &[]).await;
    check_refused(&refused, "store/users-0001.ndjson: has another checksum");
    assert!(!new.data().exists(), "nothing was begun");
    std::fs::write(&file, whole).unwrap();

    // The log has everything, the store has nothing: as a crash before its transaction leaves it.
    check_done(&shoal(&["import", export, "--data", data], &[]).await);
    for file in std::fs::read_dir(new.data()).unwrap().map(|file| file.unwrap().path()) {
        if file.file_name().unwrap().to_str().unwrap().starts_with("shoal.sqlite") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let refused = format!("{:#}", new.start().await.unwrap_err());
    assert!(refused.contains("`shoal import` was interrupted, which goes on when it is started again"), "{refused}");
    check_done(&shoal(&["import", export, "--data", data], &[]).await);

    // Somebody else's log is not gone on with.
    let other_folder = folder.path().join("other");
    std::fs::create_dir(&other_folder).unwrap();
    let other = Installation::new(Path::new(SHOAL), &other_folder);
    let running = other.start().await.unwrap();
    Clients::of(&running).view("somebody").await;
    running.stop().await.unwrap();
    std::fs::remove_file(other.data().join("shoal.sqlite")).unwrap();
    let refused = shoal(&["import", export, "--data", other.data().to_str().unwrap()], &[]).await;
    check_refused(&refused, "the log is not empty");

    let running = new.start().await.unwrap();
    Clients::of(&running).goes_on(&users, "newcomer").await;
    running.stop().await.unwrap();
    check_changes(&Recorded::read(&new.data()).await.unwrap());
}

/// Lets the log forget everything that the history and the memberships have, as a week does.
async fn trim(data: &Path) {
    let (retention, trim_interval) = (Duration::ZERO, Duration::from_millis(1));
    let options = EmbeddedLogOptions { retention, trim_interval, ..EmbeddedLogOptions::default() };
    let log = EmbeddedLog::open(data.join("log"), options).unwrap();
    let history = EmbeddedWarehouse::open(data.join("history"), log.partitions()).unwrap();
    for (partition, position) in (0..).map(PartitionId).zip(history.positions().await.unwrap()) {
        log.set_writer_floor(partition, position);
    }
    let log = &log;
    let is_trimmed = async |topic, partition| log.range(topic, partition).await.unwrap().is_empty();
    eventually("everything to be trimmed", || async move {
        for partition in (0..log.partitions()).map(PartitionId) {
            if !is_trimmed(Topic::Events, partition).await || !is_trimmed(Topic::SegmentChanges, partition).await {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await
    .unwrap();
    log.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_has_trimmed_comes_from_the_history() {
    let (folder, old, export) = folder("old");
    let export = export.to_str().unwrap();
    let running = old.start().await.unwrap();
    let clients = Clients::of(&running);
    let mut users = clients.fill().await;
    clients.until_size("viewers", 0).await;
    running.stop().await.unwrap();
    let before = Recorded::read(&old.data()).await.unwrap();
    trim(&old.data()).await;
    check_done(&shoal(&["export", export, "--data", old.data().to_str().unwrap()], &[]).await);

    let new_folder = folder.path().join("new");
    std::fs::create_dir(&new_folder).unwrap();
    let new = Installation::new(Path::new(SHOAL), &new_folder);
    let data = new.data();
    check_done(&shoal(&["import", export, "--data", data.to_str().unwrap()], &[]).await);
    let after = Recorded::read(&data).await.unwrap();
    for (user_id, changes) in before.changes() {
        assert_eq!(after.changes()[&user_id], changes[changes.len() - 1..], "the last one of user {user_id}");
    }
    let running = new.start().await.unwrap();
    let clients = Clients::of(&running);
    let newcomer = clients.goes_on(&users, "newcomer").await;
    users.insert("newcomer".to_owned(), newcomer);
    clients.create("all", "count(*) >= 1 AND min(created_at) < now()").await;
    clients.until_size("all", users.len()).await;
    let rows = |recorded: &Recorded| recorded.partitions.iter().map(|of| of.history.len()).sum::<usize>();
    running.stop().await.unwrap();
    assert_eq!(rows(&Recorded::read(&data).await.unwrap()), rows(&before) + 6, "nothing is counted twice");
}
