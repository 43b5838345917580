//! A fresh `shoal up` with its clients, for one test.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use schema::{SegmentId, Timestamp, UserId};
use serde_json::Value;
use shoal::client::{ChangeStream, IngestionClient, NewSegment, SegmentsClient};
use tempfile::TempDir;

use crate::now;
use crate::process::{Installation, Running};

/// How long a test waits for what must come true on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running system on an empty folder; it ends and its folder goes when it is dropped.
pub struct System {
    running: Running,
    installation: Installation,
    http: reqwest::Client,
    _folder: TempDir,
}

impl System {
    /// Starts the binary on an empty folder and waits until everything is up.
    pub async fn start(binary: &str) -> anyhow::Result<Self> {
        Self::start_with(binary, &[]).await
    }

    /// The same with environment variables.
    pub async fn start_with(binary: &str, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("shoal-e2e-").tempdir().context("making a folder")?;
        let mut installation = Installation::new(Path::new(binary), folder.path());
        for (name, value) in environment {
            installation = installation.with_environment(name, value);
        }
        let running = installation.start().await?;
        let http = reqwest::Client::builder().build().context("making the HTTP client")?;
        Ok(Self { running, installation, http, _folder: folder })
    }

    /// Returns a client of the ingestion-api.
    pub fn ingestion(&self) -> IngestionClient {
        IngestionClient::new(self.http.clone(), &self.running.places().ingestion)
    }

    /// Returns a client of the config-api's segments.
    pub fn segments(&self) -> SegmentsClient {
        SegmentsClient::new(self.http.clone(), &self.running.places().config)
    }

    /// Returns the process, for its addresses.
    pub fn process(&self) -> &Running {
        &self.running
    }

    /// Returns the HTTP client that the others share.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Returns the change stream from now on.
    pub async fn changes(&self) -> anyhow::Result<ChangeStream> {
        ChangeStream::open(&self.http, &self.running.places().config, None).await
    }

    /// Posts an event and returns its user.
    pub async fn post(&self, event: &Value) -> anyhow::Result<UserId> {
        Ok(self.ingestion().post(event).await?.user_id)
    }

    /// Says something of a user.
    pub async fn identify(&self, body: &Value) -> anyhow::Result<()> {
        let url = format!("{}/api/v1/identify", self.running.places().ingestion);
        let sent = self.http.post(url).timeout(PATIENCE).body(body.to_string()).send().await?;
        sent.error_for_status().context("identifying a user")?;
        Ok(())
    }

    /// Asks the config-api.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let response = self.http.get(format!("{}{path}", self.running.places().config)).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "GET {path}: {status}: {text}");
        serde_json::from_str(&text).with_context(|| format!("reading {text}"))
    }

    /// Creates a segment and waits until it decides memberships.
    pub async fn create(&self, tag: &str, clause: &str) -> anyhow::Result<SegmentId> {
        let created = self.segments().create(&segment(tag, clause)).await?;
        self.until_live(created.id).await?;
        Ok(created.id)
    }

    /// Waits until the current version of a segment decides memberships.
    pub async fn until_live(&self, segment_id: SegmentId) -> anyhow::Result<()> {
        let path = format!("/api/v1/segments/{segment_id}/stats");
        eventually(&path, || async {
            let stats = self.get(&path).await?;
            Ok((stats["status"] == "live").then_some(()))
        })
        .await
    }

    /// Waits until what a segment's look-ups say is exact up to now, and returns its size.
    pub async fn size(&self, segment_id: SegmentId) -> anyhow::Result<u64> {
        let (asked_at, path) = (now(), format!("/api/v1/segments/{segment_id}/stats"));
        eventually(&path, || async {
            let stats = self.get(&path).await?;
            Ok(is_as_fresh(&stats, asked_at).then(|| stats["user_count"].as_u64().unwrap_or(u64::MAX)))
        })
        .await
    }

    /// Waits until what is said of a user is exact up to now, and returns the tags of its segments.
    pub async fn tags_of(&self, user_id: UserId) -> anyhow::Result<BTreeSet<String>> {
        let (asked_at, path) = (now(), format!("/api/v1/users/{user_id}/segments"));
        eventually(&path, || async {
            let answer = self.get(&path).await?;
            let tags = answer["items"].as_array().into_iter().flatten();
            let tags = tags.map(|segment| segment["tag"].as_str().unwrap_or_default().to_owned());
            Ok(is_as_fresh(&answer, asked_at).then(|| tags.collect()))
        })
        .await
    }

    /// Stops it in order and returns its data directory's record.
    pub async fn stop_and_read(self) -> anyhow::Result<crate::record::Recorded> {
        self.running.stop().await?;
        crate::record::Recorded::read(&self.installation.data()).await
    }
}

/// Previews a clause as soon as the history has everything that was accepted.
pub async fn preview(http: &reqwest::Client, config: &str, body: &Value) -> anyhow::Result<Value> {
    let url = format!("{config}/api/v1/segments/preview");
    eventually("a preview of everything", || async {
        let sent = http.post(&url).header("content-type", "application/json").body(body.to_string()).send().await?;
        let (status, text) = (sent.status(), sent.text().await?);
        ensure!(status.is_success(), "{body}: {status}: {text}");
        let previewed: Value = serde_json::from_str(&text).with_context(|| format!("reading {text}"))?;
        Ok((previewed["history"]["behind"] == 0).then_some(previewed))
    })
    .await
}

/// Makes the body of a segment.
pub fn segment(tag: &str, clause: &str) -> NewSegment {
    NewSegment {
        title: tag.to_owned(),
        description: String::new(),
        tag: tag.to_owned(),
        where_statement: clause.to_owned(),
        is_generic: true,
    }
}

/// Asks again and again until there is an answer; an error ends it at once.
pub async fn eventually<T, F, Fut>(what: &str, mut ask: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<Option<T>>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        ensure!(Instant::now() < deadline, "`{what}` did not come true in {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_as_fresh(answer: &Value, instant: Timestamp) -> bool {
    let as_of = answer["as_of"].as_str().and_then(|text| Timestamp::parse(text).ok());
    as_of.is_some_and(|as_of| as_of >= instant)
}
